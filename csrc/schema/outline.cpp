// What is plain without normalising: which goals are empty by their types and enumerations alone, and what that decides
// in object forms. This keeps conditionals and alternatives on a discriminating property from multiplying: of
// "kind is a" and "kind is b" at once, nothing is left.
#include <algorithm>

#include "base/error.h"
#include "schema/normalise.h"

namespace decodex {

using json::Index;

uint8_t Normaliser::type_of(Index value) const {
  const json::Store& store = document_.store();
  switch (store.type(value)) {
    case json::Type::Null: return kNull;
    case json::Type::False:
    case json::Type::True: return kBoolean;
    case json::Type::Number:
      return json::normal_number(store.text(value)).find("e-") == std::string::npos ? kInteger : kFraction;
    case json::Type::String: return kString;
    case json::Type::Array: return kArray;
    case json::Type::Object: return kObject;
  }
  return 0;
}

const Normaliser::Outline& Normaliser::outline(Literal literal) {
  auto it = outlines_.find(literal.code);
  if (it == outlines_.end()) it = outlines_.emplace(literal.code, make_outline(literal, 0)).first;
  return it->second;
}

Normaliser::Outline Normaliser::make_outline(Literal literal, int depth) {
  constexpr int kDepth = 6;
  SchemaId id = literal.schema();
  const Schema s = document_.schema(id);
  const json::Store& store = document_.store();
  Outline out;
  auto list = [&](std::vector<Index>& to) {
    if (s.kind == Schema::Kind::Constant) to.push_back(s.value);
    if (s.has(Keyword::Const)) to.push_back(document_.value(id, Keyword::Const));
    if (s.has(Keyword::Enum)) {
      Index values = document_.value(id, Keyword::Enum);
      for (uint32_t i = 0; i < store.count(values); ++i) to.push_back(store.first(values) + i);
    }
  };
  if (s.kind == Schema::Kind::Union || s.kind == Schema::Kind::Where) return out;
  if (s.kind == Schema::Kind::True || s.kind == Schema::Kind::False) {
    if ((s.kind == Schema::Kind::True) == literal.negated()) out.types = 0;
    return out;
  }
  uint64_t says = s.kind == Schema::Kind::Constant ? 0 : document_.assertions(id);
  if (literal.negated()) {
    if (says == bit(Keyword::Type)) {
      out.types = static_cast<uint8_t>(kAllTypes & ~s.types);
    } else if (s.kind == Schema::Kind::Constant || (says & ~bit(Keyword::Type)) == bit(Keyword::Const) ||
               (says & ~bit(Keyword::Type)) == bit(Keyword::Enum)) {
      list(out.never);
      for (Index v : out.never)
        if (!(type_of(v) & s.types)) return Outline{};
    } else if (says == bit(Keyword::Ref) && depth < kDepth) {
      return make_outline(Literal(document_.target(id, Keyword::Ref), true), depth + 1);
    }
    return out;
  }
  out.types = s.types;
  if (s.kind == Schema::Kind::Constant) out.types = type_of(s.value);
  if (s.kind == Schema::Kind::Constant || s.has(Keyword::Const) || s.has(Keyword::Enum)) {
    out.listed = true;
    // Both const and enum: their union is an upper bound, which is all that an outline promises.
    list(out.only);
  }
  auto meet = [&](const Outline& o) {
    out.types &= o.types;
    if (!out.listed && o.listed) out.listed = true, out.only = o.only;
    out.never.insert(out.never.end(), o.never.begin(), o.never.end());
  };
  if (depth >= kDepth) return out;
  if (says & bit(Keyword::Ref)) meet(make_outline(Literal(document_.target(id, Keyword::Ref), false), depth + 1));
  for (Keyword keyword : {Keyword::AllOf, Keyword::AnyOf, Keyword::OneOf}) {
    if (!(says & bit(keyword))) continue;
    Index arms = document_.value(id, keyword);
    if (store.count(arms) > 16) continue;
    Outline any;
    any.types = 0;
    any.listed = true;
    for (SchemaId arm : children(id, arms)) {
      Outline o = make_outline(Literal(arm, false), depth + 1);
      if (keyword == Keyword::AllOf) {
        meet(o);
        continue;
      }
      any.types |= o.types;
      any.listed = any.listed && (o.listed || o.types == 0);
      any.only.insert(any.only.end(), o.only.begin(), o.only.end());
    }
    if (keyword != Keyword::AllOf) meet(any);
  }
  return out;
}

bool Normaliser::plainly_empty(GoalId goal) {
  if (goal == kAlways || goal == kNever) return goal == kNever;
  auto known = plainly_empty_.find(static_cast<uint32_t>(goal));
  if (known != plainly_empty_.end()) return known->second;
  uint8_t types = kAllTypes;
  const Outline* shortest = nullptr;
  std::vector<const Outline*> all;
  for (uint32_t code : std::vector<uint32_t>(goals_.literals(goal).begin(), goals_.literals(goal).end())) {
    const Outline& o = outline(Literal(code));
    types &= o.types;
    all.push_back(&o);
    if (o.listed && (!shortest || o.only.size() < shortest->only.size())) shortest = &o;
  }
  bool empty = types == 0;
  if (!empty && shortest) {
    const json::Store& store = document_.store();
    auto among = [&](Index v, const std::vector<Index>& list) {
      return std::any_of(list.begin(), list.end(), [&](Index w) { return store.equal(v, w); });
    };
    size_t work = 0;
    empty = true;
    for (Index v : shortest->only) {
      bool possible = type_of(v) & types;
      for (const Outline* o : all) {
        if (!possible || ++work > 100'000) break;
        work += o->only.size() + o->never.size();
        if (o != shortest && o->listed) possible = among(v, o->only);
        if (possible) possible = !among(v, o->never);
      }
      if (!possible) continue;
      empty = false;
      break;
    }
  }
  if (!empty && is_flat(goal)) empty = flat_empty(goal);
  plainly_empty_.emplace(static_cast<uint32_t>(goal), empty);
  return empty;
}

// A goal is flat when its schemas speak of types, numbers, strings and constants only, without applying others: it can
// be normalised at any time, and its forms are empty or not whatever other goals are.
bool Normaliser::is_flat(GoalId goal) {
  constexpr uint64_t kFlat = bit(Keyword::Type) | bit(Keyword::Enum) | bit(Keyword::Const) | bit(Keyword::MultipleOf) |
                             bit(Keyword::Maximum) | bit(Keyword::ExclusiveMaximum) | bit(Keyword::Minimum) |
                             bit(Keyword::ExclusiveMinimum) | bit(Keyword::MaxLength) | bit(Keyword::MinLength) |
                             bit(Keyword::Pattern) | bit(Keyword::Format);
  const json::Store& store = document_.store();
  auto scalar = [&](Index v) { return !store.is(v, json::Type::Array) && !store.is(v, json::Type::Object); };
  for (uint32_t code : goals_.literals(goal)) {
    SchemaId id = Literal(code).schema();
    const Schema& s = document_.schema(id);
    if (s.kind == Schema::Kind::Union) return false;
    if (s.kind == Schema::Kind::Where && !wheres_.at(id).text) return false;
    if (s.kind == Schema::Kind::Constant && !scalar(s.value)) return false;
    if (s.kind != Schema::Kind::Keywords) continue;
    if (document_.assertions(id) & ~kFlat) return false;
    if (s.has(Keyword::Const) && !scalar(document_.value(id, Keyword::Const))) return false;
    if (!s.has(Keyword::Enum)) continue;
    Index list = document_.value(id, Keyword::Enum);
    for (uint32_t i = 0; i < store.count(list); ++i)
      if (!scalar(store.first(list) + i)) return false;
  }
  return true;
}

bool Normaliser::flat_empty(GoalId goal) {
  const Forms& f = forms(goal);
  if (f.null || f.booleans || !f.numbers.empty() || !f.arrays.empty() || !f.objects.empty()) return false;
  return std::all_of(f.strings.begin(), f.strings.end(),
                     [this](const StringForm& form) { return strings_.surely_empty(form); });
}

// Does every value of a plainly meet b?
bool Normaliser::plainly_implies(GoalId a, GoalId b) {
  if (b == kAlways || a == kNever || a == b) return true;
  if (b == kNever) return plainly_empty(a);
  for (uint32_t code : std::vector<uint32_t>(goals_.literals(b).begin(), goals_.literals(b).end()))
    if (!plainly_empty(goals_.conj(a, goals_.of(!Literal(code))))) return false;
  return true;
}

GoalId Normaliser::negate(GoalId goal) {
  if (goal == kAlways) return kNever;
  if (goal == kNever) return kAlways;
  std::vector<uint32_t> literals(goals_.literals(goal).begin(), goals_.literals(goal).end());
  std::vector<GoalId> arms;
  for (uint32_t code : literals) arms.push_back(goals_.of(!Literal(code)));
  return fresh_union(std::move(arms));
}

// ---- keys ----

GoalId Normaliser::demand(ComponentId id, StringId key) {
  const Component& c = component(id);
  GoalId out = kAlways;
  bool known = false;
  if (!c.index.empty()) {
    if (auto it = c.index.find(key); it != c.index.end()) out = it->second, known = true;
  } else {
    for (auto& [name, goal] : c.names)
      if (name == key) {
        out = goal;
        known = true;
        break;
      }
  }
  for (auto& [pattern, goal] : c.patterns)
    if (strings_.matches(pattern, key)) {
      out = goals_.conj(out, goal);
      known = true;
    }
  return known ? out : c.additional;
}

GoalId Normaliser::demand(const ObjectForm& form, StringId key) {
  GoalId out = kAlways;
  for (ComponentId c : form.components) out = goals_.conj(out, demand(c, key));
  return out;
}

bool Normaliser::in_set(const KeySet& keys, StringId key) {
  switch (keys.kind) {
    case KeySet::Kind::Name: return keys.id == static_cast<uint32_t>(key);
    case KeySet::Kind::Pattern: return strings_.matches(PatternId{keys.id}, key);
    case KeySet::Kind::Rest: {
      const Component& c = component(ComponentId{keys.id});
      for (auto& [name, goal] : c.names)
        if (name == key) return false;
      for (auto& [pattern, goal] : c.patterns)
        if (strings_.matches(pattern, key)) return false;
      return true;
    }
    case KeySet::Kind::NotNamed: return !names(GoalId{keys.id}, key);
  }
  return false;
}

bool Normaliser::names(GoalId goal, StringId key) {
  uint64_t code = uint64_t{static_cast<uint32_t>(goal)} << 32 | static_cast<uint32_t>(key);
  auto known = names_.find(code);
  if (known != names_.end()) return known->second;
  bool out = false;
  for (const StringForm& form : forms(goal).strings) out = out || strings_.contains(form, key);
  names_.emplace(code, out);
  return out;
}

ComponentId Normaliser::add_component(Component&& component) {
  if (component.names.size() > 8)
    for (auto& [name, goal] : component.names) component.index.emplace(name, goal);
  components_.push_back(std::move(component));
  return ComponentId{static_cast<uint32_t>(components_.size() - 1)};
}

// The component that demands `goal` of one key.
ComponentId Normaliser::unit(StringId key, GoalId goal) {
  auto [it, fresh] =
      units_.try_emplace(uint64_t{static_cast<uint32_t>(key)} << 32 | static_cast<uint32_t>(goal), ComponentId{});
  if (fresh) {
    Component c;
    c.names.emplace_back(key, goal);
    c.listed = false;
    it->second = add_component(std::move(c));
  }
  return it->second;
}

ComponentId Normaliser::component_of(SchemaId id) {
  auto known = component_of_schema_.find(static_cast<uint32_t>(id));
  if (known != component_of_schema_.end()) return known->second;
  const Schema s = document_.schema(id);
  const json::Store& store = document_.store();
  Component c;
  if (s.has(Keyword::Properties)) {
    Index map = document_.value(id, Keyword::Properties);
    c.names.reserve(store.count(map));
    for (uint32_t i = 0; i < store.count(map); ++i)
      c.names.emplace_back(strings_.intern(store.key(store.first(map) + i)),
                           goal_of(document_.child(id, store.first(map) + i)));
  }
  if (s.has(Keyword::PatternProperties)) {
    Index map = document_.value(id, Keyword::PatternProperties);
    for (uint32_t i = 0; i < store.count(map); ++i) {
      Index member = store.first(map) + i;
      if (auto pattern = strings_.intern_pattern(store.key(member), document_.pointer(id, Keyword::PatternProperties)))
        c.patterns.emplace_back(*pattern, goal_of(document_.child(id, member)));
    }
  }
  if (s.has(Keyword::AdditionalProperties)) {
    c.additional = goal_of(document_.child(id, Keyword::AdditionalProperties));
    c.closed = true;
  }
  ComponentId out = add_component(std::move(c));
  component_of_schema_.emplace(static_cast<uint32_t>(id), out);
  return out;
}

// ---- object forms ----

// Brings a form into a tidier one of the same meaning: triggers that cannot happen go, clauses that are met go, a
// clause with one trigger left becomes a demand. False: the form is plainly empty.
bool Normaliser::settle(ObjectForm& form) {
  if (form.min > form.max || form.max < form.required.size()) return false;
  for (StringId name : form.required)
    if (plainly_empty(demand(form, name))) return false;
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < form.clauses.size();) {
      bool met = false;
      if (!settle_clause(form, form.clauses[i], met)) return false;
      if (!met && form.clauses[i].size() == 1 && form.clauses[i][0].keys.kind == KeySet::Kind::Name) {
        Trigger only = form.clauses[i][0];
        StringId key{only.keys.id};
        GoalId goal = only.absent ? kNever : only.goal;
        if (goal != kAlways) form.components.push_back(unit(key, goal));
        if (!only.absent && std::find(form.required.begin(), form.required.end(), key) == form.required.end())
          form.required.push_back(key);
        if (!only.absent && plainly_empty(demand(form, key))) return false;
        met = changed = true;
      }
      if (met)
        form.clauses.erase(form.clauses.begin() + static_cast<ptrdiff_t>(i));
      else
        ++i;
    }
  }
  return form.max >= form.required.size();
}

// Drops triggers that cannot happen; false when none is left.
bool Normaliser::settle_clause(const ObjectForm& form, Clause& clause, bool& met) {
  Clause kept;
  for (const Trigger& t : clause) {
    if (t.keys.kind != KeySet::Kind::Name) {
      kept.push_back(t);
      continue;
    }
    StringId key{t.keys.id};
    bool required = std::find(form.required.begin(), form.required.end(), key) != form.required.end();
    GoalId demanded = demand(form, key);
    if (t.absent) {
      if (plainly_empty(demanded)) met = true;
      if (!required) kept.push_back(t);
      continue;
    }
    if (required && plainly_implies(demanded, t.goal)) met = true;
    if (!plainly_empty(goals_.conj(demanded, t.goal))) kept.push_back(t);
  }
  clause = std::move(kept);
  return met || !clause.empty();
}

}  // namespace decodex
