// Goals and literals into forms, and the Boolean keywords. What single keywords say is in assertions.cpp; what is plain
// without normalising is in outline.cpp.
#include "schema/normalise.h"

#include <algorithm>

#include "base/error.h"

namespace decodex {

using json::Index;
using json::kNone;

Normaliser::Normaliser(Document& document, Strings& strings, const SchemaOptions& options, uint32_t nesting)
    : document_(document), strings_(strings), options_(options), nesting_(nesting) {}

std::string Normaliser::pointer(GoalId goal) const {
  auto literals = goals_.literals(goal);
  if (literals.empty()) return "";
  const SchemaId first = Literal(literals[0]).schema();
  auto where = wheres_.find(first);
  return where == wheres_.end() ? document_.pointer(first) : where->second.pointer;
}

void Normaliser::too_many(SchemaId where) const {
  std::string pointer = document_.pointer(where);
  throw Error(ErrorKind::Limit,
              "the alternatives at " + (pointer.empty() ? "the root of the schema" : pointer) +
                  " combine into more than " + std::to_string(kMaxForms) +
                  " cases; make them exclude each other by a required property with a "
                  "`const`, or use fewer",
              pointer);
}

std::vector<SchemaId> Normaliser::children(SchemaId id, Index list) {
  std::vector<SchemaId> out;
  const json::Store& store = document_.store();
  for (uint32_t i = 0; i < store.count(list); ++i) out.push_back(document_.child(id, store.first(list) + i));
  return out;
}

// ---- goals ----

// Follows what only points elsewhere: a schema that is nothing but a reference is its target, one that is nothing but
// `not` is a negation, one without assertions is true.
GoalId Normaliser::goal_of(Literal literal) {
  auto known = canonical_.find(literal.code);
  Literal at = known != canonical_.end() ? known->second : literal;
  if (known == canonical_.end()) {
    for (size_t steps = 0;; ++steps) {
      const Schema& s = document_.schema(at.schema());
      if (s.kind != Schema::Kind::Keywords) break;
      uint64_t says = document_.assertions(at.schema());
      SchemaId next;
      bool flip = false;
      if (steps > document_.size())
        next = kFalseSchema;  // a ring of references admits nothing
      else if (says == 0)
        next = kTrueSchema;
      else if (says == bit(Keyword::Ref))
        next = document_.target(at.schema(), Keyword::Ref);
      else if (says == bit(Keyword::DynamicRef))
        next = document_.target(at.schema(), Keyword::DynamicRef);
      else if (says == bit(Keyword::RecursiveRef))
        next = document_.target(at.schema(), Keyword::RecursiveRef);
      else if (says == bit(Keyword::Not))
        next = document_.child(at.schema(), Keyword::Not), flip = true;
      else if (says == bit(Keyword::AllOf) &&
               document_.store().count(document_.value(at.schema(), Keyword::AllOf)) == 1)
        next = children(at.schema(), document_.value(at.schema(), Keyword::AllOf))[0];
      else
        break;
      at = Literal(next, at.negated() != flip);
    }
    canonical_.emplace(literal.code, at);
  }
  if (at.schema() == kTrueSchema) return at.negated() ? kNever : kAlways;
  if (at.schema() == kFalseSchema) return at.negated() ? kAlways : kNever;
  return goals_.of(at);
}

// The same values, without a word on what has been evaluated: a schema that fails, or stands under a `not`, tells nobody.
Forms Normaliser::unseen(Forms forms) {
  for (ObjectForm& form : forms.objects) form.seen.clear();
  for (ArrayForm& form : forms.arrays) {
    form.seen = 0;
    form.seen_goals.clear();
  }
  return forms;
}

const Forms& Normaliser::forms(GoalId goal) {
  auto g = static_cast<size_t>(goal);
  if (g < goal_forms_.size() && goal_forms_[g]) return *goal_forms_[g];
  Forms out;
  if (goal != kNever) {
    std::vector<uint32_t> literals(goals_.literals(goal).begin(), goals_.literals(goal).end());
    out = literals.empty() ? Forms::of_types(kAllTypes) : literal_forms(Literal(literals[0]));
    for (size_t i = 1; i < literals.size(); ++i) narrow(out, Literal(literals[i]));
  }
  if (track_seen_) out = unseen(std::move(out));
  if (goal_forms_.size() <= g) goal_forms_.resize(std::max(g + 1, goals_.size()));
  goal_forms_[g] = std::make_unique<Forms>(std::move(out));
  return *goal_forms_[g];
}

// ---- literals ----

const Forms& Normaliser::literal_forms(Literal literal) {
  uint64_t key = uint64_t{literal.code} << 1 | (exact_seen_ ? 1u : 0u);
  auto known = literal_forms_.find(key);
  if (known != literal_forms_.end()) return *known->second;
  if (auto open = open_depth_.find(literal.code); open != open_depth_.end()) {
    lowest_loop_ = std::min(lowest_loop_, open->second);
    unfinished_.push_back(std::make_unique<Forms>(literal.negated() ? Forms::of_types(kAllTypes) : Forms{}));
    return *unfinished_.back();
  }
  if (open_depth_.count((!literal).code) || open_.size() >= nesting_) {
    std::string where = document_.pointer(literal.schema());
    if (open_.size() >= nesting_)
      throw Error(ErrorKind::Limit,
                  "subschemas that apply to one value are nested more than " + std::to_string(nesting_) + " deep at " +
                      where + "; raise Limits(nesting=...)",
                  where);
    throw Error(ErrorKind::Constraint, "the schema at " + where + " refers to its own negation, which has no meaning",
                where);
  }
  size_t depth = open_.size();
  struct Open {   // closed also where an error ends it: what is open stands for itself
    Normaliser& in;
    const Literal literal;
    Open(Normaliser& in, Literal literal, size_t depth) : in(in), literal(literal) {
      in.open_depth_.emplace(literal.code, depth);
      in.open_.push_back(literal);
    }
    ~Open() {
      in.open_.pop_back();
      in.open_depth_.erase(literal.code);
    }
  };
  size_t outer_loop = lowest_loop_;
  lowest_loop_ = SIZE_MAX;
  auto made = [&] {
    const Open open(*this, literal, depth);
    return std::make_unique<Forms>(compute(literal));
  }();
  bool final = lowest_loop_ >= depth;
  lowest_loop_ = std::min(outer_loop, final ? SIZE_MAX : lowest_loop_);
  const Forms& out = *made;
  if (final)
    literal_forms_.emplace(key, std::move(made));
  else
    unfinished_.push_back(std::move(made));
  return out;
}

Forms Normaliser::compute(Literal literal) {
  SchemaId id = literal.schema();
  const Schema& s = document_.schema(id);
  switch (s.kind) {
    case Schema::Kind::True: return literal.negated() ? Forms{} : Forms::of_types(kAllTypes);
    case Schema::Kind::False: return literal.negated() ? Forms::of_types(kAllTypes) : Forms{};
    case Schema::Kind::Constant: return literal.negated() ? not_constant(s.value) : constant(s.value);
    case Schema::Kind::Union: {
      Forms out = literal.negated() ? Forms::of_types(kAllTypes) : Forms{};
      for (GoalId arm : std::vector<GoalId>(unions_.at(id))) {
        if (!literal.negated()) {
          add(out, Forms(forms(arm)), id);
          continue;
        }
        Forms none;
        for (uint32_t code : std::vector<uint32_t>(goals_.literals(arm).begin(), goals_.literals(arm).end()))
          add(none, Forms(literal_forms(!Literal(code))), id);
        narrow(out, none, id);
      }
      return out;
    }
    case Schema::Kind::Where: return where_forms(wheres_.at(id));  // never negated: no keyword refers to it
    case Schema::Kind::Keywords: return literal.negated() ? negative(id) : positive(id);
  }
  return {};
}

Forms Normaliser::positive(SchemaId id) {
  Forms out = own_assertions(id);
  apply_in_place(id, out);
  const Schema& s = document_.schema(id);
  bool properties = s.has(Keyword::UnevaluatedProperties), items = s.has(Keyword::UnevaluatedItems);
  if (properties) unevaluated_properties(id, out);
  if (items) unevaluated_items(id, out);
  return out;
}

Forms Normaliser::negative(SchemaId id) {
  Forms out;
  negate_own(id, out);
  negate_in_place(id, out);
  constexpr uint64_t kUnevaluated = bit(Keyword::UnevaluatedProperties) | bit(Keyword::UnevaluatedItems);
  if (document_.schema(id).present & kUnevaluated) negate_unevaluated(id, out);
  return track_seen_ ? unseen(std::move(out)) : out;
}

// ---- conjunction and union of forms ----

void Normaliser::narrow(Forms& forms, const Forms& by, SchemaId where) {
  Forms out;
  out.null = forms.null && by.null;
  out.booleans = forms.booleans & by.booleans;
  for (const NumberSet& a : forms.numbers)
    for (const NumberSet& b : by.numbers)
      if (auto both = conj_numbers(a, b)) out.numbers.push_back(std::move(*both));
  for (const StringForm& a : forms.strings)
    for (const StringForm& b : by.strings)
      if (auto both = conj_strings(a, b)) out.strings.push_back(std::move(*both));
  for (const ArrayForm& a : forms.arrays)
    for (const ArrayForm& b : by.arrays) {
      auto both = conj_arrays(goals_, a, b);
      if (!both) continue;
      bool dead = false;
      for (size_t i = 0; i < both->min && i <= both->prefix.size() && !dead; ++i) dead = plainly_empty(both->item(i));
      if (!dead) out.arrays.push_back(std::move(*both));
    }
  for (const ObjectForm& a : forms.objects)
    for (const ObjectForm& b : by.objects) {
      bool open = (a.open() || b.open()) && !track_seen_;
      ObjectForm both = open ? (a.open() ? b : a) : conj_objects(a, b);
      if (!open && !settle(both)) continue;
      if (out.objects.size() > 64 || std::find(out.objects.begin(), out.objects.end(), both) == out.objects.end())
        out.objects.push_back(std::move(both));
      if (out.objects.size() > kMaxForms) too_many(where);
    }
  if (out.size() > kMaxForms) too_many(where);
  forms = std::move(out);
}

void Normaliser::add(Forms& to, Forms&& more, SchemaId where) {
  unite(to, std::move(more));
  if (to.size() > 4 * kMaxForms) too_many(where);
}

// ---- keywords that apply other schemas to the same value ----

void Normaliser::apply_in_place(SchemaId id, Forms& out) {
  const Schema s = document_.schema(id);
  for (Keyword ref : {Keyword::Ref, Keyword::DynamicRef, Keyword::RecursiveRef})
    if (s.has(ref)) narrow(out, Literal(document_.target(id, ref), false));
  if (s.has(Keyword::AllOf))
    for (SchemaId arm : children(id, document_.value(id, Keyword::AllOf))) narrow(out, Literal(arm, false));
  if (s.has(Keyword::AnyOf)) narrow(out, any_of(id, document_.value(id, Keyword::AnyOf)), id);
  if (s.has(Keyword::OneOf)) narrow(out, one_of(id, document_.value(id, Keyword::OneOf)), id);
  if (s.has(Keyword::Not)) narrow(out, Literal(document_.child(id, Keyword::Not), true));
  if (s.has(Keyword::If)) narrow(out, condition(id, false), id);
  dependent_schemas(id, out);
}

void Normaliser::negate_in_place(SchemaId id, Forms& out) {
  const Schema s = document_.schema(id);
  for (Keyword ref : {Keyword::Ref, Keyword::DynamicRef, Keyword::RecursiveRef})
    if (s.has(ref)) add(out, Forms(literal_forms(Literal(document_.target(id, ref), true))), id);
  if (s.has(Keyword::AllOf))
    for (SchemaId arm : children(id, document_.value(id, Keyword::AllOf)))
      add(out, Forms(literal_forms(Literal(arm, true))), id);
  if (s.has(Keyword::AnyOf)) {
    Forms none = Forms::of_types(kAllTypes);
    for (SchemaId arm : children(id, document_.value(id, Keyword::AnyOf))) narrow(none, Literal(arm, true));
    add(out, std::move(none), id);
  }
  if (s.has(Keyword::OneOf)) add(out, not_one_of(id, document_.value(id, Keyword::OneOf)), id);
  if (s.has(Keyword::Not)) add(out, Forms(literal_forms(Literal(document_.child(id, Keyword::Not), false))), id);
  if (s.has(Keyword::If)) add(out, condition(id, true), id);
  const json::Store& store = document_.store();
  for (Keyword keyword : {Keyword::DependentSchemas, Keyword::Dependencies}) {
    if (!s.has(keyword)) continue;
    Index map = document_.value(id, keyword);
    for (uint32_t i = 0; i < store.count(map); ++i) {
      Index member = store.first(map) + i;
      if (store.is(member, json::Type::Array) || store.is(member, json::Type::String)) continue;
      add(out, implies(strings_.intern(store.key(member)), document_.child(id, member), true), id);
    }
  }
}

Forms Normaliser::any_of(SchemaId id, Index arms) {
  std::vector<SchemaId> list = children(id, arms);
  Forms out;
  if (!track_seen_ || list.size() == 1) {
    for (SchemaId arm : list) add(out, Forms(literal_forms(Literal(arm, false))), id);
    return out;
  }
  // Every arm that holds counts as having looked at its properties and items, so each set of arms is a case. Arms outside
  // the set may hold as well where more looking can only help; otherwise they must fail.
  if (list.size() > 10) too_many(id);
  for (uint32_t set = 1; set < 1u << list.size(); ++set) {
    Forms both = Forms::of_types(kAllTypes);
    for (size_t i = 0; i < list.size(); ++i) {
      if (set >> i & 1)
        narrow(both, Literal(list[i], false));
      else if (exact_seen_)
        narrow(both, Literal(list[i], true));
    }
    add(out, std::move(both), id);
  }
  return out;
}

bool Normaliser::disjoint(const Forms& a, const Forms& b) {
  if ((a.types() & b.types()) == 0) return true;
  if (a.null && b.null) return false;
  if (a.booleans & b.booleans) return false;
  for (const NumberSet& x : a.numbers)
    for (const NumberSet& y : b.numbers)
      if (conj_numbers(x, y)) return false;
  for (const StringForm& x : a.strings)
    for (const StringForm& y : b.strings)
      if (auto both = conj_strings(x, y); both && !strings_.surely_empty(*both)) return false;
  for (const ArrayForm& x : a.arrays)
    for (const ArrayForm& y : b.arrays) {
      auto both = conj_arrays(goals_, x, y);
      if (!both) continue;
      bool dead = false;
      for (size_t i = 0; i < both->min && i <= both->prefix.size() && !dead; ++i) dead = plainly_empty(both->item(i));
      if (!dead) return false;
    }
  for (const ObjectForm& x : a.objects)
    for (const ObjectForm& y : b.objects) {
      ObjectForm both = conj_objects(x, y);
      if (settle(both)) return false;
    }
  return true;
}

// Exactly one arm: each arm without those that it may overlap.
Forms Normaliser::one_of(SchemaId id, Index arms) {
  std::vector<SchemaId> list = children(id, arms);
  std::vector<const Forms*> each;
  for (SchemaId arm : list) each.push_back(&literal_forms(Literal(arm, false)));
  Forms out;
  for (size_t i = 0; i < list.size(); ++i) {
    Forms only = *each[i];
    for (size_t j = 0; j < list.size() && !only.empty(); ++j)
      if (i != j && !disjoint(*each[i], *each[j])) narrow(only, Literal(list[j], true));
    add(out, std::move(only), id);
  }
  return out;
}

// No arm at all, or two of them.
Forms Normaliser::not_one_of(SchemaId id, Index arms) {
  std::vector<SchemaId> list = children(id, arms);
  Forms out = Forms::of_types(kAllTypes);
  for (SchemaId arm : list) narrow(out, Literal(arm, true));
  for (size_t i = 0; i < list.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      Forms both = literal_forms(Literal(list[i], false));
      narrow(both, Literal(list[j], false));
      add(out, std::move(both), id);
    }
  return out;
}

Forms Normaliser::condition(SchemaId id, bool negated) {
  SchemaId test = document_.child(id, Keyword::If);
  Forms out;
  for (bool holds : {true, false}) {
    Keyword keyword = holds ? Keyword::Then : Keyword::Else;
    bool says = document_.schema(id).has(keyword);
    if (!says && negated) continue;
    Forms arm = literal_forms(Literal(test, !holds));
    if (says) narrow(arm, Literal(document_.child(id, keyword), negated));
    add(out, std::move(arm), id);
  }
  return out;
}

// "An object that has the key meets the schema", or its negation.
Forms Normaliser::implies(StringId key, SchemaId then, bool negated) {
  Forms present;
  present.objects.emplace_back();
  present.objects[0].required.push_back(key);
  narrow(present, Literal(then, negated));
  if (negated) return present;
  Forms out = Forms::of_types(kAllTypes);
  out.objects[0].components.push_back(unit(key, kNever));
  unite(out, std::move(present));
  return out;
}

void Normaliser::dependent_schemas(SchemaId id, Forms& out) {
  const json::Store& store = document_.store();
  for (Keyword keyword : {Keyword::DependentSchemas, Keyword::Dependencies}) {
    if (!document_.schema(id).has(keyword)) continue;
    Index map = document_.value(id, keyword);
    for (uint32_t i = 0; i < store.count(map); ++i) {
      Index member = store.first(map) + i;
      if (store.is(member, json::Type::Array) || store.is(member, json::Type::String)) continue;
      narrow(out, implies(strings_.intern(store.key(member)), document_.child(id, member), false), id);
    }
  }
}

GoalId Normaliser::fresh_union(std::vector<GoalId> arms) {
  std::sort(arms.begin(), arms.end());
  arms.erase(std::unique(arms.begin(), arms.end()), arms.end());
  std::erase(arms, kNever);
  if (arms.empty()) return kNever;
  if (std::find(arms.begin(), arms.end(), kAlways) != arms.end()) return kAlways;
  if (arms.size() == 1) return arms[0];
  auto [it, fresh] = union_ids_.try_emplace(arms, kTrueSchema);
  if (fresh) {
    it->second = document_.add(Schema::Kind::Union);
    unions_.emplace(it->second, arms);
  }
  return goals_.of(Literal(it->second, false));
}

}  // namespace decodex
