// Byte strings with ids as a trie, flat and in depth-first order: a walk is one pass over an array, and a subtree that
// cannot match is skipped by one assignment.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace decodex {

class TokenTrie {
 public:
  struct Node {
    uint32_t end;        // index of the first node after this subtree
    uint32_t first_id;   // ids()[first_id .. next node's first_id) spell exactly the path to this node
    uint16_t depth;      // bytes on the path, this one included
    uint8_t byte;
  };
  struct Entry {
    std::string_view bytes;
    uint32_t id;
  };

  TokenTrie() { nodes_.push_back({0, 0, 0, 0}); }
  // Entries of no bytes are left out. Sorts `entries`.
  explicit TokenTrie(std::vector<Entry>& entries);

  size_t size() const { return nodes_.size() - 1; }                  // nodes
  const Node* nodes() const { return nodes_.data(); }                // one sentinel behind the last
  const uint32_t* ids() const { return ids_.data(); }
  std::span<const uint32_t> ids_at(size_t node) const {
    return {ids_.data() + nodes_[node].first_id, nodes_[node + 1].first_id - nodes_[node].first_id};
  }
  size_t id_count() const { return ids_.size(); }
  uint32_t max_depth() const { return max_depth_; }
  size_t memory() const { return nodes_.capacity() * sizeof(Node) + ids_.capacity() * sizeof(uint32_t); }

 private:
  std::vector<Node> nodes_;
  std::vector<uint32_t> ids_;
  uint32_t max_depth_ = 0;
};

}  // namespace decodex
