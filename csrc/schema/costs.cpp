#include "schema/costs.h"

#include <algorithm>
#include <queue>

#include "base/error.h"
#include "json/parser.h"

namespace decodex {

namespace {

constexpr size_t kMaxListed = 64;  // distinct words or values looked at one by one; beyond, they cost as the last one

}  // namespace

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
    Cost cost = plan.form.repeated ? repeated_rest(plan, 0, 0, kAlways)
                : plan.form.unique ? unique_rest(plan, 0, kEmpty)
                : plan.simple      ? simple_rest(plan, 0)
                                   : general_rest(plan, {0, std::vector<uint32_t>(plan.form.contains.size())});
    best = std::min(best, cost + 1);
  }
  for (uint32_t i : plans.objects) {
    ObjectPlan& plan = plans_.object(i);
    ObjectPlace start;
    best = std::min(best, (sums_only(plan) ? close_cost(required_after(plan, start), true) : general_rest(plan, start)) + 1);
  }
  return best;
}

Cost Costs::scalar_cost(GoalId goal) {
  const Forms& forms = normaliser_.forms(goal);
  uint32_t best = kInfinite;
  if (forms.null || (forms.booleans & kTrueBit)) best = 4;
  else if (forms.booleans) best = 5;
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

// ---- objects ----

bool Costs::may_close(const ObjectPlan& plan, const ObjectPlace& place) {
  if (place.count < plan.min) return false;
  uint64_t marks = place.marks;
  for (uint32_t i = place.any_order() ? 0 : place.index; i < plan.keys.size(); ++i) {
    if (place.is_used(i)) continue;
    if (plan.keys[i].required) return false;
    marks |= plan.keys[i].absent_marks;
  }
  return marks == plan.all_marks;
}

bool Costs::may_follow(const ObjectPlan& plan, const ObjectPlace& place, uint32_t key) {
  if (place.is_used(key) || plan.keys[key].slot.choices.empty()) return false;
  if (plan.max != kUnbounded && place.count >= plan.max) return false;
  return place.any_order() || key <= plan.next_required[place.index];
}

bool Costs::may_be_free(const ObjectPlan& plan, const ObjectPlace& place) {
  if (plan.max != kUnbounded && place.count >= plan.max) return false;
  return place.any_order() || plan.next_required[place.index] == plan.keys.size();
}

ObjectPlace Costs::after(const ObjectPlan& plan, const ObjectPlace& place, uint32_t key, uint64_t marks) {
  ObjectPlace next = place;
  next.first = false;
  next.marks |= marks;
  if (place.count < plan.count_cap) ++next.count;
  if (!place.any_order()) {
    if (plan.all_marks)
      for (uint32_t i = place.index; i < key; ++i) next.marks |= plan.keys[i].absent_marks;
    next.index = key < plan.keys.size() ? key + 1 : key;
  }
  return next;
}

Cost Costs::value_cost(const std::vector<Choice>& choices) {
  Cost best;
  for (const Choice& c : choices) best = std::min(best, layout_.deeper(look_up(c.goal)));
  return best;
}

Cost Costs::member_cost(const PlanKey& key) {
  return value_cost(key.slot.choices) + (key.length + layout_.colon_cost());
}

// What is still required, as if nothing but that were written.
Costs::Sum Costs::required_after(ObjectPlan& plan, const ObjectPlace& place) {
  auto sum_from = [&](uint32_t begin) {
    Sum sum{{0, 0}, 0};
    for (uint32_t i = begin; i < plan.keys.size(); ++i) {
      if (!plan.keys[i].required || place.is_used(i)) continue;
      sum.members = sum.members + member_cost(plan.keys[i]);
      ++sum.count;
    }
    return sum;
  };
  if (place.any_order() || solving_) return sum_from(place.any_order() ? 0 : place.index);
  auto [it, fresh] = suffixes_.try_emplace(&plan);
  if (fresh) {
    size_t n = plan.keys.size();
    std::vector<Sum> sums(n + 1, Sum{{0, 0}, 0});
    for (size_t i = n; i-- > 0;) {
      sums[i] = sums[i + 1];
      if (!plan.keys[i].required) continue;
      sums[i].members = sums[i].members + member_cost(plan.keys[i]);
      ++sums[i].count;
    }
    suffixes_[&plan] = std::move(sums);  // look_up may have grown the map meanwhile
  }
  return suffixes_[&plan][place.index];
}

Cost Costs::close_cost(const Sum& sum, bool first) const {
  if (sum.count == 0) return (first ? layout_.empty_cost() : layout_.before_close_cost()) + 1;
  Cost separators = first ? layout_.after_open_cost() + layout_.comma_cost().times(sum.count - 1)
                          : layout_.comma_cost().times(sum.count);
  return sum.members + separators + layout_.before_close_cost() + 1;
}

Cost Costs::rest(ObjectPlan& plan, const ObjectPlace& place) {
  if (sums_only(plan)) {
    Sum sum = required_after(plan, place);
    if (plan.max != kUnbounded && uint64_t{place.count} + sum.count > plan.max) return {};
    return close_cost(sum, place.first);
  }
  auto key = std::make_tuple(static_cast<const ObjectPlan*>(&plan), place.used ? *place.used : std::vector<uint64_t>{},
                             place.taken, place.index, place.marks, place.count, place.first);
  auto known = rests_.find(key);
  if (known != rests_.end()) return known->second;
  Cost cost = general_rest(plan, place);
  rests_.emplace(std::move(key), cost);
  return cost;
}

Cost Costs::after_key(ObjectPlan& plan, const ObjectPlace& place, uint32_t key) {
  const PlanKey& k = plan.keys[key];
  Cost best;
  if (place.any_order() && sums_only(plan)) {
    Sum sum = required_after(plan, place);
    if (k.required) {  // its own share is paid here
      Cost own = member_cost(k);
      sum.members = {sum.members.bytes - own.bytes, sum.members.lines - own.lines};
      --sum.count;
    }
    if (plan.max != kUnbounded && uint64_t{place.count} + 1 + sum.count > plan.max) return best;
    return value_cost(k.slot.choices) + layout_.colon_cost() + close_cost(sum, false);
  }
  std::vector<uint64_t> used;
  for (const Choice& c : k.slot.choices) {
    ObjectPlace next = after(plan, place, key, c.marks);
    if (place.any_order()) {
      used = *place.used;
      used[key >> 6] |= uint64_t{1} << (key & 63);
      next.used = &used;
    }
    best = std::min(best, layout_.deeper(look_up(c.goal)) + rest(plan, next));
  }
  return best + layout_.colon_cost();
}

Cost Costs::after_free_key(ObjectPlan& plan, const ObjectPlace& place, uint32_t cls) {
  Cost best;
  const std::vector<KeyClass>& classes = plans_.classes(plan);
  for (const Choice& c : classes[cls].slot.choices) {
    ObjectPlace next = after(plan, place, static_cast<uint32_t>(plan.keys.size()), c.marks);
    if (!sums_only(plan)) {
      next.taken.resize(classes.size());
      ++next.taken[cls];
    }
    best = std::min(best, layout_.deeper(look_up(c.goal)) + rest(plan, next));
  }
  return best + layout_.colon_cost();
}

namespace {

// Of choices that do the same or less for as much or more, one is enough.
template <class T, class Dominates>
void keep_best(std::vector<T>& list, Dominates dominates) {
  constexpr size_t kFew = 400;
  if (list.size() > kFew) return;
  std::vector<T> kept;
  for (size_t i = 0; i < list.size(); ++i) {
    bool worse = false;
    for (size_t j = 0; j < list.size() && !worse; ++j)
      worse = i != j && dominates(list[j], list[i]) && (j < i || !dominates(list[i], list[j]));
    if (!worse) kept.push_back(list[i]);
  }
  list.swap(kept);
}

}  // namespace

std::vector<Costs::Option> Costs::options(const std::vector<Choice>& choices, uint32_t extra) {
  std::vector<Option> out;
  for (const Choice& c : choices)
    if (Cost cost = layout_.deeper(look_up(c.goal)) + extra; !cost.infinite()) out.push_back({c.marks, cost});
  keep_best(out, [](const Option& a, const Option& b) { return (b.marks & ~a.marks) == 0 && a.cost <= b.cost; });
  return out;
}

void Costs::tidy(std::vector<Point>& points) const {
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
    return std::tie(a.marks, a.count, a.first, a.cost) < std::tie(b.marks, b.count, b.first, b.cost);
  });
  points.erase(std::unique(points.begin(), points.end(), [](const Point& a, const Point& b) {
                 return a.marks == b.marks && a.count == b.count && a.first == b.first;
               }), points.end());
  // Fewer members are no worse only where more of them are not asked for, so equal counts are compared.
  keep_best(points, [](const Point& a, const Point& b) {
    return (b.marks & ~a.marks) == 0 && a.count == b.count && a.first == b.first && a.cost <= b.cost;
  });
  if (points.size() > 20'000)
    throw Error(ErrorKind::Limit, "the conditions on an object combine into more than 20000 cases; use fewer negations, "
                                  "dependencies or alternatives on one object");
}

