// Formats and the JSON alphabet against direct readings: calendars and clocks by arithmetic, addresses by counting,
// characters by encoding every code point. The official suite's cases are in tests/conformance/test_formats.py.
#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "schema/formats.h"
#include "schema/json_alphabet.h"

using namespace decodex;

namespace {

bool accepts(ExprPool& pool, ExprId e, std::string_view text) {
  ExprId state = pool.run(e, text);
  return state != kEmpty && pool.accepting(state);
}

struct Formats {
  ExprPool pool;
  Utf8Alphabet plain;
  ExprId of(std::string_view name) {
    std::optional<ExprId> e = format_expression(pool, name, plain, 20);
    REQUIRE(e.has_value());
    return *e;
  }
};

std::string utf8(uint32_t c) {
  std::string out;
  auto put = [&](uint32_t b) { out.push_back(static_cast<char>(b)); };
  if (c < 0x80) put(c);
  else if (c < 0x800) put(0xC0 | c >> 6), put(0x80 | (c & 63));
  else if (c < 0x10000) put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  else put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 63)), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  return out;
}

template <class... Values>
std::string print(const char* how, Values... values) {
  char out[64];
  std::snprintf(out, sizeof out, how, values...);
  return out;
}

// The one spelling of a character under Escapes::Canonical.
std::string canonical(uint32_t c) {
  switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return c < 0x20 ? print("\\u%04x", c) : utf8(c);
  }
}

std::string escaped(uint32_t c, bool upper) {
  const char* how = upper ? "\\u%04X" : "\\u%04x";
  if (c < 0x10000) return print(how, c);
  return print(how, 0xD800 + ((c - 0x10000) >> 10)) + print(how, 0xDC00 + (c & 0x3FF));
}

}  // namespace

TEST_CASE("dates follow the calendar") {
  Formats f;
  ExprId date = f.of("date");
  for (int year : {1, 4, 99, 100, 400, 1900, 1996, 1999, 2000, 2023, 2024, 2100, 9996, 9999}) {
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    for (int month = 0; month <= 13; ++month)
      for (int day = 0; day <= 32; ++day) {
        static constexpr int kDays[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0};
        int days = kDays[month] + (month == 2 && leap);
        std::string text = print("%04d-%02d-%02d", year, month, day);
        CAPTURE(text);
        CHECK(accepts(f.pool, date, text) == (day >= 1 && day <= days));
      }
  }
  for (int year = 1; year <= 9999; ++year) {
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    CHECK(accepts(f.pool, date, print("%04d-02-29", year)) == leap);
  }
  CHECK(!accepts(f.pool, date, "0000-01-01"));
}

