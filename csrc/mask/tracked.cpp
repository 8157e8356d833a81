// Masks of an intersection of one expression that has rules, a stack of parts, with regular ones that read the same text
// to its end, the trackers: phrases, lengths. The two are read side by side, so a state of both is made only where a
// token ends; inside a lexeme of the stack, by a table of the lexeme and the trackers that does not depend on the stack.
//
// Two kinds of trackers are kept out of that table, so that few states of them need one. What must still be found can
// be found whatever was read: such a tracker knows a floor (RuleSource::floor), and where the floor can be completed
// behind a separator, so can all its states. And what counts is read from nothing (RuleSource::counter), so one table
// serves all counts.
#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include "mask/draft.h"

namespace decodex {

namespace {

// The states along a text, of which the next one that is read may share the beginning.
class Path {
 public:
  Path(ExprPool& pool, ExprId start) : pool_(pool), states_{start} {}
  ExprId read(std::string_view text) {
    size_t same = 0;
    while (same < text.size() && same < text_.size() && text[same] == text_[same]) ++same;
    text_ = text;
    states_.resize(std::min(states_.size(), same + 1));
    while (states_.size() <= text.size() && states_.back() != kEmpty)
      states_.push_back(pool_.step_held(states_.back(), static_cast<uint8_t>(text[states_.size() - 1])));
    return states_.back();
  }

 private:
  ExprPool& pool_;
  std::string_view text_;
  std::vector<ExprId> states_;   // after none, one, ... of its bytes, up to where nothing goes on
};

struct TripleHash {
  size_t operator()(const std::array<ExprId, 3>& key) const {
    uint64_t h = 0;
    for (ExprId e : key) h = (h ^ static_cast<uint32_t>(e)) * 0xff51afd7ed558ccdull, h ^= h >> 32;
    return h;
  }
};

}  // namespace

Tracked split_tracked(ExprPool& pool, ExprId e) {
  const Node& n = pool.node(e);
  if (n.kind != Kind::Conj || (n.flags & (kLookbehind | kLookahead)) || !(n.flags & kHasRule)) return {};
  ExprId stack = kEmpty;
  std::vector<ExprId> trackers;
  for (ExprId kid : pool.kids(e)) {
    if (!(pool.node(kid).flags & kHasRule)) trackers.push_back(kid);
    else if (stack == kEmpty) stack = kid;
    else return {};
  }
  if (trackers.empty()) return {};
  return {stack, pool.conj(trackers)};
}

// The trackers of one state, by how they are treated, and what can be completed with them.
class MaskEngine::Trackers {
 public:
  Trackers(ExprPool& pool, ExprId tracker, const Draft& draft) : pool_(pool), draft_(draft) {
    std::vector<ExprId> floored, floors, others;
    const ExprId single[] = {tracker};
    for (ExprId part : pool.node(tracker).kind == Kind::Conj ? pool.kids(tracker) : std::span<const ExprId>(single)) {
      const auto floor = pool.floor_of(part);
      if (floor.state == kEmpty) {
        others.push_back(part);
        continue;
      }
      floored.push_back(part);
      floors.push_back(floor.state);
      separators = separators & *floor.separators;
    }
    if (separators.empty()) {   // no character separates all phrases
      others.insert(others.end(), floored.begin(), floored.end());
      floored.clear(), floors.clear();
    }
    this->floored = pool.conj(floored);
    this->floor = pool.conj(floors);
    this->others = pool.conj(others);
  }

  bool has_floor() const { return floored != kAnything; }
  // These are live after every text, so nothing is asked on the way.
  ExprId floored_after(std::string_view text) {
    ExprId e = floored;
    if (has_floor())
      for (char c : text) e = pool_.derive(e, static_cast<uint8_t>(c));
    return e;
  }

  // The others, with those that count from nothing in place of those that count.
  ExprId counters() {
    std::vector<ExprId> out;
    const ExprId single[] = {others};
    for (ExprId part : pool_.node(others).kind == Kind::Conj ? pool_.kids(others) : std::span<const ExprId>(single)) {
      const Node& n = pool_.node(part);
      const ExprId counter = pool_.is_regular_rule(part) ? pool_.source(n.a).counter(pool_, n.key) : kEmpty;
      if (counter != kEmpty) counting_.emplace(n.a, n.key);
      out.push_back(counter != kEmpty ? counter : part);
    }
    return pool_.conj(out);
  }
  // Where the others stand when those have come to `counted`.
  ExprId resumed(ExprId counted) {
    if (counting_.empty()) return counted;
    auto [it, fresh] = resumed_.try_emplace(counted, kEmpty);
    if (fresh) it->second = resume(counted);
    return it->second;
  }

