// The keywords of JSON Schema, which drafts know them, and what their values must look like.
#pragma once

#include <cstdint>
#include <string_view>

#include "json/value.h"

namespace decodex {

enum class Draft : uint8_t { Draft4, Draft6, Draft7, Draft2019, Draft2020 };

enum class Keyword : uint8_t {
  // identity and references
  Schema,
  Id,
  LegacyId,
  Anchor,
  DynamicAnchor,
  RecursiveAnchor,
  Ref,
  DynamicRef,
  RecursiveRef,
  Defs,
  Definitions,
  // any value
  Type,
  Enum,
  Const,
  AllOf,
  AnyOf,
  OneOf,
  Not,
  If,
  Then,
  Else,
  // numbers
  MultipleOf,
  Maximum,
  ExclusiveMaximum,
  Minimum,
  ExclusiveMinimum,
  // strings
  MaxLength,
  MinLength,
  Pattern,
  Format,
  // arrays
  PrefixItems,
  Items,
  AdditionalItems,
  Contains,
  MinContains,
  MaxContains,
  MaxItems,
  MinItems,
  UniqueItems,
  UnevaluatedItems,
  // objects
  Properties,
  PatternProperties,
  AdditionalProperties,
  PropertyNames,
  Required,
  MinProperties,
  MaxProperties,
  DependentRequired,
  DependentSchemas,
  Dependencies,
  UnevaluatedProperties,
  Unknown
};
static_assert(static_cast<int>(Keyword::Unknown) < 64, "sets of keywords are 64 bits");

constexpr uint64_t bit(Keyword k) { return uint64_t{1} << static_cast<int>(k); }

// What the value of a keyword has to be.
enum class Shape : uint8_t {
  Anything,
  String,
  Boolean,
  Number,
  PositiveNumber,
  Count,
  NumberOrBoolean,
  Strings,
  TypeNames,
  Values,
  Subschema,
  Subschemas,
  SubschemaOrList,
  SubschemaMap,
  StringsMap,
  DependencyMap
};

struct KeywordInfo {
  std::string_view name;
  Keyword keyword;
  Draft first, last;
  Shape shape;
};

// What `name` means in a draft; nullptr: nothing, it is an annotation.
const KeywordInfo* find_keyword(std::string_view name, Draft draft);
std::string_view keyword_name(Keyword keyword);
// Is it of the vocabulary "validation"?
bool is_validation(Keyword keyword);

// Throws Error(Constraint) with the JSON Pointer of what is wrong where a value does not fit its keyword.
void check_keyword_value(const json::Store& store, const KeywordInfo& info, json::Index value, Draft draft);

// The types of values, as bits. An integer is a number whose value is whole, however it is written.
enum TypeBits : uint8_t {
  kNull = 1,
  kBoolean = 2,
  kObject = 4,
  kArray = 8,
  kString = 16,
  kInteger = 32,
  kFraction = 64,
  kNumber = kInteger | kFraction,
  kAllTypes = 127
};
// The bits of "integer", "string", ...; 0 for a name that is no type.
uint8_t type_bits(std::string_view name);

// The number of a count keyword, saturated at 2^32 - 2.
uint32_t count_value(const json::Store& store, json::Index value);

}  // namespace decodex
