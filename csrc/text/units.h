// Lengths of texts in units, as automata whose states are regular rules: where in a unit the text stands, and how many
// have begun. A text of n units needs no more states than it has kinds of places, times n.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "expr/pool.h"
#include "syntax/alphabet.h"
#include "syntax/char_class.h"

namespace decodex {

// Places in a unit, and where a character of each class leads. The first place is where a text begins; every character
// is of exactly one class.
struct UnitAutomaton {
  struct Step {
    uint8_t to;
    uint8_t units = 0;   // that begin with this character
  };
  std::vector<CharSet> classes;
  std::vector<std::vector<Step>> steps;   // [place][class]
  uint32_t inside = 0;                    // set of the places behind a character of a unit; none: units have no extent
};

// Error(Constraint) for a unit that is none of those below.
UnitAutomaton unit_automaton(std::string_view unit);

// Texts of `min` to `max` (kUnbounded: any number of) units:
//   bytes       of the text as UTF-8
//   chars       code points
//   graphemes   extended grapheme clusters (see graphemes.h)
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
