// Extended grapheme clusters as a unit automaton: what people call a character, however many code points it takes.
// Rules GB1 to GB999 of Unicode Standard Annex #29 (revision 49, Unicode 18), with the data of unicode_tables.cpp.
#pragma once

#include "text/units.h"

namespace decodex {

// A unit begins with every character before which there is a break; the places are what the rules need to know of the
// characters before. All text is in some cluster, so the units have no extent that at() could speak of.
UnitAutomaton grapheme_automaton();

}  // namespace decodex