  // Can these be completed together, `more` bytes later? Notes how far it is at the most.
  bool complete(ExprId stack, ExprId others, ExprId floored, uint32_t more) {
    if (stack == kEmpty || others == kEmpty || floored == kEmpty) return false;
    auto [it, fresh] = known_.try_emplace({stack, others, floored}, kInfinite);
    if (fresh) {
      const std::array<ExprId, 3> parts{stack, others, floored};
      const ExprId state = pool_.conj(parts);
      if (pool_.live(state)) it->second = draft_.counts_tokens() ? 0 : pool_.shortest(state);
    }
    if (it->second != kInfinite) after = std::max(after, it->second + more);
    return it->second != kInfinite;
  }
  // A way out by the floor: a separator that the stack reads, then what is left of the floor.
  bool complete_by_floor(ExprId stack, ExprId others, uint32_t more) {
    auto [it, fresh] = separated_.try_emplace(stack, Separated{0, kEmpty});
    if (fresh)
      for (const char c : kSeparators)
        if (separators.has(static_cast<uint8_t>(c)))
          if (const ExprId next = pool_.step_held(stack, static_cast<uint8_t>(c)); next != kEmpty) {
            it->second = {static_cast<uint8_t>(c), next};
            break;
          }
    const auto [separator, next] = it->second;
    return next != kEmpty && complete(next, pool_.step_held(others, separator), floor, more + 1);
  }

  ByteSet separators = ByteSet::all();
  ExprId floored, floor, others;
  uint32_t after = 0;   // bytes

 private:
  // The rules that count may stand behind what is left of a character.
  ExprId resume(ExprId e) {
    const Node& n = pool_.node(e);
    if (n.kind == Kind::Rule) {
      auto known = counting_.find(n.a);
      return known == counting_.end() || (n.flags & kHasRule) ? e : pool_.source(n.a).resume(pool_, known->second, n.key);
    }
    if (n.kind == Kind::Concat) return pool_.concat(ExprId{n.a}, resume(ExprId{n.b}));
    if (n.kind != Kind::Conj && n.kind != Kind::Alt) return e;
    std::vector<ExprId> parts;
    for (ExprId kid : pool_.kids(e)) parts.push_back(resume(kid));
    return n.kind == Kind::Conj ? pool_.conj(parts) : pool_.alt(parts);
  }

