// Conditions on the text of strings at places of the document, given by JSON Pointer beside the schema. In: a pointer and
// an expression over the alphabet of JSON strings. Out: a goal, for conjunction with the schema's own.
//
// Every step of the pointer is a schema of its own that no keyword of the user's can see: it says nothing of which names
// are listed, of what has been evaluated, or of the order of keys. A value that is no string is not concerned.
// Refused: a pointer under which no document of the schema has a string.
#include <algorithm>

#include "base/error.h"
#include "schema/uri.h"
#include "schema/writer.h"

namespace decodex {

namespace {

constexpr uint32_t kNoIndex = UINT32_MAX;

// The index that a step means in an array: at most four digits, as the items before it are counted, without a leading
// zero; kNoIndex: none, the step is only a key.
uint32_t index_of(const std::string& step) {
  const bool digits = !step.empty() && step.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || step.size() > 4 || (step[0] == '0' && step.size() > 1)) return kNoIndex;
  return static_cast<uint32_t>(std::stoul(step));
}

}  // namespace

GoalId Normaliser::where(ExprPool& pool, const WhereText& where) {
  Where text;
  text.pointer = where.pointer;
  try {
    text.text = strings_.add_pattern(where.build(pool, strings_.alphabet()));
  } catch (const Error& error) {
    throw Error(error.kind, "the constraint at where[\"" + where.pointer + "\"] cannot be used: " + error.what(),
                where.pointer);
  }
  auto add_schema = [&](Where says) {
    const SchemaId id = document_.add(Schema::Kind::Where);
    wheres_.emplace(id, std::move(says));
    return goal_of(id);
  };
  GoalId goal = add_schema(std::move(text));
  std::vector<std::string> steps = pointer_steps(where.pointer);
  for (size_t i = steps.size(); i-- > 0;) goal = add_schema({std::nullopt, steps[i], goal, where.pointer});
  return goal;
}

Forms Normaliser::where_forms(const Where& where) {
  Forms out = Forms::of_types(kAllTypes);
  if (where.text) {
    out.strings[0].parts.push_back(StringPart::pattern(*where.text, false));
    return out;
  }
  Component component;
  component.listed = false;
  component.floating = true;
  if (where.step == "*") {
    component.additional = where.goal;
    out.arrays[0].rest = where.goal;
  } else {
    component.names.emplace_back(strings_.intern(where.step), where.goal);
    if (uint32_t index = index_of(where.step); index != kNoIndex) {
      out.arrays[0].prefix.assign(index, kAlways);
      out.arrays[0].prefix.push_back(where.goal);
    }
  }
  out.objects[0].components.push_back(add_component(std::move(component)));
  return out;
}

// ---- what a pointer can reach ----

void SchemaWriter::add_where() {
  const GoalId schema = root_;
  for (const WhereText& where : options_.where) {
    const std::vector<GoalId> goals = goals_at(schema, where.pointer);
    const bool strings = std::ranges::any_of(goals, [&](GoalId goal) { return !normaliser_.forms(goal).strings.empty(); });
    if (!strings)
      throw Error(ErrorKind::Constraint,
                  "where[\"" + where.pointer + "\"] has no effect: " +
                      (goals.empty() ? "no document of the schema has a value there" : "no value there can be a string") +
                      "; look at the pointer, and write `*` for all items or members",
                  where.pointer);
    root_ = normaliser_.goals().conj(root_, normaliser_.where(pool_, where));
    if (costs_.of(root_).infinite())
      throw Error(ErrorKind::Unsatisfiable,
                  "no document satisfies the schema" + std::string(&where == options_.where.data() ? "" : ", the others") +
                      " and where[\"" + where.pointer + "\"]; what is wanted there, or its length, excludes itself or what the "
                      "schema says of a required value",
                  where.pointer);
  }
}

// What the values at the pointer have to meet, of each kind that they can be.
std::vector<GoalId> SchemaWriter::goals_at(GoalId document, const std::string& pointer) {
  std::vector<GoalId> goals{document};
  for (const std::string& step : pointer_steps(pointer)) {
    std::vector<GoalId> next;
    for (GoalId goal : goals) step_into(goal, step, next);
    std::ranges::sort(next);
    next.erase(std::unique(next.begin(), next.end()), next.end());
    std::erase_if(next, [&](GoalId goal) { return costs_.of(goal).infinite(); });
    goals = std::move(next);
  }
  return goals;
}

void SchemaWriter::step_into(GoalId from, const std::string& step, std::vector<GoalId>& out) {
  const bool all = step == "*";
  const StringId name = strings_.intern(step);
  auto take = [&](const Slot& slot) {
    for (const Choice& choice : slot.choices) out.push_back(choice.goal);
  };
  const Plans::OfGoal plans = plans_.of(from);
  for (uint32_t p : plans.objects) {
    ObjectPlan& plan = plans_.object(p);
    bool named = false;
    for (const PlanKey& key : plan.keys) {
      named = named || key.name == name;
      if (all || key.name == name) take(key.slot);
    }
    if (named && !all) continue;
    for (const KeyClass& cls : plans_.classes(plan))
      if (all || is_in(cls, name)) take(cls.slot);
  }
  const uint32_t index = index_of(step);
  for (uint32_t p : plans.arrays) {
    const ArrayForm& form = plans_.array(p).form;
    if (all) {
      for (uint32_t i = 0; i <= form.prefix.size() && i < form.max; ++i) out.push_back(form.item(i));
    } else if (index < form.max && index != kNoIndex) {
      out.push_back(form.item(index));
    }
  }
}

}  // namespace decodex
