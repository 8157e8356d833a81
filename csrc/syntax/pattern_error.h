// Errors about a place in a pattern: the line of the pattern, a caret under the column, and what to write instead.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace decodex {

std::string encode_utf8(std::u32string_view text);

// Throws Error(kind) about the character at index `at`; location is "column N", counted from one.
[[noreturn]] void throw_pattern_error(ErrorKind kind, std::u32string_view pattern, size_t at, const std::string& what,
                                      const std::string& advice);

}  // namespace decodex
