#include "mask/absorption.h"

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

void add_ascii(Absorption& out, int b) { out.ascii[b >> 6] |= 1ull << (b & 63); }

// A state that reads characters and is itself again.
Absorption by_staying(ExprPool& pool, ExprId state) {
  Absorption out;
  for (int b = 0; b < 0x80; ++b)
    if (pool.step_held(state, static_cast<uint8_t>(b)) == state) add_ascii(out, b);
  out.leads = reads_beyond_ascii(pool, state, state);
  out.capacity = kUnbounded;
  return out;
}

// C{m,n}T: the characters of C that cannot begin T.
Absorption by_counting(ExprPool& pool, ExprId unit, uint32_t max, ExprId tail) {
  Absorption out;
  for (int b = 0; b < 0x80; ++b)
    if (pool.step_held(unit, static_cast<uint8_t>(b)) == kEpsilon &&
        pool.step_held(tail, static_cast<uint8_t>(b)) == kEmpty)
      add_ascii(out, b);
  bool tail_is_ascii = true;
  for (int b = 0x80; b < 0x100; ++b)
    if (pool.step_held(tail, static_cast<uint8_t>(b)) != kEmpty) tail_is_ascii = false;
  if (tail_is_ascii) out.leads = reads_beyond_ascii(pool, unit, kEpsilon);
  out.capacity = max;
  return out;
}

}  // namespace

Absorption absorption(ExprPool& pool, ExprId state, bool ends_matter) {
  if (state == kEmpty || state == kEpsilon || (ends_matter && pool.nullable(state))) return {};
  Absorption staying = by_staying(pool, state);
  if (staying.leads || staying.ascii[0] || staying.ascii[1]) return staying;
  ExprId head = state, tail = kEpsilon;
  if (pool.node(state).kind == Kind::Concat) {
    head = ExprId{pool.node(state).a};
    tail = ExprId{pool.node(state).b};
  }
  const Node& n = pool.node(head);
  if (n.kind != Kind::Repeat || (n.flags & (kSearch | kLookahead | kLookbehind))) return {};
  if (!pool.live(tail)) return {};
  return by_counting(pool, ExprId{n.a}, n.c, tail);
}

}  // namespace decodex
