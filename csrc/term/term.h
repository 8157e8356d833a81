// A constraint as it is handed to the core: an immutable tree that belongs to no pool and no vocabulary. build() makes
// it an expression of a pool; the same term can be built again in a fresh pool when an old one has grown too large.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "expr/pool.h"
#include "schema/options.h"
#include "syntax/pattern_compiler.h"

namespace decodex {

struct Built {
  ExprId root;
  std::vector<std::string> unenforced;   // what the user allowed to be left out, with its place
};

class Term {
 public:
  virtual ~Term() = default;
  // The pool's lock is held by the caller. Appends to `unenforced`.
  virtual ExprId build(ExprPool& pool, std::vector<std::string>& unenforced) const = 0;
};

using TermPtr = std::shared_ptr<const Term>;

namespace terms {

TermPtr literal(std::string utf8);
TermPtr words(std::vector<std::string> words);
TermPtr regex(std::string pattern, PatternOptions options);
TermPtr json_schema(std::string schema, SchemaOptions options);
TermPtr json_value(SchemaOptions options);
// A format of the JSON Schema specification as plain text. Throws Error(Unsupported) for an unknown one when built.
TermPtr format(std::string name);
// Free text; with a stop string, free text up to and with its first occurrence.
TermPtr text(std::string stop);
TermPtr concat(std::vector<TermPtr> parts);
TermPtr alt(std::vector<TermPtr> arms);
TermPtr conj(std::vector<TermPtr> parts);
// Every valid UTF-8 text that is not in `inner`.
TermPtr complement(TermPtr inner);
TermPtr repeat(TermPtr inner, uint32_t min, uint32_t max);

}  // namespace terms

// The whole term as the root state of a matcher. Throws Error(Unsatisfiable) when no text satisfies it.
Built build_root(const Term& term, ExprPool& pool);

}  // namespace decodex
