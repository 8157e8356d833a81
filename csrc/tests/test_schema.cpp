// The JSON Schema compiler on cases judged by hand: texts that a schema admits and texts that it does not, under the
// options; refusals with their places; and what it must not cost. Random schemas are in test_schema_random.cpp.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "schema/compiler.h"
#include "syntax/alphabet.h"

using namespace decodex;

namespace {

using Options = SchemaOptions;

Options with(Options::Order order) {
  Options options;
  options.order = order;
  return options;
}

class Compiled {
 public:
  explicit Compiled(std::string_view schema, const Options& options = {}) : result(compile_schema(pool, schema, options)) {}
  bool admits(std::string_view text) {
    ExprId end = pool.run(result.root, text);
    return end != kEmpty && pool.accepting(end);
  }
  bool goes_on(std::string_view text) { return pool.run(result.root, text) != kEmpty; }
  // The only text that can follow from here, as far as there is no choice.
  std::string forced(std::string_view text) {
    std::string out;
    ExprId state = pool.run(result.root, text);
    while (state != kEmpty && !pool.accepting(state)) {
      int byte = -1;
      for (int b = 0; b < 256; ++b)
        if (pool.step(state, static_cast<uint8_t>(b)) != kEmpty) byte = byte < 0 ? b : 256;
      if (byte < 0 || byte > 255) break;
      out.push_back(static_cast<char>(byte));
      state = pool.step(state, static_cast<uint8_t>(byte));
    }
    return out;
  }

  ExprPool pool;
  SchemaResult result;
};

void check(std::string_view schema, const std::vector<std::string>& good, const std::vector<std::string>& bad,
           const Options& options = with(Options::Order::Any)) {
  INFO(schema);
  Compiled c(schema, options);
  for (const std::string& text : good) {
    INFO(text);
    CHECK(c.admits(text));
  }
  for (const std::string& text : bad) {
    INFO(text);
    CHECK_FALSE(c.admits(text));
  }
}

struct Refusal {
  ErrorKind kind;
  std::string location, message;
};

Refusal refusal(std::string_view schema, const Options& options = {}) {
  ExprPool pool;
  try {
    compile_schema(pool, schema, options);
  } catch (const Error& error) {
    return {error.kind, error.location, error.what()};
  }
  FAIL("not refused: ", schema);
  return {};
}

}  // namespace

TEST_CASE("any value") {
  check("true", {"null", "true", "false", "0", "-1.5e3", "\"\"", "[]", "{}", "[1, [2, {\"a\": []}]]", "{\"a\": 1, \"b\": {\"a\": 2}}"},
        {"", " 1", "1 ", "nul", "01", "[1,]", "{\"a\" 1}", "{\"a\": 1, \"a\": 2}", "{\"a\": 1, \"b\": 2, \"a\": 3}", "'a'", "\"\x01\""});
}

TEST_CASE("properties in schema order") {
  const char* schema = R"({"properties": {"b": {"type": "integer"}, "a": {"type": "null"}}, "required": ["z", "a"], "type": "object"})";
  check(schema, {R"({"b": 1, "a": null, "z": 0})", R"({"a": null, "z": 0})", R"({"a": null, "z": 0, "y": 1, "x": 2})"},
        {R"({"a": null, "b": 1, "z": 0})", R"({"z": 0, "a": null})", R"({"a": null})", R"({"a": null, "y": 1, "z": 0})",
         R"({"a": null, "z": 0, "y": 1, "y": 2})", R"({"a": null, "z": 0, "b": 1})"},
        {});
  check(schema, {R"({"z": 0, "q": [], "a": null, "b": 1})"}, {R"({"z": 0, "a": null, "b": "1"})", R"({"z": 0, "z": 0, "a": null})"});
}

TEST_CASE("keys are never written twice, in no spelling") {
  Options options = with(Options::Order::Any);
  options.escapes_any = true;
  check(R"({"properties": {"a": true}})", {R"({"\u0061": 1})", R"({"\u0061": 1, "b": 2})", R"({"\/": 1, "\\": 2})"},
        {R"({"a": 1, "\u0061": 2})", R"({"b": 1, "\u0062": 2})", R"({"\/": 1, "/": 2})", R"({"\ud83d\ude00": 1, "😀": 2})"}, options);
}

