// Masks of an intersection of one expression that has rules, a stack of parts, with regular ones that read the same text
// to its end, the trackers: phrases, lengths. The two are read side by side, so no state is made of both but where a
// token ends; and inside a lexeme of the stack, by a table of lexeme and trackers that does not depend on the stack.
#include <array>
#include <unordered_map>

#include "mask/draft.h"

namespace decodex {

namespace {

struct Tracked {
  ExprId stack = kEmpty;     // kEmpty: the expression is no such intersection
  ExprId tracker = kEmpty;
};

Tracked split(ExprPool& pool, ExprId e) {
  const Node& n = pool.node(e);
  if (n.kind != Kind::Conj || (n.flags & (kLookbehind | kLookahead)) || !(n.flags & kHasRule)) return {};
  ExprId stack = kEmpty;
  std::vector<ExprId> trackers;
  for (ExprId kid : pool.kids(e)) {
    if (!(pool.node(kid).flags & kHasRule)) trackers.push_back(kid);
    else if (stack == kEmpty) stack = kid;
    else return {};
  }
  if (trackers.empty()) return {};
  return {stack, pool.conj(trackers)};
}

// The trackers that know a floor (RuleSource::floor) for one separator, and the others.
struct Floors {
  int separator = -1;             // a byte that the lexeme reads to be itself again
  ExprId tracked = kAnything;     // those that know one
  ExprId floor = kAnything;       // their floors
  ExprId others = kAnything;
  bool may_die = false;           // some of them do not go on after every text
};

// The floor of one tracker, kEmpty where it knows none.
ExprId floor_of(ExprPool& pool, ExprId tracker, uint8_t separator) {
  const bool complemented = pool.node(tracker).kind == Kind::Not;
  const ExprId inner = complemented ? ExprId{pool.node(tracker).a} : tracker;
  auto of_rule = [&](ExprId e) {
    const Node& n = pool.node(e);
    return n.kind == Kind::Rule && !(n.flags & kHasRule) ? pool.source(n.a).floor(pool, n.key, separator, complemented) : kEmpty;
  };
  if (pool.node(inner).kind != Kind::Alt) return of_rule(inner);
  for (ExprId arm : pool.kids(inner))   // a phrase that has begun, beside the rule that looks for it
    if (const ExprId floor = of_rule(arm); floor != kEmpty) return floor;
  return kEmpty;
}

Floors floors_of(ExprPool& pool, ExprId lexeme, ExprId tracker) {
  std::vector<ExprId> parts;
  if (pool.node(tracker).kind == Kind::Conj) {
    parts.assign(pool.kids(tracker).begin(), pool.kids(tracker).end());
  } else {
    parts.push_back(tracker);
  }
  Floors best;
  best.others = tracker;
  size_t most = 0;
  for (const char separator : {'.', ',', ' ', ';', '-', '/', '!', '\n'}) {
    const auto byte = static_cast<uint8_t>(separator);
    if (pool.step_held(lexeme, byte) != lexeme) continue;
    std::vector<ExprId> tracked, floors, others;
    bool may_die = false;
    for (ExprId part : parts) {
      const ExprId floor = floor_of(pool, part, byte);
      if (floor == kEmpty) {
        others.push_back(part);
        continue;
      }
      tracked.push_back(part);
      floors.push_back(floor);
      may_die = may_die || pool.node(part).kind == Kind::Not;
    }
    if (tracked.size() <= most) continue;
    most = tracked.size();
    best = {byte, pool.conj(tracked), pool.conj(floors), pool.conj(others), may_die};
    if (others.empty()) break;
  }
  return best;
}

struct TripleHash {
  size_t operator()(const std::array<ExprId, 3>& key) const {
    uint64_t h = 0;
    for (ExprId e : key) h = (h ^ static_cast<uint32_t>(e)) * 0xff51afd7ed558ccdull, h ^= h >> 32;
    return h;
  }
};

}  // namespace

// Counts that no allowed token, with what completes it, can exhaust change nothing: the mask without them.
const Mask* MaskEngine::mask_without_counts(ExprId state) {
  if (!vocab_.spells_every_byte() || split(pool_, state).stack == kEmpty) return nullptr;
  const Relaxed without = pool_.relaxed(state);
  if (without.limit == kNoLimit || !pool_.live(without.expr)) return nullptr;
  if (uint64_t{pool_.shortest(without.expr)} + vocab_.max_token_bytes() > without.limit) return nullptr;
  const Mask* mask = make(without.expr, false);
  const bool ends_alike = pool_.nullable(state) == pool_.nullable(without.expr);
  return ends_alike && uint64_t{mask->after} + vocab_.max_token_bytes() <= without.limit ? mask : nullptr;
}

bool MaskEngine::add_tracked(ExprId e, Draft& draft) {
  const auto [stack, tracker] = split(pool_, e);
  if (stack == kEmpty || pool_.has_capture_at_head(stack)) return false;
  std::vector<ExprId> plain;
  add_stack(stack, kEpsilon, tracker, draft, plain);
  if (!plain.empty()) walk_pairs(pool_.alt(plain), tracker, draft);
  return true;
}

// As add(), for a stack that is tracked; what has no table goes to `plain`.
void MaskEngine::add_stack(ExprId e, ExprId tail, ExprId tracker, Draft& draft, std::vector<ExprId>& plain) {
  const Node& n = pool_.node(e);
  if (n.kind == Kind::Epsilon) {
    if (tail != kEpsilon) add_stack(tail, kEpsilon, tracker, draft, plain);
  } else if (n.kind == Kind::Alt) {
    for (ExprId kid : pool_.kids(e)) add_stack(kid, tail, tracker, draft, plain);
  } else if (n.kind == Kind::Concat && !(n.flags & (kLookahead | kLookbehind)) &&
             (pool_.node(ExprId{n.a}).kind == Kind::Lexeme || pool_.node(ExprId{n.a}).kind == Kind::Alt)) {
    add_stack(ExprId{n.a}, pool_.concat(ExprId{n.b}, tail), tracker, draft, plain);
  } else if (n.kind == Kind::Lexeme && !(n.flags & kHasRule) && !draft.counts_tokens() && add_product(e, tail, tracker, draft)) {
    if (pool_.nullable(e) && tail != kEpsilon) add_stack(tail, kEpsilon, tracker, draft, plain);
  } else {
    plain.push_back(pool_.concat(e, tail));
  }
}

// The tokens of lexeme·tail by the table. False when some tokens that stay lead where nothing can be completed.
//
// Trackers that know a floor are left out of the table: a token after which the lexeme goes on, a separator, and what is
// then left of the floor is a way out for all of them alike. So the table is shared by all their states.
bool MaskEngine::add_product(ExprId lexeme, ExprId tail, ExprId tracker, Draft& draft) {
  const Floors floors = floors_of(pool_, lexeme, tracker);
  const ProductTable& table = product_for(lexeme, floors.others);
  if (!table.usable) return false;
  const ExprId stack = pool_.concat(lexeme, tail);
  uint32_t after = 0;
  std::unordered_map<std::array<ExprId, 3>, bool, TripleHash> known;
  auto completes = [&](ExprId below, ExprId other, ExprId tracked, uint32_t more) {
    if (below == kEmpty || other == kEmpty || tracked == kEmpty) return false;
    auto [it, fresh] = known.try_emplace({below, other, tracked}, false);
    if (!fresh) return it->second;
    const std::array<ExprId, 3> parts{below, other, tracked};
    const uint32_t left = pool_.shortest(pool_.conj(parts));
    if (left != kInfinite) after = std::max(after, left + more);
    return it->second = left != kInfinite;
  };
  for (ExprId other : table.trackers) {
    const ExprId then = floors.separator < 0 ? other : pool_.step_held(other, static_cast<uint8_t>(floors.separator));
    if (!completes(stack, then, floors.floor, 1)) return false;
  }
  for (const ProductTable::End& end : table.ends)
    if (completes(pool_.concat(end.lexeme, tail), end.tracker, pool_.run_held(floors.tracked, vocab_.token(end.id)), 0))
      draft.ids.push_back(end.id);
  for (const ProductTable::Exit& exit : table.exits) {
    const std::string_view token = vocab_.token(exit.id), remainder = token.substr(exit.read);
    const ExprId below = pool_.run_held(tail, remainder);
    if (below != kEmpty && completes(below, pool_.run_held(exit.tracker, remainder), pool_.run_held(floors.tracked, token), 0))
      draft.ids.push_back(exit.id);
  }
  draft.reach(after);
  if (!floors.may_die) {
    add_staying(table.staying, draft);
    return true;
  }
  const auto living = table_for(floors.tracked, false);
  std::vector<uint32_t> row = table.staying.row(vocab_.words());
  const std::vector<uint32_t> alive = living->row(vocab_.words());
  draft.row.resize(row.size());
  for (size_t w = 0; w < row.size(); ++w) draft.row[w] |= row[w] & alive[w];
  return true;
}

const ProductTable& MaskEngine::product_for(ExprId lexeme, ExprId tracker) {
  auto& table = products_[uint64_t{static_cast<uint32_t>(lexeme)} << 32 | static_cast<uint32_t>(tracker)];
  if (!table) {
    table = std::make_unique<ProductTable>(make_product_table(pool_, vocab_, lexeme, tracker, absorptions_));
    bytes_ += table->memory();
  }
  return *table;
}

// Adds the ids of the vocabulary after which stack and tracker can be completed together.
void MaskEngine::walk_pairs(ExprId stack, ExprId tracker, Draft& draft) {
  ++stats_.walks;
  struct Place {
    ExprPool::Cursor stack, tracker;
  };
  const TokenTrie& trie = vocab_.trie();
  std::unordered_map<uint64_t, bool> judged;
  uint64_t last = 0;
  bool last_good = false;
  trie.walk(Place{pool_.cursor(stack), pool_.cursor(tracker)}, [&](uint32_t i, uint32_t, const Place& above, Place& here) {
    here.stack = pool_.step_cursor(above.stack, trie.byte(i));
    if (here.stack.state == kEmpty) return TokenTrie::Go::kPast;
    here.tracker = pool_.step_cursor(above.tracker, trie.byte(i));
    if (here.tracker.state == kEmpty) return TokenTrie::Go::kPast;
    const auto ids = trie.ids_at(i);
    if (ids.empty()) return TokenTrie::Go::kInto;
    const uint64_t pair = uint64_t{static_cast<uint32_t>(here.stack.state)} << 32 | static_cast<uint32_t>(here.tracker.state);
    if (pair != last) {
      last = pair;
      auto [it, fresh] = judged.try_emplace(pair, false);
      if (fresh) {
        const ExprId state = pool_.conj(here.stack.state, here.tracker.state);
        it->second = pool_.live(state) && (draft.budget == kUnbounded || fits(state, draft.budget, false));
        if (it->second && draft.budget == kUnbounded) draft.reach(way_out(state, draft, false));
      }
      last_good = it->second;
    }
    if (last_good) draft.ids.insert(draft.ids.end(), ids.begin(), ids.end());
    return TokenTrie::Go::kInto;
  });
}

}  // namespace decodex
