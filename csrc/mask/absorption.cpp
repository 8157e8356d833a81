#include "mask/absorption.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace decodex {

namespace {

// The bytes that can end a word of `e`, or more.
ByteSet last_bytes(const ExprPool& pool, ExprId e) {
  ByteSet out;
  while (pool.node(e).kind == Kind::Concat) {
    ExprId head{pool.node(e).a}, tail{pool.node(e).b};
    if (pool.nullable(tail)) out = out | last_bytes(pool, head);
    e = tail;
  }
  const Node& n = pool.node(e);
  switch (n.kind) {
    case Kind::Empty:
    case Kind::Epsilon:
      return out;
    case Kind::Bytes:
      return out | *n.set;
    case Kind::Alt:
      for (ExprId kid : pool.kids(e)) out = out | last_bytes(pool, kid);
      return out;
    case Kind::Conj: {
      ByteSet common = ByteSet::all();
      for (ExprId kid : pool.kids(e)) common = common & last_bytes(pool, kid);
      return out | common;
    }
    case Kind::Repeat:
    case Kind::Lexeme:
      return out | last_bytes(pool, ExprId{n.a});
    default:
      return ByteSet::all();
  }
}

// Bytes of the longest word, kInfinite when there is no bound or none is seen.
uint32_t longest_word(const ExprPool& pool, ExprId e, int depth = 64) {
  auto clip = [](uint64_t length) { return static_cast<uint32_t>(std::min<uint64_t>(length, kInfinite)); };
  uint64_t before = 0;
  for (; pool.node(e).kind == Kind::Concat; e = ExprId{pool.node(e).b}) {
    const uint32_t head = longest_word(pool, ExprId{pool.node(e).a}, depth - 1);
    if (head == kInfinite || before > kInfinite / 2) return kInfinite;
    before += head;
  }
  const Node& n = pool.node(e);
  uint32_t longest = kInfinite;
  if (depth == 0 || (n.flags & (kLookahead | kLookbehind))) return kInfinite;
  switch (n.kind) {
    case Kind::Epsilon:
      longest = 0;
      break;
    case Kind::Bytes:
      longest = 1;
      break;
    case Kind::Alt:
      longest = 0;
      for (ExprId kid : pool.kids(e)) longest = std::max(longest, longest_word(pool, kid, depth - 1));
      break;
    case Kind::Conj:
      for (ExprId kid : pool.kids(e)) longest = std::min(longest, longest_word(pool, kid, depth - 1));
      break;
    case Kind::Repeat:
      if (const uint32_t turn = longest_word(pool, ExprId{n.a}, depth - 1); n.c != kUnbounded && turn != kInfinite)
        longest = clip(uint64_t{turn} * n.c);
      break;
    case Kind::Lexeme:
      longest = longest_word(pool, ExprId{n.a}, depth - 1);
      break;
    default:
      break;
  }
  return longest == kInfinite ? kInfinite : clip(before + longest);
}

}  // namespace

int CharacterSet::size() const { return std::popcount(ascii[0]) + std::popcount(ascii[1]) + std::popcount(leads); }

const Absorption& Absorptions::of(ExprId state, bool ends_matter, bool stays) {
  const bool none = state == kEmpty || state == kEpsilon || (ends_matter && pool_.nullable(state));
  auto [it, fresh] = known_.try_emplace(uint64_t{static_cast<uint32_t>(state)} * 2 + (ends_matter ? 1 : 0));
  Known& known = it->second;
  if (fresh && !none) known.absorption = by_structure(state, ends_matter);
  const bool best = known.absorption.capacity == kUnbounded && known.absorption.set.size() > 64;
  if (stays && !none && !best && !known.asked_by_staying) {
    known.asked_by_staying = true;
    Absorption staying = by_staying(state);
    if (staying.set.size() >= known.absorption.set.size()) known.absorption = staying;
  }
  return known.absorption;
}

const CharacterSet& Absorptions::staying(ExprId state) {
  auto [it, fresh] = staying_.try_emplace(state);
  if (fresh && state != kEmpty && state != kEpsilon) it->second = by_staying(state).set;
  return it->second;
}

const Absorptions::Closure& Absorptions::closure(ExprId tracker) {
  auto it = closures_.find(tracker);
  if (it == closures_.end()) it = closures_.emplace(tracker, closure_of(tracker)).first;
  return it->second;
}

