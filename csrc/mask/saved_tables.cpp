#include "mask/saved_tables.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace decodex {

namespace {

void require(bool holds, const char* what) {
  if (!holds)
    throw Error(ErrorKind::Artefact, std::string("its lexeme tables do not hold together (") + what + "); make it again with save()");
}

uint32_t begin_of(const std::vector<uint32_t>& ends, uint32_t k) { return k == 0 ? 0 : ends[k - 1]; }

std::vector<uint32_t> part(const std::vector<uint32_t>& list, const std::vector<uint32_t>& ends, uint32_t k) {
  return {list.begin() + begin_of(ends, k), list.begin() + ends[k]};
}

}  // namespace

SavedTables::SavedTables(const Vocabulary& vocab, Arrays arrays) : arrays_(std::move(arrays)) {
  check(vocab);
  for (uint32_t k = 0; k < size(); ++k)
    index_[arrays_.flags[k] & kFollowed].try_emplace({arrays_.hash[2 * k], arrays_.hash[2 * k + 1]}, k);
}

size_t SavedTables::memory() const {
  const Arrays& a = arrays_;
  return sizeof(*this) + size() * (16 + 25 + 64) +
         sizeof(uint32_t) * (a.rows.size() + a.ids.size() + a.exits.size() + a.denied.size()) + 6 * a.remainder_id.size();
}

void SavedTables::check(const Vocabulary& vocab) const {
  const Arrays& a = arrays_;
  const size_t n = size(), words = vocab.words();
  require(n < kNone && a.hash.size() == 2 * n && a.growth.size() == n && a.flags.size() == n, "arrays per table");
  auto divide = [&](const std::vector<uint32_t>& ends, size_t count) {
    require(ends.size() == n && std::is_sorted(ends.begin(), ends.end()) && (n == 0 ? 0 : ends.back()) == count, "lists per table");
  };
  divide(a.ids_end, a.ids.size());
  divide(a.remainders_end, a.remainder_id.size());
  divide(a.exits_end, a.exits.size());
  divide(a.denied_end, a.denied.size());
  require(a.remainder_length.size() == a.remainder_id.size() && a.rows.size() % words == 0, "arrays of equal length");
  for (uint32_t row : a.row) require(row == kNone || row < a.rows.size() / words, "a row's number");
  const std::vector<uint32_t>& text = vocab.text_bits();
  for (size_t w = 0; w < a.rows.size();)
    for (size_t k = 0; k < text.size(); ++k, ++w) require((a.rows[w] & ~text[k]) == 0, "a row's tokens");
  for (uint32_t id : a.ids) require(vocab.has_text(id), "a token's id");
  for (size_t k = 0; k < a.remainder_id.size(); ++k)
    require(vocab.has_text(a.remainder_id[k]) && a.remainder_length[k] > 0 &&
                a.remainder_length[k] <= vocab.token(a.remainder_id[k]).size(), "a remainder");
  for (uint32_t node : a.exits) require(node > 0 && node < vocab.trie().size(), "an exit");
  for (uint32_t k = 0; k < n; ++k)
    require(std::is_sorted(a.denied.begin() + begin_of(a.denied_end, k), a.denied.begin() + a.denied_end[k]), "denied tokens");
}

std::shared_ptr<const LexemeTable> SavedTables::find(const Vocabulary& vocab, const StructuralHash& lexeme, bool followed) const {
  auto found = index_[followed].find(lexeme);
  if (found == index_[followed].end()) return nullptr;
  const uint32_t k = found->second;
  const Arrays& a = arrays_;
  auto out = std::make_shared<LexemeTable>();
  if (a.row[k] != kNone) out->bits.assign(a.rows.begin() + vocab.words() * a.row[k], a.rows.begin() + vocab.words() * (a.row[k] + size_t{1}));
  out->ids = part(a.ids, a.ids_end, k);
  std::vector<TokenTrie::Entry> leaving;
  for (uint32_t r = begin_of(a.remainders_end, k); r < a.remainders_end[k]; ++r) {
    const std::string_view token = vocab.token(a.remainder_id[r]);
    leaving.push_back({token.substr(token.size() - a.remainder_length[r]), a.remainder_id[r]});
  }
  out->remainders = std::make_shared<TokenTrie>(leaving);
  out->exits.nodes = part(a.exits, a.exits_end, k);
  for (uint32_t node = 0; node < out->exits.nodes.size(); ++node) {
    const uint8_t byte = vocab.trie().byte(out->exits.nodes[node]);
    auto& groups = out->exits.groups;
    if (groups.empty() || groups.back().byte != byte) groups.push_back({byte, node});
    groups.back().end = node + 1;
  }
  out->denied = part(a.denied, a.denied_end, k);
  out->growth = a.growth[k];
  out->prefix_free = a.flags[k] & kPrefixFree;
  out->splits = a.flags[k] & kSplits;
  return out;
}

void SavedTables::append(const Vocabulary& vocab, const StructuralHash& lexeme, bool followed, const LexemeTable& table, Arrays& to) {
  auto extend = [](std::vector<uint32_t>& list, const std::vector<uint32_t>& more, std::vector<uint32_t>& ends) {
    list.insert(list.end(), more.begin(), more.end());
    ends.push_back(static_cast<uint32_t>(list.size()));
  };
  to.hash.push_back(lexeme.low);
  to.hash.push_back(lexeme.high);
  to.row.push_back(table.bits.empty() ? kNone : static_cast<uint32_t>(to.rows.size() / vocab.words()));
  to.rows.insert(to.rows.end(), table.bits.begin(), table.bits.end());
  extend(to.ids, table.ids, to.ids_end);
  extend(to.exits, table.exits.nodes, to.exits_end);
  extend(to.denied, table.denied, to.denied_end);
  const TokenTrie none, &trie = table.remainders ? *table.remainders : none;
  trie.walk(0, [&](uint32_t i, uint32_t depth, int, int&) {
    for (uint32_t id : trie.ids_at(i)) {
      to.remainder_id.push_back(id);
      to.remainder_length.push_back(static_cast<uint16_t>(depth));
    }
    return TokenTrie::Go::kInto;
  });
  to.remainders_end.push_back(static_cast<uint32_t>(to.remainder_id.size()));
  to.growth.push_back(table.growth);
  to.flags.push_back(static_cast<uint8_t>((followed ? kFollowed : 0) | (table.prefix_free ? kPrefixFree : 0) | (table.splits ? kSplits : 0)));
}

}  // namespace decodex
