// What a caller may say about a pattern.
#pragma once

#include <cstdint>

namespace decodex {

enum class Dialect : uint8_t { Python, Ecma };

// Also set inline: (?i) at the start, (?i:...) and (?-i:...) for a part.
struct PatternFlags {
  bool ignore_case = false;
  bool multiline = false;
  bool dot_all = false;
  bool verbose = false;   // Python only
  bool ascii = false;     // Python only: \w \d \s \b and case speak of ASCII
};

struct PatternOptions {
  Dialect dialect = Dialect::Python;
  PatternFlags flags;
  bool search = false;    // a match anywhere in the text (re.search, RegExp.test); otherwise the whole text is the match
};

}  // namespace decodex
