// One walk over everything that the root reaches, before any text is made: references must lead somewhere, patterns and
// formats must be readable. So what has to be refused is refused at compile time, and what cannot be enforced is listed.
#include <algorithm>
#include <unordered_set>

#include "base/error.h"
#include "schema/normalise.h"

namespace decodex {

void Normaliser::check_reachable(std::vector<std::string>& unenforced) {
  std::vector<SchemaId> stack{document_.root()};
  std::unordered_set<SchemaId> seen{document_.root()};
  while (!stack.empty()) {
    SchemaId id = stack.back();
    stack.pop_back();
    if (document_.schema(id).kind != Schema::Kind::Keywords) continue;
    std::vector<SchemaId> below = document_.applied(id);
    check_one(id, unenforced, below);
    for (size_t i = below.size(); i-- > 0;)
      if (seen.insert(below[i]).second) stack.push_back(below[i]);
  }
}

void Normaliser::check_one(SchemaId id, std::vector<std::string>& unenforced, std::vector<SchemaId>& below) {
  const Schema s = document_.schema(id);
  const json::Store& store = document_.store();
  for (Keyword ref : {Keyword::Ref, Keyword::DynamicRef, Keyword::RecursiveRef})
    if (s.has(ref)) below.push_back(document_.target(id, ref));
  if (s.has(Keyword::UnevaluatedItems) || s.has(Keyword::UnevaluatedProperties)) track_seen_ = true;
  if (s.has(Keyword::Pattern)) {
    std::string where = document_.pointer(id, Keyword::Pattern);
    if (!strings_.intern_pattern(store.text(document_.value(id, Keyword::Pattern)), where))
      unenforced.push_back(where + ": the pattern is not supported");
  }
  if (s.has(Keyword::PatternProperties)) {
    json::Index map = document_.value(id, Keyword::PatternProperties);
    for (uint32_t i = 0; i < store.count(map); ++i) {
      std::string where = document_.pointer(id, Keyword::PatternProperties);
      if (!strings_.intern_pattern(store.key(store.first(map) + i), where))
        unenforced.push_back(where + ": the pattern '" + std::string(store.key(store.first(map) + i)) +
                             "' is not supported");
    }
  }
  if (s.has(Keyword::Format) && options_.formats_assert) {
    std::string_view name = store.text(document_.value(id, Keyword::Format));
    if (strings_.intern_format(name, s.draft) < 0)
      unenforced.push_back(document_.pointer(id, Keyword::Format) + ": unknown format '" + std::string(name) + "'");
  }
}

}  // namespace decodex