// Clauses and counts: the cheapest way over the keys, one after the other, by what has been met so far.
Cost Costs::general_rest(ObjectPlan& plan, const ObjectPlace& place) {
  std::vector<Point> reached{{place.marks, place.count, place.first, {0, 0}}};
  uint32_t n = static_cast<uint32_t>(plan.keys.size()), left = 0;
  for (uint32_t i = 0; i < n; ++i) left += plan.keys[i].required && !place.is_used(i);
  for (uint32_t i = place.any_order() ? 0 : place.index; i < n; ++i) {
    const PlanKey& key = plan.keys[i];
    if (place.is_used(i)) continue;
    std::vector<Option> ways = options(key.slot.choices, key.length + layout_.colon_cost());
    std::vector<Point> next;
    for (const Point& p : reached) {
      if (!key.required) next.push_back({p.marks | key.absent_marks, p.count, p.first, p.cost});
      if (plan.max != kUnbounded && p.count >= plan.max) continue;
      for (const Option& way : ways) {
        bool useful = key.required || (way.marks & ~p.marks) || p.count + left < plan.min;
        if (!useful) continue;
        Cost separator = p.first ? layout_.after_open_cost() : layout_.comma_cost();
        next.push_back({p.marks | way.marks, std::min(p.count + 1, plan.count_cap), false, p.cost + separator + way.cost});
      }
    }
    left -= key.required;
    tidy(next);
    reached = std::move(next);
  }
  Cost best;
  for (const Point& p : reached)
    if (p.cost < best) best = std::min(best, p.cost + free_members(plan, p, place.taken));
  return best;
}

