#include "mask/product_table.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace decodex {

namespace {

constexpr size_t kMaxSingle = 5'000;     // ends or exits; more, and a walk is as cheap
constexpr size_t kMaxTrackers = 4'000;
constexpr size_t kMostOnWay = 64;        // states
constexpr size_t kWorthAbsorbing = 5;    // tokens of a subtree; in smaller ones the test costs more than the walk

// Some shortest bytes from one state to another, of at most six, where they are soon found; empty otherwise.
std::string way_between(ExprPool& pool, ExprId from, ExprId to) {
  std::unordered_map<ExprId, std::pair<ExprId, uint8_t>> reached{{from, {from, uint8_t{0}}}};
  std::vector<ExprId> layer{from};
  for (int length = 1; length <= 6 && reached.size() <= kMostOnWay; ++length) {
    std::vector<ExprId> next_layer;
    for (ExprId e : layer) {
      const ByteClasses& classes = pool.classes(e);
      for (int c = 0; c < classes.count; ++c) {
        const ExprId next = pool.step_held(e, classes.representative[c]);
        if (next == kEmpty || !reached.try_emplace(next, std::pair{e, classes.representative[c]}).second) continue;
        if (next != to) {
          next_layer.push_back(next);
          continue;
        }
        std::string way;
        for (ExprId at = to; at != from; at = reached.at(at).first) way.push_back(static_cast<char>(reached.at(at).second));
        return {way.rbegin(), way.rend()};
      }
    }
    layer = std::move(next_layer);
  }
  return {};
}

}  // namespace

size_t ProductTable::memory() const {
  return sizeof *this + staying.memory() + trackers.size() * sizeof(ExprId) + ends.size() * sizeof(End) +
         end_ids.size() * sizeof(uint32_t) + exits.size() * sizeof(Exit);
}

ExprId home_of(ExprPool& pool, ExprId lexeme) {
  const ExprId body{pool.node(lexeme).a};
  if (pool.node(body).kind != Kind::Conj) return lexeme;
  std::vector<ExprId> kept;
  for (ExprId part : pool.kids(body))
    if (pool.node(part).kind != Kind::Not) kept.push_back(part);
  return kept.empty() || kept.size() == pool.kids(body).size() ? lexeme : pool.lexeme(pool.conj(kept));
}

ProductTable make_product_table(ExprPool& pool, const Vocabulary& vocab, ExprId lexeme, ExprId tracker, Absorptions& absorptions) {
  ProductTable table;
  const TokenTrie& trie = vocab.trie();
  struct Place {
    ExprPool::Cursor lexeme, tracker;
    const CharacterSet *lexeme_stays = nullptr, *tracker_stays = nullptr;
    const Absorptions::Closure* tracker_circles = nullptr;
  };
  std::vector<std::pair<uint32_t, uint32_t>> staying;   // ranges of trie.ids()
  std::unordered_set<ExprId> trackers;
  std::unordered_set<const Absorptions::Closure*> circles;
  struct End {
    ExprId lexeme, tracker;
    uint32_t id;
  };
  std::vector<End> ends;
  size_t stay_count = 0;
  auto stay = [&](uint32_t first, uint32_t last) {
    stay_count += last - first;
    if (!staying.empty() && staying.back().second == first) staying.back().second = last;
    else staying.push_back({first, last});
  };
  const ExprId home = home_of(pool, lexeme);
  const Place start{pool.cursor(lexeme), pool.cursor(tracker), &absorptions.staying(lexeme), &absorptions.staying(tracker),
                    &absorptions.closure(tracker)};
  trie.walk(start, [&](uint32_t i, uint32_t depth, const Place& above, Place& here) {
    const TokenTrie::Node& node = trie.node(i);
    const SubtreeSummary& below = vocab.summaries()[i];
    if (above.lexeme_stays && above.lexeme.state == home && above.lexeme_stays->takes(below)) {
      const bool stays = above.tracker_stays->takes(below);
      if (stays || above.tracker_circles->set.takes(below)) {
        stay(node.first_id, node.end_id);
        if (stays) trackers.insert(above.tracker.state);
        else circles.insert(above.tracker_circles);
        return TokenTrie::Go::kPast;
      }
    }
    here.lexeme = pool.step_cursor(above.lexeme, trie.byte(i));
    if (here.lexeme.state == kEmpty) return TokenTrie::Go::kPast;
    here.tracker = pool.step_cursor(above.tracker, trie.byte(i));
    if (here.tracker.state == kEmpty) return TokenTrie::Go::kPast;
    here.lexeme_stays = here.tracker_stays = nullptr;
    if (below.boundary && node.end_id - node.first_id >= kWorthAbsorbing) {
      here.lexeme_stays = &absorptions.staying(here.lexeme.state);
      here.tracker_stays = &absorptions.staying(here.tracker.state);
      here.tracker_circles = &absorptions.closure(here.tracker.state);
    }
    const uint32_t first = node.first_id, last = trie.own_end(i);
    if (first != last && here.lexeme.state == home) {
      stay(first, last);
      trackers.insert(here.tracker.state);
    } else {
      for (uint32_t id : trie.ids_at(i)) ends.push_back({here.lexeme.state, here.tracker.state, id});
    }
    if (here.lexeme.nullable) {
      const auto ids = trie.ids_below(i);
      table.usable = table.exits.size() + ids.size() <= kMaxSingle;
      if (!table.usable) return TokenTrie::Go::kStop;
      for (uint32_t id : ids) table.exits.push_back({here.tracker.state, id, depth});
    }
    table.usable = ends.size() <= kMaxSingle && trackers.size() <= kMaxTrackers;
    return table.usable ? TokenTrie::Go::kInto : TokenTrie::Go::kStop;
  });
  if (!table.usable) return table;
  table.staying.fill(vocab, staying, stay_count);
  for (const Absorptions::Closure* circle : circles) trackers.insert(circle->states.begin(), circle->states.end());
  table.trackers.assign(trackers.begin(), trackers.end());
  std::ranges::sort(table.trackers);

  auto state_of = [](const End& end) { return std::pair{end.lexeme, end.tracker}; };
  std::ranges::stable_sort(ends, {}, state_of);
  std::unordered_map<ExprId, std::string> ways;
  for (const End& end : ends) {
    if (table.ends.empty() || state_of(end) != std::pair{table.ends.back().lexeme, table.ends.back().tracker}) {
      auto [it, fresh] = ways.try_emplace(end.lexeme);
      if (fresh) it->second = way_between(pool, end.lexeme, home);
      const ExprId back = it->second.empty() ? kEmpty : pool.run_held(end.tracker, it->second);
      table.ends.push_back({end.lexeme, end.tracker, back, static_cast<uint32_t>(it->second.size()), 0});
    }
    table.end_ids.push_back(end.id);
    table.ends.back().end = static_cast<uint32_t>(table.end_ids.size());
  }
  std::ranges::sort(table.exits, {}, [&](const ProductTable::Exit& exit) {
    return std::tuple{vocab.token(exit.id).substr(exit.read), exit.tracker, exit.id};
  });
  return table;
}

}  // namespace decodex
