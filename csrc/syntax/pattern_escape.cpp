#include "syntax/pattern_escape.h"

#include <algorithm>

#include "syntax/unicode.h"

namespace decodex {

namespace {

bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool is_octal(char32_t c) { return c >= U'0' && c <= U'7'; }
bool is_letter(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); }

int hex_value(char32_t c) {
  if (is_digit(c)) return static_cast<int>(c - U'0');
  if (c >= U'a' && c <= U'f') return static_cast<int>(c - U'a') + 10;
  if (c >= U'A' && c <= U'F') return static_cast<int>(c - U'A') + 10;
  return -1;
}

CaseRule case_rule(Dialect dialect, const PatternFlags& flags) {
  if (dialect == Dialect::Ecma) return CaseRule::Ecma;
  return flags.ascii ? CaseRule::Ascii : CaseRule::Python;
}

Escape character(char32_t c) {
  Escape escape;
  escape.c = c;
  return escape;
}

Escape assertion(AssertKind kind) {
  Escape escape;
  escape.kind = Escape::Kind::Assert;
  escape.assert = kind;
  return escape;
}

Escape of_set(CharSet set) {
  Escape escape;
  escape.kind = Escape::Kind::Set;
  escape.set = std::move(set);
  return escape;
}

// Exactly `count` hexadecimal digits at the place of the source, which moves on only when they are there.
std::optional<uint32_t> hex_digits(PatternSource& source, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; ++i) {
    int digit = hex_value(source.peek(static_cast<size_t>(i)));
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<uint32_t>(digit);
  }
  source.pos += static_cast<size_t>(count);
  return value;
}

// \d \w \s and their opposites; nothing for another letter.
std::optional<CharSet> shorthand(char32_t letter, Dialect dialect, const PatternFlags& flags) {
  bool ecma = dialect == Dialect::Ecma, ascii = flags.ascii || ecma;
  const CharSet* set = nullptr;
  switch (letter | 0x20) {
    case U'd': set = ascii ? &unicode::ascii_digit() : &unicode::decimal_digit(); break;
    case U'w': set = ascii ? &unicode::ascii_word() : &unicode::python_word(); break;
    case U's': set = ecma ? &unicode::ecma_space() : ascii ? &unicode::ascii_space() : &unicode::python_space(); break;
    default: return std::nullopt;
  }
  CharSet out = *set;
  if (ecma && flags.ignore_case) out = close_over_case(out, CaseRule::Ecma);
  return letter & 0x20 ? out : out.complement();
}

// Without case, the three letter cases are one class, as in the regex package.
CharSet property_without_case(CharSet set) {
  for (const char* name : {"Lu", "Ll", "Lt"})
    if (set == unicode::property(name)) return *unicode::property("LC");
  for (const char* name : {"Uppercase", "Lowercase"})
    if (set == unicode::property(name)) return *unicode::property("Cased");
  return set;
}

// The property after \p or \P, whose letter has been read; nothing when it is no property at all.
std::optional<CharSet> parse_property(PatternSource& source, const PatternFlags& flags, size_t at, bool negative) {
  std::u32string name;
  if (source.match(U'{')) {
    if (source.match(U'^')) negative = !negative;
    size_t end = source.text.find(U'}', source.pos);
    if (end == source.text.npos) source.fail(at, "the property has no closing '}'", "write \\p{Lu}, for example");
    name = source.text.substr(source.pos, end - source.pos);
    source.pos = end + 1;
  } else if (source.peek() < 0x80 && std::u32string_view(U"CLMNPSZ").find(source.peek()) != std::u32string_view::npos) {
    name = source.text[source.pos++];
  } else {
    return std::nullopt;
  }
  std::optional<CharSet> set = unicode::property(encode_utf8(name));
  if (!set)
    source.fail(at, "there is no Unicode property '" + encode_utf8(name) + "'",
                "write a general category (\\p{Lu}), a script (\\p{Greek}), a block (\\p{InGreek}) or a binary "
                "property (\\p{Alphabetic})");
  if (flags.ignore_case && source.dialect == Dialect::Python) set = property_without_case(*set);
  if (negative) set = set->complement();
  if (flags.ignore_case && source.dialect == Dialect::Ecma) set = close_over_case(*set, CaseRule::Ecma);
  return set;
}

