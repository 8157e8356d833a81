// Shortest texts: for every goal, and every position inside an object or array, the length of the shortest text that
// completes it. This decides what can be completed at all, before anything is generated.
//
// The cost of a goal is a least fixpoint over the goals that its shortest text may need (required properties, items up
// to minItems, ...). Goals are solved on demand, one strongly connected component after the other, and never change.
// Optional properties and items are not looked at before generation reaches them.
// Exact in what is possible at all. The length is exact too, but for three matters where it may be some bytes off: several
// free keys that must be told apart (minProperties) when some are already written; distinct items under uniqueItems;
// and texts in Pretty layout whose shortest alternative changes with the depth.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "schema/layout.h"
#include "schema/numbers.h"
#include "schema/plans.h"

namespace decodex {

// A place inside an object: after the keys before `index` have been passed, or with the keys of `used` written.
struct ObjectPlace {
  uint32_t index = 0;                           // schema order
  const std::vector<uint64_t>* used = nullptr;  // any order: bits of keys
  uint64_t marks = 0;
  uint32_t count = 0;
  bool first = true;
  std::vector<uint32_t> taken;  // of each class, how many free keys are written; empty: none
  bool any_order() const { return used != nullptr; }
  bool is_used(uint32_t key) const { return used ? ((*used)[key >> 6] >> (key & 63)) & 1 : key < index; }
};

// A place inside an array. An array that needs two equal items is in phase 0 (nothing yet), 1 (a value is chosen and has
// to come again, as an item that meets `again`) or 2 (it came); all others are in phase 2.
struct ArrayPlace {
  uint32_t index = 0;
  std::vector<uint32_t> counts;
  uint32_t phase = 2;
  GoalId again = kAlways;
  auto operator<=>(const ArrayPlace&) const = default;
};

class Costs {
 public:
  // Distinct words or values are looked at one by one up to here; beyond, they cost as the last one.
  static constexpr size_t kMaxListed = 64;

  Costs(ExprPool& pool, Normaliser& normaliser, Strings& strings, Plans& plans, Layout& layout,
        const NumberOptions& numbers);

  // Of the shortest text of a goal; infinite: there is none. Solves what it needs.
  Cost of(GoalId goal);
  ExprId number(const NumberSet& set);  // its expression, made once

  // Of the shortest way from a place to the end of the object, closing brace included.
  Cost rest(ObjectPlan& plan, const ObjectPlace& place);
  // Of the value at a key, by the cheapest choice, and all that follows it; without the key.
  Cost after_key(ObjectPlan& plan, const ObjectPlace& place, uint32_t key);
  Cost after_free_key(ObjectPlan& plan, const ObjectPlace& place, uint32_t cls);
  Cost rest(const ArrayPlan& plan, const ArrayPlace& place);
  Cost simple_rest(const ArrayPlan& plan, uint32_t index);

  // As after_key for an array: all that follows when `index` items are written, of which none may equal `excluded`.
  Cost unique_rest(const ArrayPlan& plan, const ArrayPlace& place, ExprId excluded);
  // What follows the item at `index`, if that is one of the shortest texts of `item`. Not for plans with `contains`.
  Cost unique_rest_after(const ArrayPlan& plan, uint32_t index, ExprId item);
  // Can the items from `index` on that minItems asks for be distinct, and none of them one of `taken` (canonical texts)?
  bool distinct_possible(const ArrayPlan& plan, uint32_t index, const std::vector<std::string>& taken);
  // JSON texts of values that no item before `index` may take, as items that minItems asks for would find none left.
  std::vector<std::string> reserved_values(const ArrayPlan& plan, uint32_t index,
                                           const std::vector<std::string>& taken);

  // Do keys not depend on each other, but for their number being bounded above?
  static bool sums_only(const ObjectPlan& plan) { return plan.form.clauses.empty() && plan.min == 0; }
  static bool may_close(const ObjectPlan& plan, const ObjectPlace& place);
  // May this key come next, as far as order and count decide?
  static bool may_follow(const ObjectPlan& plan, const ObjectPlace& place, uint32_t key);
  static bool may_be_free(const ObjectPlan& plan, const ObjectPlace& place);
  // The place after a key, but for `used`, which the caller keeps; key == keys.size(): after a free key.
  static ObjectPlace after(const ObjectPlan& plan, const ObjectPlace& place, uint32_t key, uint64_t marks);

  // Lengths of the k shortest words of a regular language, in ascending order; fewer where it has fewer.
  std::vector<uint32_t> shortest_words(ExprId language, size_t k);
  // The shortest texts of k distinct scalar values of a goal, ascending; fewer where there are fewer.
  std::vector<std::string> distinct_values(GoalId goal, size_t k, ExprId excluded);
  // Has the goal only null, booleans, numbers and strings?
  bool scalars_only(GoalId goal);
  // Expression of the scalar values of a goal; each value's text.
  ExprId scalars(GoalId goal);

 private:
  struct Sum {
    Cost members;
    uint32_t count = 0;
  };
  struct Option {  // a choice, priced
    uint64_t marks;
    Cost cost;
  };
  struct Point {  // what has been met on the way through an object, and at what cost
    uint64_t marks;
    uint32_t count;
    bool first;
    Cost cost;
  };
  Cost look_up(GoalId goal);  // solves the goal, or notes that one being solved needs it
  void solve(GoalId goal);
  Cost evaluate(GoalId goal);
  Cost scalar_cost(GoalId goal);
  Cost member_cost(const PlanKey& key);  // of a required key with its value
  Cost value_cost(const std::vector<Choice>& choices);
  Sum required_after(ObjectPlan& plan, const ObjectPlace& place);
  Cost close_cost(const Sum& sum, bool first) const;
  Cost general_rest(ObjectPlan& plan, const ObjectPlace& place);
  Cost free_members(ObjectPlan& plan, const Point& start, const std::vector<uint32_t>& taken);
  uint32_t free_key_length(const KeyClass& cls, uint32_t n);
  std::vector<Option> options(const std::vector<Choice>& choices, uint32_t extra);
  void tidy(std::vector<Point>& points) const;
  Cost general_rest(const ArrayPlan& plan, const ArrayPlace& place);
  struct Domain {
    std::vector<std::string> keys;   // canonical texts of all values
    std::vector<std::string> texts;  // beside them
  };
  std::vector<Domain> small_domains(const ArrayPlan& plan, uint32_t index, size_t taken);
  std::string shortest_word(ExprId language, uint32_t length);

  ExprPool& pool_;
  Normaliser& normaliser_;
  Strings& strings_;
  Plans& plans_;
  Layout& layout_;
  NumberOptions numbers_;
  std::vector<Cost> costs_;
  std::vector<bool> solved_;
  bool solving_ = false;
  std::vector<GoalId> needed_;   // by the goal that is being evaluated
  std::vector<uint32_t> noted_;  // of a goal: the evaluation that noted it last
  uint32_t evaluation_ = 0;
  std::vector<std::pair<NumberSet, ExprId>> number_expressions_;
  std::unordered_map<const ObjectPlan*, std::vector<Sum>> suffixes_;  // schema order: by index
  std::map<
      std::tuple<const ObjectPlan*, std::vector<uint64_t>, std::vector<uint32_t>, uint32_t, uint64_t, uint32_t, bool>,
      Cost>
      rests_;
  std::map<std::pair<const ArrayPlan*, ArrayPlace>, Cost> array_rests_;
  std::map<std::pair<ExprId, size_t>, std::vector<uint32_t>> shortest_words_;
};

}  // namespace decodex
