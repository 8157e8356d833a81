// A tokenizer's vocabulary as the core sees it: ids with the bytes they add to a text. In: bytes per id, what differs
// when the token is the first of the text, the end tokens. Ids without bytes are never allowed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_set.h"
#include "vocab/subtree_summary.h"
#include "vocab/token_trie.h"

namespace decodex {

class Vocabulary {
 public:
  // Token i is blob[offsets[i], offsets[i+1]) when has_text[i] != 0. `start_ids` (with their own bytes) add something
  // else at the start of a text. `order`: the ids with text as trie().ids() has them, where that is known from before (a
  // wrong one costs time, nothing else). Throws Error(Vocabulary).
  Vocabulary(std::string blob, std::vector<int64_t> offsets, std::vector<uint8_t> has_text,
             std::vector<int32_t> start_ids, std::string start_blob, std::vector<int64_t> start_offsets,
             std::vector<int32_t> eos_token_ids, const std::vector<uint32_t>& order = {});

  uint32_t size() const { return static_cast<uint32_t>(has_text_.size()); }
  uint32_t words() const { return (size() + 31) / 32; }               // 32-bit words of a mask
  bool has_text(uint32_t id) const { return id < size() && has_text_[id]; }
  bool is_eos(uint32_t id) const { return id < size() && is_eos_[id]; }
  std::string_view token(uint32_t id) const {
    return std::string_view(blob_).substr(static_cast<size_t>(offsets_[id]), static_cast<size_t>(offsets_[id + 1] - offsets_[id]));
  }
  std::string_view start_token(uint32_t id) const;                    // as the first token of a text
  bool start_differs() const { return !start_ids_.empty(); }
  const std::vector<uint32_t>& eos() const { return eos_; }
  const TokenTrie& trie() const { return trie_; }
  const std::vector<SubtreeSummary>& summaries() const { return summaries_; }   // per node of trie()
  const std::vector<uint16_t>& characters() const { return characters_; }        // of the token trie().ids()[k]
  const std::vector<uint32_t>& text_bits() const { return text_bits_; }          // a mask of every token of trie()
  const TokenTrie& start_trie() const { return start_differs() ? start_trie_ : trie_; }
  // Ids that add nothing as the first token of a text (a lone SentencePiece space mark).
  const std::vector<uint32_t>& silent_at_start() const { return silent_at_start_; }
  uint32_t max_token_bytes() const { return trie_.max_depth(); }
  // Every byte that occurs in UTF-8 is a token of its own: whatever is live in bytes can be spelled.
  bool spells_every_byte() const { return spells_every_byte_; }
  int32_t byte_token(uint8_t byte) const { return byte_tokens_[byte]; }   // -1: none
  // A text as the longest tokens that there are, one after the other. Throws Error(Vocabulary) where there is none.
  std::vector<uint32_t> longest_tokens(std::string_view text) const;
  size_t memory() const;

 private:
  std::string blob_;
  std::vector<int64_t> offsets_;
  std::vector<uint8_t> has_text_;
  std::vector<uint8_t> is_eos_;
  std::vector<int32_t> start_ids_;     // sorted
  std::string start_blob_;
  std::vector<int64_t> start_offsets_;
  std::vector<uint32_t> eos_;
  std::vector<uint32_t> silent_at_start_;
  TokenTrie trie_, start_trie_;
  std::vector<SubtreeSummary> summaries_;
  std::vector<uint16_t> characters_;
  std::vector<uint32_t> text_bits_;
  int32_t byte_tokens_[256];
  bool spells_every_byte_ = true;
};

}  // namespace decodex
