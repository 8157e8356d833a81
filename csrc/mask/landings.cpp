// Masks of an intersection of a stack with trackers that are far from mattering: where what they look for can still be put
// in whatever token comes next, and what they count leaves room for all that, it allows the stack's own tokens. That is
// known of the states to which those lead, and of the trackers nothing but their floors, so it is asked once for many
// states of the trackers. The few tokens of which it is not known are looked at one by one.
#include <algorithm>

#include "mask/draft.h"

namespace decodex {

namespace {

constexpr uint32_t kSlack = 8;     // bytes by which the way home from inside a lexeme may differ from what was counted

uint32_t plus(uint32_t a, uint64_t b) { return a == kInfinite || b >= kInfinite - 2 - uint64_t{a} ? kInfinite : a + static_cast<uint32_t>(b); }

}  // namespace

// nullptr: the trackers may matter.
std::unique_ptr<Mask> MaskEngine::mask_of_stack(ExprId state) {
  constexpr size_t kMostSingle = 1'000;   // tokens
  const auto [stack, tracker] = split_tracked(pool_, state);
  if (stack == kEmpty || !vocab_.spells_every_byte()) return nullptr;
  std::vector<ExprId> floors, counting;
  const ExprId single[] = {tracker};
  const std::span<const ExprId> parts = pool_.node(tracker).kind == Kind::Conj ? pool_.kids(tracker) : std::span<const ExprId>(single);
  for (ExprId part : parts) {
    if (const ExprId floor = pool_.floor_of(part).state; floor != kEmpty) floors.push_back(floor);
    else if (pool_.has_room(part, 0)) counting.push_back(part);
    else return nullptr;
  }
  noting_landings_ = true;
  const Mask* own = nullptr;
  try {
    own = make(stack, false);
  } catch (...) {
    noting_landings_ = false;
    throw;
  }
  noting_landings_ = false;
  Landings& landings = landings_of(*own, stack);
  if (!landings.complete) return nullptr;
  std::vector<uint32_t> sources;
  for (ExprId part : counting) sources.push_back(pool_.node(part).a);
  const Landings::Beside& here = beside(landings, pool_.conj(floors), sources);
  if (!here.known) return nullptr;
  for (size_t k = 0; k < counting.size(); ++k)
    if (!pool_.has_room(counting[k], plus(here.units[k], most_units(sources[k])))) return nullptr;
  uint32_t after = here.after;
  std::vector<uint32_t> dead, alive;
  size_t looked = 0;
  for (uint32_t end : here.single)
    for (uint32_t id : landings.ends[end].ids) {
      if (++looked > kMostSingle) return nullptr;
      std::vector<ExprId> then{landings.ends[end].state};
      for (ExprId part : parts) then.push_back(pool_.run_held(part, vocab_.token(id)));
      const uint32_t left = pool_.shortest(pool_.conj(then));
      (left == kInfinite ? dead : alive).push_back(id);
      if (left != kInfinite) after = std::max(after, left);
    }
  auto mask = std::make_unique<Mask>();
  mask->after = after;
  mask->own = own->own;
  mask->ids = own->ids;
  if (!dead.empty()) {
    for (uint32_t k = 0; k < landings.ends.size(); ++k)
      if (!std::binary_search(here.single.begin(), here.single.end(), k))
        alive.insert(alive.end(), landings.ends[k].ids.begin(), landings.ends[k].ids.end());
    std::ranges::sort(alive);
    std::erase_if(dead, [&](uint32_t id) { return std::ranges::binary_search(alive, id) || stays_inside(landings, id); });
    std::ranges::sort(dead);
    std::erase_if(mask->ids, [&](uint32_t id) { return std::ranges::binary_search(dead, id); });
    if (own->base && std::ranges::any_of(dead, [&](uint32_t id) { return own->base[id >> 5] >> (id & 31) & 1; })) {
      if (mask->own.empty()) mask->own.assign(own->base, own->base + vocab_.words());
      for (uint32_t id : dead) mask->own[id >> 5] &= ~(1u << (id & 31));
    }
  }
  mask->base = mask->own.empty() ? own->base : mask->own.data();
  return mask;
}

bool MaskEngine::stays_inside(const Landings& landings, uint32_t id) {
  return std::ranges::any_of(landings.inside, [&](const Landings::Inside& inside) {
    const ExprId left = pool_.run_held(inside.lexeme, vocab_.token(id));
    return left != kEmpty && left != kEpsilon;
  });
}

// The tokens that end where a lexeme does.
const std::vector<uint32_t>& MaskEngine::ending(ExprId lexeme) {
  auto [known, fresh] = ending_.try_emplace(lexeme);
  std::vector<uint32_t>& out = known->second;
  if (!fresh) return out;
  struct Place {
    ExprPool::Cursor cursor;
    const Absorption* absorption = nullptr;
  };
  const TokenTrie& trie = vocab_.trie();
  trie.walk(Place{pool_.cursor(lexeme), &absorptions_.of(lexeme, true, true)}, [&](uint32_t i, uint32_t, const Place& above, Place& here) {
    const SubtreeSummary& below = vocab_.summaries()[i];
    if (above.absorption && above.absorption->takes(below) && below.max_chars <= above.absorption->capacity) return TokenTrie::Go::kPast;
    here.cursor = pool_.step_cursor(above.cursor, trie.byte(i));
    here.absorption = here.cursor.state == lexeme && below.boundary ? &absorptions_.of(lexeme, true, true) : nullptr;
    if (here.cursor.state == kEpsilon) out.insert(out.end(), trie.ids_at(i).begin(), trie.ids_at(i).end());
    return here.cursor.state == kEmpty || here.cursor.state == kEpsilon ? TokenTrie::Go::kPast : TokenTrie::Go::kInto;
  });
  return out;
}

Landings& MaskEngine::landings_of(const Mask& mask, ExprId state) {
  if (!mask.landings) {
    mask.landings = std::make_unique<Landings>();
    Draft draft;
    draft.landings = mask.landings.get();
    add(real(state), kEpsilon, draft);
    walk_plain(draft);
    bytes_ += mask.landings->memory();
  }
  return *mask.landings;
}

const Landings::Beside& MaskEngine::beside(Landings& landings, ExprId floor, const std::vector<uint32_t>& sources) {
  constexpr size_t kMostKept = 16;
  for (const Landings::Beside& known : landings.beside)
    if (known.floor == floor && known.sources == sources) return known;
  if (landings.beside.size() == kMostKept) landings.beside.erase(landings.beside.begin());
  Landings::Beside out{floor, sources, true, 0, {}, std::vector<uint32_t>(sources.size(), 0)};
  auto completes = [&](const ExprPool::Filling& filling, uint64_t more) {   // so many bytes before it
    const uint32_t bytes = plus(filling.bytes, more);
    if (bytes == kInfinite) return false;
    std::vector<uint32_t> units;
    for (uint32_t source : sources) units.push_back(plus(pool_.units_of(source, filling), more));
    if (std::ranges::find(units, kInfinite) != units.end()) return false;
    out.after = std::max(out.after, bytes);
    for (size_t k = 0; k < units.size(); ++k) out.units[k] = std::max(out.units[k], units[k]);
    return true;
  };
  out.known = std::ranges::all_of(landings.inside, [&](Landings::Inside& inside) {
    const auto way = inside.whole ? pool_.always_comes_free(inside.lexeme) : std::nullopt;
    if (!way || !completes(pool_.filling(pool_.concat(inside.lexeme, inside.tail), floor), *way + kSlack))
      return completes(pool_.filling(inside.tail, floor), inside.way_out + kSlack);
    if (!inside.ending && pool_.filling(inside.tail, floor).bytes == kInfinite) {
      landings.ends.push_back({inside.tail, ending(inside.lexeme)});
      inside.ending = true;
    }
    return true;
  });
  for (uint32_t k = 0; out.known && k < landings.ends.size(); ++k)
    if (!completes(pool_.filling(landings.ends[k].state, floor), 0)) out.single.push_back(k);
  return landings.beside.emplace_back(std::move(out));
}

// Units that begin in any token, wherever in a unit it begins.
uint32_t MaskEngine::most_units(uint32_t source) {
  auto [known, fresh] = most_units_.try_emplace(source, 0);
  if (!fresh) return known->second;
  uint32_t most = 0;
  auto note = [&](ExprId state) {
    if (pool_.is_regular_rule(state) && pool_.node(state).a == source) most = std::max(most, pool_.source(source).counted(pool_.node(state).key));
  };
  const TokenTrie& trie = vocab_.trie();
  for (ExprId start : pool_.source(source).counters(pool_))
    trie.walk(pool_.cursor(start), [&](uint32_t i, uint32_t, const ExprPool::Cursor& above, ExprPool::Cursor& here) {
      if (pool_.is_regular_rule(above.state)) {
        const Absorptions::Closure& round = absorptions_.closure(above.state);
        if (round.set.takes(vocab_.summaries()[i])) {
          for (ExprId state : round.states) note(state);
          return TokenTrie::Go::kPast;
        }
      }
      here = pool_.step_cursor(above, trie.byte(i));
      note(here.state);
      return here.state == kEmpty ? TokenTrie::Go::kPast : TokenTrie::Go::kInto;
    });
  return most_units_[source] = most + 1;   // one more where a token ends inside of a character
}

}  // namespace decodex
