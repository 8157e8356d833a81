#include "term/term.h"

#include <functional>

#include "schema/compiler.h"
#include "schema/formats.h"

namespace decodex {

namespace {

using Unenforced = std::vector<std::string>;

// One class serves all kinds: a term is what its build function closes over.
class FunctionTerm final : public Term {
 public:
  explicit FunctionTerm(std::function<ExprId(ExprPool&, Unenforced&)> build) : build_(std::move(build)) {}
  ExprId build(ExprPool& pool, Unenforced& unenforced) const override { return build_(pool, unenforced); }

 private:
  std::function<ExprId(ExprPool&, Unenforced&)> build_;
};

TermPtr make(std::function<ExprId(ExprPool&, Unenforced&)> build) {
  return std::make_shared<FunctionTerm>(std::move(build));
}

// A regular part becomes a lexeme: its masks are shared, and look-around inside sees no further than the part.
ExprId as_lexeme(ExprPool& pool, ExprId e) { return pool.node(e).flags & kHasRule ? e : pool.lexeme(e); }

std::vector<ExprId> build_all(const std::vector<TermPtr>& parts, ExprPool& pool, Unenforced& unenforced) {
  std::vector<ExprId> out;
  for (const TermPtr& part : parts) out.push_back(part->build(pool, unenforced));
  return out;
}

}  // namespace

namespace terms {

TermPtr literal(std::string utf8) {
  return make([utf8 = std::move(utf8)](ExprPool& pool, Unenforced&) { return pool.literal(utf8); });
}

TermPtr words(std::vector<std::string> list) {
  return make([list = std::move(list)](ExprPool& pool, Unenforced&) { return pool.words(list); });
}

TermPtr regex(std::string pattern, PatternOptions options) {
  return make([pattern = std::move(pattern), options](ExprPool& pool, Unenforced&) {
    return as_lexeme(pool, compile_pattern(pool, pattern, options, Utf8Alphabet()));
  });
}

TermPtr json_schema(std::string schema, SchemaOptions options) {
  return make([schema = std::move(schema), options = std::move(options)](ExprPool& pool, Unenforced& unenforced) {
    SchemaResult result = compile_schema(pool, schema, options);
    unenforced.insert(unenforced.end(), result.unenforced.begin(), result.unenforced.end());
    return result.root;
  });
}

TermPtr json_value(SchemaOptions options) {
  return make([options = std::move(options)](ExprPool& pool, Unenforced&) {
    return compile_json_value(pool, options).root;
  });
}

TermPtr format(std::string name) {
  return make([name = std::move(name)](ExprPool& pool, Unenforced&) {
    std::optional<ExprId> e = format_expression(pool, name, Utf8Alphabet(), 0);
    if (!e) throw Error(ErrorKind::Unsupported, "the format '" + name + "' is not known");
    return as_lexeme(pool, *e);
  });
}

TermPtr text(std::string stop) {
  return make([stop = std::move(stop)](ExprPool& pool, Unenforced&) {
    if (stop.empty()) return pool.lexeme(pool.valid_utf8());
    ExprId at = pool.literal(stop);
    ExprId early = pool.concat({kAnything, at, pool.bytes(ByteSet::all()), kAnything});
    ExprId parts[] = {pool.concat(pool.valid_utf8(), at), pool.complement(early)};
    return pool.lexeme(pool.conj(parts));
  });
}

TermPtr concat(std::vector<TermPtr> parts) {
  return make([parts = std::move(parts)](ExprPool& pool, Unenforced& unenforced) {
    return pool.concat(build_all(parts, pool, unenforced));
  });
}

TermPtr alt(std::vector<TermPtr> arms) {
  return make([arms = std::move(arms)](ExprPool& pool, Unenforced& unenforced) {
    return pool.alt(build_all(arms, pool, unenforced));
  });
}

TermPtr conj(std::vector<TermPtr> parts) {
  return make([parts = std::move(parts)](ExprPool& pool, Unenforced& unenforced) {
    return pool.conj(build_all(parts, pool, unenforced));
  });
}

TermPtr complement(TermPtr inner) {
  return make([inner = std::move(inner)](ExprPool& pool, Unenforced& unenforced) {
    return pool.conj(pool.valid_utf8(), pool.complement(inner->build(pool, unenforced)));
  });
}

TermPtr repeat(TermPtr inner, uint32_t min, uint32_t max) {
  return make([inner = std::move(inner), min, max](ExprPool& pool, Unenforced& unenforced) {
    return pool.repeat(inner->build(pool, unenforced), min, max);
  });
}

}  // namespace terms

Built build_root(const Term& term, ExprPool& pool) {
  Built built;
  built.root = as_lexeme(pool, term.build(pool, built.unenforced));
  if (built.root == kEmpty || !pool.live(built.root))
    throw Error(ErrorKind::Unsatisfiable, "no text satisfies this constraint; remove or widen one of its parts");
  return built;
}

}  // namespace decodex