[[noreturn]] void bad_escape(const PatternSource& source, size_t at) {
  size_t length = std::min<size_t>(source.text.size() - at, 2);
  source.fail(at, "bad escape '" + encode_utf8(std::u32string_view(source.text).substr(at, length)) + "'",
              "write '\\\\' for a backslash");
}

[[noreturn]] void refuse_back_reference(const PatternSource& source, size_t at) {
  source.refuse(at, "a back-reference is not a regular language and not supported",
                "write out the alternatives that the group may hold");
}

// ---- Python ----

Escape python_hex(PatternSource& source, size_t at, int digits) {
  std::optional<uint32_t> value = hex_digits(source, digits);
  if (!value)
    source.fail(at, "incomplete escape", "write exactly " + std::to_string(digits) + " hexadecimal digits after it");
  if (*value > kLastCodePoint) source.fail(at, "there is no such character", "the last one is \\U0010FFFF");
  return character(*value);
}

// An octal escape, or a back-reference. The first digit has been read.
Escape python_digits(PatternSource& source, size_t at, char32_t first, bool in_class, uint32_t groups) {
  uint32_t value = static_cast<uint32_t>(first - U'0');
  bool three = is_octal(first) && is_octal(source.peek()) && is_octal(source.peek(1));
  if (first == U'0' || three || (in_class && is_octal(first))) {
    for (int i = 0; i < 2 && is_octal(source.peek()); ++i)
      value = value * 8 + static_cast<uint32_t>(source.text[source.pos++] - U'0');
    if (value > 0377) source.fail(at, "an octal escape is at most \\377", "write \\x or \\u with hexadecimal digits");
    return character(value);
  }
  if (in_class) bad_escape(source, at);
  if (is_digit(source.peek())) value = value * 10 + static_cast<uint32_t>(source.text[source.pos++] - U'0');
  if (value > groups)
    source.fail(at, "there is no group " + std::to_string(value) + " before this place",
                "write \\x with two hexadecimal digits for a character");
  refuse_back_reference(source, at);
}

Escape python_escape(PatternSource& source, const PatternFlags& flags, bool in_class, uint32_t groups, size_t at) {
  char32_t c = source.text[source.pos++];
  if (is_digit(c)) return python_digits(source, at, c, in_class, groups);
  if (auto set = shorthand(c, source.dialect, flags); set && is_letter(c)) return of_set(std::move(*set));
  switch (c) {
    case U'a': return character(7);
    case U'f': return character(12);
    case U'n': return character(10);
    case U'r': return character(13);
    case U't': return character(9);
    case U'v': return character(11);
    case U'x': return python_hex(source, at, 2);
    case U'u': return python_hex(source, at, 4);
    case U'U': return python_hex(source, at, 8);
    case U'N':
      source.refuse(at, "characters by name are not supported", "write \\u or \\U with hexadecimal digits");
    case U'p':
    case U'P':
      if (auto set = parse_property(source, flags, at, c == U'P')) return of_set(std::move(*set));
      break;
    case U'b':
      return in_class ? character(8) : assertion(AssertKind::WordBoundary);
    case U'B':
      if (!in_class) return assertion(AssertKind::NotWordBoundary);
      break;
    case U'A':
      if (!in_class) return assertion(AssertKind::TextStart);
      break;
    case U'Z':
    case U'z':
      if (!in_class) return assertion(AssertKind::TextEnd);
      break;
    default:
      break;
  }
  if (is_letter(c)) bad_escape(source, at);
  return character(c);
}

// ---- ECMA-262 ----

const GroupCount& count_groups(PatternSource& source) {
  if (source.groups) return *source.groups;
  const std::u32string& text = source.text;
  GroupCount& count = source.groups.emplace();
  bool in_class = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == U'\\') ++i;
    else if (text[i] == U'[') in_class = true;
    else if (text[i] == U']') in_class = false;
    else if (text[i] == U'(' && !in_class) {
      auto at = [&](size_t k) { return i + k < text.size() ? text[i + k] : kNoChar; };
      bool name = at(1) == U'?' && at(2) == U'<' && at(3) != U'=' && at(3) != U'!';
      count.named |= name;
      if (at(1) != U'?' || name) ++count.capturing;
    }
  }
  return count;
}

