// The shortest word that a context-free expression and a regular one have in common: exact, however deep the recursion.
// A best-first search of derivatives meets ever new stacks where there is no such word; here a part of the stack is
// looked at once per state in which the regular one meets it: reach(part, state) is the set of states in which reading a
// word of the part can leave it, with the length of the shortest such word, found as a least fixed point. What was found
// serves the next stack, which has most of its parts in common. Captures are read as words that are never met again.
// Where a glance will do, a regular part of many states (a number within bounds) is taken for any text of its bytes: then
// only what has no common word is known.
// Method: Bar-Hillel, Perles, Shamir (1961), read as a system of equations; lengths as in Knuth (1977).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "expr/pool.h"

namespace decodex {

class ContextFreeProduct {
 public:
  // `most_pairs`: states of a regular part with those of the other that are looked at before it is taken for any text.
  // `most_steps`: pairs of states, equations and what they reach that are looked at for one answer.
  // `must_be_worth_it`: asked so often that it gives up when it comes to nothing too often.
  ContextFreeProduct(ExprPool& pool, size_t most_pairs, uint64_t most_steps, bool must_be_worth_it)
      : pool_(pool), most_pairs_(most_pairs), most_steps_(most_steps), must_be_worth_it_(must_be_worth_it) {}

  struct Common {
    uint32_t length = 0;    // bytes of the shortest common word; kInfinite: there is none
    bool exact = false;     // false: only that there may be one
  };
  // nullopt: too much work, or what is no stack of parts.
  std::optional<Common> shortest(ExprId stack, ExprId regular);
  size_t memory() const { return bytes_; }

 private:
  using Reach = std::unordered_map<ExprId, uint32_t>;   // state -> bytes of the shortest word that leads there
  struct Equation {
    ExprId part, from;
    Reach reach;
    std::vector<uint32_t> users;
    bool queued = true;
    bool rough = false;     // more may be in `reach` than can be reached
  };

  size_t find(ExprId part, ExprId from, size_t user = SIZE_MAX);
  void update(size_t at);
  void read_regular(size_t at);
  void read_alphabet(size_t at);
  bool add(size_t at, ExprId state, uint64_t length);
  bool add_all(size_t at, size_t of, uint32_t more = 0);
  void tell_users(size_t at);
  const ByteSet& alphabet(ExprId part);
  void clear();

  ExprPool& pool_;
  size_t most_pairs_;
  uint64_t most_steps_;
  bool must_be_worth_it_;
  std::deque<Equation> equations_;
  std::unordered_map<uint64_t, size_t> index_;
  std::unordered_set<uint64_t> known_users_;   // equation << 32 | user
  std::deque<size_t> queue_;
  std::unordered_map<ExprId, ByteSet> alphabets_;   // of regular parts: no word has another byte
  size_t bytes_ = 0;
  uint64_t steps_ = 0;                      // for this answer
  uint64_t well_spent_ = 0, in_vain_ = 0;   // steps that came to an answer, and to none
  bool good_ = true;
};

}  // namespace decodex
