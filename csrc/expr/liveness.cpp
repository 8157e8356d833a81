// Which expressions are empty: exact; and how long their shortest words are: exact where the search is short, otherwise
// the length of some word. Sums and minima decide all but intersections, complements and look-arounds; those are searched
// best-first over their derivatives (A*: the bytes read plus a lower bound of what is left), within
// Limits::search_states, and what was learnt on the way is kept. A search that takes long goes on without the counts
// that a short word cannot exhaust, then greedily, then part by part. What captures will read is taken for new at first;
// the word that is found so must be one with what they have read, or the search is done again word by word.
//
// Lengths are promises: budgets rest on them. Where a length is only that of some word, the next state need not be found
// to be one byte nearer, so each state that was searched says where its word goes on (word_from_), and who walks along it
// leaves the lengths behind (known_word).
#include <algorithm>
#include <climits>
#include <queue>
#include <unordered_map>

#include "expr/lengths.h"
#include "expr/pool.h"

namespace decodex {

namespace {

constexpr uint32_t kManyParts = 4;

}  // namespace

void ExprPool::throw_search_limit(ExprId e) const {
  const bool nested = node(e).kind == Kind::Conj && std::ranges::count_if(kids(e), [&](ExprId kid) { return node(kid).flags & kHasRule; }) > 1;
  throw Error(ErrorKind::Limit, "finding out whether an intersection or complement can be completed took more than " +
                                    std::to_string(limits_.search_states) + " states; " +
                                    (nested ? "no method decides it for all pairs of schemas or grammars: make one of them a "
                                              "regular constraint, join them in one schema (allOf), "
                                            : "simplify the constraint ") +
                                    "or raise Limits(search_states=...)");
}

// Can the node be judged by its children alone?
bool ExprPool::decomposes(ExprId e) const {
  const Node& n = node(e);
  switch (n.kind) {
    case Kind::Concat:
      return !(node(ExprId{n.a}).flags & kLookahead) && !(node(ExprId{n.b}).flags & kLookbehind) &&
             !(node(ExprId{n.a}).flags & kLookbehind);
    case Kind::Alt:
    case Kind::Lexeme:
      return true;
    case Kind::Repeat:
      return !(n.flags & (kLookahead | kLookbehind));
    case Kind::Capture:
      return true;
    default:
      return false;
  }
}

// An intersection of so many parts that an exact search would hardly end; phrases to be found make it longer.
bool ExprPool::is_wide(ExprId e) {
  const Node& n = node(e);
  if (n.kind != Kind::Conj || n.a + 1 < kManyParts) return false;
  return n.a >= kManyParts || std::ranges::any_of(kids(e), [&](ExprId kid) { return floor_of(kid).state != kEmpty; });
}

bool ExprPool::live(ExprId e) { return shortest(e) != kInfinite; }

void ExprPool::set_shortest(ExprId e, uint32_t length) {
  Node& n = nodes_[static_cast<uint32_t>(e)];
  if (nullable(e)) length = 0;   // its word may be the beginning of the one that led here
  n.shortest = length;
  n.life.store(length == kInfinite ? kDead : kLive, std::memory_order_release);
}

uint32_t ExprPool::shortest(ExprId e) {
  const Node& n = node(e);
  if (!(n.flags & kSearch) || n.life.load(std::memory_order_relaxed) != kNotAsked) return n.shortest;
  if (n.flags & kNullable) {
    set_shortest(e, 0);
    return 0;
  }
  uint32_t length = kInfinite;
  if (!decomposes(e)) {
    length = search_shortest(e);
  } else if (n.kind == Kind::Concat) {
    std::vector<ExprId> unknown;   // e and what is left behind its parts: a walk asks for each of them in turn
    ExprId rest = e;
    for (; node(rest).kind == Kind::Concat && decomposes(rest) && (node(rest).flags & kSearch) &&
           node(rest).life.load(std::memory_order_relaxed) == kNotAsked; rest = ExprId{node(rest).b})
      unknown.push_back(rest);
    length = shortest(rest);
    for (size_t i = unknown.size(); i-- > 0;) {
      if (length != kInfinite) length = add_lengths(length, shortest(ExprId{node(unknown[i]).a}));
      set_shortest(unknown[i], length);
    }
  } else if (n.kind == Kind::Alt) {
    for (ExprId kid : kids(e)) length = std::min(length, shortest(kid));
  } else if (n.kind == Kind::Repeat) {
    uint32_t inner = shortest(ExprId{n.a});
    length = n.b == 0 ? 0 : inner == kInfinite ? kInfinite : static_cast<uint32_t>(std::min<uint64_t>(uint64_t{inner} * n.b, kInfinite - 1));
  } else if (n.kind == Kind::Lexeme) {
    length = shortest(ExprId{n.a});
  } else if (n.kind == Kind::Capture) {
    const CaptureRecord& record = captures_[n.key];
    length = add_lengths(shortest(record.lexeme), record.tail_shortest);
  }
  set_shortest(e, length);
  if (length != kInfinite && is_wide(e)) remember_completed(e);
  return length;
}

uint32_t ExprPool::search_shortest(ExprId root) {
  constexpr uint64_t kExact = 64, kSoon = 300, kGreedy = 2'000;   // states looked at before another way is tried
  constexpr uint32_t kFar = 100;   // bytes more than there must be
  if (has_capture_at_head(root))   // some word that was not met before, if it leads on
    if (const ExprId wordless = without_words(root); wordless != root) {
      const uint32_t length = shortest(wordless);
      if (length == kInfinite || reads(root, some_word(wordless))) return length == kInfinite ? length : *from(root, {wordless});
      return search_with_words(root);
    }
  const bool many = is_wide(root);
  std::optional<uint32_t> known;   // the shortest word of those found, as masks promise any of them
  Source source;
  auto found = [&](std::optional<uint32_t> length) {
    if (length && (!known || *length < *known)) known = length, source = word_from_[root];
  };
  auto shortest_found = [&] {
    word_from_[root] = source;
    return *known;
  };
  if (many) found(shortest_by_more_parts(root));
  if (!known)
    if (auto length = shortest_of_stack(root)) return *length;
  if (!many)
    if (auto length = best_first(root, kExact, false, false)) return *length;
  if (const Relaxed without = relaxed(root); without.limit != kNoLimit) {
    const uint32_t length = shortest(without.expr);
    if (length == kInfinite) return kInfinite;
    if (length <= without.limit || reads(root, some_word(without.expr))) found(from(root, {without.expr}));
  }
  found(shortest_by_stack(root));
  if (many && !known) found(shortest_by_floor(root));
  if (many && !known) found(best_first(root, 4, false, false));
  if (known && (many || *known < kFar + node(root).shortest)) return shortest_found();
  if (!many) {
    if (auto length = best_first(root, kSoon, true, false)) {
      found(length);
      return shortest_found();
    }
  }
  if (auto length = shortest_of_pairs(root); length && (*length == kInfinite || spell_pair(root, *length))) return *length;
  if (many && has_no_common_word(root, *quick_)) return kInfinite;
  if (auto length = best_first(root, kGreedy, true, false)) {
    found(length);
    return shortest_found();
  }
  if (known) return shortest_found();
  if (has_no_common_word(root, *context_free_)) return kInfinite;
  if (auto length = best_first(root, limits_.search_states, false, false)) return *length;
  return search_with_words(root);
}

// The same where the very words that captures read are in the way.
uint32_t ExprPool::search_with_words(ExprId root) {
  for (bool greedy : {true, false})
    if (auto length = best_first(root, limits_.search_states / (greedy ? 4 : 1), greedy, true)) return *length;
  throw_search_limit(root);
}

// A* over derivatives: what is left is counted by its lower bound, so the word found is a shortest one. Or, `greedy`,
// the parts of an intersection are to be satisfied one after the other, the nearest first, so some word is found soon.
// Without `words`, captures are read as words that are never met again, and what was found is tried on the root.
// nullopt: not within so many states, or in vain.
std::optional<uint32_t> ExprPool::best_first(ExprId root, uint64_t most, bool greedy, bool words) {
  struct Seen {
    uint32_t distance;
    ExprId from;
    uint8_t byte = 0;
  };
  struct Entry {
    uint64_t estimate;
    uint32_t distance;
    ExprId e;
    bool operator<(const Entry& o) const {  // std::priority_queue takes the largest: least estimate, then deepest
      return estimate != o.estimate ? estimate > o.estimate : distance < o.distance;
    }
  };
  auto estimate = [&](ExprId e, uint32_t distance) -> uint64_t {
    constexpr uint64_t kPerByte = 8, kPerPart = 1'000;
    if (!greedy) return uint64_t{distance} + node(e).shortest;
    while (node(e).kind == Kind::Lexeme) e = ExprId{node(e).a};
    if (node(e).kind != Kind::Conj) return distance + kPerByte * node(e).shortest;
    uint64_t parts = 0, nearest = UINT32_MAX, all = 0;   // of those that are not satisfied
    for (ExprId kid : kids(e))
      if (const uint64_t left = node(kid).shortest; left > 0) {
        ++parts;
        nearest = std::min(nearest, left);
        all += left;   // so that a step which is on the way of one of them costs nothing
      }
    return distance + all + kPerPart * parts + (parts > 1 ? kPerByte * nearest : 0);
  };
  std::unordered_map<ExprId, Seen> seen{{root, {0, root}}};
  std::priority_queue<Entry> queue;
  queue.push({estimate(root, 0), 0, root});
  uint64_t visited = 0;
  while (!queue.empty()) {
    Entry top = queue.top();
    queue.pop();
    if (seen.at(top.e).distance < top.distance) continue;
    const bool exact = !(node(top.e).flags & kSearch) || node(top.e).life.load(std::memory_order_relaxed) != kNotAsked;
    const uint32_t left = nullable(top.e) ? 0 : node(top.e).shortest;
    if (nullable(top.e) || (exact && left != kInfinite)) {
      uint32_t total = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{top.distance} + left, kInfinite - 1));
      if (capture_count_ > 0 && (node(root).flags & kHasRule)) {   // is the word that was found one of the root's?
        std::string word;
        for (ExprId e = top.e; e != root; e = seen.at(e).from) word.push_back(static_cast<char>(seen.at(e).byte));
        std::ranges::reverse(word);
        if (!reads(root, word + some_word(top.e))) return std::nullopt;
      }
      for (ExprId e = top.e; e != root; e = seen.at(e).from) {
        const Seen& step = seen.at(e);
        word_from_[step.from] = {e, step.byte};
        // A union, too: the nearest of its arms may know another word, which would lead back here.
        if (step.from != root && (!decomposes(step.from) || (node(step.from).kind == Kind::Alt && (node(step.from).flags & kSearch))))
          set_shortest(step.from, total - seen.at(step.from).distance);
      }
      return total;
    }
    if (++visited > most || seen.size() > 16 * most) return std::nullopt;
    const ByteClasses& cls = classes(top.e);
    for (int c = 0; c < cls.count; ++c) {
      ExprId next = derive(top.e, cls.representative[c]);
      if (!words && has_capture_at_head(next)) next = without_words(next);
      if (next == kEmpty || node(next).shortest == kInfinite) continue;
      auto [it, fresh] = seen.try_emplace(next, Seen{top.distance + 1, top.e, cls.representative[c]});
      if (!fresh) {
        if (it->second.distance <= top.distance + 1) continue;
        it->second = {top.distance + 1, top.e, cls.representative[c]};
      }
      queue.push({estimate(next, top.distance + 1), top.distance + 1, next});
    }
  }
  for (auto& [e, where] : seen)  // everything reached is as empty as the root
    if (node(e).flags & kSearch) set_shortest(e, kInfinite);
  return kInfinite;
}

