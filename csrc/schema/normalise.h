// Goals into typed forms: allOf, anyOf, oneOf, not, if/then/else, references, enum and const disappear here, by the
// laws of Boolean algebra; what is left of a schema are the forms of forms.h, whose children are goals again.
//
// In: a goal. Out: its forms, made once. A schema that refers to itself without going into a child is read as the least
// solution ({"$ref": "#"} admits nothing); such a loop through a negation has no meaning and is refused.
// Cost: the pairwise conjunctions of the forms involved; plainly empty ones are dropped on the way, and more than
// kMaxForms at one place is refused with Error(Limit).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "schema/document.h"
#include "schema/forms.h"
#include "schema/goals.h"
#include "schema/strings.h"

namespace decodex {

class Normaliser {
 public:
  static constexpr size_t kMaxForms = 4096;

  Normaliser(Document& document, Strings& strings, const SchemaOptions& options, uint32_t nesting);

  Goals& goals() { return goals_; }
  GoalId goal_of(SchemaId schema, bool negated = false) { return goal_of(Literal(schema, negated)); }
  GoalId goal_of(Literal literal);
  GoalId negate(GoalId goal);
  const Forms& forms(GoalId goal);

  const Component& component(ComponentId id) const { return components_[static_cast<size_t>(id)]; }
  // What a component demands of the value at a key.
  GoalId demand(ComponentId component, StringId key);
  // What a form demands of the value at a key (kNever: the key may not occur).
  GoalId demand(const ObjectForm& form, StringId key);
  bool in_set(const KeySet& keys, StringId key);
  // Does the key, as a string, meet the goal?
  bool names(GoalId goal, StringId key);
  // Is the goal plainly empty? Looks at types and enumerations; exact where a goal is flat.
  bool plainly_empty(GoalId goal);
  // Does every value of `a` plainly meet `b`?
  bool plainly_implies(GoalId a, GoalId b);
  bool is_flat(GoalId goal);
  // Resolves everything reachable from the root and reads its patterns and formats, so that what has to be refused is
  // refused now. Adds to `unenforced`.
  void check_reachable(std::vector<std::string>& unenforced);
  // What a `where` demands of the document. Throws what its expression throws, with its pointer.
  GoalId where(ExprPool& pool, const WhereText& where);
  // Where a goal comes from: the pointer of its first subschema.
  std::string pointer(GoalId goal) const;

 private:
  struct Outline {  // what is plain about a literal
    uint8_t types = kAllTypes;
    bool listed = false;
    std::vector<json::Index> only, never;
  };

  struct Where {  // what one step of a `where` demands
    std::optional<PatternId> text;  // of the value itself
    std::string step;               // otherwise: of the values at this step
    GoalId goal = kAlways;
    std::string pointer;
  };

  const Forms& literal_forms(Literal literal);
  Forms compute(Literal literal);
  Forms positive(SchemaId id);
  Forms negative(SchemaId id);
  Forms own_assertions(SchemaId id);
  void negate_own(SchemaId id, Forms& out);
  void apply_in_place(SchemaId id, Forms& out);
  void negate_in_place(SchemaId id, Forms& out);
  void narrow(Forms& forms, Literal literal) { narrow(forms, literal_forms(literal), literal.schema()); }
  void narrow(Forms& forms, const Forms& by, SchemaId where);
  void add(Forms& to, Forms&& more, SchemaId where);
  Forms any_of(SchemaId id, json::Index arms);
  Forms one_of(SchemaId id, json::Index arms);
  Forms not_one_of(SchemaId id, json::Index arms);
  Forms condition(SchemaId id, bool negated);
  Forms implies(StringId key, SchemaId then, bool negated);
  bool flat_empty(GoalId goal);
  bool disjoint(const Forms& a, const Forms& b);
  static Forms unseen(Forms forms);

  Forms constant(json::Index value);
  Forms not_constant(json::Index value);
  Forms listed(json::Index values);
  NumberSet numbers(SchemaId id);
  StringForm string_form(SchemaId id);
  ArrayForm array_form(SchemaId id);
  ObjectForm object_form(SchemaId id);
  void negate_numbers(SchemaId id, Forms& out);
  void negate_strings(SchemaId id, Forms& out);
  void negate_arrays(SchemaId id, Forms& out);
  void negate_objects(SchemaId id, Forms& out);
  ArrayForm items_of(SchemaId id);
  void dependencies(SchemaId id, Keyword keyword, ObjectForm& form);
  void dependent_schemas(SchemaId id, Forms& out);
  bool unevaluated_component(const ObjectForm& form, GoalId goal, Component& out);
  void negate_unevaluated(SchemaId id, Forms& out);
  void unevaluated_properties(SchemaId id, Forms& out);
  void unevaluated_items(SchemaId id, Forms& out);
  Forms where_forms(const Where& where);

  ComponentId component_of(SchemaId id);
  ComponentId unit(StringId key, GoalId goal);
  ComponentId add_component(Component&& component);
  bool settle(ObjectForm& form);
  bool settle_clause(const ObjectForm& form, Clause& clause, bool& met);
  std::vector<SchemaId> children(SchemaId id, json::Index list);
  const Outline& outline(Literal literal);
  Outline make_outline(Literal literal, int depth);
  uint8_t type_of(json::Index value) const;
  GoalId fresh_union(std::vector<GoalId> arms);
  [[noreturn]] void too_many(SchemaId where) const;
  void check_one(SchemaId id, std::vector<std::string>& unenforced, std::vector<SchemaId>& below);

  Document& document_;
  Strings& strings_;
  const SchemaOptions& options_;
  uint32_t nesting_;
  Goals goals_;
  std::unordered_map<uint32_t, Literal> canonical_;
  std::unordered_map<uint64_t, std::unique_ptr<Forms>> literal_forms_;  // (literal, exact_seen_)
  std::vector<std::unique_ptr<Forms>> goal_forms_;
  std::vector<Literal> open_;  // literals being computed, outermost first
  std::unordered_map<uint32_t, size_t> open_depth_;
  size_t lowest_loop_ = SIZE_MAX;                  // the outermost open literal that was met again
  std::deque<std::unique_ptr<Forms>> unfinished_;  // results that depend on an open literal: not remembered
  std::deque<Component> components_;
  std::unordered_map<uint32_t, ComponentId> component_of_schema_;
  std::unordered_map<uint64_t, ComponentId> units_;
  std::unordered_map<uint32_t, Outline> outlines_;
  std::unordered_map<uint32_t, int8_t> plainly_empty_;
  std::unordered_map<uint64_t, bool> names_;
  std::unordered_map<SchemaId, std::vector<GoalId>> unions_;
  std::map<std::vector<GoalId>, SchemaId> union_ids_;
  std::unordered_map<SchemaId, Where> wheres_;
  bool exact_seen_ = false;  // is what has been evaluated wanted exactly, not at least?
  bool track_seen_ = false;  // is there an unevaluated... keyword anywhere?
};

}  // namespace decodex