TEST_CASE("white space") {
  const char* schema = R"({"type": "object", "properties": {"a": {"items": {"type": "integer"}}}, "additionalProperties": false})";
  std::string compact = R"({"a":[1,2]})", loose = R"({"a": [1, 2]})", pretty = "{\n  \"a\": [\n    1,\n    2\n  ]\n}",
              wide = "{ \"a\" :\t[ 1 ,\n\n2 ] }", outside = " {}";
  check(schema, {compact, loose, pretty, "{}", "{ }", "{\"a\": []}"}, {wide, outside, "{} ", "{\"a\":   []}"}, {});
  Options options;
  options.white_space = Options::WhiteSpace::Compact;
  check(schema, {compact, "{}"}, {loose, pretty, "{ }"}, options);
  options.white_space = Options::WhiteSpace::Pretty;
  check(schema, {pretty, "{}", "{\n  \"a\": []\n}"}, {compact, loose, "{ }", "{\n}"}, options);
  options.white_space = Options::WhiteSpace::Any;
  check(schema, {compact, loose, pretty, wide}, {outside, "{} "}, options);
  options.white_space = Options::WhiteSpace::Pattern;
  options.whitespace_pattern = " ?";
  check(schema, {compact, loose, "{ \"a\" : [ 1 , 2 ] }"}, {pretty, "{\"a\":  []}"}, options);
  options.whitespace_pattern = "x?";
  CHECK(refusal(schema, options).kind == ErrorKind::Constraint);
}

TEST_CASE("escapes") {
  check(R"({"const": "a\"\\\n\u0001é/"})", {R"("a\"\\\n\u0001é/")"}, {R"("a\"\\\u000a\u0001é/")", R"("a\"\\\n\u0001\u00e9/")", R"("a\"\\\n\u0001é\/")"});
  Options options;
  options.escapes_any = true;
  check(R"({"const": "a\"\\\n\u0001é/"})", {R"("a\"\\\n\u0001é/")", R"("\u0061\u0022\\\u000A\u0001\u00E9\/")"}, {R"("a\"\\n\u0001é/")"}, options);
  check(R"({"maxLength": 1})", {R"("\n")", R"("\u0041")", R"("\ud83d\ude00")", R"("😀")"}, {R"("\ud83d")", R"("ab")", R"("\u0041b")"}, options);
  check(R"({"pattern": "^[\"\\n]$"})", {R"("\"")", R"("\n")", R"("\u0022")"}, {R"("n")", R"("\\")"}, options);
  check(R"({"enum": ["a", "ab", "é", "éa", ""]})", {R"("\u0061b")", R"("\u00e9")", R"("")", R"("éa")"}, {R"("b")", R"("\u00e9b")"}, options);
}

TEST_CASE("constants and enumerations go by value") {
  check(R"({"enum": [1, "a", null, [1, {"x": 2, "y": 3}], true]})",
        {"1", "1.0", "10e-1", "\"a\"", "null", "[1, {\"x\": 2, \"y\": 3}]", "[1.0, {\"y\": 3, \"x\": 2}]", "true"},
        {"2", "\"b\"", "false", "[1]", "[1, {\"x\": 2}]", "[1, {\"x\": 2, \"y\": 3, \"z\": 4}]", "[{\"x\": 2, \"y\": 3}, 1]"});
  check(R"({"not": {"enum": [1, "a", [2], {"b": 3}]}})", {"2", "\"b\"", "[]", "[3]", "[2, 2]", "{}", "{\"b\": 4}", "{\"b\": 3, \"c\": 0}", "null"},
        {"1", "1.0", "\"a\"", "[2]", "{\"b\": 3}"});
  check(R"({"const": {"b": 1, "a": 2}})", {R"({"b": 1, "a": 2})"}, {R"({"a": 2, "b": 1})"}, {});
}

