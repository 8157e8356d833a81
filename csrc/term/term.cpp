#include "term/term.h"

#include <algorithm>
#include <functional>
#include <mutex>

#include "base/utf8.h"
#include "grammar/compiler.h"
#include "grammar/terminal.h"
#include "schema/compiler.h"
#include "schema/formats.h"
#include "syntax/normal_forms.h"
#include "text/copies.h"
#include "text/graph.h"
#include "text/positions.h"
#include "text/triggers.h"
#include "text/units.h"

namespace decodex {

namespace {

constexpr uint32_t kMostItems = 10'000;

// One class serves all kinds: a term is what its build function closes over.
class FunctionTerm final : public Term {
 public:
  using Build = std::function<ExprId(Building&)>;
  FunctionTerm(bool loose, Build build) : loose_(loose), build_(std::move(build)) {}
  ExprId build_loose(Building& at) const override { return build_(at); }
  bool loose() const override { return loose_; }

 private:
  bool loose_;
  Build build_;
};

TermPtr make(FunctionTerm::Build build) { return std::make_shared<FunctionTerm>(false, std::move(build)); }
TermPtr make_loose(FunctionTerm::Build build) { return std::make_shared<FunctionTerm>(true, std::move(build)); }

// A regular part becomes a lexeme: its masks are shared, and look-around inside sees no further than the part.
ExprId as_lexeme(ExprPool& pool, ExprId e) { return pool.node(e).flags & kHasRule ? e : pool.lexeme(e); }

// A part that has look-around sees no further than itself; others are left open, so that their states can join.
ExprId closed(ExprPool& pool, ExprId e) { return pool.node(e).flags & (kLookahead | kLookbehind) ? pool.lexeme(e) : e; }

ExprId spelled(Building& at, std::string_view utf8) {
  if (at.plain()) return at.pool.literal(utf8);
  std::vector<ExprId> parts;
  for (uint32_t c : decode_utf8(utf8)) {
    CodePointRange one{c, c};
    parts.push_back(at.alphabet.chars(at.pool, std::span<const CodePointRange>(&one, 1)));
  }
  return at.pool.concat(parts);
}

// A part without look-around; a lexeme where it can be one.
ExprId as_part(Building& at, ExprId e) { return at.plain() ? as_lexeme(at.pool, e) : e; }

// A part of a sequence: running text is a lexeme there, whatever it is made of.
ExprId build_stretch(const Term& part, Building& at) {
  const ExprId e = part.build(at);
  const Kind kind = at.pool.node(e).kind;
  return kind == Kind::Conj || kind == Kind::Not || kind == Kind::Rule ? as_part(at, e) : e;
}

bool all_loose(const std::vector<TermPtr>& parts) {
  return std::ranges::all_of(parts, [](const TermPtr& part) { return part->loose(); });
}

void need_plain(const Building& at, const char* what) {
  if (!at.plain())
    throw Error(ErrorKind::Unsupported, std::string(what) + " cannot be asked of the text of a JSON string; write a regular constraint there");
}

}  // namespace

namespace terms {

TermPtr literal(std::string utf8) {
  return make([utf8 = std::move(utf8)](Building& at) { return spelled(at, utf8); });
}

TermPtr words(std::vector<std::string> list) {
  return make([list = std::move(list)](Building& at) {
    if (at.plain()) return at.pool.words(list);
    std::vector<ExprId> arms;
    for (const std::string& word : list) arms.push_back(spelled(at, word));
    return factored_alt(at.pool, arms);
  });
}

TermPtr regex(std::string pattern, PatternOptions options) {
  return make([pattern = std::move(pattern), options](Building& at) {
    ExprId e = compile_pattern(at.pool, pattern, options, at.alphabet);
    return at.plain() ? as_lexeme(at.pool, e) : closed(at.pool, e);
  });
}

TermPtr json_schema(std::string schema, SchemaOptions options, const std::vector<std::pair<std::string, TermPtr>>& where) {
  for (const auto& [pointer, text] : where)
    options.where.push_back({pointer, [text = text](ExprPool& pool, const Alphabet& alphabet) {
                               std::vector<std::string> unenforced;  // what is regular is enforced
                               Building at{pool, alphabet, unenforced};
                               return text->build(at);
                             }});
  return make([schema = std::move(schema), options = std::move(options)](Building& at) {
    need_plain(at, "a JSON schema");
    SchemaResult result = compile_schema(at.pool, schema, options);
    at.unenforced.insert(at.unenforced.end(), result.unenforced.begin(), result.unenforced.end());
    return result.root;
  });
}

TermPtr json_value(SchemaOptions options) {
  return make([options = std::move(options)](Building& at) {
    need_plain(at, "a JSON document");
    return compile_json_value(at.pool, options).root;
  });
}

TermPtr format(std::string name) {
  return make([name = std::move(name)](Building& at) {
    std::optional<ExprId> e = format_expression(at.pool, name, at.alphabet, 0);
    if (!e) throw Error(ErrorKind::Unsupported, "the format '" + name + "' is not known");
    return at.plain() ? as_lexeme(at.pool, *e) : closed(at.pool, *e);
  });
}

TermPtr text(std::string stop) {
  return make([stop = std::move(stop)](Building& at) {
    ExprPool& pool = at.pool;
    if (stop.empty()) return as_part(at, at.anything());
    const ExprId end = spelled(at, stop), any = at.anything();
    const ExprId early = pool.concat({any, end, at.alphabet.any(pool), any});
    const ExprId e = pool.conj(pool.concat(any, end), pool.complement(early));
    return as_part(at, e);
  });
}

TermPtr occurrences(std::vector<std::vector<std::string>> steps, PhraseOptions options) {
  return make_loose([steps = std::move(steps), options](Building& at) { return decodex::occurrences(at.pool, at.alphabet, steps, options); });
}

TermPtr length(std::string unit, uint32_t min, uint32_t max) {
  return make([unit = std::move(unit), min, max](Building& at) { return counted_units(at.pool, at.alphabet, unit, min, max); });
}

TermPtr unit_at(std::string unit, int32_t position, TermPtr content) {
  return make([unit = std::move(unit), position, content = std::move(content)](Building& at) {
    return as_part(at, decodex::unit_at(at.pool, at.alphabet, unit, position, content->build(at)));
  });
}

TermPtr until_trigger(std::vector<std::string> triggers, uint32_t index) {
  return make([triggers = std::move(triggers), index](Building& at) {
    return as_part(at, decodex::until_trigger(at.pool, at.alphabet, triggers, index));
  });
}

TermPtr without_triggers(std::vector<std::string> triggers) {
  return make([triggers = std::move(triggers)](Building& at) {
    return as_part(at, decodex::without_triggers(at.pool, at.alphabet, triggers));
  });
}

TermPtr substrings(std::string source, bool whole_words) {
  return make([source = std::move(source), whole_words](Building& at) {
    return as_part(at, decodex::substrings(at.pool, at.alphabet, source, whole_words));
  });
}

TermPtr numbered(TermPtr item, Numbering numbering, uint32_t min, uint32_t max) {
  if (max > kMostItems) throw Error(ErrorKind::Limit, "there are at most 10,000 numbered items");
  return make([item = std::move(item), numbering = std::move(numbering), min, max](Building& at) {
    const ExprId one = item->build(at);
    std::string name = "numbered " + std::to_string(at.alphabet.id());
    for (uint32_t number : {static_cast<uint32_t>(one), numbering.first, min, max}) name += " " + std::to_string(number);
    for (const std::string* part : {&numbering.before, &numbering.behind, &numbering.separator}) name += " " + std::to_string(part->size()) + ":" + *part;
    return as_part(at, walks(at.pool, name, [&] {
      Graph graph;   // state i: i items have been read
      for (uint32_t i = 0; i <= max; ++i) graph.add(i >= min);
      const ExprId tail = at.pool.concat(spelled(at, numbering.behind), one);
      for (uint32_t i = 0; i < max; ++i) {
        const std::string label = (i > 0 ? numbering.separator : "") + numbering.before + std::to_string(uint64_t{numbering.first} + i);
        graph.arc(i, at.pool.concat(spelled(at, label), tail), i + 1);
      }
      return graph;
    }));
  });
}

TermPtr concat(std::vector<TermPtr> parts) {
  return make([parts = std::move(parts)](Building& at) {
    std::vector<ExprId> out;
    for (const TermPtr& part : parts) out.push_back(build_stretch(*part, at));
    return at.pool.concat(out);
  });
}

TermPtr alt(std::vector<TermPtr> arms) {
  const bool loose = all_loose(arms);
  return std::make_shared<FunctionTerm>(loose, [arms = std::move(arms), loose](Building& at) {
    std::vector<ExprId> out;
    for (const TermPtr& arm : arms) out.push_back(loose ? arm->build_loose(at) : arm->build(at));
    return at.pool.alt(out);
  });
}

TermPtr conj(std::vector<TermPtr> parts) {
  const bool loose = all_loose(parts);
  return std::make_shared<FunctionTerm>(loose, [parts = std::move(parts)](Building& at) {
    std::vector<ExprId> out;
    for (const TermPtr& part : parts) out.push_back(part->build_loose(at));
    return at.pool.conj(out);
  });
}

TermPtr complement(TermPtr inner) {
  return make_loose([inner = std::move(inner)](Building& at) { return at.pool.complement(inner->build_loose(at)); });
}

TermPtr repeat(TermPtr inner, uint32_t min, uint32_t max) {
  return make([inner = std::move(inner), min, max](Building& at) { return at.pool.repeat(build_stretch(*inner, at), min, max); });
}

TermPtr terminal(std::string pattern, PatternOptions options) {
  return make([pattern = std::move(pattern), options](Building& at) {
    need_plain(at, "a terminal of a grammar");
    return compile_terminal(at.pool, pattern, options);
  });
}

TermPtr grammar(GrammarTerms grammar, RuleId start) {
  return make([grammar = std::move(grammar), start](Building& at) {
    need_plain(at, "a grammar");
    std::vector<ExprId> leaves;
    for (const GrammarTerms::Leaf& leaf : grammar.leaves) {
      try {
        leaves.push_back(leaf.term->build(at));
      } catch (const Error& error) {
        throw Error(error.kind, leaf.name + ": " + error.what(), error.location);
      }
      if (!at.pool.live(leaves.back()))
        throw Error(ErrorKind::Unsatisfiable, leaf.name + ": no text matches it; widen it or leave it out");
    }
    return compile_grammar(at.pool, grammar.rules, std::move(leaves), start);
  });
}

}  // namespace terms

Built build_root(const Term& term, ExprPool& pool) {
  Built built;
  const Utf8Alphabet alphabet;
  Building at{pool, alphabet, built.unenforced};
  built.root = as_lexeme(pool, term.build(at));
  if (built.root == kEmpty || !pool.live(built.root))
    throw Error(ErrorKind::Unsatisfiable, "no text satisfies this constraint; remove or widen one of its parts");
  return built;
}

std::vector<size_t> accepted_prefixes(const Term& term, std::string_view text) {
  ExprPool pool;
  ExprId state;
  {
    std::lock_guard lock(pool.mutex());
    try {
      state = build_root(term, pool).root;
    } catch (const Error& error) {
      if (error.kind != ErrorKind::Unsatisfiable) throw;
      return {};
    }
  }
  std::vector<size_t> out;
  for (size_t i = 0; state != kEmpty; ++i) {
    if (pool.accepting(state)) out.push_back(i);
    if (i == text.size()) break;
    state = pool.step(state, static_cast<uint8_t>(text[i]));
  }
  return out;
}

}  // namespace decodex
