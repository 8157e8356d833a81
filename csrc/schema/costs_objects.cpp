// Shortest ways from a place inside an object to its end. Where keys do not depend on each other that is a sum; with
// clauses and counts it is the cheapest path over the keys, by what has been met so far, with dominated points dropped.
#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "schema/costs.h"

namespace decodex {

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
  if (const auto known = suffixes_.find(&plan); known != suffixes_.end()) return known->second[place.index];
  const size_t n = plan.keys.size();
  std::vector<Sum> sums(n + 1, Sum{{0, 0}, 0});
  for (size_t i = n; i-- > 0;) {
    sums[i] = sums[i + 1];
    if (!plan.keys[i].required) continue;
    sums[i].members = sums[i].members + member_cost(plan.keys[i]);
    ++sums[i].count;
  }
  return (suffixes_[&plan] = std::move(sums))[place.index];
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
  points.erase(std::unique(points.begin(), points.end(),
                           [](const Point& a, const Point& b) {
                             return a.marks == b.marks && a.count == b.count && a.first == b.first;
                           }),
               points.end());
  // Fewer members are no worse only where more of them are not asked for, so equal counts are compared.
  keep_best(points, [](const Point& a, const Point& b) {
    return (b.marks & ~a.marks) == 0 && a.count == b.count && a.first == b.first && a.cost <= b.cost;
  });
  if (points.size() > 20'000)
    throw Error(ErrorKind::Limit,
                "the conditions on an object combine into more than 20000 cases; use fewer negations, "
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
        next.push_back(
            {p.marks | way.marks, std::min(p.count + 1, plan.count_cap), false, p.cost + separator + way.cost});
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
          Step after{{p.marks | way.marks, std::min(p.count + 1, plan.count_cap), false,
                      p.cost + separator + way.cost + length},
                     step.taken};
          ++after.taken[k];
          if (!(after.point.cost < best)) continue;
          if (done(after.point))
            best = std::min(best, after.point.cost + close(after.point));
          else
            next.push_back(std::move(after));
        }
      }
    }
    keep_best(next, [](const Step& a, const Step& b) {
      return (b.point.marks & ~a.point.marks) == 0 && a.point.count >= b.point.count && a.point.cost <= b.point.cost &&
             a.taken <= b.taken;
    });
    if (next.size() > 20'000)
      throw Error(ErrorKind::Limit,
                  "the conditions on the free keys of an object combine into more than 20000 cases; use fewer of them");
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

}  // namespace decodex
