// Random schemas against a plain validator: every value of a small world is written as JSON and must be a text of the
// compiled expression exactly when the validator says so; and whatever the expression writes, the validator accepts.
// Seeds are fixed. The world is small on purpose: keys, strings and numbers collide all the time.
#include <doctest/doctest.h>

#include <random>
#include <utility>

#include "json/parser.h"
#include "plain_validator.h"
#include "schema/compiler.h"

using namespace decodex;
using decodex::testing::PlainValidator;

namespace {

class Maker {
 public:
  explicit Maker(unsigned seed, bool unevaluated) : rng_(seed), unevaluated_(unevaluated) {}

  size_t pick(size_t n) { return rng_() % n; }
  bool chance(int percent) { return static_cast<int>(rng_() % 100) < percent; }

  std::string value(int depth) {
    switch (pick(depth > 0 ? 9 : 6)) {
      case 0: return "null";
      case 1: return pick(2) ? "true" : "false";
      case 2:
      case 3: return number();
      case 4:
      case 5: return quoted(word());
      case 6: {
        std::string out = "[";
        size_t n = pick(4);
        for (size_t i = 0; i < n; ++i) out += (i ? "," : "") + value(depth - 1);
        return out + "]";
      }
      default: {
        std::string out = "{";
        bool first = true;
        for (const char* key : {"a", "b", "ab", "c"})
          if (chance(40)) {
            out += (first ? "" : ",") + quoted(key) + ":" + value(depth - 1);
            first = false;
          }
        return out + "}";
      }
    }
  }

  std::string schema(int depth) {
    if (depth == 0) return leaf();
    if (chance(5)) return pick(3) ? "true" : "false";
    std::vector<std::string> parts;
    if (chance(35)) parts.push_back("\"type\":" + type());
    size_t n = 1 + pick(3);
    std::vector<size_t> kinds;
    for (size_t i = 0; i < n; ++i) {
      size_t kind = pick(unevaluated_ ? 18 : 16);
      if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) continue;
      kinds.push_back(kind);
      parts.push_back(keyword(kind, depth - 1));
    }
    return join(parts);
  }

  std::string document() {
    std::string out = schema(3);
    if (out[0] != '{') return out;
    out.pop_back();
    in_definition_ = true;  // where a reference to the same value could go round in a ring
    out += (out.size() > 1 ? "," : "") + std::string("\"$defs\":{\"x\":") + schema(2) + ",\"y\":" + schema(1) + "}}";
    in_definition_ = false;
    return out;
  }

