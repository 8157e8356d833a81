#include "vocab/vocabulary.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace decodex {

namespace {

// Every id once: those of `order` first, if they are ids.
std::vector<uint32_t> in_order(const std::vector<uint32_t>& order, const std::vector<uint8_t>& has_text) {
  std::vector<uint32_t> out;
  std::vector<uint8_t> seen(has_text.size(), 0);
  out.reserve(has_text.size());
  for (uint32_t id : order)
    if (id < seen.size() && !std::exchange(seen[id], uint8_t{1})) out.push_back(id);
  for (uint32_t id = 0; id < seen.size(); ++id)
    if (!seen[id]) out.push_back(id);
  return out;
}

}  // namespace

Vocabulary::Vocabulary(std::string blob, std::vector<int64_t> offsets, std::vector<uint8_t> has_text,
                       std::vector<int32_t> start_ids, std::string start_blob, std::vector<int64_t> start_offsets,
                       std::vector<int32_t> eos_token_ids, const std::vector<uint32_t>& order)
    : blob_(std::move(blob)), offsets_(std::move(offsets)), has_text_(std::move(has_text)),
      is_eos_(has_text_.size(), 0), start_ids_(std::move(start_ids)), start_blob_(std::move(start_blob)),
      start_offsets_(std::move(start_offsets)) {
  auto check_offsets = [](const std::vector<int64_t>& list, size_t count, size_t blob_size, const char* what) {
    bool good = list.size() == count + 1 && list.front() == 0 && list.back() == static_cast<int64_t>(blob_size) &&
                std::is_sorted(list.begin(), list.end());
    if (!good) throw Error(ErrorKind::Vocabulary, std::string(what) + " do not fit their bytes");
  };
  if (has_text_.empty()) throw Error(ErrorKind::Vocabulary, "the vocabulary is empty");
  if (has_text_.size() > (1u << 30)) throw Error(ErrorKind::Vocabulary, "the vocabulary has more than 2^30 ids");
  check_offsets(offsets_, has_text_.size(), blob_.size(), "token offsets");
  check_offsets(start_offsets_, start_ids_.size(), start_blob_.size(), "start token offsets");
  if (!std::is_sorted(start_ids_.begin(), start_ids_.end()))
    throw Error(ErrorKind::Vocabulary, "start token ids must be sorted");
  for (int32_t id : eos_token_ids) {
    if (id < 0 || static_cast<uint32_t>(id) >= size())
      throw Error(ErrorKind::Vocabulary, "end token id " + std::to_string(id) + " is outside 0.." + std::to_string(size() - 1));
    is_eos_[static_cast<size_t>(id)] = 1;
    has_text_[static_cast<size_t>(id)] = 0;
    eos_.push_back(static_cast<uint32_t>(id));
  }
  std::sort(eos_.begin(), eos_.end());
  eos_.erase(std::unique(eos_.begin(), eos_.end()), eos_.end());
  if (eos_.empty()) throw Error(ErrorKind::Vocabulary, "the vocabulary has no end token; pass eos_token_ids=[...]");

  std::fill(std::begin(byte_tokens_), std::end(byte_tokens_), -1);
  std::vector<TokenTrie::Entry> entries;
  entries.reserve(size());
  for (uint32_t id : in_order(order, has_text_)) {
    if (!has_text_[id]) continue;
    std::string_view text = token(id);
    if (text.size() == 1 && byte_tokens_[static_cast<uint8_t>(text[0])] < 0)
      byte_tokens_[static_cast<uint8_t>(text[0])] = static_cast<int32_t>(id);
    entries.push_back({text, id});
  }
  trie_ = TokenTrie(entries);
  summaries_ = summarise(trie_);
  characters_.reserve(trie_.id_count());
  for (size_t k = 0; k < trie_.id_count(); ++k) {
    std::string_view text = token(trie_.ids()[k]);
    characters_.push_back(static_cast<uint16_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; })));
  }
  text_bits_.assign(words(), 0);
  for (const TokenTrie::Entry& entry : entries) text_bits_[entry.id >> 5] |= 1u << (entry.id & 31);
  for (int b = 0; b < 256; ++b) {
    bool in_utf8 = b != 0xC0 && b != 0xC1 && b < 0xF5;
    if (in_utf8 && byte_tokens_[b] < 0) spells_every_byte_ = false;
  }
  if (!start_differs()) return;
  entries.clear();
  for (uint32_t id = 0; id < size(); ++id) {
    if (!has_text_[id]) continue;
    std::string_view text = start_token(id);
    if (text.empty() && !token(id).empty()) silent_at_start_.push_back(id);
    entries.push_back({text, id});
  }
  start_trie_ = TokenTrie(entries);
}

std::string_view Vocabulary::start_token(uint32_t id) const {
  auto it = std::lower_bound(start_ids_.begin(), start_ids_.end(), static_cast<int32_t>(id));
  if (it == start_ids_.end() || *it != static_cast<int32_t>(id)) return token(id);
  size_t k = static_cast<size_t>(it - start_ids_.begin());
  return std::string_view(start_blob_).substr(static_cast<size_t>(start_offsets_[k]),
                                              static_cast<size_t>(start_offsets_[k + 1] - start_offsets_[k]));
}

std::vector<uint32_t> Vocabulary::longest_tokens(std::string_view text) const {
  std::vector<uint32_t> out;
  for (size_t i = 0; i < text.size();) {
    const TokenTrie& trie = i == 0 ? start_trie() : trie_;
    size_t end = i;
    for (size_t j = i, node = 0; j < text.size() && (node = trie.child(node, text[j])) != 0;) {
      ++j;
      if (trie.ids_at(node).empty()) continue;
      if (end > i) out.pop_back();
      out.push_back(trie.ids_at(node).front());
      end = j;
    }
    if (end == i)
      throw Error(ErrorKind::Vocabulary, "no token of the vocabulary begins with the byte " +
                                             std::to_string(static_cast<uint8_t>(text[i])) + " at position " + std::to_string(i));
    i = end;
  }
  return out;
}

size_t Vocabulary::memory() const {
  return blob_.size() + offsets_.size() * 8 + has_text_.size() * 2 + start_blob_.size() + trie_.memory() + start_trie_.memory() +
         summaries_.size() * sizeof(SubtreeSummary) +
         characters_.size() * sizeof(uint16_t) + text_bits_.size() * sizeof(uint32_t);
}

}  // namespace decodex
