// A schema document as a table of subschemas: every place where a schema may stand is found in one walk, its keywords
// are recognised and checked, identifiers and anchors are indexed, references resolve to subschemas.
//
// Invariants: a SchemaId names one subschema (or a constant of `const`/`enum`, or one made by the compiler: a union, or a
// step of a `where`) seen from one dynamic scope; scopes differ only where $dynamicRef or $recursiveRef can tell them
// apart. What cannot be read at all is refused while the document is made; references are resolved by `target`, at first
// asking.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json/value.h"
#include "schema/keywords.h"
#include "schema/options.h"

namespace decodex {

enum class SchemaId : uint32_t {};
inline constexpr SchemaId kTrueSchema{0};
inline constexpr SchemaId kFalseSchema{1};

struct Schema {
  enum class Kind : uint8_t { True, False, Keywords, Constant, Union, Where };
  Kind kind = Kind::Keywords;
  uint8_t types = kAllTypes;  // what `type` allows
  Draft draft = Draft::Draft2020;
  json::Index value = json::kNone;
  uint32_t resource = 0;
  uint32_t scope = 0;  // dynamic scope: which anchors are bound to what
  uint32_t first_entry = 0, entries = 0;
  uint64_t present = 0;  // the keywords it has, as bits

  bool has(Keyword k) const { return present & bit(k); }
};

class Document {
 public:
  // Reads the text and everything under it. Errors: see json::parse and check_keyword_value.
  Document(std::string_view text, const SchemaOptions& options, uint32_t nesting);

  json::Store& store() { return store_; }
  const json::Store& store() const { return store_; }
  SchemaId root() const { return root_; }
  const Schema& schema(SchemaId id) const { return schemas_[static_cast<uint32_t>(id)]; }
  size_t size() const { return schemas_.size(); }
  size_t memory() const;   // bytes of the texts and what was read from them, about
  // The value of a keyword that the schema has.
  json::Index value(SchemaId id, Keyword keyword) const;
  // The subschema at a value inside `parent`, in the dynamic scope of the parent.
  SchemaId child(SchemaId parent, json::Index value);
  SchemaId child(SchemaId parent, Keyword keyword) { return child(parent, value(parent, keyword)); }
  // The subschemas that its keywords apply, to the same value or to a child of it; references are not followed.
  std::vector<SchemaId> applied(SchemaId id);
  // What the reference of a schema with $ref, $dynamicRef or $recursiveRef means.
  SchemaId target(SchemaId id, Keyword reference);
  // The schema that only this value satisfies.
  SchemaId constant(json::Index value);
  // A schema whose meaning the caller keeps: Union or Where.
  SchemaId add(Schema::Kind kind) {
    schemas_.emplace_back().kind = kind;
    return SchemaId{static_cast<uint32_t>(schemas_.size() - 1)};
  }
  // JSON Pointer of a schema, with the document's URI in front where it is not the main one.
  std::string pointer(SchemaId id) const;
  std::string pointer(SchemaId id, Keyword keyword) const;
  // Keywords that annotate or only name: the rest asserts.
  static constexpr uint64_t kSilent = bit(Keyword::Schema) | bit(Keyword::Id) | bit(Keyword::LegacyId) |
                                      bit(Keyword::Anchor) | bit(Keyword::DynamicAnchor) |
                                      bit(Keyword::RecursiveAnchor) | bit(Keyword::Defs) | bit(Keyword::Definitions);
  uint64_t assertions(SchemaId id) const { return schema(id).present & ~kSilent; }

 private:
  struct Entry {
    const KeywordInfo* info;
    json::Index value;
  };
  struct Resource {
    std::string uri;
    json::Index root;
    Draft draft;
    uint32_t document;  // index of the text it stands in
    std::unordered_map<std::string, json::Index> anchors;
    std::unordered_map<std::string, json::Index> dynamic_anchors;
    bool recursive_anchor = false;
    bool validates = true;   // do the keywords of the validation vocabulary assert?
  };
  struct Place {
    json::Index value;
    uint32_t resource;
  };

  json::Index read(std::string_view text, const std::string& uri, Draft fallback, const char* what);
  void walk(json::Index value, uint32_t resource);
  SchemaId add_schema(json::Index value, uint32_t resource, std::vector<Place>& below);
  uint32_t enter_resource(json::Index value, uint32_t resource, bool is_root);
  Draft read_metaschema(uint32_t resource, const std::string& uri, Draft fallback);
  void add_anchor(uint32_t resource, Keyword keyword, json::Index value, json::Index target);
  void add_below(const KeywordInfo& info, json::Index value, uint32_t resource, std::vector<Place>& below) const;
  SchemaId at(json::Index value) const { return value < by_value_.size() ? by_value_[value] : kTrueSchema; }
  bool known(json::Index value) const { return value < known_.size() && known_[value]; }
  uint32_t find_resource(const std::string& uri);
  json::Index follow_pointer(json::Index from, std::string_view pointer);
  json::Index member(json::Index object, std::string_view key);
  json::Index resolve(SchemaId id, Keyword reference);
  SchemaId in_scope(SchemaId plain, uint32_t scope);
  uint32_t extend_scope(uint32_t scope, uint32_t resource);
  [[noreturn]] void refuse(SchemaId id, Keyword keyword, const std::string& message) const;

  json::Store store_;
  const SchemaOptions& options_;
  uint32_t nesting_;
  SchemaId root_ = kTrueSchema;
  std::vector<Schema> schemas_;
  std::vector<Entry> entries_;
  std::vector<SchemaId> by_value_;  // JSON value -> its schema in the empty scope
  std::vector<bool> known_;
  std::vector<Resource> resources_;
  std::vector<std::string> documents_;  // their URIs; the main one is first
  std::unordered_map<std::string, uint32_t> resource_by_uri_;
  std::unordered_map<uint64_t, SchemaId> targets_;  // (schema, keyword) -> target
  std::unordered_map<json::Index, SchemaId> constants_;
  std::unordered_map<json::Index, std::unordered_map<std::string_view, json::Index>> members_;  // of large objects
  bool dynamic_ = false;                          // is there any $dynamicAnchor or $recursiveAnchor?
  using Scope = std::map<std::string, uint32_t>;  // dynamic anchor -> the outermost resource that has it
  std::vector<Scope> scopes_;
  std::map<Scope, uint32_t> scope_ids_;
  std::unordered_map<uint64_t, SchemaId> scoped_;  // (schema, scope) -> schema
};

}  // namespace decodex
