// Patterns to expressions: the set of whole texts that a pattern matches, over the characters of an alphabet.
//
// Anchors and boundaries are decided from their neighbours where possible, so that common patterns hold no look-around;
// with `search`, any text before and after is folded into the ends of the pattern. The rest becomes look-around nodes,
// which see the text of the enclosing ExprPool::lexeme(): the caller wraps the result in one where more text surrounds
// it. A possessive or atomic part is exact where its first match can be told by looking ahead, refused where not.
#pragma once

#include <string_view>

#include "expr/pool.h"
#include "syntax/alphabet.h"
#include "syntax/pattern_options.h"

namespace decodex {

// The pool's lock is held by the caller. Throws Error(Constraint) for a broken pattern, Error(Unsupported) for what is
// no regular language, Error(Limit) for too deep a nesting; location is "column N".
ExprId compile_pattern(ExprPool& pool, std::string_view pattern_utf8, const PatternOptions& options,
                       const Alphabet& alphabet);

}  // namespace decodex
