// Rules that can begin with themselves become rules that cannot, of the same language, without a blow-up.
//
// Read the rules of a group as a left-linear system A_i = Σ_j A_j·M_ji + b_i, in which no b begins with a rule of the
// group. Its solution is A_i = Σ_j b_j·H_ji, where H_ji = [i = j] + Σ_k M_jk·H_ki are the ways on from A_j to A_i
// (Rosenkrantz 1967, "Matrix equations and normal forms for context-free grammars"): n² new rules for n old ones, and
// for a rule that begins with itself only, plainly A = b·M*. What can be empty in front of a rule is split into the empty
// text and the rest, and M's empty texts (A_i = A_j) are closed over first, so hidden recursion and cycles need nothing
// more. Rules outside of the groups stay as they are.
#pragma once

#include <functional>
#include <vector>

#include "grammar/grammar.h"

namespace decodex {

// `shortest`: see shortest_texts(). `nonempty_leaf` makes a leaf of the non-empty texts of another one.
void remove_left_recursion(Grammar& grammar, RuleId start, std::vector<uint32_t> shortest,
                           const std::function<LeafId(LeafId)>& nonempty_leaf);

}  // namespace decodex
