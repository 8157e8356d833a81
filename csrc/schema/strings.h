// Strings of a schema as expressions: patterns, formats, lengths and enumerations over the spelling of JSON strings,
// and interned texts. An expression for a string ends with its closing quote and lacks the opening one, so that the end
// of a string is inside its lexeme and every unconstrained string of every schema is one shared expression.
//
// Patterns and formats are compiled when first asked for. Cost: an expression per distinct form, remembered.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "expr/pool.h"
#include "schema/forms.h"
#include "schema/json_alphabet.h"
#include "schema/options.h"

namespace decodex {

class Strings {
 public:
  Strings(ExprPool& pool, const SchemaOptions& options);

  StringId intern(std::string_view text);
  std::string_view text(StringId id) const { return texts_[static_cast<size_t>(id)]; }

  // `pointer` says where the pattern stands, for messages. A pattern that cannot be compiled is refused; nullopt: it is
  // not supported and the options say to leave it out.
  std::optional<PatternId> intern_pattern(std::string_view text, const std::string& pointer);
  // Texts that are known already as an expression over the alphabet, without a quote.
  PatternId add_pattern(ExprId texts);
  const Alphabet& alphabet() const { return alphabet_; }
  ExprId pattern(PatternId id) const { return patterns_[static_cast<size_t>(id)]; }
  bool matches(PatternId id, StringId text);
  // The format's number, or -1 where it is unknown.
  int32_t intern_format(std::string_view name, Draft draft);

  // The strings of a form, without the opening quote.
  ExprId expression(const StringForm& form);
  // Length in bytes of the shortest string of a form, with both quotes; kInfinite when there is none.
  uint32_t shortest(const StringForm& form);
  // Is the form found empty? False too where that would take too long a search.
  bool surely_empty(const StringForm& form);
  bool contains(const StringForm& form, StringId text);
  // Union of forms, without the opening quote.
  ExprId expression(const std::vector<StringForm>& forms);

  // One text as it is spelled inside quotes, under the escape policy.
  ExprId spelling(std::string_view text);
  ExprId spelling_then(std::string_view text, ExprId tail);
  // Bytes of the shortest spelling, without quotes.
  static uint32_t spelled_length(std::string_view text);
  // The given texts, each followed by a closing quote.
  ExprId words(std::vector<std::string_view> texts);
  // Any string, without the opening quote.
  ExprId any() const { return any_; }
  ExprId quote() const { return quote_; }
  // The text of a spelled string (without quotes): escapes resolved.
  static std::string decode(std::string_view spelled);
  // Appends the canonical spelling of a text.
  static void spell(std::string& out, std::string_view text);

 private:
  ExprId body(const StringForm& form);
  ExprId constrained(const StringForm& form);
  bool fold_length(ExprId& pattern, uint32_t min, uint32_t max);
  ExprId word_trie(const std::vector<std::string_view>& sorted);

  ExprPool& pool_;
  const SchemaOptions& options_;
  JsonAlphabet alphabet_;
  ExprId any_character_, quote_, any_;
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, StringId> text_ids_;
  std::unordered_map<std::string, std::optional<PatternId>> pattern_ids_;
  std::vector<ExprId> patterns_;
  std::unordered_map<uint64_t, bool> matches_;
  std::unordered_map<std::string, int32_t> format_ids_;
  std::vector<ExprId> formats_;
  std::unordered_map<uint32_t, ExprId> characters_;  // in Any: spellings of one character
};

// The first code point of a text and how many bytes it takes; the text must be valid UTF-8 and not empty.
std::pair<uint32_t, uint32_t> first_code_point(std::string_view text);

}  // namespace decodex