int ExprPool::first_of_shortest(ExprId e) {
  while (node(e).kind == Kind::Concat && decomposes(e) && shortest(ExprId{node(e).a}) == 0) e = ExprId{node(e).b};
  const uint32_t length = shortest(e);
  if (length == 0 || length == kInfinite) return -1;
  const Node& n = node(e);
  switch (n.kind) {
    case Kind::Bytes:
      return n.set->first();
    case Kind::Concat:
      if (!decomposes(e)) break;
      return first_of_shortest(ExprId{n.a});
    case Kind::Alt: {
      if (word_from_.contains(e)) break;
      int first = INT_MAX;
      for (ExprId kid : kids(e))
        if (shortest(kid) == length) first = std::min(first, first_of_shortest(kid));
      return first;
    }
    case Kind::Repeat:
      if (!decomposes(e)) break;
      return first_of_shortest(ExprId{n.a});
    case Kind::Lexeme:
      return first_of_shortest(ExprId{n.a});
    case Kind::Rule:
      return first_of_shortest(expand(e));
    case Kind::Capture:
      return first_of_shortest(captures_[n.key].lexeme);
    default:
      break;
  }
  auto source = word_from_.find(e);   // an intersection, a complement, a look-around: as it was searched
  if (source == word_from_.end()) return -1;
  if (source->second.text) return static_cast<uint8_t>(source->second.text->front());
  return source->second.byte >= 0 ? source->second.byte : first_of_shortest(source->second.state);
}

