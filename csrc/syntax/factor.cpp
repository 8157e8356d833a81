#include "syntax/factor.h"

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

}  // namespace decodex
