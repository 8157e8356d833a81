#include "schema/strings.h"

#include <algorithm>

#include "base/error.h"
#include "json/parser.h"
#include "schema/formats.h"
#include "syntax/pattern_compiler.h"

namespace decodex {

std::pair<uint32_t, uint32_t> first_code_point(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(text[i])); };
  uint32_t b = byte(0);
  if (b < 0x80) return {b, 1};
  if (b < 0xE0) return {(b & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  if (b < 0xF0) return {(b & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F), 3};
  return {(b & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F), 4};
}

Strings::Strings(ExprPool& pool, const SchemaOptions& options)
    : pool_(pool),
      options_(options),
      alphabet_(options.escapes_any ? JsonAlphabet::Escapes::Any : JsonAlphabet::Escapes::Canonical),
      any_character_(alphabet_.any(pool)),
      quote_(pool.byte('"')),
      any_(pool.lexeme(pool.concat(pool.star(any_character_), quote_))) {}

StringId Strings::intern(std::string_view text) {
  auto known = text_ids_.find(text);
  if (known != text_ids_.end()) return known->second;
  texts_.emplace_back(text);
  StringId id{static_cast<uint32_t>(texts_.size() - 1)};
  text_ids_.emplace(texts_.back(), id);
  return id;
}

std::optional<PatternId> Strings::intern_pattern(std::string_view text, const std::string& pointer) {
  auto [it, fresh] = pattern_ids_.try_emplace(std::string(text), PatternId{static_cast<uint32_t>(patterns_.size())});
  if (!fresh) return it->second;
  PatternOptions how;
  how.dialect = Dialect::Ecma;
  how.search = true;
  try {
    add_pattern(compile_pattern(pool_, text, how, alphabet_));
  } catch (const Error& error) {
    if (error.kind == ErrorKind::Unsupported && options_.unsupported_ignore) return it->second = std::nullopt;
    pattern_ids_.erase(it);
    throw Error(error.kind, "the pattern at " + pointer + " cannot be used: " + error.what(), pointer);
  }
  return it->second;
}

PatternId Strings::add_pattern(ExprId texts) {
  // What a look-around sees is the string's own text, without the quote behind it.
  if (pool_.node(texts).flags & (kLookahead | kLookbehind)) texts = pool_.lexeme(texts);
  patterns_.push_back(texts);
  return PatternId{static_cast<uint32_t>(patterns_.size() - 1)};
}

bool Strings::matches(PatternId id, StringId text) {
  const uint64_t key = uint64_t{static_cast<uint32_t>(id)} << 32 | static_cast<uint32_t>(text);
  if (const auto known = matches_.find(key); known != matches_.end()) return known->second;
  ExprId state = pattern(id);
  std::string spelled;
  spell(spelled, this->text(text));
  for (char c : spelled) {
    if (state == kEmpty) break;
    state = pool_.derive(state, static_cast<uint8_t>(c));
  }
  return matches_[key] = state != kEmpty && pool_.nullable(state);
}

int32_t Strings::intern_format(std::string_view name, Draft draft) {
  std::string key(name);
  key.push_back(static_cast<char>('0' + static_cast<int>(draft)));
  if (const auto known = format_ids_.find(key); known != format_ids_.end()) return known->second;
  static constexpr uint8_t kNumbers[] = {4, 6, 7, 19, 20};
  std::optional<ExprId> e = format_expression(pool_, name, alphabet_, kNumbers[static_cast<int>(draft)]);
  if (!e) return format_ids_[key] = -1;
  if (pool_.node(*e).flags & (kLookahead | kLookbehind)) e = pool_.lexeme(*e);
  formats_.push_back(*e);
  return format_ids_[key] = static_cast<int32_t>(formats_.size() - 1);
}

// ---- spelling ----

void Strings::spell(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (char c : text) {
    auto b = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (b >= 0x20) {
      out.push_back(c);
    } else if (size_t i = std::string_view("\b\f\n\r\t").find(c); i != std::string_view::npos) {
      out.push_back('\\');
      out.push_back("bfnrt"[i]);
    } else {
      out += "\\u00";
      out.push_back(kHex[b >> 4]);
      out.push_back(kHex[b & 15]);
    }
  }
}

uint32_t Strings::spelled_length(std::string_view text) {
  uint32_t length = 0;
  for (char c : text) {
    auto b = static_cast<uint8_t>(c);
    if (b >= 0x20)
      length += c == '"' || c == '\\' ? 2 : 1;
    else
      length += c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t' ? 2 : 6;
  }
  return length;
}

ExprId Strings::spelling_then(std::string_view text, ExprId tail) {
  if (!options_.escapes_any) {
    std::string spelled;
    spell(spelled, text);
    return pool_.literal_then(spelled, tail);
  }
  std::vector<ExprId> parts;
  while (!text.empty()) {
    auto [code, size] = first_code_point(text);
    auto known = characters_.find(code);
    if (known == characters_.end()) {
      const CodePointRange range{code, code};
      known = characters_.emplace(code, alphabet_.chars(pool_, std::span<const CodePointRange>(&range, 1))).first;
    }
    parts.push_back(known->second);
    text.remove_prefix(size);
  }
  for (size_t i = parts.size(); i-- > 0;) tail = pool_.concat(parts[i], tail);
  return tail;
}

ExprId Strings::spelling(std::string_view text) { return spelling_then(text, kEpsilon); }

std::string Strings::decode(std::string_view spelled) {
  if (spelled.find('\\') == std::string_view::npos) return std::string(spelled);
  json::Store store;
  return std::string(store.text(json::parse(store, "\"" + std::string(spelled) + "\"")));
}

ExprId Strings::words(std::vector<std::string_view> texts) {
  if (!options_.escapes_any) {
    std::vector<std::string> spelled;
    spelled.reserve(texts.size());
    for (std::string_view t : texts) {
      spelled.emplace_back();
      spell(spelled.back(), t);
      spelled.back().push_back('"');
    }
    return pool_.words(spelled);
  }
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts.empty() ? kEmpty : word_trie(texts);
}

// A trie over characters, built from the last word to the first: `open` holds, for every depth of the current word, the
// branches that are complete.
ExprId Strings::word_trie(const std::vector<std::string_view>& sorted) {
  struct Level {
    size_t begin;  // byte of the word where this character begins
    std::vector<ExprId> branches;
  };
  std::vector<Level> open{{0, {}}};
  std::string_view current;
  auto close_to = [&](size_t keep) {  // folds the levels of `current` that begin after byte `keep`
    while (open.back().begin > keep) {
      ExprId below = pool_.alt(open.back().branches);
      size_t end = open.back().begin;
      open.pop_back();
      open.back().branches.push_back(spelling_then(current.substr(open.back().begin, end - open.back().begin), below));
    }
  };
  for (std::string_view word : sorted) {
    size_t common = 0;
    while (common < word.size() && common < current.size() && word[common] == current[common]) ++common;
    while (common > 0 && common < word.size() && (word[common] & 0xC0) == 0x80) --common;
    while (common > 0 && common < current.size() && (current[common] & 0xC0) == 0x80) --common;
    close_to(common);
    current = word;
    for (size_t at = common; at < word.size();) {
      at += first_code_point(word.substr(at)).second;
      open.push_back({at, {}});
    }
    open.back().branches.push_back(quote_);
  }
  close_to(0);
  return pool_.alt(open.front().branches);
}

// ---- forms ----

// A run of single-byte classes with one repeat among them takes a length condition into the repeat's counts.
bool Strings::fold_length(ExprId& pattern, uint32_t min, uint32_t max) {
  auto single = [this](ExprId e) {
    if (e == any_character_) return true;
    const Node& n = pool_.node(e);
    if (n.kind != Kind::Bytes) return false;
    ByteSet plain = ByteSet::range(0x20, 0x7F);
    plain.words['\\' >> 6] &= ~(uint64_t{1} << ('\\' & 63));
    return (*n.set & ~plain).empty();
  };
  std::vector<ExprId> parts;
  ExprId rest = pattern;
  for (; pool_.node(rest).kind == Kind::Concat && parts.size() < 64; rest = ExprId{pool_.node(rest).b})
    parts.push_back(ExprId{pool_.node(rest).a});
  parts.push_back(rest);
  size_t repeat = parts.size();
  uint32_t fixed = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (single(parts[i])) {
      ++fixed;
      continue;
    }
    const Node& n = pool_.node(parts[i]);
    if (n.kind != Kind::Repeat || !single(ExprId{n.a}) || repeat != parts.size()) return false;
    repeat = i;
  }
  if (repeat == parts.size()) {  // the length is fixed
    if (fixed < min || fixed > max) pattern = kEmpty;
    return true;
  }
  const Node& n = pool_.node(parts[repeat]);
  if (max < fixed) {
    pattern = kEmpty;
    return true;
  }
  uint32_t low = std::max(n.b, min > fixed ? min - fixed : 0);
  uint32_t high = max == kUnbounded ? n.c : std::min(n.c, max - fixed);
  parts[repeat] = low > high ? kEmpty : pool_.repeat(ExprId{n.a}, low, high);
  pattern = pool_.concat(parts);
  return true;
}