ExprId ExprPool::step_locked(ExprId state, uint8_t byte) {
  if (state == kEmpty) return kEmpty;
  ExprId next = derive(state, byte);
  if (next != kEmpty && !live(next)) next = kEmpty;
  if (reads_capture(state) || leading_set(state)) return next;
  Row& r = row(state);
  r.next[r.classes->of[byte]].store(static_cast<uint32_t>(next), std::memory_order_release);
  return next;
}

ExprId ExprPool::step_slow(ExprId state, uint8_t byte) {
  if (const auto next = known_step_of_set(state, byte)) return *next;
  std::lock_guard lock(mutex_);
  return step_locked(state, byte);
}

std::optional<ExprId> ExprPool::known_run(ExprId state, std::string_view text) {
  const size_t read = run_known(state, text);
  return read == text.size() || state == kEmpty ? std::optional(state) : std::nullopt;
}

ExprId ExprPool::run(ExprId state, std::string_view text, bool live) {
  const size_t read = run_known(state, text);
  return read == text.size() || state == kEmpty ? state : run_slow(state, text.substr(read), live);
}

// Reads as much of the text as is known where it leads, and says how much.
size_t ExprPool::run_known(ExprId& state, std::string_view text) const {
  size_t read = 0;
  for (; read < text.size() && state != kEmpty; ++read) {
    const auto byte = static_cast<uint8_t>(text[read]);
    if (const Row* row = rows_[static_cast<uint32_t>(state)].load(std::memory_order_acquire)) [[likely]] {
      const uint32_t next = row->next[row->classes->of[byte]].load(std::memory_order_acquire);
      if (next & kUnchecked) break;
      state = ExprId{next};
    } else if (const auto next = known_step_of_set(state, byte)) {
      state = *next;
    } else {
      break;
    }
  }
  return read;
}

