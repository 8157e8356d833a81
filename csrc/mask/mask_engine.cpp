#include "mask/mask_engine.h"

#include <algorithm>
#include <cstring>
#include <mutex>

namespace decodex {

namespace {

constexpr size_t kDenseFrom = 2'000;  // ids; from here on a mask keeps a row of bits

void set_bit(uint32_t* bits, uint32_t id) { bits[id >> 5] |= 1u << (id & 31); }

}  // namespace

// A mask while it is put together.
struct MaskEngine::Draft {
  std::vector<const LexemeTable*> dense;
  std::vector<uint32_t> ids;
  uint32_t after = 0;
};

// ---- reading ----

const Mask* MaskEngine::find(ExprId state, bool at_start) {
  if (at_start && vocab_.start_differs()) {
    auto it = start_masks_.find(state);
    return it == start_masks_.end() ? nullptr : it->second;
  }
  size_t index = static_cast<uint32_t>(state);
  if (!masks_.has_index(index)) return nullptr;
  return masks_[index].load(std::memory_order_acquire);
}

bool MaskEngine::known(ExprId state, bool at_start) {
  std::shared_lock guard(eviction_);
  return find(state, at_start) != nullptr;
}

void MaskEngine::write(const Mask& mask, ExprId state, uint32_t* out) const {
  if (mask.base) std::memcpy(out, mask.base, vocab_.words() * sizeof(uint32_t));
  else std::memset(out, 0, vocab_.words() * sizeof(uint32_t));
  for (uint32_t id : mask.ids) set_bit(out, id);
  if (pool_.nullable(state))
    for (uint32_t id : vocab_.eos()) set_bit(out, id);
}

bool MaskEngine::fill(ExprId state, bool at_start, uint32_t* out) {
  {
    std::shared_lock guard(eviction_);
    if (const Mask* mask = find(state, at_start)) {
      write(*mask, state, out);
      return !mask->all;
    }
  }
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
  std::unique_ptr<Mask> mask = start ? compute_start(state) : compute(state);
  const Mask* published = mask.get();
  std::unique_lock guard(eviction_);
  bytes_ += mask->memory();
  stored_.push_back(std::move(mask));
  if (start) {
    start_masks_[state] = published;
  } else {
    masks_.reserve_index(static_cast<uint32_t>(state));
    masks_[static_cast<uint32_t>(state)].store(published, std::memory_order_release);
    mask_slots_ = std::max<size_t>(mask_slots_, static_cast<uint32_t>(state) + 1);
  }
  return published;
}

void MaskEngine::evict_if_full() {
  if (bytes_ <= cache_bytes_) return;
  std::unique_lock guard(eviction_);
  for (size_t i = 0; i < mask_slots_; ++i)
    if (masks_.has_index(i)) masks_[i].store(nullptr, std::memory_order_relaxed);
  mask_slots_ = 0;
  start_masks_.clear();
  stored_.clear();
  tables_.clear();
  cost_.clear();
  bytes_ = 0;
  ++stats_.evictions;
}

std::unique_ptr<Mask> MaskEngine::compute(ExprId state) {
  Draft draft;
  if (!vocab_.spells_every_byte()) {
    walk(vocab_.trie(), state, draft, nullptr);
    return finish(draft);
  }
  std::vector<ExprId> pending{state}, plain;
  while (!pending.empty()) {
    ExprId e = pending.back();
    pending.pop_back();
    if (pool_.node(e).kind == Kind::Alt) {
      for (ExprId kid : pool_.kids(e)) pending.push_back(kid);
    } else if (e != kEpsilon && !add_lexeme(e, draft, pending)) {
      plain.push_back(e);
    }
  }
  if (!plain.empty()) walk(vocab_.trie(), pool_.alt(plain), draft, nullptr);
  return finish(draft);
}

std::unique_ptr<Mask> MaskEngine::compute_start(ExprId state) {
  Draft draft;
  walk(vocab_.start_trie(), state, draft, nullptr);
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
  std::sort(draft.ids.begin(), draft.ids.end());
  draft.ids.erase(std::unique(draft.ids.begin(), draft.ids.end()), draft.ids.end());
  mask->ids.assign(draft.ids.begin(), draft.ids.end());
  return mask;
}

// If `arm` is a lexeme, a lexeme and what follows, or a capture: adds its tokens and returns true.
bool MaskEngine::add_lexeme(ExprId arm, Draft& draft, std::vector<ExprId>& pending) {
  const Node& n = pool_.node(arm);
  ExprId lexeme = kEmpty, tail = kEpsilon;
  if (n.kind == Kind::Capture) {
    lexeme = pool_.capture_record(arm).lexeme;
  } else if (n.kind == Kind::Concat) {
    lexeme = ExprId{n.a};
    tail = ExprId{n.b};
  } else {
    lexeme = arm;
  }
  if (pool_.node(lexeme).kind == Kind::Lexeme) lexeme = ExprId{pool_.node(lexeme).a};
  else if (n.kind != Kind::Capture) return false;
  if (pool_.node(lexeme).flags & kHasRule) return false;
  const LexemeTable& table = table_for(lexeme, n.kind == Kind::Capture || tail != kEpsilon);
  if (!table.splits || (n.kind == Kind::Capture && !table.prefix_free)) return false;
  if (!table.bits.empty()) draft.dense.push_back(&table);
  else draft.ids.insert(draft.ids.end(), table.ids.begin(), table.ids.end());
  uint32_t way_out = n.kind == Kind::Capture ? pool_.shortest(arm) : pool_.shortest(lexeme);
  uint64_t after = uint64_t{way_out} + table.growth + (n.kind == Kind::Capture ? 0 : pool_.shortest(tail));
  draft.after = std::max(draft.after, static_cast<uint32_t>(std::min<uint64_t>(after, kInfinite - 1)));
  if (n.kind == Kind::Capture) {
    walk_capture(arm, table, draft);
  } else {
    walk(*table.remainders, tail, draft, &table.denied);
    if (pool_.nullable(lexeme)) pending.push_back(tail);
  }
  return true;
}

// Adds the ids of `trie` that stay live from `from`, but for the denied ones.
void MaskEngine::walk(const TokenTrie& trie, ExprId from, Draft& draft, const std::vector<uint32_t>* denied) {
  ++stats_.walks;
  if (from == kEmpty || trie.size() == 0) return;
  const bool judge_ends = !vocab_.spells_every_byte();
  std::vector<ExprPool::Cursor> path(trie.max_depth() + 1);
  path[0] = pool_.cursor(from);
  ExprId last_end = kEmpty;
  bool last_good = false;
  for (size_t i = 0, n = trie.size(); i < n;) {
    const TokenTrie::Node& node = trie.nodes()[i];
    const ExprId state = (path[node.depth] = pool_.step_cursor(path[node.depth - 1], node.byte)).state;
    if (state == kEmpty) {
      i = node.end;
      continue;
    }
    auto ids = trie.ids_at(i);
    if (!ids.empty()) {
      if (state != last_end) {
        last_end = state;
        last_good = !judge_ends || completable(state);
        if (last_good) draft.after = std::max(draft.after, pool_.shortest(state));
      }
      for (uint32_t id : ids)
        if (last_good && !(denied && std::binary_search(denied->begin(), denied->end(), id))) draft.ids.push_back(id);
    }
    ++i;
  }
}

// The tokens that leave a capture's lexeme. What follows depends on the word that was read, but nearly always only on
// that it is new: the remainders are walked after a word that is never met again, and those that go on to end another
// capture, where the difference could show, are judged one by one.
void MaskEngine::walk_capture(ExprId capture, const LexemeTable& table, Draft& draft) {
  const ExprPool::CaptureRecord record = pool_.capture_record(capture);
  ExprId fresh = pool_.source(record.source).after_fresh_capture(pool_, record.key);
  const TokenTrie& trie = *table.remainders;
  std::vector<ExprId> path(trie.max_depth() + 1, kEmpty);
  path[0] = fresh;
  auto judge = [&](uint32_t id) {
    ExprId state = capture;
    for (char c : vocab_.token(id)) state = pool_.step_held(state, static_cast<uint8_t>(c));
    if (state == kEmpty) return;
    draft.ids.push_back(id);
    draft.after = std::max(draft.after, pool_.shortest(state));
  };
  auto denied = [&](uint32_t id) { return std::binary_search(table.denied.begin(), table.denied.end(), id); };
  for (size_t i = 0, n = trie.size(); i < n;) {
    const TokenTrie::Node& node = trie.nodes()[i];
    ExprId before = path[node.depth - 1];
    if (fresh == kEmpty || pool_.has_capture_at_head(before)) {
      for (size_t k = node.first_id; k < trie.nodes()[node.end].first_id; ++k)
        if (!denied(trie.ids()[k])) judge(trie.ids()[k]);
      i = node.end;
      continue;
    }
    ExprId state = pool_.step_held(before, node.byte);
    if (state == kEmpty) {
      i = node.end;
      continue;
    }
    path[node.depth] = state;
    for (uint32_t id : trie.ids_at(i))
      if (!denied(id)) {
        draft.ids.push_back(id);
        draft.after = std::max(draft.after, pool_.shortest(state));
      }
    ++i;
  }
}

const LexemeTable& MaskEngine::table_for(ExprId lexeme, bool followed) {
  lexeme = clamp_lexeme(pool_, lexeme, vocab_.max_token_bytes());
  const uint64_t key = uint64_t{static_cast<uint32_t>(lexeme)} * 2 + (followed ? 1 : 0);
  auto known = tables_.find(key);
  if (known != tables_.end()) return *known->second;
  auto table = std::make_unique<LexemeTable>();
  bool made = false;
  if (followed && pool_.node(lexeme).kind == Kind::Conj) {  // A but not these words: as A, but for a few tokens
    std::vector<ExprId> kept;
    for (ExprId kid : pool_.kids(lexeme))
      if (pool_.node(kid).kind != Kind::Not) kept.push_back(kid);
    if (!kept.empty() && kept.size() < pool_.kids(lexeme).size()) {
      ExprId base = pool_.conj(kept);
      made = make_lexeme_table_from(pool_, vocab_, lexeme, base, table_for(base, true), *table);
    }
  }
  if (!made) *table = make_lexeme_table(pool_, vocab_, lexeme, followed);
  bytes_ += table->memory();
  return *(tables_[key] = std::move(table));
}

// ---- budgets ----

ExprId MaskEngine::advance(ExprId state, bool at_start, uint32_t token) {
  if (!vocab_.has_text(token)) return kEmpty;
  std::string_view bytes = at_start ? vocab_.start_token(token) : vocab_.token(token);
  if (bytes.empty() && vocab_.token(token).empty()) return kEmpty;
  for (char c : bytes) {
    state = pool_.step(state, static_cast<uint8_t>(c));
    if (state == kEmpty) return kEmpty;
  }
  if (vocab_.spells_every_byte()) return state;
  std::lock_guard lock(pool_.mutex());
  return completable(state) ? state : kEmpty;
}

bool MaskEngine::completable(ExprId state) { return vocab_.spells_every_byte() || cost(state) != kInfinite; }

uint32_t MaskEngine::tokens_to_finish(ExprId state, bool at_start) {
  std::lock_guard lock(pool_.mutex());
  return at_start && vocab_.start_differs() ? start_cost(state) : cost(state);
}

uint32_t MaskEngine::cost(ExprId state) {
  if (pool_.nullable(state)) return 0;
  auto known = cost_.find(state);
  if (known != cost_.end()) return known->second;
  return vocab_.spells_every_byte() ? cost_of_witness(state) : cost_by_search(state);
}

uint32_t MaskEngine::start_cost(ExprId state) {
  if (pool_.nullable(state)) return 0;
  uint32_t best = kInfinite;
  const TokenTrie& trie = vocab_.start_trie();
  std::vector<ExprId> path(trie.max_depth() + 1, kEmpty);
  path[0] = state;
  if (!vocab_.silent_at_start().empty()) best = cost(state);
  for (size_t i = 0, n = trie.size(); i < n;) {
    const TokenTrie::Node& node = trie.nodes()[i];
    ExprId next = pool_.step_held(path[node.depth - 1], node.byte);
    if (next == kEmpty) {
      i = node.end;
      continue;
    }
    path[node.depth] = next;
    if (!trie.ids_at(i).empty()) best = std::min(best, cost(next));
    ++i;
  }
  return best == kInfinite ? kInfinite : best + 1;
}

// The first of the shortest words, cut into as few tokens as it can be. Its suffixes are the first shortest words of
// the states on the way, so after each of those tokens one token less suffices.
uint32_t MaskEngine::cost_of_witness(ExprId state) {
  std::string word;
  std::vector<ExprId> states{state};
  for (uint32_t left = pool_.shortest(state); left > 0;) {
    ExprId from = states.back(), best = kEmpty;
    uint32_t best_left = kInfinite;
    uint8_t best_byte = 0;
    const ByteClasses& classes = pool_.classes(from);
    for (int c = 0; c < classes.count && best_left + 1 != left; ++c) {
      ExprId next = pool_.step_held(from, classes.representative[c]);
      uint32_t length = next == kEmpty ? kInfinite : pool_.shortest(next);
      if (length < best_left) best = next, best_left = length, best_byte = classes.representative[c];
    }
    if (best == kEmpty || word.size() > (1u << 22))
      throw Error(ErrorKind::Limit, "the shortest completion is longer than 4 MiB; no token budget can be kept");
    word.push_back(static_cast<char>(best_byte));
    states.push_back(best);
    left = best_left;
  }
  std::vector<uint32_t> tokens(word.size() + 1, kInfinite);
  tokens[word.size()] = 0;
  const TokenTrie& trie = vocab_.trie();
  for (size_t i = word.size(); i-- > 0;) {
    size_t node = 0, end = trie.size();
    for (size_t j = i; j < word.size(); ++j) {
      while (node < end && trie.nodes()[node].byte != static_cast<uint8_t>(word[j])) node = trie.nodes()[node].end;
      if (node >= end) break;
      if (!trie.ids_at(node).empty() && tokens[j + 1] != kInfinite) tokens[i] = std::min(tokens[i], tokens[j + 1] + 1);
      end = trie.nodes()[node].end;
      ++node;
    }
    cost_.emplace(states[i], tokens[i]);
  }
  return tokens[0];
}

// Breadth-first over tokens: exact, for vocabularies in which not every byte is a token.
uint32_t MaskEngine::cost_by_search(ExprId root) {
  std::unordered_map<ExprId, ExprId> from{{root, root}};
  std::vector<ExprId> queue{root};
  const TokenTrie& trie = vocab_.trie();
  std::vector<ExprId> path(trie.max_depth() + 1, kEmpty);
  for (size_t q = 0; q < queue.size(); ++q) {
    if (q > pool_.limits().search_states)
      throw Error(ErrorKind::Limit, "finding out whether the vocabulary can spell a completion took more than " +
                                        std::to_string(pool_.limits().search_states) +
                                        " states; raise Limits(search_states=...)");
    path[0] = queue[q];
    for (size_t i = 0, n = trie.size(); i < n;) {
      const TokenTrie::Node& node = trie.nodes()[i];
      ExprId next = pool_.step_held(path[node.depth - 1], node.byte);
      if (next == kEmpty) {
        i = node.end;
        continue;
      }
      path[node.depth] = next;
      if (!trie.ids_at(i).empty() && from.try_emplace(next, queue[q]).second) {
        auto known = cost_.find(next);
        if (pool_.nullable(next) || (known != cost_.end() && known->second != kInfinite)) {
          uint32_t left = pool_.nullable(next) ? 0 : known->second;
          for (ExprId e = queue[q];; e = from.at(e)) {
            cost_.emplace(e, ++left);
            if (e == root) return left;
          }
        }
        if (known == cost_.end()) queue.push_back(next);
      }
      ++i;
    }
  }
  for (ExprId e : queue) cost_.emplace(e, kInfinite);
  return kInfinite;
}

bool MaskEngine::fill_within(ExprId state, bool at_start, uint32_t budget, uint32_t* out) {
  std::lock_guard lock(pool_.mutex());
  const Mask* mask = make(state, at_start);
  if (vocab_.spells_every_byte() && uint64_t{mask->after} + 1 <= budget) {
    write(*mask, state, out);
    return !mask->all;
  }
  std::memset(out, 0, vocab_.words() * sizeof(uint32_t));
  if (pool_.nullable(state))
    for (uint32_t id : vocab_.eos()) set_bit(out, id);
  if (budget == 0) return true;
  const TokenTrie& trie = at_start ? vocab_.start_trie() : vocab_.trie();
  std::vector<ExprId> path(trie.max_depth() + 1, kEmpty);
  path[0] = state;
  if (at_start && cost(state) <= budget - 1)
    for (uint32_t id : vocab_.silent_at_start()) set_bit(out, id);
  for (size_t i = 0, n = trie.size(); i < n;) {
    const TokenTrie::Node& node = trie.nodes()[i];
    ExprId next = pool_.step_held(path[node.depth - 1], node.byte);
    if (next == kEmpty) {
      i = node.end;
      continue;
    }
    path[node.depth] = next;
    auto ids = trie.ids_at(i);
    if (!ids.empty() && cost(next) <= budget - 1)
      for (uint32_t id : ids) set_bit(out, id);
    ++i;
  }
  return true;
}

MaskStats MaskEngine::stats() {
  std::lock_guard lock(pool_.mutex());
  MaskStats out = stats_;
  out.masks = stored_.size();
  out.tables = tables_.size();
  out.bytes = bytes_;
  return out;
}

}  // namespace decodex
