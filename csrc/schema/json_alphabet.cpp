#include "schema/json_alphabet.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/utf8.h"

namespace decodex {

namespace {

constexpr uint32_t kFirstHigh = 0xD800, kFirstLow = 0xDC00, kLastSurrogate = 0xDFFF, kAstral = 0x10000;

struct ShortEscape {
  uint8_t character;
  char letter;
};
constexpr ShortEscape kShort[] = {{'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}};

bool has_short(uint32_t c) {
  return std::any_of(std::begin(kShort), std::end(kShort), [c](ShortEscape s) { return s.character == c; });
}

// Calls visit(first, last) for the parts of the ranges that lie in [from, to].
template <class Visit>
void clip(std::span<const CodePointRange> ranges, uint32_t from, uint32_t to, Visit visit) {
  for (auto [first, last] : ranges)
    if (std::max(first, from) <= std::min(last, to)) visit(std::max(first, from), std::min(last, to));
}

// Four hexadecimal digits (or the last `width` of them) in ranges, read from the back.
class HexDigits {
 public:
  HexDigits(ExprPool& pool, bool both_cases) : pool_(pool), both_cases_(both_cases) {}

  ExprId digit(uint32_t first, uint32_t last) const {
    ByteSet set;
    for (uint32_t d = first; d <= last; ++d) {
      set.add(static_cast<uint8_t>("0123456789abcdef"[d]));
      if (both_cases_) set.add(static_cast<uint8_t>("0123456789ABCDEF"[d]));
    }
    return pool_.bytes(set);
  }

  ExprId between(uint32_t first, uint32_t last, uint32_t width) const {
    if (width == 0) return kEpsilon;
    const uint32_t bits = 4 * (width - 1), rest = (1u << bits) - 1;
    const uint32_t head = first >> bits, head_last = last >> bits;
    if (head == head_last) return pool_.concat(digit(head, head), between(first & rest, last & rest, width - 1));
    const bool whole_first = (first & rest) == 0, whole_last = (last & rest) == rest;
    std::vector<ExprId> arms;
    if (!whole_first) arms.push_back(pool_.concat(digit(head, head), between(first & rest, rest, width - 1)));
    if (!whole_last) arms.push_back(pool_.concat(digit(head_last, head_last), between(0, last & rest, width - 1)));
    const uint32_t from = head + !whole_first, to = head_last - !whole_last;
    if (from <= to) arms.push_back(pool_.concat(digit(from, to), pool_.repeat(digit(0, 15), width - 1, width - 1)));
    return pool_.alt(arms);
  }

  // \u and four digits.
  ExprId escape(uint32_t first, uint32_t last) const { return pool_.concat(pool_.literal("\\u"), between(first, last, 4)); }

  // Characters beyond U+FFFF as pairs of escapes; of a run, only the first and last high surrogates are special.
  void pairs(uint32_t first, uint32_t last, std::vector<ExprId>& arms) const {
    auto high = [](uint32_t c) { return kFirstHigh + ((c - kAstral) >> 10); };
    auto low = [](uint32_t c) { return kFirstLow + (c & 0x3FF); };
    auto add = [&](uint32_t h, uint32_t h_last, uint32_t l, uint32_t l_last) {
      if (h <= h_last) arms.push_back(pool_.concat(escape(h, h_last), escape(l, l_last)));
    };
    if (high(first) == high(last)) return add(high(first), high(first), low(first), low(last));
    const bool whole_first = low(first) == kFirstLow, whole_last = low(last) == kLastSurrogate;
    if (!whole_first) add(high(first), high(first), low(first), kLastSurrogate);
    if (!whole_last) add(high(last), high(last), kFirstLow, low(last));
    add(high(first) + !whole_first, high(last) - !whole_last, kFirstLow, kLastSurrogate);
  }

 private:
  ExprPool& pool_;
  bool both_cases_;
};

constexpr CodePointRange kEveryCharacter[] = {{0, 0x10FFFF}};

}  // namespace

ExprId JsonAlphabet::chars(ExprPool& pool, std::span<const CodePointRange> ranges) const {
  std::vector<CodePointRange> themselves;
  clip(ranges, 0x20, 0x21, [&](uint32_t a, uint32_t b) { themselves.emplace_back(a, b); });
  clip(ranges, 0x23, 0x5B, [&](uint32_t a, uint32_t b) { themselves.emplace_back(a, b); });
  clip(ranges, 0x5D, 0x10FFFF, [&](uint32_t a, uint32_t b) { themselves.emplace_back(a, b); });
  std::vector<ExprId> arms{pool.code_points(themselves)};
  const HexDigits hex(pool, escapes_ == Escapes::Any);
  ByteSet letters;
  auto add_letter = [&](uint32_t character, char letter) {
    clip(ranges, character, character, [&](uint32_t, uint32_t) { letters.add(static_cast<uint8_t>(letter)); });
  };
  for (ShortEscape s : kShort) add_letter(s.character, s.letter);
  if (escapes_ == Escapes::Any) {
    add_letter('/', '/');
    auto add = [&](uint32_t a, uint32_t b) { arms.push_back(hex.escape(a, b)); };
    clip(ranges, 0, kFirstHigh - 1, add);
    clip(ranges, kLastSurrogate + 1, kAstral - 1, add);
    clip(ranges, kAstral, 0x10FFFF, [&](uint32_t a, uint32_t b) { hex.pairs(a, b, arms); });
  } else {
    clip(ranges, 0, 0x1F, [&](uint32_t a, uint32_t b) {
      for (uint32_t c = a; c <= b; ++c) {  // runs without short escapes, inside one leading digit
        if (has_short(c)) continue;
        uint32_t end = c;
        while (end < b && end % 16 != 15 && !has_short(end + 1)) ++end;
        arms.push_back(hex.escape(c, end));
        c = end;
      }
    });
  }
  if (!letters.empty()) arms.push_back(pool.concat(pool.byte('\\'), pool.bytes(letters)));
  return pool.alt(arms);
}

ExprId JsonAlphabet::any(ExprPool& pool) const { return chars(pool, kEveryCharacter); }

ExprId json_string_body(ExprPool& pool, const Alphabet& alphabet) { return pool.star(alphabet.any(pool)); }

ExprId json_quoted(ExprPool& pool, const Alphabet& alphabet, std::string_view utf8_text) {
  std::vector<ExprId> parts{pool.byte('"')};
  for (uint32_t c : decode_utf8(utf8_text)) {
    CodePointRange range{c, c};
    parts.push_back(alphabet.chars(pool, std::span<const CodePointRange>(&range, 1)));
  }
  parts.push_back(pool.byte('"'));
  return pool.concat(parts);
}

}  // namespace decodex