 private:
  static std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }
  std::string number() { return std::vector<std::string>{"0", "1", "2", "3", "-1", "1.5", "0.5"}[pick(7)]; }
  std::string count() { return std::to_string(pick(4)); }
  std::string word() { return std::vector<std::string>{"", "a", "b", "ab", "ba", "c"}[pick(6)]; }
  std::string key() { return std::vector<std::string>{"a", "b", "ab", "c"}[pick(4)]; }
  std::string pattern() { return std::vector<std::string>{"^a", "b$", "a", "^.$", "^[ab]*$"}[pick(5)]; }
  std::string type() {
    static const std::vector<std::string> kTypes{"null", "boolean", "number", "integer", "string", "array", "object", "object"};
    if (chance(70)) return quoted(kTypes[pick(kTypes.size())]);
    return "[" + quoted(kTypes[pick(4)]) + "," + quoted(kTypes[4 + pick(4)]) + "]";
  }
  static std::string join(const std::vector<std::string>& parts) {
    std::string out = "{";
    for (size_t i = 0; i < parts.size(); ++i) out += (i ? "," : "") + parts[i];
    return out + "}";
  }

  std::string leaf() {
    switch (pick(10)) {
      case 0: return "true";
      case 1: return "{\"type\":" + type() + "}";
      case 2: return "{\"const\":" + value(1) + "}";
      case 3: return "{\"enum\":[" + value(0) + "," + value(1) + "," + value(0) + "]}";
      case 4: return "{\"minimum\":" + number() + "}";
      case 5: return "{\"exclusiveMaximum\":" + number() + "}";
      case 6: return "{\"multipleOf\":" + std::string(pick(2) ? "1.5" : "2") + "}";
      case 7: return "{\"minLength\":" + count() + "}";
      case 8: return "{\"maxLength\":" + count() + "}";
      default: return "{\"pattern\":" + quoted(pattern()) + "}";
    }
  }

  // A schema for a member or an item.
  std::string child(int depth) {
    bool before = std::exchange(in_definition_, false);
    std::string out = schema(depth);
    in_definition_ = before;
    return out;
  }
  std::string list(int depth) {
    std::string out = "[" + schema(depth);
    for (size_t n = pick(3); n > 0; --n) out += "," + schema(depth);
    return out + "]";
  }
  std::string map(int depth, bool patterns) {
    std::string out = "{", first = patterns ? pattern() : key(), second = patterns ? pattern() : key();
    out += quoted(first) + ":" + child(depth);
    if (second != first) out += "," + quoted(second) + ":" + child(depth);
    return out + "}";
  }

  std::string keyword(size_t kind, int depth) {
    switch (kind) {
      case 0: return "\"properties\":" + map(depth, false) + (pick(2) ? ",\"required\":[" + quoted(key()) + "]" : "");
      case 1: return "\"patternProperties\":" + map(depth, true);
      case 2: return "\"additionalProperties\":" + child(depth);
      case 3: return pick(2) ? "\"minProperties\":" + count() : "\"maxProperties\":" + count();
      case 4: return "\"propertyNames\":" + std::string(pick(2) ? "{\"pattern\":" + quoted(pattern()) + "}" : "{\"maxLength\":1}");
      case 5: return "\"dependentRequired\":{" + quoted(key()) + ":[" + quoted(key()) + "]}";
      case 6: return "\"dependentSchemas\":{" + quoted(key()) + ":" + schema(depth) + "}";
      case 7: return "\"items\":" + child(depth) + (pick(2) ? ",\"prefixItems\":" + list(depth) : "");
      case 8: return "\"contains\":" + child(depth) + (pick(3) ? "" : ",\"minContains\":" + count()) + (pick(3) ? "" : ",\"maxContains\":" + count());
      case 9: return pick(2) ? "\"minItems\":" + count() : "\"maxItems\":" + count() + ",\"uniqueItems\":true";
      case 10: return "\"allOf\":" + list(depth);
      case 11: return "\"anyOf\":" + list(depth);
      case 12: return "\"oneOf\":" + list(depth);
      case 13: return "\"not\":" + schema(depth);
      case 14: return "\"if\":" + schema(depth) + ",\"then\":" + schema(depth) + (pick(2) ? ",\"else\":" + schema(depth) : "");
      case 15:
        if (in_definition_) return "\"minLength\":1";
        return "\"$ref\":" + quoted(std::vector<std::string>{"#/$defs/x", "#/$defs/y"}[pick(2)]);
      case 16: return "\"unevaluatedProperties\":" + leaf();
      default: return "\"unevaluatedItems\":" + leaf();
    }
  }

  std::mt19937 rng_;
  bool unevaluated_;
  bool in_definition_ = false;
};

struct Outcome {
  int compiled = 0, empty = 0, refused = 0, valid = 0, written = 0;
};

bool live(ExprPool& pool, ExprId e) {
  std::lock_guard lock(pool.mutex());
  return pool.live(e);
}

uint32_t length(ExprPool& pool, ExprId e) {
  std::lock_guard lock(pool.mutex());
  return pool.shortest(e);
}

