// A constraint on one unit of a text: its first sentence, its last line, its k-th word.
#pragma once

#include <cstdint>
#include <string_view>

#include "expr/pool.h"
#include "syntax/alphabet.h"

namespace decodex {

// Texts whose unit at `position` (1: the first, -1: the last) is in `content`; a text with fewer units is none of them.
// Units are those of counted_units() that have an extent: words, word_runs, sentences, lines (without what ends them),
// paragraphs. Error(Constraint) for another unit and for position 0, Error(Limit) beyond 10,000.
ExprId unit_at(ExprPool& pool, const Alphabet& alphabet, std::string_view unit, int32_t position, ExprId content);

}  // namespace decodex
