// The formats of JSON Schema as expressions: the texts that `format` asks for, by the grammars of their RFCs.
//
// All are exact but for these, which leave out some texts and accept no wrong one:
//   date, date-time     the year 0000, which most programs cannot hold
//   time, date-time     second 60 where it is 23:59:60 UTC, for offsets of whole or half hours
//   hostname, email     labels of the form xn--..., whose validity is no matter of form
//   email, idn-email    quoted local parts with more than 31 characters, if some are escaped; escaped blanks;
//                       international domains as in idn-hostname
//   idn-hostname        see formats_idn.cpp
//   uri-template        the operators = , ! @ | that RFC 6570 keeps for the future
//   regex               see formats_regex.cpp
// Lengths (64 for the local part of an address, 63 for a label, 253 for a host name) are counted in characters.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "expr/pool.h"
#include "schema/format_text.h"
#include "syntax/alphabet.h"

namespace decodex {

// The texts of a format over the alphabet; nullopt when the name is unknown. A name means the same in every draft.
// (pool lock held)
std::optional<ExprId> format_expression(ExprPool& pool, std::string_view name, const Alphabet& alphabet, uint8_t draft);

// Formats by family, one file each; formats.cpp has the table of names.
ExprId date_format(const FormatText& t);
ExprId time_format(const FormatText& t);
ExprId date_time_format(const FormatText& t);
ExprId duration_format(const FormatText& t);

ExprId ipv4_format(const FormatText& t);
ExprId ipv6_format(const FormatText& t);
ExprId uuid_format(const FormatText& t);
ExprId hostname_format(const FormatText& t);
ExprId idn_hostname_format(const FormatText& t);
ExprId email_format(const FormatText& t);
ExprId idn_email_format(const FormatText& t);

ExprId uri_format(const FormatText& t);
ExprId uri_reference_format(const FormatText& t);
ExprId iri_format(const FormatText& t);
ExprId iri_reference_format(const FormatText& t);
ExprId uri_template_format(const FormatText& t);
ExprId json_pointer_format(const FormatText& t);
ExprId relative_json_pointer_format(const FormatText& t);

ExprId regex_format(const FormatText& t);

// A label of a host name: letters, digits and inner hyphens, but no hyphens at both the third and the fourth place.
ExprId host_label(const FormatText& t, std::string_view first = "a-zA-Z0-9");

// International host names whose labels are joined by `stop`.
ExprId idn_host(const FormatText& t, ExprId stop);

}  // namespace decodex
