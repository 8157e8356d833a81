// A name for an expression that is the same in every pool and every process: 128 bits of its structure.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/map_bytes.h"
#include "expr/pool.h"

namespace decodex {

struct StructuralHash {
  uint64_t low = 0, high = 0;
  auto operator<=>(const StructuralHash&) const = default;
};

// The hashes of expressions, remembered; none where a rule or a capture is inside: those are a pool's own. (pool lock held)
class StructuralHashes {
 public:
  explicit StructuralHashes(ExprPool& pool) : pool_(pool) {}
  std::optional<StructuralHash> of(ExprId e);
  void clear() { known_.clear(); }
  size_t memory() const { return map_bytes(known_); }

 private:
  std::optional<StructuralHash> combine(ExprId e) const;

  ExprPool& pool_;
  std::unordered_map<ExprId, std::optional<StructuralHash>> known_;
};

}  // namespace decodex
