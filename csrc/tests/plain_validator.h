// JSON Schema as its text reads: a validator that asks the specification's questions of one value, one after the other,
// with nothing in common with the compiler but the JSON parser. For tests: small schemas, small values, exact answers.
#pragma once

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "json/value.h"

namespace decodex::testing {

class PlainValidator {
 public:
  PlainValidator(const json::Store& store, json::Index root) : store_(store), root_(root) {}

  bool valid(json::Index value) const { return check(root_, value).ok; }

 private:
  using Index = json::Index;
  using Type = json::Type;

  struct Result {
    bool ok = true;
    std::set<std::string> keys;      // evaluated members, where ok
    std::set<uint32_t> items;        // evaluated items
    void also(const Result& other) {
      keys.insert(other.keys.begin(), other.keys.end());
      items.insert(other.items.begin(), other.items.end());
    }
  };

  double number(Index v) const { return std::stod(std::string(store_.text(v))); }
  bool whole(Index v) const { return number(v) == static_cast<double>(static_cast<long long>(number(v))); }
  Index get(Index schema, const char* keyword) const { return store_.find(schema, keyword); }
  std::vector<Index> members(Index v) const {
    std::vector<Index> out;
    for (uint32_t i = 0; i < store_.count(v); ++i) out.push_back(store_.first(v) + i);
    return out;
  }
  static size_t characters(std::string_view text) {
    size_t n = 0;
    for (char c : text) n += (c & 0xC0) != 0x80;
    return n;
  }
  static bool search(std::string_view pattern, std::string_view text) {
    return std::regex_search(std::string(text), std::regex(std::string(pattern)));
  }

  bool has_type(std::string_view name, Index v) const {
    switch (store_.type(v)) {
      case Type::Null: return name == "null";
      case Type::True:
      case Type::False: return name == "boolean";
      case Type::Number: return name == "number" || (name == "integer" && whole(v));
      case Type::String: return name == "string";
      case Type::Array: return name == "array";
      case Type::Object: return name == "object";
    }
    return false;
  }

  Result check(Index schema, Index v) const {
    if (!store_.is(schema, Type::Object)) return {store_.is(schema, Type::True), {}, {}};
    Result out;
    auto need = [&](bool condition) { out.ok = out.ok && condition; };
    auto need_all = [&](const Result& r) {
      need(r.ok);
      if (r.ok) out.also(r);
    };
    if (Index ref = get(schema, "$ref")) {
      Index target = root_;
      std::string path(store_.text(ref));
      if (path != "#") target = store_.find(store_.find(root_, "$defs"), path.substr(path.rfind('/') + 1));
      need_all(check(target, v));
    }
    if (Index type = get(schema, "type")) {
      bool any = false;
      if (store_.is(type, Type::String)) any = has_type(store_.text(type), v);
      else for (Index t : members(type)) any = any || has_type(store_.text(t), v);
      need(any);
    }
    if (Index value = get(schema, "const")) need(store_.equal(value, v));
    if (Index list = get(schema, "enum")) {
      bool any = false;
      for (Index value : members(list)) any = any || store_.equal(value, v);
      need(any);
    }
    if (store_.is(v, Type::Number)) check_number(schema, v, need);
    if (store_.is(v, Type::String)) check_string(schema, v, need);
    if (store_.is(v, Type::Array)) check_array(schema, v, out);
    if (store_.is(v, Type::Object)) check_object(schema, v, out);
    check_in_place(schema, v, out);
    if (store_.is(v, Type::Object))
      if (Index rest = get(schema, "unevaluatedProperties"))
        for (Index m : members(v))
          if (!out.keys.count(std::string(store_.key(m)))) {
            need(check(rest, m).ok);
            out.keys.insert(std::string(store_.key(m)));
          }
    if (store_.is(v, Type::Array))
      if (Index rest = get(schema, "unevaluatedItems"))
        for (uint32_t i = 0; i < store_.count(v); ++i)
          if (!out.items.count(i)) {
            need(check(rest, store_.first(v) + i).ok);
            out.items.insert(i);
          }
    return out;
  }

  template <class Need>
  void check_number(Index schema, Index v, Need need) const {
    double x = number(v);
    if (Index bound = get(schema, "minimum")) need(x >= number(bound));
    if (Index bound = get(schema, "maximum")) need(x <= number(bound));
    if (Index bound = get(schema, "exclusiveMinimum")) need(x > number(bound));
    if (Index bound = get(schema, "exclusiveMaximum")) need(x < number(bound));
    if (Index step = get(schema, "multipleOf")) {
      double q = x / number(step);
      need(q == static_cast<double>(static_cast<long long>(q)));
    }
  }

  template <class Need>
  void check_string(Index schema, Index v, Need need) const {
    std::string_view text = store_.text(v);
    if (Index bound = get(schema, "minLength")) need(static_cast<double>(characters(text)) >= number(bound));
    if (Index bound = get(schema, "maxLength")) need(static_cast<double>(characters(text)) <= number(bound));
    if (Index pattern = get(schema, "pattern")) need(search(store_.text(pattern), text));
  }

