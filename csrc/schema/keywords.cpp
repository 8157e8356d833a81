#include "schema/keywords.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"

namespace decodex {

namespace {

constexpr Draft k4 = Draft::Draft4, k6 = Draft::Draft6, k7 = Draft::Draft7, k2019 = Draft::Draft2019,
                k2020 = Draft::Draft2020;

// `dependencies` left the core in 2019-09 but validators and schemas keep it, and it contradicts nothing.
constexpr KeywordInfo kKeywords[] = {
    {"$schema", Keyword::Schema, k4, k2020, Shape::String},
    {"id", Keyword::LegacyId, k4, k4, Shape::String},
    {"$id", Keyword::Id, k6, k2020, Shape::String},
    {"$anchor", Keyword::Anchor, k2019, k2020, Shape::String},
    {"$dynamicAnchor", Keyword::DynamicAnchor, k2020, k2020, Shape::String},
    {"$recursiveAnchor", Keyword::RecursiveAnchor, k2019, k2019, Shape::Boolean},
    {"$ref", Keyword::Ref, k4, k2020, Shape::String},
    {"$dynamicRef", Keyword::DynamicRef, k2020, k2020, Shape::String},
    {"$recursiveRef", Keyword::RecursiveRef, k2019, k2019, Shape::String},
    {"$defs", Keyword::Defs, k4, k2020, Shape::SubschemaMap},
    {"definitions", Keyword::Definitions, k4, k2020, Shape::SubschemaMap},
    {"type", Keyword::Type, k4, k2020, Shape::TypeNames},
    {"enum", Keyword::Enum, k4, k2020, Shape::Values},
    {"const", Keyword::Const, k6, k2020, Shape::Anything},
    {"allOf", Keyword::AllOf, k4, k2020, Shape::Subschemas},
    {"anyOf", Keyword::AnyOf, k4, k2020, Shape::Subschemas},
    {"oneOf", Keyword::OneOf, k4, k2020, Shape::Subschemas},
    {"not", Keyword::Not, k4, k2020, Shape::Subschema},
    {"if", Keyword::If, k7, k2020, Shape::Subschema},
    {"then", Keyword::Then, k7, k2020, Shape::Subschema},
    {"else", Keyword::Else, k7, k2020, Shape::Subschema},
    {"multipleOf", Keyword::MultipleOf, k4, k2020, Shape::PositiveNumber},
    {"maximum", Keyword::Maximum, k4, k2020, Shape::Number},
    {"exclusiveMaximum", Keyword::ExclusiveMaximum, k4, k2020, Shape::NumberOrBoolean},
    {"minimum", Keyword::Minimum, k4, k2020, Shape::Number},
    {"exclusiveMinimum", Keyword::ExclusiveMinimum, k4, k2020, Shape::NumberOrBoolean},
    {"maxLength", Keyword::MaxLength, k4, k2020, Shape::Count},
    {"minLength", Keyword::MinLength, k4, k2020, Shape::Count},
    {"pattern", Keyword::Pattern, k4, k2020, Shape::String},
    {"format", Keyword::Format, k4, k2020, Shape::String},
    {"prefixItems", Keyword::PrefixItems, k2020, k2020, Shape::Subschemas},
    {"items", Keyword::Items, k4, k2020, Shape::SubschemaOrList},
    {"additionalItems", Keyword::AdditionalItems, k4, k2019, Shape::Subschema},
    {"contains", Keyword::Contains, k6, k2020, Shape::Subschema},
    {"minContains", Keyword::MinContains, k2019, k2020, Shape::Count},
    {"maxContains", Keyword::MaxContains, k2019, k2020, Shape::Count},
    {"maxItems", Keyword::MaxItems, k4, k2020, Shape::Count},
    {"minItems", Keyword::MinItems, k4, k2020, Shape::Count},
    {"uniqueItems", Keyword::UniqueItems, k4, k2020, Shape::Boolean},
    {"unevaluatedItems", Keyword::UnevaluatedItems, k2019, k2020, Shape::Subschema},
    {"properties", Keyword::Properties, k4, k2020, Shape::SubschemaMap},
    {"patternProperties", Keyword::PatternProperties, k4, k2020, Shape::SubschemaMap},
    {"additionalProperties", Keyword::AdditionalProperties, k4, k2020, Shape::Subschema},
    {"propertyNames", Keyword::PropertyNames, k6, k2020, Shape::Subschema},
    {"required", Keyword::Required, k4, k2020, Shape::Strings},
    {"minProperties", Keyword::MinProperties, k4, k2020, Shape::Count},
    {"maxProperties", Keyword::MaxProperties, k4, k2020, Shape::Count},
    {"dependentRequired", Keyword::DependentRequired, k2019, k2020, Shape::StringsMap},
    {"dependentSchemas", Keyword::DependentSchemas, k2019, k2020, Shape::SubschemaMap},
    {"dependencies", Keyword::Dependencies, k4, k2020, Shape::DependencyMap},
    {"unevaluatedProperties", Keyword::UnevaluatedProperties, k2019, k2020, Shape::Subschema},
};

const std::unordered_map<std::string_view, const KeywordInfo*>& table() {
  static const auto* made = [] {
    auto* map = new std::unordered_map<std::string_view, const KeywordInfo*>;
    for (const KeywordInfo& info : kKeywords) map->emplace(info.name, &info);
    return map;
  }();
  return *made;
}

using json::Index;
using json::Store;
using json::Type;

[[noreturn]] void wrong(const Store& store, Index at, const std::string& expected, const std::string& advice = "") {
  std::string pointer = store.pointer(at);
  throw Error(ErrorKind::Constraint,
              "the schema is not valid at " + (pointer.empty() ? "its root" : pointer) + ": expected " + expected +
                  ", found " + store.show(at) + (advice.empty() ? "" : "; " + advice),
              pointer);
}

// Is the number whole and not negative?
bool is_count(std::string_view text) {
  std::string normal = json::normal_number(text);
  return normal[0] != '-' && normal.find("e-") == std::string::npos;
}

void check_strings(const Store& store, Index value) {
  if (!store.is(value, Type::Array))
    wrong(store, value, "an array of strings",
          store.is_bool(value) ? "this is the spelling of draft 3: list the names in `required` of the enclosing object"
                               : "");
  for (uint32_t i = 0; i < store.count(value); ++i)
    if (!store.is(store.first(value) + i, Type::String)) wrong(store, store.first(value) + i, "a string");
}

void check_subschema(const Store& store, Index value) {
  if (!store.is(value, Type::Object) && !store.is_bool(value))
    wrong(store, value, "a schema (an object, true or false)");
}

void check_subschemas(const Store& store, Index value, bool may_be_empty) {
  if (!store.is(value, Type::Array) || (store.count(value) == 0 && !may_be_empty))
    wrong(store, value, "an array of at least one schema");
  for (uint32_t i = 0; i < store.count(value); ++i) check_subschema(store, store.first(value) + i);
}

void check_types(const Store& store, Index value) {
  auto check = [&](Index v) {
    if (!store.is(v, Type::String) || type_bits(store.text(v)) == 0)
      wrong(store, v,
            "one of the types \"null\", \"boolean\", \"object\", \"array\", \"number\", \"string\", \"integer\"");
  };
  if (!store.is(value, Type::Array)) return check(value);
  for (uint32_t i = 0; i < store.count(value); ++i) check(store.first(value) + i);
}

void check_map(const Store& store, Index value, Shape shape) {
  if (!store.is(value, Type::Object)) wrong(store, value, "an object");
  for (uint32_t i = 0; i < store.count(value); ++i) {
    Index member = store.first(value) + i;
    if (shape == Shape::SubschemaMap)
      check_subschema(store, member);
    else if (shape == Shape::StringsMap || store.is(member, Type::Array))
      check_strings(store, member);
    else if (!store.is(member, Type::String))
      check_subschema(store, member);
  }
}

}  // namespace

const KeywordInfo* find_keyword(std::string_view name, Draft draft) {
  auto it = table().find(name);
  if (it == table().end() || draft < it->second->first || draft > it->second->last) return nullptr;
  return it->second;
}

std::string_view keyword_name(Keyword keyword) {
  for (const KeywordInfo& info : kKeywords)
    if (info.keyword == keyword) return info.name;
  return "";
}

bool is_validation(Keyword keyword) {
  using enum Keyword;
  constexpr uint64_t kValidation =
      bit(Type) | bit(Enum) | bit(Const) | bit(MultipleOf) | bit(Maximum) | bit(ExclusiveMaximum) | bit(Minimum) |
      bit(ExclusiveMinimum) | bit(MaxLength) | bit(MinLength) | bit(Pattern) | bit(MinContains) | bit(MaxContains) |
      bit(MaxItems) | bit(MinItems) | bit(UniqueItems) | bit(Required) | bit(MinProperties) | bit(MaxProperties) |
      bit(DependentRequired);
  return kValidation & bit(keyword);
}

uint8_t type_bits(std::string_view name) {
  if (name == "string") return kString;
  if (name == "object") return kObject;
  if (name == "integer") return kInteger;
  if (name == "number") return kNumber;
  if (name == "array") return kArray;
  if (name == "boolean") return kBoolean;
  if (name == "null") return kNull;
  return 0;
}

uint32_t count_value(const Store& store, Index value) {
  std::string normal = json::normal_number(store.text(value));
  size_t e = normal.find('e');
  uint64_t out = 0;
  uint64_t zeros = std::stoull(normal.substr(e + 1));
  if (normal == "0e0") return 0;
  if (zeros + e > 10) return UINT32_MAX - 1;
  for (size_t i = 0; i < e; ++i) out = out * 10 + static_cast<uint64_t>(normal[i] - '0');
  for (uint64_t i = 0; i < zeros; ++i) out *= 10;
  return static_cast<uint32_t>(std::min<uint64_t>(out, UINT32_MAX - 1));
}

void check_keyword_value(const Store& store, const KeywordInfo& info, Index value, Draft draft) {
  Type type = store.type(value);
  switch (info.shape) {
    case Shape::Anything: return;
    case Shape::String:
      if (type != Type::String) wrong(store, value, "a string");
      return;
    case Shape::Boolean:
      if (!store.is_bool(value)) wrong(store, value, "true or false");
      return;
    case Shape::Number:
      if (type != Type::Number) wrong(store, value, "a number");
      return;
    case Shape::PositiveNumber:
      if (type != Type::Number || json::normal_number(store.text(value))[0] == '-' ||
          json::normal_number(store.text(value)) == "0e0")
        wrong(store, value, "a number greater than 0");
      return;
    case Shape::Count:
      if (type != Type::Number || !is_count(store.text(value))) wrong(store, value, "a whole number, 0 or more");
      return;
    case Shape::NumberOrBoolean:
      if (draft == Draft::Draft4 ? !store.is_bool(value) : type != Type::Number)
        wrong(store, value, draft == Draft::Draft4 ? "true or false" : "a number",
              draft == Draft::Draft4
                  ? "numbers here are the spelling of draft 6 and later"
                  : "true and false here are the spelling of draft 4: say so by \"$schema\" or draft=4");
      return;
    case Shape::Strings: return check_strings(store, value);
    case Shape::TypeNames: return check_types(store, value);
    case Shape::Values:
      if (type != Type::Array) wrong(store, value, "an array of values");
      return;
    case Shape::Subschema: return check_subschema(store, value);
    case Shape::Subschemas: return check_subschemas(store, value, info.keyword == Keyword::PrefixItems);
    case Shape::SubschemaOrList:
      if (type != Type::Array) return check_subschema(store, value);
      if (draft == Draft::Draft2020)
        wrong(store, value, "a schema (an object, true or false)",
              "an array here is the spelling of draft 2019-09 and earlier: write `prefixItems`, or say so by "
              "\"$schema\" or draft=");
      return check_subschemas(store, value, true);
    case Shape::SubschemaMap:
    case Shape::StringsMap:
    case Shape::DependencyMap: return check_map(store, value, info.shape);
  }
}

}  // namespace decodex
