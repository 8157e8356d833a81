// Values as expressions, and where rules come from.
#include "schema/writer.h"

#include <algorithm>

#include "base/error.h"
#include "schema/compiler.h"

namespace decodex {

SchemaWriter::SchemaWriter(ExprPool& pool, std::string_view schema_json, const SchemaOptions& options)
    : pool_(pool),
      options_(options),
      numbers_{options.numbers_plain, options.max_digits},
      strings_(pool, options_),
      layout_(pool, options_),
      document_(schema_json, options_, pool.limits().nesting),
      normaliser_(document_, strings_, options_, pool.limits().nesting),
      plans_(pool, normaliser_, strings_, options_),
      costs_(pool, normaliser_, strings_, plans_, layout_, numbers_) {
  word_sets_.emplace_back();
  word_set_ids_.emplace(word_sets_.front(), 0);
}

void SchemaWriter::check() {
  normaliser_.check_reachable(unenforced_);
  root_ = normaliser_.goal_of(document_.root());
  if (costs_.of(root_).infinite()) refuse_unsatisfiable();
  if (!options_.where.empty()) add_where();
}

ExprId SchemaWriter::root() { return value(root_, 0, options_.order == SchemaOptions::Order::Any); }

size_t SchemaWriter::PlaceHash::operator()(const Place& p) const {
  uint64_t h = static_cast<uint64_t>(p.kind) | (p.first ? 16u : 0u) | (p.any_order ? 32u : 0u);
  auto mix = [&h](uint64_t v) {
    h = (h ^ v) * 0xff51afd7ed558ccdull;
    h ^= h >> 32;
  };
  mix(uint64_t{p.plan} << 32 | p.index);
  mix(uint64_t{p.count} << 32 | p.written);
  mix(p.marks);
  mix(uint64_t{p.low} << 32 | p.high);
  mix(uint64_t{p.at} << 32 | p.depth);
  return h;
}

uint64_t SchemaWriter::number_of(const Place& place) {
  auto [it, fresh] = place_numbers_.try_emplace(place, static_cast<uint32_t>(places_.size()));
  if (fresh) places_.push_back(place);
  return it->second;
}

ExprId SchemaWriter::rule(const Place& place, Cost shortest) {
  if (shortest.infinite()) return kEmpty;
  return pool_.rule(index(), number_of(place), layout_.at(shortest, place.depth));
}

// A value: its scalars as they are, its arrays and objects as an opening bracket and a rule for what is inside.
ExprId SchemaWriter::value(GoalId goal, uint32_t depth, bool any_order) {
  if (!layout_.by_depth()) depth = 0;
  uint64_t key = uint64_t{static_cast<uint32_t>(goal)} << 32 | uint64_t{depth} << 1 | (any_order ? 1u : 0u);
  auto known = values_.find(key);
  if (known != values_.end()) return known->second;
  std::vector<ExprId> arms{costs_.scalars(goal)};
  costs_.of(goal);
  const Plans::OfGoal plans = plans_.of(goal);
  for (uint32_t plan : plans.arrays) arms.push_back(pool_.concat(pool_.byte('['), array(plan, depth, any_order)));
  for (uint32_t plan : plans.objects) arms.push_back(pool_.concat(pool_.byte('{'), object(plan, depth, any_order)));
  ExprId out = pool_.alt(arms);
  values_.emplace(key, out);
  return out;
}

ExprId SchemaWriter::expand(ExprPool&, uint64_t key) {
  const Place place = places_[key];
  switch (place.kind) {
    case Kind::Members: return members(place);
    case Kind::Key: return keys(place, place.low, place.high, place.at);
    case Kind::AfterKey: return after_key(place);
    case Kind::AfterFreeKey: return after_free_key(place);
    case Kind::Items: return items(place);
    case Kind::AfterItem: return after_text_item(place);
    case Kind::FreeKey:
    case Kind::Item:
    case Kind::TextItem: break;
  }
  return kEmpty;
}

ExprId SchemaWriter::after_capture(ExprPool&, uint64_t key, std::string_view word) {
  Place place = places_[key];
  if (place.kind == Kind::Item) return after_item(place, word);
  if (place.kind == Kind::TextItem) {
    place.written = with_word(place.written, value_id(word));
    return text_item_rule(place);
  }
  place.kind = Kind::AfterFreeKey;
  place.written = with_word(place.written, strings_.intern(Strings::decode(word.substr(0, word.size() - 1))));
  return after_free_key(place);
}

ExprId SchemaWriter::after_fresh_capture(ExprPool&, uint64_t key) {
  Place place = places_[key];
  if (place.kind == Kind::TextItem) return text_item_rule(place);
  if (place.kind == Kind::Item) return kEmpty;  // what follows depends on the delimiter that ended the item
  if (!Costs::sums_only(plans_.object(place.plan)))   // what follows depends on how many keys of a class are left
    place.written = with_word(place.written, unknown_word(place.low, place.written));
  place.kind = Kind::AfterFreeKey;
  return after_free_key(place);
}

// Where no free key is ever needed, its word makes no difference.
bool SchemaWriter::length_depends_on_word(uint64_t key) {
  if (places_[key].kind == Kind::TextItem) return false;
  return places_[key].kind != Kind::FreeKey || !Costs::sums_only(plans_.object(places_[key].plan));
}

// A key of an object in which none was written yet: whatever key was read before it belongs to another object.
bool SchemaWriter::nested(uint64_t key, uint64_t outer) const {
  return places_[key].kind == Kind::FreeKey && places_[key].first && places_[outer].kind == Kind::FreeKey;
}

// About: what is made of a document grows with its subschemas, however few of them generation meets at first.
size_t SchemaWriter::memory() const {
  constexpr size_t kPerWriter = 16 << 10, kPerSchema = 2 << 10;
  size_t texts = options_.whitespace_pattern.capacity();
  for (const auto& [uri, text] : options_.registry) texts += uri.capacity() + text.capacity();
  return kPerWriter + texts + document_.memory() + document_.size() * kPerSchema;
}

// ---- the public functions ----

namespace {

// All that the texts of a schema depend on.
std::string name_of(std::string_view schema_json, const SchemaOptions& options) {
  const auto& [order, white_space, indent, whitespace_pattern, escapes_any, formats_assert, unsupported_ignore, draft,
               additional_properties_default, numbers_plain, max_digits, registry, where] = options;
  std::string name = "schema";
  for (int64_t number : {int64_t{static_cast<int>(order)}, int64_t{static_cast<int>(white_space)}, int64_t{indent},
                         int64_t{escapes_any}, int64_t{formats_assert}, int64_t{unsupported_ignore}, int64_t{draft},
                         int64_t{additional_properties_default}, int64_t{numbers_plain}, int64_t{max_digits}})
    name += " " + std::to_string(number);
  auto add = [&](std::string_view text) { name.append(" ").append(std::to_string(text.size())).append(":").append(text); };
  add(whitespace_pattern);
  add(schema_json);
  for (const auto& [uri, text] : registry) add(uri), add(text);
  return name;
}

}  // namespace

SchemaResult compile_schema(ExprPool& pool, std::string_view schema_json, const SchemaOptions& options) {
  auto make = [&] {
    auto writer = std::make_unique<SchemaWriter>(pool, schema_json, options);
    writer->check();
    return writer;
  };
  SchemaWriter& writer = options.where.empty() ? pool.named<SchemaWriter>(name_of(schema_json, options), make) : pool.added(make());
  return {writer.root(), writer.unenforced()};
}

SchemaResult compile_json_value(ExprPool& pool, const SchemaOptions& options) {
  return compile_schema(pool, "true", options);
}

}  // namespace decodex
