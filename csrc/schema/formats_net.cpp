// Addresses: ipv4, ipv6 (RFC 4291 in the notation of RFC 3986), hostname (RFC 1123), email (RFC 5321) and its
// international kind (RFC 6531), uuid (RFC 9562).
#include "schema/formats.h"

namespace decodex {

namespace {

constexpr std::string_view kAlphanumeric = "a-zA-Z0-9";
constexpr std::string_view kAtomText = "a-zA-Z0-9!#$%&'*+/=?^_`{|}~-";
constexpr uint32_t kLongestLabel = 63, kLongestHost = 253, kLongestLocal = 64;

// Characters beyond ASCII in a mail address.
constexpr CodePointRange kInternational[] = {{0x80, 0x10FFFF}};
// Accents that compose with the letters before them; normalisation takes them away.
constexpr CodePointRange kAccents[] = {{0x300, 0x304}, {0x306, 0x30C}};
constexpr uint32_t kLongestAccented = 12;  // as in idn-hostname

// Parts joined by dots; the bound on the whole is an intersection.
ExprId dotted(const FormatText& t, ExprId part, ExprId character, uint32_t longest) {
  ExprId parts = t.in_sequence({part, t.any_number(t.in_sequence({t.literal("."), part}))});
  return t.pool.conj(parts, t.times(t.one_of({character, t.literal(".")}), 1, longest));
}

ExprId mailbox(const FormatText& t, std::span<const CodePointRange> more, ExprId domain) {
  ExprId quoted_text = t.set_or(" !#-[]-~", more);
  ExprId quoted_pair = t.in_sequence({t.literal("\\"), t.set("!-~")});
  ExprId quoted = t.one_of({t.times(quoted_text, 0, kLongestLocal - 2),
                            t.times(t.one_of({quoted_text, quoted_pair}), 0, (kLongestLocal - 2) / 2)});
  ExprId atom = t.set_or(kAtomText, more);
  ExprId local = t.one_of({dotted(t, t.times(atom, 1, kUnbounded), atom, kLongestLocal),
                           t.in_sequence({t.literal("\""), quoted, t.literal("\"")})});
  ExprId address = t.in_sequence({t.literal("["),
                                  t.one_of({ipv4_format(t), t.in_sequence({t.literal("IPv6:"), ipv6_format(t)})}),
                                  t.literal("]")});
  return t.in_sequence({local, t.literal("@"), t.one_of({domain, address})});
}

}  // namespace

ExprId ipv4_format(const FormatText& t) {
  ExprId octet = t.one_of({t.digit(), t.number(10, 99, 2), t.number(100, 255, 3)});
  return t.in_sequence({octet, t.exactly(t.in_sequence({t.literal("."), octet}), 3)});
}

ExprId ipv6_format(const FormatText& t) {
  const ExprId colon = t.literal(":"), gap = t.literal("::");
  ExprId group = t.times(t.set("0-9a-fA-F"), 1, 4);
  ExprId group_then = t.in_sequence({group, colon});
  ExprId last_two = t.one_of({t.in_sequence({group_then, group}), ipv4_format(t)});
  // Eight groups, or a gap for one or more of them: up to `before` groups on its left leave 7 - before on its right.
  std::vector<ExprId> arms{t.in_sequence({t.exactly(group_then, 6), last_two})};
  for (uint32_t before = 0; before <= 7; ++before) {
    ExprId left = before == 0 ? kEpsilon : t.optional(t.in_sequence({t.times(group_then, 0, before - 1), group}));
    ExprId right = before == 7 ? kEpsilon : before == 6 ? group
                                          : t.in_sequence({t.exactly(group_then, 5 - before), last_two});
    arms.push_back(t.in_sequence({left, gap, right}));
  }
  return t.one_of(arms);
}

ExprId uuid_format(const FormatText& t) {
  ExprId hex = t.set("0-9a-fA-F"), dash = t.literal("-");
  return t.in_sequence({t.exactly(hex, 8), dash, t.exactly(hex, 4), dash, t.exactly(hex, 4), dash, t.exactly(hex, 4), dash,
                        t.exactly(hex, 12)});
}

ExprId host_label(const FormatText& t, std::string_view first) {
  const ExprId end = t.set(kAlphanumeric), inner = t.set("a-zA-Z0-9-"), dash = t.literal("-");
  auto rest = [&](uint32_t room) { return t.optional(t.in_sequence({t.times(inner, 0, room - 1), end})); };
  // By the third character, since a hyphen there must not be followed by another one.
  ExprId third = t.one_of({t.in_sequence({end, rest(kLongestLabel - 3)}),
                           t.in_sequence({dash, end, rest(kLongestLabel - 4)})});
  return t.in_sequence({t.set(first), t.optional(t.one_of({end, t.in_sequence({inner, third})}))});
}

ExprId hostname_format(const FormatText& t) { return dotted(t, host_label(t), t.set("a-zA-Z0-9-"), kLongestHost); }

ExprId email_format(const FormatText& t) { return mailbox(t, {}, hostname_format(t)); }

ExprId idn_email_format(const FormatText& t) {
  // Beside international names, such as are not in their composed form: the mail system composes them.
  ExprId accented = t.in_sequence({t.set("a-zA-Z"), t.times(t.set_or(kAlphanumeric, kAccents), 0, kLongestAccented - 1)});
  ExprId label = t.one_of({accented, host_label(t)});
  ExprId names = t.in_sequence({label, t.times(t.in_sequence({t.literal("."), label}), 0, 2)});
  return mailbox(t, kInternational, t.one_of({idn_host(t, t.literal(".")), names}));
}

}  // namespace decodex
