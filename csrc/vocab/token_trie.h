// Byte strings with ids as a trie, flat: the children of a node lie side by side, in the order of their bytes, and the
// ids of a subtree are one range. A walk looks at a child with one byte read from a row, and what cannot match costs
// no more than that.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace decodex {

class TokenTrie {
 public:
  struct Node {
    uint32_t first_child, children;   // nodes()[first_child .. first_child + children)
    uint32_t first_id, end_id;        // ids()[first_id .. end_id) begin with the path to this node
  };
  struct Entry {
    std::string_view bytes;
    uint32_t id;
  };
  enum class Go { kInto, kPast, kStop };   // what a walk does after a node: its children, the next one, nothing more

  TokenTrie() : nodes_(1), bytes_(1) {}
  // Entries of no bytes are left out. Sorts `entries`.
  explicit TokenTrie(std::vector<Entry>& entries);

  size_t size() const { return nodes_.size(); }                      // nodes, the root among them; parents come first
  const Node& node(size_t i) const { return nodes_[i]; }
  uint8_t byte(size_t i) const { return bytes_[i]; }                 // the last one of the path to node i
  size_t child(size_t i, char byte) const {                          // 0: there is none
    const Node& node = nodes_[i];
    auto first = bytes_.begin() + node.first_child, last = first + node.children;
    auto it = std::lower_bound(first, last, static_cast<uint8_t>(byte));
    return it != last && *it == static_cast<uint8_t>(byte) ? static_cast<size_t>(it - bytes_.begin()) : 0;
  }
  const uint32_t* ids() const { return ids_.data(); }
  uint32_t own_end(size_t i) const {                                 // ids()[first_id .. own_end) spell exactly the path
    return nodes_[i].children ? nodes_[nodes_[i].first_child].first_id : nodes_[i].end_id;
  }
  std::span<const uint32_t> ids_at(size_t i) const { return {ids() + nodes_[i].first_id, ids() + own_end(i)}; }
  std::span<const uint32_t> ids_below(size_t i) const { return {ids() + own_end(i), ids() + nodes_[i].end_id}; }
  size_t id_count() const { return ids_.size(); }
  uint32_t max_depth() const { return max_depth_; }
  size_t memory() const { return nodes_.capacity() * (sizeof(Node) + 1) + ids_.capacity() * sizeof(uint32_t); }

  // Depth-first, with a value per node of the path: visit(node, depth, above, here) sets `here`, the node's own value,
  // from its parent's, and says how to go on. `root`, at `root_depth`, has `start` and is not visited.
  template <class Value, class Visit>
  void walk(Value start, Visit visit, uint32_t root = 0, size_t root_depth = 0) const {
    walk_live(std::move(start), [](const Value&, uint8_t) { return false; }, visit, root, root_depth);
  }

  // The same past the nodes for which dead(above, byte) holds: most of them, so the test had better be cheap.
  template <class Value, class Dead, class Visit>
  void walk_live(Value start, Dead dead, Visit visit, uint32_t root = 0, size_t root_depth = 0) const {
    struct Level {
      uint32_t next, end;
      Value value;
    };
    std::vector<Level> path(1, {nodes_[root].first_child, nodes_[root].first_child + nodes_[root].children, std::move(start)});
    path.reserve(16);
    for (size_t depth = 0;;) {
      if (path.size() == depth + 1) path.push_back({0, 0, {}});
      Level &level = path[depth], &below = path[depth + 1];
      Go go = Go::kPast;
      uint32_t i = level.next;
      for (; go == Go::kPast && i < level.end; ++i)
        if (!dead(level.value, bytes_[i])) go = visit(i, static_cast<uint32_t>(root_depth + depth + 1), level.value, below.value);
      level.next = i;
      if (go == Go::kInto) {
        below.next = nodes_[i - 1].first_child;
        below.end = below.next + nodes_[i - 1].children;
        ++depth;
      } else if (go == Go::kStop || depth-- == 0) {
        return;
      }
    }
  }

 private:
  std::vector<Node> nodes_;
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> ids_;
  uint32_t max_depth_ = 0;
};

}  // namespace decodex
