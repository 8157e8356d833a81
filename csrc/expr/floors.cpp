// A way to complete many trackers at once: what is left to find after a separator does not depend on what was being
// read (RuleSource::floor), so one search serves all places of a text.
#include <algorithm>
#include <optional>
#include <vector>

#include "expr/pool.h"

namespace decodex {

RuleSource::Floor ExprPool::floor_of(ExprId tracker) {
  auto of_rule = [&](ExprId e) { return is_regular_rule(e) ? sources_[node(e).a]->floor(*this, node(e).key) : RuleSource::Floor{}; };
  if (node(tracker).kind != Kind::Alt) return of_rule(tracker);
  for (ExprId arm : kids(tracker))
    if (const RuleSource::Floor floor = of_rule(arm); floor.state != kEmpty) return floor;
  return {};
}

int ExprPool::staying_character(ExprId e, const ByteSet& set) {
  const ExprId lexeme = node(e).kind == Kind::Concat ? ExprId{node(e).a} : e;
  if (node(lexeme).kind != Kind::Lexeme) return -1;
  for (const char c : {'.', ',', ' ', ';', '-', '/', '!', '*'})
    if (set.has(static_cast<uint8_t>(c)) && step_held(lexeme, static_cast<uint8_t>(c)) == lexeme) return c;
  return -1;
}

namespace {

// The part of an intersection that has rules; kEmpty: there is none, or several.
ExprId stack_of(const ExprPool& pool, ExprId conj) {
  ExprId stack = kEmpty;
  for (ExprId kid : pool.kids(conj))
    if (pool.node(kid).flags & kHasRule) {
      if (stack != kEmpty) return kEmpty;
      stack = kid;
    }
  return stack;
}

}  // namespace

void ExprPool::remember_completed(ExprId e) {
  constexpr size_t kMost = 8;
  if (node(e).kind != Kind::Conj) return;
  std::vector<ExprId>& known = completed_[stack_of(*this, e)];
  if (known.size() == kMost) known.erase(known.begin());
  known.push_back(e);
}

// Bytes of a word of an intersection, where one with all of its parts and more is known to have it.
std::optional<uint32_t> ExprPool::shortest_by_more_parts(ExprId e) {
  if (node(e).kind != Kind::Conj) return std::nullopt;
  auto known = completed_.find(stack_of(*this, e));
  if (known == completed_.end()) return std::nullopt;
  for (ExprId more : known->second)
    if (std::ranges::includes(kids(more), kids(e))) return node(more).shortest;
  return std::nullopt;
}

// Bytes of a word of an intersection that begins with a separator; nullopt: none is known so.
std::optional<uint32_t> ExprPool::shortest_by_floor(ExprId e) {
  if (node(e).kind != Kind::Conj) return std::nullopt;
  std::vector<ExprId> rest, floors;
  ExprId stack = kEmpty;
  ByteSet separators = ByteSet::all();
  for (ExprId kid : kids(e)) {
    if (const RuleSource::Floor floor = floor_of(kid); floor.state != kEmpty) {
      floors.push_back(floor.state);
      separators = separators & *floor.separators;
    } else {
      rest.push_back(kid);
      if (node(kid).flags & kHasRule) stack = stack == kEmpty ? kid : kAnything;
    }
  }
  if (stack == kEmpty || stack == kAnything || floors.empty()) return std::nullopt;
  const int separator = staying_character(stack, separators);
  if (separator < 0) return std::nullopt;
  for (ExprId part : rest) {
    const ExprId then = step_held(part, static_cast<uint8_t>(separator));
    if (then == kEmpty) return std::nullopt;
    floors.push_back(then);
  }
  const ExprId there = conj(floors);
  if (there == e || there == kEmpty) return std::nullopt;
  const uint32_t length = shortest(there);
  return length == kInfinite ? std::nullopt : std::optional(length + 1);
}

}  // namespace decodex