// \uXXXX, two of them that are a surrogate pair, or \u{X...}; a plain `u` otherwise.
Escape ecma_unicode(PatternSource& source) {
  size_t begin = source.pos;
  if (source.match(U'{')) {
    uint32_t value = 0;
    size_t digits = source.pos;
    while (hex_value(source.peek()) >= 0 && value <= kLastCodePoint)
      value = value << 4 | static_cast<uint32_t>(hex_value(source.text[source.pos++]));
    if (source.pos > digits && value <= kLastCodePoint && source.match(U'}')) return character(value);
    source.pos = begin;
    return character(U'u');
  }
  std::optional<uint32_t> lead = hex_digits(source, 4);
  if (!lead) return character(U'u');
  if (*lead < 0xD800 || *lead > 0xDBFF || source.peek() != U'\\' || source.peek(1) != U'u') return character(*lead);
  size_t after = source.pos;
  source.pos += 2;
  std::optional<uint32_t> trail = hex_digits(source, 4);
  if (trail && *trail >= 0xDC00 && *trail <= 0xDFFF)
    return character(0x10000 + ((*lead - 0xD800) << 10) + (*trail - 0xDC00));
  source.pos = after;
  return character(*lead);
}

// A back-reference where there is such a group; an octal number or the digit itself where not.
Escape ecma_digits(PatternSource& source, size_t at, char32_t first, bool in_class) {
  if (first != U'0' && !in_class) {
    size_t end = source.pos;
    uint64_t number = first - U'0';
    while (end < source.text.size() && is_digit(source.text[end]) && number < 1'000'000)
      number = number * 10 + (source.text[end++] - U'0');
    if (number <= count_groups(source).capturing) refuse_back_reference(source, at);
  }
  if (!is_octal(first)) return character(first);
  uint32_t value = static_cast<uint32_t>(first - U'0');
  for (int i = 0; i < 2 && is_octal(source.peek()); ++i) {
    uint32_t next = value * 8 + static_cast<uint32_t>(source.peek() - U'0');
    if (next > 0377) break;
    value = next;
    ++source.pos;
  }
  return character(value);
}

// Unknown escapes are the character itself, as browsers have it (Annex B).
Escape ecma_escape(PatternSource& source, const PatternFlags& flags, bool in_class, size_t at) {
  char32_t c = source.text[source.pos++];
  if (is_digit(c)) return ecma_digits(source, at, c, in_class);
  if (is_letter(c))
    if (auto set = shorthand(c, source.dialect, flags)) return of_set(std::move(*set));
  switch (c) {
    case U'f': return character(12);
    case U'n': return character(10);
    case U'r': return character(13);
    case U't': return character(9);
    case U'v': return character(11);
    case U'u': return ecma_unicode(source);
    case U'x': {
      std::optional<uint32_t> value = hex_digits(source, 2);
      return character(value ? *value : U'x');
    }
    case U'p':
    case U'P':
      if (source.peek() == U'{') return of_set(*parse_property(source, flags, at, c == U'P'));
      return character(c);
    case U'b':
      return in_class ? character(8) : assertion(AssertKind::WordBoundary);
    case U'B':
      return in_class ? character(c) : assertion(AssertKind::NotWordBoundary);
    case U'c': {
      char32_t letter = source.peek();
      if (is_letter(letter) || (in_class && (is_digit(letter) || letter == U'_'))) {
        ++source.pos;
        return character(letter % 32);
      }
      --source.pos;  // the backslash alone is meant
      return character(U'\\');
    }
    case U'k':
      if (!in_class && count_groups(source).named) refuse_back_reference(source, at);
      return character(c);
    default:
      return character(c);
  }
}

// ---- classes ----

// A POSIX class such as [:alpha:] inside a class; nothing when it is none, and then the bracket is a character.
std::optional<CharSet> parse_posix(PatternSource& source, const PatternFlags& flags) {
  std::u32string_view name = std::u32string_view(source.text).substr(source.pos + 2, 40);
  size_t end = name.find(U":]");
  if (end == name.npos) return std::nullopt;
  name = name.substr(0, end);
  bool negative = !name.empty() && name[0] == U'^';
  if (negative) name.remove_prefix(1);
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_letter)) return std::nullopt;
  std::string utf8 = encode_utf8(name);
  for (const char* posix : {"alnum", "digit", "punct", "xdigit"})
    if (utf8 == posix) utf8 = "posix" + utf8;
  std::optional<CharSet> set = unicode::property(utf8);
  if (!set) source.fail(source.pos, "there is no class [:" + utf8 + ":]", "write [:alpha:], [:digit:] or [:space:]");
  source.pos += end + 4;
  if (flags.ignore_case) set = property_without_case(*set);
  return negative ? set->complement() : set;
}

