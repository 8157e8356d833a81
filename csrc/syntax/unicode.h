// What patterns need to know of Unicode: properties by name, the classes of \w \d \s, and which characters differ only
// in case. The data is that of the `regex` package (see unicode_tables.cpp), so it may be newer than Python's own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "syntax/char_class.h"

namespace decodex::unicode {

// The set named by the inside of \p{...}: a general category, script, block or binary property, or "name=value" for
// gc, Script, Script_Extensions, Block or a binary property (=yes, =no). Case, blanks, '-' and '_' do not matter.
// Nothing when there is no such name.
std::optional<CharSet> property(std::string_view text);

// The characters of a value of Grapheme_Cluster_Break or Indic_Conjunct_Break: "gcb=prepend", "incb=linker".
CharSet break_class(std::string_view name);

const CharSet& python_word();    // \w of re for str
const CharSet& python_space();   // \s
const CharSet& decimal_digit();  // \d
const CharSet& ascii_word();
const CharSet& ascii_space();    // \s of re.ASCII
const CharSet& ascii_digit();
const CharSet& ecma_space();     // \s of ECMA-262

struct CaseMember {
  uint32_t c;
  uint32_t begin, end;   // its orbit, as a slice of CaseOrbits::all
};

// The classes of characters that differ only in case (of at least two members).
struct CaseOrbits {
  std::vector<uint32_t> all;          // orbit after orbit
  std::vector<CaseMember> members;    // sorted by c
  std::span<const uint32_t> orbit(const CaseMember& m) const { return {all.data() + m.begin, m.end - m.begin}; }
};

const CaseOrbits& case_orbits();

}  // namespace decodex::unicode
