// What single keywords say, as forms, and what their failing says; arrays and objects are in assertions_containers.cpp.
#include <algorithm>

#include "base/error.h"
#include "schema/normalise.h"

namespace decodex {

using json::Index;
using json::kNone;

namespace {

constexpr uint64_t kNumberKeywords = bit(Keyword::MultipleOf) | bit(Keyword::Maximum) | bit(Keyword::ExclusiveMaximum) |
                                     bit(Keyword::Minimum) | bit(Keyword::ExclusiveMinimum);
constexpr uint64_t kStringKeywords =
    bit(Keyword::MaxLength) | bit(Keyword::MinLength) | bit(Keyword::Pattern) | bit(Keyword::Format);
constexpr uint64_t kArrayKeywords = bit(Keyword::PrefixItems) | bit(Keyword::Items) | bit(Keyword::AdditionalItems) |
                                    bit(Keyword::Contains) | bit(Keyword::MaxItems) | bit(Keyword::MinItems) |
                                    bit(Keyword::UniqueItems);
constexpr uint64_t kKeyKeywords =
    bit(Keyword::Properties) | bit(Keyword::PatternProperties) | bit(Keyword::AdditionalProperties);
constexpr uint64_t kObjectKeywords = kKeyKeywords | bit(Keyword::PropertyNames) | bit(Keyword::Required) |
                                     bit(Keyword::MinProperties) | bit(Keyword::MaxProperties) |
                                     bit(Keyword::DependentRequired) | bit(Keyword::Dependencies);

}  // namespace

Forms Normaliser::own_assertions(SchemaId id) {
  const Schema s = document_.schema(id);
  Forms out = Forms::of_types(s.types);
  if (!out.numbers.empty() && (s.present & kNumberKeywords)) {
    auto both = conj_numbers(out.numbers[0], numbers(id));
    out.numbers.clear();
    if (both) out.numbers.push_back(std::move(*both));
  }
  if (!out.strings.empty() && (s.present & kStringKeywords)) {
    out.strings[0] = string_form(id);
    if (out.strings[0].min > out.strings[0].max) out.strings.clear();
  }
  if (!out.arrays.empty() && (s.present & kArrayKeywords)) {
    out.arrays[0] = array_form(id);
    if (out.arrays[0].min > out.arrays[0].max) out.arrays.clear();
  }
  if (!out.objects.empty() && (s.present & kObjectKeywords)) {
    out.objects[0] = object_form(id);
    ObjectForm& form = out.objects[0];
    if (form.min > form.max || (!form.clauses.empty() && !settle(form))) out.objects.clear();
  }
  for (Keyword keyword : {Keyword::Enum, Keyword::Const})
    if (s.has(keyword)) {
      Index value = document_.value(id, keyword);
      narrow(out, keyword == Keyword::Const ? constant(value) : listed(value), id);
    }
  return out;
}

void Normaliser::negate_own(SchemaId id, Forms& out) {
  const Schema s = document_.schema(id);
  if (s.types != kAllTypes) unite(out, Forms::of_types(static_cast<uint8_t>(kAllTypes & ~s.types)));
  if (s.present & kNumberKeywords) negate_numbers(id, out);
  if (s.present & kStringKeywords) negate_strings(id, out);
  if (s.present & kArrayKeywords) negate_arrays(id, out);
  if (s.present & kObjectKeywords) negate_objects(id, out);
  if (s.has(Keyword::Const)) unite(out, not_constant(document_.value(id, Keyword::Const)));
  if (s.has(Keyword::Enum)) {
    Forms none = Forms::of_types(kAllTypes);
    Index list = document_.value(id, Keyword::Enum);
    const json::Store& store = document_.store();
    // Strings at once, as one list of excluded words; other values one by one.
    std::vector<StringId>& excluded = none.strings[0].excluded;
    for (uint32_t i = 0; i < store.count(list); ++i)
      if (store.is(store.first(list) + i, json::Type::String))
        excluded.push_back(strings_.intern(store.text(store.first(list) + i)));
    std::sort(excluded.begin(), excluded.end());
    excluded.erase(std::unique(excluded.begin(), excluded.end()), excluded.end());
    for (uint32_t i = 0; i < store.count(list); ++i)
      if (!store.is(store.first(list) + i, json::Type::String)) narrow(none, not_constant(store.first(list) + i), id);
    unite(out, std::move(none));
  }
}

// ---- constants ----

Forms Normaliser::constant(Index value) {
  const json::Store& store = document_.store();
  Forms out;
  switch (store.type(value)) {
    case json::Type::Null: out.null = true; break;
    case json::Type::False: out.booleans = kFalseBit; break;
    case json::Type::True: out.booleans = kTrueBit; break;
    case json::Type::Number: {
      NumberSet set;
      set.lower = set.upper = Decimal::parse(store.text(value));
      out.numbers.push_back(std::move(set));
      break;
    }
    case json::Type::String: {
      StringForm form;
      form.words = std::vector<StringId>{strings_.intern(store.text(value))};
      out.strings.push_back(std::move(form));
      break;
    }
    case json::Type::Array: {
      ArrayForm form;
      for (uint32_t i = 0; i < store.count(value); ++i)
        form.prefix.push_back(goals_.of(Literal(document_.constant(store.first(value) + i), false)));
      form.rest = kNever;
      form.min = form.max = store.count(value);
      out.arrays.push_back(std::move(form));
      break;
    }
    case json::Type::Object: {
      Component component;
      ObjectForm form;
      for (uint32_t i = 0; i < store.count(value); ++i) {
        Index member = store.first(value) + i;
        StringId key = strings_.intern(store.key(member));
        component.names.emplace_back(key, goals_.of(Literal(document_.constant(member), false)));
        form.required.push_back(key);
      }
      component.additional = kNever;
      component.closed = true;
      form.components.push_back(add_component(std::move(component)));
      form.min = form.max = store.count(value);
      out.objects.push_back(std::move(form));
      break;
    }
  }
  return out;
}

Forms Normaliser::not_constant(Index value) {
  const json::Store& store = document_.store();
  Forms out = Forms::of_types(kAllTypes);
  switch (store.type(value)) {
    case json::Type::Null: out.null = false; break;
    case json::Type::False: out.booleans = kTrueBit; break;
    case json::Type::True: out.booleans = kFalseBit; break;
    case json::Type::Number: out.numbers[0].excluded.push_back(Decimal::parse(store.text(value))); break;
    case json::Type::String: out.strings[0].excluded.push_back(strings_.intern(store.text(value))); break;
    case json::Type::Array: {
      uint32_t count = store.count(value);
      out.arrays.clear();
      if (count > 0) out.arrays.emplace_back().max = count - 1;
      out.arrays.emplace_back().min = count + 1;
      for (uint32_t i = 0; i < count; ++i) {
        ArrayForm form;
        form.prefix.assign(i, kAlways);
        form.prefix.push_back(goals_.of(Literal(document_.constant(store.first(value) + i), true)));
        form.min = i + 1;
        out.arrays.push_back(std::move(form));
      }
      break;
    }
    case json::Type::Object: {
      out.objects.clear();
      out.objects.emplace_back().min = store.count(value) + 1;
      Clause clause;
      for (uint32_t i = 0; i < store.count(value); ++i) {
        Index member = store.first(value) + i;
        KeySet key{KeySet::Kind::Name, static_cast<uint32_t>(strings_.intern(store.key(member)))};
        clause.push_back({true, key, kAlways});
        clause.push_back({false, key, goals_.of(Literal(document_.constant(member), true))});
      }
      if (!clause.empty()) {
        out.objects.emplace_back().clauses.push_back(std::move(clause));
        if (!settle(out.objects.back())) out.objects.pop_back();
      }
      break;
    }
  }
  return out;
}

Forms Normaliser::listed(Index list) {
  const json::Store& store = document_.store();
  Forms out;
  std::vector<StringId> words;
  for (uint32_t i = 0; i < store.count(list); ++i) {
    Index value = store.first(list) + i;
    if (store.is(value, json::Type::String)) words.push_back(strings_.intern(store.text(value)));
    else unite(out, constant(value));
  }
  if (!words.empty()) {
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    out.strings.emplace_back().words = std::move(words);
  }
  return out;
}

// ---- numbers ----

NumberSet Normaliser::numbers(SchemaId id) {
  const Schema& s = document_.schema(id);
  const json::Store& store = document_.store();
  NumberSet out;
  auto decimal = [&](Keyword keyword) { return Decimal::parse(store.text(document_.value(id, keyword))); };
  auto is_true = [&](Keyword keyword) {
    return s.has(keyword) && store.is(document_.value(id, keyword), json::Type::True);
  };
  if (s.has(Keyword::Minimum)) {
    out.lower = decimal(Keyword::Minimum);
    out.lower_open = is_true(Keyword::ExclusiveMinimum);
  }
  if (s.has(Keyword::Maximum)) {
    out.upper = decimal(Keyword::Maximum);
    out.upper_open = is_true(Keyword::ExclusiveMaximum);
  }
  if (s.has(Keyword::ExclusiveMinimum) && s.draft != Draft::Draft4) {
    Decimal bound = decimal(Keyword::ExclusiveMinimum);
    if (!out.lower || *out.lower <= bound) out.lower = bound, out.lower_open = true;
  }
  if (s.has(Keyword::ExclusiveMaximum) && s.draft != Draft::Draft4) {
    Decimal bound = decimal(Keyword::ExclusiveMaximum);
    if (!out.upper || *out.upper >= bound) out.upper = bound, out.upper_open = true;
  }
  if (s.has(Keyword::MultipleOf)) out.multiple_of = decimal(Keyword::MultipleOf);
  return out;
}

void Normaliser::negate_numbers(SchemaId id, Forms& out) {
  NumberSet set = numbers(id);
  Forms failing;
  if (set.lower) {
    NumberSet& below = failing.numbers.emplace_back();
    below.upper = set.lower;
    below.upper_open = !set.lower_open;
  }
  if (set.upper) {
    NumberSet& above = failing.numbers.emplace_back();
    above.lower = set.upper;
    above.lower_open = !set.upper_open;
  }
  if (set.multiple_of) failing.numbers.emplace_back().not_multiple_of.push_back(*set.multiple_of);
  unite(out, std::move(failing));
}

// ---- strings ----

StringForm Normaliser::string_form(SchemaId id) {
  const Schema& s = document_.schema(id);
  const json::Store& store = document_.store();
  StringForm out;
  if (s.has(Keyword::MinLength)) out.min = count_value(store, document_.value(id, Keyword::MinLength));
  if (s.has(Keyword::MaxLength)) out.max = count_value(store, document_.value(id, Keyword::MaxLength));
  if (s.has(Keyword::Pattern)) {
    auto pattern = strings_.intern_pattern(store.text(document_.value(id, Keyword::Pattern)),
                                           document_.pointer(id, Keyword::Pattern));
    if (pattern) out.parts.push_back(StringPart::pattern(*pattern, false));
  }
  if (s.has(Keyword::Format) && options_.formats_assert) {
    int32_t format = strings_.intern_format(store.text(document_.value(id, Keyword::Format)), s.draft);
    if (format >= 0) out.parts.push_back(StringPart::format(static_cast<uint32_t>(format), false));
  }
  std::sort(out.parts.begin(), out.parts.end());
  return out;
}

void Normaliser::negate_strings(SchemaId id, Forms& out) {
  StringForm form = string_form(id);
  Forms failing;
  if (form.min > 0) failing.strings.emplace_back().max = form.min - 1;
  if (form.max < kUnbounded - 1) failing.strings.emplace_back().min = form.max + 1;
  for (StringPart part : form.parts) failing.strings.emplace_back().parts.push_back({part.code ^ 1});
  unite(out, std::move(failing));
}

}  // namespace decodex
