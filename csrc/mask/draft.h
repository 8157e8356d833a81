// What the parts of the mask engine share while a mask is put together.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

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

  bool counts_tokens() const { return in_tokens || budget != kUnbounded; }
  void reach(uint64_t left) { after = std::max(after, static_cast<uint32_t>(std::min<uint64_t>(left, kInfinite - 2))); }
};

}  // namespace decodex
