// What the tokens below a node of the trie are made of, the node's own byte included, so that a walk can take a whole
// subtree at once when the state above it reads all of that: the ASCII characters, the lead bytes of the others, whether
// it is valid UTF-8 (a character may be cut off at the end), and how many characters the longest has.
#pragma once

#include <cstdint>
#include <vector>

#include "vocab/token_trie.h"

namespace decodex {

struct SubtreeSummary {
  uint64_t ascii[2] = {0, 0};
  uint64_t leads = 0;      // bit b: characters that begin with the byte 0xC0 + b
  uint16_t max_chars = 0;
  uint16_t max_bytes = 0;  // of the longest token at or below the node, from the root on
  bool whole = false;      // a character begins with the node's byte, and from there on all is valid UTF-8
  bool boundary = false;   // the path to the node is valid UTF-8 and ends a character
};

// One summary per node of the trie.
std::vector<SubtreeSummary> summarise(const TokenTrie& trie);

}  // namespace decodex
