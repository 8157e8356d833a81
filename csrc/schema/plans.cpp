#include "schema/plans.h"

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "base/error.h"

namespace decodex {

namespace {

struct Hash {
  uint64_t h = 0;
  template <class T>
  void add(T x) {
    h = (h ^ static_cast<uint64_t>(x)) * 0xff51afd7ed558ccdull;
    h ^= h >> 32;
  }
};

uint64_t hash_of(const ObjectForm& form) {
  Hash h;
  for (ComponentId c : form.components) h.add(c);
  h.add(~0u);
  for (StringId s : form.required) h.add(s);
  h.add(form.clauses.size());
  h.add(form.min);
  h.add(form.max);
  for (GoalId g : form.key_goals) h.add(g);
  return h.h;
}

uint64_t hash_of(const ArrayForm& form) {
  Hash h;
  for (GoalId g : form.prefix) h.add(g);
  h.add(~0u);
  h.add(form.rest);
  h.add(form.min);
  h.add(form.max);
  h.add(form.contains.size());
  return h.h;
}

}  // namespace

Plans::Plans(ExprPool& pool, Normaliser& normaliser, Strings& strings, const SchemaOptions& options)
    : pool_(pool), normaliser_(normaliser), strings_(strings), options_(options) {}

const Plans::OfGoal& Plans::of(GoalId goal) {
  auto g = static_cast<size_t>(goal);
  if (g < of_goal_.size() && of_goal_[g]) return *of_goal_[g];
  auto out = std::make_unique<OfGoal>();
  const Forms& forms = normaliser_.forms(goal);
  for (const ArrayForm& form : forms.arrays) {
    auto& bucket = array_index_[hash_of(form)];
    auto known = std::find_if(bucket.begin(), bucket.end(), [&](uint32_t i) { return arrays_[i].form == form; });
    if (known == bucket.end()) {
      ArrayPlan plan;
      plan.form = form;
      if (form.max <= 1) plan.form.unique = false;
      plan.simple = !plan.form.unique && !form.repeated && form.contains.empty();
      plan.index_cap = std::max(static_cast<uint32_t>(form.prefix.size()), form.min);
      if (form.max != kUnbounded) plan.index_cap = std::max(plan.index_cap, form.max);
      for (const ContainsClause& c : form.contains) plan.index_cap = std::max(plan.index_cap, c.from);
      arrays_.push_back(std::move(plan));
      known = bucket.insert(bucket.end(), static_cast<uint32_t>(arrays_.size() - 1));
    }
    out->arrays.push_back(*known);
  }
  for (const ObjectForm& form : forms.objects) {
    auto& bucket = object_index_[hash_of(form)];
    auto known = std::find_if(bucket.begin(), bucket.end(), [&](uint32_t i) { return objects_[i].form == form; });
    if (known == bucket.end()) {
      ObjectPlan plan;
      plan.form = form;
      build(plan);
      objects_.push_back(std::move(plan));
      known = bucket.insert(bucket.end(), static_cast<uint32_t>(objects_.size() - 1));
    }
    out->objects.push_back(*known);
  }
  if (of_goal_.size() <= g) of_goal_.resize(std::max(g + 1, normaliser_.goals().size()));
  of_goal_[g] = std::move(out);
  return *of_goal_[g];
}

// ---- objects ----

// The names that need a place of their own: those of `properties` in the order written, then required ones, then
// those that only a condition speaks of.
void Plans::collect_names(const ObjectForm& form, std::vector<StringId>& names) {
  std::unordered_set<StringId> seen;
  auto take = [&](StringId name) {
    if (seen.insert(name).second) names.push_back(name);
  };
  for (ComponentId c : form.components)
    if (normaliser_.component(c).listed)
      for (auto& [name, goal] : normaliser_.component(c).names) take(name);
  for (StringId name : form.required) take(name);
  for (ComponentId c : form.components)
    if (!normaliser_.component(c).listed && !normaliser_.component(c).floating)
      for (auto& [name, goal] : normaliser_.component(c).names) take(name);
  for (const Clause& clause : form.clauses)
    for (const Trigger& t : clause) {
      if (t.keys.kind == KeySet::Kind::Name) take(StringId{t.keys.id});
      if (t.keys.kind == KeySet::Kind::Rest)
        for (auto& [name, goal] : normaliser_.component(ComponentId{t.keys.id}).names) take(name);
    }
}

void Plans::build(ObjectPlan& plan) {
  const ObjectForm& form = plan.form;
  if (form.clauses.size() > 64)
    throw Error(ErrorKind::Limit,
                "an object has to meet more than 64 conditions that depend on each other; "
                "use fewer negations, dependencies or alternatives on one object");
  std::vector<StringId> names;
  collect_names(form, names);
  std::unordered_set<StringId> required(form.required.begin(), form.required.end());
  plan.keys.reserve(names.size());
  for (StringId name : names) {
    PlanKey key;
    key.name = name;
    key.required = required.count(name) > 0;
    key.length = Strings::spelled_length(strings_.text(name)) + 2;
    GoalId goal = normaliser_.demand(form, name);
    for (GoalId names_goal : form.key_goals)
      if (!normaliser_.names(names_goal, name)) goal = kNever;
    std::vector<std::pair<uint64_t, GoalId>> events;
    for (size_t c = 0; c < form.clauses.size(); ++c)
      for (const Trigger& t : form.clauses[c]) {
        if (t.absent && t.keys.id == static_cast<uint32_t>(name)) key.absent_marks |= uint64_t{1} << c;
        if (!t.absent && normaliser_.in_set(t.keys, name)) events.emplace_back(uint64_t{1} << c, t.goal);
      }
    if (goal != kNever) key.slot = make_slot(goal, std::move(events));
    plan.keys.push_back(std::move(key));
  }
  size_t n = plan.keys.size();
  plan.sorted.resize(n);
  for (uint32_t i = 0; i < n; ++i) plan.sorted[i] = i;
  std::sort(plan.sorted.begin(), plan.sorted.end(), [&](uint32_t a, uint32_t b) {
    return strings_.text(plan.keys[a].name) < strings_.text(plan.keys[b].name);
  });
  plan.next_required.assign(n + 1, static_cast<uint32_t>(n));
  for (size_t i = n; i-- > 0;)
    plan.next_required[i] = plan.keys[i].required ? static_cast<uint32_t>(i) : plan.next_required[i + 1];
  plan.required = static_cast<uint32_t>(form.required.size());
  plan.all_marks = form.clauses.size() == 64 ? ~uint64_t{0} : (uint64_t{1} << form.clauses.size()) - 1;
  plan.min = form.min <= plan.required ? 0 : form.min;
  plan.max = form.max;
  plan.count_cap = plan.max != kUnbounded ? plan.max : plan.min;
}

// The ways to fill a place where events may happen. Where a condition is flat, the ways are disjoint: it is met or it is
// not. Otherwise an event is taken or not, and when it is not, the value may still meet the condition: the same text is
// also reached by taking it.
std::vector<Choice> Plans::choices(const Slot& slot, uint64_t met) {
  constexpr size_t kMaxChoices = 256;
  GoalId goal = slot.goal;
  std::vector<Choice> out{{goal, 0}};
  for (auto [mark, condition] : slot.events) {
    if (mark & met) continue;
    if (normaliser_.plainly_implies(goal, condition)) {
      for (Choice& c : out) c.marks |= mark;
      continue;
    }
    Goals& goals = normaliser_.goals();
    bool flat = normaliser_.is_flat(condition) && goals.literals(condition).size() == 1;
    GoalId otherwise = flat ? normaliser_.negate(condition) : kAlways;
    std::vector<Choice> next;
    for (const Choice& c : out) {
      if (c.marks & mark) {
        next.push_back(c);
        continue;
      }
      GoalId both = goals.conj(c.goal, condition), without = goals.conj(c.goal, otherwise);
      if (!normaliser_.plainly_empty(both)) next.push_back({both, c.marks | mark});
      if (!normaliser_.plainly_empty(without)) next.push_back({without, c.marks});
    }
    out = std::move(next);
    if (out.size() > kMaxChoices)
      throw Error(ErrorKind::Limit,
                  "a property has to be judged under more than " + std::to_string(kMaxChoices) +
                      " combinations of conditions; use fewer negations or alternatives on one object");
  }
  return out;
}

Slot Plans::make_slot(GoalId goal, std::vector<std::pair<uint64_t, GoalId>> events) {
  Slot out{goal, std::move(events), {}};
  out.choices = choices(out, 0);
  return out;
}

const std::vector<KeyClass>& Plans::classes(ObjectPlan& plan) {
  if (!plan.classes_made) {
    build_classes(plan);
    plan.classes_made = true;
  }
  return plan.classes;
}

// What somebody has an opinion about among the free keys: patterns, conditions on names, names without a place.
std::vector<KeySet> Plans::atoms_of(const ObjectPlan& plan) const {
  const ObjectForm& form = plan.form;
  std::vector<KeySet> atoms;
  auto need = [&](KeySet atom) {
    if (std::find(atoms.begin(), atoms.end(), atom) == atoms.end()) atoms.push_back(atom);
  };
  auto need_patterns = [&](ComponentId c) {
    for (auto& [pattern, goal] : normaliser_.component(c).patterns)
      need({KeySet::Kind::Pattern, static_cast<uint32_t>(pattern)});
  };
  for (ComponentId c : form.components) {
    need_patterns(c);
    if (!normaliser_.component(c).floating) continue;
    for (auto& [name, goal] : normaliser_.component(c).names)
      if (std::ranges::none_of(plan.keys, [name = name](const PlanKey& key) { return key.name == name; }))
        need({KeySet::Kind::Name, static_cast<uint32_t>(name)});
  }
  for (const Clause& clause : form.clauses)
    for (const Trigger& t : clause) {
      if (t.keys.kind == KeySet::Kind::Pattern || t.keys.kind == KeySet::Kind::NotNamed) need(t.keys);
      if (t.keys.kind == KeySet::Kind::Rest) need_patterns(ComponentId{t.keys.id});
    }
  return atoms;
}

// All keys that the names' goals allow, cut by the atoms; empty pieces are left out.
std::vector<Plans::Piece> Plans::cut_keys(const ObjectForm& form, const std::vector<KeySet>& atoms) {
  constexpr size_t kMaxPieces = 256;
  std::vector<Piece> pieces{{}};
  auto split = [&](const std::vector<StringForm>& by, bool in, const std::vector<Piece>& from, std::vector<Piece>& to) {
    for (const Piece& piece : from)
      for (const StringForm& keys : by) {
        auto both = conj_strings(piece.keys, keys);
        if (!both || strings_.shortest(*both) == kInfinite) continue;
        to.push_back({std::move(*both), piece.in});
        to.back().in.push_back(in);
      }
  };
  for (GoalId goal : form.key_goals) {
    std::vector<Piece> kept;
    split(normaliser_.forms(goal).strings, true, pieces, kept);
    for (Piece& piece : kept) piece.in.clear();
    pieces = std::move(kept);
  }
  for (const KeySet& atom : atoms) {
    std::vector<Piece> next;
    if (atom.kind == KeySet::Kind::Pattern) {
      StringForm match, other;
      match.parts.push_back(StringPart::pattern(PatternId{atom.id}, false));
      other.parts.push_back(StringPart::pattern(PatternId{atom.id}, true));
      split({match}, true, pieces, next);
      split({other}, false, pieces, next);
    } else if (atom.kind == KeySet::Kind::Name) {
      StringForm match, other;
      match.words = std::vector<StringId>{StringId{atom.id}};
      other.excluded.push_back(StringId{atom.id});
      split({match}, true, pieces, next);
      split({other}, false, pieces, next);
    } else {
      split(normaliser_.forms(normaliser_.negate(GoalId{atom.id})).strings, true, pieces, next);
      split(normaliser_.forms(GoalId{atom.id}).strings, false, pieces, next);
    }
    if (next.size() > kMaxPieces)
      throw Error(ErrorKind::Limit, "the patterns of patternProperties cut the keys of an object into more than " +
                                        std::to_string(kMaxPieces) + " kinds; use fewer patterns");
    pieces = std::move(next);
  }
  return pieces;
}

// What the values at the keys of a piece have to meet, and which clauses they may meet.
Slot Plans::slot_of(const ObjectForm& form, const std::vector<KeySet>& atoms, const Piece& piece, bool close) {
  auto in = [&](KeySet atom) {
    auto at = std::find(atoms.begin(), atoms.end(), atom);
    return at != atoms.end() && piece.in[static_cast<size_t>(at - atoms.begin())];
  };
  auto matches = [&](PatternId pattern) { return in({KeySet::Kind::Pattern, static_cast<uint32_t>(pattern)}); };
  auto in_rest_of = [&](ComponentId c) {
    auto& patterns = normaliser_.component(c).patterns;
    return std::none_of(patterns.begin(), patterns.end(), [&](auto& p) { return matches(p.first); });
  };
  GoalId goal = kAlways;
  bool matched = false;
  for (ComponentId c : form.components) {
    const Component& component = normaliser_.component(c);
    for (auto& [pattern, demanded] : component.patterns)
      if (matches(pattern)) goal = normaliser_.goals().conj(goal, demanded), matched = true;
    if (component.floating)
      for (auto& [name, demanded] : component.names)
        if (in({KeySet::Kind::Name, static_cast<uint32_t>(name)})) goal = normaliser_.goals().conj(goal, demanded);
    if (in_rest_of(c)) goal = normaliser_.goals().conj(goal, component.additional);
  }
  if (goal == kNever || (close && !matched)) return {};
  std::vector<std::pair<uint64_t, GoalId>> events;
  for (size_t c = 0; c < form.clauses.size(); ++c)
    for (const Trigger& t : form.clauses[c]) {
      if (t.absent || t.keys.kind == KeySet::Kind::Name) continue;
      bool happens = t.keys.kind == KeySet::Kind::Rest ? in_rest_of(ComponentId{t.keys.id}) : in(t.keys);
      if (happens) events.emplace_back(uint64_t{1} << c, t.goal);
    }
  return make_slot(goal, std::move(events));
}

void Plans::build_classes(ObjectPlan& plan) {
  const ObjectForm& form = plan.form;
  plan.classes.clear();   // of an attempt that met a limit
  bool said = false, listed = false;
  GoalId otherwise = kAlways;
  for (ComponentId c : form.components) {
    const Component& component = normaliser_.component(c);
    said |= component.closed;
    listed |= component.listed;
    otherwise = normaliser_.goals().conj(otherwise, component.additional);
  }
  bool close = !options_.additional_properties_default && listed && !said;
  bool patterns = std::any_of(form.components.begin(), form.components.end(),
                              [&](ComponentId c) { return !normaliser_.component(c).patterns.empty(); });
  if (!patterns && (otherwise == kNever || close)) return;
  std::vector<KeySet> atoms = atoms_of(plan);
  for (const Piece& piece : cut_keys(form, atoms)) {
    KeyClass out;
    out.slot = slot_of(form, atoms, piece, close);
    if (out.slot.choices.empty()) continue;
    out.language = strings_.expression(piece.keys);
    std::vector<std::string_view> names;
    for (const PlanKey& key : plan.keys)
      if (piece.keys.open() || strings_.contains(piece.keys, key.name)) names.push_back(strings_.text(key.name));
    out.excluded = strings_.words(std::move(names));
    ExprId keys = out.excluded == kEmpty ? out.language : pool_.conj(out.language, pool_.complement(out.excluded));
    out.shortest = pool_.shortest(keys);
    if (out.shortest == kInfinite) continue;
    ++out.shortest;  // the opening quote
    plan.classes.push_back(std::move(out));
  }
}

// ---- arrays ----

bool Plans::counts_met(const ArrayPlan& plan, const std::vector<uint32_t>& counts) {
  for (size_t i = 0; i < counts.size(); ++i)
    if (counts[i] < plan.form.contains[i].min) return false;
  return true;
}

std::vector<ItemChoice> Plans::item_choices(const ArrayPlan& plan, uint32_t index,
                                            const std::vector<uint32_t>& counts) {
  std::vector<ItemChoice> out{{plan.form.item(index), counts}};
  Goals& goals = normaliser_.goals();
  for (size_t i = 0; i < counts.size(); ++i) {
    const ContainsClause& clause = plan.form.contains[i];
    bool bounded = clause.max != kUnbounded;
    if (index < clause.from || (!bounded && counts[i] >= clause.min)) continue;
    std::vector<ItemChoice> next;
    for (const ItemChoice& choice : out) {
      GoalId with = goals.conj(choice.goal, clause.goal);
      if ((!bounded || counts[i] < clause.max) && !normaliser_.plainly_empty(with)) {
        next.push_back({with, choice.counts});
        ++next.back().counts[i];
        if (with == choice.goal) continue;  // every item counts
      }
      // Where only a minimum is asked, an item that is not counted may be any.
      GoalId without = bounded ? goals.conj(choice.goal, normaliser_.negate(clause.goal)) : choice.goal;
      if (!normaliser_.plainly_empty(without)) next.push_back({without, choice.counts});
    }
    if (next.size() > 256)
      throw Error(ErrorKind::Limit, "an item has to be judged by more combinations of `contains` than 256; use fewer");
    out = std::move(next);
  }
  return out;
}

std::vector<GoalId> Plans::later_goals(const ArrayPlan& plan, uint32_t index) {
  constexpr size_t kMaxClauses = 6;
  size_t clauses = plan.form.contains.size();
  if (clauses > kMaxClauses)
    throw Error(ErrorKind::Limit,
                "the negation of `uniqueItems` beside more than 6 `contains` is not supported; use fewer");
  std::vector<GoalId> out;
  uint32_t last = static_cast<uint32_t>(plan.form.prefix.size());
  for (const ContainsClause& c : plan.form.contains) last = std::max(last, c.from);
  for (uint32_t i = index; i <= std::max(last, index); ++i)
    for (uint32_t done = 0; done < 1u << clauses; ++done) {  // a clause that is satisfied asks for no more
      std::vector<uint32_t> counts(clauses);
      for (size_t c = 0; c < clauses; ++c) {
        const ContainsClause& clause = plan.form.contains[c];
        if (done >> c & 1) counts[c] = clause.max != kUnbounded ? clause.max : clause.min;
      }
      for (const ItemChoice& choice : item_choices(plan, i, counts))
        if (std::find(out.begin(), out.end(), choice.goal) == out.end()) out.push_back(choice.goal);
    }
  return out;
}

}  // namespace decodex
