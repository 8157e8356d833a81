// Shortest ways from a place inside an array to its end: a sum where items do not depend on each other, a search over
// counts under `contains` and for two equal items, and distinct values under `uniqueItems`.
#include <algorithm>
#include <map>
#include <queue>

#include "base/error.h"
#include "json/parser.h"
#include "schema/costs.h"

namespace decodex {

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
      throw Error(ErrorKind::Limit,
                  "the shortest array under `contains` with such counts was not found in 200000 steps; "
                  "use smaller minItems, maxItems, minContains or maxContains");
    if (p.phase == 2 && p.index >= plan.form.min && Plans::counts_met(plan, p.counts))
      best = std::min(best, cost + (p.index == 0 ? layout_.empty_cost() : layout_.before_close_cost()) + 1);
    if (plan.form.max != kUnbounded && p.index >= plan.form.max) continue;
    Cost before = cost + (p.index == 0 ? layout_.after_open_cost() : layout_.comma_cost());
    auto reach = [&](const ArrayPlace& next, Cost total) {
      if (total.infinite()) return;
      auto [it, fresh] = reached.try_emplace(next, total);
      if (!fresh && !(total < it->second)) return;
      it->second = total;
      queue.push({total, next});
    };
    for (const ItemChoice& choice : plans_.item_choices(plan, p.index, p.counts)) {
      ArrayPlace next{plans_.next_index(plan, p.index), choice.counts, p.phase, p.again};
      bool useful = p.index < plan.form.min || choice.counts != p.counts || p.index < plan.index_cap || p.phase != 2;
      if (useful) reach(next, before + layout_.deeper(look_up(choice.goal)));
      if (p.phase == 0)
        for (GoalId again : plans_.later_goals(plan, next.index)) {  // the value and its repetition are paid at once
          GoalId both = normaliser_.goals().conj(choice.goal, again);
          reach({next.index, next.counts, 1, again}, before + layout_.deeper(look_up(both)).times(2));
        }
      if (p.phase == 1 && choice.goal == p.again) reach({next.index, next.counts, 2, kAlways}, before);
    }
  }
  return best;
}

Cost Costs::unique_rest(const ArrayPlan& plan, const ArrayPlace& place, ExprId excluded) {
  const ArrayForm& form = plan.form;
  uint32_t index = place.index;
  uint32_t more = index < form.min ? form.min - index : 0;
  bool uniform = form.prefix.empty() && form.contains.empty() && scalars_only(form.rest);
  if (more == 0 || !uniform || (more == 1 && excluded == kEmpty)) {
    if (excluded == kEmpty && !distinct_possible(plan, index, {})) return {};
    return form.contains.empty() ? simple_rest(plan, index) : general_rest(plan, place);
  }
  size_t listed = std::min<size_t>(more, kMaxListed);
  std::vector<std::string> texts = distinct_values(form.rest, listed, excluded);
  if (texts.size() < listed) return {};
  Cost out = layout_.before_close_cost() + 1;
  for (uint32_t i = 0; i < more; ++i)
    out = out + static_cast<uint32_t>(texts[std::min<size_t>(i, listed - 1)].size()) +
          (index + i == 0 ? layout_.after_open_cost() : layout_.comma_cost());
  return out;
}

// The items that minItems asks for from `index` on whose goals have so few values that they might run out.
std::vector<Costs::Domain> Costs::small_domains(const ArrayPlan& plan, uint32_t index, size_t taken) {
  std::vector<Domain> out;
  if (plan.form.prefix.empty() || index >= plan.form.min)
    return out;  // alike items: their number decides, see unique_rest
  size_t enough = (plan.form.min - index) + taken + 1;
  if (enough > kMaxListed) return out;
  for (uint32_t i = index; i < plan.form.min; ++i) {
    GoalId goal = plan.form.item(i);
    if (!scalars_only(goal)) continue;
    std::vector<std::string> texts = distinct_values(goal, enough, kEmpty);
    if (texts.size() >= enough) continue;
    Domain& domain = out.emplace_back();
    for (std::string& text : texts) {
      json::Store store;
      domain.keys.push_back(store.canonical(json::parse(store, text)));
      domain.texts.push_back(std::move(text));
    }
  }
  return out;
}

