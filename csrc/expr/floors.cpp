// A way to complete many trackers at once: what is left to find after a separator does not depend on what was being
// read (RuleSource::floor), so one search serves all places of a text.
#include <algorithm>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "expr/context_free.h"
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
  for (const char c : kSeparators)
    if (set.has(static_cast<uint8_t>(c)) && step_held(lexeme, static_cast<uint8_t>(c)) == lexeme) return c;
  return -1;
}

ExprId ExprPool::stack_of(ExprId conj) const {
  ExprId stack = kEmpty;
  for (ExprId kid : kids(conj))
    if (node(kid).flags & kHasRule) {
      if (stack != kEmpty) return kEmpty;
      stack = kid;
    }
  return stack;
}

// Intersections that are known to be live, a few for each stack.
void ExprPool::remember_completed(ExprId e) {
  constexpr size_t kMost = 32;
  if (node(e).kind != Kind::Conj) return;
  std::vector<ExprId>& known = completed_[stack_of(e)];
  if (known.size() == kMost) known.erase(known.begin());
  known.push_back(e);
}

// Is every part of `e` a part of `more`, or does it include one?
bool ExprPool::has_parts_of(ExprId more, ExprId e) const {
  return std::ranges::all_of(kids(e), [&](ExprId part) {
    return std::ranges::any_of(kids(more), [&](ExprId other) {
      if (other == part) return true;
      return is_regular_rule(part) && is_regular_rule(other) && node(part).a == node(other).a &&
             sources_[node(part).a]->includes(node(part).key, node(other).key);
    });
  });
}

// Bytes of a word of an intersection, where one with all of its parts and more is known to have it.
std::optional<uint32_t> ExprPool::shortest_by_more_parts(ExprId e) {
  std::vector<ExprId> tight;   // the same, but that more has been counted
  for (ExprId kid : kids(e)) {
    const ExprId tightened = is_regular_rule(kid) ? sources_[node(kid).a]->tightened(*this, node(kid).key) : kEmpty;
    tight.push_back(tightened != kEmpty ? tightened : kid);
  }
  if (const ExprId tightest = conj(tight); tightest != e && node(tightest).kind == Kind::Conj)
    if (auto length = from(e, {tightest})) return length;
  auto known = completed_.find(stack_of(e));
  if (known == completed_.end()) return std::nullopt;
  for (ExprId more : known->second)
    if (has_parts_of(more, e)) return from(e, {more});
  return std::nullopt;
}

// The length of the word that a state has from another one, which is noted.
std::optional<uint32_t> ExprPool::from(ExprId e, Source source) {
  const uint32_t length = shortest(source.state);
  if (length == kInfinite) return std::nullopt;
  if (node(e).life.load(std::memory_order_relaxed) != kNotAsked) return node(e).shortest;   // its word leads through here
  word_from_[e] = source;
  return length + static_cast<uint32_t>(source.text ? source.text->size() : source.byte >= 0 ? 1 : 0);
}

// Bytes of a word of an intersection that begins with a separator; nullopt: none is known so.
std::optional<uint32_t> ExprPool::shortest_by_floor(ExprId e) {
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
  return from(e, {there, separator});
}

// Does each of the parts read the text, and then what comes behind it, to an accepted end?
bool ExprPool::each_accepts(std::span<const ExprId> parts, std::string_view text, std::string_view behind) {
  return std::ranges::all_of(parts, [&](ExprId part) {
    for (std::string_view piece : {text, behind})
      for (char c : piece)
        if ((part = step_held(part, static_cast<uint8_t>(c))) == kEmpty) return false;
    return nullable(part);
  });
}