Absorptions::Closure Absorptions::closure_of(ExprId tracker) {
  constexpr size_t kMostStates = 16;
  const Node& n = pool_.node(tracker);
  const bool denied = n.kind == Kind::Not;
  const ExprId rule = denied ? ExprId{n.a} : tracker;
  if (pool_.is_regular_rule(rule)) {
    const Node& r = pool_.node(rule);
    const RuleSource::Closure known = pool_.source(r.a).closure(pool_, r.key);
    if (!known.states.empty()) {
      Closure out{CharacterSet(known.characters), known.states};
      if (denied)
        for (ExprId& state : out.states) state = pool_.complement(state);
      return out;
    }
  }
  if (n.kind == Kind::Conj) {
    Closure out{CharacterSet::all(), {kAnything}};
    for (ExprId part : pool_.kids(tracker)) {
      const Closure& more = closure(part);
      out.set.keep(more.set);
      if (out.set.empty() || out.states.size() * more.states.size() > kMostStates) return {};
      std::vector<ExprId> both;
      for (ExprId one : out.states)
        for (ExprId other : more.states) both.push_back(pool_.conj(one, other));
      out.states = std::move(both);
    }
    return out;
  }
  return {staying(tracker), {tracker}};
}

void Absorptions::clear() {
  known_.clear();
  staying_.clear();
  closures_.clear();
  characters_.clear();
}

// By the repetition at the head of one of the arms.
Absorption Absorptions::by_structure(ExprId state, bool ends_matter) {
  ExprId body = state;
  while (pool_.node(body).kind == Kind::Lexeme) body = ExprId{pool_.node(body).a};
  Absorption best;
  if (pool_.node(body).kind == Kind::Alt) {
    for (ExprId arm : pool_.kids(body))
      if (Absorption a = by_arm(arm, false); a.set.size() > best.set.size()) best = a;
  } else {
    best = by_arm(body, true);
  }
  if (ends_matter && !best.set.empty()) {   // no word may be made of these characters alone
    const ByteSet last = last_bytes(pool_, body);
    for (int w = 0; w < 2; ++w) best.set.ascii[w] &= ~last.words[w];
    if (last.words[2] | last.words[3]) best.set.leads = 0;
  }
  return best;
}

// The characters that a state reads to be itself again.
Absorption Absorptions::by_staying(ExprId state) {
  Absorption out;
  out.set = CharacterSet(pool_.characters_between(state, state));
  out.capacity = kUnbounded;
  out.way_out = pool_.shortest(state);
  return out;
}

// C{m,n}T, beside other arms or `alone`: after k characters of C, C{m-k,n-k}T is still there.
Absorption Absorptions::by_arm(ExprId arm, bool alone) {
  const Node& n = pool_.node(arm);
  const ExprId head = n.kind == Kind::Concat ? ExprId{n.a} : arm;
  if (pool_.node(head).kind == Kind::Conj) return by_conjunction(head, n.kind == Kind::Concat ? ExprId{n.b} : kEpsilon, alone);
  const Loop found = loop(arm);
  if (found.set.empty() || !pool_.live(arm)) return {};
  return {found.set, found.max, pool_.shortest(arm), alone ? most(found, kEpsilon) : kUnbounded};
}

