// The shortest word that a context-free expression and a regular one have in common: exact, however deep the recursion.
// A best-first search of derivatives meets ever new stacks where there is no such word; here a part of the stack is
// looked at once per state in which the regular one meets it: reach(part, state) is the set of states in which reading a
// word of the part can leave it, with the length of the shortest such word, found as a least fixed point.
// Method: Bar-Hillel, Perles, Shamir (1961), read as a system of equations; lengths as in Knuth (1977).
#include <algorithm>
#include <deque>
#include <optional>
#include <queue>
#include <unordered_map>

#include "expr/pool.h"

namespace decodex {

namespace {

using Reach = std::unordered_map<ExprId, uint32_t>;   // state -> bytes of the shortest word that leads there

class Product {
 public:
  explicit Product(ExprPool& pool) : pool_(pool) {}

  // Bytes of the shortest common word; kInfinite: there is none; nullopt: too much work, or what is no stack of parts.
  std::optional<uint32_t> shortest(ExprId stack, ExprId regular) {
    const size_t root = find(stack, regular);
    while (!queue_.empty() && good_) {
      const size_t at = queue_.front();
      queue_.pop_front();
      equations_[at].queued = false;
      update(at);
    }
    if (!good_) return std::nullopt;
    uint32_t best = kInfinite;
    for (auto [state, length] : equations_[root].reach)
      if (pool_.nullable(state)) best = std::min(best, length);
    return best;
  }

 private:
  struct Equation {
    ExprId part, from;
    Reach reach;
    std::vector<size_t> users;
    bool queued = true;
  };

  // The equation of a part and a state; whoever asks is told when it grows.
  size_t find(ExprId part, ExprId from, size_t user = SIZE_MAX) {
    auto [it, fresh] = index_.try_emplace(uint64_t{static_cast<uint32_t>(part)} << 32 | static_cast<uint32_t>(from), equations_.size());
    if (fresh) {
      equations_.push_back({part, from, {}, {}});
      queue_.push_back(it->second);
      good_ = good_ && equations_.size() <= pool_.limits().search_states;
    }
    auto& users = equations_[it->second].users;
    if (user != SIZE_MAX && std::ranges::find(users, user) == users.end()) users.push_back(user);
    return it->second;
  }

  void update(size_t at) {
    const ExprId part = equations_[at].part, from = equations_[at].from;
    const Node& n = pool_.node(part);
    bool grown = false;
    auto add = [&](ExprId state, uint64_t length) {
      auto [it, fresh] = equations_[at].reach.try_emplace(state, kInfinite);
      if (!fresh && it->second <= length) return;
      it->second = static_cast<uint32_t>(std::min<uint64_t>(length, kInfinite - 1));
      grown = true;
    };
    auto add_all = [&](ExprId kid) {
      const Reach reach = equations_[find(kid, from, at)].reach;
      for (auto [state, length] : reach) add(state, length);
    };
    if (!(n.flags & kHasRule)) {
      if (equations_[at].reach.empty()) read_regular(part, from, add);
    } else {
      switch (n.kind) {
        case Kind::Concat: {
          const Reach first = equations_[find(ExprId{n.a}, from, at)].reach;
          for (auto [middle, length] : first) {
            const Reach second = equations_[find(ExprId{n.b}, middle, at)].reach;
            for (auto [state, more] : second) add(state, uint64_t{length} + more);
          }
          break;
        }
        case Kind::Alt:
          for (ExprId kid : pool_.kids(part)) add_all(kid);
          break;
        case Kind::Repeat: {
          if (n.b == 0) add(from, 0);
          const ExprId rest = pool_.repeat(ExprId{n.a}, n.b > 0 ? n.b - 1 : 0, n.c == kUnbounded ? kUnbounded : n.c - 1);
          add_all(pool_.concat(ExprId{n.a}, rest));
          break;
        }
        case Kind::Lexeme:
          add_all(ExprId{n.a});
          break;
        case Kind::Rule:
          add_all(pool_.expand(part));
          break;
        default:
          good_ = false;
      }
    }
    if (!grown) return;
    for (size_t user : equations_[at].users)
      if (!equations_[user].queued) {
        equations_[user].queued = true;
        queue_.push_back(user);
      }
  }

  // A part without rules: the two automata side by side.
  template <class Add>
  void read_regular(ExprId part, ExprId from, Add add) {
    using Pair = std::pair<ExprId, ExprId>;
    auto key = [](Pair p) { return uint64_t{static_cast<uint32_t>(p.first)} << 32 | static_cast<uint32_t>(p.second); };
    std::unordered_map<uint64_t, uint32_t> seen{{key({part, from}), 0}};
    std::deque<std::pair<Pair, uint32_t>> queue{{{part, from}, 0}};
    while (!queue.empty() && good_) {
      auto [pair, length] = queue.front();
      queue.pop_front();
      if (pool_.nullable(pair.first)) add(pair.second, length);
      if (pair.first == kEpsilon) continue;
      good_ = ++steps_ <= 20 * pool_.limits().search_states;
      const ByteClasses &a = pool_.classes(pair.first), &b = pool_.classes(pair.second);
      std::vector<bool> met(size_t{256} * 256);
      for (int byte = 0; byte < 256; ++byte) {
        const size_t both = size_t{a.of[byte]} * 256 + b.of[byte];
        if (met[both]) continue;
        met[both] = true;
        const Pair next{pool_.derive(pair.first, static_cast<uint8_t>(byte)), pool_.derive(pair.second, static_cast<uint8_t>(byte))};
        if (next.first == kEmpty || next.second == kEmpty) continue;
        if (seen.try_emplace(key(next), length + 1).second) queue.push_back({next, length + 1});
      }
    }
  }

  ExprPool& pool_;
  std::deque<Equation> equations_;
  std::unordered_map<uint64_t, size_t> index_;
  std::deque<size_t> queue_;
  uint64_t steps_ = 0;
  bool good_ = true;
};

}  // namespace

std::optional<uint32_t> ExprPool::context_free_shortest(ExprId e) {
  const Node& n = node(e);
  if (n.kind != Kind::Conj || (n.flags & (kLookbehind | kLookahead))) return std::nullopt;
  ExprId stack = kEmpty;
  std::vector<ExprId> regular;
  for (ExprId kid : kids(e)) {
    if (!(node(kid).flags & kHasRule)) regular.push_back(kid);
    else if (stack == kEmpty) stack = kid;
    else return std::nullopt;
  }
  if (stack == kEmpty || regular.empty()) return std::nullopt;
  return Product(*this).shortest(stack, conj(regular));
}

}  // namespace decodex
