// Masks of an intersection of a stack with trackers that are far from mattering: where what they look for can still be put
// in whatever token comes next, and what they count leaves room for all that, it allows the stack's own tokens. That is
// known of the states to which those lead, and of the trackers nothing but their floors, so it is asked once for many
// states of the trackers. The few tokens of which it is not known are looked at one by one.
#include <algorithm>

#include "expr/lengths.h"
#include "mask/draft.h"

namespace decodex {

namespace {

constexpr uint32_t kOtherWord = 16;     // bytes by which what follows a word may be longer than behind a new one
constexpr uint32_t kSlack = 8;          // bytes by which the way home from inside a lexeme may differ from what was counted

// Bytes to where a lexeme is left, behind any token that stays in it.
uint32_t bytes_to_leave(const Landings::Inside& inside) { return static_cast<uint32_t>(std::min<uint64_t>(inside.way_out, kInfinite / 2)) + kSlack; }

}  // namespace

// What is known of such a state.
struct MaskEngine::Far {
  struct Single {                 // an end that was looked at by itself
    uint32_t id;
    ExprId state;                 // stack and trackers
    bool live;
  };
  const Mask* own = nullptr;      // the stack's
  Landings* landings = nullptr;
  const Landings::Beside* beside = nullptr;
  std::vector<Single> single;
  uint32_t margin = 0;            // bytes by which the way out may be longer than counted: words were taken for new