// The texts of a form by its length and parts alone, without a quote.
ExprId Strings::constrained(const StringForm& form) {
  std::vector<ExprId> needed, denied;
  for (StringPart part : form.parts) {
    ExprId e = part.is_format() ? formats_[part.id()] : patterns_[part.id()];
    (part.negated() ? denied : needed).push_back(e);
  }
  bool bounded = form.min > 0 || form.max != kUnbounded;
  if (bounded) {
    bool folded = false;
    for (ExprId& e : needed)
      if (fold_length(e, form.min, form.max)) folded = true;
    if (!folded) needed.push_back(pool_.repeat(any_character_, form.min, form.max));
  }
  if (needed.empty()) needed.push_back(pool_.star(any_character_));
  for (ExprId e : denied) needed.push_back(pool_.complement(e));
  return pool_.conj(needed);
}

ExprId Strings::expression(const StringForm& form) {
  if (form.open()) return any_;
  if (form.words) {
    std::vector<std::string_view> kept;
    StringForm rest = form;
    rest.words.reset();
    bool all = rest.open();
    for (StringId id : *form.words)
      if (all || contains(rest, id)) kept.push_back(text(id));
    return words(std::move(kept));
  }
  ExprId out = pool_.concat(constrained(form), quote_);
  if (!form.excluded.empty()) {
    std::vector<std::string_view> texts;
    for (StringId id : form.excluded) texts.push_back(text(id));
    out = pool_.conj(out, pool_.complement(words(std::move(texts))));
  }
  return pool_.lexeme(out);
}

