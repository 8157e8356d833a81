// How many tokens a text still takes, and masks near a budget: of each state a word is known, and cut into as few tokens
// as it can be. What is left of it after each of those tokens is the word of the state there, so a budget that has
// sufficed once is never exceeded.
#include <algorithm>
#include <unordered_map>

#include "mask/draft.h"
#include "mask/saved_source.h"

namespace decodex {

namespace {

// Calls visit(state) for the state after each token of `trie` that stays live from `from`, until it returns true.
template <class Visit>
void each_end(ExprPool& pool, const TokenTrie& trie, ExprId from, Visit visit) {
  trie.walk(from, [&](uint32_t i, uint32_t, ExprId above, ExprId& here) {
    here = pool.step_held(above, trie.byte(i));
    if (here == kEmpty) return TokenTrie::Go::kPast;
    return !trie.ids_at(i).empty() && visit(here) ? TokenTrie::Go::kStop : TokenTrie::Go::kInto;
  });
}

}  // namespace

// Do fewer than `budget` tokens suffice? As many as bytes always do, and none is longer than the longest.
bool MaskEngine::fits(ExprId state, uint32_t budget, bool by_length) {
  if (auto known = cost_.find(state); known != cost_.end() && known->second < budget && !by_length) return true;
  const uint32_t bytes = pool_.shortest(state);
  if (vocab_.spells_every_byte() && (bytes < budget || by_length)) return bytes < budget;
  return bytes / std::max(1u, vocab_.max_token_bytes()) < budget && (cost(state) < budget || cost_of_filled(state) < budget);
}

ExprId MaskEngine::advance(ExprId state, bool at_start, uint32_t token) {
  if (!vocab_.has_text(token)) return kEmpty;
  std::string_view bytes = at_start ? vocab_.start_token(token) : vocab_.token(token);
  if (bytes.empty() && vocab_.token(token).empty()) return kEmpty;
  if (const auto known = pool_.known_run(state, bytes)) state = *known;
  else state = pool_.run(state, bytes, allowed(state, at_start, token));
  if (state == kEmpty) return kEmpty;
  if (vocab_.spells_every_byte()) return state;
  std::lock_guard lock(pool_.mutex());
  evict_if_full();
  return completable(state) ? state : kEmpty;
}

// Is there a mask of `state` that allows the token? What it leads to is live then.
bool MaskEngine::allowed(ExprId state, bool at_start, uint32_t token) {
  std::shared_lock guard(eviction_);
  const Mask* mask = find(state, at_start);
  return mask && ((mask->base && mask->base[token >> 5] >> (token & 31) & 1) || std::ranges::find(mask->ids, token) != mask->ids.end());
}

bool MaskEngine::completable(ExprId state) {
  if (vocab_.spells_every_byte()) return true;
  if (auto saved = saved_.find(state); saved != saved_.end() && saved->second.source->has_mask(saved->second.state)) return true;
  return cost(state) != kInfinite;
}

uint32_t MaskEngine::tokens_to_finish(ExprId state, bool at_start) {
  std::lock_guard lock(pool_.mutex());
  return tokens_to_finish_held(state, at_start);
}

uint32_t MaskEngine::tokens_to_finish_held(ExprId state, bool at_start) {
  evict_if_full();
  return at_start && vocab_.start_differs() ? start_cost(state) : cost(state);
}

bool MaskEngine::tokens_split() {
  if (tokens_split_) return *tokens_split_;
  const TokenTrie& trie = vocab_.trie();
  auto is_token = [&](std::string_view text) {
    size_t node = 0;
    for (char c : text)
      if ((node = trie.child(node, static_cast<uint8_t>(c))) == 0) return false;
    return !trie.ids_at(node).empty();
  };
  auto splits = [&](uint32_t id) {
    const std::string_view text = vocab_.token(id);
    for (size_t i = 1; i < text.size(); ++i)
      if (is_token(text.substr(0, i)) && is_token(text.substr(i))) return true;
    return text.size() < 2;
  };
  tokens_split_ = std::all_of(trie.ids(), trie.ids() + trie.id_count(), splits);
  return *tokens_split_;
}

bool MaskEngine::suffices(ExprId state, uint32_t tokens) {
  std::lock_guard lock(pool_.mutex());
  evict_if_full();
  return fits(state, tokens + 1, false);
}

uint32_t MaskEngine::cost(ExprId state) {
  if (pool_.nullable(state)) return 0;
  state = real(state);
  auto known = cost_.find(state);
  if (known != cost_.end()) return known->second;
  if (!vocab_.spells_every_byte()) return cost_by_search(state);
  if (pool_.node(state).kind != Kind::Conj && pool_.has_capture_at_head(state) && !length_depends_on_word(state))
    if (const ExprId wordless = pool_.without_words(state); wordless != state) return cost_[state] = cost(wordless);
  return cost_of_witness(state);
}

uint32_t MaskEngine::start_cost(ExprId state) {
  if (pool_.nullable(state)) return 0;
  uint32_t best = kInfinite;
  if (!vocab_.silent_at_start().empty()) best = cost(state);
  each_end(pool_, vocab_.start_trie(), state, [&](ExprId end) {
    best = std::min(best, cost(end));
    return best == 0;
  });
  return best == kInfinite ? kInfinite : best + 1;
}

// The first of the shortest words, and the states on its way; from a state of known cost on no more of it than a token
// may reach.
MaskEngine::Witness MaskEngine::find_witness(ExprId state) {
  Witness out;
  out.states.push_back(state);
  size_t enough = SIZE_MAX;
  std::string known;   // what comes, where the pool knows a word
  size_t taken = 0;
  for (uint32_t left = pool_.shortest(state); left > 0 && out.word.size() < enough;) {
    const ExprId at = out.states.back();
    if (taken == known.size())
      if (auto word = pool_.known_word(at)) known = std::move(*word), taken = 0;
    const int byte = taken < known.size() ? static_cast<uint8_t>(known[taken++]) : pool_.first_of_shortest(at);
    const ExprId best = byte < 0 ? kEmpty : pool_.step_held(at, static_cast<uint8_t>(byte));
    if (best == kEmpty || out.word.size() > kLongestWord)
      throw Error(ErrorKind::Limit, "the shortest completion is longer than 4 MiB; no token budget can be kept");
    out.word.push_back(static_cast<char>(byte));
    out.states.push_back(best);
    left = pool_.shortest(best);
    if (enough == SIZE_MAX && cost_.contains(best)) enough = out.word.size() + vocab_.max_token_bytes();
  }
  return out;
}

// The witness, cut into as few tokens as it can be. Its suffixes are the witnesses of the states on the way, so after
// each of those tokens one token less suffices.
uint32_t MaskEngine::cost_of_witness(ExprId state) {
  return cost_along(find_witness(state));
}

// As cost(), where a stack's own word is filled with what trackers look for: as was counted where masks are those of the
// stack. The fewer of the two are kept.
uint32_t MaskEngine::cost_of_filled(ExprId state) {
  auto [known, fresh] = filled_cost_.try_emplace(state, kInfinite);
  if (!fresh) return known->second;
  uint32_t tokens = kInfinite;
  for (std::string& word : pool_.filled_words(state)) {
    Witness witness{std::move(word), {state}};
    for (char c : witness.word) witness.states.push_back(pool_.step_held(witness.states.back(), static_cast<uint8_t>(c)));
    if (pool_.nullable(witness.states.back())) tokens = std::min(tokens, cost_along(witness));
  }
  return filled_cost_[state] = tokens;
}

uint32_t MaskEngine::cost_along(const Witness& witness) {
  const size_t length = witness.word.size();
  std::vector<uint32_t> tokens(length + 1, kInfinite);
  const TokenTrie& trie = vocab_.trie();
  for (size_t i = length + 1; i-- > 0;) {
    const ExprId at = witness.states[i];
    if (pool_.nullable(at)) {
      tokens[i] = 0;
      continue;
    }
    auto known = cost_.find(at);
    if (known != cost_.end()) tokens[i] = known->second;
    for (size_t j = i, node = 0; j < length && (node = trie.child(node, witness.word[j])) != 0;)
      if (++j; !trie.ids_at(node).empty() && tokens[j] != kInfinite && tokens[j] + 1 < tokens[i]) {
        tokens[i] = tokens[j] + 1;
        next_[at] = trie.ids_at(node)[0];
      }
    if (tokens[i] != kInfinite) cost_[at] = tokens[i];   // of what was cut off nothing is known
  }
  return tokens[0];
}

// The fewest tokens that spell a text, whatever may come of it.
uint32_t MaskEngine::tokens_in(std::string_view text) const {
  const TokenTrie& trie = vocab_.trie();
  std::vector<uint32_t> tokens(text.size() + 1, kInfinite);
  tokens[text.size()] = 0;
  for (size_t i = text.size(); i-- > 0;)
    for (size_t j = i, node = 0; j < text.size() && (node = trie.child(node, static_cast<uint8_t>(text[j]))) != 0;)
      if (++j; !trie.ids_at(node).empty() && tokens[j] != kInfinite) tokens[i] = std::min(tokens[i], tokens[j] + 1);
  return tokens[0];
}

// Breadth-first over tokens: exact, for vocabularies in which not every byte is a token.
uint32_t MaskEngine::cost_by_search(ExprId root) {
  std::unordered_map<ExprId, ExprId> from{{root, root}};
  std::vector<ExprId> queue{root};
  for (size_t q = 0; q < queue.size(); ++q) {
    if (q > pool_.limits().search_states)
      throw Error(ErrorKind::Limit, "finding out whether the vocabulary can spell a completion took more than " +
                                        std::to_string(pool_.limits().search_states) +
                                        " states; raise Limits(search_states=...)");
    uint32_t found = kInfinite;   // tokens left after the one that reached a known state
    each_end(pool_, vocab_.trie(), queue[q], [&, here = queue[q]](ExprId next) {
      if (!from.try_emplace(next, here).second) return false;
      auto known = cost_.find(next);
      if (pool_.nullable(next)) found = 0;
      else if (known == cost_.end()) queue.push_back(next);
      else found = known->second;
      return found != kInfinite;
    });
    if (found == kInfinite) continue;
    for (ExprId e = queue[q];; e = from.at(e)) {
      cost_.emplace(e, ++found);
      if (e == root) return found;
    }
  }
  for (ExprId e : queue) cost_.emplace(e, kInfinite);
  return kInfinite;
}

// Breadth-first over tokens, some states of it. What it finds is kept for the states on the way.
uint32_t MaskEngine::fewest_tokens(ExprId root, bool at_start, uint32_t most) {
  constexpr size_t kStates = 256;
  struct Reached {
    ExprId from;
    uint32_t tokens;
  };
  std::unordered_map<ExprId, Reached> reached{{root, {root, 0}}};
  std::vector<ExprId> queue{root};
  for (size_t q = 0; q < queue.size() && q < kStates; ++q) {
    const ExprId here = queue[q];
    const uint32_t tokens = reached.at(here).tokens + 1;
    if (tokens > most) break;
    ExprId end = kEmpty;
    each_end(pool_, q == 0 && at_start ? vocab_.start_trie() : vocab_.trie(), here, [&](ExprId next) {
      if (!reached.try_emplace(next, Reached{here, tokens}).second) return false;
      queue.push_back(next);
      if (pool_.nullable(next)) end = next;
      return end != kEmpty;
    });
    if (end == kEmpty) continue;
    uint32_t left = 0;
    for (ExprId e = reached.at(end).from; e != root; e = reached.at(e).from) {
      auto [known, fresh] = cost_.try_emplace(e, ++left);
      if (fresh || left >= known->second) continue;
      known->second = left;
      next_.erase(e);
    }
    if (!(at_start && vocab_.start_differs())) cost_[root] = tokens, next_.erase(root);
    return tokens;
  }
  return kInfinite;
}

bool MaskEngine::fill_surely(ExprId state, bool at_start, uint32_t budget, uint32_t* out) {
  std::lock_guard lock(pool_.mutex());
  const Mask* mask = make(state, at_start);
  if (!within(*mask, budget)) return false;
  write(*mask, state, out);
  return true;
}

bool MaskEngine::fill_within(ExprId state, bool at_start, uint32_t budget, uint32_t* out) {
  std::lock_guard lock(pool_.mutex());
  const Mask* mask = make(state, at_start);
  const bool from_tables = vocab_.spells_every_byte() && !(at_start && vocab_.start_differs());
  if (within(*mask, budget)) {
    write(*mask, state, out);
    return !mask->all;
  }
  if (from_tables) {
    if (uint64_t{after_tokens(*mask, state)} + 1 <= budget) {
      write(*mask, state, out);
      return !mask->all;
    }
  }
  Draft draft;
  draft.budget = budget;
  state = real(state);
  if (budget > 0 && from_tables) {
    cost(state);   // the states on the way of its word tell from now on what is left of it
    if (!mask->of_stack || !add_far(state, draft)) {
      add(state, kEpsilon, draft);
      walk_plain(draft);
      if (draft.dense.empty() && draft.ids.empty()) add_witness(state, draft);
    }
  } else if (budget > 0) {
    walk(at_start ? vocab_.start_trie() : vocab_.trie(), state, draft);
    if (at_start && cost(state) < budget)
      draft.ids.insert(draft.ids.end(), vocab_.silent_at_start().begin(), vocab_.silent_at_start().end());
  }
  write(*finish(draft), state, out);
  return true;
}

// The tokens with which a shortest word can begin: what is left when nothing else is known to fit, because that would
// take a look at every word that a capture may read.
void MaskEngine::add_witness(ExprId state, Draft& draft) {
  const TokenTrie& trie = vocab_.trie();
  const Witness witness = find_witness(state);
  for (size_t j = 0, node = 0; j < witness.word.size(); ++j) {
    node = trie.child(node, witness.word[j]);
    if (node == 0) return;
    if (fits(witness.states[j + 1], draft.budget, false)) draft.ids.insert(draft.ids.end(), trie.ids_at(node).begin(), trie.ids_at(node).end());
  }
}

uint32_t MaskEngine::after_tokens(const Mask& mask, ExprId state) {
  if (mask.of_any_count) {
    uint32_t& known = after_tokens_.try_emplace(state, Mask::kNotMeasured).first->second;
    return known = known == Mask::kNotMeasured ? measure(state) : known;
  }
  uint32_t known = mask.after_tokens.load(std::memory_order_relaxed);
  if (known == Mask::kNotMeasured) {
    known = mask.of_stack ? measure_far(state) : measure(state);
    mask.after_tokens.store(known, std::memory_order_relaxed);
  }
  return known;
}

// Tokens to the end from the worst of those that the mask of a state allows; kInfinite when that takes every word.
uint32_t MaskEngine::measure(ExprId state) {
  Draft draft;
  draft.in_tokens = true;
  add(real(state), kEpsilon, draft);
  walk_plain(draft);
  return draft.after;
}

}  // namespace decodex
