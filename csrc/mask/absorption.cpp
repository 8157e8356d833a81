#include "mask/absorption.h"

#include <bit>

namespace decodex {

namespace {

// The lead bytes all of whose characters lead from `from` to `to`. Follows the shapes of UTF-8; continuation bytes that
// are alike there must lead to one state, so few states have to be looked at.
uint64_t reads_beyond_ascii(ExprPool& pool, ExprId from, ExprId to) {
  struct Shape {
    uint8_t lead_first, lead_last, second_first, second_last;
    int length;
  };
  static constexpr Shape kShapes[] = {{0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
                                      {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
                                      {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
  auto all_to = [&](ExprId state, int first, int last) {
    ExprId target = pool.step_held(state, static_cast<uint8_t>(first));
    for (int b = first + 1; b <= last && target != kEmpty; ++b)
      if (pool.step_held(state, static_cast<uint8_t>(b)) != target) return kEmpty;
    return target;
  };
  uint64_t leads = 0;
  for (const Shape& shape : kShapes) {
    ExprId last_seen = kEmpty;
    bool last_good = false;
    for (int lead = shape.lead_first; lead <= shape.lead_last; ++lead) {
      ExprId state = pool.step_held(from, static_cast<uint8_t>(lead));
      if (state == kEmpty) continue;
      if (state != last_seen) {
        last_seen = state;
        state = all_to(state, shape.second_first, shape.second_last);
        for (int k = 2; k < shape.length && state != kEmpty; ++k) state = all_to(state, 0x80, 0xBF);
        last_good = state == to;
      }
      if (last_good) leads |= 1ull << (lead - 0xC0);
    }
  }
  return leads;
}

void add_ascii(CharacterSet& set, int b) { set.ascii[b >> 6] |= 1ull << (b & 63); }

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

void Absorptions::clear() {
  known_.clear();
  staying_.clear();
  characters_.clear();
}

// By the repetition at the head of one of the arms.
Absorption Absorptions::by_structure(ExprId state, bool ends_matter) {
  ExprId body = state;
  while (pool_.node(body).kind == Kind::Lexeme) body = ExprId{pool_.node(body).a};
  Absorption best;
  if (pool_.node(body).kind == Kind::Alt) {
    for (ExprId arm : pool_.kids(body))
      if (Absorption a = by_repeating(arm, false); a.set.size() > best.set.size()) best = a;
  } else {
    best = by_repeating(body, true);
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
  for (int b = 0; b < 0x80; ++b)
    if (pool_.step_held(state, static_cast<uint8_t>(b)) == state) add_ascii(out.set, b);
  out.set.leads = reads_beyond_ascii(pool_, state, state);
  out.capacity = kUnbounded;
  out.way_out = pool_.shortest(state);
  return out;
}

// C{m,n}T, beside other arms or `alone`: after k characters of C, C{m-k,n-k}T is still there.
Absorption Absorptions::by_repeating(ExprId arm, bool alone) {
  constexpr uint8_t kHard = kSearch | kLookahead | kLookbehind;
  ExprId head = arm, tail = kEpsilon;
  if (pool_.node(arm).kind == Kind::Concat) {
    head = ExprId{pool_.node(arm).a};
    tail = ExprId{pool_.node(arm).b};
  }
  const Node& n = pool_.node(head);
  if (n.kind != Kind::Repeat || (pool_.node(arm).flags & kHard)) return {};
  Absorption out{characters(ExprId{n.a}), n.c, pool_.shortest(arm), alone};
  for (int b = 0; b < 0x100 && out.exclusive; ++b) {   // could one of them begin the tail?
    const bool may_begin_one = b >= 0x80 || (out.set.ascii[b >> 6] >> (b & 63) & 1);
    out.exclusive = !may_begin_one || pool_.step_held(tail, static_cast<uint8_t>(b)) == kEmpty;
  }
  return out;
}

const CharacterSet& Absorptions::characters(ExprId unit) {
  auto [it, fresh] = characters_.try_emplace(unit);
  if (!fresh) return it->second;
  CharacterSet& set = it->second;
  for (int b = 0; b < 0x80; ++b)
    if (pool_.step_held(unit, static_cast<uint8_t>(b)) == kEpsilon) add_ascii(set, b);
  set.leads = reads_beyond_ascii(pool_, unit, kEpsilon);
  return set;
}

}  // namespace decodex
