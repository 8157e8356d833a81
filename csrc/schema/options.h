// What a caller may ask of the JSON Schema compiler, and what it answers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "expr/pool.h"

namespace decodex {

class Alphabet;

// A condition on the decoded text of the strings at a place of the document.
struct WhereText {
  std::string pointer;  // JSON Pointer; the step `*` is every item and every member
  std::function<ExprId(ExprPool&, const Alphabet&)> build;
};

struct SchemaOptions {
  // Schema: `properties` as written, then `required` names not listed, then others in any order. Any: every order.
  enum class Order { Schema, Any };
  // Where white space may stand between the tokens of a document; never before or after the document itself.
  //   Flexible  at most two blanks, or one line break and at most 64 blanks or tabs, except before ':' and ','
  //   Compact   nowhere                      Pretty   the layout of json.dumps(indent=n)
  //   Any       any run of blanks, tabs and line breaks, everywhere
  //   Pattern   what `whitespace_pattern` (an ECMA-262 regular expression for the whole gap) matches, everywhere
  enum class WhiteSpace { Flexible, Compact, Pretty, Any, Pattern };

  Order order = Order::Schema;
  WhiteSpace white_space = WhiteSpace::Flexible;
  int indent = 2;
  std::string whitespace_pattern;
  bool escapes_any = false;  // all spellings of a character in a string, not only the canonical one
  bool formats_assert = true;
  bool unsupported_ignore = false;            // list what cannot be enforced instead of refusing it
  int draft = 0;                              // 4, 6, 7, 2019, 2020; 0: by $schema, 2020 where there is none
  bool additional_properties_default = true;  // false: objects that say `properties` but not what else are closed
  bool numbers_plain = false;                 // no exponents, no trailing zeros
  uint32_t max_digits = 32;                   // of the parts of a number; 0: no cap
  std::vector<std::pair<std::string, std::string>> registry;  // uri, schema text: what a remote $ref may mean
  std::vector<WhereText> where;  // in conjunction with the schema
};

struct SchemaResult {
  ExprId root;
  std::vector<std::string> unenforced;  // "/properties/x/format: unknown format 'foo'"
};

}  // namespace decodex
