// Phrases in running text, as automata whose states are regular rules: which phrases have been read, and what kind of
// character came last. Characters are those of an alphabet, so the same phrases are found in plain text and inside the
// spelling of a JSON string; what is looked for is text, never one tokenization of it.
#pragma once

#include <string>
#include <vector>

#include "expr/pool.h"
#include "syntax/alphabet.h"

namespace decodex {

struct PhraseOptions {
  bool whole_words = true;    // no word character directly before or behind a phrase that begins or ends with one
  bool ignore_case = false;   // simple case folding, as re.IGNORECASE
};

// Texts in which some phrase of steps[0] occurs, behind it one of steps[1], and so on; occurrences do not overlap. Once
// all have been read, the rest may be any bytes: the caller says what a text is. A phrase is not empty and is valid
// UTF-8; otherwise Error(Constraint).
// Method: Aho and Corasick (1975), their automaton built lazily as derivatives. Costs the total length of the phrases.
ExprId occurrences(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::vector<std::string>>& steps,
                   PhraseOptions options);

}  // namespace decodex
