// The rules behind compile_schema: values, and the places inside objects and arrays, as expressions.
//
// A rule is a Place; its key is the number of the place. Invariants: no rule is nullable; the shortest length that a
// rule is made with is that of its body (Costs says where it may be higher by a little); a place from which nothing
// can be completed is kEmpty and never becomes a rule.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/costs.h"
#include "schema/document.h"
#include "schema/layout.h"
#include "schema/normalise.h"
#include "schema/plans.h"
#include "schema/strings.h"

namespace decodex {

class SchemaWriter final : public RuleSource {
 public:
  SchemaWriter(ExprPool& pool, std::string_view schema_json, const SchemaOptions& options);

  // Checks everything that can be refused; throws Error(Unsatisfiable) when the root has no text.
  void check();
  ExprId root();                                                             // once the writer has been added to the pool
  const std::vector<std::string>& unenforced() const { return unenforced_; }   // once it has been checked

  ExprId expand(ExprPool& pool, uint64_t key) override;
  ExprId after_capture(ExprPool& pool, uint64_t key, std::string_view word) override;
  ExprId after_fresh_capture(ExprPool& pool, uint64_t key) override;
  bool length_depends_on_word(uint64_t key) override;
  bool nested(uint64_t key, uint64_t outer) const override;
  size_t memory() const override;

 private:
  enum class Kind : uint8_t {
    Members,   // inside an object, before a member or the closing brace
    Key,       // inside a key: at byte `at` of the keys [low, high) of the plan's sorted keys
    AfterKey,  // behind the closing quote of key `low`
    FreeKey,   // while a free key of class `low` is read
    AfterFreeKey,
    Items,     // inside an array, before an item or the closing bracket
    Item,      // while an item is read that must differ from the earlier ones, or begins a repetition
    TextItem,  // the same for a string, of which there is no end
    AfterItem  // behind such a string
  };
  struct Place {
    Kind kind = Kind::Members;
    bool first = true;
    bool any_order = false;
    uint32_t plan = 0;
    uint32_t depth = 0;
    uint32_t index = 0;    // Members: next key in schema order, or the set of used keys; Items: items written
    uint32_t count = 0;    // Members: members written, as far as the plan counts
    uint32_t written = 0;  // Members: the set of free keys written; Items: of the values written, or the one value
    uint64_t marks = 0;    // Members: clauses met; Items: the counts of contains
    uint32_t low = 0, high = 0, at = 0;  // by kind; Items: how far a repetition is
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    size_t operator()(const Place& p) const;
  };

  ExprId value(GoalId goal, uint32_t depth, bool any_order);
  ExprId rule(const Place& place, Cost shortest);
  uint64_t number_of(const Place& place);

  // objects (objects.cpp)
  ExprId object(uint32_t plan, uint32_t depth, bool any_order);
  ExprId members(const Place& place);
  ExprId members_rule(const Place& place);
  ExprId keys(const Place& place, uint32_t low, uint32_t high, uint32_t at);
  ExprId after_key(const Place& place);
  ExprId free_keys(const Place& place);
  ExprId after_free_key(const Place& place);
  ObjectPlace object_place(const Place& place);
  Place moved(const Place& place, uint32_t key, uint64_t marks);
  bool is_in(const KeyClass& cls, StringId word);
  uint32_t with_key(uint32_t set, uint32_t key);
  uint32_t with_word(uint32_t set, StringId word);
  StringId unknown_word(uint32_t cls, uint32_t set);

  // arrays (arrays.cpp)
  ExprId array(uint32_t plan, uint32_t depth, bool any_order);
  ExprId items(const Place& place);
  ExprId simple_items(const Place& place);
  ExprId counted_items(const Place& place);
  ExprId unique_items(const Place& place);
  ExprId repeated_items(const Place& place);
  ExprId items_rule(const Place& place);
  ExprId close_array(const Place& place);
  ExprId next_item(const Place& place, ExprId item);
  ExprId item_texts(StringId value, const Place& place);
  ExprId after_item(const Place& place, std::string_view word);
  ExprId text_item_rule(Place place);
  ExprId after_text_item(const Place& place);
  bool endless_strings(ExprId item) const;
  Cost items_cost(const Place& place);
  ExprId written_items(const Place& place);
  ExprId reserved_items(const Place& place);
  ExprId repetition(const Place& place);
  ExprId chosen_item(const Place& place, Place next, GoalId goal, GoalId again);
  GoalId written_goal(const Place& place);
  StringId value_id(std::string_view text);
  Place moved(const Place& place, std::vector<uint32_t> counts);
  uint32_t counts_id(const std::vector<uint32_t>& counts);

  // conditions on places of the document (where.cpp)
  void add_where();
  std::vector<GoalId> goals_at(GoalId document, const std::string& pointer);
  void step_into(GoalId from, const std::string& step, std::vector<GoalId>& out);

  // messages (unsatisfiable.cpp)
  [[noreturn]] void refuse_unsatisfiable();

  ExprPool& pool_;
  SchemaOptions options_;
  NumberOptions numbers_;
  Strings strings_;
  Layout layout_;
  Document document_;
  Normaliser normaliser_;
  Plans plans_;
  Costs costs_;
  std::vector<std::string> unenforced_;
  GoalId root_ = kAlways;
  std::deque<Place> places_;
  std::unordered_map<Place, uint32_t, PlaceHash> place_numbers_;
  std::unordered_map<uint64_t, ExprId> values_;  // (goal, depth, order) -> expression
  std::deque<std::vector<uint64_t>> key_sets_;   // sets of used keys
  std::map<std::vector<uint64_t>, uint32_t> key_set_ids_;
  std::deque<std::vector<StringId>> word_sets_;  // sorted; the first is empty
  std::map<std::vector<StringId>, uint32_t> word_set_ids_;
  std::deque<std::vector<uint32_t>> counts_;  // of contains clauses
  std::map<std::vector<uint32_t>, uint32_t> count_ids_;
  std::unordered_map<StringId, json::Index> written_values_;  // canonical text -> the value
};

}  // namespace decodex
