#include "vocab/subtree_summary.h"

#include <algorithm>

namespace decodex {

namespace {

// Where a path is inside UTF-8: between characters, or with so many bytes to come, the next one in a range.
struct Utf8Place {
  int8_t missing = 0;    // -1: not UTF-8
  uint8_t first = 0x80, last = 0xBF;
};

Utf8Place advance(Utf8Place at, uint8_t b) {
  if (at.missing < 0) return at;
  if (at.missing > 0) {
    if (b < at.first || b > at.last) return {-1, 0, 0};
    return {static_cast<int8_t>(at.missing - 1), 0x80, 0xBF};
  }
  if (b < 0x80) return {};
  if (b < 0xC2) return {-1, 0, 0};
  if (b < 0xE0) return {1, 0x80, 0xBF};
  if (b < 0xF0) return {2, static_cast<uint8_t>(b == 0xE0 ? 0xA0 : 0x80), static_cast<uint8_t>(b == 0xED ? 0x9F : 0xBF)};
  if (b < 0xF5) return {3, static_cast<uint8_t>(b == 0xF0 ? 0x90 : 0x80), static_cast<uint8_t>(b == 0xF4 ? 0x8F : 0xBF)};
  return {-1, 0, 0};
}

}  // namespace

std::vector<SubtreeSummary> summarise(const TokenTrie& trie) {
  const size_t n = trie.size();
  std::vector<SubtreeSummary> out(n);
  std::vector<Utf8Place> place(n);
  std::vector<uint8_t> begins(n, 0);   // a character begins with the node's byte
  for (size_t i = 0; i < n; ++i) {     // parents come before their children
    out[i].whole = place[i].missing >= 0;
    out[i].boundary = place[i].missing == 0;
    const TokenTrie::Node& node = trie.node(i);
    for (uint32_t c = node.first_child; c < node.first_child + node.children; ++c) {
      place[c] = advance(place[i], trie.byte(c));
      begins[c] = out[i].boundary;
      out[c].max_bytes = static_cast<uint16_t>(out[i].max_bytes + 1);   // its depth, until those below are seen
    }
  }
  for (size_t i = n; i-- > 0;) {
    SubtreeSummary& here = out[i];
    const TokenTrie::Node& node = trie.node(i);
    for (uint32_t c = node.first_child; c < node.first_child + node.children; ++c) {
      const SubtreeSummary& child = out[c];
      here.ascii[0] |= child.ascii[0];
      here.ascii[1] |= child.ascii[1];
      here.leads |= child.leads;
      here.whole = here.whole && child.whole;
      here.max_chars = std::max(here.max_chars, child.max_chars);
      here.max_bytes = std::max(here.max_bytes, child.max_bytes);
    }
    const uint8_t byte = trie.byte(i);
    if (byte < 0x80) here.ascii[byte >> 6] |= 1ull << (byte & 63);
    else if (byte >= 0xC0) here.leads |= 1ull << (byte - 0xC0);
    here.max_chars = static_cast<uint16_t>(here.max_chars + begins[i]);
  }
  for (size_t i = 0; i < n; ++i) out[i].whole = out[i].whole && begins[i];
  return out;
}

}  // namespace decodex