namespace {

// Can every domain be given a value of its own that is not taken? (augmenting paths)
bool can_assign(const std::vector<const std::vector<std::string>*>& domains, const std::vector<std::string>& taken) {
  std::map<std::string, size_t> owner;  // value -> domain
  for (size_t start = 0; start < domains.size(); ++start) {
    std::map<std::string, std::pair<size_t, std::string>>
        from;  // value -> the domain that reached it, and that domain's value
    std::vector<std::pair<size_t, std::string>> frontier{{start, ""}};
    bool placed = false;
    while (!frontier.empty() && !placed) {
      auto [domain, held] = frontier.back();
      frontier.pop_back();
      for (const std::string& value : *domains[domain]) {
        if (from.count(value) || std::find(taken.begin(), taken.end(), value) != taken.end()) continue;
        from[value] = {domain, held};
        auto it = owner.find(value);
        if (it != owner.end()) {
          frontier.push_back({it->second, value});
          continue;
        }
        for (std::string at = value; !at.empty();) {  // everybody on the way moves on
          auto [who, old] = from.at(at);
          owner[at] = who;
          at = old;
        }
        placed = true;
        break;
      }
    }
    if (!placed) return false;
  }
  return true;
}

}  // namespace

bool Costs::distinct_possible(const ArrayPlan& plan, uint32_t index, const std::vector<std::string>& taken) {
  std::vector<Domain> domains = small_domains(plan, index, taken.size());
  std::vector<const std::vector<std::string>*> keys;
  for (const Domain& d : domains) keys.push_back(&d.keys);
  return can_assign(keys, taken);
}

std::vector<std::string> Costs::reserved_values(const ArrayPlan& plan, uint32_t index,
                                                const std::vector<std::string>& taken) {
  std::vector<Domain> domains = small_domains(plan, index, taken.size() + 1);
  std::vector<const std::vector<std::string>*> keys;
  std::map<std::string, std::string> values;  // canonical text -> JSON text
  for (const Domain& d : domains) {
    keys.push_back(&d.keys);
    for (size_t i = 0; i < d.keys.size(); ++i) values.emplace(d.keys[i], d.texts[i]);
  }
  std::vector<std::string> out;
  for (const auto& [key, text] : values) {
    if (std::find(taken.begin(), taken.end(), key) != taken.end()) continue;
    std::vector<std::string> more = taken;
    more.push_back(key);
    if (!can_assign(keys, more)) out.push_back(text);
  }
  return out;
}

Cost Costs::unique_rest_after(const ArrayPlan& plan, uint32_t index, ExprId item) {
  uint32_t length = pool_.shortest(item);
  Cost all = unique_rest(plan, {index, {}}, kEmpty);
  if (all.infinite() || length == kInfinite) return {};
  // What is left after the item and its comma.
  Cost spent =
      (index == 0 ? layout_.after_open_cost() : layout_.comma_cost()) + length + (layout_.before_comma_cost() + 1);
  return {all.bytes > spent.bytes ? all.bytes - spent.bytes : 0, all.lines > spent.lines ? all.lines - spent.lines : 0};
}

// ---- distinct values ----

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

std::vector<std::string> Costs::distinct_values(GoalId goal, size_t k, ExprId excluded) {
  std::vector<std::string> out;
  ExprId all = scalars(goal);
  while (out.size() < k) {
    ExprId left = excluded == kEmpty ? all : pool_.conj(all, pool_.complement(excluded));
    uint32_t length = pool_.shortest(left);
    if (length == kInfinite) break;
    out.push_back(shortest_word(left, length));
    json::Store store;
    json::Index value = json::parse(store, out.back());
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
