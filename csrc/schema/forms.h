// Typed forms: the normal form of a schema. The values that a schema admits are a union, by type, of simple forms; the
// children of array and object forms are goals again. Conjunction of two unions is the union of the pairwise
// conjunctions, without those that are plainly empty.
//
// An object form is universal in its components (every key is judged by each of them) and existential in its clauses
// (each clause needs one event: a key that is absent, or a key of a set whose value meets a goal). The negation of an
// object schema is a single form with one clause, so conditionals and exclusive alternatives do not multiply forms.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "expr/pool.h"
#include "schema/goals.h"
#include "schema/numbers.h"

namespace decodex {

enum class StringId : uint32_t {};   // an interned text: a key, or a string of an enumeration
enum class PatternId : uint32_t {};  // a pattern of `pattern` or `patternProperties`
enum class ComponentId : uint32_t {};

// A condition on a string beside its length and its words: it matches a pattern or has a format, or not.
struct StringPart {
  uint32_t code;
  static StringPart pattern(PatternId id, bool negated) {
    return {static_cast<uint32_t>(id) << 2 | (negated ? 1u : 0u)};
  }
  static StringPart format(uint32_t id, bool negated) { return {id << 2 | 2u | (negated ? 1u : 0u)}; }
  bool is_format() const { return code & 2; }
  bool negated() const { return code & 1; }
  uint32_t id() const { return code >> 2; }
  auto operator<=>(const StringPart&) const = default;
};

struct StringForm {
  uint32_t min = 0, max = kUnbounded;          // characters
  std::vector<StringPart> parts;               // sorted
  std::optional<std::vector<StringId>> words;  // sorted: one of these
  std::vector<StringId> excluded;              // sorted: none of these
  bool open() const { return min == 0 && max == kUnbounded && parts.empty() && !words && excluded.empty(); }
  bool only_words() const { return min == 0 && max == kUnbounded && parts.empty() && words && excluded.empty(); }
  bool operator==(const StringForm&) const = default;
};

struct ContainsClause {
  GoalId goal;
  uint32_t min, max;  // how many items meet the goal
  uint32_t from;      // looking at items from this index on
  auto operator<=>(const ContainsClause&) const = default;
};

struct ArrayForm {
  std::vector<GoalId> prefix;
  GoalId rest = kAlways;                 // of items after the prefix
  uint32_t min = 0, max = kUnbounded;    // items
  bool unique = false;                   // no two items are equal
  bool repeated = false;                 // some two items are equal
  std::vector<ContainsClause> contains;  // sorted
  uint32_t seen = 0;                     // items before this index are evaluated (for unevaluatedItems)
  std::vector<GoalId> seen_goals;        // items that meet one of these are evaluated too
  GoalId item(size_t index) const { return index < prefix.size() ? prefix[index] : rest; }
  bool open() const {
    return prefix.empty() && rest == kAlways && min == 0 && max == kUnbounded && !unique && !repeated &&
           contains.empty();
  }
  bool operator==(const ArrayForm&) const = default;
};

// One schema's word on keys: named ones, those that match a pattern, and all others.
struct Component {
  std::vector<std::pair<StringId, GoalId>> names;
  std::vector<std::pair<PatternId, GoalId>> patterns;
  GoalId additional = kAlways;
  bool listed = true;                          // the names come from `properties`: they have a place in the order
  bool closed = false;                         // `additional` was said
  bool floating = false;                       // the names have no place in the order that others do not give them
  std::unordered_map<StringId, GoalId> index;  // of names, where there are many
};

// A set of keys.
struct KeySet {
  enum class Kind : uint8_t { Name, Pattern, Rest, NotNamed };
  Kind kind;
  uint32_t id;  // StringId; PatternId; ComponentId: keys that are additional to it; GoalId: keys that do not meet it
  auto operator<=>(const KeySet&) const = default;
};

// An event in an object: key `keys.id` is absent, or there is a key of the set whose value meets the goal.
struct Trigger {
  bool absent;
  KeySet keys;
  GoalId goal;
  auto operator<=>(const Trigger&) const = default;
};
using Clause = std::vector<Trigger>;  // at least one of these happens

struct ObjectForm {
  std::vector<ComponentId> components;  // in order of appearance
  std::vector<StringId> required;       // in order of appearance
  std::vector<GoalId> key_goals;        // every key meets these, as a string
  std::vector<Clause> clauses;
  uint32_t min = 0, max = kUnbounded;  // members
  std::vector<ComponentId> seen;       // components whose keys are evaluated (for unevaluatedProperties)
  bool open() const {
    return components.empty() && required.empty() && key_goals.empty() && clauses.empty() && min == 0 &&
           max == kUnbounded;
  }
  bool operator==(const ObjectForm&) const = default;
};

inline constexpr uint8_t kFalseBit = 1, kTrueBit = 2;

struct Forms {
  bool null = false;
  uint8_t booleans = 0;  // kFalseBit, kTrueBit
  std::vector<NumberSet> numbers;
  std::vector<StringForm> strings;
  std::vector<ArrayForm> arrays;
  std::vector<ObjectForm> objects;

  static Forms of_types(uint8_t types);
  bool empty() const {
    return !null && !booleans && numbers.empty() && strings.empty() && arrays.empty() && objects.empty();
  }
  uint8_t types() const {
    return static_cast<uint8_t>((null ? kNull : 0) | (booleans ? kBoolean : 0) | (numbers.empty() ? 0 : kNumber) |
                                (strings.empty() ? 0 : kString) | (arrays.empty() ? 0 : kArray) |
                                (objects.empty() ? 0 : kObject));
  }
  size_t size() const { return numbers.size() + strings.size() + arrays.size() + objects.size(); }
};

// The conjunctions of two simple forms; nullopt where they are plainly empty. Object forms: see Normaliser::settle.
std::optional<NumberSet> conj_numbers(const NumberSet& a, const NumberSet& b);
std::optional<StringForm> conj_strings(const StringForm& a, const StringForm& b);
std::optional<ArrayForm> conj_arrays(Goals& goals, const ArrayForm& a, const ArrayForm& b);
ObjectForm conj_objects(const ObjectForm& a, const ObjectForm& b);
// a becomes the union of both, with equal forms kept once and word lists joined.
void unite(Forms& a, Forms&& b);
void unite(Forms& a, ArrayForm&& b);

}  // namespace decodex