// Bytes of the shortest word of an intersection of a stack with trackers, where it is that of the stack alone; nullopt: it is not.
std::optional<uint32_t> ExprPool::shortest_of_stack(ExprId e) {
  if (node(e).kind != Kind::Conj || (node(e).flags & (kLookahead | kLookbehind))) return std::nullopt;
  const ExprId stack = stack_of(e);
  if (stack == kEmpty || has_capture_at_head(e)) return std::nullopt;
  if (shortest(stack) == kInfinite) return kInfinite;
  const std::string word = some_word(stack);
  for (ExprId kid : kids(e))
    if (kid != stack && !each_accepts({&kid, 1}, "", word)) return std::nullopt;
  if (capture_count_ > 0 && !reads(stack, word)) return std::nullopt;   // captures may have read what comes
  return from(e, {stack});
}

// ---- one stack and regular parts ----

// Bytes of the shortest word of a stack and one regular part, and kInfinite where a stack has none in common with some
// part of the intersection. nullopt: neither.
std::optional<uint32_t> ExprPool::shortest_of_pairs(ExprId e) {
  const Node& n = node(e);
  if (n.kind != Kind::Conj || (n.flags & (kLookbehind | kLookahead))) return std::nullopt;
  const ExprId stack = stack_of(e);
  if (stack == kEmpty) return std::nullopt;
  std::optional<uint32_t> length;
  for (ExprId kid : kids(e)) {
    if (kid == stack || counts(kid)) continue;   // what counts has many states, and room
    const auto common = glance_->shortest(stack, kid);
    if (common && common->length == kInfinite) return kInfinite;
    if (common && common->exact) length = common->length;
  }
  return n.a == 2 ? length : std::nullopt;
}

// Notes the shortest word of a stack and one regular part, of which so many bytes were measured. False: it is not found.
bool ExprPool::spell_pair(ExprId e, uint32_t length) {
  struct Step {
    ExprId from, to;
    uint8_t byte;
    uint32_t left;   // behind it
  };
  constexpr size_t kLongest = 1'000;   // each byte asks for some more lengths
  if (length > kLongest) return false;
  std::vector<Step> word;
  while (length > 0 && node(e).kind == Kind::Conj) {
    const ByteClasses& cls = classes(e);
    bool found = false;
    for (int c = 0; c < cls.count && !found; ++c) {
      const ExprId next = without_words(derive(e, cls.representative[c]));
      if (next == kEmpty) continue;
      const auto left = nullable(next) ? std::optional<uint32_t>(0) : node(next).kind == Kind::Conj ? shortest_of_pairs(next) : shortest(next);
      if (!left || *left >= length) continue;
      word.push_back({e, next, cls.representative[c], *left});
      e = next;
      length = *left;
      found = true;
    }
    if (!found) return false;
  }
  for (const Step& step : word) {
    word_from_[step.from] = {step.to, step.byte};
    if (node(step.to).kind == Kind::Conj) set_shortest(step.to, step.left);
  }
  return true;
}

// Has a stack surely no word in common with all the other parts of an intersection, as far as `by` finds out? First
// without those that count, which have many states.
bool ExprPool::has_no_common_word(ExprId e, ContextFreeProduct& by) {
  const Node& n = node(e);
  if (n.kind != Kind::Conj || (n.flags & (kLookbehind | kLookahead))) return false;
  const ExprId stack = stack_of(e);
  if (stack == kEmpty) return false;
  std::vector<ExprId> others, all;
  for (ExprId kid : kids(e)) {
    if (kid == stack) continue;
    all.push_back(kid);
    if (!counts(kid)) others.push_back(kid);
  }
  auto none_with = [&](const std::vector<ExprId>& parts) {
    const auto common = by.shortest(stack, conj(parts));
    return common && common->length == kInfinite;
  };
  return (!others.empty() && others.size() < all.size() && none_with(others)) || none_with(all);
}

bool ExprPool::counts(ExprId e) { return is_regular_rule(e) && sources_[node(e).a]->counter(*this, node(e).key) != kEmpty; }

// ---- words ----

