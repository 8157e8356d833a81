#include "schema/formats.h"

namespace decodex {

namespace {

struct Format {
  std::string_view name;
  ExprId (*make)(const FormatText&);
};

constexpr Format kFormats[] = {
    {"date-time", date_time_format},
    {"date", date_format},
    {"time", time_format},
    {"duration", duration_format},
    {"email", email_format},
    {"idn-email", idn_email_format},
    {"hostname", hostname_format},
    {"idn-hostname", idn_hostname_format},
    {"ipv4", ipv4_format},
    {"ipv6", ipv6_format},
    {"uri", uri_format},
    {"uri-reference", uri_reference_format},
    {"iri", iri_format},
    {"iri-reference", iri_reference_format},
    {"uri-template", uri_template_format},
    {"uuid", uuid_format},
    {"json-pointer", json_pointer_format},
    {"relative-json-pointer", relative_json_pointer_format},
    {"regex", regex_format},
};

}  // namespace

std::optional<ExprId> format_expression(ExprPool& pool, std::string_view name, const Alphabet& alphabet, uint8_t) {
  for (const Format& format : kFormats)
    if (format.name == name) return format.make(FormatText(pool, alphabet));
  return std::nullopt;
}

}  // namespace decodex
