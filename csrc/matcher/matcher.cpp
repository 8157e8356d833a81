#include "matcher/matcher.h"

#include <cstring>

namespace decodex {

Matcher::Matcher(Compiled& compiled, uint32_t max_tokens) : start_(compiled.start()), max_tokens_(max_tokens) {
  states_.reserve(64);
  states_.push_back(start_.root);
  if (max_tokens_ == kNoBudget) return;
  uint32_t needed = masks().tokens_to_finish(start_.root, true);
  if (needed > max_tokens_)
    throw Error(ErrorKind::Budget, "the shortest text that satisfies the constraint takes " + std::to_string(needed) +
                                       " tokens, more than max_tokens=" + std::to_string(max_tokens_) +
                                       "; raise max_tokens or loosen the constraint");
}

uint32_t Matcher::budget() const {
  if (max_tokens_ == kNoBudget) return kNoBudget;
  size_t read = states_.size() - 1;
  return read >= max_tokens_ ? 0 : max_tokens_ - static_cast<uint32_t>(read);
}

bool Matcher::fill(uint32_t* out) {
  if (finished_) {  // nothing may follow but the end itself
    std::memset(out, 0, vocab().words() * sizeof(uint32_t));
    for (uint32_t id : vocab().eos()) out[id >> 5] |= 1u << (id & 31);
    return true;
  }
  return max_tokens_ == kNoBudget ? masks().fill(state(), at_start(), out)
                                  : masks().fill_within(state(), at_start(), budget(), out);
}

std::optional<bool> Matcher::fill_known(const MaskEngine::Known& known, uint32_t* out) {
  return finished_ ? fill(out) : known.fill(state(), at_start(), budget(), out);
}

ExprId Matcher::next(ExprId state, bool at_start, uint32_t token, uint32_t budget) {
  if (budget == 0) return kEmpty;
  ExprId after = masks().advance(state, at_start, token);
  if (after != kEmpty && budget != kNoBudget && !masks().suffices(after, budget - 1)) return kEmpty;
  return after;
}

bool Matcher::allows(uint32_t token) {
  if (token >= vocab().size())
    throw Error(ErrorKind::Vocabulary, "token id " + std::to_string(token) + " is outside the vocabulary of " +
                                           std::to_string(vocab().size()) + " ids");
  if (vocab().is_eos(token)) return finished_ || pool().accepting(state());
  return !finished_ && next(state(), at_start(), token, budget()) != kEmpty;
}

bool Matcher::advance(uint32_t token) {
  if (token >= vocab().size()) return allows(token);
  if (finished_) return false;
  if (vocab().is_eos(token)) return finished_ = pool().accepting(state());
  ExprId after = next(state(), at_start(), token, budget());
  if (after == kEmpty) return false;
  states_.push_back(after);
  return true;
}

uint32_t Matcher::validate(std::span<const int64_t> tokens) {
  ExprId at = state();
  uint32_t budget = this->budget();
  bool start = at_start(), finished = finished_;
  uint32_t accepted = 0;
  for (int64_t token : tokens) {
    if (finished || token < 0 || token >= vocab().size()) break;
    if (vocab().is_eos(static_cast<uint32_t>(token))) {
      if (!pool().accepting(at)) break;
      finished = true;
    } else {
      ExprId after = next(at, start, static_cast<uint32_t>(token), budget);
      if (after == kEmpty) break;
      at = after;
      start = false;
      if (budget != kNoBudget) --budget;
    }
    ++accepted;
  }
  return accepted;
}

void Matcher::rollback(uint32_t tokens) {
  if (tokens > tokens_read())
    throw Error(ErrorKind::Vocabulary, "cannot roll back " + std::to_string(tokens) + " tokens; " +
                                           std::to_string(tokens_read()) + " have been read");
  if (tokens == 0) return;
  if (finished_) --tokens;
  finished_ = false;
  states_.resize(states_.size() - tokens);
}

void Matcher::reset() {
  states_.resize(1);
  finished_ = false;
}

uint32_t Matcher::tokens_to_finish() { return finished_ ? 0 : masks().tokens_to_finish(state(), at_start()); }

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
  if (finished_) return out;
  std::lock_guard lock(pool().mutex());
  for (ExprId at = state(); out.size() < limit && !pool().nullable(at);) {
    const ByteClasses& classes = pool().classes(at);
    ExprId only = kEmpty;
    int members = 0;
    uint8_t byte = 0;
    for (int b = 0; b < 256 && members < 2; ++b) {
      ExprId after = pool().step_held(at, classes.representative[classes.of[b]]);
      if (after == kEmpty) continue;
      ++members;
      byte = static_cast<uint8_t>(b);
      only = pool().step_held(at, byte);
    }
    if (members != 1) break;
    out.push_back(static_cast<char>(byte));
    at = only;
  }
  return out;
}

size_t Matcher::check(std::string_view text, bool& accepted) {
  accepted = false;
  if (finished_) return 0;
  ExprId at = state();
  for (size_t i = 0; i < text.size(); ++i) {
    at = pool().step(at, static_cast<uint8_t>(text[i]));
    if (at == kEmpty) return i;
  }
  accepted = pool().accepting(at);
  return text.size();
}

}  // namespace decodex