  bool has_single(uint32_t end) const { return std::ranges::binary_search(beside->single, end); }
};

// False: the trackers may matter, or, where no mask `may` be made, that of the stack is not there.
bool MaskEngine::look_far(ExprId state, bool may_make, Far& far) {
  constexpr size_t kMostSingle = 1'000;   // tokens
  const auto [stack, tracker] = split_tracked(pool_, state);
  if (stack == kEmpty || !vocab_.spells_every_byte()) return false;
  std::vector<ExprId> floors, counting;
  const ExprId alone[] = {tracker};
  const std::span<const ExprId> parts = pool_.node(tracker).kind == Kind::Conj ? pool_.kids(tracker) : std::span<const ExprId>(alone);
  for (ExprId part : parts) {
    if (const ExprId floor = pool_.floor_of(part).state; floor != kEmpty) floors.push_back(floor);
    else if (pool_.has_room(part, 0)) counting.push_back(part);
    else return false;
  }
  far.margin = pool_.has_capture_at_head(stack) ? kOtherWord : 0;
  far.own = may_make ? make_noting(stack) : find(stack, false);
  if (!far.own) return false;
  far.landings = &landings_of(*far.own, stack);
  if (!far.landings->complete) return false;
  std::vector<uint32_t> sources;
  for (ExprId part : counting) sources.push_back(pool_.node(part).a);
  far.beside = &beside(*far.landings, pool_.conj(floors), sources);
  if (!far.beside->known) return false;
  for (size_t k = 0; k < counting.size(); ++k)
    if (!pool_.has_room(counting[k], add_lengths(far.beside->units[k], most_units(sources[k])))) return false;
  for (uint32_t end : far.beside->single)
    for (uint32_t id : far.landings->ends[end].ids) {
      if (far.single.size() == kMostSingle) return false;
      std::vector<ExprId> then{far.landings->ends[end].state};
      for (ExprId part : parts) then.push_back(pool_.run_held(part, vocab_.token(id)));
      const ExprId both = pool_.conj(then);
      far.single.push_back({id, both, pool_.live(both)});
    }
  return true;
}

const Mask* MaskEngine::make_noting(ExprId state) {
  struct Noting {
    explicit Noting(bool& on) : on(on) { on = true; }
    ~Noting() { on = false; }
    bool& on;
  } noting(noting_landings_);
  return make(state, false);
}

// nullptr: the trackers may matter.
std::unique_ptr<Mask> MaskEngine::mask_of_stack(ExprId state) {
  Far far;
  if (!look_far(state, true, far)) return nullptr;
  auto mask = std::make_unique<Mask>();
  mask->of_stack = true;
  mask->after = add_lengths(far.beside->after, far.margin);
  mask->own = far.own->own;
  mask->ids = far.own->ids;
  std::vector<uint32_t> dead, alive;
  for (const Far::Single& one : far.single) {
    (one.live ? alive : dead).push_back(one.id);
    if (one.live) mask->after = std::max(mask->after, pool_.shortest(one.state));
  }
  if (!dead.empty()) {
    for (uint32_t k = 0; k < far.landings->ends.size(); ++k)
      if (!far.has_single(k)) alive.insert(alive.end(), far.landings->ends[k].ids.begin(), far.landings->ends[k].ids.end());
    std::ranges::sort(alive);
    std::erase_if(dead, [&](uint32_t id) { return std::ranges::binary_search(alive, id) || stays_inside(*far.landings, id); });
    std::ranges::sort(dead);
    std::erase_if(mask->ids, [&](uint32_t id) { return std::ranges::binary_search(dead, id); });
    const uint32_t* base = far.own->base;
    if (base && std::ranges::any_of(dead, [&](uint32_t id) { return base[id >> 5] >> (id & 31) & 1; })) {
      if (mask->own.empty()) mask->own.assign(base, base + vocab_.words());
      for (uint32_t id : dead) mask->own[id >> 5] &= ~(1u << (id & 31));
    }
  }
  mask->base = mask->own.empty() ? far.own->base : mask->own.data();
  return mask;
}

// ---- near a budget ----

uint32_t MaskEngine::tokens_of(const ExprPool::Filling& filling) {
  std::vector<const ExprPool::Filling*> pieces;
  const ExprPool::Filling* piece = &filling;
  for (; piece->next && !filling_tokens_.contains(piece); piece = piece->next) pieces.push_back(piece);
  auto [known, fresh] = filling_tokens_.try_emplace(piece, kInfinite);
  if (fresh) known->second = tokens_in(pool_.text_of(*piece));
  uint32_t tokens = known->second;
  for (size_t k = pieces.size(); k-- > 0;) {   // each text by itself, so that fewer of them never take more
    uint32_t begin = 0;
    std::string_view text = pieces[k]->piece;
    for (uint32_t end : pieces[k]->cuts) {
      tokens = add_lengths(tokens, tokens_in(text.substr(begin, end - begin)));
      begin = end;
    }
    tokens = add_lengths(tokens, tokens_in(text.substr(begin)));
    filling_tokens_[pieces[k]] = tokens;
  }
  return tokens;
}

// Tokens to the end from where `inside` is left for good, or from where any text may stand in it: which of the two?
MaskEngine::WayOut MaskEngine::way_out_of(const Landings::Inside& inside, ExprId floor) {
  if (const auto way = inside.whole ? pool_.always_comes_free(inside.lexeme) : std::nullopt)
    if (const auto& filling = pool_.filling(pool_.concat(inside.lexeme, inside.tail), floor); filling.bytes != kInfinite)
      return {true, *way + kSlack, tokens_of(filling)};
  return {false, bytes_to_leave(inside), tokens_of(pool_.filling(inside.tail, floor))};
}

// Tokens to the end from the worst of those that such a state allows.
uint32_t MaskEngine::tokens_of_far(const Far& far) {
  uint32_t most = 0;
  for (const Landings::Inside& inside : far.landings->inside) {
    const WayOut out = way_out_of(inside, far.beside->floor);
    most = std::max(most, add_lengths(out.tokens, out.bytes));
  }
  for (uint32_t k = 0; k < far.landings->ends.size(); ++k)
    if (!far.has_single(k)) most = std::max(most, tokens_of(pool_.filling(far.landings->ends[k].state, far.beside->floor)));
  for (const Far::Single& one : far.single)
    if (one.live) most = std::max(most, cost(one.state));
  return add_lengths(most, far.margin);
}

uint32_t MaskEngine::measure_far(ExprId state) {
  Far far;
  return look_far(state, false, far) ? tokens_of_far(far) : measure(state);
}

// Adds the tokens behind which so many are surely enough, one of them at least. False: they are not known without a walk.
bool MaskEngine::add_far(ExprId state, Draft& draft) {
  Far far;
  if (!look_far(state, false, far)) return false;
  cost_of_filled(state);
  std::vector<const LexemeTable*> dense;
  std::vector<uint32_t> ids;
  if (!pool_.nullable(state)) {   // on with the text of which it is known that it is in time
    const auto next = next_.find(state);
    if (next == next_.end()) return false;
    ids.push_back(next->second);
  }
  auto fits_behind = [&](uint32_t tokens, uint32_t more) { return add_lengths(tokens, more + far.margin) < draft.budget; };
  auto add_table = [&](const LexemeTable& table) {
    if (!table.bits.empty()) dense.push_back(&table);
    else ids.insert(ids.end(), table.ids.begin(), table.ids.end());
  };
  for (const Landings::Inside& inside : far.landings->inside) {
    const WayOut out = way_out_of(inside, far.beside->floor);
    if (!out.comes_free) {
      if (!inside.whole) return false;
      if (fits_behind(out.tokens, out.bytes)) add_table(*table_for(ExprId{pool_.node(inside.lexeme).a}, true));
      continue;
    }
    const ProductTable& table = product_for(inside.lexeme, kAnything);
    if (!table.usable) return false;
    if (fits_behind(out.tokens, kCutCharacter)) add_table(table.staying);
    uint32_t k = 0;
    for (const ProductTable::End& end : table.ends) {
      const bool ended = end.lexeme == kEpsilon;
      const ExprPool::Filling* behind = ended ? &pool_.filling(inside.tail, far.beside->floor) : nullptr;
      const bool fits = ended ? behind->bytes != kInfinite && fits_behind(tokens_of(*behind), 0) : end.way > 0 && fits_behind(out.tokens, end.way);
      for (; k < end.end; ++k)
        if (fits) ids.push_back(table.end_ids[k]);
    }
  }
  for (uint32_t k = 0; k < far.landings->ends.size(); ++k) {
    const Landings::End& end = far.landings->ends[k];
    if (!far.has_single(k) && fits_behind(tokens_of(pool_.filling(end.state, far.beside->floor)), 0)) ids.insert(ids.end(), end.ids.begin(), end.ids.end());
  }
  for (const Far::Single& one : far.single)
    if (one.live && fits(one.state, draft.budget, false)) ids.push_back(one.id);
  draft.dense.insert(draft.dense.end(), dense.begin(), dense.end());
  draft.ids.insert(draft.ids.end(), ids.begin(), ids.end());
  return true;
}

// ---- where tokens lead ----

bool MaskEngine::stays_inside(const Landings& landings, uint32_t id) {
  return std::ranges::any_of(landings.inside, [&](const Landings::Inside& inside) {
    const ExprId left = pool_.run_held(inside.lexeme, vocab_.token(id));
    return left != kEmpty && left != kEpsilon;
  });
}

// The tokens that end where a lexeme does.
const std::vector<uint32_t>& MaskEngine::ending(ExprId lexeme) {
  if (const auto known = ending_.find(lexeme); known != ending_.end()) return known->second;
  std::vector<uint32_t> out;
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
  return ending_.emplace(lexeme, std::move(out)).first->second;
}

Landings& MaskEngine::landings_of(const Mask& mask, ExprId state) {
  if (!mask.landings) {
    auto landings = std::make_unique<Landings>();
    Draft draft;
    draft.landings = landings.get();
    add(real(state), kEpsilon, draft);
    walk_plain(draft);
    bytes_ += landings->memory();
    mask.landings = std::move(landings);
  }
  return *mask.landings;
}

const Landings::Beside& MaskEngine::beside(Landings& landings, ExprId floor, const std::vector<uint32_t>& sources) {
  constexpr size_t kMostKept = 16;
  for (const Landings::Beside& known : landings.beside)
    if (known.floor == floor && known.sources == sources) return known;
  if (landings.beside.size() == kMostKept) landings.beside.erase(landings.beside.begin());
  Landings::Beside out{floor, sources, true, 0, {}, std::vector<uint32_t>(sources.size(), 0)};
  auto completes = [&](const ExprPool::Filling& filling, uint32_t more) {   // so many bytes before it
    const uint32_t bytes = add_lengths(filling.bytes, more);
    if (bytes == kInfinite) return false;
    std::vector<uint32_t> units;
    for (uint32_t source : sources) units.push_back(add_lengths(pool_.units_of(source, filling), more));
    if (std::ranges::find(units, kInfinite) != units.end()) return false;
    out.after = std::max(out.after, bytes);
    for (size_t k = 0; k < units.size(); ++k) out.units[k] = std::max(out.units[k], units[k]);
    return true;
  };
  out.known = std::ranges::all_of(landings.inside, [&](Landings::Inside& inside) {
    const auto way = inside.whole ? pool_.always_comes_free(inside.lexeme) : std::nullopt;
    if (!way || !completes(pool_.filling(pool_.concat(inside.lexeme, inside.tail), floor), *way + kSlack))
      return completes(pool_.filling(inside.tail, floor), bytes_to_leave(inside));
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
  if (const auto known = most_units_.find(source); known != most_units_.end()) return known->second;
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
