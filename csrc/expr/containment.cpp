// Which expressions a repetition contains, by structure alone: C*T contains whatever reads characters of C and then T.
// A yes is always right; a no may be wrong, after a bounded look. Unions lose the arms that another one contains,
// intersections the parts that contain another one, so that a search that has found its match is again the plain text.
#include <algorithm>
#include <utility>

#include "expr/pool.h"

namespace decodex {

namespace {

constexpr int kSteps = 96;          // nodes looked at for one union or intersection
constexpr int kStepsOnce = 1'000;   // the same for two unions, of which the answer is remembered

class Containment {
 public:
  Containment(const ExprPool& pool, std::unordered_map<uint64_t, bool>& covered) : pool_(pool), covered_(covered) {}

  // Is `e` C*T or C+T?
  bool repeats(ExprId e) const {
    const Node& n = pool_.node(e);
    return is_open_repeat(n.kind == Kind::Concat ? pool_.node(ExprId{n.a}) : n) && !(n.flags & kLooks);
  }

  // Is every word of `e` one of `whole`, for which repeats() holds?
  bool contains(ExprId whole, ExprId e) {
    const Node& w = pool_.node(whole);
    const bool followed = w.kind == Kind::Concat;
    const Node& repeat = followed ? pool_.node(ExprId{w.a}) : w;
    const ExprId unit{repeat.a}, tail = followed ? ExprId{w.b} : kEpsilon;
    if (pool_.node(e).flags & kLooks) return false;
    bool turned = repeat.b == 0;   // a turn has been taken, if one must be
    while (e != whole && !(turned && e == tail)) {
      if (--steps_ < 0) return false;
      ExprId head = e, rest = kEpsilon;
      if (pool_.node(e).kind == Kind::Concat) {
        head = ExprId{pool_.node(e).a};
        rest = ExprId{pool_.node(e).b};
      }
      if (made_of(head, unit)) turned = turned || !pool_.nullable(head);
      else if (rest = after_character(e, unit); rest != kEmpty) turned = true;
      else return false;
      e = rest;
      if (e == kEpsilon) return tail == kEpsilon && turned;
    }
    return true;
  }

 private:
  static constexpr uint8_t kLooks = kLookahead | kLookbehind;

  static bool is_open_repeat(const Node& n) { return n.kind == Kind::Repeat && n.b <= 1 && n.c == kUnbounded; }

  bool made_of(ExprId e, ExprId unit) {
    if (e == unit || e == kEpsilon) return true;
    if (--steps_ < 0) return false;
    const Node& n = pool_.node(e);
    switch (n.kind) {
      case Kind::Bytes:
        return after_character(e, unit) == kEpsilon;
      case Kind::Repeat:
      case Kind::Lexeme:
        return made_of(ExprId{n.a}, unit);
      case Kind::Alt: {
        if (pool_.node(unit).kind != Kind::Alt) return all_made_of(pool_.kids(e), unit);
        auto [known, fresh] = covered_.try_emplace(uint64_t{static_cast<uint32_t>(e)} << 32 | static_cast<uint32_t>(unit), false);
        bool& answer = known->second;
        if (fresh) {
          const int steps = std::exchange(steps_, kStepsOnce);
          answer = all_made_of(pool_.kids(e), unit);
          steps_ = steps;
        }
        return answer;
      }
      case Kind::Conj:
        for (ExprId kid : pool_.kids(e))
          if (made_of(kid, unit)) return true;
        return false;
      case Kind::Concat:
        if (covers(unit, e)) return true;
        while (e != kEpsilon) {
          if (--steps_ < 0) return false;
          const bool more = pool_.node(e).kind == Kind::Concat;
          const ExprId head = more ? ExprId{pool_.node(e).a} : e;
          if (more && made_of(head, unit)) e = ExprId{pool_.node(e).b};
          else if (!more) return made_of(e, unit);
          else if (e = after_character(e, unit); e == kEmpty) return false;
        }
        return true;
      default:
        return false;
    }
  }

  bool all_made_of(std::span<const ExprId> arms, ExprId unit) {
    return std::all_of(arms.begin(), arms.end(), [&](ExprId arm) { return made_of(arm, unit); });
  }

  // Is every word of `e` one of `whole`, both made of sets, in sequences and unions?
  bool covers(ExprId whole, ExprId e) {
    if (whole == e) return true;
    if (--steps_ < 0) return false;
    const Node &w = pool_.node(whole), &n = pool_.node(e);
    auto arms = [&](ExprId of) { return pool_.kids(of); };
    if (n.kind == Kind::Alt) return std::all_of(arms(e).begin(), arms(e).end(), [&](ExprId arm) { return covers(whole, arm); });
    if (w.kind == Kind::Alt) return std::any_of(arms(whole).begin(), arms(whole).end(), [&](ExprId arm) { return covers(arm, e); });
    if (n.kind != w.kind) return false;
    if (n.kind == Kind::Bytes) return (*n.set & ~*w.set).empty();
    return n.kind == Kind::Concat && covers(ExprId{w.a}, ExprId{n.a}) && covers(ExprId{w.b}, ExprId{n.b});
  }

  // What is left of `e` behind bytes that are a word of `unit`; kEmpty when it does not begin so.
  ExprId after_character(ExprId e, ExprId unit) {
    if (pool_.node(unit).kind != Kind::Alt) return after_sets(e, unit);
    for (ExprId arm : pool_.kids(unit))
      if (ExprId rest = after_sets(e, arm); rest != kEmpty) return rest;
    return kEmpty;
  }

  ExprId after_sets(ExprId e, ExprId sets) {
    while (true) {
      if (--steps_ < 0) return kEmpty;
      const Node &n = pool_.node(e), &s = pool_.node(sets);
      const bool more = n.kind == Kind::Concat, more_sets = s.kind == Kind::Concat;
      const Node &own = more ? pool_.node(ExprId{n.a}) : n, &set = more_sets ? pool_.node(ExprId{s.a}) : s;
      if (own.kind != Kind::Bytes || set.kind != Kind::Bytes || !(*own.set & ~*set.set).empty()) return kEmpty;
      e = more ? ExprId{n.b} : kEpsilon;
      if (!more_sets) return e;
      if (!more) return kEmpty;
      sets = ExprId{s.b};
    }
  }

  const ExprPool& pool_;
  std::unordered_map<uint64_t, bool>& covered_;
  int steps_ = kSteps;
};

}  // namespace

void ExprPool::drop_contained(std::vector<ExprId>& arms) {
  Containment containment(*this, covered_);
  for (size_t i = 0; i < arms.size(); ++i) {
    if (!containment.repeats(arms[i])) continue;
    for (size_t k = arms.size(); k-- > 0;) {
      if (k == i || !containment.contains(arms[i], arms[k])) continue;
      arms.erase(arms.begin() + static_cast<ptrdiff_t>(k));
      if (k < i) --i;
    }
  }
}

void ExprPool::drop_containing(std::vector<ExprId>& parts) {
  Containment containment(*this, covered_);
  for (size_t i = parts.size(); i-- > 0;) {
    if (!containment.repeats(parts[i])) continue;
    const bool idle = std::any_of(parts.begin(), parts.end(), [&](ExprId part) {
      return part != parts[i] && containment.contains(parts[i], part);
    });
    if (idle) parts.erase(parts.begin() + static_cast<ptrdiff_t>(i));
  }
}

}  // namespace decodex
