// URIs (RFC 3986), IRIs (RFC 3987), URI templates (RFC 6570) and JSON Pointers (RFC 6901 and the relative kind).
#include "schema/formats.h"

namespace decodex {

namespace {

constexpr std::string_view kUnreserved = "a-zA-Z0-9._~-";
constexpr std::string_view kSubDelimiters = "!$&'()*+,;=";

// `ucschar` and `iprivate` of RFC 3987.
constexpr CodePointRange kUcs[] = {
    {0xA0, 0xD7FF},      {0xF900, 0xFDCF},    {0xFDF0, 0xFFEF},    {0x10000, 0x1FFFD}, {0x20000, 0x2FFFD},
    {0x30000, 0x3FFFD},  {0x40000, 0x4FFFD},  {0x50000, 0x5FFFD},  {0x60000, 0x6FFFD}, {0x70000, 0x7FFFD},
    {0x80000, 0x8FFFD},  {0x90000, 0x9FFFD},  {0xA0000, 0xAFFFD},  {0xB0000, 0xBFFFD}, {0xC0000, 0xCFFFD},
    {0xD0000, 0xDFFFD},  {0xE1000, 0xEFFFD}};
constexpr CodePointRange kPrivate[] = {{0xE000, 0xF8FF}, {0xF0000, 0xFFFFD}, {0x100000, 0x10FFFD}};

ExprId percent_encoded(const FormatText& t) {
  return t.in_sequence({t.literal("%"), t.exactly(t.set("0-9a-fA-F"), 2)});
}

// The parts of a generic URI, or of an IRI when `ucs` and `private_use` are not empty.
struct Generic {
  Generic(const FormatText& t, std::span<const CodePointRange> ucs, std::span<const CodePointRange> private_use)
      : t(t), always(t.one_of({t.set(kUnreserved), t.set(kSubDelimiters), t.chars(ucs), percent_encoded(t)})),
        private_use(t.chars(private_use)) {}

  const FormatText& t;
  ExprId always;       // unreserved characters, sub-delimiters, percent escapes
  ExprId private_use;

  ExprId text(std::string_view more) const { return t.one_of({always, t.set(more)}); }

  ExprId host() const {
    ExprId future = t.in_sequence({t.set("vV"), t.some(t.set("0-9a-fA-F")), t.literal("."),
                                   t.some(t.one_of({t.set(":"), t.set(kSubDelimiters), t.set(kUnreserved)}))});
    ExprId literal = t.in_sequence({t.literal("["), t.one_of({ipv6_format(t), future}), t.literal("]")});
    return t.one_of({literal, t.any_number(text(""))});  // an IPv4 address is a name, too
  }

  ExprId authority() const {
    ExprId user = t.optional(t.in_sequence({t.any_number(text(":")), t.literal("@")}));
    ExprId port = t.optional(t.in_sequence({t.literal(":"), t.any_number(t.digit())}));
    return t.in_sequence({user, host(), port});
  }

  // What follows the scheme, or a reference without one, whose first segment then must not have a colon.
  ExprId hierarchy(bool colon_first) const {
    const ExprId slash = t.literal("/"), character = text(":@");
    ExprId more = t.any_number(t.in_sequence({slash, t.any_number(character)}));
    ExprId first = colon_first ? t.some(character) : t.some(text("@"));
    ExprId net = t.in_sequence({t.literal("//"), authority(), more});
    ExprId absolute = t.in_sequence({slash, t.optional(t.in_sequence({t.some(character), more}))});
    return t.one_of({net, absolute, t.in_sequence({first, more}), kEpsilon});
  }

  ExprId query_and_fragment() const {
    ExprId query = t.in_sequence({t.literal("?"), t.any_number(t.one_of({text(":@/?"), private_use}))});
    ExprId fragment = t.in_sequence({t.literal("#"), t.any_number(text(":@/?"))});
    return t.in_sequence({t.optional(query), t.optional(fragment)});
  }

  ExprId absolute() const {
    ExprId scheme = t.in_sequence({t.set("a-zA-Z"), t.any_number(t.set("a-zA-Z0-9+.-")), t.literal(":")});
    return t.in_sequence({scheme, hierarchy(true), query_and_fragment()});
  }

  ExprId reference() const { return t.one_of({absolute(), t.in_sequence({hierarchy(false), query_and_fragment()})}); }
};

}  // namespace

ExprId uri_format(const FormatText& t) { return Generic(t, {}, {}).absolute(); }
ExprId uri_reference_format(const FormatText& t) { return Generic(t, {}, {}).reference(); }
ExprId iri_format(const FormatText& t) { return Generic(t, kUcs, kPrivate).absolute(); }
ExprId iri_reference_format(const FormatText& t) { return Generic(t, kUcs, kPrivate).reference(); }

ExprId uri_template_format(const FormatText& t) {
  std::vector<CodePointRange> wide(std::begin(kUcs), std::end(kUcs));
  wide.insert(wide.end(), std::begin(kPrivate), std::end(kPrivate));
  ExprId literal = t.one_of({t.set_or("!#$&'()*+,./0-9:;=?@A-Z[]_a-z~-", wide), percent_encoded(t)});
  ExprId name_character = t.one_of({t.set("a-zA-Z0-9_"), percent_encoded(t)});
  ExprId name = t.in_sequence({name_character, t.any_number(t.in_sequence({t.optional(t.literal(".")), name_character}))});
  ExprId prefix = t.in_sequence({t.literal(":"), t.digit(1), t.times(t.digit(), 0, 3)});
  ExprId variable = t.in_sequence({name, t.optional(t.one_of({prefix, t.literal("*")}))});
  ExprId expression = t.in_sequence({t.literal("{"), t.optional(t.set("+#./;?&")), variable,
                                     t.any_number(t.in_sequence({t.literal(","), variable})), t.literal("}")});
  return t.any_number(t.one_of({literal, expression}));
}

ExprId json_pointer_format(const FormatText& t) {
  static constexpr CodePointRange kUnescaped[] = {{0, '.'}, {'0', '}'}, {0x7F, 0x10FFFF}};
  ExprId character = t.one_of({t.chars(kUnescaped), t.in_sequence({t.literal("~"), t.set("01")})});
  return t.any_number(t.in_sequence({t.literal("/"), t.any_number(character)}));
}

ExprId relative_json_pointer_format(const FormatText& t) {
  ExprId up = t.one_of({t.digit(0, 0), t.in_sequence({t.digit(1), t.any_number(t.digit())})});
  return t.in_sequence({up, t.one_of({t.literal("#"), json_pointer_format(t)})});
}

}  // namespace decodex
