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
  std::vector<uint32_t> parent(n);
  std::vector<uint32_t> path(trie.max_depth() + 1, UINT32_MAX);
  for (size_t i = 0; i < n; ++i) {
    const TokenTrie::Node& node = trie.nodes()[i];
    parent[i] = path[node.depth - 1];
    path[node.depth] = static_cast<uint32_t>(i);
    place[i] = advance(node.depth == 1 ? Utf8Place{} : place[parent[i]], node.byte);
    out[i].whole = place[i].missing >= 0;
  }
  for (size_t i = n; i-- > 0;) {   // children come after their parent
    if (parent[i] == UINT32_MAX) continue;
    const SubtreeSummary& child = out[i];
    SubtreeSummary& above = out[parent[i]];
    uint8_t byte = trie.nodes()[i].byte;
    if (byte < 0x80) above.ascii[byte >> 6] |= 1ull << (byte & 63);
    else if (byte >= 0xC0) above.leads |= 1ull << (byte - 0xC0);
    above.ascii[0] |= child.ascii[0];
    above.ascii[1] |= child.ascii[1];
    above.leads |= child.leads;
    above.whole = above.whole && child.whole;
    bool begins = place[parent[i]].missing == 0;
    above.max_chars = std::max<uint16_t>(above.max_chars, static_cast<uint16_t>(child.max_chars + (begins ? 1 : 0)));
  }
  for (size_t i = 0; i < n; ++i) out[i].whole = out[i].whole && place[i].missing == 0;
  return out;
}

}  // namespace decodex
