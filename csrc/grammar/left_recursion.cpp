#include "grammar/left_recursion.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "expr/pool.h"
#include "grammar/facts.h"

namespace decodex {

namespace {

constexpr size_t kMostBodies = 2'000'000;   // nodes that the elimination may make
constexpr size_t kLargestGroup = 256;       // rules that begin with one another

class Elimination {
 public:
  Elimination(Grammar& grammar, std::vector<uint32_t> shortest, const std::function<LeafId(LeafId)>& nonempty_leaf)
      : g_(grammar), shortest_(std::move(shortest)), nonempty_leaf_(nonempty_leaf), original_bodies_(g_.body_count()) {
    for (uint32_t i = 0; i < g_.rule_count(); ++i)
      nullable_rules_.push_back(shortest_[Grammar::index(g_[RuleId{i}].body)] == 0);
  }

  void run(RuleId start) {
    const auto groups = left_recursive(g_, start, shortest_);
    group_of_.assign(g_.rule_count(), kNoGroup);
    for (size_t i = 0; i < groups.size(); ++i)
      for (RuleId rule : groups[i]) group_of_[Grammar::index(rule)] = static_cast<uint32_t>(i);
    std::vector<Solved> solved;
    for (const auto& group : groups) solve(group, solved);
    for (const Solved& s : solved) {   // all at once: the systems are read off the bodies as they were
      if (nullable_rules_[Grammar::index(s.rule)]) {
        const RuleId rest = nonempty_rule(s.rule);
        g_.set_body(rest, s.nonempty);
        g_.set_body(s.rule, g_.alt(kEmptyText, g_.rule(rest)));
      } else {
        g_.set_body(s.rule, s.nonempty);
      }
    }
    while (!pending_.empty()) {
      const RuleId rule = pending_.back();
      pending_.pop_back();
      g_.set_body(nonempty_rule(rule), nonempty(g_[rule].body));
    }
  }

 private:
  struct Solved {
    RuleId rule;
    BodyId nonempty;
  };
  // The non-empty texts of a body: those of rules of the group, each followed by what is told, and others.
  struct Split {
    std::vector<BodyId> after;   // by place in the group; kNoText: does not begin so
    BodyId other = kNoText;
  };
  static constexpr uint32_t kNoGroup = UINT32_MAX;

  void check_size() const {
    if (g_.body_count() > kMostBodies)
      throw Error(ErrorKind::Limit, "removing the left recursion of this grammar takes too many rules: very many rules "
                                    "begin with one another; write some of them with repetitions instead");
  }

  bool nullable(BodyId body) const {
    if (Grammar::index(body) < original_bodies_) return shortest_[Grammar::index(body)] == 0;
    const BodyNode& n = g_.node(body);
    switch (n.kind) {
      case BodyKind::EmptyText: return true;
      case BodyKind::Rule: return nullable_rules_[n.a];
      case BodyKind::Repeat: return n.b == 0 || nullable(BodyId{n.a});
      case BodyKind::Concat: return std::ranges::all_of(g_.kids(n), [&](BodyId kid) { return nullable(kid); });
      case BodyKind::Alt: return std::ranges::any_of(g_.kids(n), [&](BodyId kid) { return nullable(kid); });
      default: return false;     // leaves made here are not empty
    }
  }
  RuleId add_rule(std::string name, bool nullable) {
    nullable_rules_.push_back(nullable);
    return g_.add_rule(std::move(name), "");
  }

  RuleId nonempty_rule(RuleId rule) {
    auto [it, fresh] = nonempty_rules_.try_emplace(rule, RuleId{0});
    if (!fresh) return it->second;
    if (group_of_[Grammar::index(rule)] == kNoGroup) pending_.push_back(rule);
    return it->second = add_rule(g_[rule].name + " (not empty)", false);
  }

  // The same body without the empty text.
  BodyId nonempty(BodyId body) {
    if (!nullable(body)) return body;
    const BodyNode n = g_.node(body);   // a copy: making nodes moves them
    check_size();
    switch (n.kind) {
      case BodyKind::Leaf: return g_.leaf(nonempty_leaf_(LeafId{n.a}));
      case BodyKind::Rule: return g_.rule(nonempty_rule(RuleId{n.a}));
      case BodyKind::Repeat: return g_.concat(nonempty(BodyId{n.a}), rest_of_repeat(n));
      case BodyKind::Alt: {
        std::vector<BodyId> arms(g_.kids(n).begin(), g_.kids(n).end());
        for (BodyId& arm : arms) arm = nonempty(arm);
        return g_.alt(arms);
      }
      case BodyKind::Concat: {
        const std::vector<BodyId> kids(g_.kids(n).begin(), g_.kids(n).end());
        BodyId out = kNoText, rest = kEmptyText;
        for (size_t i = kids.size(); i-- > 0;) {
          out = g_.alt(out, g_.concat(nonempty(kids[i]), rest));
          rest = g_.concat(kids[i], rest);
        }
        return out;
      }
      default: return kNoText;
    }
  }

  // What may follow the first turn of a repetition that is not empty.
  BodyId rest_of_repeat(const BodyNode& n) {
    const uint32_t min = nullable(BodyId{n.a}) || n.b == 0 ? 0 : n.b - 1;
    return g_.repeat(BodyId{n.a}, min, n.c == kUnbounded ? kUnbounded : n.c - 1);
  }

  bool begins_in(BodyId body, uint32_t group) const {
    for (RuleId corner : left_corners(g_, body, shortest_))
      if (group_of_[Grammar::index(corner)] == group) return true;
    return false;
  }