// Follows a random live path to an end: what it writes must be valid, and an end must always be in reach.
void write_texts(ExprPool& pool, ExprId root, const std::string& schema, json::Store& store, json::Index root_value,
                 Maker& random, Outcome& outcome) {
  for (int text = 0; text < 6; ++text) {
    ExprId state = root;
    std::string written;
    while (true) {
      REQUIRE_MESSAGE(live(pool, state), schema, " after ", written);
      if (pool.nullable(state) && (random.chance(50) || length(pool, state) == 0)) break;
      uint32_t left = length(pool, state);
      std::vector<uint8_t> next;
      bool finish = written.size() > 12;  // then only bytes that bring the end nearer
      for (int b = 0; b < 256; ++b) {
        if (b >= 0x80 || (b > 'c' && b != '}' && b != '{' && !std::isalpha(b))) continue;
        ExprId d = pool.step(state, static_cast<uint8_t>(b));
        if (d != kEmpty && (!finish || length(pool, d) < left)) next.push_back(static_cast<uint8_t>(b));
      }
      if (finish && next.empty() && !pool.nullable(state)) {  // the last bytes may be a detour by a few (see Costs)
        for (int b = 0; b < 0x80; ++b)
          if (pool.step(state, static_cast<uint8_t>(b)) != kEmpty) next.push_back(static_cast<uint8_t>(b));
      }
      if (next.empty() || written.size() > 400) {
        REQUIRE_MESSAGE(pool.nullable(state), schema, " is stuck after ", written);
        break;
      }
      uint8_t b = next[random.pick(next.size())];
      written.push_back(static_cast<char>(b));
      state = pool.step(state, b);
    }
    INFO(schema, " wrote ", written);
    json::Index value = json::parse(store, written);
    REQUIRE(PlainValidator(store, root_value).valid(value));
    ++outcome.written;
  }
}

void check_schemas(unsigned seed, int rounds, bool unevaluated, SchemaOptions::Order order = SchemaOptions::Order::Any) {
  Maker make(seed, unevaluated);
  Outcome outcome;
  for (int round = 0; round < rounds; ++round) {
    std::string schema = make.document();
    json::Store store;
    json::Index root = json::parse(store, schema);
    PlainValidator validator(store, root);
    SchemaOptions options;
    options.order = order;
    options.white_space = SchemaOptions::WhiteSpace::Compact;
    options.numbers_plain = true;  // so that doubles can judge them
    options.max_digits = 4;
    ExprPool pool;
    SchemaResult result{kEmpty, {}};
    INFO(schema);
    try {
      result = compile_schema(pool, schema, options);
      ++outcome.compiled;
    } catch (const Error& error) {
      if (error.kind == ErrorKind::Unsupported || error.kind == ErrorKind::Limit) {
        ++outcome.refused;
        continue;
      }
      INFO(error.what());
      REQUIRE(error.kind == ErrorKind::Unsatisfiable);
      ++outcome.empty;
    }
    try {
      for (int i = 0; i < 60; ++i) {
        std::string text = make.value(3);
        bool valid = validator.valid(json::parse(store, text));
        outcome.valid += valid;
        INFO(text);
        ExprId end = pool.run(result.root, text);
        bool admitted = end != kEmpty && pool.accepting(end);
        if (order == SchemaOptions::Order::Any) REQUIRE(admitted == valid);
        else REQUIRE((!admitted || valid));  // the value may be written in another order
      }
      if (result.root != kEmpty) write_texts(pool, result.root, schema, store, root, make, outcome);
    } catch (const Error& error) {
      INFO(error.what());
      REQUIRE((error.kind == ErrorKind::Unsupported || error.kind == ErrorKind::Limit));
      ++outcome.refused;
    }
  }
  MESSAGE(outcome.compiled << " compiled, " << outcome.empty << " empty, " << outcome.refused << " refused, " << outcome.valid
                           << " valid values, " << outcome.written << " texts written");
  CHECK(outcome.valid > rounds);
  CHECK(outcome.refused * 10 < rounds);
}

}  // namespace

TEST_CASE("random schemas admit what a plain validator admits") { check_schemas(1, 400, false); }

TEST_CASE("random schemas with unevaluated keywords admit what a plain validator admits") { check_schemas(2, 300, true); }

TEST_CASE("random schemas in schema order admit nothing else") { check_schemas(3, 300, true, SchemaOptions::Order::Schema); }
