// Which characters a state reads without getting anywhere else that matters: after any number of them (up to a
// capacity) the text is still live, and no word has ended. A walk of the vocabulary takes a subtree made of such
// characters in one step.
#pragma once

#include <cstdint>

#include "expr/pool.h"
#include "vocab/subtree_summary.h"

namespace decodex {

struct Absorption {
  uint64_t ascii[2] = {0, 0};
  uint64_t leads = 0;             // bit b: every character that begins with the byte 0xC0 + b
  uint32_t capacity = 0;          // characters

  // Is everything below made of these characters? Those of the tokens that have no more than `capacity` of them stay.
  bool takes(const SubtreeSummary& below) const {
    return below.whole && (below.ascii[0] & ~ascii[0]) == 0 && (below.ascii[1] & ~ascii[1]) == 0 &&
           (below.leads & ~leads) == 0;
  }
};

// `ends_matter`: a word that ends inside a token is of interest, so it must not be skipped. (lock held)
Absorption absorption(ExprPool& pool, ExprId state, bool ends_matter);

}  // namespace decodex
