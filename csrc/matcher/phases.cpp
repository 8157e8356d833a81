#include "matcher/phases.h"

#include <algorithm>
#include <bit>
#include <map>
#include <mutex>
#include <string>

#include "text/units.h"

namespace decodex {

namespace {

std::string spelled(uint32_t min, uint32_t max) {
  if (max == kNoBudget) return "at least " + std::to_string(min);
  return min == 0 ? "at most " + std::to_string(max) : std::to_string(min) + " to " + std::to_string(max);
}

// Sets of counts of tokens, as bits.
class Counts {
 public:
  void add(uint32_t count) { grow(count / 64 + 1), bits_[count / 64] |= uint64_t{1} << (count % 64); }
  void add_next(const Counts& before) {   // each of them, and one more
    grow(before.bits_.size() + 1);
    for (size_t w = 0; w < before.bits_.size(); ++w) {
      bits_[w] |= before.bits_[w] << 1;
      bits_[w + 1] |= before.bits_[w] >> 63;
    }
  }
  bool empty() const { return bits_.empty(); }
  bool any(uint64_t min, uint64_t max) const {   // from min to max
    for (uint64_t count = min; count <= max && count < bits_.size() * 64; ++count)
      if (bits_[count / 64] >> (count % 64) & 1) return true;
    return false;
  }

