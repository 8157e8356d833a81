// What single keywords say, as forms, and what their failing says.
#include <algorithm>

#include "base/error.h"
#include "schema/normalise.h"

namespace decodex {

using json::Index;
using json::kNone;

namespace {

constexpr uint64_t kNumberKeywords = bit(Keyword::MultipleOf) | bit(Keyword::Maximum) | bit(Keyword::ExclusiveMaximum) |
                                     bit(Keyword::Minimum) | bit(Keyword::ExclusiveMinimum);
constexpr uint64_t kStringKeywords =
    bit(Keyword::MaxLength) | bit(Keyword::MinLength) | bit(Keyword::Pattern) | bit(Keyword::Format);
constexpr uint64_t kArrayKeywords = bit(Keyword::PrefixItems) | bit(Keyword::Items) | bit(Keyword::AdditionalItems) |
                                    bit(Keyword::Contains) | bit(Keyword::MaxItems) | bit(Keyword::MinItems) |
                                    bit(Keyword::UniqueItems);
constexpr uint64_t kKeyKeywords =
    bit(Keyword::Properties) | bit(Keyword::PatternProperties) | bit(Keyword::AdditionalProperties);
constexpr uint64_t kObjectKeywords = kKeyKeywords | bit(Keyword::PropertyNames) | bit(Keyword::Required) |
                                     bit(Keyword::MinProperties) | bit(Keyword::MaxProperties) |
                                     bit(Keyword::DependentRequired) | bit(Keyword::Dependencies);

}  // namespace

Forms Normaliser::own_assertions(SchemaId id) {
  const Schema s = document_.schema(id);
  Forms out = Forms::of_types(s.types);
  if (!out.numbers.empty() && (s.present & kNumberKeywords)) {
    auto both = conj_numbers(out.numbers[0], numbers(id));
    out.numbers.clear();
    if (both) out.numbers.push_back(std::move(*both));
  }
  if (!out.strings.empty() && (s.present & kStringKeywords)) {
    out.strings[0] = string_form(id);
    if (out.strings[0].min > out.strings[0].max) out.strings.clear();
  }
  if (!out.arrays.empty() && (s.present & kArrayKeywords)) {
    out.arrays[0] = array_form(id);
    if (out.arrays[0].min > out.arrays[0].max) out.arrays.clear();
  }
  if (!out.objects.empty() && (s.present & kObjectKeywords)) {
    out.objects[0] = object_form(id);
    ObjectForm& form = out.objects[0];
    if (form.min > form.max || (!form.clauses.empty() && !settle(form))) out.objects.clear();
  }
  for (Keyword keyword : {Keyword::Enum, Keyword::Const})
    if (s.has(keyword)) {
      Index value = document_.value(id, keyword);
      narrow(out, keyword == Keyword::Const ? constant(value) : listed(value), id);
    }
  return out;
}

void Normaliser::negate_own(SchemaId id, Forms& out) {
  const Schema s = document_.schema(id);
  if (s.types != kAllTypes) unite(out, Forms::of_types(static_cast<uint8_t>(kAllTypes & ~s.types)));
  if (s.present & kNumberKeywords) negate_numbers(id, out);
  if (s.present & kStringKeywords) negate_strings(id, out);
  if (s.present & kArrayKeywords) negate_arrays(id, out);
  if (s.present & kObjectKeywords) negate_objects(id, out);
  if (s.has(Keyword::Const)) unite(out, not_constant(document_.value(id, Keyword::Const)));
  if (s.has(Keyword::Enum)) {
    Forms none = Forms::of_types(kAllTypes);
    Index list = document_.value(id, Keyword::Enum);
    const json::Store& store = document_.store();
    // Strings at once, as one list of excluded words; other values one by one.
    std::vector<StringId>& excluded = none.strings[0].excluded;
    for (uint32_t i = 0; i < store.count(list); ++i)
      if (store.is(store.first(list) + i, json::Type::String))
        excluded.push_back(strings_.intern(store.text(store.first(list) + i)));
    std::sort(excluded.begin(), excluded.end());
    excluded.erase(std::unique(excluded.begin(), excluded.end()), excluded.end());
    for (uint32_t i = 0; i < store.count(list); ++i)
      if (!store.is(store.first(list) + i, json::Type::String)) narrow(none, not_constant(store.first(list) + i), id);
    unite(out, std::move(none));
  }
}

// ---- constants ----

Forms Normaliser::constant(Index value) {
  const json::Store& store = document_.store();
  Forms out;
  switch (store.type(value)) {
    case json::Type::Null: out.null = true; break;
    case json::Type::False: out.booleans = kFalseBit; break;
    case json::Type::True: out.booleans = kTrueBit; break;
    case json::Type::Number: {
      NumberSet set;
      set.lower = set.upper = Decimal::parse(store.text(value));
      out.numbers.push_back(std::move(set));
      break;
    }
    case json::Type::String: {
      StringForm form;
      form.words = std::vector<StringId>{strings_.intern(store.text(value))};
      out.strings.push_back(std::move(form));
      break;
    }
    case json::Type::Array: {
      ArrayForm form;
      for (uint32_t i = 0; i < store.count(value); ++i)
        form.prefix.push_back(goals_.of(Literal(document_.constant(store.first(value) + i), false)));
      form.rest = kNever;
      form.min = form.max = store.count(value);
      out.arrays.push_back(std::move(form));
      break;
    }
    case json::Type::Object: {
      Component component;
      ObjectForm form;
      for (uint32_t i = 0; i < store.count(value); ++i) {
        Index member = store.first(value) + i;
        StringId key = strings_.intern(store.key(member));
        component.names.emplace_back(key, goals_.of(Literal(document_.constant(member), false)));
        form.required.push_back(key);
      }
      component.additional = kNever;
      component.closed = true;
      form.components.push_back(add_component(std::move(component)));
      form.min = form.max = store.count(value);
      out.objects.push_back(std::move(form));
      break;
    }
  }
  return out;
}

Forms Normaliser::not_constant(Index value) {
  const json::Store& store = document_.store();
  Forms out = Forms::of_types(kAllTypes);
  switch (store.type(value)) {
    case json::Type::Null: out.null = false; break;
    case json::Type::False: out.booleans = kTrueBit; break;
    case json::Type::True: out.booleans = kFalseBit; break;
    case json::Type::Number: out.numbers[0].excluded.push_back(Decimal::parse(store.text(value))); break;
    case json::Type::String: out.strings[0].excluded.push_back(strings_.intern(store.text(value))); break;
    case json::Type::Array: {
      uint32_t count = store.count(value);
      out.arrays.clear();
      if (count > 0) out.arrays.emplace_back().max = count - 1;
      out.arrays.emplace_back().min = count + 1;
      for (uint32_t i = 0; i < count; ++i) {
        ArrayForm form;
        form.prefix.assign(i, kAlways);
        form.prefix.push_back(goals_.of(Literal(document_.constant(store.first(value) + i), true)));
        form.min = i + 1;
        out.arrays.push_back(std::move(form));
      }
      break;
    }
    case json::Type::Object: {
      out.objects.clear();
      out.objects.emplace_back().min = store.count(value) + 1;
      Clause clause;
      for (uint32_t i = 0; i < store.count(value); ++i) {
        Index member = store.first(value) + i;
        KeySet key{KeySet::Kind::Name, static_cast<uint32_t>(strings_.intern(store.key(member)))};
        clause.push_back({true, key, kAlways});
        clause.push_back({false, key, goals_.of(Literal(document_.constant(member), true))});
      }
      if (!clause.empty()) {
        out.objects.emplace_back().clauses.push_back(std::move(clause));
        if (!settle(out.objects.back())) out.objects.pop_back();
      }
      break;
    }
  }
  return out;
}

Forms Normaliser::listed(Index list) {
  const json::Store& store = document_.store();
  Forms out;
  std::vector<StringId> words;
  for (uint32_t i = 0; i < store.count(list); ++i) {
    Index value = store.first(list) + i;
    if (store.is(value, json::Type::String))
      words.push_back(strings_.intern(store.text(value)));
    else
      unite(out, constant(value));
  }
  if (!words.empty()) {
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    out.strings.emplace_back().words = std::move(words);
  }
  return out;
}

// ---- numbers ----

NumberSet Normaliser::numbers(SchemaId id) {
  const Schema& s = document_.schema(id);
  const json::Store& store = document_.store();
  NumberSet out;
  auto decimal = [&](Keyword keyword) { return Decimal::parse(store.text(document_.value(id, keyword))); };
  auto is_true = [&](Keyword keyword) {
    return s.has(keyword) && store.is(document_.value(id, keyword), json::Type::True);
  };
  if (s.has(Keyword::Minimum)) {
    out.lower = decimal(Keyword::Minimum);
    out.lower_open = is_true(Keyword::ExclusiveMinimum);
  }
  if (s.has(Keyword::Maximum)) {
    out.upper = decimal(Keyword::Maximum);
    out.upper_open = is_true(Keyword::ExclusiveMaximum);
  }
  if (s.has(Keyword::ExclusiveMinimum) && s.draft != Draft::Draft4) {
    Decimal bound = decimal(Keyword::ExclusiveMinimum);
    if (!out.lower || *out.lower <= bound) out.lower = bound, out.lower_open = true;
  }
  if (s.has(Keyword::ExclusiveMaximum) && s.draft != Draft::Draft4) {
    Decimal bound = decimal(Keyword::ExclusiveMaximum);
    if (!out.upper || *out.upper >= bound) out.upper = bound, out.upper_open = true;
  }
  if (s.has(Keyword::MultipleOf)) out.multiple_of = decimal(Keyword::MultipleOf);
  return out;
}

void Normaliser::negate_numbers(SchemaId id, Forms& out) {
  NumberSet set = numbers(id);
  Forms failing;
  if (set.lower) {
    NumberSet& below = failing.numbers.emplace_back();
    below.upper = set.lower;
    below.upper_open = !set.lower_open;
  }
  if (set.upper) {
    NumberSet& above = failing.numbers.emplace_back();
    above.lower = set.upper;
    above.lower_open = !set.upper_open;
  }
  if (set.multiple_of) failing.numbers.emplace_back().not_multiple_of.push_back(*set.multiple_of);
  unite(out, std::move(failing));
}

// ---- strings ----

StringForm Normaliser::string_form(SchemaId id) {
  const Schema& s = document_.schema(id);
  const json::Store& store = document_.store();
  StringForm out;
  if (s.has(Keyword::MinLength)) out.min = count_value(store, document_.value(id, Keyword::MinLength));
  if (s.has(Keyword::MaxLength)) out.max = count_value(store, document_.value(id, Keyword::MaxLength));
  if (s.has(Keyword::Pattern)) {
    auto pattern = strings_.intern_pattern(store.text(document_.value(id, Keyword::Pattern)),
                                           document_.pointer(id, Keyword::Pattern));
    if (pattern) out.parts.push_back(StringPart::pattern(*pattern, false));
  }
  if (s.has(Keyword::Format) && options_.formats_assert) {
    int32_t format = strings_.intern_format(store.text(document_.value(id, Keyword::Format)), s.draft);
    if (format >= 0) out.parts.push_back(StringPart::format(static_cast<uint32_t>(format), false));
  }
  std::sort(out.parts.begin(), out.parts.end());
  return out;
}

void Normaliser::negate_strings(SchemaId id, Forms& out) {
  StringForm form = string_form(id);
  Forms failing;
  if (form.min > 0) failing.strings.emplace_back().max = form.min - 1;
  if (form.max < kUnbounded - 1) failing.strings.emplace_back().min = form.max + 1;
  for (StringPart part : form.parts) failing.strings.emplace_back().parts.push_back({part.code ^ 1});
  unite(out, std::move(failing));
}

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
    if (min == 1)
      failing.arrays.emplace_back().rest = negate(goal);
    else if (min > 1)
      failing.arrays.emplace_back().contains.push_back({goal, 0, min - 1, 0});
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
  if (s.present & kKeyKeywords) {
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
    if (goal == kNever)
      out.max = 0;
    else if (goal != kAlways)
      out.key_goals.push_back(goal);
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