// Parts that each still hold a loop C{m-k,n-k}T after k characters which all of the C have: so does their intersection
// hold that of the loops, and it is enough that this one is live after the last of the characters, as what it reads then
// may also be read behind fewer of them and some more.
Absorption Absorptions::by_conjunction(ExprId conj, ExprId tail, bool alone) {
  std::vector<Loop> loops;
  Absorption out;
  out.capacity = kUnbounded;
  uint32_t least = 0, behind = 0;   // turns that a bounded loop must take, bytes that an unbounded one needs
  uint32_t longer = 0;
  for (ExprId part : pool_.kids(conj)) {
    loops.push_back(loop_of_part(part));
    const Loop& found = loops.back();
    if (loops.size() == 1) out.set = found.set;
    out.set.keep(found.set);
    if (out.set.empty()) return {};
    out.capacity = std::min(out.capacity, found.max);
    if (alone && found.alone) out.most = std::min(out.most, most(found, tail));
    longer = std::max(longer, found.longer);
    if (found.max == kUnbounded) behind = std::max(behind, pool_.node(found.part).shortest);
    else least = std::max(least, found.min);
  }
  // Without a bound, more turns make a text as long as it must be.
  const bool stretches = out.capacity == kUnbounded;
  auto part_after = [&](const Loop& l, uint32_t turns) {
    if (l.max == kUnbounded) return l.part;
    return pool_.concat(pool_.repeat(l.unit, l.min > turns ? l.min - turns : 0, l.max - turns), l.tail);
  };
  auto after = [&](uint32_t turns) {
    std::vector<ExprId> parts;
    for (const Loop& l : loops)
      if (!stretches || l.longer == 0) parts.push_back(part_after(l, turns));
    return pool_.concat(pool_.conj(parts), tail);
  };
  ExprId left = after(out.capacity);
  try {
    if (out.capacity != kUnbounded && !pool_.live(left)) {
      if (behind >= out.capacity) return {};
      out.capacity -= behind;
      left = after(out.capacity);
    }
    if (!pool_.live(left)) return {};
  } catch (const Error& error) {
    if (error.kind != ErrorKind::Limit) throw;
    return {};
  }
  const uint64_t filled = uint64_t{stretches ? longer : std::min(least, out.capacity)} * (out.set.ascii[0] | out.set.ascii[1] ? 1 : 4);
  out.way_out = static_cast<uint32_t>(std::min<uint64_t>(pool_.shortest(left) + filled, kInfinite - 8));
  return out;
}

// The loop at the head of an arm; an empty set when there is none.
Absorptions::Loop Absorptions::loop(ExprId arm) {
  Loop out;
  ExprId head = arm;
  if (pool_.node(arm).kind == Kind::Concat) {
    head = ExprId{pool_.node(arm).a};
    out.tail = ExprId{pool_.node(arm).b};
  }
  const Node& n = pool_.node(head);
  if (n.kind != Kind::Repeat || (pool_.node(arm).flags & (kLookahead | kLookbehind))) return {};
  out.set = characters(ExprId{n.a});
  out.unit = ExprId{n.a};
  out.min = n.b;
  out.max = n.c;
  out.part = arm;
  return out;
}

// The same for a part of an intersection. What is denied stays so while it stays what it is, and texts that are longer
// than all that is denied are never denied.
Absorptions::Loop Absorptions::loop_of_part(ExprId part) {
  while (pool_.node(part).kind == Kind::Lexeme) part = ExprId{pool_.node(part).a};
  const Node& n = pool_.node(part);
  if (n.kind == Kind::Alt) {
    Loop best;
    for (ExprId arm : pool_.kids(part))
      if (Loop l = loop(arm); l.set.size() > best.set.size()) best = l;
    best.alone = false;
    return best;
  }
  if (n.kind != Kind::Not) return loop(part);
  Loop out;
  out.max = kUnbounded;
  out.alone = false;
  if (const uint32_t longest = longest_word(pool_, ExprId{n.a}); longest != kInfinite) {
    out.set = CharacterSet::all();
    out.longer = longest + 1;
    out.part = pool_.repeat(pool_.bytes(ByteSet::all()), longest + 1, kUnbounded);
  } else {
    out.set = by_staying(ExprId{n.a}).set;
    out.part = part;
  }
  return out;
}

// Turns of a loop beyond which no word goes on, when none of the characters may begin what follows.
uint32_t Absorptions::most(const Loop& loop, ExprId tail) {
  if (loop.max == kUnbounded) return kUnbounded;
  tail = pool_.concat(loop.tail, tail);
  for (int b = 0; b < 0x100; ++b) {
    const bool may_begin_one = b >= 0x80 || (loop.set.ascii[b >> 6] >> (b & 63) & 1);
    if (may_begin_one && pool_.step_held(tail, static_cast<uint8_t>(b)) != kEmpty) return kUnbounded;
  }
  return loop.max;
}

const CharacterSet& Absorptions::characters(ExprId unit) {
  auto [it, fresh] = characters_.try_emplace(unit);
  if (!fresh) return it->second;
  it->second = CharacterSet(pool_.characters_between(unit, kEpsilon));
  return it->second;
}

}  // namespace decodex
