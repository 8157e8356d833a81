#include "schema/document.h"

#include <algorithm>

#include "base/error.h"
#include "json/parser.h"
#include "schema/uri.h"

namespace decodex {

using json::Index;
using json::kNone;
using json::Type;

namespace {

std::optional<Draft> draft_of_uri(std::string_view uri) {
  auto says = [uri](std::string_view name) { return uri.find(name) != std::string_view::npos; };
  if (says("draft/2020-12")) return Draft::Draft2020;
  if (says("draft/2019-09")) return Draft::Draft2019;
  if (says("draft-07")) return Draft::Draft7;
  if (says("draft-06")) return Draft::Draft6;
  if (says("draft-04")) return Draft::Draft4;
  return std::nullopt;
}

Draft draft_of_option(int draft) {
  switch (draft) {
    case 4: return Draft::Draft4;
    case 6: return Draft::Draft6;
    case 7: return Draft::Draft7;
    case 2019: return Draft::Draft2019;
    case 0:
    case 2020: return Draft::Draft2020;
    default:
      throw Error(ErrorKind::Constraint, "unknown JSON Schema draft " + std::to_string(draft) +
                                             "; say 4, 6, 7, 2019 or 2020, or 0 to go by \"$schema\"");
  }
}

// Up to draft 7 a $ref stands alone: its siblings mean nothing.
bool ref_stands_alone(Draft draft) { return draft <= Draft::Draft7; }

}  // namespace

Document::Document(std::string_view text, const SchemaOptions& options, uint32_t nesting)
    : options_(options), nesting_(nesting) {
  schemas_.resize(2);
  schemas_[0].kind = Schema::Kind::True;
  schemas_[1].kind = Schema::Kind::False;
  scopes_.emplace_back();
  scope_ids_.emplace(Scope{}, 0);
  Index value = read(text, "", draft_of_option(options.draft), "the schema");
  root_ = at(value);
  if (schema(root_).kind == Schema::Kind::Keywords) root_ = in_scope(root_, 0);
}

// Parses one text and walks it; returns its root value.
Index Document::read(std::string_view text, const std::string& uri, Draft fallback, const char* what) {
  json::ParseOptions parse_options;
  parse_options.nesting = nesting_;
  parse_options.what = what;
  Index value = json::parse(store_, text, parse_options);
  by_value_.resize(store_.size(), kTrueSchema);
  known_.resize(store_.size());
  uint32_t document = static_cast<uint32_t>(documents_.size());
  documents_.push_back(uri);
  uint32_t resource = static_cast<uint32_t>(resources_.size());
  resources_.push_back({uri, value, fallback, document, {}, {}});
  resource_by_uri_.emplace(uri, resource);
  walk(value, resource);
  return value;
}

void Document::walk(Index value, uint32_t resource) {
  std::vector<Place> stack{{value, resource}};
  while (!stack.empty()) {
    Place place = stack.back();
    stack.pop_back();
    if (known(place.value)) continue;
    size_t before = stack.size();
    by_value_[place.value] = add_schema(place.value, place.resource, stack);
    known_[place.value] = true;
    std::reverse(stack.begin() + static_cast<ptrdiff_t>(before), stack.end());
  }
}

SchemaId Document::add_schema(Index value, uint32_t resource, std::vector<Place>& below) {
  if (store_.is(value, Type::True)) return kTrueSchema;
  if (store_.is(value, Type::False)) return kFalseSchema;
  if (!store_.is(value, Type::Object))
    throw Error(ErrorKind::Constraint,
                "a JSON Schema is an object, true or false; found " + store_.show(value) + " at " +
                    (store_.parent(value) == kNone ? "the root" : store_.pointer(value)),
                store_.pointer(value));
  resource = enter_resource(value, resource, value == resources_[resource].root);
  Schema out;
  out.draft = resources_[resource].draft;
  out.value = value;
  out.resource = resource;
  out.first_entry = static_cast<uint32_t>(entries_.size());
  bool alone = ref_stands_alone(out.draft) && store_.find(value, "$ref") != kNone;
  for (uint32_t i = 0; i < store_.count(value); ++i) {
    Index member = store_.first(value) + i;
    const KeywordInfo* info = find_keyword(store_.key(member), out.draft);
    if (!info || (!resources_[resource].validates && is_validation(info->keyword))) continue;
    if (alone && info->keyword != Keyword::Ref && info->keyword != Keyword::Defs &&
        info->keyword != Keyword::Definitions)
      continue;
    check_keyword_value(store_, *info, member, out.draft);
    entries_.push_back({info, member});
    out.present |= bit(info->keyword);
    if (info->shape >= Shape::Subschema) add_below(*info, member, resource, below);
    if (info->keyword == Keyword::Anchor || info->keyword == Keyword::DynamicAnchor) {
      add_anchor(resource, info->keyword, member, value);
    } else if (info->keyword == Keyword::RecursiveAnchor && store_.is(member, Type::True)) {
      if (value == resources_[resource].root) resources_[resource].recursive_anchor = dynamic_ = true;
    } else if (info->keyword == Keyword::Type) {
      out.types = 0;
      if (store_.is(member, Type::String))
        out.types = type_bits(store_.text(member));
      else
        for (uint32_t t = 0; t < store_.count(member); ++t)
          out.types |= type_bits(store_.text(store_.first(member) + t));
    }
  }
  out.entries = static_cast<uint32_t>(entries_.size()) - out.first_entry;
  schemas_.push_back(out);
  return SchemaId{static_cast<uint32_t>(schemas_.size() - 1)};
}

// A schema with an identifier begins a resource of its own; the draft may change with it.
uint32_t Document::enter_resource(Index value, uint32_t resource, bool is_root) {
  Draft draft = resources_[resource].draft;
  Index id = store_.find(value, draft == Draft::Draft4 ? "id" : "$id");
  Index says = store_.find(value, "$schema");
  const bool named = says != kNone && store_.is(says, Type::String);
  Draft own_draft = draft;
  if (named && is_root && !draft_of_uri(store_.text(says)))
    own_draft = read_metaschema(resource, std::string(store_.text(says)), draft);
  if (named && (options_.draft == 0 || resources_[resource].document != 0) &&
      (is_root || id != kNone)) {
    draft = draft_of_uri(store_.text(says)).value_or(own_draft);
    if (is_root) resources_[resource].draft = draft;
    id = store_.find(value, draft == Draft::Draft4 ? "id" : "$id");
  }
  if (id == kNone || !store_.is(id, Type::String)) return resource;
  if (ref_stands_alone(draft) && store_.find(value, "$ref") != kNone) return resource;
  std::string_view text = store_.text(id);
  std::string fragment = uri_fragment(text);
  if (text.starts_with('#')) {  // up to draft 7, how an anchor is written
    resources_[resource].anchors.emplace(fragment, value);
    return resource;
  }
  std::string uri = resolve_uri(resources_[resource].uri, text);
  uint32_t own = resource;
  if (is_root) {
    resources_[resource].uri = uri;
  } else {
    own = static_cast<uint32_t>(resources_.size());
    resources_.push_back({uri, value, draft, resources_[resource].document, {}, {}, false, resources_[resource].validates});
  }
  resource_by_uri_.emplace(uri, own);
  if (!fragment.empty()) resources_[own].anchors.emplace(fragment, value);
  return own;
}

// A metaschema of the user's own, when the registry has it: says its draft, and whether the validation keywords assert.
Draft Document::read_metaschema(uint32_t resource, const std::string& uri, Draft fallback) {
  for (const auto& [name, text] : options_.registry) {
    if (name.substr(0, name.find('#')) != uri.substr(0, uri.find('#'))) continue;
    json::Store store;
    json::ParseOptions how;
    how.nesting = nesting_;
    how.what = "the registered metaschema";
    const Index root = json::parse(store, text, how);
    if (!store.is(root, Type::Object)) return fallback;
    const Index vocabularies = store.find(root, "$vocabulary"), says = store.find(root, "$schema");
    if (vocabularies != kNone && store.is(vocabularies, Type::Object)) {
      bool validates = false;
      for (uint32_t i = 0; i < store.count(vocabularies); ++i)
        validates = validates || store.key(store.first(vocabularies) + i).ends_with("/vocab/validation");
      resources_[resource].validates = validates;
    }
    if (says == kNone || !store.is(says, Type::String)) return fallback;
    return draft_of_uri(store.text(says)).value_or(fallback);
  }
  return fallback;
}

void Document::add_anchor(uint32_t resource, Keyword keyword, Index value, Index target) {
  std::string name(store_.text(value));
  resources_[resource].anchors.emplace(name, target);
  if (keyword != Keyword::DynamicAnchor) return;
  resources_[resource].dynamic_anchors.emplace(name, target);
  dynamic_ = true;
}

void Document::add_below(const KeywordInfo& info, Index value, uint32_t resource, std::vector<Place>& below) const {
  bool list = info.shape == Shape::Subschemas || info.shape == Shape::SubschemaMap ||
              info.shape == Shape::DependencyMap ||
              (info.shape == Shape::SubschemaOrList && store_.is(value, Type::Array));
  if (!list) {
    if (info.shape != Shape::StringsMap) below.push_back({value, resource});
    return;
  }
  for (uint32_t i = 0; i < store_.count(value); ++i) {
    Index member = store_.first(value) + i;
    if (info.shape == Shape::DependencyMap && !store_.is(member, Type::Object) && !store_.is_bool(member)) continue;
    below.push_back({member, resource});
  }
}

Index Document::value(SchemaId id, Keyword keyword) const {
  const Schema& s = schema(id);
  for (uint32_t i = 0; i < s.entries; ++i)
    if (entries_[s.first_entry + i].info->keyword == keyword) return entries_[s.first_entry + i].value;
  return kNone;
}

SchemaId Document::child(SchemaId parent, Index value) { return in_scope(at(value), schema(parent).scope); }

std::vector<SchemaId> Document::applied(SchemaId id) {
  const Schema s = schema(id);
  std::vector<Place> below;
  for (uint32_t i = 0; i < s.entries; ++i) {
    Entry entry = entries_[s.first_entry + i];
    bool names_only = entry.info->keyword == Keyword::Defs || entry.info->keyword == Keyword::Definitions;
    if (entry.info->shape >= Shape::Subschema && !names_only) add_below(*entry.info, entry.value, s.resource, below);
  }
  std::vector<SchemaId> out;
  for (const Place& place : below) out.push_back(child(id, place.value));
  return out;
}

SchemaId Document::constant(Index value) {
  auto [it, fresh] = constants_.try_emplace(value, kTrueSchema);
  if (fresh) {
    Schema out;
    out.kind = Schema::Kind::Constant;
    out.value = value;
    schemas_.push_back(out);
    it->second = SchemaId{static_cast<uint32_t>(schemas_.size() - 1)};
  }
  return it->second;
}

size_t Document::memory() const {
  constexpr size_t kPerValue = 16, kPerResource = 512;
  return store_.memory() + store_.size() * kPerValue + schemas_.size() * sizeof(Schema) + entries_.size() * sizeof(Entry) +
         resources_.size() * kPerResource;
}

// ---- references ----

SchemaId Document::target(SchemaId id, Keyword reference) {
  uint64_t key = uint64_t{static_cast<uint32_t>(id)} << 8 | static_cast<uint64_t>(reference);
  auto known = targets_.find(key);
  if (known != targets_.end()) return known->second;
  Index value = resolve(id, reference);
  SchemaId out = in_scope(at(value), schema(id).scope);
  targets_.emplace(key, out);
  return out;
}

Index Document::resolve(SchemaId id, Keyword reference) {
  const Schema from = schema(id);
  std::string ref(store_.text(value(id, reference)));
  std::string uri = resolve_uri(resources_[from.resource].uri, ref);
  if (ref.starts_with('#')) uri = resources_[from.resource].uri;
  uint32_t resource = find_resource(uri);
  if (resource == UINT32_MAX)
    refuse(
        id, reference,
        "nothing is known of the document \"" + uri + "\" that $ref \"" + ref + "\" means; hand it over in registry=");
  std::string fragment = uri_fragment(ref);
  if (reference == Keyword::RecursiveRef) {
    if (resources_[resource].recursive_anchor) {
      auto bound = scopes_[from.scope].find("");
      if (bound != scopes_[from.scope].end()) resource = bound->second;
    }
    return resources_[resource].root;
  }
  if (fragment.empty()) return resources_[resource].root;
  if (fragment[0] == '/') {
    Index value = follow_pointer(resources_[resource].root, fragment);
    if (value == kNone) refuse(id, reference, "$ref \"" + ref + "\" leads nowhere");
    if (!known(value)) {  // a place where no schema is expected: read it as one now
      uint32_t around = resource;
      for (Index v = store_.parent(value); v != kNone; v = store_.parent(v))
        if (known(v) && static_cast<uint32_t>(at(v)) > 1) {
          around = schema(at(v)).resource;
          break;
        }
      walk(value, around);
    }
    return value;
  }
  auto anchor = resources_[resource].anchors.find(fragment);
  if (anchor == resources_[resource].anchors.end())
    refuse(id, reference, "there is no anchor \"" + fragment + "\" where $ref \"" + ref + "\" looks for it");
  if (reference == Keyword::DynamicRef && resources_[resource].dynamic_anchors.count(fragment)) {
    auto bound = scopes_[from.scope].find(fragment);
    if (bound != scopes_[from.scope].end()) return resources_[bound->second].dynamic_anchors.at(fragment);
  }
  return anchor->second;
}

// The resource with this URI, read from the registry if need be; UINT32_MAX: there is none.
uint32_t Document::find_resource(const std::string& uri) {
  auto it = resource_by_uri_.find(uri);
  if (it != resource_by_uri_.end()) return it->second;
  for (const auto& [name, text] : options_.registry) {
    std::string plain = name.substr(0, name.find('#'));
    if (plain != uri) continue;
    read(text, uri, resources_[0].draft, ("the registered schema " + uri).c_str());
    return resource_by_uri_.at(uri);
  }
  return UINT32_MAX;
}

Index Document::member(Index object, std::string_view key) {
  if (store_.count(object) < 16) return store_.find(object, key);
  auto [it, fresh] = members_.try_emplace(object);
  if (fresh)
    for (uint32_t i = 0; i < store_.count(object); ++i)
      it->second.emplace(store_.key(store_.first(object) + i), store_.first(object) + i);
  auto found = it->second.find(key);
  return found == it->second.end() ? kNone : found->second;
}

Index Document::follow_pointer(Index from, std::string_view pointer) {
  for (const std::string& step : pointer_steps(pointer)) {
    if (store_.is(from, Type::Object)) {
      from = member(from, step);
      if (from == kNone) return kNone;
    } else if (store_.is(from, Type::Array) && !step.empty() && step.size() < 10 &&
               step.find_first_not_of("0123456789") == std::string::npos && std::stoul(step) < store_.count(from)) {
      from = store_.first(from) + static_cast<Index>(std::stoul(step));
    } else {
      return kNone;
    }
  }
  return from;
}

// ---- dynamic scope ----

// The schema seen from a dynamic scope, having entered its resource.
SchemaId Document::in_scope(SchemaId plain, uint32_t scope) {
  if (!dynamic_ || schema(plain).kind != Schema::Kind::Keywords) return plain;
  scope = extend_scope(scope, schema(plain).resource);
  if (scope == 0) return plain;
  uint64_t key = uint64_t{static_cast<uint32_t>(plain)} << 32 | scope;
  auto known = scoped_.find(key);
  if (known != scoped_.end()) return known->second;
  Schema copy = schema(plain);
  copy.scope = scope;
  schemas_.push_back(copy);
  SchemaId out{static_cast<uint32_t>(schemas_.size() - 1)};
  scoped_.emplace(key, out);
  return out;
}

uint32_t Document::extend_scope(uint32_t scope, uint32_t resource) {
  const Resource& r = resources_[resource];
  if (r.dynamic_anchors.empty() && !r.recursive_anchor) return scope;
  Scope wider = scopes_[scope];
  for (const auto& [name, value] : r.dynamic_anchors) wider.emplace(name, resource);
  if (r.recursive_anchor) wider.emplace("", resource);
  auto [it, fresh] = scope_ids_.try_emplace(wider, static_cast<uint32_t>(scopes_.size()));
  if (fresh) scopes_.push_back(std::move(wider));
  return it->second;
}

// ---- messages ----

std::string Document::pointer(SchemaId id) const {
  const Schema& s = schema(id);
  if (s.value == kNone) return "";
  const std::string& uri = documents_[resources_[s.resource].document];
  return (uri.empty() ? "" : uri + "#") + store_.pointer(s.value);
}

std::string Document::pointer(SchemaId id, Keyword keyword) const {
  return pointer(id) + "/" + std::string(keyword_name(keyword));
}

void Document::refuse(SchemaId id, Keyword keyword, const std::string& message) const {
  std::string where = pointer(id, keyword);
  throw Error(ErrorKind::Constraint, "the schema is not valid at " + where + ": " + message, where);
}

}  // namespace decodex