ExprId Strings::expression(const std::vector<StringForm>& forms) {
  std::vector<ExprId> arms;
  for (const StringForm& form : forms) arms.push_back(expression(form));
  return pool_.alt(arms);
}

bool Strings::contains(const StringForm& form, StringId id) {
  if (form.words && !std::binary_search(form.words->begin(), form.words->end(), id)) return false;
  if (std::binary_search(form.excluded.begin(), form.excluded.end(), id)) return false;
  if (form.min > 0 || form.max != kUnbounded) {
    auto characters = std::ranges::count_if(text(id), [](char c) { return (c & 0xC0) != 0x80; });
    if (characters < form.min || static_cast<uint64_t>(characters) > form.max) return false;
  }
  if (form.parts.empty()) return true;
  std::string spelled;
  spell(spelled, text(id));
  for (StringPart part : form.parts) {
    bool meets;
    if (part.is_format()) {
      ExprId state = formats_[part.id()];
      for (size_t i = 0; i < spelled.size() && state != kEmpty; ++i)
        state = pool_.derive(state, static_cast<uint8_t>(spelled[i]));
      meets = state != kEmpty && pool_.nullable(state);
    } else {
      meets = matches(PatternId{part.id()}, id);
    }
    if (meets == part.negated()) return false;
  }
  return true;
}

bool Strings::surely_empty(const StringForm& form) {
  if (form.words)
    return std::none_of(form.words->begin(), form.words->end(), [&](StringId id) { return contains(form, id); });
  if (form.parts.size() < 2 && form.excluded.empty()) return shortest(form) == kInfinite;
  try {
    return shortest(form) == kInfinite;
  } catch (const Error& error) {
    if (error.kind != ErrorKind::Limit) throw;
    return false;
  }
}

uint32_t Strings::shortest(const StringForm& form) {
  if (form.words && form.parts.empty() && form.min == 0 && form.max == kUnbounded) {
    uint32_t best = kInfinite;
    for (StringId id : *form.words) best = std::min(best, spelled_length(text(id)) + 2);
    return best;
  }
  if (!form.words && form.parts.empty() && form.excluded.empty())
    return form.min > kInfinite - 3 ? kInfinite - 1 : form.min + 2;
  uint32_t length = pool_.shortest(expression(form));
  return length == kInfinite ? kInfinite : length + 1;
}

}  // namespace decodex