// From behind the named keys to the end, by as many free keys as it takes.
Cost Costs::free_members(ObjectPlan& plan, const Point& start, const std::vector<uint32_t>& taken) {
  auto done = [&](const Point& p) { return p.marks == plan.all_marks && p.count >= plan.min; };
  auto close = [&](const Point& p) { return (p.first ? layout_.empty_cost() : layout_.before_close_cost()) + 1; };
  if (done(start)) return close(start);
  const std::vector<KeyClass>& classes = plans_.classes(plan);
  std::vector<std::vector<Option>> ways;
  uint64_t possible = start.marks;
  for (const KeyClass& cls : classes) {
    ways.push_back(options(cls.slot.choices, 1 + layout_.colon_cost()));
    for (const Option& way : ways.back()) possible |= way.marks;
  }
  if (possible != plan.all_marks) return {};
  struct Step {
    Point point;
    std::vector<uint32_t> taken;  // of each class
  };
  // Layer by layer, one more free key each; what has been met only grows, so few layers do.
  std::vector<Step> reached{{{start.marks, start.count, start.first, {0, 0}}, taken}};
  reached[0].taken.resize(classes.size());
  Cost best;
  while (!reached.empty()) {
    std::vector<Step> next;
    for (const Step& step : reached) {
      const Point& p = step.point;
      if (plan.max != kUnbounded && p.count >= plan.max) continue;
      for (size_t k = 0; k < classes.size(); ++k) {
        uint32_t length = free_key_length(classes[k], step.taken[k] + 1);
        if (length == kInfinite) continue;
        for (const Option& way : ways[k]) {
          if (!(way.marks & ~p.marks) && p.count >= plan.min) continue;
          Cost separator = p.first ? layout_.after_open_cost() : layout_.comma_cost();
          Step after{{p.marks | way.marks, std::min(p.count + 1, plan.count_cap), false, p.cost + separator + way.cost + length}, step.taken};
          ++after.taken[k];
          if (!(after.point.cost < best)) continue;
          if (done(after.point)) best = std::min(best, after.point.cost + close(after.point));
          else next.push_back(std::move(after));
        }
      }
    }
    keep_best(next, [](const Step& a, const Step& b) {
      return (b.point.marks & ~a.point.marks) == 0 && a.point.count >= b.point.count && a.point.cost <= b.point.cost && a.taken <= b.taken;
    });
    if (next.size() > 20'000)
      throw Error(ErrorKind::Limit, "the conditions on the free keys of an object combine into more than 20000 cases; use fewer of them");
    reached = std::move(next);
  }
  return best;
}

// Of the n-th shortest key of a class, with its closing quote; kInfinite when there are fewer.
uint32_t Costs::free_key_length(const KeyClass& cls, uint32_t n) {
  if (n == 1) return cls.shortest - 1;
  size_t wanted = std::min<size_t>(n, kMaxListed);
  ExprId keys = cls.excluded == kEmpty ? cls.language : pool_.conj(cls.language, pool_.complement(cls.excluded));
  std::vector<uint32_t> lengths = shortest_words(keys, wanted);
  return lengths.size() < wanted ? kInfinite : lengths.back();
}

// ---- arrays ----

Cost Costs::simple_rest(const ArrayPlan& plan, uint32_t index) {
  const ArrayForm& form = plan.form;
  if (index >= form.min) return (index == 0 ? layout_.empty_cost() : layout_.before_close_cost()) + 1;
  Cost out = layout_.before_close_cost() + 1;
  uint32_t at = index;
  for (; at < form.min && at < form.prefix.size(); ++at)
    out = out + layout_.deeper(look_up(form.prefix[at])) + (at == 0 ? layout_.after_open_cost() : layout_.comma_cost());
  if (at < form.min) {
    Cost item = layout_.deeper(look_up(form.rest));
    out = out + item.times(form.min - at);
    out = out + (at == 0 ? layout_.after_open_cost() + layout_.comma_cost().times(form.min - 1)
                         : layout_.comma_cost().times(form.min - at));
  }
  return out;
}

Cost Costs::rest(const ArrayPlan& plan, const ArrayPlace& place) {
  if (plan.simple) return simple_rest(plan, place.index);
  auto key = std::make_pair(&plan, place);
  auto known = array_rests_.find(key);
  if (known != array_rests_.end()) return known->second;
  Cost cost = general_rest(plan, place);
  array_rests_.emplace(std::move(key), cost);
  return cost;
}

Cost Costs::general_rest(const ArrayPlan& plan, const ArrayPlace& place) {
  std::map<ArrayPlace, Cost> reached{{place, {0, 0}}};
  std::priority_queue<std::pair<Cost, ArrayPlace>, std::vector<std::pair<Cost, ArrayPlace>>, std::greater<>> queue;
  queue.push({{0, 0}, place});
  Cost best;
  size_t work = 0;
  while (!queue.empty()) {
    auto [cost, p] = queue.top();
    queue.pop();
    if (!(cost < best)) break;
    if (reached.at(p) < cost) continue;
    if (++work > 200'000)
      throw Error(ErrorKind::Limit, "the shortest array under `contains` with such counts was not found in 200000 steps; "
                                    "use smaller minItems, maxItems, minContains or maxContains");
    if (p.index >= plan.form.min && Plans::counts_met(plan, p.counts))
      best = std::min(best, cost + (p.index == 0 ? layout_.empty_cost() : layout_.before_close_cost()) + 1);
    if (plan.form.max != kUnbounded && p.index >= plan.form.max) continue;
    for (const ItemChoice& choice : plans_.item_choices(plan, p.index, p.counts)) {
      bool useful = p.index < plan.form.min || choice.counts != p.counts || p.index < plan.index_cap;
      Cost total = cost + layout_.deeper(look_up(choice.goal)) + (p.index == 0 ? layout_.after_open_cost() : layout_.comma_cost());
      if (!useful || total.infinite()) continue;
      ArrayPlace next{std::min(p.index + 1, std::max(plan.index_cap, 1u)), choice.counts};
      auto [it, fresh] = reached.try_emplace(next, total);
      if (!fresh && !(total < it->second)) continue;
      it->second = total;
      queue.push({total, next});
    }
  }
  return best;
}

Cost Costs::unique_rest(const ArrayPlan& plan, uint32_t index, ExprId excluded) {
  const ArrayForm& form = plan.form;
  uint32_t more = index < form.min ? form.min - index : 0;
  bool uniform = form.prefix.empty() && form.contains.empty() && scalars_only(form.rest);
  if (more == 0 || !uniform || (more == 1 && excluded == kEmpty)) {
    return form.contains.empty() ? simple_rest(plan, index)
                                 : general_rest(plan, {index, std::vector<uint32_t>(form.contains.size())});
  }
  std::vector<uint32_t> lengths = distinct_values(form.rest, std::min<size_t>(more, kMaxListed), excluded);
  if (lengths.size() < std::min<size_t>(more, kMaxListed)) return {};
  Cost out = layout_.before_close_cost() + 1;
  for (uint32_t i = 0; i < more; ++i)
    out = out + lengths[std::min<size_t>(i, lengths.size() - 1)] + (index + i == 0 ? layout_.after_open_cost() : layout_.comma_cost());
  return out;
}

Cost Costs::unique_rest_after(const ArrayPlan& plan, uint32_t index, ExprId item) {
  uint32_t length = pool_.shortest(item);
  Cost all = unique_rest(plan, index, kEmpty);
  if (all.infinite() || length == kInfinite) return {};
  // What is left after the item and its comma.
  Cost spent = (index == 0 ? layout_.after_open_cost() : layout_.comma_cost()) + length + (layout_.before_comma_cost() + 1);
  return {all.bytes > spent.bytes ? all.bytes - spent.bytes : 0, all.lines > spent.lines ? all.lines - spent.lines : 0};
}

// The cheapest places for what is still to come: one item for a remembered value, two for a pair.
Cost Costs::repeated_rest(const ArrayPlan& plan, uint32_t index, uint32_t phase, GoalId written) {
  const ArrayForm& form = plan.form;
  if (phase == 2) return simple_rest(plan, index);
  uint32_t last = std::max(static_cast<uint32_t>(form.prefix.size()), index) + 2;
  Cost best;
  for (uint32_t j = index; j < last && j < form.max; ++j)
    for (uint32_t i = phase == 1 ? j : index; phase == 1 ? i == j : i < j; ++i) {
      GoalId both = normaliser_.goals().conj(form.item(i), form.item(j));
      if (phase == 1) both = normaliser_.goals().conj(both, written);
      Cost total = layout_.deeper(look_up(both)).times(phase == 1 ? 1 : 2);
      for (uint32_t k = index; k < std::max(j + 1, form.min); ++k) {
        if (k != i && k != j) total = total + layout_.deeper(look_up(form.item(k)));
        total = total + (k == 0 ? layout_.after_open_cost() : layout_.comma_cost());
      }
      best = std::min(best, total + layout_.before_close_cost() + 1);
    }
  return best;
}

// ---- distinct words ----

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

// One of the shortest words; `length` is theirs.
std::string Costs::shortest_word(ExprId language, uint32_t length) {
  std::string out;
  while (length > 0) {
    const ByteClasses classes = pool_.classes(language);
    ExprId next = kEmpty;
    for (int c = 0; c < classes.count && next == kEmpty; ++c) {
      ExprId d = pool_.derive(language, classes.representative[c]);
      if (d == kEmpty || pool_.shortest(d) != length - 1) continue;
      out.push_back(static_cast<char>(classes.representative[c]));
      next = d;
    }
    if (next == kEmpty) break;
    language = next;
    --length;
  }
  return out;
}

std::vector<uint32_t> Costs::distinct_values(GoalId goal, size_t k, ExprId excluded) {
  std::vector<uint32_t> out;
  ExprId all = scalars(goal);
  while (out.size() < k) {
    ExprId left = excluded == kEmpty ? all : pool_.conj(all, pool_.complement(excluded));
    uint32_t length = pool_.shortest(left);
    if (length == kInfinite) break;
    out.push_back(length);
    json::Store store;
    json::Index value = json::parse(store, shortest_word(left, length));
    ExprId same = kEmpty;
    switch (store.type(value)) {
      case json::Type::Null: same = pool_.literal("null"); break;
      case json::Type::False: same = pool_.literal("false"); break;
      case json::Type::True: same = pool_.literal("true"); break;
      case json::Type::Number: same = number_spellings(pool_, Decimal::parse(store.text(value)), numbers_); break;
      default: same = pool_.concat(strings_.quote(), strings_.words({store.text(value)})); break;
    }
    excluded = pool_.alt(excluded, same);
  }
  return out;
}

}  // namespace decodex
