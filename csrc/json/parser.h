// JSON text into a Store (RFC 8259, strictly): one pass, an explicit stack, about 10 ms per megabyte.
#pragma once

#include <cstdint>
#include <string_view>

#include "json/value.h"

namespace decodex::json {

struct ParseOptions {
  uint32_t nesting = 1'000;        // deepest allowed container
  const char* what = "JSON text";  // how messages name the text
};

// The value of `text`. Throws Error(Constraint) with line and column for anything that is not JSON, for invalid UTF-8,
// lone surrogates and a key that an object holds twice; Error(Limit) for a text nested too deeply.
Index parse(Store& store, std::string_view text, const ParseOptions& options = {});

}  // namespace decodex::json
