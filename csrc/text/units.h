// Lengths of texts in units, as automata whose states are regular rules: where in a unit the text stands, and how many
// have begun. A text of n units needs no more states than it has kinds of places, times n.
#pragma once

#include <cstdint>
#include <string_view>

#include "expr/pool.h"
#include "syntax/alphabet.h"

namespace decodex {

// Texts of `min` to `max` (kUnbounded: any number of) units:
//   bytes       of the text as UTF-8
//   chars       code points
//   graphemes   extended grapheme clusters (UAX 29), what readers take for a character
//   words       runs without white space, as str.split()
//   word_runs   runs of word characters, as \w+
//   sentences   from a character that is no white space to a run of .!?… and closing quotes or brackets that white
//               space follows, or to the end; 。！？ need none behind them
//   lines       as str.splitlines() for \n
//   paragraphs  runs of lines that are not blank
//   bullets     lines that begin with -, *, + or •, and a blank
// Error(Constraint) for another unit. Counts are at most 1,000,000: Error(Limit).
ExprId counted_units(ExprPool& pool, const Alphabet& alphabet, std::string_view unit, uint32_t min, uint32_t max);

}  // namespace decodex