  ExprPool& pool_;
  const Draft& draft_;
  std::unordered_map<uint32_t, uint64_t> counting_;   // source -> key
  std::unordered_map<ExprId, ExprId> resumed_;
  std::unordered_map<std::array<ExprId, 3>, uint32_t, TripleHash> known_;
  struct Separated {
    uint8_t separator;
    ExprId next;   // kEmpty: there is none
  };
  std::unordered_map<ExprId, Separated> separated_;
};

// The mask of a state that counts, where what is counted makes no difference: not if many more had been counted, nor if
// nothing were. nullptr: it does, or nothing is counted.
const Mask* MaskEngine::mask_of_any_count(ExprId state) {
  const auto [stack, tracker] = split_tracked(pool_, state);
  if (stack == kEmpty || !vocab_.spells_every_byte()) return nullptr;
  std::vector<ExprId> tight{stack}, loose{stack};
  const ExprId single[] = {tracker};
  for (ExprId part : pool_.node(tracker).kind == Kind::Conj ? pool_.kids(tracker) : std::span<const ExprId>(single)) {
    const Node& n = pool_.node(part);
    const ExprId tightened = pool_.is_regular_rule(part) ? pool_.source(n.a).tightened(pool_, n.key) : kEmpty;
    tight.push_back(tightened != kEmpty ? tightened : part);
    if (tightened == kEmpty) loose.push_back(part);
  }
  const ExprId tightest = pool_.conj(tight), loosest = pool_.conj(loose);
  if (tightest == state || loosest == state || !pool_.live(tightest)) return nullptr;
  std::vector<uint32_t> least(vocab_.words()), most(vocab_.words());
  copy(*make(tightest, false), state, least.data());
  copy(*make(loosest, false), state, most.data());
  return least == most ? find(tightest, false) : nullptr;   // the first may have been dropped to make the second
}

bool MaskEngine::add_tracked(ExprId e, Draft& draft) {
  const auto [stack, tracker] = split_tracked(pool_, e);
  if (stack == kEmpty) return false;
  Trackers trackers(pool_, tracker, draft);
  std::vector<ExprId> plain;
  if (pool_.has_capture_at_head(stack)) {   // read without its word, which makes a difference to few tokens
    const ExprId wordless = draft.counts_tokens() ? kEmpty : pool_.without_words(stack);
    if (wordless == kEmpty) return false;
    constexpr size_t kMostJudged = 5'000;
    Draft inner, walked;
    std::vector<uint32_t> leaving;   // the word may matter to these
    inner.leaving = &leaving;
    add_stack(wordless, kEpsilon, trackers, inner, plain);
    if (!plain.empty()) walk_pairs(pool_.alt(plain), trackers, walked);
    leaving.insert(leaving.end(), walked.ids.begin(), walked.ids.end());
    if (leaving.size() > kMostJudged) return false;
    draft.by_word = draft.by_word || walked.by_word;
    draft.dense.insert(draft.dense.end(), inner.dense.begin(), inner.dense.end());
    draft.ids.insert(draft.ids.end(), inner.ids.begin(), inner.ids.end());
    for (uint32_t id : leaving)
      if (pool_.run_held(stack, vocab_.token(id)) != kEmpty) draft.ids.push_back(id);
      else draft.by_word = true;
  } else {
    add_stack(stack, kEpsilon, trackers, draft, plain);
    if (!plain.empty()) walk_pairs(pool_.alt(plain), trackers, draft);
  }
  draft.reach(trackers.after);
  return true;
}

// As add(), for a stack that is tracked; what has no table goes to `plain`.
void MaskEngine::add_stack(ExprId e, ExprId tail, Trackers& trackers, Draft& draft, std::vector<ExprId>& plain) {
  const Node& n = pool_.node(e);
  if (n.kind == Kind::Epsilon) {
    if (tail != kEpsilon) add_stack(tail, kEpsilon, trackers, draft, plain);
  } else if (n.kind == Kind::Alt) {
    for (ExprId kid : pool_.kids(e)) add_stack(kid, tail, trackers, draft, plain);
  } else if (n.kind == Kind::Concat && !(n.flags & (kLookahead | kLookbehind)) &&
             (pool_.node(ExprId{n.a}).kind == Kind::Lexeme || pool_.node(ExprId{n.a}).kind == Kind::Alt)) {
    add_stack(ExprId{n.a}, pool_.concat(ExprId{n.b}, tail), trackers, draft, plain);
  } else if (n.kind == Kind::Lexeme && !(n.flags & kHasRule) && !draft.counts_tokens() && add_product(e, tail, trackers, draft)) {
    if (pool_.nullable(e) && tail != kEpsilon) add_stack(tail, kEpsilon, trackers, draft, plain);
  } else {
    plain.push_back(pool_.concat(e, tail));
  }
}

// The tokens of lexeme·tail by the table. False when some tokens that stay lead where nothing can be completed.
bool MaskEngine::add_product(ExprId lexeme, ExprId tail, Trackers& trackers, Draft& draft) {
  const ExprId home = home_of(pool_, lexeme);
  if (trackers.has_floor() && pool_.staying_character(home, trackers.separators) < 0) return false;
  const ProductTable& table = product_for(lexeme, trackers.counters());
  if (!table.usable) return false;
  const ExprId stack = pool_.concat(home, tail);
  for (ExprId counted : table.trackers) {
    const ExprId others = trackers.resumed(counted);
    if (trackers.has_floor() ? !trackers.complete_by_floor(stack, others, 0) : !trackers.complete(stack, others, kAnything, 0)) return false;
  }
  trackers.after += kCutCharacter;
  uint32_t k = 0;
  for (const ProductTable::End& end : table.ends) {
    const ExprId back = end.back == kEmpty ? kEmpty : trackers.resumed(end.back);
    const bool returns = back != kEmpty && (trackers.has_floor() ? trackers.complete_by_floor(stack, back, end.way)
                                                                 : trackers.complete(stack, back, kAnything, end.way));
    const ExprId others = returns ? kEmpty : trackers.resumed(end.tracker);
    for (; k < end.end; ++k) {
      const uint32_t id = table.end_ids[k];
      if (returns || trackers.complete(pool_.concat(end.lexeme, tail), others, trackers.floored_after(vocab_.token(id)), 0))
        draft.ids.push_back(id);
    }
  }
  Path below(pool_, tail);
  for (const ProductTable::Exit& exit : table.exits) {
    const std::string_view token = vocab_.token(exit.id), remainder = token.substr(exit.read);
    ExprId rest = below.read(remainder);
    if (rest != kEmpty && pool_.has_capture_at_head(rest)) rest = pool_.without_words(rest);
    if (rest == kEmpty) continue;
    const ExprId read = pool_.run_held(trackers.resumed(exit.tracker), remainder);
    const bool separated = trackers.has_floor() && trackers.separators.has(static_cast<uint8_t>(token.back()));
    if ((separated && trackers.complete(rest, read, trackers.floor, 0)) ||
        trackers.complete(rest, read, trackers.floored_after(token), 0))
      (draft.leaving ? *draft.leaving : draft.ids).push_back(exit.id);
  }
  add_staying(table.staying, draft);
  return true;
}

const ProductTable& MaskEngine::product_for(ExprId lexeme, ExprId tracker) {
  auto& table = products_[uint64_t{static_cast<uint32_t>(lexeme)} << 32 | static_cast<uint32_t>(tracker)];
  if (!table) {
    table = std::make_unique<ProductTable>(make_product_table(pool_, vocab_, lexeme, tracker, absorptions_));
    bytes_ += table->memory();
  }
  table_read_at_[table.get()] = clock_.load(std::memory_order_relaxed);
  return *table;
}

// Adds the ids of the vocabulary after which stack and trackers can be completed together.
void MaskEngine::walk_pairs(ExprId stack, Trackers& trackers, Draft& draft) {
  ++stats_.walks;
  struct Place {
    ExprPool::Cursor stack, others;
    bool wordless = false;   // a capture was met, and is read without its word
  };
  const TokenTrie& trie = vocab_.trie();
  std::string bytes(trie.max_depth() + 1, '\0');
  uint64_t last = UINT64_MAX;
  bool last_good = false;   // by the floor, so for all that lead there
  trie.walk(Place{pool_.cursor(stack), pool_.cursor(trackers.others)}, [&](uint32_t i, uint32_t depth, const Place& above, Place& here) {
    bytes[depth - 1] = static_cast<char>(trie.byte(i));
    here.stack = pool_.step_cursor(above.stack, trie.byte(i));
    here.wordless = above.wordless || here.stack.captures;
    if (here.stack.captures && here.stack.state != above.stack.state && !draft.counts_tokens()) {
      if (!above.wordless) {
        here.stack = pool_.cursor(pool_.without_words(here.stack.state));
      } else {   // a second one, for which the first one's word may matter
        here.stack = pool_.cursor(pool_.run_held(stack, std::string_view(bytes).substr(0, depth)));
        draft.by_word = true;
      }
    }
    if (here.stack.state == kEmpty) return TokenTrie::Go::kPast;
    here.others = pool_.step_cursor(above.others, trie.byte(i));
    if (here.others.state == kEmpty) return TokenTrie::Go::kPast;
    const auto ids = trie.ids_at(i);
    if (ids.empty()) return TokenTrie::Go::kInto;
    const uint64_t pair = uint64_t{static_cast<uint32_t>(here.stack.state)} << 32 | static_cast<uint32_t>(here.others.state);
    if (pair != last || !last_good) {
      last = pair;
      last_good = !draft.counts_tokens() && trackers.has_floor() && trackers.complete_by_floor(here.stack.state, here.others.state, 0);
    }
    bool good = last_good;
    if (!good) {
      const bool separated = !draft.counts_tokens() && trackers.has_floor() && trackers.separators.has(trie.byte(i));
      good = separated && trackers.complete(here.stack.state, here.others.state, trackers.floor, 0);
    }
    if (!good) {
      const ExprId floored = trackers.floored_after(vocab_.token(ids[0]));
      good = trackers.complete(here.stack.state, here.others.state, floored, 0);
      if (good && draft.counts_tokens()) {
        const std::array<ExprId, 3> parts{here.stack.state, here.others.state, floored};
        const ExprId state = pool_.conj(parts);
        good = draft.budget == kUnbounded || fits(state, draft.budget, false);
        if (good) draft.reach(way_out(state, draft, false));
      }
    }
    if (good) draft.ids.insert(draft.ids.end(), ids.begin(), ids.end());
    return TokenTrie::Go::kInto;
  });
}

}  // namespace decodex
