// What the tokens below a node of the trie are made of, so that a walk can take a whole subtree at once when the state
// at its root reads all of it: the ASCII characters, the lead bytes of the others, whether it is valid UTF-8 (a
// character may be cut off at the end), and how many characters the longest has.
#pragma once

#include <cstdint>
#include <vector>

#include "vocab/token_trie.h"

namespace decodex {

struct SubtreeSummary {
  uint64_t ascii[2] = {0, 0};
  uint64_t leads = 0;    // bit b: characters that begin with the byte 0xC0 + b
  uint16_t max_chars = 0;
  bool whole = false;    // the node ends a character and what is below is valid UTF-8
};

// One summary per node of the trie.
std::vector<SubtreeSummary> summarise(const TokenTrie& trie);

}  // namespace decodex