TEST_CASE("strings") {
  check(R"({"minLength": 2, "maxLength": 3})", {"\"ab\"", "\"é€😀\"", "\"\\n\\\"\"", "1"}, {"\"a\"", "\"abcd\""});
  check(R"({"pattern": "^[a-z]+$", "maxLength": 3})", {"\"a\"", "\"abc\""}, {"\"\"", "\"abcd\"", "\"aB\""});
  check(R"({"pattern": "b"})", {"\"abc\"", "\"b\""}, {"\"ac\"", "\"\""});
  check(R"({"pattern": "\\d$", "allOf": [{"pattern": "^a"}], "minLength": 3})", {"\"ab1\""}, {"\"a1\"", "\"bb1\"", "\"ab\""});
  check(R"x({"type": "string", "pattern": "^a+(?!b)"})x", {"\"aa\"", "\"aac\""}, {"\"b\"", "\"ab\""});
  check(R"({"type": "string", "not": {"enum": ["a", "ab"]}})", {"\"\"", "\"b\"", "\"abc\""}, {"\"a\"", "\"ab\""});
}

TEST_CASE("numbers") {
  check(R"({"type": "integer"})", {"0", "-1", "1.0", "1e2", "-0"}, {"1.5", "1e-1", "\"1\""});
  check(R"({"minimum": 0, "exclusiveMaximum": 10, "multipleOf": 0.5})", {"0", "9.5", "5.00", "\"x\""}, {"10", "-0.5", "0.25"});
  check(R"({"allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "type": "number"})", {"12", "0", "-24"}, {"4", "6", "8"});
  check(R"({"type": "number", "not": {"type": "integer"}})", {"1.5"}, {"1", "1.0"});
  check(R"({"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": true})", {"1.5"}, {"1"});
}

TEST_CASE("arrays") {
  check(R"({"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "string"}, "minItems": 1, "maxItems": 3})",
        {"[1]", "[1, \"a\"]", "[1, \"a\", \"b\"]"}, {"[]", "[\"a\"]", "[1, 2]", "[1, \"a\", \"b\", \"c\"]"});
  check(R"({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "integer"}], "additionalItems": false})", {"[]", "[1]"}, {"[1, 2]", "[\"a\"]"});
  check(R"({"contains": {"type": "integer"}, "minContains": 2, "maxContains": 3, "type": "array"})",
        {"[1, 2]", "[1, \"a\", 2, 3]"}, {"[]", "[1]", "[1, 2, 3, 4]", "[1, \"a\"]"});
  check(R"({"contains": false, "type": "array", "minContains": 0})", {"[]", "[1]"}, {"{}"});
  check(R"({"uniqueItems": true, "type": "array"})", {"[]", "[1, 2]", "[1, \"1\"]", "[[], {}]", "[{\"a\": 1}, {\"a\": 2}]", "[1, true]"},
        {"[1, 1]", "[1, 2, 1.0]", "[[1], [1e0]]", "[{\"a\": 1, \"b\": 2}, {\"b\": 2, \"a\": 1}]", "[\"a\", \"a\"]"});
  check(R"({"type": "array", "not": {"uniqueItems": true}})", {"[1, 1]", "[1, 2, 1.0]", "[{}, [], {}]"}, {"[]", "[1, 2]"});
  check(R"({"items": {"enum": ["a", "b"]}, "uniqueItems": true, "minItems": 2, "type": "array"})", {R"(["b", "a"])"}, {R"(["a", "a"])", R"(["a"])"});
}

TEST_CASE("an array that must be distinct never runs out") {
  Compiled c(R"({"type": "array", "prefixItems": [{"enum": [1, 2]}], "items": {"const": 1}, "minItems": 2, "uniqueItems": true})");
  CHECK_FALSE(c.goes_on("[1"));
  CHECK(c.admits("[2, 1]"));
  CHECK(refusal(R"({"items": {"enum": ["a", "b"]}, "uniqueItems": true, "minItems": 3, "type": "array"})").kind == ErrorKind::Unsatisfiable);
}

