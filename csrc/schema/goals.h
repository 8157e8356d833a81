// Goals: what a value has to satisfy, as a conjunction of subschemas and negated subschemas. Goals are hash-consed, so
// the same demand made in two places is one goal, and recursion through conjunctions comes back to a known goal
// (Attouche et al., "Witness Generation for JSON Schema", VLDB 2022).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "schema/document.h"

namespace decodex {

// A subschema or its negation.
struct Literal {
  uint32_t code;
  Literal(SchemaId schema, bool negated) : code(static_cast<uint32_t>(schema) << 1 | (negated ? 1 : 0)) {}
  explicit Literal(uint32_t code) : code(code) {}
  SchemaId schema() const { return SchemaId{code >> 1}; }
  bool negated() const { return code & 1; }
  Literal operator!() const { return Literal(code ^ 1); }
};

enum class GoalId : uint32_t {};
inline constexpr GoalId kAlways{0};  // the empty conjunction
inline constexpr GoalId kNever{1};

class Goals {
 public:
  Goals() {
    starts_ = {0, 0, 0};
    index_.emplace(hash({}), std::vector<uint32_t>{0});
  }

  // The literals must be canonical: not the true or false schema (see Normaliser::goal_of).
  GoalId of(Literal literal) { return of(std::vector<uint32_t>{literal.code}); }

  GoalId conj(GoalId a, GoalId b) {
    if (a == b || b == kAlways) return a;
    if (a == kAlways) return b;
    if (a == kNever || b == kNever) return kNever;
    if (b < a) std::swap(a, b);
    uint64_t key = uint64_t{static_cast<uint32_t>(a)} << 32 | static_cast<uint32_t>(b);
    auto known = conjunctions_.find(key);
    if (known != conjunctions_.end()) return known->second;
    std::vector<uint32_t> both;
    auto x = literals(a), y = literals(b);
    std::set_union(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(both));
    GoalId out = of(std::move(both));
    conjunctions_.emplace(key, out);
    return out;
  }

  // Codes of the literals, in ascending order.
  std::span<const uint32_t> literals(GoalId g) const {
    auto i = static_cast<size_t>(g);
    return {codes_.data() + starts_[i], starts_[i + 1] - starts_[i]};
  }
  size_t size() const { return starts_.size() - 1; }

 private:
  static uint64_t hash(std::span<const uint32_t> codes) {
    uint64_t h = codes.size();
    for (uint32_t c : codes) h = (h ^ c) * 0xff51afd7ed558ccdull, h ^= h >> 32;
    return h;
  }

  GoalId of(std::vector<uint32_t> codes) {
    for (size_t i = 1; i < codes.size(); ++i)
      if ((codes[i] ^ 1) == codes[i - 1]) return kNever;  // x and not x
    auto& bucket = index_[hash(codes)];
    for (uint32_t g : bucket)
      if (std::ranges::equal(literals(GoalId{g}), codes)) return GoalId{g};
    uint32_t g = static_cast<uint32_t>(size());
    bucket.push_back(g);
    codes_.insert(codes_.end(), codes.begin(), codes.end());
    starts_.push_back(static_cast<uint32_t>(codes_.size()));
    return GoalId{g};
  }

  std::vector<uint32_t> codes_;
  std::vector<uint32_t> starts_;  // of each goal in codes_; one more at the end
  std::unordered_map<uint64_t, std::vector<uint32_t>> index_;
  std::unordered_map<uint64_t, GoalId> conjunctions_;
};

}  // namespace decodex