TEST_CASE("second 60 is 23:59:60 UTC") {
  Formats f;
  ExprId time = f.of("time");
  for (int hour = 0; hour < 24; ++hour)
    for (int minute = 0; minute < 60; ++minute)
      for (int offset = -23 * 60 - 30; offset <= 23 * 60 + 30; offset += 30) {
        std::string zone = print("%c%02d:%02d", offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
        int utc = ((hour * 60 + minute - offset) % 1440 + 1440) % 1440;
        std::string text = print("%02d:%02d:60", hour, minute) + zone;
        if (accepts(f.pool, time, text) == (utc == 1439)) continue;
        CAPTURE(text);
        CHECK(false);
      }
  for (const char* good : {"00:00:00Z", "23:59:59.123456789z", "12:30:00+05:45", "23:59:60Z", "15:59:60.5-08:00",
                           "00:00:00-00:00"})
    CHECK(accepts(f.pool, time, good));
  for (const char* bad : {"24:00:00Z", "00:60:00Z", "00:00:61Z", "00:00:00", "00:00:00.Z", "00:00:00+24:00", "0:00:00Z",
                          "22:59:60Z"})
    CHECK(!accepts(f.pool, time, bad));
  CHECK(accepts(f.pool, f.of("date-time"), "2016-12-31T23:59:60Z"));
  CHECK(!accepts(f.pool, f.of("date-time"), "2015-02-29T00:00:00Z"));
}

TEST_CASE("lengths of host names and addresses") {
  Formats f;
  ExprId host = f.of("hostname"), email = f.of("email");
  auto label = [](size_t n) { return std::string(n, 'a'); };
  for (size_t n = 1; n <= 70; ++n) {
    CHECK(accepts(f.pool, host, label(n)) == (n <= 63));
    CHECK(accepts(f.pool, email, label(n) + "@a.b") == (n <= 64));
    CHECK(accepts(f.pool, email, "\"" + label(n) + "\"@a.b") == (n <= 62));
    std::string dotted;  // a.a.a
    for (size_t i = 0; i < n; ++i) dotted += i ? ".a" : "a";
    CHECK(accepts(f.pool, email, dotted + "@a.b") == (dotted.size() <= 64));
  }
  for (size_t labels = 1; labels <= 130; ++labels) {
    std::string name = "a";
    for (size_t i = 1; i < labels; ++i) name += ".a";
    CHECK(accepts(f.pool, host, name) == (name.size() <= 253));
    CHECK(accepts(f.pool, host, name + "aa") == (name.size() + 2 <= 253));
  }
  for (const char* bad : {"", ".", "a.", ".a", "-a", "a-", "a_b", "ab--c", "xn--X", "a..b", "a.-b"})
    CHECK(!accepts(f.pool, host, bad));
  for (const char* good : {"a-b", "a--b", "abc--d", "1.2.3.4", "A-1.b", "a-b-c"}) CHECK(accepts(f.pool, host, good));
}

TEST_CASE("ip addresses") {
  Formats f;
  ExprId v4 = f.of("ipv4"), v6 = f.of("ipv6");
  for (int octet = 0; octet <= 300; ++octet) CHECK(accepts(f.pool, v4, print("1.%d.3.4", octet)) == (octet <= 255));
  for (const char* bad : {"1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.", "1..2.3"}) CHECK(!accepts(f.pool, v4, bad));
  // g groups left and h groups right of a gap, or none: valid when at most seven are written.
  auto groups = [](int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += i ? ":ab" : "ab";
    return out;
  };
  for (int left = 0; left <= 9; ++left) {
    CHECK(accepts(f.pool, v6, groups(left)) == (left == 8));
    for (int right = 0; right <= 9; ++right) {
      CHECK(accepts(f.pool, v6, groups(left) + "::" + groups(right)) == (left + right <= 7));
      std::string mixed = groups(left) + "::" + groups(right) + (right ? ":" : "") + "1.2.3.4";
      CHECK(accepts(f.pool, v6, mixed) == (left + right <= 5));
    }
    CHECK(accepts(f.pool, v6, groups(left) + (left ? ":" : "") + "1.2.3.4") == (left == 6));
  }
}

TEST_CASE("a format over JSON strings sees characters, not their spelling") {
  ExprPool pool;
  JsonAlphabet canonical_alphabet(JsonAlphabet::Escapes::Canonical), any_alphabet(JsonAlphabet::Escapes::Any);
  ExprId pointer = *format_expression(pool, "json-pointer", canonical_alphabet, 20);
  CHECK(accepts(pool, pointer, "/a\\\"b/\\n\\u0001/~0"));
  CHECK(!accepts(pool, pointer, "/a\"b"));
  CHECK(!accepts(pool, pointer, "\\u002fa"));
  ExprId any = *format_expression(pool, "json-pointer", any_alphabet, 20);
  CHECK(accepts(pool, any, "\\u002fa\\/\\u007e1"));
  CHECK(!accepts(pool, any, "\\u002fa\\u007e2"));
  ExprId date = *format_expression(pool, "date", any_alphabet, 20);
  CHECK(accepts(pool, date, "\\u0032024-02\\u002D29"));
  CHECK(!accepts(pool, date, "\\u0032023-02-29"));
  CHECK(!format_expression(pool, "colour", canonical_alphabet, 20).has_value());
}

TEST_CASE("every character has its spellings") {
  ExprPool pool;
  JsonAlphabet one(JsonAlphabet::Escapes::Canonical), all(JsonAlphabet::Escapes::Any);
  ExprId any_one = one.any(pool), any_all = all.any(pool);
  for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 61) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    REQUIRE(accepts(pool, any_one, canonical(c)));
    REQUIRE(accepts(pool, any_all, canonical(c)));
    for (bool upper : {false, true}) {
      REQUIRE(accepts(pool, any_all, escaped(c, upper)));
      REQUIRE(accepts(pool, any_one, escaped(c, upper)) == (escaped(c, upper) == canonical(c)));
    }
    CodePointRange range{c, c};
    std::span<const CodePointRange> single(&range, 1);
    ExprId e = all.chars(pool, single);
    REQUIRE(accepts(pool, e, canonical(c)));
    REQUIRE(accepts(pool, e, escaped(c, true)));
    REQUIRE(!accepts(pool, e, escaped(c == 0 ? 1 : c == 0xE000 ? 0xD7FF : c - 1, true)));
    if (c < 0x3000) REQUIRE(one.chars(pool, single) == pool.literal(canonical(c)));
  }
  for (const char* bad : {"\\ud800", "\\uDC00", "\\ud800\\u0041", "\\x", "\"", "\\", "\n", "\\u12", "\xC0\x80", "\xED\xA0\x80"}) {
    CHECK(!accepts(pool, any_all, bad));
    CHECK(!accepts(pool, any_one, bad));
  }
  CHECK(accepts(pool, any_all, "\\/"));
  CHECK(!accepts(pool, any_one, "\\/"));
}

