#include "mask/counts.h"

#include <algorithm>
#include <vector>

namespace decodex {

namespace {

ExprId clamp(ExprPool& pool, ExprId e, uint32_t max_token_bytes, int depth) {
  const Node& n = pool.node(e);
  if (n.kind == Kind::Alt && depth > 0) {
    std::vector<ExprId> arms;
    for (ExprId kid : pool.kids(e)) arms.push_back(clamp(pool, kid, max_token_bytes, depth - 1));
    return pool.alt(arms);
  }
  if (n.kind == Kind::Repeat) {
    ExprId unit{n.a};
    if (pool.nullable(unit)) return e;
    uint32_t reach = max_token_bytes / std::max(1u, pool.node(unit).shortest) + 1;   // turns that a token can take
    return pool.repeat(unit, std::min(n.b, reach), n.c >= reach ? kUnbounded : n.c);
  }
  if (n.kind != Kind::Concat) return e;
  std::vector<ExprId> heads;   // as many as a token can reach
  bool clamped = false;
  ExprId rest = e;
  for (; heads.size() <= max_token_bytes && pool.node(rest).kind == Kind::Concat; rest = ExprId{pool.node(rest).b}) {
    ExprId head{pool.node(rest).a};
    heads.push_back(clamp(pool, head, max_token_bytes, depth - 1));
    clamped = clamped || heads.back() != head;
  }
  // What is behind stays as it is, for it may be long: a token reaches it past heads that may be empty at most, and a
  // count left whole only shares less.
  ExprId last = pool.node(rest).kind == Kind::Concat ? rest : clamp(pool, rest, max_token_bytes, depth - 1);
  if (!clamped && last == rest) return e;
  for (size_t i = heads.size(); i-- > 0;) last = pool.concat(heads[i], last);
  return last;
}

}  // namespace

ExprId clamp_counts(ExprPool& pool, ExprId lexeme, uint32_t max_token_bytes) {
  if (pool.node(lexeme).flags & kSearch) return lexeme;  // what is live there may depend on counts that no token sees
  return clamp(pool, lexeme, max_token_bytes, 4);
}

}  // namespace decodex