class ClassParser {
 public:
  ClassParser(PatternSource& source, const PatternFlags& flags) : source_(source), flags_(flags), at_(source.pos) {}

  CharSet parse() {
    ++source_.pos;
    bool negative = source_.match(U'^');
    bool first = true;
    while (true) {
      if (!source_.more()) source_.fail(at_, "the character class has no closing ']'", "write '\\[' for a bracket");
      if (source_.peek() == U']' && !(first && source_.dialect == Dialect::Python)) break;
      first = false;
      parse_item();
    }
    ++source_.pos;
    CharSet set(std::move(literal_));
    if (flags_.ignore_case) set = close_over_case(set, case_rule(source_.dialect, flags_));
    set = set | CharSet(std::move(fixed_));
    return negative ? set.complement() : set;
  }

 private:
  // One character, shorthand or range.
  void parse_item() {
    size_t at = source_.pos;
    std::optional<char32_t> low = parse_end();
    bool range = source_.peek() == U'-' && source_.peek(1) != U']' && source_.peek(1) != kNoChar;
    if (!range) return add(low);
    ++source_.pos;
    size_t mark = fixed_.size();
    std::optional<char32_t> high = parse_end();
    if (low && high) {
      if (*low > *high)
        source_.fail(at, "the range of characters runs backwards", "write the smaller end first, or '\\-' for a hyphen");
      literal_.emplace_back(*low, *high);
      return;
    }
    if (source_.dialect == Dialect::Python) {
      fixed_.resize(mark);
      source_.fail(at, "a range cannot begin or end with a class", "write '\\-' for a hyphen");
    }
    add(low);
    add(U'-');
    add(high);
  }

  void add(std::optional<char32_t> c) {
    if (c) literal_.emplace_back(*c, *c);
  }

  // A character; nothing when it was a class, whose members have been added.
  std::optional<char32_t> parse_end() {
    char32_t c = source_.peek();
    if (c == U'[' && source_.peek(1) == U':' && source_.dialect == Dialect::Python)
      if (auto set = parse_posix(source_, flags_)) return add_set(*set);
    if (c != U'\\') {
      ++source_.pos;
      return c;
    }
    Escape escape = parse_escape(source_, flags_, true, 0);
    if (escape.kind == Escape::Kind::Char) return escape.c;
    return add_set(escape.set);
  }

  std::nullopt_t add_set(const CharSet& set) {
    fixed_.insert(fixed_.end(), set.ranges().begin(), set.ranges().end());
    return std::nullopt;
  }

  PatternSource& source_;
  const PatternFlags& flags_;
  size_t at_;
  std::vector<CodePointRange> literal_;   // what case is ignored for
  std::vector<CodePointRange> fixed_;
};

}  // namespace

Escape parse_escape(PatternSource& source, const PatternFlags& flags, bool in_class, uint32_t groups) {
  size_t at = source.pos++;
  if (!source.more())
    source.fail(at, "a single backslash ends the pattern", "write '\\\\' for a backslash");
  if (source.dialect == Dialect::Ecma) return ecma_escape(source, flags, in_class, at);
  return python_escape(source, flags, in_class, groups, at);
}

CharSet parse_class(PatternSource& source, const PatternFlags& flags) { return ClassParser(source, flags).parse(); }

CharSet char_variants(char32_t c, Dialect dialect, const PatternFlags& flags) {
  CharSet set = CharSet::of(c);
  return flags.ignore_case ? close_over_case(set, case_rule(dialect, flags)) : set;
}

Meaning meaning_of(Dialect dialect, const PatternFlags& flags) {
  if (dialect == Dialect::Ecma) return flags.ignore_case ? Meaning::EcmaIgnoreCase : Meaning::Ecma;
  return flags.ascii ? Meaning::Ascii : Meaning::Unicode;
}

}  // namespace decodex
