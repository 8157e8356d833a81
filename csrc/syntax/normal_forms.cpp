#include "syntax/normal_forms.h"

#include <algorithm>

namespace decodex {

namespace {

using Sequence = std::vector<ExprId>;   // the parts of a concatenation

Sequence parts_of(const ExprPool& pool, ExprId e) {
  Sequence out;
  for (; pool.node(e).kind == Kind::Concat; e = ExprId{pool.node(e).b}) out.push_back(ExprId{pool.node(e).a});
  if (e != kEpsilon) out.push_back(e);
  return out;
}

// The sequence that is being read, part by part, with what has been found to follow each part.
struct Level {
  ExprId part;                  // leads here from the level above
  std::vector<ExprId> after;
};

void close_to(ExprPool& pool, std::vector<Level>& path, size_t depth) {
  while (path.size() > depth) {
    ExprId closed = pool.concat(path.back().part, pool.alt(path.back().after));
    path.pop_back();
    path.back().after.push_back(closed);
  }
}

}  // namespace

ExprId factored_alt(ExprPool& pool, const std::vector<ExprId>& arms) {
  if (arms.size() < 2) return pool.alt(arms);
  std::vector<Sequence> sequences;
  sequences.reserve(arms.size());
  for (ExprId arm : arms)
    if (arm != kEmpty) sequences.push_back(parts_of(pool, arm));
  std::sort(sequences.begin(), sequences.end());
  std::vector<Level> path{{kEpsilon, {}}};
  const Sequence* before = nullptr;
  for (const Sequence& sequence : sequences) {
    size_t common = 0;
    if (before)
      while (common < before->size() && common < sequence.size() && (*before)[common] == sequence[common]) ++common;
    close_to(pool, path, common + 1);
    for (size_t i = common; i < sequence.size(); ++i) path.push_back({sequence[i], {}});
    path.back().after.push_back(kEpsilon);
    before = &sequence;
  }
  close_to(pool, path, 1);
  return pool.alt(path[0].after);
}

namespace {

constexpr uint32_t kMostConditions = 64;   // joined into one look-around

// The first part of a concatenation and the rest; the whole and nothing where it is none.
std::pair<ExprId, ExprId> split(const ExprPool& pool, ExprId e) {
  const Node& n = pool.node(e);
  if (n.kind != Kind::Concat) return {e, kEpsilon};
  return {ExprId{n.a}, ExprId{n.b}};
}

uint32_t add_counts(uint32_t a, uint32_t b) {
  return a == kUnbounded || b == kUnbounded ? kUnbounded : a + b;
}

}  // namespace

ExprId repeat_then(ExprPool& pool, ExprId inner, uint32_t min, uint32_t max, ExprId tail) {
  while (tail != kEpsilon && max > 0) {
    auto [head, rest] = split(pool, tail);
    const Node& h = pool.node(head);
    uint32_t more_min = 1, more_max = 1;
    if (head != inner) {
      if (h.kind != Kind::Repeat || ExprId{h.a} != inner) break;
      more_min = h.b;
      more_max = h.c;
    }
    bool fits = uint64_t{min} + more_min < kUnbounded &&
                (max == kUnbounded || more_max == kUnbounded || uint64_t{max} + more_max < kUnbounded);
    if (!fits) break;
    min += more_min;
    max = add_counts(max, more_max);
    tail = rest;
  }
  return pool.concat(pool.repeat(inner, min, max), tail);
}

ExprId look_then(ExprPool& pool, ExprId look, ExprId tail) {
  auto [head, rest] = split(pool, tail);
  const Node &l = pool.node(look), &h = pool.node(head);
  bool same_side = l.kind == h.kind && (l.kind == Kind::Lookahead || l.kind == Kind::Lookbehind);
  if (!same_side) return pool.concat(look, tail);
  ExprId both = pool.conj(ExprId{l.a}, ExprId{h.a});
  if (pool.node(both).kind == Kind::Conj && pool.kids(both).size() > kMostConditions) return pool.concat(look, tail);
  return pool.concat(l.kind == Kind::Lookahead ? pool.lookahead(both) : pool.lookbehind(both), rest);
}

}  // namespace decodex