TEST_CASE("large counts are symbolic") {
  Compiled c(R"({"type": "array", "minItems": 100000, "maxItems": 1000000, "items": {"type": "string", "maxLength": 1000000}})");
  size_t before = c.pool.size();
  CHECK(c.goes_on("[\"abc\", \"d\""));
  CHECK(c.pool.size() - before < 2'000);
  CHECK(c.pool.node(c.result.root).shortest == 1 + 100'000 * 2 + 99'999 + 1);
}

TEST_CASE("objects") {
  check(R"({"type": "object", "patternProperties": {"^a": {"type": "integer"}, "b$": {"minimum": 3}}, "additionalProperties": {"type": "string"}})",
        {R"({"a": 1})", R"({"ab": 3})", R"({"b": 4.5, "x": "y"})", R"({"b": "s"})"}, {R"({"a": "x"})", R"({"ab": 1})", R"({"x": 1})"});
  check(R"({"type": "object", "properties": {"a": true}, "minProperties": 2, "maxProperties": 3})",
        {R"({"a": 1, "b": 2})", R"({"x": 1, "y": 2, "a": 3})"}, {"{}", R"({"a": 1})", R"({"a": 1, "b": 2, "c": 3, "d": 4})"});
  check(R"({"type": "object", "propertyNames": {"pattern": "^[ab]+$", "maxLength": 2}})", {"{}", R"({"ab": 1})"}, {R"({"abc": 1})", R"({"c": 1})"});
  check(R"({"type": "object", "dependentRequired": {"a": ["b"], "b": ["a", "c"]}})", {"{}", R"({"c": 1})", R"({"c": 1, "a": 2, "b": 3})"}, {R"({"a": 1})", R"({"a": 1, "b": 2})"});
  check(R"({"type": "object", "dependentSchemas": {"a": {"required": ["b"], "properties": {"c": false}}}})", {R"({"c": 1})", R"({"b": 1, "a": 2})"}, {R"({"a": 1})", R"({"a": 1, "b": 2, "c": 3})"});
  check(R"({"properties": {"a": {"type": "integer"}}, "unevaluatedProperties": false, "anyOf": [{"properties": {"b": true}, "required": ["b"]}, true]})",
        {R"({"a": 1})", R"({"a": 1, "b": 2})", "3"}, {R"({"c": 1})", R"({"a": "x"})"});
}

TEST_CASE("a free key that a clause still needs is kept possible") {
  // Both keys of the class must occur, so after the first only the second is left.
  Compiled c(R"({"type": "object", "patternProperties": {"^(a|b)$": true}, "additionalProperties": false, "minProperties": 2})", with(Options::Order::Any));
  CHECK(c.admits(R"({"b":1,"a":2})"));
  CHECK(c.forced(R"({"b":1,)").empty());  // white space is free
  CHECK_FALSE(c.goes_on(R"({"b":1,"b)"));
  CHECK(refusal(R"({"type": "object", "patternProperties": {"^(a|b)$": true}, "additionalProperties": false, "minProperties": 3})").kind == ErrorKind::Unsatisfiable);
}

TEST_CASE("closed by default") {
  Options options = with(Options::Order::Any);
  options.additional_properties_default = false;
  check(R"({"type": "object", "properties": {"a": {"type": "object"}}})", {R"({"a": {"x": 1}})", "{}"}, {R"({"b": 1})"}, options);
  check(R"({"type": "object", "properties": {"a": true}, "additionalProperties": true})", {R"({"b": 1})"}, {}, options);
  check(R"({"allOf": [{"properties": {"a": true}}, {"properties": {"b": true}}]})", {R"({"a": 1, "b": 2})"}, {R"({"c": 1})"}, options);
}

TEST_CASE("Boolean keywords") {
  check(R"({"oneOf": [{"type": "integer"}, {"minimum": 2}]})", {"1", "2.5", "\"a\""}, {"3", "1.5"});
  check(R"({"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object"})", {R"({"a": 1})", R"({"b": 1, "c": 2})"}, {"{}", R"({"a": 1, "b": 2})"});
  check(R"({"anyOf": [{"type": "string", "maxLength": 1}, {"type": "string", "pattern": "^x"}], "not": {"const": "x"}})", {"\"a\"", "\"xyz\""}, {"\"x\"", "\"ab\""});
  check(R"({"if": {"properties": {"k": {"const": "a"}}, "required": ["k"]}, "then": {"required": ["x"]}, "else": {"required": ["y"]}, "type": "object"})",
        {R"({"k": "a", "x": 1})", R"({"k": "b", "y": 1})", R"({"y": 1})"}, {R"({"k": "a"})", R"({"k": "a", "y": 1})", R"({"k": "b", "x": 1})", "{}"});
  check(R"({"not": {"properties": {"a": {"type": "integer"}}, "patternProperties": {"^b": {"maximum": 1}}, "additionalProperties": {"type": "null"}}})",
        {R"({"a": "x"})", R"({"b1": 2})", R"({"c": 1})", R"({"a": 1, "b": 0, "c": 0})"}, {"1", "{}", R"({"a": 1, "b": 1, "c": null})"});
}

TEST_CASE("recursion") {
  check(R"({"type": "object", "properties": {"next": {"$ref": "#"}}, "additionalProperties": false})",
        {"{}", R"({"next": {"next": {}}})"}, {R"({"next": 1})", R"({"next": {"x": {}}})"});
  check(R"({"$defs": {"t": {"type": "array", "items": {"allOf": [{"$ref": "#/$defs/t"}, {"maxItems": 2}]}}}, "$ref": "#/$defs/t"})",
        {"[]", "[[], [[], []], []]"}, {"[[[], [], []]]", "[1]"});
  Compiled c(R"({"type": "array", "items": {"$ref": "#"}})");
  std::string deep(3'000, '[');
  CHECK(c.goes_on(deep));
  CHECK(c.admits(deep + std::string(3'000, ']')));
}

TEST_CASE("references") {
  check(R"({"$id": "http://x.test/a/root.json", "$ref": "b.json#/$defs/n", "$defs": {"in": {"$id": "b.json", "$defs": {"n": {"type": "null"}}}}})", {"null"}, {"1"});
  check(R"({"$ref": "#here", "$defs": {"x": {"$anchor": "here", "type": "integer"}}})", {"1"}, {"\"a\""});
  check(R"({"properties": {"a~b/c d": {"type": "null"}, "y": {"$ref": "#/properties/a~0b~1c%20d"}}})", {R"({"y": null})"}, {R"({"y": 1})"});
  check(R"({"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"type": "integer"}}, "properties": {"x": {"$ref": "#/definitions/a", "maximum": 3}}})",
        {R"({"x": 9})"}, {R"({"x": "a"})"});
  check(R"({"$defs": {"a": {"type": "integer"}}, "properties": {"x": {"$ref": "#/$defs/a", "maximum": 3}}})", {R"({"x": 2})"}, {R"({"x": 9})"});
  Options options = with(Options::Order::Any);
  options.registry = {{"http://x.test/n.json", R"({"type": "integer", "$defs": {"s": {"type": "string"}}})"}};
  check(R"({"items": {"$ref": "http://x.test/n.json"}, "properties": {"p": {"$ref": "http://x.test/n.json#/$defs/s"}}})",
        {"[1]", R"({"p": "x"})"}, {"[\"a\"]", R"({"p": 1})"}, options);
  Refusal remote = refusal(R"({"properties": {"p": {"$ref": "http://y.test/z"}}})");
  CHECK(remote.kind == ErrorKind::Constraint);
  CHECK(remote.location == "/properties/p/$ref");
  CHECK(remote.message.find("registry=") != std::string::npos);
  CHECK(refusal(R"({"$ref": "#/$defs/nowhere"})").location == "/$ref");
  CHECK(Compiled(R"({"$defs": {"unused": {"$ref": "http://y.test/z"}}})").admits("1"));
}

TEST_CASE("refusals say where") {
  CHECK(refusal("{\"type\": ").location == "line 1, column 10");
  CHECK(refusal("3").kind == ErrorKind::Constraint);
  Refusal wrong = refusal(R"({"properties": {"a": {"minLength": "3"}}})");
  CHECK(wrong.kind == ErrorKind::Constraint);
  CHECK(wrong.location == "/properties/a/minLength");
  CHECK(wrong.message.find("whole number") != std::string::npos);
  CHECK(refusal(R"({"type": "strin"})").location == "/type");
  CHECK(refusal(R"({"items": {"type": ["null", 3]}})").location == "/items/type/1");
  CHECK(refusal(R"({"anyOf": []})").location == "/anyOf");
  CHECK(refusal(R"({"required": true})").location == "/required");
  CHECK(refusal(R"({"items": [true]})").message.find("prefixItems") != std::string::npos);
  CHECK(refusal(R"({"exclusiveMinimum": true})").message.find("draft=4") != std::string::npos);
  CHECK(refusal(R"({"properties": {"a": {"pattern": "("}}})").location == "/properties/a/pattern");
  CHECK(refusal(R"({"properties": {"a": {"pattern": "(a)\\1"}}})").kind == ErrorKind::Unsupported);
  CHECK(refusal(R"({"a": 1, "a": 2})").kind == ErrorKind::Constraint);
  Options options;
  options.draft = 5;
  CHECK(refusal("{}", options).kind == ErrorKind::Constraint);
}

TEST_CASE("what cannot be satisfied is refused with the deepest reason") {
  for (const char* schema : {"false", R"({"enum": []})", R"({"$ref": "#"})", R"({"type": "string", "minLength": 2, "maxLength": 1})",
                             R"({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]})",
                             R"({"allOf": [{"type": "string"}, {"type": "null"}]})", R"({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 1})",
                             R"({"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "^b"}]})"}) {
    INFO(schema);
    CHECK(refusal(schema).kind == ErrorKind::Unsatisfiable);
  }
  Refusal deep = refusal(R"({"type": "object", "required": ["a"], "properties": {"a": {"type": "object", "required": ["b"], "properties": {"b": {"type": "integer", "minimum": 3, "maximum": 2}}}}})");
  CHECK(deep.location == "/properties/a/properties/b");
  CHECK(deep.message.find("\"b\"") != std::string::npos);
  // An optional property that admits nothing is only absent.
  check(R"({"type": "object", "properties": {"a": false, "b": true}})", {"{}", R"({"b": 1})"}, {R"({"a": 1})"});
}

TEST_CASE("formats are asserted where known and listed where not") {
  Compiled c(R"({"properties": {"d": {"type": "string", "format": "date"}, "x": {"format": "nosuch"}}})");
  CHECK(c.admits(R"({"d": "2024-02-29"})"));
  CHECK_FALSE(c.admits(R"({"d": "2023-02-29"})"));
  CHECK(c.admits(R"({"x": "anything"})"));
  REQUIRE(c.result.unenforced.size() == 1);
  CHECK(c.result.unenforced[0] == "/properties/x/format: unknown format 'nosuch'");
  Options options;
  options.formats_assert = false;
  check(R"({"format": "date"})", {"\"soon\""}, {}, options);
  options.unsupported_ignore = true;
  Compiled lenient(R"({"pattern": "(a)\\1"})", options);
  CHECK(lenient.admits("\"b\""));
  CHECK(lenient.result.unenforced.size() == 1);
}

TEST_CASE("thousands of optional properties are cheap") {
  std::string schema = "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {";
  for (int i = 0; i < 5'000; ++i) schema += (i ? ", " : "") + std::string("\"key_") + std::to_string(i) + "\": {\"type\": \"integer\"}";
  schema += "}, \"required\": [\"key_4000\"]}";
  for (auto order : {Options::Order::Schema, Options::Order::Any}) {
    Compiled c(schema, with(order));
    CHECK(c.admits(R"({"key_7": 1, "key_77": 2, "key_4000": 3})"));
    CHECK_FALSE(c.admits(R"({"key_7": 1, "key_77": 2})"));
    CHECK_FALSE(c.goes_on(R"({"key_4001"x)"));
    CHECK(c.goes_on(R"({"key_4001)") == (order == Options::Order::Any));
    CHECK(c.pool.size() < 4'000);
  }
}

TEST_CASE("ten thousand words, a hundred alternatives") {
  std::string words = "{\"enum\": [", arms = "{\"oneOf\": [";
  for (int i = 0; i < 10'000; ++i) words += (i ? ", " : "") + std::string("\"word ") + std::to_string(i) + "\"";
  for (int i = 0; i < 100; ++i)
    arms += (i ? ", " : "") + std::string("{\"type\": \"object\", \"properties\": {\"kind\": {\"const\": \"k") + std::to_string(i) +
            "\"}, \"v" + std::to_string(i) + "\": {\"type\": \"integer\"}}, \"required\": [\"kind\"], \"additionalProperties\": false}";
  Compiled c(words + "]}");
  CHECK(c.admits("\"word 9999\""));
  CHECK_FALSE(c.admits("\"word 10000\""));
  Compiled d(arms + "]}");
  CHECK(d.admits(R"({"kind": "k42", "v42": 1})"));
  CHECK_FALSE(d.goes_on(R"({"kind": "k42", "v43)"));
}

TEST_CASE("conditionals on one discriminator do not multiply") {
  std::string schema = "{\"type\": \"object\", \"properties\": {\"kind\": {\"type\": \"string\"}}, \"required\": [\"kind\"], \"allOf\": [";
  for (int i = 0; i < 30; ++i) {
    std::string n = std::to_string(i);
    schema += (i ? ", " : "") + ("{\"if\": {\"properties\": {\"kind\": {\"const\": \"k" + n + "\"}}}, \"then\": {\"required\": [\"v" + n + "\"]}}");
  }
  Compiled c(schema + "]}", with(Options::Order::Any));
  CHECK(c.admits(R"({"kind": "k3", "v3": 1})"));
  CHECK(c.admits(R"({"v3": 1, "kind": "k3"})"));
  CHECK(c.admits(R"({"kind": "other"})"));
  CHECK_FALSE(c.admits(R"({"kind": "k3", "v4": 1})"));
}

TEST_CASE("the shortest length that a rule is told is that of its body") {
  for (const char* schema :
       {"true", R"({"type": "object", "required": ["a", "b"], "properties": {"c": {"minLength": 3, "type": "string"}, "a": {"type": "array", "minItems": 2}}})",
        R"({"type": "object", "minProperties": 2, "properties": {"long name": true}})",
        R"({"type": "object", "oneOf": [{"required": ["aaa"]}, {"required": ["b", "c"]}], "dependentRequired": {"b": ["d"]}})",
        R"({"type": "array", "contains": {"const": "xx"}, "minContains": 2, "prefixItems": [{"type": "null"}]})",
        R"({"properties": {"a": {"$ref": "#"}}, "required": ["a"], "type": ["object", "null"]})"})
    for (auto order : {Options::Order::Schema, Options::Order::Any}) {
      Compiled c(schema, with(order));
      std::lock_guard lock(c.pool.mutex());
      CHECK(c.pool.shortest(c.result.root) != kInfinite);
      size_t count = c.pool.size();
      for (uint32_t i = 0; i < count; ++i)
        if (c.pool.node(ExprId{i}).kind == Kind::Rule) {
          INFO(schema);
          CHECK(c.pool.shortest(c.pool.expand(ExprId{i})) == c.pool.node(ExprId{i}).shortest);
        }
    }
}

TEST_CASE("where: strings at a pointer, beside the schema") {
  Options options = with(Options::Order::Schema);
  options.where.push_back({"/a/*", [](ExprPool& pool, const Alphabet& alphabet) {  // texts of quotes
                             CodePointRange quote{'"', '"'};
                             return pool.star(alphabet.chars(pool, std::span<const CodePointRange>(&quote, 1)));
                           }});
  check(R"({"properties": {"a": {}, "b": {}}})",
        {R"({"a":["","\"\"",1,["x"]],"b":["x"]})", R"({"a":{"x":"\"","y":{}}})", R"(["x"])", R"({"b":"x","z":"y"})"},
        {R"({"a":["x"]})", R"({"a":{"x":"\"","y":"x"}})", R"({"b":1,"a":[]})"}, options);
  Refusal nowhere = refusal(R"({"properties": {"a": {"type": "integer"}}})", options);
  CHECK(nowhere.kind == ErrorKind::Constraint);
  CHECK(nowhere.location == "/a/*");
}
