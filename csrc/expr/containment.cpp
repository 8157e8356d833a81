// Which expressions a repetition contains, by structure alone: C*T contains whatever reads characters of C and then T.
// A yes is always right; a no may be wrong, after a bounded look. Unions lose the arms that another one contains,
// intersections the parts that contain another one, so that a search that has found its match is again the plain text.
#include <algorithm>

#include "expr/pool.h"

namespace decodex {

namespace {

constexpr int kSteps = 96;   // nodes looked at for one union or intersection

class Containment {
 public:
  explicit Containment(const ExprPool& pool) : pool_(pool) {}

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
      case Kind::Alt:
        for (ExprId kid : pool_.kids(e))
          if (!made_of(kid, unit)) return false;
        return true;
      case Kind::Conj:
        for (ExprId kid : pool_.kids(e))
          if (made_of(kid, unit)) return true;
        return false;
      case Kind::Concat:
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
  int steps_ = kSteps;
};

}  // namespace

void ExprPool::drop_contained(std::vector<ExprId>& arms) const {
  Containment containment(*this);
  for (size_t i = 0; i < arms.size(); ++i) {
    if (!containment.repeats(arms[i])) continue;
    for (size_t k = arms.size(); k-- > 0;) {
      if (k == i || !containment.contains(arms[i], arms[k])) continue;
      arms.erase(arms.begin() + static_cast<ptrdiff_t>(k));
      if (k < i) --i;
    }
  }
}

void ExprPool::drop_containing(std::vector<ExprId>& parts) const {
  Containment containment(*this);
  for (size_t i = parts.size(); i-- > 0;) {
    if (!containment.repeats(parts[i])) continue;
    const bool idle = std::any_of(parts.begin(), parts.end(), [&](ExprId part) {
      return part != parts[i] && containment.contains(parts[i], part);
    });
    if (idle) parts.erase(parts.begin() + static_cast<ptrdiff_t>(i));
  }
}

}  // namespace decodex
