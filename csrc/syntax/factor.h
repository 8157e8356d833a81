// Unions with common beginnings written once: ab|ac|b as a(b|c)|b, so that a long list of words is a trie.
#pragma once

#include <vector>

#include "expr/pool.h"

namespace decodex {

// The union of the arms. Costs their total length, sorted.
ExprId factored_alt(ExprPool& pool, const std::vector<ExprId>& arms);

}  // namespace decodex
