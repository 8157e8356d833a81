#include "syntax/pattern_error.h"

#include <algorithm>

namespace decodex {

namespace {

constexpr size_t kBefore = 40, kAfter = 40;   // characters shown on either side of the column

// The length of the sequence that `lead` begins and the bits that it holds; 0 when it begins none.
int sequence_length(uint8_t lead, uint32_t& bits) {
  if (lead < 0x80) return bits = lead, 1;
  if (lead >= 0xC2 && lead < 0xE0) return bits = lead & 0x1F, 2;
  if (lead >= 0xE0 && lead < 0xF0) return bits = lead & 0x0F, 3;
  if (lead >= 0xF0 && lead < 0xF5) return bits = lead & 0x07, 4;
  return 0;
}

}  // namespace

std::u32string decode_pattern(std::string_view utf8) {
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  std::u32string out;
  out.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size();) {
    uint32_t c = 0;
    int length = sequence_length(static_cast<uint8_t>(utf8[i]), c);
    bool good = length > 0 && i + static_cast<size_t>(length) <= utf8.size();
    for (int k = 1; good && k < length; ++k) {
      uint8_t byte = static_cast<uint8_t>(utf8[i + static_cast<size_t>(k)]);
      good = (byte & 0xC0) == 0x80;
      c = c << 6 | (byte & 0x3F);
    }
    if (!good || c < kLeast[length] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
      throw Error(ErrorKind::Constraint,
                  "the pattern is not valid UTF-8 at byte " + std::to_string(i) + "; hand it over as text, not as bytes",
                  "column " + std::to_string(out.size() + 1));
    out.push_back(c);
    i += static_cast<size_t>(length);
  }
  return out;
}

std::string encode_utf8(std::u32string_view text) {
  std::string out;
  for (char32_t c : text) {
    auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
    } else {
      put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
    }
  }
  return out;
}

void throw_pattern_error(ErrorKind kind, std::u32string_view pattern, size_t at, const std::string& what,
                         const std::string& advice) {
  at = std::min(at, pattern.size());
  std::u32string_view head = pattern.substr(0, at);
  size_t line = head.rfind(U'\n') == head.npos ? 0 : head.rfind(U'\n') + 1;
  size_t line_end = std::min(pattern.find(U'\n', at), pattern.size());
  size_t from = at - line > kBefore ? at - kBefore : line;
  size_t to = std::min(line_end, at + kAfter);
  std::u32string shown(pattern.substr(from, to - from));
  for (char32_t& c : shown)
    if (c < 0x20 || c == 0x7F) c = U'\uFFFD';
  std::string mark = from > line ? "..." : "";
  std::string column = "column " + std::to_string(at + 1);
  std::string message = column + ": " + what + "\n  " + mark + encode_utf8(shown) + (to < line_end ? "..." : "") +
                        "\n  " + std::string(mark.size() + at - from, ' ') + "^";
  if (!advice.empty()) message += "\n" + advice;
  throw Error(kind, message, column);
}

}  // namespace decodex
