// The JSON parser: what it reads, what it refuses and where it says the fault is.
#include <doctest/doctest.h>

#include <string>

#include "base/error.h"
#include "json/parser.h"

using namespace decodex;
using json::Index;
using json::Store;
using json::Type;

namespace {

// The place that the refusal of a text names; "" when it is accepted.
std::string refused_at(std::string_view text) {
  Store store;
  try {
    json::parse(store, text);
    return "";
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::Constraint);
    return error.location;
  }
}

}  // namespace

TEST_CASE("values keep their order, text and pointers") {
  Store store;
  Index root = json::parse(store, " {\"b\": [1, 2.50, -0e+1], \"a\": {\"x/y~z\": null}, \"\": true} ");
  REQUIRE(store.is(root, Type::Object));
  REQUIRE(store.count(root) == 3);
  CHECK(store.key(store.first(root)) == "b");
  CHECK(store.key(store.first(root) + 1) == "a");
  Index list = store.find(root, "b");
  CHECK(store.text(store.first(list) + 1) == "2.50");
  CHECK(store.pointer(store.first(list) + 2) == "/b/2");
  CHECK(store.pointer(store.find(store.find(root, "a"), "x/y~z")) == "/a/x~1y~0z");
  CHECK(store.pointer(store.find(root, "")) == "/");
  CHECK(store.pointer(root) == "");
  CHECK(store.find(root, "c") == json::kNone);
  CHECK(store.show(root, 20) == "{\"b\": [1, 2.50, -0e+...");
}

TEST_CASE("strings are decoded") {
  Store store;
  auto text = [&](std::string_view json) { return std::string(store.text(json::parse(store, json))); };
  CHECK(text("\"\"") == "");
  CHECK(text("\"a\\n\\t\\b\\f\\r\\\\\\/\\\"\"") == "a\n\t\b\f\r\\/\"");
  CHECK(text("\"\\u00e9\\u20AC\\ud83d\\ude00\"") == "é€😀");
  CHECK(text("\"é€😀\\u0000x\"") == std::string("é€😀\0x", 11));
}

TEST_CASE("what is not JSON is refused with its place") {
  CHECK(refused_at("[1, 2") == "line 1, column 6");
  CHECK(refused_at("{\n  \"é\": 1,\n  x: 2}") == "line 3, column 3");
  CHECK(refused_at("") == "line 1, column 1");
  CHECK(refused_at("1 2") == "line 1, column 3");
  for (const char* bad : {"01", "1.", ".5", "+1", "1e", "- 1", "tru", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "'a'", "\"a", "\"\\x\"",
                          "\"\\u12g4\"", "\"\t\"", "NaN", "[1 2]", "{1:2}", "\xEF\xBB\xBF{}"}) {
    INFO(bad);
    CHECK(refused_at(bad) != "");
  }
  for (const char* bad : {"\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\xED\xA0\x80\"", "\"\xC0\x80\"", "\"\xF5\x80\x80\x80\"",
                          "\"\xE2\x82\"", "\"\xFF\""}) {
    CHECK(refused_at(bad) != "");
  }
}

TEST_CASE("a key may occur once") {
  CHECK(refused_at("{\"a\": 1, \"\\u0061\": 2}") == "line 1, column 1");
  std::string many = "{\n\"x\": {";
  for (int i = 0; i < 100; ++i) many += "\"k" + std::to_string(i) + "\": 0, ";
  CHECK(refused_at(many + "\"k77\": 1}}") == "line 2, column 6");
  CHECK(refused_at(many + "\"k100\": 1}}") == "");
}

TEST_CASE("nesting is limited, and long texts are no deeper than they are") {
  Store store;
  std::string deep(5'000, '[');
  json::ParseOptions options;
  options.nesting = 1'000;
  CHECK_THROWS_AS(json::parse(store, deep, options), Error);
  try {
    json::parse(store, deep, options);
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::Limit);
  }
  options.nesting = 10'000;
  CHECK(store.count(json::parse(store, deep + std::string(5'000, ']'), options)) == 1);
  std::string wide = "[";
  for (int i = 0; i < 200'000; ++i) wide += i ? ",[]" : "[]";
  CHECK(store.count(json::parse(store, wide + "]", options)) == 200'000);
}

TEST_CASE("values are compared by value") {
  Store store;
  auto same = [&](std::string_view a, std::string_view b) {
    Index x = json::parse(store, a), y = json::parse(store, b);
    bool equal = store.equal(x, y);
    CHECK(equal == (store.canonical(x) == store.canonical(y)));
    if (equal) CHECK(store.hash(x) == store.hash(y));
    return equal;
  };
  CHECK(same("1", "1.0"));
  CHECK(same("1", "10e-1"));
  CHECK(same("-0", "0.00e5"));
  CHECK(same("100", "1E+2"));
  CHECK_FALSE(same("1", "-1"));
  CHECK_FALSE(same("1", "true"));
  CHECK_FALSE(same("0", "false"));
  CHECK_FALSE(same("12345678901234567890123", "12345678901234567890124"));
  CHECK(same("{\"a\": 1, \"b\": [2, {}]}", "{\"b\": [2.0, {}], \"a\": 1}"));
  CHECK_FALSE(same("[1, 2]", "[2, 1]"));
  CHECK_FALSE(same("{\"a\": 1}", "{\"a\": 1, \"b\": 1}"));
  CHECK_FALSE(same("[[], 1]", "[1, []]"));
  CHECK_FALSE(same("\"1\"", "1"));
  CHECK_FALSE(same("{}", "[]"));
}
