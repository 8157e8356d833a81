#include "grammar/compiler.h"

#include <algorithm>

#include "grammar/facts.h"
#include "grammar/left_recursion.h"

namespace decodex {

namespace {

// The same language without the empty text.
ExprId nonempty(ExprPool& pool, ExprId e) {
  if (!pool.nullable(e)) return e;
  const Node& n = pool.node(e);
  if (!(n.flags & (kLookahead | kLookbehind))) {
    switch (n.kind) {
      case Kind::Epsilon: return kEmpty;
      case Kind::Lexeme: return pool.lexeme(nonempty(pool, ExprId{n.a}));
      case Kind::Alt: {
        std::vector<ExprId> arms;
        for (ExprId kid : pool.kids(e)) arms.push_back(nonempty(pool, kid));
        return pool.alt(arms);
      }
      case Kind::Repeat: {
        const ExprId inner{n.a};
        return pool.concat(nonempty(pool, inner), pool.repeat(inner, 0, n.c == kUnbounded ? kUnbounded : n.c - 1));
      }
      default: break;
    }
  }
  return pool.conj(e, pool.concat(pool.bytes(ByteSet::all()), kAnything));
}

class GrammarSource final : public RuleSource {
 public:
  GrammarSource(Grammar grammar, std::vector<ExprId> leaves, std::vector<uint32_t> shortest)
      : g_(std::move(grammar)), leaves_(std::move(leaves)), shortest_(std::move(shortest)), built_(g_.body_count(), kEmpty) {}

  ExprId expand(ExprPool& pool, uint64_t key) override { return build(pool, g_[RuleId{static_cast<uint32_t>(key)}].body); }

  ExprId rule(ExprPool& pool, RuleId rule) {
    const BodyId body = g_[rule].body;
    const uint32_t length = shortest_[Grammar::index(body)];
    if (length == kInfinite) return kEmpty;
    const BodyNode& n = g_.node(body);
    if (n.kind == BodyKind::Leaf || n.kind == BodyKind::Rule || n.kind == BodyKind::EmptyText) return build(pool, body);
    return pool.rule(index(), Grammar::index(rule), length, length == 0);
  }

  size_t memory() const override {
    return sizeof(*this) + g_.memory() + (leaves_.capacity() + shortest_.capacity() + built_.capacity()) * sizeof(uint32_t);
  }

 private:
  ExprId build(ExprPool& pool, BodyId body) {
    ExprId& known = built_[Grammar::index(body)];
    if (known == kEmpty && shortest_[Grammar::index(body)] != kInfinite) known = make(pool, g_.node(body));
    return known;
  }

  ExprId make(ExprPool& pool, const BodyNode& n) {
    switch (n.kind) {
      case BodyKind::EmptyText: return kEpsilon;
      case BodyKind::Leaf: return leaves_[n.a];
      case BodyKind::Rule: return rule(pool, RuleId{n.a});
      case BodyKind::Repeat: return pool.repeat(build(pool, BodyId{n.a}), n.b, n.c);
      case BodyKind::Concat:
      case BodyKind::Alt: {
        std::vector<ExprId> parts;
        for (BodyId kid : g_.kids(n)) parts.push_back(build(pool, kid));
        return n.kind == BodyKind::Concat ? pool.concat(parts) : pool.alt(parts);
      }
      default: return kEmpty;
    }
  }

  Grammar g_;
  std::vector<ExprId> leaves_;
  std::vector<uint32_t> shortest_;   // of the bodies
  std::vector<ExprId> built_;        // by body; kEmpty: not yet
};

// Goes from one rule without a text to the next, for as long as they are new.
[[noreturn]] void refuse_endless(const Grammar& grammar, RuleId start, std::span<const uint32_t> shortest) {
  std::vector<bool> seen(grammar.rule_count());
  RuleId culprit = start;
  for (bool found = true; found;) {
    seen[Grammar::index(culprit)] = true;
    found = false;
    std::vector<BodyId> stack{grammar[culprit].body};
    while (!stack.empty() && !found) {
      const BodyNode& n = grammar.node(stack.back());
      const bool endless = shortest[Grammar::index(stack.back())] == kInfinite;
      stack.pop_back();
      if (!endless) continue;
      if (n.kind == BodyKind::Rule && !seen[n.a]) culprit = RuleId{n.a}, found = true;
      if (n.kind == BodyKind::Repeat) stack.push_back(BodyId{n.a});
      if (n.kind == BodyKind::Concat || n.kind == BodyKind::Alt)
        stack.insert(stack.end(), grammar.kids(n).rbegin(), grammar.kids(n).rend());
    }
  }
  const GrammarRule& rule = grammar[culprit];
  throw Error(ErrorKind::Unsatisfiable,
              rule.place + ": the rule '" + rule.name + "' has no finite text: every way to write it needs it, or another "
              "such rule, again; give it an alternative that comes to an end", rule.place);
}

std::vector<uint32_t> lengths(ExprPool& pool, const std::vector<ExprId>& leaves) {
  std::vector<uint32_t> out;
  for (ExprId e : leaves) out.push_back(e == kEmpty ? kInfinite : pool.shortest(e));
  return out;
}

}  // namespace

ExprId compile_grammar(ExprPool& pool, Grammar grammar, std::vector<ExprId> leaves, RuleId start) {
  std::string name = "grammar " + std::to_string(Grammar::index(start)) + " ";
  for (ExprId leaf : leaves) name += std::to_string(static_cast<uint32_t>(leaf)) + " ";
  name += grammar.contents();
  auto make = [&] {
    std::vector<uint32_t> shortest = shortest_texts(grammar, lengths(pool, leaves));
    if (shortest[Grammar::index(grammar[start].body)] == kInfinite) refuse_endless(grammar, start, shortest);
    remove_left_recursion(grammar, start, std::move(shortest), [&](LeafId leaf) {
      leaves.push_back(nonempty(pool, leaves[Grammar::index(leaf)]));
      return LeafId{static_cast<uint32_t>(leaves.size() - 1)};
    });
    shortest = shortest_texts(grammar, lengths(pool, leaves));
    return std::make_unique<GrammarSource>(std::move(grammar), std::move(leaves), std::move(shortest));
  };
  return pool.named<GrammarSource>(name, make).rule(pool, start);
}

}  // namespace decodex
