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
  ExprId last = clamp(pool, rest, max_token_bytes, depth - 1);
  if (!clamped && last == rest) return e;
  for (size_t i = heads.size(); i-- > 0;) last = pool.concat(heads[i], last);
  return last;
}

}  // namespace

ExprId clamp_counts(ExprPool& pool, ExprId lexeme, uint32_t max_token_bytes) {
  if (pool.node(lexeme).flags & kSearch) return lexeme;  // what is live there may depend on counts that no token sees
  return clamp(pool, lexeme, max_token_bytes, 4);
}

Relaxed CountRelaxation::of(ExprId e) {
  constexpr uint64_t kWorthwhile = 16;   // bytes by which a count must leave room
  const Node& n = pool_.node(e);
  if (n.flags & (kLookahead | kLookbehind)) return {e, kNoLimit};
  if (n.kind == Kind::Bytes || n.kind == Kind::Not || n.kind == Kind::Rule || n.kind == Kind::Capture) return {e, kNoLimit};
  if (auto known = known_.find(e); known != known_.end()) return known->second;
  Relaxed out{e, kNoLimit};
  auto part = [&](ExprId kid) {
    Relaxed inner = of(kid);
    out.limit = std::min(out.limit, inner.limit);
    return inner.expr;
  };
  switch (n.kind) {
    case Kind::Repeat: {
      const uint32_t unit = pool_.nullable(ExprId{n.a}) ? 0 : pool_.shortest(ExprId{n.a});
      const bool open = n.c != kUnbounded && uint64_t{n.c - n.b} * unit >= kWorthwhile;
      const ExprId inner = part(ExprId{n.a});
      if (open) out.limit = std::min(out.limit, uint64_t{n.c} * unit);
      if (out.limit != kNoLimit) out.expr = pool_.repeat(inner, n.b, open ? kUnbounded : n.c);
      break;
    }
    case Kind::Lexeme: {
      const ExprId inner = part(ExprId{n.a});
      if (out.limit != kNoLimit) out.expr = pool_.lexeme(inner);
      break;
    }
    case Kind::Alt:
    case Kind::Conj: {
      std::vector<ExprId> kids;
      for (ExprId kid : pool_.kids(e)) kids.push_back(part(kid));
      if (out.limit != kNoLimit) out.expr = n.kind == Kind::Alt ? pool_.alt(kids) : pool_.conj(kids);
      break;
    }
    case Kind::Concat: {
      std::vector<ExprId> heads;
      ExprId rest = e;
      for (; pool_.node(rest).kind == Kind::Concat && !known_.contains(rest); rest = ExprId{pool_.node(rest).b}) heads.push_back(rest);
      out = of(rest);
      for (size_t i = heads.size(); i-- > 0;) {
        const ExprId head = part(ExprId{pool_.node(heads[i]).a});
        out.expr = out.limit == kNoLimit ? heads[i] : pool_.concat(head, out.expr);
        known_.emplace(heads[i], out);
      }
      return out;
    }
    default:
      break;
  }
  known_.emplace(e, out);
  return out;
}

}  // namespace decodex
