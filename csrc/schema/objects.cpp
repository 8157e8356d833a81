// Objects: from the opening brace to the closing one.
//
// Named keys are a trie over the plan's sorted keys, of which each place admits some: in schema order those from the
// next index to the next required key, in any order those not yet written. Free keys are captured, so that none is
// written twice.
#include <algorithm>

#include "schema/writer.h"

namespace decodex {

namespace {

constexpr char kUnknown = '\xFF';   // begins no text

bool is_unknown(std::string_view word) { return word.starts_with(kUnknown); }

}  // namespace

ObjectPlace SchemaWriter::object_place(const Place& place) {
  ObjectPlace out;
  if (place.any_order)
    out.used = &key_sets_[place.index];
  else
    out.index = place.index;
  out.marks = place.marks;
  out.count = place.count;
  out.first = place.first;
  if (place.written == 0 || Costs::sums_only(plans_.object(place.plan))) return out;
  const std::vector<KeyClass>& classes = plans_.classes(plans_.object(place.plan));
  out.taken.resize(classes.size());
  for (StringId word : word_sets_[place.written])
    if (std::string_view text = strings_.text(word); is_unknown(text))
      ++out.taken[std::stoul(std::string(text.substr(1)))];
    else
      for (size_t c = 0; c < classes.size(); ++c) out.taken[c] += is_in(classes[c], word);
  return out;
}

// Stands for a word of a class of which no more is known than that it is none of the set.
StringId SchemaWriter::unknown_word(uint32_t cls, uint32_t set) {
  const std::vector<StringId>& words = word_sets_[set];
  for (uint32_t n = 0;; ++n) {
    StringId word = strings_.intern(kUnknown + std::to_string(cls) + "." + std::to_string(n));
    if (!std::binary_search(words.begin(), words.end(), word)) return word;
  }
}

bool SchemaWriter::is_in(const KeyClass& cls, StringId word) {
  std::string spelled;
  Strings::spell(spelled, strings_.text(word));
  ExprId state = cls.language;
  for (char c : spelled + "\"") state = pool_.derive(state, static_cast<uint8_t>(c));
  return pool_.nullable(state);
}

uint32_t SchemaWriter::with_key(uint32_t set, uint32_t key) {
  std::vector<uint64_t> bits = key_sets_[set];
  bits[key >> 6] |= uint64_t{1} << (key & 63);
  auto [it, fresh] = key_set_ids_.try_emplace(std::move(bits), static_cast<uint32_t>(key_sets_.size()));
  if (fresh) key_sets_.push_back(it->first);
  return it->second;
}

uint32_t SchemaWriter::with_word(uint32_t set, StringId word) {
  std::vector<StringId> words = word_sets_[set];
  words.insert(std::lower_bound(words.begin(), words.end(), word), word);
  auto [it, fresh] = word_set_ids_.try_emplace(std::move(words), static_cast<uint32_t>(word_sets_.size()));
  if (fresh) word_sets_.push_back(it->first);
  return it->second;
}

// The place after a key; key == keys.size(): after a free one.
SchemaWriter::Place SchemaWriter::moved(const Place& place, uint32_t key, uint64_t marks) {
  const ObjectPlan& plan = plans_.object(place.plan);
  ObjectPlace next = Costs::after(plan, object_place(place), key, marks);
  Place out;
  out.first = false;
  out.any_order = place.any_order;
  out.plan = place.plan;
  out.depth = place.depth;
  out.count = next.count;
  out.marks = next.marks;
  out.written = place.written;
  if (!place.any_order)
    out.index = next.index;
  else
    out.index = key < plan.keys.size() ? with_key(place.index, key) : place.index;
  return out;
}

ExprId SchemaWriter::members_rule(const Place& place) {
  return rule(place, costs_.rest(plans_.object(place.plan), object_place(place)));
}

ExprId SchemaWriter::object(uint32_t plan, uint32_t depth, bool any_order) {
  Place start;
  start.plan = plan;
  start.depth = depth;
  start.any_order = any_order;
  if (any_order) {
    std::vector<uint64_t> none((plans_.object(plan).keys.size() + 63) / 64);
    auto [it, fresh] = key_set_ids_.try_emplace(std::move(none), static_cast<uint32_t>(key_sets_.size()));
    if (fresh) key_sets_.push_back(it->first);
    start.index = it->second;
  }
  return members_rule(start);
}

ExprId SchemaWriter::members(const Place& place) {
  const ObjectPlan& plan = plans_.object(place.plan);
  ExprId key = pool_.alt(keys(place, 0, static_cast<uint32_t>(plan.sorted.size()), 0), free_keys(place));
  ExprId member = pool_.concat(strings_.quote(), key);
  ExprId close = Costs::may_close(plan, object_place(place)) ? pool_.byte('}') : kEmpty;
  ExprId gap = layout_.after_open(place.depth);
  if (place.first) {
    if (gap == layout_.empty()) return pool_.concat(gap, pool_.alt(close, member));
    return pool_.alt(pool_.concat(layout_.empty(), close), pool_.concat(gap, member));
  }
  ExprId next = pool_.concat({layout_.before_comma(), pool_.byte(','), layout_.after_comma(place.depth), member});
  return pool_.alt(pool_.concat(layout_.before_close(place.depth), close), next);
}

// The rest of those of the sorted keys [low, high) that may come next; all of them share their first `at` bytes.
ExprId SchemaWriter::keys(const Place& place, uint32_t low, uint32_t high, uint32_t at) {
  struct Next {
    uint32_t sorted;
    Cost cost;  // behind the closing quote
  };
  ObjectPlan& plan = plans_.object(place.plan);
  ObjectPlace here = object_place(place);
  std::vector<Next> next;
  for (uint32_t s = low; s < high; ++s) {
    if (!Costs::may_follow(plan, here, plan.sorted[s])) continue;
    Cost cost = costs_.after_key(plan, here, plan.sorted[s]);
    if (!cost.infinite()) next.push_back({s, cost});
  }
  if (next.empty()) return kEmpty;
  auto text = [&](const Next& n) { return strings_.text(plan.keys[plan.sorted[n.sorted]].name); };
  auto leaf = [&](const Next& n) {  // from byte `at` to the end of one key
    Place after = place;
    after.kind = Kind::AfterKey;
    after.low = plan.sorted[n.sorted];
    after.high = after.at = 0;
    return strings_.spelling_then(text(n).substr(at), pool_.concat(strings_.quote(), rule(after, n.cost)));
  };
  if (next.size() == 1) return leaf(next[0]);
  std::string_view first = text(next.front()), last = text(next.back());
  uint32_t common = at;
  while (common < first.size() && common < last.size() && first[common] == last[common]) ++common;
  while (common > at && common < last.size() && (last[common] & 0xC0) == 0x80) --common;
  std::string_view shared = first.substr(at, common - at);
  at = common;
  std::vector<ExprId> arms;
  for (size_t i = 0; i < next.size();) {
    if (text(next[i]).size() == at) {
      arms.push_back(leaf(next[i++]));
      continue;
    }
    uint32_t size = first_code_point(text(next[i]).substr(at)).second;
    std::string_view character = text(next[i]).substr(at, size);
    size_t j = i;
    Cost shortest;
    for (; j < next.size() && text(next[j]).substr(at, size) == character; ++j)
      shortest = std::min(shortest, next[j].cost + (Strings::spelled_length(text(next[j]).substr(at + size)) + 1));
    if (j == i + 1) {
      arms.push_back(leaf(next[i]));
    } else {
      Place inside = place;
      inside.kind = Kind::Key;
      inside.low = next[i].sorted;
      inside.high = next[j - 1].sorted + 1;
      inside.at = at + size;
      arms.push_back(strings_.spelling_then(character, rule(inside, shortest)));
    }
    i = j;
  }
  return strings_.spelling_then(shared, pool_.alt(arms));
}

// The value at key `low`, and what follows it.
ExprId SchemaWriter::after_key(const Place& place) {
  const ObjectPlan& plan = plans_.object(place.plan);
  std::vector<ExprId> arms;
  for (const Choice& choice : plans_.choices(plan.keys[place.low].slot, place.marks)) {
    ExprId rest = members_rule(moved(place, place.low, choice.marks));
    if (rest != kEmpty) arms.push_back(pool_.concat(value(choice.goal, place.depth + 1, place.any_order), rest));
  }
  return pool_.concat(layout_.colon(), pool_.alt(arms));
}

// Any key that is not named in the plan and not written yet, without its opening quote.
ExprId SchemaWriter::free_keys(const Place& place) {
  ObjectPlan& plan = plans_.object(place.plan);
  ObjectPlace here = object_place(place);
  if (!Costs::may_be_free(plan, here)) return kEmpty;
  std::vector<ExprId> arms;
  const std::vector<KeyClass>& classes = plans_.classes(plan);
  for (uint32_t c = 0; c < classes.size(); ++c) {
    Cost cost = costs_.after_free_key(plan, here, c);
    if (cost.infinite()) continue;
    std::vector<std::string_view> written;
    for (StringId word : word_sets_[place.written])
      if (!is_unknown(strings_.text(word))) written.push_back(strings_.text(word));
    ExprId denied = pool_.alt(classes[c].excluded, strings_.words(std::move(written)));
    ExprId language =
        denied == kEmpty ? classes[c].language : pool_.conj(classes[c].language, pool_.complement(denied));
    if (!pool_.live(language)) continue;
    Place inside = place;
    inside.kind = Kind::FreeKey;
    inside.low = c;
    inside.high = inside.at = 0;
    arms.push_back(pool_.capture(pool_.lexeme(language), index(), number_of(inside), layout_.at(cost, place.depth)));
  }
  return pool_.alt(arms);
}

ExprId SchemaWriter::after_free_key(const Place& place) {
  ObjectPlan& plan = plans_.object(place.plan);
  std::vector<ExprId> arms;
  for (const Choice& choice : plans_.choices(plans_.classes(plan)[place.low].slot, place.marks)) {
    ExprId rest = members_rule(moved(place, static_cast<uint32_t>(plan.keys.size()), choice.marks));
    if (rest != kEmpty) arms.push_back(pool_.concat(value(choice.goal, place.depth + 1, place.any_order), rest));
  }
  return pool_.concat(layout_.colon(), pool_.alt(arms));
}

}  // namespace decodex
