// Texts that complete a stack and trackers which look for something, whatever those have read so far: a text of the
// stack, and in it, at the nearest place where any text may stand, a separator and a text with all that is looked for
// (RuleSource::floor). They are kept for each state of the stack, so that it takes no search to know that a state of both
// can be completed, and where trackers count, how much of that they will count at the most.
// Methods: the place is found by Dijkstra's (1959), part by part.
#include <algorithm>
#include <functional>
#include <queue>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "expr/lengths.h"
#include "expr/pool.h"

namespace decodex {

namespace {

// One more, for as long as it lives.
struct Counted {
  explicit Counted(int& count) : count(++count) {}
  ~Counted() { --count; }
  int& count;
};

}  // namespace

// ---- where any text may stand ----

// The nearest state of a stack, read alone, that separators leave as it is. What stands there may be any text. The parts of
// the stack are passed by their shortest words, nearest first (Dijkstra 1959), so that it does not matter how many states
// they have; where a state is met of which it is known, it is not looked for again.
const ExprPool::Spot& ExprPool::free_spot(ExprId stack) {
  constexpr size_t kMostStacks = 1'000, kLongestWay = 1u << 16;
  if (auto known = spots_.find(stack); known != spots_.end()) return known->second;
  struct Reached {
    ExprId from;
    std::string way;   // from there
    uint64_t bytes;    // from the beginning
    bool by_word = false;
  };
  using Entry = std::pair<uint64_t, ExprId>;
  std::unordered_map<ExprId, Reached> reached{{stack, {stack, "", 0}}};
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  queue.emplace(0, stack);
  ExprId best = kEmpty;   // of which it is known, and from which it is nearest
  uint64_t nearest = UINT64_MAX;
  for (size_t looked = 0; !queue.empty() && queue.top().first < nearest && looked < kMostStacks; ++looked) {
    const auto [bytes, here] = queue.top();
    queue.pop();
    if (bytes > reached.at(here).bytes) continue;
    if (auto known = spots_.find(here); known != spots_.end()) {
      if (const Spot& spot = known->second; spot.state != kEmpty && bytes + spot.way.size() < nearest) {
        best = here;
        nearest = bytes + spot.way.size();
      }
      continue;
    }
    if (is_free(lexeme_at_head(here))) {
      spots_.emplace(here, Spot{here, "", kEmpty});
      best = here;
      nearest = bytes;
      break;
    }
    each_part_passed(here, [&](ExprId to, std::string way, bool by_word) {
      const uint64_t length = bytes + way.size();
      if (length > kLongestWay || to == kEmpty || shortest(to) == kInfinite) return;
      auto [it, fresh] = reached.try_emplace(to, Reached{here, "", UINT64_MAX});
      if (it->second.bytes <= length) return;
      it->second = {here, std::move(way), length, by_word};
      queue.emplace(length, to);
    });
  }
  if (best == kEmpty) return spots_[stack];
  Spot spot = spots_.at(best);
  for (ExprId e = best; e != stack;) {
    const Reached& step = reached.at(e);
    e = step.from;
    spot.way = step.way + spot.way;
    if (step.by_word) spot.gate = e;
    if (spots_.emplace(e, spot).second) source_bytes_ += spot.way.size();
  }
  return spots_.at(stack);
}

// Calls go(state, way, by_word) for what is left of a state behind its first part, or a step into that; `by_word`: a
// capture's word is taken for new.
template <class Go>
void ExprPool::each_part_passed(ExprId state, Go go) {
  constexpr size_t kLongestWay = 1u << 16;
  if (node(state).flags & (kLookahead | kLookbehind)) return;
  const bool followed = node(state).kind == Kind::Concat;
  const ExprId head = followed ? ExprId{node(state).a} : state, behind = followed ? ExprId{node(state).b} : kEpsilon;
  switch (node(head).kind) {
    case Kind::Bytes: {   // a text is one way
      std::string way;
      ExprId rest = state;
      for (const ByteSet* set; (set = leading_set(rest)) && way.size() <= kLongestWay; rest = ExprId{node(rest).b})
        way.push_back(static_cast<char>(set->first()));
      if (rest == state) go(behind, some_word(head), false);
      else go(rest, std::move(way), false);
      return;
    }
    case Kind::Alt:
      for (ExprId kid : kids(head)) go(concat(kid, behind), "", false);
      return;
    case Kind::Rule:
      go(concat(expand(head), behind), "", false);
      return;
    case Kind::Capture:
      if (const ExprId wordless = without_words(head); wordless != head) go(concat(wordless, behind), "", true);
      return;
    case Kind::Repeat: {
      const Node& n = node(head);
      go(concat({ExprId{n.a}, repeat(ExprId{n.a}, n.b > 0 ? n.b - 1 : 0, n.c == kUnbounded ? kUnbounded : n.c - 1), behind}), "", false);
      if (n.b == 0) go(behind, "", false);
      return;
    }
    case Kind::Concat:
      go(concat(ExprId{node(head).a}, concat(ExprId{node(head).b}, behind)), "", false);
      return;
    case Kind::Lexeme:
      if (const auto way = way_to_free(head)) go(concat(run_held(head, *way), behind), *way, false);
      break;
    default:
      break;
  }
  if (shortest(head) != kInfinite) go(behind, some_word(head), false);
}

// ---- what is put in there ----

const ExprPool::Filling& ExprPool::filling(ExprId stack, ExprId floor) {
  constexpr int kMostPlaces = 64;   // one behind the other
  const uint64_t key = uint64_t{static_cast<uint32_t>(stack)} << 32 | static_cast<uint32_t>(floor);
  const auto [known, fresh] = fillings_.try_emplace(key);   // none, for whoever asks on the way
  Filling& out = known->second;
  if (!fresh || shortest(stack) == kInfinite) return out;
  if (floor == kAnything) {
    out.bytes = shortest(stack);
    out.behind = stack;
    return out;
  }
  const Spot& spot = free_spot(stack);
  if (spot.state == kEmpty || places_ == kMostPlaces) return out;
  Filling found;
  if (spot.state == stack) {
    const Counted place(places_);
    found = filling_at(stack, floor);
  } else {
    const ExprId to = spot.gate != kEmpty && spot.gate != stack ? spot.gate : spot.state;   // from there on it was tried
    const Filling& there = filling(to, floor);
    if (there.bytes == kInfinite) return out;
    const std::string way = spot.way.substr(0, spot.way.size() - (to == spot.state ? 0 : free_spot(to).way.size()));
    found = {add_lengths(there.bytes, static_cast<uint32_t>(way.size())), way, {}, &there};
    if (spot.gate == stack && !reads(stack, text_of(found))) return out;
  }
  source_bytes_ += found.piece.size();
  return out = std::move(found);
}

// The same, where any text may stand at once. What does not fit in there is looked for behind.
ExprPool::Filling ExprPool::filling_at(ExprId spot, ExprId floor) {
  ExprId lexeme = lexeme_at_head(spot);
  const ExprId behind = node(spot).kind == Kind::Concat ? ExprId{node(spot).b} : kEpsilon;
  uint64_t room = kNoLimit;   // bytes
  if (const Relaxed unlimited = relaxed(lexeme); unlimited.limit != kNoLimit) lexeme = unlimited.expr, room = unlimited.limit;
  const std::string end = some_word(lexeme);
  const ExprId single[] = {floor};
  std::vector<ExprId> found, left;
  std::string text;
  std::vector<uint32_t> cuts;
  const std::string* all = text_with(lexeme, floor);
  const bool whole = all && all->size() + end.size() <= room;
  for (ExprId part : node(floor).kind == Kind::Conj ? kids(floor) : std::span<const ExprId>(single)) {
    const std::string* word = text_with(lexeme, part);
    const bool fits = word && text.size() + word->size() + end.size() <= room;
    if (fits) text += *word, cuts.push_back(static_cast<uint32_t>(text.size()));
    (fits ? found : left).push_back(part);
  }
  if (whole) {
    text += end;
  } else {
    const bool right = !found.empty() && each_accepts(found, text, end);
    text = right ? text + end : some_word(lexeme_at_head(spot));
    if (!right) left.insert(left.end(), found.begin(), found.end()), cuts.clear();
  }
  Filling out;
  const Filling& next = filling(behind, conj(left));
  if (next.bytes == kInfinite) return out;
  out = {add_lengths(next.bytes, static_cast<uint32_t>(text.size())), text, cuts, &next};
  if (capture_count_ > 0 && !reads(spot, text_of(out))) out.bytes = kInfinite;
  return out;
}

// A text with what trackers look for, each behind a separator, which a lexeme reads to be as it was. nullptr: none is known.
const std::string* ExprPool::text_with(ExprId lexeme, ExprId floor) {
  const auto [known, fresh] = inserted_.try_emplace(uint64_t{static_cast<uint32_t>(lexeme)} << 32 | static_cast<uint32_t>(floor));
  std::string& out = known->second;
  if (fresh) {
    out = node(floor).kind == Kind::Conj ? text_with_each(lexeme, kids(floor)) : text_with_one(lexeme, floor);
    source_bytes_ += out.size();
  }
  return out.empty() ? nullptr : &out;
}

std::string ExprPool::text_with_each(ExprId lexeme, std::span<const ExprId> floors) {
  std::string text;
  for (ExprId floor : floors) {
    const std::string* word = text_with(lexeme, floor);
    if (!word) return {};
    text += *word;
  }
  return each_accepts(floors, text, some_word(lexeme)) ? text : std::string();
}

// A shortest one.
std::string ExprPool::text_with_one(ExprId lexeme, ExprId floor) {
  constexpr uint64_t kMostStates = 2'000;
  const ByteSet* separators = floor_of(floor).separators;
  const int separator = separators ? staying_character(lexeme, *separators) : -1;
  const ExprId both = conj(lexeme, floor);
  if (separator < 0 || both == kEmpty) return {};
  if (node(both).kind == Kind::Conj && node(both).life.load(std::memory_order_relaxed) == kNotAsked) {   // not at any price
    const auto length = best_first(both, kMostStates, false, false);
    if (!length) return {};
    set_shortest(both, *length);
  }
  if (shortest(both) == kInfinite) return {};
  const std::string word = some_word(both);
  ExprId here = lexeme, tracker = floor;
  for (size_t read = 0; read < word.size() && here != kEmpty; ++read) {
    here = step_held(here, static_cast<uint8_t>(word[read]));
    tracker = step_held(tracker, static_cast<uint8_t>(word[read]));
    if (here == lexeme && nullable(tracker)) return static_cast<char>(separator) + word.substr(0, read + 1);
  }
  return {};
}

std::string ExprPool::text_of(const Filling& filling) {
  std::string text;
  const Filling* piece = &filling;
  for (; piece->next; piece = piece->next) text += piece->piece;
  return text + some_word(piece->behind);
}

ExprId ExprPool::lexeme_at_head(ExprId e) const {
  const ExprId head = node(e).kind == Kind::Concat ? ExprId{node(e).a} : e;
  return node(head).kind == Kind::Lexeme ? head : kEmpty;
}

// Do all the likeliest separators leave a lexeme as it is, but for a count that leaves much room?
bool ExprPool::is_free(ExprId lexeme) {
  if (lexeme == kEmpty) return false;
  if (const Relaxed unlimited = relaxed(lexeme); unlimited.limit != kNoLimit) lexeme = unlimited.expr;
  return std::ranges::all_of(kSeparators, [&](char c) { return step_held(lexeme, static_cast<uint8_t>(c)) == lexeme; });
}

// Bytes with which a lexeme comes to be free; nullopt: not soon. Breadth-first.
std::optional<std::string> ExprPool::way_to_free(ExprId lexeme) {
  if (auto known = ways_to_free_.find(lexeme); known != ways_to_free_.end()) return known->second;
  constexpr size_t kMostStates = 64;
  struct Reached {
    ExprId state;
    size_t from;
    char byte;
  };
  std::vector<Reached> reached{{lexeme, 0, 0}};
  std::unordered_set<ExprId> seen{lexeme};
  std::optional<std::string> way;
  for (size_t k = 0; k < reached.size() && seen.size() <= kMostStates && !way; ++k) {
    if (is_free(reached[k].state)) {
      way.emplace();
      for (size_t at = k; at > 0; at = reached[at].from) way->push_back(reached[at].byte);
      std::ranges::reverse(*way);
      break;
    }
    const ByteClasses& cls = classes(reached[k].state);
    for (int c = 0; c < cls.count; ++c) {
      const ExprId next = step_held(reached[k].state, cls.representative[c]);
      if (node(next).kind == Kind::Lexeme && seen.insert(next).second)
        reached.push_back({next, k, static_cast<char>(cls.representative[c])});
    }
  }
  ways_to_free_.emplace(lexeme, way);
  return way;
}

// Whatever it reads, does a lexeme come to be free again soon, if it has not ended? Bytes that this takes at the most;
// nullopt: not surely.
std::optional<uint32_t> ExprPool::always_comes_free(ExprId lexeme) {
  if (auto known = always_free_.find(lexeme); known != always_free_.end()) return known->second;
  constexpr size_t kMostStates = 64;
  std::vector<ExprId> states{lexeme};
  std::unordered_set<ExprId> seen{lexeme};
  std::optional<uint32_t> most = 0;
  for (size_t k = 0; k < states.size() && most; ++k) {
    const auto way = seen.size() <= kMostStates ? way_to_free(states[k]) : std::nullopt;
    most = way ? std::optional(std::max(*most, static_cast<uint32_t>(way->size()))) : std::nullopt;
    const ByteClasses& cls = classes(states[k]);
    for (int c = 0; c < cls.count && most; ++c) {
      const ExprId next = step_held(states[k], cls.representative[c]);
      if (next == kEmpty || next == kEpsilon) continue;
      if (node(next).kind != Kind::Lexeme || relaxed(next).limit != kNoLimit) most.reset();
      else if (seen.insert(next).second) states.push_back(next);
    }
  }
  always_free_.emplace(lexeme, most);
  return most;
}

ExprPool::Beside ExprPool::beside(ExprId e) {
  Beside out;
  if (node(e).kind != Kind::Conj || (node(e).flags & (kLookahead | kLookbehind))) return out;
  const ExprId stack = stack_of(e);
  std::vector<ExprId> floors;
  for (ExprId kid : kids(e)) {
    if (kid == stack) continue;
    const ExprId floor = floor_of(kid).state;
    if (floor == kEmpty) out.others.push_back(kid);
    else floors.push_back(floor);
  }
  if (!floors.empty()) out.stack = stack, out.floor = conj(floors);
  return out;
}

bool ExprPool::accept(std::span<const ExprId> trackers, const Filling& filling) {
  auto has_room_for_it = [&](ExprId tracker) { return counts(tracker) && has_room(tracker, units_of(node(tracker).a, filling)); };
  return std::ranges::all_of(trackers, has_room_for_it) || each_accepts(trackers, text_of(filling), "");
}

// Bytes of a word of an intersection of a stack with trackers that is made of a word of the stack, with all that must
// still be found put in where any text may stand. nullopt: that is none of its words.
std::optional<uint32_t> ExprPool::shortest_by_stack(ExprId e) {
  if (node(e).kind != Kind::Conj || has_capture_at_head(e)) return std::nullopt;
  std::string way;
  if (const ExprId free = run_to_free(e, way); free != kEmpty) return from(e, {free, -1, &*texts_.insert(way).first});
  const Beside parts = beside(e);
  if (parts.stack == kEmpty) return std::nullopt;
  const Filling* filled = &filling(parts.stack, parts.floor);
  if (filled->bytes == kInfinite || !accept(parts.others, *filled)) return std::nullopt;
  std::string text;
  for (; filled->next; filled = filled->next) text += filled->piece;
  const auto [kept, fresh] = texts_.insert(std::move(text));
  if (fresh) source_bytes_ += kept->size();
  return from(e, {filled->behind, -1, &*kept});
}

// Where a character or an escape has begun in a string, the trackers have no floor: it is read to its end first. Writes its
// bytes to `way`, and returns the state behind them; kEmpty: none has begun.
ExprId ExprPool::run_to_free(ExprId e, std::string& way) {
  const ExprId stack = node(e).kind == Kind::Conj ? stack_of(e) : kEmpty;
  const ExprId lexeme = stack == kEmpty ? kEmpty : lexeme_at_head(stack);
  const auto to_free = lexeme == kEmpty ? std::nullopt : way_to_free(lexeme);
  if (!to_free || to_free->empty()) return kEmpty;
  way = *to_free;
  for (char c : way) e = derive(e, static_cast<uint8_t>(c));
  return e;
}

std::vector<std::string> ExprPool::filled_words(ExprId e) {
  std::vector<std::string> out;
  if (has_capture_at_head(e)) e = without_words(e);
  std::string way;
  if (const ExprId free = run_to_free(e, way); free != kEmpty) {
    for (const std::string& word : filled_words(free)) out.push_back(way + word);
    return out;
  }
  const Beside parts = beside(e);
  if (parts.stack == kEmpty) return out;
  if (const Filling& filled = filling(parts.stack, parts.floor); filled.bytes != kInfinite && accept(parts.others, filled))
    out.push_back(text_of(filled));
  if (const ExprId lexeme = lexeme_at_head(parts.stack); lexeme != kEmpty && lexeme != parts.stack)
    if (const Filling& behind = filling(ExprId{node(parts.stack).b}, parts.floor); behind.bytes != kInfinite)
      if (std::string word = some_word(lexeme) + text_of(behind); each_accepts(parts.others, word, "")) out.push_back(std::move(word));
  return out;
}

// ---- what counts ----

bool ExprPool::has_room(ExprId tracker, uint32_t units) {
  if (!is_regular_rule(tracker)) return false;
  const uint32_t room = sources_[node(tracker).a]->room(node(tracker).key);
  return room == kInfinite || (units != kInfinite && units <= room);
}

uint32_t ExprPool::units_of(uint32_t source, const Filling& filling) {
  std::vector<const Filling*> pieces;
  const Filling* piece = &filling;
  for (; piece->next; piece = piece->next) pieces.push_back(piece);
  uint32_t units = units_of_word(source, piece->behind);
  for (size_t k = pieces.size(); k-- > 0;) units = add_lengths(units, units_in(source, pieces[k]->piece));
  return units;
}

// Units that begin in the word of an expression, or of what is left of it, part by part: those of a concatenation are no
// more than those of its parts.
uint32_t ExprPool::units_of_word(uint32_t source, ExprId e) {
  auto key = [&](ExprId part) { return uint64_t{source} << 32 | static_cast<uint32_t>(part); };
  std::vector<ExprId> heads;
  for (; node(e).kind == Kind::Concat && decomposes(e) && !units_.contains(key(e)); e = ExprId{node(e).b}) heads.push_back(e);
  auto of_part = [&](ExprId part) {
    if (auto known = units_.find(key(part)); known != units_.end()) return known->second;
    const uint32_t units = nullable(part) ? 0 : units_in(source, some_word(part));
    units_.emplace(key(part), units);
    return units;
  };
  uint32_t units = of_part(e);
  for (size_t k = heads.size(); k-- > 0;) {
    units = add_lengths(units, of_part(ExprId{node(heads[k]).a}));
    units_.emplace(key(heads[k]), units);
  }
  return units;
}

// Units that begin in a text, wherever in a unit it begins; kInfinite: not known.
uint32_t ExprPool::units_in(uint32_t source, std::string_view text) {
  uint32_t most = 0;
  for (ExprId state : sources_[source]->counters(*this)) {
    for (char c : text) state = derive(state, static_cast<uint8_t>(c));
    if (!is_regular_rule(state) || node(state).a != source) return kInfinite;
    most = std::max(most, sources_[source]->counted(node(state).key));
  }
  return most;
}

}  // namespace decodex
