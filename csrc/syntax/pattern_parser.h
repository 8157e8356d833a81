// Text of a pattern to its syntax tree, in the dialect of Python's re (with \p{...}, (?<name>...) and [[:posix:]] classes
// as the regex package has them) or of ECMA-262 (by code points, as with the flag u, but as lenient as Annex B, and
// with (?i) at the start, which schemas are seen to use). Costs time and memory linear in the pattern.
//
// Refuses, with the column: what is not regular (back-references, recursion, conditionals), characters by name, and
// more than `nesting` groups inside one another.
#pragma once

#include <string_view>

#include "syntax/pattern_ast.h"

namespace decodex {

PatternAst parse_pattern(std::string_view utf8, const PatternOptions& options, uint32_t nesting);

}  // namespace decodex
