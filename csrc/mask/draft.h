// What the parts of the mask engine share while a mask is put together.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "mask/landings.h"
#include "mask/mask_engine.h"

namespace decodex {

// A mask while it is put together.
struct MaskEngine::Draft {
  std::vector<const LexemeTable*> dense;
  std::vector<uint32_t> ids;
  std::vector<ExprId> plain;                // what has no table and is walked at the end
  uint32_t after = 0;
  std::vector<uint32_t>* ends = nullptr;    // inside a capture: tokens that go on when what is captured has ended
  std::vector<uint32_t>* leaving = nullptr;     // where trackers read too: tokens that go on behind a lexeme
  std::vector<uint32_t>* undecided = nullptr;   // behind a capture whose word is left out: tokens for which it may matter
  ExprId scope = kEmpty;                    // that capture
  bool by_word = false;                     // depends on the very word that a capture has read
  uint32_t budget = kUnbounded;             // tokens: those that are left must suffice after the next one
  bool in_tokens = false;                   // `after` is in tokens, not bytes
  int unfolded = 0;                         // rules and repetitions that were taken apart
  Landings* landings = nullptr;             // where the tokens lead, if it is asked for
  std::unordered_map<ExprId, size_t> end_of;   // index in landings->ends

  bool counts_tokens() const { return in_tokens || budget != kUnbounded; }
  // Notes where a token leads.
  void land(ExprId state, uint32_t id) {
    constexpr size_t kMostEnds = 200, kMostIds = 1'500;
    if (!landings || !landings->complete) return;
    const auto [it, fresh] = end_of.try_emplace(state, landings->ends.size());
    if (fresh) landings->ends.push_back({state, {}});
    landings->ends[it->second].ids.push_back(id);
    landings->complete = landings->ends.size() <= kMostEnds && ++landed <= kMostIds;
  }
  size_t landed = 0;
  void reach(uint64_t left) { after = std::max(after, static_cast<uint32_t>(std::min<uint64_t>(left, kInfinite - 2))); }
};

// An intersection of one expression that has rules with regular ones.
struct Tracked {
  ExprId stack = kEmpty;     // kEmpty: the expression is no such intersection
  ExprId tracker = kEmpty;
};
Tracked split_tracked(ExprPool& pool, ExprId e);

}  // namespace decodex
