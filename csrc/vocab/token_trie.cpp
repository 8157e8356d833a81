#include "vocab/token_trie.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace decodex {

namespace {

// The first eight bytes as a number that orders like the bytes: most comparisons end here.
uint64_t leading(std::string_view s) {
  uint64_t key = 0;
  size_t n = std::min<size_t>(s.size(), 8);
  for (size_t i = 0; i < n; ++i) key |= uint64_t{static_cast<uint8_t>(s[i])} << (56 - 8 * i);
  return key;
}

}  // namespace

TokenTrie::TokenTrie(std::vector<Entry>& entries) {
  struct Keyed {
    uint64_t key;
    Entry entry;
  };
  std::vector<Keyed> sorted;
  sorted.reserve(entries.size());
  size_t bytes = 0;
  for (const Entry& e : entries) {
    if (e.bytes.empty()) continue;
    if (e.bytes.size() > UINT16_MAX)
      throw Error(ErrorKind::Vocabulary, "token " + std::to_string(e.id) + " has " + std::to_string(e.bytes.size()) +
                                             " bytes; at most 65535 are supported");
    sorted.push_back({leading(e.bytes), e});
    bytes += e.bytes.size();
  }
  auto before = [](const Keyed& a, const Keyed& b) {
    if (a.key != b.key) return a.key < b.key;
    int order = a.entry.bytes.compare(b.entry.bytes);
    return order != 0 ? order < 0 : a.entry.id < b.entry.id;
  };
  if (!std::is_sorted(sorted.begin(), sorted.end(), before)) std::sort(sorted.begin(), sorted.end(), before);
  entries.clear();
  for (const Keyed& k : sorted) entries.push_back(k.entry);

  ids_.reserve(sorted.size());
  for (const Keyed& k : sorted) ids_.push_back(k.entry.id);
  nodes_.reserve(bytes / 2 + 1);
  bytes_.reserve(bytes / 2 + 1);
  nodes_.push_back({0, 0, 0, static_cast<uint32_t>(sorted.size())});
  bytes_.push_back(0);
  struct Open {
    uint32_t node;
    size_t depth;
  };
  std::vector<Open> open{{0, 0}};   // nodes whose children are still to be made
  while (!open.empty()) {
    auto [parent, depth] = open.back();
    open.pop_back();
    max_depth_ = std::max(max_depth_, static_cast<uint32_t>(depth));
    uint32_t at = nodes_[parent].first_id;
    const uint32_t end = nodes_[parent].end_id, first = static_cast<uint32_t>(nodes_.size());
    while (at < end && sorted[at].entry.bytes.size() == depth) ++at;
    while (at < end) {
      const uint8_t byte = static_cast<uint8_t>(sorted[at].entry.bytes[depth]);
      const uint32_t from = at;
      while (at < end && static_cast<uint8_t>(sorted[at].entry.bytes[depth]) == byte) ++at;
      nodes_.push_back({0, 0, from, at});
      bytes_.push_back(byte);
    }
    nodes_[parent].first_child = first;
    nodes_[parent].children = static_cast<uint32_t>(nodes_.size()) - first;
    for (uint32_t child = static_cast<uint32_t>(nodes_.size()); child-- > first;) open.push_back({child, depth + 1});
  }
  nodes_.shrink_to_fit();
  bytes_.shrink_to_fit();
}

}  // namespace decodex
