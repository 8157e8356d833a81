// Substrings of a given text, as an automaton.
#pragma once

#include <string_view>

#include "expr/pool.h"
#include "syntax/alphabet.h"

namespace decodex {

// The substrings of `source`, the empty one too; `whole_words`: those that cut no run of word characters (\w+).
// Error(Constraint) where the source is not valid UTF-8, Error(Limit) where it has more than 500,000 characters.
// Method: the suffix automaton of Blumer et al. (1985), at most two states per character; linear in the source.
ExprId substrings(ExprPool& pool, const Alphabet& alphabet, std::string_view source, bool whole_words);

}  // namespace decodex
