#include "syntax/pattern_error.h"

#include <algorithm>
#include <cstdint>

namespace decodex {

namespace {

constexpr size_t kBefore = 40, kAfter = 40;   // characters shown on either side of the column

}  // namespace

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
