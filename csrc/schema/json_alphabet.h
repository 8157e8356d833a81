// Characters as they are spelled inside JSON strings, between the quotes.
//
// Canonical: one spelling for each character, that of json.dumps(ensure_ascii=False) in Python: itself, but for the
// short escapes \" \\ \b \f \n \r \t, and \u00xx with lower-case digits for the other controls. Any: itself, its short
// escape (\/ too) and \uXXXX in either case, for characters beyond U+FFFF as a surrogate pair. Lone surrogates are no
// characters.
#pragma once

#include <span>
#include <string_view>

#include "expr/pool.h"
#include "syntax/alphabet.h"

namespace decodex {

class JsonAlphabet final : public Alphabet {
 public:
  enum class Escapes { Canonical, Any };
  explicit JsonAlphabet(Escapes escapes) : escapes_(escapes) {}

  ExprId chars(ExprPool& pool, std::span<const CodePointRange> ranges) const override;
  ExprId any(ExprPool& pool) const override;
  int id() const override { return escapes_ == Escapes::Canonical ? 1 : 2; }
  Escapes escapes() const { return escapes_; }

 private:
  Escapes escapes_;
};

// Any string without its quotes.
ExprId json_string_body(ExprPool& pool, const Alphabet& alphabet);
// Exactly this text, quotes included. Error(Constraint) when it is not valid UTF-8.
ExprId json_quoted(ExprPool& pool, const Alphabet& alphabet, std::string_view utf8_text);

}  // namespace decodex
