// Expressions with every upper count that leaves much room taken away. A word of the relaxed one that is no longer than
// the limit needs no more turns than the count allowed, so it is a word of the original: a token after which the relaxed
// one can be completed within the limit is a token of the original, and a shortest word within it is the shortest.
#include <algorithm>

#include "expr/pool.h"

namespace decodex {

Relaxed ExprPool::relaxed(ExprId e) {
  constexpr uint64_t kWorthwhile = 16;   // bytes by which a count must leave room
  const Node& n = node(e);
  if (n.flags & (kLookahead | kLookbehind)) return {e, kNoLimit};
  if (n.kind == Kind::Bytes || n.kind == Kind::Not || n.kind == Kind::Capture) return {e, kNoLimit};
  if (n.kind == Kind::Rule) {
    const Relaxed own = n.flags & kHasRule ? Relaxed{e, kNoLimit} : sources_[n.a]->relaxed(*this, e, n.key);
    return own.limit < kWorthwhile ? Relaxed{e, kNoLimit} : own;
  }
  if (auto known = relaxed_.find(e); known != relaxed_.end()) return known->second;
  Relaxed out{e, kNoLimit};
  auto part = [&](ExprId kid) {
    Relaxed inner = relaxed(kid);
    out.limit = std::min(out.limit, inner.limit);
    return inner.expr;
  };
  switch (n.kind) {
    case Kind::Repeat: {
      const uint32_t unit = nullable(ExprId{n.a}) ? 0 : shortest(ExprId{n.a});
      const bool open = n.c != kUnbounded && uint64_t{n.c - n.b} * unit >= kWorthwhile;
      const ExprId inner = part(ExprId{n.a});
      if (open) out.limit = std::min(out.limit, uint64_t{n.c} * unit);
      if (out.limit != kNoLimit) out.expr = repeat(inner, n.b, open ? kUnbounded : n.c);
      break;
    }
    case Kind::Lexeme: {
      const ExprId inner = part(ExprId{n.a});
      if (out.limit != kNoLimit) out.expr = lexeme(inner);
      break;
    }
    case Kind::Alt:
    case Kind::Conj: {
      std::vector<ExprId> parts;
      for (ExprId kid : kids(e)) parts.push_back(part(kid));
      if (out.limit != kNoLimit) out.expr = n.kind == Kind::Alt ? alt(parts) : conj(parts);
      break;
    }
    case Kind::Concat: {
      std::vector<ExprId> heads;
      ExprId rest = e;
      for (; node(rest).kind == Kind::Concat && !relaxed_.contains(rest); rest = ExprId{node(rest).b}) heads.push_back(rest);
      out = relaxed(rest);
      for (size_t i = heads.size(); i-- > 0;) {
        const ExprId head = part(ExprId{node(heads[i]).a});
        out.expr = out.limit == kNoLimit ? heads[i] : concat(head, out.expr);
        relaxed_.emplace(heads[i], out);
      }
      return out;
    }
    default:
      break;
  }
  relaxed_.emplace(e, out);
  return out;
}

}  // namespace decodex
