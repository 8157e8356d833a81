#include "mask/mask_engine.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <unordered_set>

#include "base/map_bytes.h"
#include "mask/draft.h"
#include "mask/saved_source.h"

namespace decodex {

namespace {

constexpr size_t kSideShare = 16;     // of the masks' limit, for each of the small caches
constexpr size_t kDenseFrom = 2'000;  // ids; from here on a mask keeps a row of bits
constexpr uint32_t kMostExits = 8'000;  // nodes to go on with behind a lexeme; more, and the state is walked as a whole
constexpr size_t kMostEndings = 256;  // lexemes of which the tokens that end with them are kept
constexpr int kMostUnfolded = 256;    // rules and repetitions that one mask takes apart in search of lexemes

size_t capture_bytes(const std::unordered_map<std::string, const Mask*>& masks) {
  return map_bytes(masks) + masks.size() * 48;   // the keys are too long to be inside of their strings
}

// What may be dropped, since how many masks it has not been read, and what that would free.
template <class T>
struct Aged {
  uint32_t age;
  const T* what;
  size_t bytes;
};

template <class T>
std::unordered_set<const T*> older_half(std::vector<Aged<T>>& all) {
  std::stable_sort(all.begin(), all.end(), [](const Aged<T>& a, const Aged<T>& b) { return a.age > b.age; });
  size_t left = 0;
  for (const Aged<T>& one : all) left += one.bytes;
  const size_t enough = left / 2;
  std::unordered_set<const T*> dropped;
  for (const Aged<T>& one : all) {
    if (left <= enough) break;
    dropped.insert(one.what);
    left -= one.bytes;
  }
  return dropped;
}

void set_bit(uint32_t* bits, uint32_t id) { bits[id >> 5] |= 1u << (id & 31); }

// May a word of `root` begin inside of a lexeme? (At a rule or a repetition: is it worth to be taken apart?)
bool begins_with_lexeme(ExprPool& pool, ExprId root) {
  std::vector<ExprId> stack{root};
  for (int looked = 0; !stack.empty() && looked < kMostUnfolded; ++looked) {
    const ExprId e = stack.back();
    stack.pop_back();
    const Node& n = pool.node(e);
    if (n.flags & (kLookahead | kLookbehind)) continue;
    if (n.kind == Kind::Lexeme) return true;
    if (n.kind == Kind::Rule && (n.flags & kHasRule)) stack.push_back(pool.expand(e));
    if (n.kind == Kind::Alt) stack.insert(stack.end(), pool.kids(e).begin(), pool.kids(e).end());
    if (n.kind == Kind::Concat || n.kind == Kind::Repeat) stack.push_back(ExprId{n.a});
    if (n.kind == Kind::Concat && pool.nullable(ExprId{n.a})) stack.push_back(ExprId{n.b});
  }
  return false;
}

// Does `e` begin with an intersection? What its captures read may then be in the way of its other parts.
bool intersects_at_head(const ExprPool& pool, ExprId e) {
  const Node& n = pool.node(e);
  if (n.kind == Kind::Alt) return std::ranges::any_of(pool.kids(e), [&](ExprId kid) { return intersects_at_head(pool, kid); });
  return n.kind == Kind::Conj || (n.kind == Kind::Concat && intersects_at_head(pool, ExprId{n.a}));
}

// What the captures at the head of `e` read.
ExprId captured_at_head(ExprPool& pool, ExprId e) {
  std::vector<ExprId> lexemes;
  for (ExprId capture : pool.captures_at_head(e)) lexemes.push_back(pool.capture_record(capture).lexeme);
  return pool.alt(lexemes);
}

}  // namespace

// ---- reading ----

const Mask* MaskEngine::find(ExprId state, bool at_start) const {
  if (at_start && vocab_.start_differs()) {
    auto it = start_masks_.find(state);
    if (it == start_masks_.end()) return nullptr;
    touch(*it->second);
    return it->second;
  }
  size_t index = static_cast<uint32_t>(state);
  if (!masks_.has_index(index)) return nullptr;
  const Mask* mask = masks_[index].load(std::memory_order_acquire);
  if (mask) touch(*mask);
  return mask;
}

void MaskEngine::touch(const Mask& mask) const {
  const uint32_t now = clock_.load(std::memory_order_relaxed);
  if (mask.read_at.load(std::memory_order_relaxed) != now) mask.read_at.store(now, std::memory_order_relaxed);
}

std::optional<bool> MaskEngine::Known::fill(ExprId state, bool at_start, uint32_t budget, uint32_t* out) const {
  const Mask* mask = engine_.find(state, at_start);
  if (!mask || (budget != kUnbounded && !engine_.within(*mask, budget))) return std::nullopt;
  engine_.write(*mask, state, out);
  return !mask->all;
}

// Does every token that the mask allows leave no more bytes than tokens are left, so that it needs no second look?
bool MaskEngine::within(const Mask& mask, uint32_t budget) const {
  return vocab_.spells_every_byte() && uint64_t{mask.after} + 1 <= budget;
}

bool MaskEngine::promises(ExprId state, bool at_start, uint32_t budget) {
  std::shared_lock guard(eviction_);
  const Mask* mask = find(state, at_start);
  return mask && (within(*mask, budget) || (mask->of_stack && uint64_t{mask->after_tokens.load(std::memory_order_relaxed)} + 1 <= budget));
}

void MaskEngine::write(const Mask& mask, ExprId state, uint32_t* out) const {
  fills_.store(fills_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  copy(mask, state, out);
}

void MaskEngine::copy(const Mask& mask, ExprId state, uint32_t* out) const {
  if (mask.base) std::memcpy(out, mask.base, vocab_.words() * sizeof(uint32_t));
  else std::memset(out, 0, vocab_.words() * sizeof(uint32_t));
  for (uint32_t id : mask.ids) set_bit(out, id);
  if (pool_.nullable(state))
    for (uint32_t id : vocab_.eos()) set_bit(out, id);
}

bool MaskEngine::fill(ExprId state, bool at_start, uint32_t* out) {
  if (auto known = Known(*this).fill(state, at_start, kUnbounded, out)) return *known;
  std::lock_guard lock(pool_.mutex());
  const Mask* mask = make(state, at_start);  // nothing is evicted before the pool's lock is given back
  write(*mask, state, out);
  return !mask->all;
}

// ---- making ----

const Mask* MaskEngine::make(ExprId state, bool at_start) {
  if (const Mask* known = find(state, at_start)) return known;
  evict_if_full();
  bool start = at_start && vocab_.start_differs();
  std::string key = start || !pool_.reads_capture(state) ? "" : capture_key(state);
  auto alike = key.empty() ? capture_masks_.end() : capture_masks_.find(key);
  const Mask* published = alike == capture_masks_.end() ? nullptr : alike->second;
  std::unique_ptr<Mask> mask;
  bool by_word = false;
  if (!published && !start) mask = mask_of_stack(state);
  if (!published && !start && !mask)
    if (const Mask* any = mask_of_any_count(state)) {
      any->of_any_count = true;
      published = any;
    }
  if (mask) {
    published = mask.get();
  } else if (!published) {
    if (auto saved = saved_.find(state); saved != saved_.end()) mask = saved->second.source->mask(saved->second.state, start);
    if (!mask) {
      mask = start ? compute_start(real(state)) : compute(real(state), by_word);
      mask->all = allows_all(*mask, state);
    }
    published = mask.get();
    if (!key.empty() && !by_word) capture_masks_[key] = published;
  }
  clock_.store(static_cast<uint32_t>(++stats_.made), std::memory_order_relaxed);
  touch(*published);
  std::unique_lock guard(eviction_);
  if (mask) {
    bytes_ += mask->memory();
    stored_.push_back(std::move(mask));
  }
  if (start) {
    start_masks_[state] = published;
  } else {
    masks_.reserve_index(static_cast<uint32_t>(state));
    masks_[static_cast<uint32_t>(state)].store(published, std::memory_order_release);
    mask_slots_ = std::max<size_t>(mask_slots_, static_cast<uint32_t>(state) + 1);
  }
  return published;
}

// Before anything is made, so that nothing which is in use can go.
void MaskEngine::evict_if_full() {
  if (bytes_ > cache_bytes_) evict();
  const size_t limit = cache_bytes_ / kSideShare;
  if (absorptions_.memory() > limit) absorptions_.clear();
  if (hashes_.memory() > limit) hashes_.clear();
  if (map_bytes(cost_) > limit) cost_.clear(), filled_cost_.clear(), next_.clear();
  if (map_bytes(filling_tokens_) > limit) filling_tokens_.clear();
  if (ending_.size() > kMostEndings) ending_.clear();
  if (map_bytes(after_tokens_) > limit) after_tokens_.clear();
  if (capture_bytes(capture_masks_) > limit) capture_masks_.clear();
}

void MaskEngine::evict() {
  std::unique_lock guard(eviction_);
  do {
    drop_masks();
    drop_tables();
    bytes_ = held().mask_bytes + held().table_bytes;
  } while (bytes_ > cache_bytes_ / 4 * 3 && !stored_.empty());   // tables go when no mask rests on them
  ++stats_.evictions;
}

// Drops the half of the masks, by what they take and rest on, that was read longest ago.
void MaskEngine::drop_masks() {
  auto weight = [&](const Mask& mask) {
    return mask.memory() + (mask.base && mask.own.empty() ? vocab_.words() * sizeof(uint32_t) : 0);
  };
  std::vector<Aged<Mask>> masks;
  for (const auto& mask : stored_) masks.push_back({age(mask->read_at.load(std::memory_order_relaxed)), mask.get(), weight(*mask)});
  const auto dropped = older_half(masks);
  for (size_t i = 0; i < mask_slots_; ++i)
    if (masks_.has_index(i) && dropped.contains(masks_[i].load(std::memory_order_relaxed)))
      masks_[i].store(nullptr, std::memory_order_relaxed);
  std::erase_if(start_masks_, [&](const auto& entry) { return dropped.contains(entry.second); });
  std::erase_if(capture_masks_, [&](const auto& entry) { return dropped.contains(entry.second); });
  std::erase_if(stored_, [&](const auto& mask) { return dropped.contains(mask.get()); });
  stats_.masks_dropped += dropped.size();
}

// The same with tables, but for those on which a mask rests.
void MaskEngine::drop_tables() {
  std::unordered_set<const uint32_t*> bases;
  for (const auto& mask : stored_)
    if (mask->base) bases.insert(mask->base);
  std::unordered_map<const void*, size_t> free;   // and what they take; one may serve several lexemes
  for (const auto& [key, table] : tables_)
    if (!bases.contains(table->bits.data())) free.try_emplace(table.get(), table->memory());
  for (const auto& [key, table] : products_)
    if (!bases.contains(table->staying.bits.data())) free.try_emplace(table.get(), table->memory());
  std::vector<Aged<void>> tables;
  for (const auto& [table, bytes] : free) tables.push_back({age(table_read_at_[table]), table, bytes});
  const auto dropped = older_half(tables);
  std::erase_if(table_read_at_, [&](const auto& entry) { return dropped.contains(entry.first); });
  std::erase_if(tables_, [&](const auto& entry) { return dropped.contains(entry.second.get()); });
  std::erase_if(products_, [&](const auto& entry) { return dropped.contains(entry.second.get()); });
  stats_.tables_dropped += dropped.size();
}

// Is every id of the vocabulary allowed, the end tokens among them?
bool MaskEngine::allows_all(const Mask& mask, ExprId state) const {
  if (!pool_.nullable(state) || (!mask.base && mask.ids.size() + vocab_.eos().size() < vocab_.size())) return false;
  std::vector<uint32_t> bits(vocab_.words());
  copy(mask, state, bits.data());
  size_t count = 0;
  for (uint32_t word : bits) count += static_cast<size_t>(std::popcount(word));
  return count == vocab_.size();
}

// The state itself, where an artefact's saved one stands for it.
ExprId MaskEngine::real(ExprId state) {
  auto saved = saved_.find(state);
  return saved == saved_.end() ? state : saved->second.source->real(pool_, saved->second.state);
}

// What a capture's mask depends on besides the word.
std::string MaskEngine::capture_key(ExprId state) const {
  ExprId capture = state, tail = kEpsilon;
  if (pool_.node(state).kind == Kind::Concat) {
    capture = ExprId{pool_.node(state).a};
    tail = ExprId{pool_.node(state).b};
  }
  const ExprPool::CaptureRecord& record = pool_.capture_record(capture);
  uint64_t parts[] = {static_cast<uint32_t>(record.lexeme), static_cast<uint32_t>(tail), record.source, record.key};
  return {reinterpret_cast<const char*>(parts), sizeof parts};
}

std::unique_ptr<Mask> MaskEngine::compute(ExprId state, bool& by_word) {
  Draft draft;
  std::unique_ptr<Landings> landings;
  if (noting_landings_) {
    landings = std::make_unique<Landings>();
    draft.landings = landings.get();
  }
  if (vocab_.spells_every_byte()) {
    add(state, kEpsilon, draft);
    walk_plain(draft);
  } else {
    walk(vocab_.trie(), state, draft);
  }
  by_word = draft.by_word;
  auto mask = finish(draft);
  mask->landings = std::move(landings);
  return mask;
}

void MaskEngine::walk_plain(Draft& draft) {
  if (!draft.plain.empty()) walk(vocab_.trie(), pool_.alt(draft.plain), draft);
  draft.plain.clear();
}

std::unique_ptr<Mask> MaskEngine::compute_start(ExprId state) {
  Draft draft;
  walk(vocab_.start_trie(), state, draft);
  if (completable(state)) {
    draft.ids.insert(draft.ids.end(), vocab_.silent_at_start().begin(), vocab_.silent_at_start().end());
    draft.after = std::max(draft.after, pool_.shortest(state));
  }
  return finish(draft);
}

std::unique_ptr<Mask> MaskEngine::finish(Draft& draft) {
  auto mask = std::make_unique<Mask>();
  mask->after = draft.after;
  if (draft.dense.size() == 1) {
    mask->base = draft.dense[0]->bits.data();
  } else if (!draft.dense.empty() || draft.ids.size() >= kDenseFrom) {
    mask->own.assign(vocab_.words(), 0);
    for (const LexemeTable* table : draft.dense)
      for (size_t w = 0; w < mask->own.size(); ++w) mask->own[w] |= table->bits[w];
    if (draft.ids.size() >= kDenseFrom) {
      for (uint32_t id : draft.ids) set_bit(mask->own.data(), id);
      draft.ids.clear();
    }
    mask->base = mask->own.data();
  }
  mask->ids.assign(draft.ids.begin(), draft.ids.end());
  return mask;
}

// Adds the tokens of e·tail: by table where a lexeme or a capture comes first, to `plain` otherwise.
void MaskEngine::add(ExprId e, ExprId tail, Draft& draft) {
  if (e == kEmpty || tail == kEmpty) return;
  const Node& n = pool_.node(e);
  switch (n.kind) {
    case Kind::Epsilon:
      if (tail != kEpsilon) add(tail, kEpsilon, draft);
      return;
    case Kind::Alt:
      for (ExprId kid : pool_.kids(e)) add(kid, tail, draft);
      return;
    case Kind::Concat: {
      ExprId head{n.a}, rest{n.b};
      if (n.flags & (kLookahead | kLookbehind)) break;
      Kind kind = pool_.node(head).kind;
      if (kind == Kind::Conj && add_but(head, pool_.concat(rest, tail), draft)) return;
      const bool unfolds = kind == Kind::Rule || kind == Kind::Repeat;
      if (kind != Kind::Lexeme && kind != Kind::Capture && kind != Kind::Alt && !unfolds) break;
      if (unfolds && (draft.unfolded >= kMostUnfolded || !begins_with_lexeme(pool_, head))) break;
      add(head, pool_.concat(rest, tail), draft);   // a nullable head goes on to what follows by itself
      return;
    }
    case Kind::Rule:
      if (!(n.flags & kHasRule) || ++draft.unfolded > kMostUnfolded || !begins_with_lexeme(pool_, e)) break;
      add(pool_.expand(e), tail, draft);
      return;
    case Kind::Repeat: {   // one turn, and the others
      const ExprId turn{n.a};
      if (pool_.nullable(turn) || ++draft.unfolded > kMostUnfolded || !begins_with_lexeme(pool_, e)) break;
      const ExprId more = pool_.repeat(turn, n.b == 0 ? 0 : n.b - 1, n.c == kUnbounded ? kUnbounded : n.c - 1);
      add(turn, pool_.concat(more, tail), draft);
      if (n.b == 0) add(tail, kEpsilon, draft);
      return;
    }
    case Kind::Lexeme:
      if (add_lexeme(ExprId{n.a}, tail, draft)) return;
      break;
    case Kind::Capture:
      add_capture(e, tail, draft);
      return;
    case Kind::Conj:
      if (tail == kEpsilon && !draft.ends && add_tracked(e, draft)) {
        if (draft.landings) draft.landings->complete = false;
        return;
      }
      if (add_but(e, tail, draft)) return;
      break;
    default:
      break;
  }
  draft.plain.push_back(pool_.concat(e, tail));
}

void MaskEngine::add_staying(const LexemeTable& table, Draft& draft) {
  if (!table.bits.empty()) draft.dense.push_back(&table);
  else draft.ids.insert(draft.ids.end(), table.ids.begin(), table.ids.end());
}

// What begins with a lexeme but is none of some words: the same tokens, but for those that these words begin with too,
// or end in. Those are few, and judged one by one.
bool MaskEngine::add_but(ExprId conj, ExprId tail, Draft& draft) {
  constexpr size_t kMost = 1'000;   // tokens and nodes judged; more, and a walk is cheaper
  if (draft.counts_tokens()) return false;
  ExprId kept = kEmpty, words = kEmpty;
  for (ExprId part : pool_.kids(conj)) {
    ExprId& which = pool_.node(part).kind == Kind::Not ? words : kept;
    if (which != kEmpty) return false;
    which = pool_.node(part).kind == Kind::Not ? ExprId{pool_.node(part).a} : part;
  }
  if (kept == kEmpty || words == kEmpty || (pool_.node(conj).flags & kLookbehind)) return false;
  const Node& n = pool_.node(kept);
  if (pool_.node(n.kind == Kind::Concat ? ExprId{n.a} : kept).kind != Kind::Lexeme) return false;
  Draft inner;
  inner.ends = draft.ends;
  inner.undecided = draft.undecided;
  inner.scope = draft.scope;
  Landings landings;
  if (draft.landings) inner.landings = &landings;
  struct Place {
    ExprId words, state;
  };
  const TokenTrie& trie = vocab_.trie();
  std::vector<uint32_t> dead;
  size_t judged = 0;
  auto judge = [&](uint32_t id, ExprId state) {
    ++judged;
    if (state == kEmpty) dead.push_back(id);
    else inner.reach(pool_.shortest(state));
  };
  const uint64_t behind = pool_.shortest(tail);
  trie.walk(Place{words, pool_.concat(conj, tail)}, [&](uint32_t i, uint32_t depth, const Place& above, Place& here) {
    here.words = pool_.step_held(above.words, trie.byte(i));
    if (here.words == kEmpty) return TokenTrie::Go::kPast;
    here.state = pool_.step_held(above.state, trie.byte(i));
    if (++judged > kMost) return TokenTrie::Go::kStop;
    for (uint32_t id : trie.ids_at(i)) judge(id, here.state);
    if (pool_.nullable(here.words))
      for (uint32_t id : trie.ids_below(i)) judge(id, pool_.run_held(here.state, vocab_.token(id).substr(depth)));
    return TokenTrie::Go::kInto;
  });
  if (judged > kMost) return false;
  add(kept, tail, inner);
  walk_plain(inner);
  for (const LexemeTable* table : inner.dense)
    for (uint32_t id : dead)
      if (table->bits[id >> 5] >> (id & 31) & 1) return false;
  std::sort(dead.begin(), dead.end());
  for (uint32_t id : inner.ids)
    if (!std::binary_search(dead.begin(), dead.end(), id)) draft.ids.push_back(id);
  draft.dense.insert(draft.dense.end(), inner.dense.begin(), inner.dense.end());
  draft.by_word = draft.by_word || inner.by_word;
  draft.reach(inner.after);
  if (draft.landings) {
    draft.landings->complete = draft.landings->complete && landings.complete;
    for (const Landings::Inside& inside : landings.inside)
      draft.landings->inside.push_back({inside.lexeme, inside.tail, inner.after - std::min<uint64_t>(inner.after, behind), false});
    for (const Landings::End& end : landings.ends)
      for (uint32_t id : end.ids)
        if (!std::binary_search(dead.begin(), dead.end(), id)) draft.land(end.state, id);
  }
  return true;
}

bool MaskEngine::add_lexeme(ExprId lexeme, ExprId tail, Draft& draft) {
  if (pool_.node(lexeme).flags & kHasRule) return false;
  const LexemeTable& table = *table_for(lexeme, tail != kEpsilon || draft.ends);
  if (!table.splits || (draft.ends && !table.exits.nodes.empty())) return false;
  uint32_t readable = 0, begin = 0;   // nodes at which the tail can go on
  for (auto [byte, end] : table.exits.groups) {
    if (pool_.step_held(tail, byte) != kEmpty) readable += end - begin;
    begin = end;
  }
  if (readable > kMostExits) return false;
  if (draft.counts_tokens() && !table.prefix_free) return false;   // the ways out of lexeme and tail need not add up
  const uint64_t left = table.way_out(pool_.shortest(lexeme)) + way_out(tail, draft, false);
  if (draft.budget != kUnbounded && left >= draft.budget) return false;
  add_staying(table, draft);
  draft.reach(left);
  if (draft.landings && !(table.bits.empty() && table.ids.empty()))
    draft.landings->inside.push_back({pool_.lexeme(lexeme), tail, table.way_out(pool_.shortest(lexeme)), true});
  if (tail != kEpsilon) {
    walk(*table.remainders, tail, draft, table.denied);
    walk(vocab_.trie(), tail, draft, {}, &table.exits);
    if (pool_.nullable(lexeme)) add(tail, kEpsilon, draft);
  } else if (draft.ends) {
    const TokenTrie& trie = *table.remainders;
    for (size_t k = 0; k < trie.id_count(); ++k)
      if (!std::binary_search(table.denied.begin(), table.denied.end(), trie.ids()[k])) draft.ends->push_back(trie.ids()[k]);
  }
  return true;
}

// The tokens of a capture: those of what is captured, and those that go on behind it. What comes there depends on the
// word that was read, but nearly always only on that it is new: so it is judged by what follows a word that is never
// met again, and word by word only where another capture begins, since there the difference could show.
void MaskEngine::add_capture(ExprId capture, ExprId tail, Draft& draft) {
  const ExprPool::CaptureRecord record = pool_.capture_record(capture);
  ExprId fresh = pool_.source(record.source).after_fresh_capture(pool_, record.key);
  if (fresh != kEmpty) fresh = pool_.concat(fresh, tail);
  std::vector<uint32_t> leaving;   // tokens to be judged one by one
  const Node& n = pool_.node(record.lexeme);
  const bool tabled = fresh != kEmpty && n.kind == Kind::Lexeme && !(n.flags & kHasRule);
  const auto table = tabled ? table_for(ExprId{n.a}, true) : nullptr;
  const bool counts = draft.counts_tokens();
  uint64_t rest = uint64_t{record.tail_shortest} + pool_.shortest(tail);   // behind the capture
  if (table && table->splits && table->exits.nodes.empty()) {
    if (counts && !length_depends_on_word(capture)) rest = cost(fresh);
    const uint64_t left = table->way_out(pool_.shortest(record.lexeme)) + rest;
    if (counts && (!table->prefix_free || left >= draft.budget)) {
      draft.plain.push_back(pool_.concat(capture, tail));
      return;
    }
    add_staying(*table, draft);
    draft.reach(left);
    if (draft.landings) draft.landings->inside.push_back({record.lexeme, fresh, table->way_out(pool_.shortest(record.lexeme)), true});
    draft.undecided = &leaving;
    draft.scope = capture;
    walk(*table->remainders, fresh, draft, table->denied);
    draft.undecided = nullptr;
  } else {
    Draft inner;
    inner.ends = &leaving;
    add(record.lexeme, kEpsilon, inner);
    walk_plain(inner);
    const uint64_t left = uint64_t{inner.after} + rest;
    if (draft.budget == kUnbounded || left < draft.budget) {   // else no word is begun or gone on with, only ended
      draft.dense.insert(draft.dense.end(), inner.dense.begin(), inner.dense.end());
      draft.ids.insert(draft.ids.end(), inner.ids.begin(), inner.ids.end());
    }
    draft.by_word = draft.by_word || inner.by_word;
    draft.reach(left);
    if (draft.landings) draft.landings->complete = false;
  }
  for (uint32_t id : leaving)
    if (leaves_capture(id, capture, fresh, tail, draft)) draft.ids.push_back(id);
}

// May a token be read that ends a capture and goes on? An outer capture's end inside it is noted in draft.ends.
bool MaskEngine::leaves_capture(uint32_t id, ExprId capture, ExprId fresh, ExprId tail, Draft& draft) {
  const ExprPool::CaptureRecord record = pool_.capture_record(capture);
  std::string_view token = vocab_.token(id);
  ExprId left = record.lexeme;
  size_t end = 0;
  while (end < token.size() && left != kEpsilon && left != kEmpty) left = pool_.step_held(left, static_cast<uint8_t>(token[end++]));
  if (left != kEpsilon) return false;
  auto read = [&](ExprId state, bool stop_at_capture, bool& stopped) {
    for (size_t i = end; i < token.size() && state != kEmpty; ++i) {
      if (stop_at_capture && pool_.has_capture_at_head(state)) {
        stopped = true;
        return kEmpty;
      }
      if (state == kEpsilon && draft.ends) {
        draft.ends->push_back(id);
        return kEmpty;
      }
      state = pool_.step_held(state, static_cast<uint8_t>(token[i]));
    }
    return state;
  };
  bool stopped = fresh == kEmpty;
  ExprId state = stopped ? kEmpty : read(fresh, true, stopped);
  if (stopped) {
    draft.by_word = true;
    std::string word = std::string(record.word) + std::string(token.substr(0, end));
    state = read(pool_.concat(pool_.source(record.source).after_capture(pool_, record.key, word), tail), false, stopped);
  }
  if (state == kEmpty) return false;
  if (draft.budget != kUnbounded) return fits(state, draft.budget, false);
  draft.reach(way_out(state, draft, false));
  draft.land(state, id);
  return true;
}

// What is left at the most from a state, in bytes or, where tokens count, in tokens; a length in bytes will do for that
// too: `by_length`, where the very word that a capture has read could make a difference.
uint32_t MaskEngine::way_out(ExprId state, const Draft& draft, bool by_length) {
  return draft.counts_tokens() && !by_length ? cost(state) : pool_.shortest(state);
}

bool MaskEngine::length_depends_on_word(ExprId state) const {
  for (ExprId capture : pool_.captures_at_head(state))
    if (const ExprPool::CaptureRecord& r = pool_.capture_record(capture); pool_.source(r.source).length_depends_on_word(r.key))
      return true;
  return false;
}

// Are all captures at the head of `state` nested in all those at the head of `scope`?
bool MaskEngine::nested(ExprId state, ExprId scope) const {
  for (ExprId inner : pool_.captures_at_head(state))
    for (ExprId outer : pool_.captures_at_head(scope)) {
      const ExprPool::CaptureRecord &a = pool_.capture_record(inner), &b = pool_.capture_record(outer);
      if (a.source != b.source || !pool_.source(a.source).nested(a.key, b.key)) return false;
    }
  return true;
}

// Adds the ids of `trie` that stay live from `from`, but for the denied ones; with `only`, from above those nodes. Captures are read without their words;
// where a second one begins in the same token that is not nested in the first, the first one's word could matter, and the
// very states are taken.
void MaskEngine::walk(const TokenTrie& trie, ExprId from, Draft& draft, std::span<const uint32_t> denied,
                      const ExitNodes* only) {
  if (from == kEmpty || trie.id_count() == 0 || (only && only->nodes.empty())) return;
  ++stats_.walks;
  enum Mode : uint8_t { kNoCapture, kWithoutWord, kExact };
  constexpr int kMostVeryStates = 256;   // inside a capture, where one word in many is in the way of what may come
  struct Place {
    ExprPool::Cursor cursor;
    Mode mode = kNoCapture;
    bool by_length = false;  // with kWithoutWord: a word left out could make a difference to the way out
    ExprId scope = kEmpty;   // with kWithoutWord: where the last captures were met
    ExprId inside = kEmpty;  // where the very states are looked at: what those captures still read
  };
  const bool joined = draft.counts_tokens() && intersects_at_head(pool_, from);
  const bool very = joined && draft.budget != kUnbounded;
  const bool judge_ends = !vocab_.spells_every_byte();
  std::string bytes(trie.max_depth() + 1, '\0');
  const bool in_capture = !judge_ends && pool_.has_capture_at_head(from);
  const bool by_itself = in_capture && (!draft.undecided || nested(from, draft.scope));
  if (in_capture && !by_itself) {
    draft.undecided->insert(draft.undecided->end(), trie.ids(), trie.ids() + trie.id_count());
    return;
  }
  const ExprId scope = in_capture ? from : draft.scope;
  const bool counts = draft.counts_tokens();
  const Place start{pool_.cursor(in_capture ? pool_.without_words(from) : from),
                    judge_ends ? kExact : scope != kEmpty ? kWithoutWord : kNoCapture,
                    counts && scope != kEmpty && length_depends_on_word(scope), scope,
                    very && in_capture ? captured_at_head(pool_, from) : kEmpty};
  if (joined && !very && in_capture) draft.reach(kInfinite);   // words decide how many, so it is not measured
  ExprId last_end = kEmpty;
  bool last_good = false, last_by_length = false;
  int very_states = 0;
  auto is_denied = [&](uint32_t id) { return !denied.empty() && std::binary_search(denied.begin(), denied.end(), id); };
  auto visit = [&](uint32_t i, uint32_t depth, const Place& above, Place& here) {
    here.cursor = pool_.step_cursor(above.cursor, trie.byte(i));
    if (here.cursor.state == kEmpty) return TokenTrie::Go::kPast;
    here.mode = above.mode;
    here.by_length = above.by_length;
    here.scope = above.scope;
    here.inside = above.inside == kEmpty ? kEmpty : pool_.step_held(above.inside, trie.byte(i));
    bytes[depth - 1] = static_cast<char>(trie.byte(i));
    bool past = false;
    if (here.cursor.captures && here.mode != kExact && here.cursor.state != above.cursor.state) {
      if (here.mode == kNoCapture || nested(here.cursor.state, here.scope)) {
        const ExprId met = here.cursor.state;
        if (joined && !very) draft.reach(kInfinite);
        here = {pool_.cursor(pool_.without_words(met)), kWithoutWord, here.by_length || (counts && length_depends_on_word(met)), met,
                very ? captured_at_head(pool_, met) : kEmpty};
      } else if (draft.undecided) {
        for (uint32_t id : trie.ids_below(i))
          if (!is_denied(id)) draft.undecided->push_back(id);
        past = true;
      } else if (trie.node(i).children > 0 || draft.budget != kUnbounded) {
        here = {pool_.cursor(pool_.run_held(from, std::string_view(bytes).substr(0, depth))), kExact, false, kEmpty, kEmpty};
        draft.by_word = true;
      }
    }
    const ExprId state = here.cursor.state;
    if (state == kEmpty) return TokenTrie::Go::kPast;
    if (state == kEpsilon && draft.ends)
      for (uint32_t id : trie.ids_below(i))
        if (!is_denied(id)) draft.ends->push_back(id);
    auto ids = trie.ids_at(i);
    if (!ids.empty()) {
      if (state != last_end || here.by_length != last_by_length) {
        last_end = state;
        last_by_length = here.by_length;
        last_good = draft.budget != kUnbounded ? fits(state, draft.budget, here.by_length) : completable(state);
        const bool within_word = here.inside != kEmpty && here.inside != kEpsilon;
        if (last_good && very && here.mode == kWithoutWord && (!within_word || very_states++ < kMostVeryStates)) {
          last_good = fits(pool_.run_towards(from, std::string_view(bytes).substr(0, depth), state), draft.budget, false);
          last_end = kEmpty;
        }
        if (last_good && draft.budget == kUnbounded) draft.reach(way_out(state, draft, here.by_length));
      }
      for (uint32_t id : ids)
        if (last_good && !is_denied(id)) {
          draft.ids.push_back(id);
          draft.land(state, id);
        }
    }
    return past ? TokenTrie::Go::kPast : TokenTrie::Go::kInto;
  };
  auto skip = [&](const Place& above, uint8_t byte) { return pool_.known_dead(above.cursor, byte); };
  if (!only) return trie.walk_live(start, skip, visit);
  uint32_t k = 0;
  for (auto [byte, end] : only->groups) {
    const bool dead = pool_.step_cursor(start.cursor, byte).state == kEmpty;
    Place first;
    for (; k < end && !dead; ++k)
      if (visit(only->nodes[k], 1, start, first) == TokenTrie::Go::kInto) trie.walk_live(first, skip, visit, only->nodes[k], 1);
    k = end;
  }
}

std::shared_ptr<const LexemeTable> MaskEngine::table_for(ExprId lexeme, bool followed) {
  lexeme = clamp_counts(pool_, lexeme, vocab_.max_token_bytes());
  const uint64_t key = uint64_t{static_cast<uint32_t>(lexeme)} * 2 + (followed ? 1 : 0);
  auto known = tables_.find(key);
  if (known != tables_.end()) {
    ++stats_.table_hits;
    table_read_at_[known->second.get()] = clock_.load(std::memory_order_relaxed);
    return known->second;
  }
  std::shared_ptr<const LexemeTable> table;
  if (saved_tables_)
    if (const auto name = hashes_.of(lexeme)) table = saved_tables_->find(vocab_, *name, followed);
  if (table) bytes_ += table->memory();
  else table = make_table(lexeme, followed);
  table_read_at_[table.get()] = clock_.load(std::memory_order_relaxed);
  tables_.emplace(key, table);
  return table;
}

void MaskEngine::save_tables(SavedTables::Arrays& to, std::set<std::pair<StructuralHash, bool>>& known) {
  constexpr size_t kMost = size_t{64} << 20;   // bytes of rows; a file with more would take long to load
  std::lock_guard lock(pool_.mutex());
  for (const auto& [key, table] : tables_) {
    if (to.rows.size() * sizeof(uint32_t) > kMost) return;
    const bool followed = key % 2 != 0;
    const auto name = hashes_.of(ExprId{static_cast<uint32_t>(key / 2)});
    if (name && known.insert({*name, followed}).second) SavedTables::append(vocab_, *name, followed, *table, to);
  }
}

std::shared_ptr<const LexemeTable> MaskEngine::make_table(ExprId lexeme, bool followed) {
  constexpr uint64_t kShortReach = 8;   // bytes; most tokens are longer, and a table of its own is cheaper
  auto table = std::make_shared<LexemeTable>();
  bool made = false;
  if (const Relaxed relaxed = pool_.relaxed(lexeme); relaxed.limit != kNoLimit) {
    const uint64_t shortest = pool_.shortest(relaxed.expr);
    if (relaxed.limit > shortest + kShortReach) {
      auto base = table_for(relaxed.expr, followed);
      const uint64_t way_out = base->way_out(static_cast<uint32_t>(shortest));
      const uint64_t reach = relaxed.limit > way_out ? relaxed.limit - way_out : 0;
      if (reach >= vocab_.max_token_bytes()) return base;
      made = reach > kShortReach && make_lexeme_table_within(pool_, vocab_, lexeme, relaxed.expr, *base, reach, followed,
                                                             absorptions_, *table);
    }
  }
  if (!made && followed && pool_.node(lexeme).kind == Kind::Conj) {  // A but not these words: as A, but for a few tokens
    std::vector<ExprId> kept;
    for (ExprId kid : pool_.kids(lexeme))
      if (pool_.node(kid).kind != Kind::Not) kept.push_back(kid);
    if (!kept.empty() && kept.size() < pool_.kids(lexeme).size()) {
      ExprId base = pool_.conj(kept);
      made = make_lexeme_table_from(pool_, vocab_, lexeme, base, *table_for(base, true), true, absorptions_, *table);
    }
  }
  if (!made) *table = make_lexeme_table(pool_, vocab_, lexeme, followed, absorptions_);
  bytes_ += table->memory();
  return table;
}

// The part of the statistics that says what is there. (pool lock held)
MaskStats MaskEngine::held() const {
  MaskStats out = stats_;
  for (const auto& mask : stored_) out.mask_bytes += mask->memory();
  std::unordered_set<const LexemeTable*> counted;   // a table may serve several lexemes
  for (const auto& [key, table] : tables_)
    if (counted.insert(table.get()).second) out.table_bytes += table->memory();
  for (const auto& [key, table] : products_) out.table_bytes += table->memory();
  out.masks = stored_.size();
  out.tables = counted.size() + products_.size();
  out.absorption_bytes = absorptions_.memory();
  out.cost_bytes = map_bytes(cost_) + map_bytes(after_tokens_) + map_bytes(filling_tokens_) + map_bytes(filled_cost_) + map_bytes(next_);
  out.capture_bytes = capture_bytes(capture_masks_);
  out.fills = fills_.load(std::memory_order_relaxed);
  return out;
}

MaskStats MaskEngine::stats() {
  std::lock_guard lock(pool_.mutex());
  return held();
}

}  // namespace decodex
