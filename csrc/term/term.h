// A constraint as it is handed to the core: an immutable tree that belongs to no pool and no vocabulary. build() makes
// it an expression of a pool; the same term can be built again in a fresh pool when an old one has grown too large.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/pool.h"
#include "grammar/grammar.h"
#include "schema/options.h"
#include "syntax/alphabet.h"
#include "syntax/pattern_compiler.h"
#include "text/phrases.h"

namespace decodex {

struct Built {
  ExprId root;
  std::vector<std::string> unenforced;   // what the user allowed to be left out, with its place
};

// Where a term is built. (pool lock held)
struct Building {
  ExprPool& pool;
  const Alphabet& alphabet;              // how its characters are spelled: as UTF-8, or inside a JSON string
  std::vector<std::string>& unenforced;  // appended to

  bool plain() const { return alphabet.id() == 0; }
  // Any text.
  ExprId anything() const { return pool.star(alphabet.any(pool)); }
};

class Term {
 public:
  virtual ~Term() = default;
  // The texts of the term. Error(Unsupported) where they are no regular language and the alphabet is not plain.
  ExprId build(Building& at) const { return loose() ? at.pool.conj(at.anything(), build_loose(at)) : build_loose(at); }
  // The same, but for a loose term with byte strings in it that are no texts; to be joined to something that has none.
  virtual ExprId build_loose(Building& at) const = 0;
  virtual bool loose() const { return false; }
};

using TermPtr = std::shared_ptr<const Term>;

// A context-free grammar whose leaves are terms.
struct GrammarTerms {
  struct Leaf {
    TermPtr term;
    std::string name;   // with its place, for messages
  };
  Grammar rules;
  std::vector<Leaf> leaves;
};

namespace terms {

TermPtr literal(std::string utf8);
TermPtr words(std::vector<std::string> words);
TermPtr regex(std::string pattern, PatternOptions options);
// `where`: terms for the decoded text of the strings at a JSON Pointer (see WhereText).
TermPtr json_schema(std::string schema, SchemaOptions options,
                    const std::vector<std::pair<std::string, TermPtr>>& where = {});
TermPtr json_value(SchemaOptions options);
// A format of the JSON Schema specification as plain text. Throws Error(Unsupported) for an unknown one when built.
TermPtr format(std::string name);
// Free text; with a stop string, free text up to and with its first occurrence.
TermPtr text(std::string stop);
// Texts with phrases in them, one after the other (see occurrences()).
TermPtr occurrences(std::vector<std::vector<std::string>> steps, PhraseOptions options);
// Texts of so many units (see counted_units()).
TermPtr length(std::string unit, uint32_t min, uint32_t max);
// Texts whose unit at a position is in `content` (see unit_at()).
TermPtr unit_at(std::string unit, int32_t position, TermPtr content);
// Free text up to and with the first of the triggers, if that is triggers[index] (see until_trigger()).
TermPtr until_trigger(std::vector<std::string> triggers, uint32_t index);
// Free text in which none of the triggers occurs.
TermPtr without_triggers(std::vector<std::string> triggers);
// Substrings of a text (see substrings()).
TermPtr substrings(std::string source, bool whole_words);
// What is written around numbered items: `before`, the running index from `first` on, `behind`, the item; `separator`
// between two of them. At most 10,000 items: Error(Limit).
struct Numbering {
  std::string before, behind, separator;
  uint32_t first = 1;
};
TermPtr numbered(TermPtr item, Numbering numbering, uint32_t min, uint32_t max);
TermPtr concat(std::vector<TermPtr> parts);
TermPtr alt(std::vector<TermPtr> arms);
TermPtr conj(std::vector<TermPtr> parts);
// Every text that is not in `inner`.
TermPtr complement(TermPtr inner);
TermPtr repeat(TermPtr inner, uint32_t min, uint32_t max);
// A terminal of a grammar: see grammar/terminal.h.
TermPtr terminal(std::string pattern, PatternOptions options);
// The texts of a rule. Throws Error(Unsatisfiable) when built, where a leaf or the rule has none.
TermPtr grammar(GrammarTerms grammar, RuleId start);

}  // namespace terms

// The lengths in bytes of the beginnings of `text` that satisfy the term, ascending. Throws as build_root(), except that
// there are none where no text satisfies it.
std::vector<size_t> accepted_prefixes(const Term& term, std::string_view text);

// The whole term as the root state of a matcher. Throws Error(Unsatisfiable) when no text satisfies it.
Built build_root(const Term& term, ExprPool& pool);

}  // namespace decodex