  Split split(BodyId body, const std::vector<RuleId>& group) {
    Split out{std::vector<BodyId>(group.size(), kNoText)};
    check_size();
    if (!begins_in(body, group_of_[Grammar::index(group[0])])) {
      out.other = nonempty(body);
      return out;
    }
    auto add = [&](const Split& part, BodyId tail) {
      for (size_t j = 0; j < group.size(); ++j) out.after[j] = g_.alt(out.after[j], g_.concat(part.after[j], tail));
      out.other = g_.alt(out.other, g_.concat(part.other, tail));
    };
    const BodyNode n = g_.node(body);
    switch (n.kind) {
      case BodyKind::Rule:
        out.after[static_cast<size_t>(std::ranges::lower_bound(group, RuleId{n.a}) - group.begin())] = kEmptyText;
        break;
      case BodyKind::Alt: {
        const std::vector<BodyId> kids(g_.kids(n).begin(), g_.kids(n).end());
        for (BodyId kid : kids) add(split(kid, group), kEmptyText);
        break;
      }
      case BodyKind::Concat: {
        const std::vector<BodyId> kids(g_.kids(n).begin(), g_.kids(n).end());
        for (size_t i = 0; i < kids.size(); ++i) {
          if (shortest_of(kids[i]) == kInfinite) break;
          add(split(kids[i], group), g_.concat(std::span(kids).subspan(i + 1)));
          if (!nullable(kids[i])) break;
        }
        break;
      }
      case BodyKind::Repeat:
        add(split(BodyId{n.a}, group), rest_of_repeat(n));
        break;
      default:
        break;
    }
    return out;
  }
  uint32_t shortest_of(BodyId body) const {
    return Grammar::index(body) < original_bodies_ ? shortest_[Grammar::index(body)] : 0;
  }

  void solve(const std::vector<RuleId>& group, std::vector<Solved>& solved) {
    const size_t n = group.size();
    if (n > kLargestGroup)
      throw Error(ErrorKind::Limit, std::to_string(n) + " rules of this grammar begin with one another, and left recursion "
                                    "is removed from at most " + std::to_string(kLargestGroup) +
                                    "; write some of them with repetitions instead");
    std::vector<Split> splits;                       // splits[i].after[j] is M_ji, splits[i].other is b_i
    for (RuleId rule : group) splits.push_back(split(g_[rule].body, group));
    std::vector<std::vector<bool>> same(n, std::vector<bool>(n));   // same[j][i]: A_j is A_i, by empty texts of M alone
    for (size_t j = 0; j < n; ++j)
      for (size_t i = 0; i < n; ++i) same[j][i] = i == j || nullable(splits[i].after[j]);
    for (size_t k = 0; k < n; ++k)
      for (size_t j = 0; j < n; ++j)
        for (size_t i = 0; i < n && same[j][k]; ++i)
          if (same[k][i]) same[j][i] = true;
    std::vector<std::vector<BodyId>> step(n, std::vector<BodyId>(n, kNoText));   // M without its empty texts, after `same`
    for (size_t k = 0; k < n; ++k)
      for (size_t l = 0; l < n; ++l) {
        const BodyId on = nonempty(splits[l].after[k]);
        for (size_t j = 0; j < n && on != kNoText; ++j)
          if (same[j][k]) step[j][l] = g_.alt(step[j][l], on);
        check_size();
      }
    if (n == 1) {
      solved.push_back({group[0], g_.concat(splits[0].other, g_.repeat(step[0][0], 0, kUnbounded))});
      return;
    }
    std::vector<std::vector<BodyId>> way(n, std::vector<BodyId>(n, kNoText));    // H, where it is asked for
    std::vector<std::pair<size_t, size_t>> queue;
    auto way_on = [&](size_t j, size_t i) {
      if (way[j][i] != kNoText) return way[j][i];
      queue.emplace_back(j, i);
      return way[j][i] = g_.rule(add_rule(g_[group[i]].name + " (after " + g_[group[j]].name + ")", same[j][i]));
    };
    for (size_t i = 0; i < n; ++i) {
      BodyId body = kNoText;
      for (size_t j = 0; j < n; ++j)
        if (splits[j].other != kNoText) body = g_.alt(body, g_.concat(splits[j].other, way_on(j, i)));
      solved.push_back({group[i], body});
    }
    while (!queue.empty()) {
      const auto [j, i] = queue.back();
      queue.pop_back();
      BodyId body = same[j][i] ? kEmptyText : kNoText;
      for (size_t l = 0; l < n; ++l)
        if (step[j][l] != kNoText) body = g_.alt(body, g_.concat(step[j][l], way_on(l, i)));
      g_.set_body(RuleId{g_.node(way[j][i]).a}, body);
      check_size();
    }
  }

  Grammar& g_;
  std::vector<uint32_t> shortest_;                   // of the bodies as they were
  const std::function<LeafId(LeafId)>& nonempty_leaf_;
  size_t original_bodies_;
  std::vector<uint32_t> group_of_;
  std::unordered_map<RuleId, RuleId> nonempty_rules_;
  std::vector<bool> nullable_rules_;
  std::vector<RuleId> pending_;                      // rules outside of groups whose non-empty rule has no body yet
};

}  // namespace

void remove_left_recursion(Grammar& grammar, RuleId start, std::vector<uint32_t> shortest,
                           const std::function<LeafId(LeafId)>& nonempty_leaf) {
  Elimination(grammar, std::move(shortest), nonempty_leaf).run(start);
}

}  // namespace decodex
