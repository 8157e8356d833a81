// Arrays: from the opening bracket to the closing one.
//
// Where items do not depend on each other, the items after the prefix are one repeat, so large counts cost nothing.
// Under `contains` a place counts; under `uniqueItems` every item is captured with the delimiter behind it, and the
// next one is anything but the texts of the earlier ones.
#include <algorithm>

#include "base/error.h"
#include "json/parser.h"
#include "schema/writer.h"

namespace decodex {

ExprId SchemaWriter::array(uint32_t plan, uint32_t depth, bool any_order) {
  Place start;
  start.kind = Kind::Items;
  start.plan = plan;
  start.depth = depth;
  start.any_order = any_order;
  start.marks = counts_id(std::vector<uint32_t>(plans_.array(plan).form.contains.size()));
  start.low = plans_.array(plan).form.repeated ? 0 : 2;
  return items_rule(start);
}

uint32_t SchemaWriter::counts_id(const std::vector<uint32_t>& counts) {
  auto [it, fresh] = count_ids_.try_emplace(counts, static_cast<uint32_t>(counts_.size()));
  if (fresh) counts_.push_back(counts);
  return it->second;
}

SchemaWriter::Place SchemaWriter::moved(const Place& place, std::vector<uint32_t> counts) {
  Place next = place;
  next.kind = Kind::Items;
  next.first = false;
  next.index = Plans::next_index(plans_.array(place.plan), place.index);
  next.marks = counts_id(counts);
  return next;
}

Cost SchemaWriter::items_cost(const Place& place) {
  const ArrayPlan& plan = plans_.array(place.plan);
  if (plan.form.unique) return costs_.unique_rest(plan, {place.index, counts_[place.marks]}, kEmpty);
  Cost rest = costs_.rest(plan, {place.index, counts_[place.marks], place.low, GoalId{place.high}});
  if (place.low != 1) return rest;
  return rest + costs_.of(written_goal(place));  // what has to come again
}

ExprId SchemaWriter::items_rule(const Place& place) { return rule(place, items_cost(place)); }

ExprId SchemaWriter::items(const Place& place) {
  const ArrayPlan& plan = plans_.array(place.plan);
  if (plan.simple) return simple_items(place);
  if (plan.form.repeated) return repeated_items(place);
  if (!plan.form.unique) return counted_items(place);
  bool may_be_empty = plan.form.min == 0 && Plans::counts_met(plan, counts_[place.marks]);
  ExprId close = may_be_empty ? pool_.concat(layout_.empty(), pool_.byte(']')) : kEmpty;
  return pool_.alt(close, pool_.concat(layout_.after_open(place.depth), unique_items(place)));
}

ExprId SchemaWriter::close_array(const Place& place) {
  return pool_.concat(place.index == 0 ? layout_.empty() : layout_.before_close(place.depth), pool_.byte(']'));
}

// An item and what follows it, with what has to stand in front.
ExprId SchemaWriter::next_item(const Place& place, ExprId item) {
  if (place.index == 0) return pool_.concat(layout_.after_open(place.depth), item);
  return pool_.concat({layout_.before_comma(), pool_.byte(','), layout_.after_comma(place.depth), item});
}

ExprId SchemaWriter::simple_items(const Place& place) {
  const ArrayForm form = plans_.array(place.plan).form;
  ExprId close = place.index >= form.min ? close_array(place) : kEmpty;
  if (place.index >= form.max) return close;
  uint32_t next = place.index + 1;
  ExprId rest;
  if (next < form.prefix.size()) {
    rest = items_rule(moved(place, {}));
  } else {
    Place later = place;
    later.index = next;
    ExprId more = next_item(later, value(form.rest, place.depth + 1, place.any_order));
    uint32_t max = form.max == kUnbounded ? kUnbounded : form.max - next;
    rest = pool_.concat(pool_.repeat(more, form.min > next ? form.min - next : 0, max), close_array(later));
  }
  if (rest == kEmpty) return close;
  ExprId item = pool_.concat(value(form.item(place.index), place.depth + 1, place.any_order), rest);
  if (place.index == 0 && layout_.empty() == layout_.after_open(place.depth))  // the gap is the same: once
    return pool_.concat(layout_.empty(), pool_.alt(close == kEmpty ? kEmpty : pool_.byte(']'), item));
  return pool_.alt(close, next_item(place, item));
}

ExprId SchemaWriter::counted_items(const Place& place) {
  const ArrayPlan& plan = plans_.array(place.plan);
  std::vector<uint32_t> counts = counts_[place.marks];
  std::vector<ExprId> arms;
  if (place.index >= plan.form.min && Plans::counts_met(plan, counts)) arms.push_back(close_array(place));
  if (plan.form.max == kUnbounded || place.index < plan.form.max)
    for (const ItemChoice& choice : plans_.item_choices(plan, place.index, counts)) {
      ExprId rest = items_rule(moved(place, choice.counts));
      if (rest != kEmpty)
        arms.push_back(next_item(place, pool_.concat(value(choice.goal, place.depth + 1, place.any_order), rest)));
    }
  return pool_.alt(arms);
}

// ---- uniqueItems ----

// The texts that denote a value, in any order of keys.
ExprId SchemaWriter::item_texts(StringId value, const Place& place) {
  GoalId goal = normaliser_.goal_of(document_.constant(written_values_.at(value)));
  return this->value(goal, place.depth + 1, true);
}

ExprId SchemaWriter::written_items(const Place& place) {
  std::vector<ExprId> arms;
  for (StringId value : word_sets_[place.written]) arms.push_back(item_texts(value, place));
  return pool_.alt(arms);
}

// The values that this item must leave to later ones.
ExprId SchemaWriter::reserved_items(const Place& place) {
  std::vector<std::string> taken;
  for (StringId value : word_sets_[place.written]) taken.emplace_back(strings_.text(value));
  std::vector<ExprId> arms;
  for (const std::string& text : costs_.reserved_values(plans_.array(place.plan), place.index + 1, taken))
    arms.push_back(item_texts(value_id(text), place));
  return pool_.alt(arms);
}

// Behind the bracket or a comma and its gap: an item that is new, captured with its delimiter.
ExprId SchemaWriter::unique_items(const Place& place) {
  const ArrayPlan& plan = plans_.array(place.plan);
  ExprId written = written_items(place), denied = pool_.alt(written, reserved_items(place));
  std::vector<ExprId> arms;
  for (const ItemChoice& choice : plans_.item_choices(plan, place.index, counts_[place.marks])) {
    Place next = moved(place, choice.counts);
    uint32_t items = place.index + 1;
    bool may_end = items >= plan.form.min && Plans::counts_met(plan, choice.counts);
    bool may_go_on = plan.form.max == kUnbounded || items < plan.form.max;
    ExprId item = value(choice.goal, place.depth + 1, place.any_order);
    if (may_end && endless_strings(item)) {   // they end by themselves, and there is always another one
      ExprId lexeme = denied == kEmpty ? item : pool_.conj(item, pool_.complement(denied));
      next.kind = Kind::TextItem;
      arms.push_back(pool_.capture(pool_.lexeme(lexeme), index(), number_of(next),
                                   layout_.at(layout_.before_close_cost() + 1, place.depth)));
      continue;
    }
    Cost tail{0, 0};
    if (!may_end) {  // the cheapest value now is not there later, so the rest is counted without it
      bool first_scalar = written == kEmpty && plan.form.contains.empty() && costs_.scalars_only(choice.goal);
      tail = first_scalar ? costs_.unique_rest_after(plan, place.index, item)
                          : costs_.unique_rest(plan, {next.index, counts_[next.marks]}, written);
      may_go_on = may_go_on && !tail.infinite();
    }
    ExprId end = may_end ? pool_.concat(layout_.before_close(place.depth), pool_.byte(']')) : kEmpty;
    ExprId comma = may_go_on ? pool_.concat(layout_.before_comma(), pool_.byte(',')) : kEmpty;
    ExprId delimiter = pool_.alt(end, comma);
    ExprId lexeme = pool_.concat(item, delimiter);
    if (denied != kEmpty) lexeme = pool_.conj(lexeme, pool_.complement(pool_.concat(denied, delimiter)));
    if (lexeme == kEmpty || !pool_.live(lexeme)) continue;
    if (costs_.scalars_only(choice.goal)) lexeme = pool_.lexeme(lexeme);
    next.kind = Kind::Item;
    arms.push_back(pool_.capture(lexeme, index(), number_of(next), layout_.at(tail, place.depth)));
  }
  return pool_.alt(arms);
}

ExprId SchemaWriter::text_item_rule(Place place) {
  place.kind = Kind::AfterItem;
  return rule(place, layout_.before_close_cost() + 1);
}

ExprId SchemaWriter::after_text_item(const Place& place) {
  const ArrayPlan& plan = plans_.array(place.plan);
  const ExprId end = pool_.concat(layout_.before_close(place.depth), pool_.byte(']'));
  if (plan.form.max != kUnbounded && place.index >= plan.form.max) return end;
  const ExprId comma = pool_.concat(layout_.before_comma(), pool_.byte(','));
  return pool_.alt(end, pool_.concat({comma, layout_.after_comma(place.depth), unique_items(place)}));
}

// Are these strings only, and surely without number?
bool SchemaWriter::endless_strings(ExprId item) const {
  using enum decodex::Kind;
  const Node& n = pool_.node(item);
  if (n.kind != Concat || ExprId{n.a} != strings_.quote()) return false;
  std::vector<ExprId> stack{ExprId{n.b}};
  while (!stack.empty()) {
    const ExprId at = stack.back();
    stack.pop_back();
    const Node& part = pool_.node(at);
    if (part.kind == Repeat && part.c == kUnbounded) return true;
    if (part.kind == Concat || part.kind == Lexeme || part.kind == Repeat) {
      stack.push_back(ExprId{part.a});
      if (part.kind == Concat) stack.push_back(ExprId{part.b});
    } else if (part.kind == Alt) {
      stack.insert(stack.end(), pool_.kids(at).begin(), pool_.kids(at).end());
    }
  }
  return false;
}

// The number of a value by its canonical text.
StringId SchemaWriter::value_id(std::string_view text) {
  json::Store store;
  std::string canonical = store.canonical(json::parse(store, text));
  StringId id = strings_.intern(canonical);
  if (!written_values_.count(id)) written_values_.emplace(id, json::parse(document_.store(), text));
  return id;
}

ExprId SchemaWriter::after_item(const Place& at, std::string_view word) {
  bool end = word.back() == ']';
  if (end) return kEpsilon;
  word.remove_suffix(1);
  while (!word.empty() && std::string_view(" \t\r\n").find(word.back()) != std::string_view::npos)
    word.remove_suffix(1);
  Place place = at;
  place.kind = Kind::Items;
  ExprId gap = layout_.after_comma(place.depth);
  if (plans_.array(place.plan).form.repeated) {
    place.written = static_cast<uint32_t>(value_id(word));
    return pool_.concat(gap, repetition(place));
  }
  place.written = with_word(place.written, value_id(word));
  return pool_.concat(gap, unique_items(place));
}

// ---- two equal items (the negation of uniqueItems) ----

GoalId SchemaWriter::written_goal(const Place& place) {
  return normaliser_.goal_of(document_.constant(written_values_.at(StringId{place.written})));
}

// `low` is the phase (see ArrayPlace), `high` in phase 1 the goal of the item that repeats the value.
ExprId SchemaWriter::repeated_items(const Place& place) {
  const ArrayPlan& plan = plans_.array(place.plan);
  bool may_close = place.low == 2 && place.index >= plan.form.min && Plans::counts_met(plan, counts_[place.marks]);
  return pool_.alt(may_close ? close_array(place) : kEmpty, next_item(place, repetition(place)));
}

// An item, with nothing in front, and what follows.
ExprId SchemaWriter::repetition(const Place& place) {
  const ArrayPlan& plan = plans_.array(place.plan);
  if (plan.form.max != kUnbounded && place.index >= plan.form.max) return kEmpty;
  std::vector<ExprId> arms;
  for (const ItemChoice& choice : plans_.item_choices(plan, place.index, counts_[place.marks])) {
    Place next = moved(place, choice.counts);
    if (ExprId rest = items_rule(next); rest != kEmpty)
      arms.push_back(pool_.concat(value(choice.goal, place.depth + 1, place.any_order), rest));
    if (place.low == 0)
      for (GoalId again : plans_.later_goals(plan, next.index))
        arms.push_back(chosen_item(place, next, choice.goal, again));
    if (place.low == 1 && choice.goal == GoalId{place.high}) {
      next.low = 2;
      next.high = next.written = 0;
      if (ExprId rest = items_rule(next); rest != kEmpty)
        arms.push_back(pool_.concat(item_texts(StringId{place.written}, place), rest));
    }
  }
  return pool_.alt(arms);
}

// An item whose value will come again, as an item with the goal `again`.
ExprId SchemaWriter::chosen_item(const Place& place, Place next, GoalId goal, GoalId again) {
  GoalId both = normaliser_.goals().conj(goal, again);
  next.low = 1;
  next.high = static_cast<uint32_t>(again);
  Cost tail = costs_.rest(plans_.array(place.plan), {next.index, counts_[next.marks], 1, again}) + costs_.of(both);
  if (tail.infinite()) return kEmpty;
  next.kind = Kind::Item;
  ExprId comma = pool_.concat(layout_.before_comma(), pool_.byte(','));
  ExprId item = pool_.concat(value(both, place.depth + 1, place.any_order), comma);
  if (costs_.scalars_only(both)) item = pool_.lexeme(item);
  return pool_.capture(item, index(), number_of(next), layout_.at(tail, place.depth));
}

}  // namespace decodex
