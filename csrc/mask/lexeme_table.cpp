#include "mask/lexeme_table.h"

#include <algorithm>
#include <unordered_map>

#include "mask/absorption.h"

namespace decodex {

namespace {

constexpr size_t kMaxRemainders = 20'000;   // tokens that leave; more, and a split costs more than a walk
constexpr size_t kDenseFrom = 2'000;        // tokens that stay; from here on a bit mask is kept
constexpr size_t kMaxDifference = 8'000;    // nodes in which two lexemes may differ; more, and a table of its own is cheaper
constexpr size_t kWorthAbsorbing = 8;       // nodes of a subtree; in smaller ones the test costs more than the walk
constexpr uint32_t kCutCharacter = 3;       // bytes that a character cut off at a token's end still needs

void set_bit(std::vector<uint32_t>& bits, uint32_t id) { bits[id >> 5] |= 1u << (id & 31); }
void clear_bit(std::vector<uint32_t>& bits, uint32_t id) { bits[id >> 5] &= ~(1u << (id & 31)); }
bool has_bit(const std::vector<uint32_t>& bits, uint32_t id) { return bits[id >> 5] >> (id & 31) & 1; }

}  // namespace

LexemeTable make_lexeme_table(ExprPool& pool, const Vocabulary& vocab, ExprId lexeme, bool followed) {
  LexemeTable table;
  const TokenTrie& trie = vocab.trie();
  const TokenTrie::Node* nodes = trie.nodes();
  struct Place {
    ExprPool::Cursor cursor;
    const Absorption* absorption = nullptr;
    uint32_t chars = 0;   // on the path
  };
  std::vector<Place> path(trie.max_depth() + 1);
  path[0].cursor = pool.cursor(lexeme);
  std::unordered_map<ExprId, Absorption> absorptions;
  std::vector<std::pair<uint32_t, uint32_t>> staying;  // ranges of trie.ids()
  std::vector<TokenTrie::Entry> leaving;
  const uint32_t before = pool.shortest(lexeme);
  uint32_t longest = 0;
  size_t stay_count = 0;
  auto stay = [&](uint32_t first, uint32_t last) {
    if (first == last) return;
    stay_count += last - first;
    if (!staying.empty() && staying.back().second == first) staying.back().second = last;
    else staying.push_back({first, last});
  };
  for (size_t i = 0, n = trie.size(); i < n;) {
    const TokenTrie::Node& node = nodes[i];
    const Place& above = path[node.depth - 1];
    Place& here = path[node.depth];
    here.cursor = pool.step_cursor(above.cursor, node.byte);
    const ExprId state = here.cursor.state;
    if (state == kEmpty) {
      i = node.end;
      continue;
    }
    here.chars = above.chars + ((node.byte & 0xC0) != 0x80 ? 1 : 0);
    const bool same = state == above.cursor.state;
    here.absorption = same ? above.absorption : nullptr;
    if (node.end - i >= kWorthAbsorbing && vocab.summaries()[i].whole) {
      if (!here.absorption) {
        auto [it, fresh] = absorptions.try_emplace(state);
        if (fresh) it->second = absorption(pool, state, followed);
        here.absorption = &it->second;
      }
      if (here.absorption->takes(vocab.summaries()[i])) {
        const uint64_t most = uint64_t{here.chars} + here.absorption->capacity;
        if (vocab.summaries()[i].max_chars <= here.absorption->capacity) {
          stay(node.first_id, nodes[node.end].first_id);
        } else {
          for (uint32_t k = node.first_id; k < nodes[node.end].first_id; ++k)
            if (vocab.characters()[k] <= most) stay(k, k + 1);
        }
        longest = std::max(longest, pool.shortest(state) + kCutCharacter);
        i = node.end;
        continue;
      }
    }
    stay(node.first_id, nodes[i + 1].first_id);
    if (!same && node.first_id != nodes[i + 1].first_id) longest = std::max(longest, pool.shortest(state));
    if (followed && here.cursor.nullable) {
      if (state != kEpsilon) table.prefix_free = false;
      size_t first = nodes[i + 1].first_id, last = nodes[node.end].first_id;
      if (node.end == i + 1) first = last;
      if (leaving.size() + (last - first) > kMaxRemainders) table.splits = false;
      for (size_t k = first; table.splits && k < last; ++k)
        leaving.push_back({vocab.token(trie.ids()[k]).substr(node.depth), trie.ids()[k]});
      if (!table.splits) break;  // nothing of the table will be used
    }
    ++i;
  }
  table.growth = longest > before ? longest - before : 0;
  if (!table.splits) leaving.clear();
  table.remainders = std::make_shared<TokenTrie>(leaving);
  if (stay_count >= kDenseFrom) {
    table.bits.assign(vocab.words(), 0);
    for (auto [first, last] : staying)
      for (uint32_t k = first; k < last; ++k) set_bit(table.bits, trie.ids()[k]);
  } else {
    for (auto [first, last] : staying) table.ids.insert(table.ids.end(), trie.ids() + first, trie.ids() + last);
  }
  return table;
}

bool make_lexeme_table_from(ExprPool& pool, const Vocabulary& vocab, ExprId lexeme, ExprId base_lexeme,
                            const LexemeTable& base, LexemeTable& out) {
  if (base.bits.empty() || !base.prefix_free || !base.splits) return false;
  out = LexemeTable{};
  out.bits = base.bits;
  out.remainders = base.remainders;
  out.prefix_free = true;
  out.growth = base.growth;
  const TokenTrie& trie = vocab.trie();
  const uint32_t before = pool.shortest(lexeme), base_before = pool.shortest(base_lexeme);
  std::vector<std::pair<ExprId, ExprId>> path(trie.max_depth() + 1);
  path[0] = {lexeme, base_lexeme};
  uint32_t longest = base.growth + base_before;
  size_t visited = 0;
  for (size_t i = 0, n = trie.size(); i < n;) {
    if (++visited > kMaxDifference) return false;
    const TokenTrie::Node& node = trie.nodes()[i];
    auto [own, theirs] = path[node.depth - 1];
    ExprId state = pool.step_held(own, node.byte);
    ExprId other = pool.step_held(theirs, node.byte);
    if (state == other) {
      i = node.end;
      continue;
    }
    if (state == kEmpty) {  // live in the base only: nothing below stays, nothing below leaves
      for (size_t k = node.first_id; k < trie.nodes()[node.end].first_id; ++k) {
        uint32_t id = trie.ids()[k];
        clear_bit(out.bits, id);
        out.denied.push_back(id);
      }
      i = node.end;
      continue;
    }
    if (other == kEmpty || pool.nullable(state) != pool.nullable(other)) return false;
    for (uint32_t id : trie.ids_at(i)) {
      if (!has_bit(out.bits, id)) set_bit(out.bits, id);
      longest = std::max(longest, pool.shortest(state));
    }
    path[node.depth] = {state, other};
    ++i;
  }
  out.growth = longest > before ? longest - before : 0;
  std::sort(out.denied.begin(), out.denied.end());
  return true;
}

namespace {

ExprId clamp(ExprPool& pool, ExprId e, uint32_t max_token_bytes, int depth) {
  const Node& n = pool.node(e);
  if (n.kind == Kind::Alt && depth > 0) {
    std::vector<ExprId> arms;
    for (ExprId kid : pool.kids(e)) arms.push_back(clamp(pool, kid, max_token_bytes, depth - 1));
    return pool.alt(arms);
  }
  if (n.kind == Kind::Repeat) {
    ExprId unit{n.a};
    if (pool.nullable(unit)) return e;
    uint32_t reach = max_token_bytes / std::max(1u, pool.node(unit).shortest) + 1;   // turns that a token can take
    return pool.repeat(unit, std::min(n.b, reach), n.c >= reach ? kUnbounded : n.c);
  }
  if (n.kind != Kind::Concat) return e;
  std::vector<ExprId> heads;   // as many as a token can reach
  bool clamped = false;
  ExprId rest = e;
  for (; heads.size() <= max_token_bytes && pool.node(rest).kind == Kind::Concat; rest = ExprId{pool.node(rest).b}) {
    ExprId head{pool.node(rest).a};
    heads.push_back(clamp(pool, head, max_token_bytes, depth - 1));
    clamped = clamped || heads.back() != head;
  }
  ExprId last = clamp(pool, rest, max_token_bytes, depth - 1);
  if (!clamped && last == rest) return e;
  for (size_t i = heads.size(); i-- > 0;) last = pool.concat(heads[i], last);
  return last;
}

}  // namespace

ExprId clamp_lexeme(ExprPool& pool, ExprId lexeme, uint32_t max_token_bytes) {
  if (pool.node(lexeme).flags & kSearch) return lexeme;  // what is live there may depend on counts that no token sees
  return clamp(pool, lexeme, max_token_bytes, 4);
}

}  // namespace decodex
