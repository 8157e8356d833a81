#include "mask/structural_hash.h"

#include <algorithm>
#include <vector>

namespace decodex {

namespace {

uint64_t scramble(uint64_t x) {   // the finaliser of SplitMix64
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

// Two lanes that mix every number differently, so that together they are one hash of 128 bits.
struct Mixer {
  StructuralHash at{0x243f6a8885a308d3ull, 0x13198a2e03707344ull};
  void add(uint64_t number) {
    at.low = scramble(at.low + 0x9e3779b97f4a7c15ull + number);
    at.high = scramble((at.high ^ number) * 0xd6e8feb86659fd93ull + 0xa0761d6478bd642full);
  }
  void add(const StructuralHash& hash) {
    add(hash.low);
    add(hash.high);
  }
};

// Calls visit(child) for the expressions of which `e` is made.
template <class Visit>
void each_child(const ExprPool& pool, ExprId e, Visit visit) {
  const Node& n = pool.node(e);
  switch (n.kind) {
    case Kind::Alt:
    case Kind::Conj:
      for (ExprId kid : pool.kids(e)) visit(kid);
      break;
    case Kind::Concat:
      visit(ExprId{n.a});
      visit(ExprId{n.b});
      break;
    case Kind::Not:
    case Kind::Repeat:
    case Kind::Lookbehind:
    case Kind::Lookahead:
    case Kind::Lexeme:
      visit(ExprId{n.a});
      break;
    default:
      break;
  }
}

}  // namespace

// From the hashes of its children, which are known. Those of alternatives are sorted, since ids are not the same everywhere.
std::optional<StructuralHash> StructuralHashes::combine(ExprId e) const {
  const Node& n = pool_.node(e);
  if (n.kind == Kind::Rule || n.kind == Kind::Capture) return std::nullopt;
  Mixer mixer;
  mixer.add(static_cast<uint64_t>(n.kind));
  if (n.kind == Kind::Bytes) {
    for (int first = 0; first < 256; first += 64) {
      uint64_t word = 0;
      for (int b = 0; b < 64; ++b) word |= uint64_t{n.set->has(static_cast<uint8_t>(first + b))} << b;
      mixer.add(word);
    }
  }
  if (n.kind == Kind::Repeat) {
    mixer.add(n.b);
    mixer.add(n.c);
  }
  std::vector<StructuralHash> children;
  bool all = true;
  each_child(pool_, e, [&](ExprId child) {
    const std::optional<StructuralHash>& known = known_.at(child);
    all = all && known;
    if (known) children.push_back(*known);
  });
  if (!all) return std::nullopt;
  if (n.kind == Kind::Alt || n.kind == Kind::Conj) std::sort(children.begin(), children.end());
  mixer.add(children.size());
  for (const StructuralHash& child : children) mixer.add(child);
  return mixer.at;
}

std::optional<StructuralHash> StructuralHashes::of(ExprId root) {
  std::vector<ExprId> stack{root};
  while (!stack.empty()) {
    const ExprId e = stack.back();
    const size_t before = stack.size();
    if (!known_.contains(e)) {
      each_child(pool_, e, [&](ExprId child) {
        if (!known_.contains(child)) stack.push_back(child);
      });
      if (stack.size() > before) continue;   // the children first
      known_.emplace(e, combine(e));
    }
    stack.pop_back();
  }
  return known_.at(root);
}

}  // namespace decodex
