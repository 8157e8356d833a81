// unevaluatedProperties and unevaluatedItems. Forms carry what the schemas behind them have looked at (`seen`); what
// nobody has looked at becomes a component or the items of a form. A negation needs to know exactly what was seen, so
// below it each arm of an anyOf is decided.
#include <algorithm>

#include "schema/normalise.h"

namespace decodex {

// What nothing has looked at, as a component; false where everything has been.
bool Normaliser::unevaluated_component(const ObjectForm& form, GoalId goal, Component& out) {
  out.listed = false;
  out.closed = true;
  out.additional = goal;
  for (ComponentId seen : form.seen) {
    const Component& c = component(seen);
    if (c.closed) return false;
    for (auto& [name, unused] : c.names) out.names.emplace_back(name, kAlways);
    for (auto& [pattern, unused] : c.patterns) out.patterns.emplace_back(pattern, kAlways);
  }
  std::sort(out.names.begin(), out.names.end());
  out.names.erase(std::unique(out.names.begin(), out.names.end()), out.names.end());
  return true;
}

void Normaliser::unevaluated_properties(SchemaId id, Forms& out) {
  GoalId goal = goal_of(document_.child(id, Keyword::UnevaluatedProperties));
  std::erase_if(out.objects, [&](ObjectForm& form) {
    Component rest;
    if (!unevaluated_component(form, goal, rest)) return false;
    ComponentId added = add_component(std::move(rest));
    form.components.push_back(added);
    form.seen.push_back(added);
    return !settle(form);
  });
}

void Normaliser::unevaluated_items(SchemaId id, Forms& out) {
  GoalId goal = goal_of(document_.child(id, Keyword::UnevaluatedItems));
  std::erase_if(out.arrays, [&](ArrayForm& form) {
    if (form.seen == UINT32_MAX) return false;
    ArrayForm rest;
    rest.prefix.assign(form.seen, kAlways);
    std::vector<GoalId> arms = form.seen_goals;
    arms.push_back(goal);
    rest.rest = fresh_union(std::move(arms));
    rest.seen = UINT32_MAX;
    auto both = conj_arrays(goals_, form, rest);
    if (both) form = std::move(*both);
    return !both;
  });
}

// All the rest holds, but a member or an item that nothing has looked at is wrong. What has been looked at must be known
// exactly here: which arms hold, and which do not.
void Normaliser::negate_unevaluated(SchemaId id, Forms& out) {
  struct Exactly {
    bool& flag;
    bool before;
    explicit Exactly(bool& flag) : flag(flag), before(flag) { flag = true; }
    ~Exactly() { flag = before; }
  } exactly(exact_seen_);
  Forms rest = own_assertions(id);
  apply_in_place(id, rest);
  Forms failing;
  const Schema s = document_.schema(id);
  if (s.has(Keyword::UnevaluatedProperties)) {
    GoalId wrong = goal_of(document_.child(id, Keyword::UnevaluatedProperties), true);
    for (ObjectForm& form : rest.objects) {
      Component unseen_keys;
      if (wrong == kNever || !unevaluated_component(form, kAlways, unseen_keys)) continue;
      ComponentId keys = add_component(std::move(unseen_keys));
      form.clauses.push_back({{false, {KeySet::Kind::Rest, static_cast<uint32_t>(keys)}, wrong}});
      if (settle(form)) failing.objects.push_back(std::move(form));
    }
  }
  if (s.has(Keyword::UnevaluatedItems)) {
    GoalId wrong = goal_of(document_.child(id, Keyword::UnevaluatedItems), true);
    for (ArrayForm& form : rest.arrays) {
      if (form.seen == UINT32_MAX || wrong == kNever) continue;
      GoalId goal = wrong;
      for (GoalId seen : form.seen_goals) goal = goals_.conj(goal, negate(seen));
      if (goal == kNever) continue;
      form.contains.push_back({goal, 1, kUnbounded, form.seen});
      std::sort(form.contains.begin(), form.contains.end());
      failing.arrays.push_back(std::move(form));
    }
  }
  add(out, std::move(failing), id);
}

}  // namespace decodex
