// Free text up to the first of several triggers, and free text without any: what stands around tags.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "expr/pool.h"
#include "syntax/alphabet.h"

namespace decodex {

// Texts that end where the first trigger in them is complete, and it is triggers[index]. Of triggers that are complete
// at the same character the longest counts. Triggers are not empty and are valid UTF-8; otherwise Error(Constraint).
// Method: Aho and Corasick (1975). Costs the total length of the triggers times the number of different characters, once,
// and the same again, for a moment, per index.
ExprId until_trigger(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::string>& triggers, uint32_t index);

// Texts in which no trigger occurs.
ExprId without_triggers(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::string>& triggers);

}  // namespace decodex
