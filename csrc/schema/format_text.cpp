#include "schema/format_text.h"

#include <algorithm>

namespace decodex {

std::vector<CodePointRange> FormatText::ranges(std::string_view spec) {
  std::vector<CodePointRange> out;
  for (size_t i = 0; i < spec.size(); ++i) {
    uint32_t first = static_cast<uint8_t>(spec[i]), last = first;
    if (i + 2 < spec.size() && spec[i + 1] == '-') {
      last = static_cast<uint8_t>(spec[i + 2]);
      i += 2;
    }
    out.emplace_back(first, last);
  }
  std::sort(out.begin(), out.end());
  return out;
}

ExprId FormatText::set_or(std::string_view spec, std::span<const CodePointRange> more) const {
  std::vector<CodePointRange> all = ranges(spec);
  all.insert(all.end(), more.begin(), more.end());
  std::sort(all.begin(), all.end());
  return chars(all);
}

ExprId FormatText::digit(uint32_t first, uint32_t last) const {
  return first > last ? kEmpty : characters('0' + first, '0' + last);
}

ExprId FormatText::number(uint32_t first, uint32_t last, uint32_t width) const {
  if (first > last) return kEmpty;
  if (width == 0) return kEpsilon;
  uint32_t unit = 1;
  for (uint32_t i = 1; i < width; ++i) unit *= 10;
  std::vector<ExprId> arms;
  for (uint32_t head = first / unit; head <= last / unit;) {
    const uint32_t from = std::max(first, head * unit) - head * unit;
    uint32_t to = std::min(last, head * unit + unit - 1) - head * unit, end = head;
    if (from == 0 && to == unit - 1)  // heads after which every rest will do
      while ((end + 2) * unit - 1 <= last) ++end;
    arms.push_back(pool.concat(digit(head, end), number(from, to, width - 1)));
    head = end + 1;
  }
  return pool.alt(arms);
}

ExprId FormatText::literal(std::string_view ascii) const {
  ExprId out = kEpsilon;
  for (size_t i = ascii.size(); i-- > 0;) out = pool.concat(character(static_cast<uint8_t>(ascii[i])), out);
  return out;
}

ExprId FormatText::characters(uint32_t first, uint32_t last) const {
  if (first == last && first < known_.size() && known_[first] != kEmpty) return known_[first];
  CodePointRange range{first, last};
  ExprId out = chars(std::span<const CodePointRange>(&range, 1));
  if (first == last && first < known_.size()) known_[first] = out;
  return out;
}

}  // namespace decodex
