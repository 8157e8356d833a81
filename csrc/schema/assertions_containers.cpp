// What the keywords of arrays and objects say, as forms, and what their failing says.
#include <algorithm>

#include "schema/normalise.h"

namespace decodex {

using json::Index;

// ---- arrays ----

// prefixItems, items and additionalItems, by the spelling of the draft.
ArrayForm Normaliser::items_of(SchemaId id) {
  const Schema s = document_.schema(id);
  const json::Store& store = document_.store();
  ArrayForm out;
  bool rest_said = false;
  auto prefix = [&](Index list) {
    for (SchemaId item : children(id, list)) out.prefix.push_back(goal_of(item));
    out.seen = static_cast<uint32_t>(out.prefix.size());
  };
  if (s.has(Keyword::PrefixItems)) prefix(document_.value(id, Keyword::PrefixItems));
  if (s.has(Keyword::Items)) {
    Index items = document_.value(id, Keyword::Items);
    if (!store.is(items, json::Type::Array)) {
      out.rest = goal_of(document_.child(id, items));
      rest_said = true;
    } else {
      prefix(items);
      if (s.has(Keyword::AdditionalItems)) {
        out.rest = goal_of(document_.child(id, Keyword::AdditionalItems));
        rest_said = true;
      }
    }
  }
  if (rest_said) out.seen = UINT32_MAX;
  return out;
}

ArrayForm Normaliser::array_form(SchemaId id) {
  const Schema s = document_.schema(id);
  const json::Store& store = document_.store();
  ArrayForm out = items_of(id);
  auto count = [&](Keyword keyword, uint32_t otherwise) {
    return s.has(keyword) ? count_value(store, document_.value(id, keyword)) : otherwise;
  };
  out.min = count(Keyword::MinItems, 0);
  out.max = count(Keyword::MaxItems, kUnbounded);
  out.unique = s.has(Keyword::UniqueItems) && store.is(document_.value(id, Keyword::UniqueItems), json::Type::True);
  if (s.has(Keyword::Contains)) {
    SchemaId item = document_.child(id, Keyword::Contains);
    ContainsClause clause{goal_of(item), count(Keyword::MinContains, 1), count(Keyword::MaxContains, kUnbounded), 0};
    if (clause.max == 0) {  // no item may
      GoalId none = goal_of(item, true);
      for (GoalId& goal : out.prefix) goal = goals_.conj(goal, none);
      out.rest = goals_.conj(out.rest, none);
    } else if (clause.min > 0 || clause.max != kUnbounded) {
      out.contains.push_back(clause);
    }
    if (clause.min > clause.max) out.min = 1, out.max = 0;
    if (s.draft == Draft::Draft2020) out.seen_goals.push_back(clause.goal);
  }
  ArrayForm open;  // conj_arrays brings what is never possible into the bounds
  auto tidy = conj_arrays(goals_, out, open);
  if (tidy) return std::move(*tidy);
  out.min = 1;
  out.max = 0;
  return out;
}

void Normaliser::negate_arrays(SchemaId id, Forms& out) {
  const Schema s = document_.schema(id);
  const json::Store& store = document_.store();
  ArrayForm items = items_of(id);
  Forms failing;
  if (s.has(Keyword::MinItems)) {
    uint32_t min = count_value(store, document_.value(id, Keyword::MinItems));
    if (min > 0) failing.arrays.emplace_back().max = min - 1;
  }
  if (s.has(Keyword::MaxItems))
    failing.arrays.emplace_back().min = count_value(store, document_.value(id, Keyword::MaxItems)) + 1;
  if (s.has(Keyword::UniqueItems) && store.is(document_.value(id, Keyword::UniqueItems), json::Type::True))
    failing.arrays.emplace_back().repeated = true;
  for (size_t i = 0; i < items.prefix.size(); ++i) {
    GoalId not_item = negate(items.prefix[i]);
    if (not_item == kNever) continue;
    ArrayForm& form = failing.arrays.emplace_back();
    form.prefix.assign(i, kAlways);
    form.prefix.push_back(not_item);
    form.min = static_cast<uint32_t>(i + 1);
  }
  GoalId not_rest = negate(items.rest);
  if (not_rest != kNever)
    failing.arrays.emplace_back().contains.push_back(
        {not_rest, 1, kUnbounded, static_cast<uint32_t>(items.prefix.size())});
  if (s.has(Keyword::Contains)) {
    GoalId goal = goal_of(document_.child(id, Keyword::Contains));
    uint32_t min = s.has(Keyword::MinContains) ? count_value(store, document_.value(id, Keyword::MinContains)) : 1;
    uint32_t max =
        s.has(Keyword::MaxContains) ? count_value(store, document_.value(id, Keyword::MaxContains)) : kUnbounded;
    if (min == 1) failing.arrays.emplace_back().rest = negate(goal);
    else if (min > 1) failing.arrays.emplace_back().contains.push_back({goal, 0, min - 1, 0});
    if (max != kUnbounded) failing.arrays.emplace_back().contains.push_back({goal, max + 1, kUnbounded, 0});
  }
  ArrayForm open;
  for (ArrayForm& form : failing.arrays)
    if (auto tidy = conj_arrays(goals_, form, open)) unite(out, std::move(*tidy));
}

// ---- objects ----

ObjectForm Normaliser::object_form(SchemaId id) {
  const Schema s = document_.schema(id);
  const json::Store& store = document_.store();
  ObjectForm out;
  if (s.has(Keyword::Properties) || s.has(Keyword::PatternProperties) || s.has(Keyword::AdditionalProperties)) {
    out.components.push_back(component_of(id));
    if (track_seen_) out.seen = out.components;
  }
  if (s.has(Keyword::Required)) {
    Index list = document_.value(id, Keyword::Required);
    std::vector<StringId> seen;
    for (uint32_t i = 0; i < store.count(list); ++i) seen.push_back(strings_.intern(store.text(store.first(list) + i)));
    out.required = seen;
    std::sort(seen.begin(), seen.end());
    if (std::adjacent_find(seen.begin(), seen.end()) != seen.end()) {  // a name is listed twice
      std::vector<StringId> once;
      for (StringId name : out.required)
        if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
      out.required.swap(once);
    }
  }
  if (s.has(Keyword::MinProperties)) out.min = count_value(store, document_.value(id, Keyword::MinProperties));
  if (s.has(Keyword::MaxProperties)) out.max = count_value(store, document_.value(id, Keyword::MaxProperties));
  if (s.has(Keyword::PropertyNames)) {
    GoalId goal = goal_of(document_.child(id, Keyword::PropertyNames));
    if (goal == kNever) out.max = 0;
    else if (goal != kAlways) out.key_goals.push_back(goal);
  }
  for (Keyword keyword : {Keyword::DependentRequired, Keyword::Dependencies})
    if (s.has(keyword)) dependencies(id, keyword, out);
  return out;
}

// "Where a is present, so is b": a is absent, or b is present with any value.
void Normaliser::dependencies(SchemaId id, Keyword keyword, ObjectForm& form) {
  const json::Store& store = document_.store();
  Index map = document_.value(id, keyword);
  for (uint32_t i = 0; i < store.count(map); ++i) {
    Index member = store.first(map) + i;
    KeySet from{KeySet::Kind::Name, static_cast<uint32_t>(strings_.intern(store.key(member)))};
    auto needs = [&](Index name) {
      KeySet to{KeySet::Kind::Name, static_cast<uint32_t>(strings_.intern(store.text(name)))};
      if (!(to == from)) form.clauses.push_back({{true, from, kAlways}, {false, to, kAlways}});
    };
    if (store.is(member, json::Type::String)) needs(member);
    if (store.is(member, json::Type::Array))
      for (uint32_t j = 0; j < store.count(member); ++j) needs(store.first(member) + j);
  }
}

void Normaliser::negate_objects(SchemaId id, Forms& out) {
  ObjectForm form = object_form(id);
  Forms failing;
  if (form.min > 0) failing.objects.emplace_back().max = form.min - 1;
  if (form.max != kUnbounded) failing.objects.emplace_back().min = form.max + 1;
  Clause clause;  // one of these is wrong
  for (StringId name : form.required)
    clause.push_back({true, {KeySet::Kind::Name, static_cast<uint32_t>(name)}, kAlways});
  for (ComponentId c : form.components) {
    const Component component = this->component(c);
    for (auto [name, goal] : component.names)
      if (goal != kAlways) clause.push_back({false, {KeySet::Kind::Name, static_cast<uint32_t>(name)}, negate(goal)});
    for (auto [pattern, goal] : component.patterns)
      if (goal != kAlways)
        clause.push_back({false, {KeySet::Kind::Pattern, static_cast<uint32_t>(pattern)}, negate(goal)});
    if (component.additional != kAlways)
      clause.push_back({false, {KeySet::Kind::Rest, static_cast<uint32_t>(c)}, negate(component.additional)});
  }
  for (GoalId goal : form.key_goals)
    clause.push_back({false, {KeySet::Kind::NotNamed, static_cast<uint32_t>(goal)}, kAlways});
  std::erase_if(clause, [](const Trigger& t) { return t.goal == kNever; });
  if (!clause.empty()) failing.objects.emplace_back().clauses.push_back(std::move(clause));
  for (const Clause& dependency : form.clauses) {  // the first is present, the second absent
    ObjectForm& broken = failing.objects.emplace_back();
    broken.required.push_back(StringId{dependency[0].keys.id});
    broken.components.push_back(unit(StringId{dependency[1].keys.id}, kNever));
  }
  std::erase_if(failing.objects, [this](ObjectForm& f) { return !settle(f); });
  unite(out, std::move(failing));
}

}  // namespace decodex
