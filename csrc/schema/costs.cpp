// Goals and scalars: the fixpoint, and the words of regular languages in order of length.
#include "schema/costs.h"

#include <algorithm>
#include <map>

namespace decodex {

Costs::Costs(ExprPool& pool, Normaliser& normaliser, Strings& strings, Plans& plans, Layout& layout,
             const NumberOptions& numbers)
    : pool_(pool), normaliser_(normaliser), strings_(strings), plans_(plans), layout_(layout), numbers_(numbers) {}

// ---- goals ----

Cost Costs::of(GoalId goal) { return look_up(goal); }

Cost Costs::look_up(GoalId goal) {
  auto g = static_cast<size_t>(goal);
  if (goal == kNever) return {};
  if (g < solved_.size() && solved_[g]) return costs_[g];
  if (solving_) {
    if (noted_.size() <= g) noted_.resize(std::max(g + 1, normaliser_.goals().size()));
    if (noted_[g] != evaluation_) {
      noted_[g] = evaluation_;
      needed_.push_back(goal);
    }
    return g < costs_.size() ? costs_[g] : Cost{};
  }
  solve(goal);
  return costs_[g];
}

// Relaxes from "no text" downwards until nothing changes. A goal waits below the goals that it turned out to need, so
// without recursion each is evaluated about twice.
void Costs::solve(GoalId root) {
  std::vector<GoalId> stack{root}, visited;
  std::unordered_map<GoalId, std::vector<GoalId>> dependents;  // of every goal met; the key's presence says "met"
  std::unordered_map<GoalId, bool> waiting;
  dependents.try_emplace(root);
  waiting[root] = true;
  struct Solving {
    bool& flag;
    explicit Solving(bool& flag) : flag(flag) { flag = true; }
    ~Solving() { flag = false; }
  } guard(solving_);
  while (!stack.empty()) {
    GoalId goal = stack.back();
    stack.pop_back();
    waiting[goal] = false;
    needed_.clear();
    ++evaluation_;
    Cost cost = evaluate(goal);
    if (costs_.size() <= static_cast<size_t>(goal)) {
      size_t size = std::max(static_cast<size_t>(goal) + 1, normaliser_.goals().size());
      costs_.resize(size);
      solved_.resize(size);
    }
    std::vector<GoalId> fresh;
    for (GoalId need : needed_) {
      auto [it, is_new] = dependents.try_emplace(need);
      if (is_new) fresh.push_back(need);
      if (std::find(it->second.begin(), it->second.end(), goal) == it->second.end()) it->second.push_back(goal);
    }
    auto wait = [&](GoalId g) {
      if (waiting[g]) return;
      waiting[g] = true;
      stack.push_back(g);
    };
    if (cost < costs_[static_cast<size_t>(goal)]) {
      costs_[static_cast<size_t>(goal)] = cost;
      for (GoalId dependent : dependents.at(goal)) wait(dependent);
    }
    if (!fresh.empty()) wait(goal);
    for (GoalId need : fresh) wait(need);
  }
  size_t size = std::max(costs_.size(), normaliser_.goals().size());
  costs_.resize(size);
  solved_.resize(size);
  for (auto& [goal, unused] : dependents) solved_[static_cast<size_t>(goal)] = true;
}

Cost Costs::evaluate(GoalId goal) {
  Cost best = scalar_cost(goal);
  if (best.bytes <= 2) return best;  // "[]" and "{}" are no shorter
  const Plans::OfGoal& plans = plans_.of(goal);
  for (uint32_t i : plans.arrays) {
    ArrayPlan& plan = plans_.array(i);
    std::vector<uint32_t> none(plan.form.contains.size());
    Cost cost = plan.form.unique ? unique_rest(plan, {0, none}, kEmpty)
                : plan.simple    ? simple_rest(plan, 0)
                                 : general_rest(plan, {0, none, plan.form.repeated ? 0u : 2u, kAlways});
    best = std::min(best, cost + 1);
  }
  for (uint32_t i : plans.objects) {
    ObjectPlan& plan = plans_.object(i);
    ObjectPlace start;
    best = std::min(best,
                    (sums_only(plan) ? close_cost(required_after(plan, start), true) : general_rest(plan, start)) + 1);
  }
  return best;
}

Cost Costs::scalar_cost(GoalId goal) {
  const Forms& forms = normaliser_.forms(goal);
  uint32_t best = kInfinite;
  if (forms.null || (forms.booleans & kTrueBit))
    best = 4;
  else if (forms.booleans)
    best = 5;
  for (const NumberSet& set : forms.numbers)
    if (best > 1) best = std::min(best, set == NumberSet{} ? 1 : pool_.shortest(number(set)));
  for (const StringForm& form : forms.strings)
    if (best > 2) best = std::min(best, strings_.shortest(form));
  return {best, 0};
}

ExprId Costs::number(const NumberSet& set) {
  for (auto& [known, e] : number_expressions_)
    if (known == set) return e;
  ExprId e = pool_.lexeme(number_expression(pool_, set, numbers_));
  number_expressions_.emplace_back(set, e);
  return e;
}

bool Costs::scalars_only(GoalId goal) {
  const Forms& forms = normaliser_.forms(goal);
  return forms.arrays.empty() && forms.objects.empty();
}

ExprId Costs::scalars(GoalId goal) {
  const Forms& forms = normaliser_.forms(goal);
  std::vector<ExprId> arms;
  if (forms.null) arms.push_back(pool_.literal("null"));
  if (forms.booleans & kFalseBit) arms.push_back(pool_.literal("false"));
  if (forms.booleans & kTrueBit) arms.push_back(pool_.literal("true"));
  for (const NumberSet& set : forms.numbers) arms.push_back(number(set));
  if (!forms.strings.empty()) arms.push_back(pool_.concat(strings_.quote(), strings_.expression(forms.strings)));
  return pool_.alt(arms);
}

std::vector<uint32_t> Costs::shortest_words(ExprId language, size_t k) {
  auto known = shortest_words_.find({language, k});
  if (known != shortest_words_.end()) return known->second;
  std::vector<uint32_t> out;
  std::map<ExprId, uint64_t> layer{{language, 1}};
  for (uint32_t length = 0; !layer.empty() && out.size() < k; ++length) {
    std::map<ExprId, uint64_t> next;
    for (auto [e, ways] : layer) {
      if (pool_.nullable(e))
        for (uint64_t i = 0; i < ways && out.size() < k; ++i) out.push_back(length);
      const ByteClasses classes = pool_.classes(e);
      std::vector<uint64_t> members(classes.count);
      for (int b = 0; b < 256; ++b) ++members[classes.of[b]];
      for (int c = 0; c < classes.count; ++c) {
        ExprId d = pool_.derive(e, classes.representative[c]);
        if (d == kEmpty || !pool_.live(d)) continue;
        uint64_t& count = next[d];
        count = std::min<uint64_t>(k, count + ways * members[static_cast<size_t>(c)]);
      }
    }
    layer = std::move(next);
  }
  shortest_words_.emplace(std::make_pair(language, k), out);
  return out;
}

}  // namespace decodex
