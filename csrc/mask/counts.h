// Counts that one token cannot exhaust: states that differ in such counts alone allow the same tokens, so one lexeme
// table serves them all.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "expr/pool.h"

namespace decodex {

// The lexeme in which counts beyond the longest token are as good as any others beyond it.
ExprId clamp_counts(ExprPool& pool, ExprId lexeme, uint32_t max_token_bytes);

inline constexpr uint64_t kNoLimit = UINT64_MAX;

struct Relaxed {
  ExprId expr;
  uint64_t limit;   // bytes: up to this length the words are those of the original; kNoLimit: it is the original
};

// Expressions with every upper count that leaves much room taken away. A word of the relaxed one that is no longer than
// the limit needs no more turns than the count allowed, so it is a word of the original: a token after which the
// relaxed one can be completed within the limit is a token of the original. (pool lock held)
class CountRelaxation {
 public:
  explicit CountRelaxation(ExprPool& pool) : pool_(pool) {}
  Relaxed of(ExprId e);
  void clear() { known_.clear(); }

 private:
  ExprPool& pool_;
  std::unordered_map<ExprId, Relaxed> known_;
};

}  // namespace decodex
