// Why a schema admits nothing: the deepest place that is empty, for the message.
#include <unordered_set>

#include "base/error.h"
#include "schema/writer.h"

namespace decodex {

// Follows empty goals downwards: into a required property or item whose goal is empty, as long as there is one.
void SchemaWriter::refuse_unsatisfiable() {
  GoalId goal = root_;
  std::string path;
  std::unordered_set<GoalId> seen;
  while (goal != kNever && seen.insert(goal).second) {
    const Plans::OfGoal plans = plans_.of(goal);
    GoalId next = goal;
    std::string step;
    for (uint32_t p : plans.objects) {
      for (const PlanKey& key : plans_.object(p).keys) {
        if (!key.required || next != goal) continue;
        bool empty = true;
        for (const Choice& c : key.slot.choices) empty = empty && costs_.of(c.goal).infinite();
        if (!empty) continue;
        next = key.slot.choices.empty() ? kNever : key.slot.choices[0].goal;
        step = "the required property \"" + std::string(strings_.text(key.name)) + "\"";
      }
    }
    for (uint32_t p : plans.arrays) {
      const ArrayForm& form = plans_.array(p).form;
      for (uint32_t i = 0; i < form.min && i <= form.prefix.size() && next == goal; ++i)
        if (costs_.of(form.item(i)).infinite()) {
          next = form.item(i);
          step = "item " + std::to_string(i);
        }
    }
    if (next == goal) break;
    path += (path.empty() ? "" : ", in it ") + step;
    goal = next;
  }
  std::string where = goal == kNever || goal == kAlways ? normaliser_.pointer(root_) : normaliser_.pointer(goal);
  std::string message = "the schema cannot be satisfied";
  if (!path.empty()) message += ": " + path + " admits no value";
  if (goal != kNever && seen.count(goal) && normaliser_.forms(goal).empty() && path.empty())
    message += ": its keywords exclude each other";
  message += " (at " + (where.empty() ? "the root" : where) +
             "); look for contradicting types, bounds, patterns or enumerations there";
  throw Error(ErrorKind::Unsatisfiable, message, where);
}

}  // namespace decodex