 private:
  void grow(size_t words) {
    if (bits_.size() < words) bits_.resize(words);
  }
  std::vector<uint64_t> bits_;
};

uint32_t less(uint32_t count, uint32_t by) { return count == kNoBudget ? kNoBudget : count - std::min(count, by); }

}  // namespace

Phases::Phases(ExprPool& pool, MaskEngine& masks, const Vocabulary& vocab, const std::vector<PhaseTerm>& terms)
    : pool_(pool), masks_(masks), vocab_(vocab) {
  for (const PhaseTerm& term : terms) {
    const ExprId text = build_root(*term.term, pool).root;
    phases_.push_back({text, term.min, term.max, 0});
    if (phases_.size() < terms.size() && pool.live(pool.conj(text, pool.concat(text, pool.concat(pool.bytes(ByteSet::all()), kAnything)))))
      throw Error(ErrorKind::Unsupported,
                  "where tokens are counted, it must be clear where the next part begins, but a text of part " +
                      std::to_string(phases_.size()) + " may go on to be another one; end it with a marker");
    if (term.min > 1 && !vocab.spells_every_byte())
      throw Error(ErrorKind::Unsupported, "the tokens of this vocabulary do not spell every byte, so there may be no " +
                                              spelled(term.min, term.max) + " tokens in a text; ask for at most so many");
  }
  for (size_t k = phases_.size(); k-- > 0;) {
    Phase& phase = phases_[k];
    uint32_t tokens = needed(phase.text, phase.min, k == 0);
    if (tokens != kInfinite && tokens > phase.max && phase.min < 2)
      tokens = std::min(tokens, masks.fewest_tokens(at_least(phase.text, phase.min), k == 0, phase.max));
    tokens = std::max(phase.min, tokens);
    if (tokens == kInfinite || tokens > phase.max)
      throw Error(tokens == kInfinite ? ErrorKind::Unsatisfiable : ErrorKind::Budget,
                  "no text that satisfies the constraint is sure to take " + spelled(phase.min, phase.max) + " tokens" +
                      (tokens == kInfinite ? "" : "; " + std::to_string(tokens) + " are") +
                      (phases_.size() == 1 ? "" : " in part " + std::to_string(k + 1)) + "; ask for another number");
    if (k > 0) phases_[k - 1].behind = phase.behind + tokens;
  }
}

// The texts of a state that have so many bytes.
ExprId Phases::at_least(ExprId state, uint32_t bytes) const {
  if (bytes < 2) return bytes == 1 && pool_.nullable(state) ? pool_.conj(state, pool_.concat(pool_.bytes(ByteSet::all()), kAnything)) : state;
  return pool_.conj(state, counted_units(pool_, Utf8Alphabet(), "bytes", bytes, kUnbounded));
}

// Tokens with which so many, and any number from there on to the bytes of the text, are possible. (pool lock held)
uint32_t Phases::needed(ExprId state, uint32_t tokens, bool at_start) const {
  const ExprId long_enough = at_least(state, tokens);
  if (!pool_.live(long_enough)) return kInfinite;
  return tokens > 1 && !masks_.tokens_split() ? pool_.shortest(long_enough) : masks_.tokens_to_finish_held(long_enough, at_start);
}

Phases::Bounds Phases::bounds(const Place& at, uint32_t budget) const {
  const Phase& phase = phases_[at.phase];
  const uint32_t min = less(phase.min, at.read), left = budget == kNoBudget ? kNoBudget : budget - std::min(budget, phase.behind);
  const bool possible = at.read <= phase.max && budget >= phase.behind;
  return {min, std::min(left, less(phase.max, at.read)), possible};
}

// Can the text come to its end from here, as many tokens as are asked for later? (pool lock held)
bool Phases::fits(const Place& at, uint32_t budget) const {
  const Bounds left = bounds(at, budget);
  if (!left.possible || left.min > left.max) return false;
  if (vocab_.spells_every_byte()) {
    const ExprId long_enough = at_least(at.state, left.min);
    if (!pool_.live(long_enough)) return false;
    if (pool_.shortest(long_enough) <= left.max) return true;
  }
  const uint32_t tokens = needed(at.state, left.min);
  return tokens != kInfinite && tokens <= left.max;
}

// Reads bytes; false where they do not go on with the text, or end a phase that has too few tokens.
template <class Step>
bool Phases::read(Place& at, std::string_view bytes, Step step) const {
  ++at.read;
  for (char c : bytes) {
    at.state = step(at.state, static_cast<uint8_t>(c));
    if (at.state == kEmpty) return false;
    if (at.phase + 1 == phases_.size() || !pool_.nullable(at.state)) continue;
    if (at.read < phases_[at.phase].min) return false;
    at = {phases_[at.phase + 1].text, at.phase + 1, 0};
  }
  return true;
}

bool Phases::follow(Place& at, std::string_view bytes, uint32_t budget) const {
  Place next = at;
  if (budget == 0 || !read(next, bytes, [&](ExprId state, uint8_t byte) { return pool_.step(state, byte); })) return false;
  std::lock_guard lock(pool_.mutex());
  if (!fits(next, less(budget, 1))) return false;
  at = next;
  return true;
}

uint32_t Phases::tokens_to_finish(const Place& at) const {
  std::lock_guard lock(pool_.mutex());
  const uint32_t min = bounds(at, kNoBudget).min, tokens = needed(at.state, min);
  return tokens == kInfinite ? kInfinite : std::max(min, tokens) + phases_[at.phase].behind;
}

bool Phases::spells(Place at, bool at_start, std::string_view text) const {
  std::vector<uint32_t> phase_at{at.phase};   // [bytes read]
  ExprId state = at.state;
  for (char c : text) {
    state = pool_.step(state, static_cast<uint8_t>(c));
    uint32_t phase = phase_at.back();
    if (phase + 1 < phases_.size() && pool_.nullable(state)) state = phases_[++phase].text;
    phase_at.push_back(phase);
  }
  std::vector<Counts> counts(text.size() + 1);   // [bytes read]: tokens of the phase there
  counts[0].add(at.read);
  auto cut = [&](size_t from, size_t to) {
    const uint32_t phase = phase_at[from], next = phase_at[to];
    if (phase == next) return counts[to].add_next(counts[from]);
    Counts ended;
    ended.add_next(counts[from]);
    bool right = ended.any(phases_[phase].min, phases_[phase].max);
    for (uint32_t skipped = phase + 1; skipped < next; ++skipped) right = right && phases_[skipped].min == 0;
    if (right) counts[to].add(0);
  };
  if (at_start && !vocab_.silent_at_start().empty()) counts[0].add(at.read + 1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (counts[i].empty()) continue;
    const TokenTrie& trie = i == 0 && at_start ? vocab_.start_trie() : vocab_.trie();
    for (size_t j = i, node = 0; j < text.size() && (node = trie.child(node, static_cast<uint8_t>(text[j]))) != 0;)
      if (++j; !trie.ids_at(node).empty()) cut(i, j);
  }
  return phase_at.back() + 1 == phases_.size() && counts.back().any(phases_.back().min, phases_.back().max);
}

bool Phases::fill(ExprId whole, bool at_start, const Place& at, uint32_t budget, uint32_t* out) const {
  constexpr uint32_t kStep = 256;   // bytes to which a lower bound is rounded up, so that masks are met again
  const bool last = at.phase + 1 == phases_.size();
  const Bounds left = bounds(at, budget);
  if (last && left.min <= 1) {
    const bool restricted = left.max == kNoBudget ? masks_.fill(whole, at_start, out) : masks_.fill_within(whole, at_start, left.max, out);
    if (left.min == 0) return restricted;
    for (uint32_t id : vocab_.eos()) out[id >> 5] &= ~(1u << (id & 31));
    return true;
  }
  const size_t words = vocab_.words();
  masks_.fill(whole, at_start, out);
  if (!may_end(at))
    for (uint32_t id : vocab_.eos()) out[id >> 5] &= ~(1u << (id & 31));
  std::vector<uint32_t> sure(words), open(words), doubtful(words);
  ExprId enough, going_on = kEmpty;
  {
    std::lock_guard lock(pool_.mutex());
    const uint32_t bytes = left.min <= 1 ? 0 : (left.min + vocab_.max_token_bytes() + kStep) / kStep * kStep;
    enough = at_least(at.state, bytes);
    if (!last) enough = pool_.concat(enough, kAnything);
    if (!last) going_on = pool_.complement(pool_.concat(at.state, kAnything));
    if (!pool_.live(enough)) enough = kEmpty;
    if (!last && !pool_.live(going_on)) going_on = kEmpty;
  }
  if (enough != kEmpty) {   // tokens after which there is still room for as many as are missing
    if (left.max == kNoBudget) masks_.fill(enough, at_start, sure.data());
    else if (left.min <= 1) masks_.fill_within(enough, at_start, left.max, sure.data());
    else if (!masks_.fill_surely(enough, at_start, left.max, sure.data())) std::ranges::fill(sure, 0);
  }
  if (going_on != kEmpty) masks_.fill(going_on, at_start, open.data());   // those that do not end the phase
  else if (last) std::ranges::fill(open, UINT32_MAX);
  for (uint32_t id : vocab_.eos()) sure[id >> 5] |= 1u << (id & 31), open[id >> 5] |= 1u << (id & 31);
  for (size_t w = 0; w < words; ++w) {
    if (left.min <= 1) out[w] &= sure[w];
    doubtful[w] = out[w] & ~(sure[w] & open[w]);
  }
  judge(at_start, at, budget, doubtful, out);
  return true;
}

// Takes from `out` those of some tokens that may not come.
void Phases::judge(bool at_start, const Place& at, uint32_t budget, const std::vector<uint32_t>& which, uint32_t* out) const {
  std::map<Place, bool> known;
  const auto step = [&](ExprId state, uint8_t byte) { return pool_.step_held(state, byte); };
  std::lock_guard lock(pool_.mutex());
  for (size_t w = 0; w < which.size(); ++w)
    for (uint32_t bits = which[w]; bits; bits &= bits - 1) {
      const auto id = static_cast<uint32_t>(w * 32 + static_cast<size_t>(std::countr_zero(bits)));
      Place next = at;
      if (!read(next, at_start ? vocab_.start_token(id) : vocab_.token(id), step)) next.state = kEmpty;
      auto [it, fresh] = known.try_emplace(next, false);
      if (fresh) it->second = next.state != kEmpty && fits(next, less(budget, 1));
      if (!it->second) out[w] &= ~(bits & -bits);
    }
}

}  // namespace decodex