// The step of a state that keeps no row, where it needs no search; nullopt otherwise. Takes no lock.
std::optional<ExprId> ExprPool::known_step_of_set(ExprId state, uint8_t byte) const {
  const ByteSet* set = leading_set(state);
  if (!set) return std::nullopt;
  if (!set->has(byte)) return kEmpty;
  const ExprId tail{node(state).b};
  const bool known = !(node(tail).flags & kSearch) || node(tail).life.load(std::memory_order_acquire) == kLive;
  return known ? std::optional(tail) : std::nullopt;
}

// What can be completed after the last byte can be completed after each of those before.
ExprId ExprPool::run_slow(ExprId state, std::string_view text, bool known_live) {
  std::lock_guard lock(mutex_);
  std::vector<ExprId> path{state};
  for (size_t i = 0; i < text.size() && path.back() != kEmpty; ++i) path.push_back(derive(path.back(), static_cast<uint8_t>(text[i])));
  if (path.back() == kEmpty || (!known_live && !live(path.back()))) return kEmpty;
  for (size_t i = 0; i < text.size(); ++i)
    if (leading_set(path[i])) {
      if (!known_live) live(path[i + 1]);   // so that the step is known
    } else if (!reads_capture(path[i])) {
      Row& r = row(path[i]);
      r.next[r.classes->of[static_cast<uint8_t>(text[i])]].store(static_cast<uint32_t>(path[i + 1]), std::memory_order_release);
    }
  return path.back();
}

}  // namespace decodex
