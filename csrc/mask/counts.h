// Counts that one token cannot exhaust: states that differ in such counts alone allow the same tokens, so one lexeme
// table serves them all.
#pragma once

#include <cstdint>

#include "expr/pool.h"

namespace decodex {

// The lexeme in which counts beyond the longest token are as good as any others beyond it.
ExprId clamp_counts(ExprPool& pool, ExprId lexeme, uint32_t max_token_bytes);

}  // namespace decodex