bool ExprPool::reads(ExprId e, std::string_view word) {
  if (node(e).kind == Kind::Conj && !(node(e).flags & (kLookahead | kLookbehind)))   // no states of all parts
    return std::ranges::all_of(kids(e), [&](ExprId part) { return reads(part, word); });
  for (char c : word) {
    if (e == kEmpty) return false;
    e = derive(e, static_cast<uint8_t>(c));
  }
  return e != kEmpty && nullable(e);
}

// A word as long as shortest() says. Captures are read as words that are never met again, as they were searched.
std::string ExprPool::some_word(ExprId e) {
  std::string out;
  for (size_t steps = 0; !nullable(e); ++steps) {
    const Node& n = node(e);
    if (out.size() > kLongestWord || steps > 4 * kLongestWord)
      throw Error(ErrorKind::Limit, "the shortest completion is longer than 4 MiB; no token budget can be kept");
    const bool by_parts = decomposes(e) && n.kind != Kind::Alt && n.life.load(std::memory_order_relaxed) != kNotAsked;
    if (auto source = word_from_.find(e); source != word_from_.end() && !by_parts) {
      if (source->second.text) out += *source->second.text;
      else if (source->second.byte >= 0) out.push_back(static_cast<char>(source->second.byte));
      e = source->second.state;
    } else if (n.kind == Kind::Lexeme) {
      e = ExprId{n.a};
    } else if (n.kind == Kind::Rule) {
      e = expand(e);
    } else if (n.kind == Kind::Alt) {
      e = *std::ranges::min_element(kids(e), {}, [&](ExprId kid) { return shortest(kid); });
    } else if (n.kind == Kind::Concat && decomposes(e)) {
      out += some_word(ExprId{n.a});
      e = ExprId{n.b};
    } else {
      const int byte = first_of_shortest(e);
      const ExprId next = byte < 0 ? kEmpty : without_words(derive(e, static_cast<uint8_t>(byte)));
      if (next == kEmpty) throw Error(ErrorKind::Limit, "no word of an intersection can be spelled; simplify the constraint");
      out.push_back(static_cast<char>(byte));
      e = next;
    }
  }
  return out;
}

ExprId ExprPool::run_towards(ExprId from, std::string_view text, ExprId like) {
  ExprId e = from;
  for (size_t i = 0; i < text.size() && e != kEmpty; ++i) e = derive(e, static_cast<uint8_t>(text[i]));
  const Node& n = node(e);
  if (e == like || !(n.flags & kSearch) || decomposes(e) || n.life.load(std::memory_order_relaxed) != kNotAsked) return e;
  if (const uint32_t length = shortest(like); length != kInfinite && reads(e, some_word(like))) {
    set_shortest(e, length);
    word_from_[e] = {like};
  }
  return e;
}

std::optional<std::string> ExprPool::known_word(ExprId e) {
  for (ExprId head = e;;) {
    const Node& n = node(head);
    if (!(n.flags & kSearch) || nullable(head)) return std::nullopt;
    if (auto source = word_from_.find(head); source != word_from_.end()) {
      if (source->second.byte >= 0 && !(n.flags & kHasRule)) return std::nullopt;   // byte after byte will do
      break;
    }
    if (n.kind == Kind::Lexeme || (n.kind == Kind::Concat && decomposes(head))) head = ExprId{n.a};
    else if (n.kind == Kind::Alt) head = *std::ranges::min_element(kids(head), {}, [&](ExprId kid) { return shortest(kid); });
    else return std::nullopt;
  }
  std::string word = some_word(e);
  for (size_t i = 0; i < word.size(); ++i) {
    const Node& n = node(e);
    const auto left = static_cast<uint32_t>(word.size() - i);
    const ExprId next = derive(e, static_cast<uint8_t>(word[i]));
    if ((n.flags & kSearch) && !decomposes(e) && (n.life.load(std::memory_order_relaxed) == kNotAsked || n.shortest >= left)) {
      set_shortest(e, left);
      word_from_[e] = {next, static_cast<uint8_t>(word[i])};
    }
    e = next;
  }
  return word;
}

}  // namespace decodex
