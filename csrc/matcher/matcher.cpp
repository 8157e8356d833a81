#include "matcher/matcher.h"

#include <algorithm>
#include <cstring>

namespace decodex {

Matcher::Matcher(Compiled& compiled, uint32_t max_tokens)
    : start_(compiled.start()), max_tokens_(max_tokens), origin_(compiled.origin) {
  steps_.reserve(64);
  steps_.push_back({start_.root, UINT32_MAX});
  if (start_.phases) counts_.push_back(start_.phases->start());
  if (max_tokens_ == kNoBudget) return;
  uint32_t needed = tokens_to_finish();
  if (needed > max_tokens_ && !start_.phases) {   // perhaps a longer text takes fewer
    std::lock_guard lock(pool().mutex());
    needed = std::min(needed, masks().fewest_tokens(start_.root, true, max_tokens_));
  }
  if (needed > max_tokens_)
    throw Error(ErrorKind::Budget, "the shortest text that satisfies the constraint takes " + std::to_string(needed) +
                                       " tokens, more than max_tokens=" + std::to_string(max_tokens_) +
                                       "; raise max_tokens or loosen the constraint");
}

uint32_t Matcher::budget() const {
  if (max_tokens_ == kNoBudget) return kNoBudget;
  size_t read = steps_.size() - 1;
  return read >= max_tokens_ ? 0 : max_tokens_ - static_cast<uint32_t>(read);
}

bool Matcher::fill(uint32_t* out) { return fill(place(), out); }

bool Matcher::fill(const Place& at, uint32_t* out) {
  if (at.finished) {  // nothing may follow but the end itself
    std::memset(out, 0, vocab().words() * sizeof(uint32_t));
    for (uint32_t id : vocab().eos()) out[id >> 5] |= 1u << (id & 31);
    return true;
  }
  if (start_.phases) return start_.phases->fill(at.state, at.at_start, at.count, at.budget, out);
  return max_tokens_ == kNoBudget ? masks().fill(at.state, at.at_start, out)
                                  : masks().fill_within(at.state, at.at_start, at.budget, out);
}

std::optional<bool> Matcher::fill_known(const MaskEngine::Known& known, uint32_t* out) {
  if (start_.phases && !finished_) return std::nullopt;
  return finished_ ? fill(out) : known.fill(state(), at_start(), budget(), out);
}

ExprId Matcher::next(Place& at, uint32_t token) {
  if (at.budget == 0) return kEmpty;
  ExprId after = masks().advance(at.state, at.at_start, token);
  if (after == kEmpty) return kEmpty;
  if (start_.phases) {
    const std::string_view bytes = at.at_start ? vocab().start_token(token) : vocab().token(token);
    return start_.phases->follow(at.count, bytes, at.budget) ? after : kEmpty;
  }
  if (at.budget == kNoBudget || masks().promises(at.state, at.at_start, at.budget)) return after;
  return masks().suffices(after, at.budget - 1) ? after : kEmpty;
}

bool Matcher::follow(Place& at, int64_t token) {
  if (at.finished || token < 0 || token >= vocab().size()) return false;
  const uint32_t id = static_cast<uint32_t>(token);
  if (vocab().is_eos(id)) return at.finished = may_end(at);
  ExprId after = next(at, id);
  if (after == kEmpty) return false;
  at.state = after;
  at.at_start = false;
  if (at.budget != kNoBudget) --at.budget;
  return true;
}

bool Matcher::allows(uint32_t token) {
  if (token >= vocab().size())
    throw Error(ErrorKind::Vocabulary, "token id " + std::to_string(token) + " is outside the vocabulary of " +
                                           std::to_string(vocab().size()) + " ids");
  Place at = place();
  if (vocab().is_eos(token)) return finished_ || may_end(at);
  return !finished_ && next(at, token) != kEmpty;
}

bool Matcher::advance(uint32_t token) {
  if (token >= vocab().size()) return allows(token);
  Place at = place();
  if (!follow(at, token)) return false;
  finished_ = at.finished;
  if (finished_) return true;
  steps_.push_back({at.state, token});
  if (start_.phases) counts_.push_back(at.count);
  return true;
}

uint32_t Matcher::validate(std::span<const int64_t> tokens) {
  Place at = place();
  uint32_t accepted = 0;
  while (accepted < tokens.size() && follow(at, tokens[accepted])) ++accepted;
  return accepted;
}

void Matcher::verify(std::span<const int64_t> tokens, std::optional<std::span<const int64_t>> parents, bool* allowed,
                     uint32_t* masks) {
  if (parents && parents->size() != tokens.size())
    throw Error(ErrorKind::Vocabulary, std::to_string(parents->size()) + " parents for a draft of " +
                                           std::to_string(tokens.size()) + " tokens; give one for each, or None for a chain");
  for (size_t i = 0; parents && i < parents->size(); ++i)
    if (const int64_t parent = (*parents)[i]; parent < -1 || parent >= static_cast<int64_t>(i))
      throw Error(ErrorKind::Vocabulary, "parents[" + std::to_string(i) + "] is " + std::to_string(parent) +
                                             "; a draft token follows one that is earlier in the list, or -1, which is "
                                             "the text so far");
  const size_t words = vocab().words();
  if (masks) fill(place(), masks);
  std::vector<Place> places(tokens.size() + 1, place());   // [i + 1]: after tokens[i]
  for (size_t i = 0; i < tokens.size(); ++i) {
    const int64_t parent = parents ? (*parents)[i] : static_cast<int64_t>(i) - 1;
    Place& at = places[i + 1];
    at = places[static_cast<size_t>(parent + 1)];
    allowed[i] = (parent < 0 || allowed[parent]) && follow(at, tokens[i]);
    if (!masks) continue;
    uint32_t* row = masks + (i + 1) * words;
    if (allowed[i]) fill(at, row);
    else std::fill_n(row, words, UINT32_MAX);
  }
}

void Matcher::rollback(uint32_t tokens) {
  if (tokens > tokens_read())
    throw Error(ErrorKind::Vocabulary, "cannot roll back " + std::to_string(tokens) + " tokens; " +
                                           std::to_string(tokens_read()) + " have been read");
  if (tokens == 0) return;
  if (finished_) --tokens;
  finished_ = false;
  steps_.resize(steps_.size() - tokens);
  if (start_.phases) counts_.resize(steps_.size());
}

void Matcher::reset() {
  steps_.resize(1);
  if (start_.phases) counts_.resize(1);
  finished_ = false;
}

uint32_t Matcher::tokens_to_finish() {
  if (finished_) return 0;
  return start_.phases ? start_.phases->tokens_to_finish(count()) : masks().tokens_to_finish(state(), at_start());
}

void Matcher::fill_finishing(uint32_t* out) {
  const uint32_t needed = tokens_to_finish();
  if (needed == 0) std::memset(out, 0, vocab().words() * sizeof(uint32_t));
  else masks().fill_within(state(), at_start(), needed, out);
}

ByteSet Matcher::next_bytes(std::string_view read) {
  ByteSet out;
  ExprId at = finished_ ? kEmpty : pool().run(state(), read);
  if (at == kEmpty) return out;
  std::lock_guard lock(pool().mutex());
  const ByteClasses& classes = pool().classes(at);
  for (int b = 0; b < 256; ++b)
    if (pool().step_held(at, classes.representative[classes.of[b]]) != kEmpty) out.add(static_cast<uint8_t>(b));
  return out;
}

std::string Matcher::forced_bytes(size_t limit) {
  std::string out;
  if (finished_ || start_.phases) return out;   // where tokens are counted, each is chosen
  std::lock_guard lock(pool().mutex());
  for (ExprId at = state(); out.size() < limit && !pool().nullable(at);) {
    const ByteClasses& classes = pool().classes(at);
    ExprId only = kEmpty;
    int live = 0;   // classes that can be read
    uint8_t byte = 0;
    for (int c = 0; c < classes.count && live < 2; ++c) {
      ExprId after = pool().step_held(at, classes.representative[c]);
      if (after == kEmpty) continue;
      ++live;
      byte = classes.representative[c];
      only = after;
    }
    if (live != 1 || std::count(classes.of, classes.of + 256, classes.of[byte]) != 1) break;
    out.push_back(static_cast<char>(byte));
    at = only;
  }
  return out;
}

std::string Matcher::last_bytes(size_t tokens) const {
  std::string out;
  for (size_t i = steps_.size() - std::min(tokens, steps_.size() - 1); i < steps_.size(); ++i)
    out += i == 1 ? vocab().start_token(steps_[i].token) : vocab().token(steps_[i].token);
  return out;
}

std::vector<size_t> Matcher::crossings(std::string_view text) {
  std::vector<size_t> out;
  const ExprId end = finished_ ? kEmpty : pool().run(state(), text);
  if (end == kEmpty) return out;
  std::lock_guard lock(pool().mutex());
  const size_t longest = vocab().max_token_bytes();
  for (size_t begin = text.size() - std::min(text.size(), longest); begin < text.size(); ++begin) {
    const TokenTrie& trie = begin == 0 && at_start() ? vocab().start_trie() : vocab().trie();
    size_t node = 0, i = begin;
    while (i < text.size() && (node = trie.child(node, text[i])) != 0) ++i;
    if (node == 0) continue;
    bool crosses = false;
    trie.walk(end, [&](uint32_t at, uint32_t, ExprId above, ExprId& here) {
      here = pool().step_held(above, trie.byte(at));
      if (here == kEmpty) return TokenTrie::Go::kPast;
      crosses = !trie.ids_at(at).empty();
      return crosses ? TokenTrie::Go::kStop : TokenTrie::Go::kInto;
    }, static_cast<uint32_t>(node), text.size() - begin);
    if (crosses) out.push_back(begin);
  }
  return out;
}

size_t Matcher::spelling(std::span<const int64_t> tokens, size_t bytes) const {
  size_t i = tokens.size();
  for (; i > 0; --i) {
    const int64_t token = tokens[i - 1];
    const bool first = i == 1 && at_start();   // of the text: it may add nothing
    if (bytes == 0 && !first) break;
    if (token < 0 || token >= vocab().size()) return SIZE_MAX;
    const uint32_t id = static_cast<uint32_t>(token);
    const size_t length = (first ? vocab().start_token(id) : vocab().token(id)).size();
    if (length > bytes) return bytes == 0 ? tokens.size() - i : SIZE_MAX;
    bytes -= length;
  }
  return bytes == 0 ? tokens.size() - i : SIZE_MAX;
}

size_t Matcher::check(std::string_view text, bool& accepted) {
  accepted = false;
  if (finished_) return 0;
  ExprId at = state();
  for (size_t i = 0; i < text.size(); ++i) {
    at = pool().step(at, static_cast<uint8_t>(text[i]));
    if (at == kEmpty) return i;
  }
  accepted = pool().accepting(at) && (!start_.phases || start_.phases->spells(count(), at_start(), text));
  return text.size();
}

}  // namespace decodex