TEST_CASE("ranges of characters in escapes") {
  ExprPool pool;
  JsonAlphabet all(JsonAlphabet::Escapes::Any);
  for (auto [first, last] : {CodePointRange{0x1F, 0x23}, CodePointRange{0xFFE0, 0x10005}, CodePointRange{0x103F0, 0x10C10},
                             CodePointRange{0xD700, 0xE100}, CodePointRange{0x41, 0x41}, CodePointRange{0x0FFF, 0x2001}}) {
    CodePointRange range{first, last};
    ExprId e = all.chars(pool, std::span<const CodePointRange>(&range, 1));
    for (uint32_t c = first > 300 ? first - 300 : 0; c <= last + 300; ++c) {
      if (c >= 0xD800 && c <= 0xDFFF) continue;
      REQUIRE(accepts(pool, e, escaped(c, c % 2)) == (c >= first && c <= last));
      REQUIRE(accepts(pool, e, canonical(c)) == (c >= first && c <= last));
    }
  }
}

TEST_CASE("quoted texts") {
  ExprPool pool;
  JsonAlphabet one(JsonAlphabet::Escapes::Canonical), all(JsonAlphabet::Escapes::Any);
  CHECK(json_quoted(pool, one, "a\"\n\xC3\xA9") == pool.literal("\"a\\\"\\n\xC3\xA9\""));
  CHECK(accepts(pool, json_quoted(pool, all, "\xF0\x9F\x98\x80"), "\"\\uD83D\\ude00\""));
  CHECK_THROWS_AS(json_quoted(pool, one, "\xFF"), Error);
  CHECK_THROWS_AS(json_quoted(pool, one, "\xED\xA0\x80"), Error);
  CHECK_THROWS_AS(json_quoted(pool, one, "a\xC3"), Error);
  ExprId body = json_string_body(pool, one);
  CHECK(accepts(pool, body, ""));
  CHECK(accepts(pool, body, "\\u001f\x7F"));
  CHECK(!accepts(pool, body, "\x1F"));
}
