// regex: texts that are regular expressions by ECMA-262 with the u flag. Balanced brackets are not a regular language,
// so groups nest at most kDepth deep. Left out beyond that: references to groups, a second named group and one inside
// another group (whether they are valid depends on the rest of the text), \u{...}, \p{...}, \0, and in classes every
// range but those inside a-z, A-Z and 0-9; of bounds {m,n} those with three digits before the comma, and with two
// digits on both sides.
#include "schema/formats.h"

namespace decodex {

namespace {

constexpr int kDepth = 5;

ExprId escape(const FormatText& t, std::string_view letters) {
  ExprId hex = t.set("0-9a-fA-F");
  return t.in_sequence({t.literal("\\"),
                        t.one_of({t.set(letters), t.set("^$\\.*+?()[]{}|/"), t.in_sequence({t.literal("c"), t.set("a-zA-Z")}),
                                  t.in_sequence({t.literal("x"), t.exactly(hex, 2)}),
                                  t.in_sequence({t.literal("u"), t.exactly(hex, 4)})})});
}

ExprId quantifier(const FormatText& t) {
  const ExprId digit = t.digit(), comma = t.literal(","), number = t.in_sequence({t.digit(1), t.times(digit, 0, 2)});
  std::vector<ExprId> bounds{t.one_of({digit, number}), t.in_sequence({t.one_of({digit, number}), comma}),
                             t.in_sequence({digit, comma, t.digit(1), t.times(digit, 1, 2)}),
                             t.in_sequence({t.digit(1), digit, comma, t.digit(1), t.exactly(digit, 2)})};
  for (uint32_t least = 0; least <= 9; ++least) bounds.push_back(t.in_sequence({t.digit(least, least), comma, t.digit(least)}));
  ExprId count = t.one_of({t.set("*+?"), t.in_sequence({t.literal("{"), t.one_of(bounds), t.literal("}")})});
  return t.in_sequence({count, t.optional(t.literal("?"))});
}

ExprId character_class(const FormatText& t) {
  static constexpr CodePointRange kPlain[] = {{0, ','}, {'.', 'Z'}, {'_', 0x10FFFF}};  // all but - [ \ ] ^
  std::vector<ExprId> items{t.chars(kPlain), escape(t, "dDwWsStnvfrb-")};
  for (auto [first, last] : FormatText::ranges("a-zA-Z0-9"))
    for (uint32_t c = first; c <= last; ++c)
      items.push_back(t.in_sequence({t.character(c), t.literal("-"), t.characters(c, last)}));
  return t.in_sequence({t.literal("["), t.optional(t.literal("^")), t.any_number(t.one_of(items)), t.literal("]")});
}

}  // namespace

ExprId regex_format(const FormatText& t) {
  static constexpr CodePointRange kPlain[] = {{0, '#'}, {'%', '\''}, {',', '-'}, {'/', '>'},
                                             {'@', 'Z'}, {'_', 'z'}, {'~', 0x10FFFF}};
  const ExprId open = t.literal("("), close = t.literal(")");
  const ExprId repeats = t.optional(quantifier(t));
  ExprId simple = t.one_of({t.chars(kPlain), t.literal("."), escape(t, "dDwWsStnvfr"), character_class(t)});
  ExprId anchor = t.one_of({t.set("^$"), t.in_sequence({t.literal("\\"), t.set("bB")})});
  ExprId inside = kEmpty, parts = kEmpty;  // of a group one level down; terms and bars in any order
  for (int depth = 0; depth <= kDepth; ++depth) {
    inside = parts;
    ExprId group = t.in_sequence({open, t.optional(t.literal("?:")), inside, close});
    ExprId look = t.in_sequence({open, t.literal("?"), t.optional(t.literal("<")), t.set("=!"), inside, close});
    ExprId term = t.one_of({anchor, look, t.in_sequence({t.one_of({simple, group}), repeats})});
    parts = t.any_number(t.one_of({term, t.literal("|")}));
  }
  ExprId name = t.in_sequence({t.set("a-zA-Z$_"), t.any_number(t.set("a-zA-Z0-9$_"))});
  ExprId named = t.in_sequence({open, t.literal("?<"), name, t.literal(">"), inside, close, repeats});
  return t.one_of({parts, t.in_sequence({parts, named, parts})});
}

}  // namespace decodex
