// Terminals of a grammar: a pattern as the set of its words.
//
// A terminal is judged by its own text alone, so an assertion at its edge that would look outside (\b, ^, $, a
// look-behind at the beginning, a look-ahead at the end) is refused. Where the pattern has a lazy repetition, its words
// are the shortest matches: those that no other match begins.
#pragma once

#include <string_view>

#include "expr/pool.h"
#include "syntax/pattern_options.h"

namespace decodex {

// Throws as compile_pattern() and check_terminal() do. (pool lock held)
ExprId compile_terminal(ExprPool& pool, std::string_view pattern_utf8, const PatternOptions& options);

// Throws what compile_terminal() would about the form of the pattern, without making anything. `part`: it is a part of a
// terminal, whose edges are elsewhere.
void check_terminal(std::string_view pattern_utf8, const PatternOptions& options, bool part);

}  // namespace decodex
