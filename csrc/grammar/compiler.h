// Grammars into expressions: every rule is a lazily expanded one of the pool, so the stack of a parse is the tail of a
// concatenation, and what is ambiguous is a union of tails. Left recursion is removed first (left_recursion.h).
// Cost: linear in the grammar where nothing is left-recursive; a rule's body is made when it is first reached.
#pragma once

#include <vector>

#include "expr/pool.h"
#include "grammar/grammar.h"

namespace decodex {

// The texts of `start`. `leaves`: what the leaves of the grammar stand for. Throws Error(Unsatisfiable), naming the rule
// that makes it so, when there are none. (pool lock held; a source of rules is added to the pool)
ExprId compile_grammar(ExprPool& pool, Grammar grammar, std::vector<ExprId> leaves, RuleId start);

}  // namespace decodex
