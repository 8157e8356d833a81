// Expressions written in the form that derives cheapest: what is common to neighbours is written once.
#pragma once

#include <vector>

#include "expr/pool.h"

namespace decodex {

// The union of the arms with their common beginnings written once: ab|ac|b as a(b|c)|b, so that a long list of words is
// a trie. Costs their total length, sorted.
ExprId factored_alt(ExprPool& pool, const std::vector<ExprId>& arms);

// inner{min,max} followed by `tail`, where repetitions of the same at the beginning of `tail` are counted in:
// a?a?aa as a{2,4}.
ExprId repeat_then(ExprPool& pool, ExprId inner, uint32_t min, uint32_t max, ExprId tail);

// `look` followed by `tail`, where look-arounds of the same side at one place become one.
ExprId look_then(ExprPool& pool, ExprId look, ExprId tail);

}  // namespace decodex
