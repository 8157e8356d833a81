#include "syntax/char_class.h"

#include <algorithm>

#include "syntax/unicode.h"

namespace decodex {

CharSet::CharSet(std::vector<CodePointRange> ranges) : ranges_(std::move(ranges)) {
  std::sort(ranges_.begin(), ranges_.end());
  size_t kept = 0;
  for (const CodePointRange& range : ranges_) {
    if (kept > 0 && range.first <= uint64_t{ranges_[kept - 1].second} + 1)
      ranges_[kept - 1].second = std::max(ranges_[kept - 1].second, range.second);
    else
      ranges_[kept++] = range;
  }
  ranges_.resize(kept);
}

bool CharSet::has(uint32_t c) const {
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), CodePointRange(c, UINT32_MAX));
  return after != ranges_.begin() && std::prev(after)->second >= c;
}

bool CharSet::intersects(const CharSet& other) const {
  if (ranges_.size() > other.ranges_.size()) return other.intersects(*this);
  for (const CodePointRange& range : ranges_) {  // the last range of `other` that begins no later than this one ends
    auto after = std::upper_bound(other.ranges_.begin(), other.ranges_.end(), CodePointRange(range.second, UINT32_MAX));
    if (after != other.ranges_.begin() && std::prev(after)->second >= range.first) return true;
  }
  return false;
}

uint64_t CharSet::count() const {
  uint64_t total = 0;
  for (const CodePointRange& range : ranges_) total += uint64_t{range.second} - range.first + 1;
  return total;
}

CharSet CharSet::complement() const {
  CharSet out;
  uint32_t next = 0;
  for (const CodePointRange& range : ranges_) {
    if (range.first > next) out.ranges_.emplace_back(next, range.first - 1);
    next = range.second + 1;
  }
  if (next <= kLastCodePoint) out.ranges_.emplace_back(next, kLastCodePoint);
  return out;
}

CharSet CharSet::operator|(const CharSet& other) const {
  std::vector<CodePointRange> both(ranges_);
  both.insert(both.end(), other.ranges_.begin(), other.ranges_.end());
  return CharSet(std::move(both));
}

namespace {

CharSet close_over_ascii_case(const CharSet& set) {
  std::vector<CodePointRange> out(set.ranges().begin(), set.ranges().end());
  auto add = [&](uint32_t first, uint32_t last, int shift) {
    for (const CodePointRange& range : set.ranges()) {
      uint32_t a = std::max(range.first, first), b = std::min(range.second, last);
      if (a <= b) out.emplace_back(a + shift, b + shift);
    }
  };
  add('A', 'Z', 'a' - 'A');
  add('a', 'z', 'A' - 'a');
  return CharSet(std::move(out));
}

}  // namespace

CharSet close_over_case(const CharSet& set, CaseRule rule) {
  if (rule == CaseRule::Ascii) return close_over_ascii_case(set);
  if (set.is_all()) return set;
  const unicode::CaseOrbits& orbits = unicode::case_orbits();
  std::vector<CodePointRange> out(set.ranges().begin(), set.ranges().end());
  auto dotted = [](uint32_t c) { return c == 0x130 || c == 0x131; };
  auto take = [&](const unicode::CaseMember& member) {
    if (rule == CaseRule::Ecma && dotted(member.c)) return;
    for (uint32_t c : orbits.orbit(member))
      if (rule != CaseRule::Ecma || !dotted(c)) out.emplace_back(c, c);
  };
  for (const CodePointRange& range : set.ranges()) {
    auto member = std::lower_bound(orbits.members.begin(), orbits.members.end(), range.first,
                                   [](const unicode::CaseMember& m, uint32_t c) { return m.c < c; });
    for (; member != orbits.members.end() && member->c <= range.second; ++member) take(*member);
  }
  return CharSet(std::move(out));
}

}  // namespace decodex
