#include "mask/lexeme_table.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "mask/absorption.h"

namespace decodex {

namespace {

constexpr size_t kMaxRemainders = 20'000;   // tokens that leave; more, and the nodes where they do are kept instead
constexpr size_t kMaxExits = 100'000;       // of those nodes; more, and a split costs more than a walk
constexpr size_t kDenseFrom = 2'000;        // tokens that stay; from here on a bit mask is kept
constexpr size_t kMaxDifference = 8'000;    // nodes at which two lexemes may differ; more, and a table of its own is cheaper
constexpr size_t kWorthAbsorbing = 5;       // tokens of a subtree; in smaller ones the test costs more than the walk

void set_bit(std::vector<uint32_t>& bits, uint32_t id) { bits[id >> 5] |= 1u << (id & 31); }
void clear_bit(std::vector<uint32_t>& bits, uint32_t id) { bits[id >> 5] &= ~(1u << (id & 31)); }

ExitNodes exit_nodes(const TokenTrie& trie, const std::vector<uint32_t>& ends) {
  ExitNodes out;
  std::array<std::vector<uint32_t>, 256> by_byte;
  for (uint32_t end : ends)
    for (uint32_t c = 0; c < trie.node(end).children; ++c) {
      const uint32_t child = trie.node(end).first_child + c;
      by_byte[trie.byte(child)].push_back(child);
    }
  for (int byte = 0; byte < 256; ++byte) {
    if (by_byte[byte].empty()) continue;
    out.nodes.insert(out.nodes.end(), by_byte[byte].begin(), by_byte[byte].end());
    out.groups.push_back({static_cast<uint8_t>(byte), static_cast<uint32_t>(out.nodes.size())});
  }
  return out;
}

// Can a table be made from this one by naming the tokens that differ?
bool serves_as_base(const LexemeTable& table) {
  return !table.bits.empty() && table.prefix_free && table.splits && table.exits.nodes.empty();
}

}  // namespace

void LexemeTable::fill(const Vocabulary& vocab, std::vector<std::pair<uint32_t, uint32_t>> ranges, size_t count) {
  const TokenTrie& trie = vocab.trie();
  if (count < kDenseFrom) {
    for (auto [first, last] : ranges) ids.insert(ids.end(), trie.ids() + first, trie.ids() + last);
  } else if (count * 2 < trie.id_count()) {
    bits.assign(vocab.words(), 0);
    for (auto [first, last] : ranges)
      for (uint32_t k = first; k < last; ++k) set_bit(bits, trie.ids()[k]);
  } else {
    bits = vocab.text_bits();
    ranges.push_back({static_cast<uint32_t>(trie.id_count()), 0});
    uint32_t k = 0;
    for (auto [first, last] : ranges) {
      for (; k < first; ++k) clear_bit(bits, trie.ids()[k]);
      k = last;
    }
  }
}

LexemeTable make_lexeme_table(ExprPool& pool, const Vocabulary& vocab, ExprId lexeme, bool followed, Absorptions& absorptions) {
  LexemeTable table;
  const TokenTrie& trie = vocab.trie();
  struct Place {
    ExprPool::Cursor cursor;
    const Absorption* absorption = nullptr;
    uint32_t chars = 0;   // on the path
  };
  std::vector<std::pair<uint32_t, uint32_t>> staying;  // ranges of trie.ids()
  std::vector<TokenTrie::Entry> leaving;
  const uint32_t before = pool.shortest(lexeme);
  uint32_t longest = 0;
  size_t stay_count = 0;
  std::vector<uint32_t> exits;   // nodes at which the lexeme may end
  bool listed = true;            // are the tokens that leave few enough for a list?
  auto stay = [&](uint32_t first, uint32_t last) {
    if (first == last) return;
    stay_count += last - first;
    if (!staying.empty() && staying.back().second == first) staying.back().second = last;
    else staying.push_back({first, last});
  };
  auto dead = [&](const Place& above, uint8_t byte) { return pool.known_dead(above.cursor, byte); };
  const Place start{pool.cursor(lexeme), &absorptions.of(lexeme, followed, true)};
  trie.walk_live(start, dead, [&](uint32_t i, uint32_t depth, const Place& above, Place& here) {
    const TokenTrie::Node& node = trie.node(i);
    const SubtreeSummary& below = vocab.summaries()[i];
    if (above.absorption && above.absorption->takes(below)) {
      const Absorption& a = *above.absorption;
      if (below.max_chars <= a.capacity) {
        stay(node.first_id, node.end_id);
        longest = std::max(longest, a.way_out + kCutCharacter);
        return TokenTrie::Go::kPast;
      }
      if (a.most != kUnbounded) {
        longest = std::max(longest, a.way_out + kCutCharacter);
        for (uint32_t k = node.first_id; k < node.end_id; ++k) {
          const uint32_t chars = vocab.characters()[k] - above.chars;
          if (chars <= a.capacity) {
            stay(k, k + 1);
          } else if (chars <= a.most) {
            const ExprId end = pool.run_held(above.cursor.state, vocab.token(trie.ids()[k]).substr(depth - 1));
            if (end == kEmpty) continue;
            stay(k, k + 1);
            longest = std::max(longest, pool.shortest(end));
          }
        }
        return TokenTrie::Go::kPast;
      }
    }
    here.cursor = pool.step_cursor(above.cursor, trie.byte(i));
    const ExprId state = here.cursor.state;
    if (state == kEmpty) return TokenTrie::Go::kPast;
    here.chars = above.chars + ((trie.byte(i) & 0xC0) != 0x80 ? 1 : 0);
    const bool same = state == above.cursor.state;
    here.absorption = nullptr;
    if (below.boundary && node.end_id - node.first_id >= kWorthAbsorbing)
      here.absorption = &absorptions.of(state, followed, same);
    const uint32_t own_end = trie.own_end(i);
    stay(node.first_id, own_end);
    if (!same && node.first_id != own_end) longest = std::max(longest, pool.shortest(state));
    if (followed && here.cursor.nullable) {
      if (state != kEpsilon) table.prefix_free = false;
      auto below = trie.ids_below(i);
      if (!below.empty()) exits.push_back(i);
      listed = listed && leaving.size() + below.size() <= kMaxRemainders;
      if (listed)
        for (uint32_t id : below) leaving.push_back({vocab.token(id).substr(depth), id});
      table.splits = listed || exits.size() <= kMaxExits;
      if (!table.splits) return TokenTrie::Go::kStop;   // nothing of the table will be used
    }
    return TokenTrie::Go::kInto;
  });
  table.from = before;
  table.growth = longest > before ? longest - before : 0;
  if (!listed) leaving.clear();
  if (!listed && table.splits) table.exits = exit_nodes(trie, exits);
  table.remainders = std::make_shared<TokenTrie>(leaving);
  table.fill(vocab, staying, stay_count);
  return table;
}

bool make_lexeme_table_from(ExprPool& pool, const Vocabulary& vocab, ExprId lexeme, ExprId base_lexeme,
                            const LexemeTable& base, bool followed, Absorptions& absorptions, LexemeTable& out) {
  if (!serves_as_base(base)) return false;
  out = LexemeTable{};
  out.bits = base.bits;
  out.remainders = base.remainders;
  out.prefix_free = true;
  out.growth = base.growth;
  out.from = base.from;
  const TokenTrie& trie = vocab.trie();
  struct Place {
    ExprId own = kEmpty, theirs = kEmpty;
    const Absorption *absorption = nullptr, *their_absorption = nullptr;
  };
  auto stays = [](const Absorption* absorption, const SubtreeSummary& below) {
    return absorption && absorption->takes(below) && below.max_chars <= absorption->capacity;
  };
  const uint32_t before = pool.shortest(lexeme), base_before = pool.shortest(base_lexeme);
  uint32_t longest = static_cast<uint32_t>(base.way_out(base_before));
  size_t visited = 0;
  bool comparable = true;
  const Place start{lexeme, base_lexeme, &absorptions.of(lexeme, followed, true), &absorptions.of(base_lexeme, followed, true)};
  trie.walk(start, [&](uint32_t i, uint32_t, const Place& above, Place& here) {
    const SubtreeSummary& below = vocab.summaries()[i];
    if (stays(above.absorption, below) && stays(above.their_absorption, below)) {
      longest = std::max(longest, above.absorption->way_out + kCutCharacter);
      return TokenTrie::Go::kPast;
    }
    here = {pool.step_held(above.own, trie.byte(i)), pool.step_held(above.theirs, trie.byte(i))};
    if (here.own == here.theirs) return TokenTrie::Go::kPast;
    if (here.own == kEmpty) {  // live in the base only: nothing below stays, nothing below leaves
      for (uint32_t k = trie.node(i).first_id; k < trie.node(i).end_id; ++k) {
        clear_bit(out.bits, trie.ids()[k]);
        out.denied.push_back(trie.ids()[k]);
      }
      return TokenTrie::Go::kPast;
    }
    comparable = ++visited <= kMaxDifference && here.theirs != kEmpty && pool.nullable(here.own) == pool.nullable(here.theirs);
    if (!comparable) return TokenTrie::Go::kStop;
    for (uint32_t id : trie.ids_at(i)) {
      set_bit(out.bits, id);
      longest = std::max(longest, pool.shortest(here.own));
    }
    if (below.boundary && trie.node(i).end_id - trie.node(i).first_id >= kWorthAbsorbing) {
      here.absorption = &absorptions.of(here.own, followed, false);
      here.their_absorption = &absorptions.of(here.theirs, followed, false);
    }
    return TokenTrie::Go::kInto;
  });
  if (!comparable) return false;
  out.from = before;
  out.growth = longest > before ? longest - before : 0;
  std::sort(out.denied.begin(), out.denied.end());
  return true;
}

bool make_lexeme_table_within(ExprPool& pool, const Vocabulary& vocab, ExprId lexeme, ExprId relaxed_lexeme,
                              const LexemeTable& relaxed, uint64_t reach, bool followed, Absorptions& absorptions,
                              LexemeTable& out) {
  if (!serves_as_base(relaxed)) return false;
  out = relaxed;
  const TokenTrie& trie = vocab.trie();
  struct Place {
    ExprPool::Cursor relaxed, cursor;
    const Absorption* absorption = nullptr;
    uint32_t chars = 0;
  };
  auto deny = [&](uint32_t k) {
    clear_bit(out.bits, trie.ids()[k]);
    out.denied.push_back(trie.ids()[k]);
  };
  size_t visited = 0;
  const Place start{pool.cursor(relaxed_lexeme), pool.cursor(lexeme), &absorptions.of(lexeme, followed, true)};
  trie.walk(start, [&](uint32_t i, uint32_t depth, const Place& above, Place& here) {
    const TokenTrie::Node& node = trie.node(i);
    const SubtreeSummary& below = vocab.summaries()[i];
    if (below.max_bytes <= reach) return TokenTrie::Go::kPast;
    if (above.absorption && above.absorption->takes(below)) {
      const Absorption& a = *above.absorption;
      if (below.max_chars <= a.capacity) return TokenTrie::Go::kPast;
      if (a.most != kUnbounded) {
        for (uint32_t k = node.first_id; k < node.end_id; ++k) {
          const uint32_t chars = vocab.characters()[k] - above.chars;
          const std::string_view rest = vocab.token(trie.ids()[k]).substr(depth - 1);
          if (chars > a.most || (chars > a.capacity && pool.run_held(above.cursor.state, rest) == kEmpty)) deny(k);
        }
        return TokenTrie::Go::kPast;
      }
    }
    here.relaxed = pool.step_cursor(above.relaxed, trie.byte(i));
    if (here.relaxed.state == kEmpty) return TokenTrie::Go::kPast;
    if (++visited > kMaxDifference) return TokenTrie::Go::kStop;
    here.cursor = pool.step_cursor(above.cursor, trie.byte(i));
    if (here.cursor.state == kEmpty) {
      for (uint32_t k = node.first_id; k < node.end_id; ++k) deny(k);
      return TokenTrie::Go::kPast;
    }
    if (followed && here.cursor.nullable) return TokenTrie::Go::kPast;   // what is below leaves, as it leaves the relaxed one
    here.chars = above.chars + ((trie.byte(i) & 0xC0) != 0x80 ? 1 : 0);
    here.absorption = nullptr;
    if (below.boundary && node.end_id - node.first_id >= kWorthAbsorbing)
      here.absorption = &absorptions.of(here.cursor.state, followed, here.cursor.state == above.cursor.state);
    return TokenTrie::Go::kInto;
  });
  std::sort(out.denied.begin(), out.denied.end());
  return visited <= kMaxDifference;
}

}  // namespace decodex
