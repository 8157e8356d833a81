// Facts about the rules of a grammar, by fixpoint: how long their shortest texts are, and with which rules they begin.
#pragma once

#include <vector>

#include "expr/pool.h"
#include "grammar/grammar.h"

namespace decodex {

// The length of the shortest text of every body, in bytes; kInfinite: it has none. `leaves`: the lengths of the leaves.
// Costs the number of edges times the depth of the shortest derivations (Knuth 1977 has the general problem).
std::vector<uint32_t> shortest_texts(const Grammar& grammar, std::span<const uint32_t> leaves);

// The rules with which a text of `body` may begin, where what can be empty is skipped. `shortest`: see above.
std::vector<RuleId> left_corners(const Grammar& grammar, BodyId body, std::span<const uint32_t> shortest);

// The rules that are reached from `start` and can begin with themselves, in groups that can begin with one another.
std::vector<std::vector<RuleId>> left_recursive(const Grammar& grammar, RuleId start, std::span<const uint32_t> shortest);

}  // namespace decodex
