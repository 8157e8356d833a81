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
  std::sort(sorted.begin(), sorted.end(), [](const Keyed& a, const Keyed& b) {
    if (a.key != b.key) return a.key < b.key;
    int order = a.entry.bytes.compare(b.entry.bytes);
    return order != 0 ? order < 0 : a.entry.id < b.entry.id;
  });
  entries.clear();
  for (const Keyed& k : sorted) entries.push_back(k.entry);

  nodes_.reserve(bytes / 2 + 1);
  ids_.reserve(sorted.size());
  std::vector<uint32_t> open;  // nodes on the current path
  std::string_view previous;
  for (const Keyed& k : sorted) {
    std::string_view text = k.entry.bytes;
    size_t common = 0, limit = std::min(previous.size(), text.size());
    while (common < limit && previous[common] == text[common]) ++common;
    while (open.size() > common) {
      nodes_[open.back()].end = static_cast<uint32_t>(nodes_.size());
      open.pop_back();
    }
    for (size_t d = common; d < text.size(); ++d) {
      open.push_back(static_cast<uint32_t>(nodes_.size()));
      nodes_.push_back({0, static_cast<uint32_t>(ids_.size()), static_cast<uint16_t>(d + 1), static_cast<uint8_t>(text[d])});
    }
    ids_.push_back(k.entry.id);
    max_depth_ = std::max(max_depth_, static_cast<uint32_t>(text.size()));
    previous = text;
  }
  for (uint32_t node : open) nodes_[node].end = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({static_cast<uint32_t>(nodes_.size() + 1), static_cast<uint32_t>(ids_.size()), 0, 0});
  nodes_.shrink_to_fit();
}

}  // namespace decodex