  void check_array(Index schema, Index v, Result& out) const {
    auto need = [&](bool condition) { out.ok = out.ok && condition; };
    uint32_t count = store_.count(v), prefix = 0;
    if (Index bound = get(schema, "minItems")) need(count >= number(bound));
    if (Index bound = get(schema, "maxItems")) need(count <= number(bound));
    if (Index list = get(schema, "prefixItems")) {
      prefix = store_.count(list);
      for (uint32_t i = 0; i < prefix && i < count; ++i) {
        need(check(store_.first(list) + i, store_.first(v) + i).ok);
        out.items.insert(i);
      }
    }
    if (Index rest = get(schema, "items"))
      for (uint32_t i = prefix; i < count; ++i) {
        need(check(rest, store_.first(v) + i).ok);
        out.items.insert(i);
      }
    if (Index unique = get(schema, "uniqueItems"); unique && store_.is(unique, Type::True))
      for (uint32_t i = 0; i < count; ++i)
        for (uint32_t j = 0; j < i; ++j) need(!store_.equal(store_.first(v) + i, store_.first(v) + j));
    if (Index contains = get(schema, "contains")) {
      uint32_t found = 0;
      for (uint32_t i = 0; i < count; ++i)
        if (check(contains, store_.first(v) + i).ok) {
          ++found;
          out.items.insert(i);
        }
      Index min = get(schema, "minContains"), max = get(schema, "maxContains");
      need(found >= (min ? number(min) : 1));
      if (max) need(found <= number(max));
    }
  }

  void check_object(Index schema, Index v, Result& out) const {
    auto need = [&](bool condition) { out.ok = out.ok && condition; };
    if (Index bound = get(schema, "minProperties")) need(store_.count(v) >= number(bound));
    if (Index bound = get(schema, "maxProperties")) need(store_.count(v) <= number(bound));
    if (Index list = get(schema, "required"))
      for (Index name : members(list)) need(store_.find(v, store_.text(name)) != json::kNone);
    Index named = get(schema, "properties"), patterns = get(schema, "patternProperties"),
          rest = get(schema, "additionalProperties");
    for (Index m : members(v)) {
      std::string key(store_.key(m));
      bool said = false;
      if (Index s = named ? store_.find(named, key) : json::kNone) {
        need(check(s, m).ok);
        said = true;
      }
      if (patterns)
        for (Index p : members(patterns))
          if (search(store_.key(p), key)) {
            need(check(p, m).ok);
            said = true;
          }
      if (!said && rest) {
        need(check(rest, m).ok);
        said = true;
      }
      if (said) out.keys.insert(key);
      if (Index names = get(schema, "propertyNames")) need(check_name(names, m));
    }
    if (Index map = get(schema, "dependentRequired"))
      for (Index from : members(map))
        if (store_.find(v, store_.key(from)))
          for (Index to : members(from)) need(store_.find(v, store_.text(to)) != json::kNone);
    if (Index map = get(schema, "dependentSchemas"))
      for (Index from : members(map))
        if (store_.find(v, store_.key(from))) {
          Result r = check(from, v);
          need(r.ok);
          if (r.ok) out.also(r);
        }
  }

  // A key judged as a string. Only string keywords are understood there.
  bool check_name(Index schema, Index member) const {
    if (!store_.is(schema, Type::Object)) return store_.is(schema, Type::True);
    bool ok = true;
    std::string_view key = store_.key(member);
    if (Index bound = get(schema, "minLength")) ok = ok && static_cast<double>(characters(key)) >= number(bound);
    if (Index bound = get(schema, "maxLength")) ok = ok && static_cast<double>(characters(key)) <= number(bound);
    if (Index pattern = get(schema, "pattern")) ok = ok && search(store_.text(pattern), key);
    return ok;
  }

  void check_in_place(Index schema, Index v, Result& out) const {
    auto need = [&](bool condition) { out.ok = out.ok && condition; };
    if (Index list = get(schema, "allOf"))
      for (Index s : members(list)) {
        Result r = check(s, v);
        need(r.ok);
        if (r.ok) out.also(r);
      }
    for (const char* keyword : {"anyOf", "oneOf"}) {
      Index list = get(schema, keyword);
      if (!list) continue;
      int holds = 0;
      for (Index s : members(list)) {
        Result r = check(s, v);
        holds += r.ok;
        if (r.ok) out.also(r);
      }
      need(std::string(keyword) == "anyOf" ? holds >= 1 : holds == 1);
    }
    if (Index s = get(schema, "not")) need(!check(s, v).ok);
    if (Index test = get(schema, "if")) {
      Result r = check(test, v);
      if (r.ok) out.also(r);
      if (Index s = get(schema, r.ok ? "then" : "else")) {
        Result branch = check(s, v);
        need(branch.ok);
        if (branch.ok) out.also(branch);
      }
    }
  }

  const json::Store& store_;
  Index root_;
};

}  // namespace decodex::testing
