// The parts of a pattern that stand for one character or one place: escapes and character classes, in both dialects.
#pragma once

#include <optional>
#include <string>

#include "syntax/char_class.h"
#include "syntax/pattern_ast.h"
#include "syntax/pattern_error.h"

namespace decodex {

inline constexpr char32_t kNoChar = UINT32_MAX;

struct GroupCount {
  uint32_t capturing = 0;
  bool named = false;
};

// A place in the text of a pattern.
struct PatternSource {
  const std::u32string& text;
  Dialect dialect;
  size_t pos = 0;
  std::optional<GroupCount> groups = {};   // of the whole text; counted when first needed

  bool more() const { return pos < text.size(); }
  char32_t peek(size_t ahead = 0) const { return pos + ahead < text.size() ? text[pos + ahead] : kNoChar; }
  bool match(char32_t c) {
    if (peek() != c) return false;
    ++pos;
    return true;
  }
  [[noreturn]] void fail(size_t at, const std::string& what, const std::string& advice) const {
    throw_pattern_error(ErrorKind::Constraint, text, at, what, advice);
  }
  [[noreturn]] void refuse(size_t at, const std::string& what, const std::string& advice) const {
    throw_pattern_error(ErrorKind::Unsupported, text, at, what, advice);
  }
};

struct Escape {
  enum class Kind : uint8_t { Char, Set, Assert };
  Kind kind = Kind::Char;
  char32_t c = 0;
  CharSet set;
  AssertKind assert = AssertKind::TextStart;
};

// The escape whose backslash is at `source.pos`. `groups`: how many capturing groups have been opened so far.
Escape parse_escape(PatternSource& source, const PatternFlags& flags, bool in_class, uint32_t groups);

// The class whose opening bracket is at `source.pos`.
CharSet parse_class(PatternSource& source, const PatternFlags& flags);

// `c` and what is the same as it under the flags.
CharSet char_variants(char32_t c, Dialect dialect, const PatternFlags& flags);

Meaning meaning_of(Dialect dialect, const PatternFlags& flags);

}  // namespace decodex
