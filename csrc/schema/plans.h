// Plans: object and array forms made ready for writing texts. An object's keys are in order, each with what its value
// has to meet; the keys without a name are cut into disjoint classes; clauses are bits that events set.
//
// Plans are interned by their form, so that equal forms share their states. A plan is made when a form is first looked
// at; the classes of its free keys only when they are first needed, as that may take searches.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "schema/forms.h"
#include "schema/normalise.h"

namespace decodex {

// One way to fill a place: a goal for the value, and the clauses that it meets.
struct Choice {
  GoalId goal;
  uint64_t marks = 0;
};

// A place for a value: what it has to meet, and what it may decide.
struct Slot {
  GoalId goal = kNever;
  std::vector<std::pair<uint64_t, GoalId>> events;  // a clause (as its bit) is met where the value meets the goal
  std::vector<Choice> choices;                      // together all ways to fill it; none: it may not be filled
};

struct PlanKey {
  StringId name;
  bool required = false;
  uint32_t length = 0;        // bytes of the shortest spelling, with quotes
  uint64_t absent_marks = 0;  // the clauses met when the key is absent
  Slot slot;
};

// Free keys that are judged alike.
struct KeyClass {
  ExprId language = kEmpty;  // of the keys, with their closing quote; the names of the plan may be among them
  ExprId excluded = kEmpty;  // those names
  Slot slot;
  uint32_t shortest = kInfinite;  // of a key, with quotes
};

struct ObjectPlan {
  ObjectForm form;
  std::vector<PlanKey> keys;            // in the order in which they are written
  std::vector<uint32_t> sorted;         // the keys by text: the trie, as ranges
  std::vector<uint32_t> next_required;  // of each index: the first required key from it on, or keys.size()
  uint64_t all_marks = 0;
  uint32_t required = 0;  // how many
  uint32_t min = 0, max = kUnbounded;
  uint32_t count_cap = 0;  // members are counted up to here
  bool classes_made = false;
  std::vector<KeyClass> classes;
};

struct ItemChoice {
  GoalId goal;
  std::vector<uint32_t> counts;  // of the contains clauses, after the item
};

struct ArrayPlan {
  ArrayForm form;
  bool simple = false;     // nothing but positions and length: items do not depend on each other
  uint32_t index_cap = 0;  // items are counted up to here
};

class Plans {
 public:
  Plans(ExprPool& pool, Normaliser& normaliser, Strings& strings, const SchemaOptions& options);

  struct OfGoal {
    std::vector<uint32_t> arrays, objects;  // one for each form
  };
  const OfGoal& of(GoalId goal);
  ObjectPlan& object(uint32_t plan) { return objects_[plan]; }
  ArrayPlan& array(uint32_t plan) { return arrays_[plan]; }
  const std::vector<KeyClass>& classes(ObjectPlan& plan);
  // The ways to fill a slot when the clauses of `met` need no more.
  std::vector<Choice> choices(const Slot& slot, uint64_t met);
  // The ways to fill the place after `index` items, of which `counts` meet the contains clauses.
  std::vector<ItemChoice> item_choices(const ArrayPlan& plan, uint32_t index, const std::vector<uint32_t>& counts);
  // Every goal that some item at `index` or later may be asked to meet.
  std::vector<GoalId> later_goals(const ArrayPlan& plan, uint32_t index);
  // Items are counted up to where it no longer matters.
  static uint32_t next_index(const ArrayPlan& plan, uint32_t index) {
    return std::min(index + 1, std::max(plan.index_cap, 1u));
  }
  // May the array end with these counts?
  static bool counts_met(const ArrayPlan& plan, const std::vector<uint32_t>& counts);

 private:
  void build(ObjectPlan& plan);
  void collect_names(const ObjectForm& form, std::vector<StringId>& names);
  struct Piece {  // of the free keys
    StringForm keys;
    std::vector<bool> in;  // beside the atoms
  };
  std::vector<KeySet> atoms_of(const ObjectPlan& plan) const;
  std::vector<Piece> cut_keys(const ObjectForm& form, const std::vector<KeySet>& atoms);
  Slot slot_of(const ObjectForm& form, const std::vector<KeySet>& atoms, const Piece& piece, bool close);
  void build_classes(ObjectPlan& plan);
  Slot make_slot(GoalId goal, std::vector<std::pair<uint64_t, GoalId>> events);

  ExprPool& pool_;
  Normaliser& normaliser_;
  Strings& strings_;
  const SchemaOptions& options_;
  std::deque<ObjectPlan> objects_;
  std::deque<ArrayPlan> arrays_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> object_index_, array_index_;
  std::vector<std::unique_ptr<OfGoal>> of_goal_;
};

}  // namespace decodex
