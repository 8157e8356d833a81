#include "syntax/pattern_parser.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/utf8.h"
#include "syntax/pattern_escape.h"
#include "syntax/unicode.h"

namespace decodex {

namespace {

bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }

class Parser {
 public:
  Parser(std::string_view utf8, const PatternOptions& options, uint32_t nesting)
      : flags_(options.flags), nesting_(nesting), ecma_(options.dialect == Dialect::Ecma) {
    ast_.text = decode_utf8(utf8, "pattern");
  }

  PatternAst parse(Dialect dialect) {
    PatternSource source{ast_.text, dialect};
    source_ = &source;
    if (ecma_) flags_.verbose = flags_.ascii = false;
    frames_.push_back({AstKind::Empty, 0, 0, 0, 0, flags_});
    while (source.more()) parse_next();
    if (frames_.size() > 1)
      source.fail(frames_.back().at, "the group has no closing ')'", "write '\\(' for a parenthesis");
    ast_.root = fold_group();
    source_ = nullptr;
    return std::move(ast_);
  }

 private:
  struct Frame {             // an open group
    AstKind wrap;            // Empty: nothing; Look or Atomic
    uint8_t detail;
    size_t at;
    size_t items;            // where its items and its finished alternatives begin
    size_t arms;
    PatternFlags outside;    // the flags to go back to
  };

  // ---- making nodes ----

  AstId make(AstNode node) {
    ast_.nodes.push_back(node);
    return AstId{static_cast<uint32_t>(ast_.nodes.size() - 1)};
  }
  AstNode at(AstKind kind, size_t where) const {
    AstNode node{kind};
    node.at = static_cast<uint32_t>(where);
    return node;
  }
  void push(AstNode node) {
    items_.push_back(make(node));
    quantified_ = false;
  }
  void push_set(const CharSet& set, size_t where) {
    auto [known, fresh] = set_ids_.try_emplace(set, static_cast<uint32_t>(ast_.sets.size()));
    if (fresh) ast_.sets.push_back(set);
    AstNode node = at(AstKind::Set, where);
    node.a = known->second;
    push(node);
  }
  void push_char(char32_t c, size_t where) {
    if (flags_.ignore_case) {
      CharSet set = char_variants(c, source_->dialect, flags_);
      if (set.count() > 1) return push_set(set, where);
    }
    AstNode node = at(AstKind::Char, where);
    node.a = c;
    push(node);
  }
  void push_assert(AssertKind kind, size_t where) {
    AstNode node = at(AstKind::Assert, where);
    node.detail = static_cast<uint8_t>(kind);
    node.extra = static_cast<uint8_t>(meaning_of(source_->dialect, flags_));
    push(node);
  }

  // The nodes of `from` since `begin` as one node, taken off.
  AstId fold(std::vector<AstId>& from, size_t begin, AstKind kind, size_t where) {
    size_t count = from.size() - begin;
    AstId out{};
    if (count == 0) {
      out = make(at(AstKind::Empty, where));
    } else if (count == 1) {
      out = from.back();
    } else {
      AstNode node = at(kind, where);
      node.a = static_cast<uint32_t>(ast_.children.size());
      node.b = static_cast<uint32_t>(count);
      ast_.children.insert(ast_.children.end(), from.begin() + static_cast<ptrdiff_t>(begin), from.end());
      out = make(node);
    }
    from.resize(begin);
    return out;
  }
  void fold_arm() {
    const Frame& frame = frames_.back();
    AstId arm = fold(items_, frame.items, AstKind::Concat, frame.at);
    arms_.push_back(arm);
    quantified_ = false;
  }
  AstId fold_group() {
    fold_arm();
    return fold(arms_, frames_.back().arms, AstKind::Alt, frames_.back().at);
  }

  // ---- reading ----

  void parse_next() {
    PatternSource& source = *source_;
    size_t where = source.pos;
    char32_t c = source.peek();
    if (flags_.verbose && skip_blank(c)) return;
    switch (c) {
      case U'\\':
        return push_escape(where);
      case U'[':
        return push_set(parse_class(source, flags_), where);
      case U'*':
      case U'+':
      case U'?':
        ++source.pos;
        return quantify(where, c == U'+' ? 1 : 0, c == U'?' ? 1 : kUnbounded);
      case U'{':
        if (parse_braces(where)) return;
        break;
      default:
        break;
    }
    ++source.pos;
    switch (c) {
      case U'(': return open_group(where);
      case U')': return close_group(where);
      case U'|': return fold_arm();
      case U'.': return push_set(dot(), where);
      case U'^': return push_assert(flags_.multiline ? AssertKind::LineStart : AssertKind::TextStart, where);
      case U'$':
        return push_assert(flags_.multiline ? AssertKind::LineEnd : ecma_ ? AssertKind::TextEnd : AssertKind::FinalLineEnd,
                           where);
      default: return push_char(c, where);
    }
  }

  bool skip_blank(char32_t c) {
    if (c == U' ' || (c >= U'\t' && c <= U'\r')) {
      ++source_->pos;
      return true;
    }
    if (c != U'#') return false;
    while (source_->more() && ast_.text[source_->pos++] != U'\n') {}
    return true;
  }

  CharSet dot() const {
    if (flags_.dot_all) return CharSet::all();
    if (ecma_) return CharSet({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}).complement();
    return CharSet::of('\n').complement();
  }

  void push_escape(size_t where) {
    Escape escape = parse_escape(*source_, flags_, false, groups_);
    switch (escape.kind) {
      case Escape::Kind::Char: return push_char(escape.c, where);
      case Escape::Kind::Set: return push_set(escape.set, where);
      case Escape::Kind::Assert: return push_assert(escape.assert, where);
    }
  }

  // ---- quantifiers ----

  std::optional<uint64_t> parse_number() {
    if (!is_digit(source_->peek())) return std::nullopt;
    uint64_t value = 0;
    while (is_digit(source_->peek())) {
      value = std::min<uint64_t>(value * 10 + (source_->peek() - U'0'), uint64_t{kUnbounded});
      ++source_->pos;
    }
    return value;
  }

  // A quantifier in braces; false, with nothing read, when the brace is only a character.
  bool parse_braces(size_t where) {
    PatternSource& source = *source_;
    ++source.pos;
    bool quantifier = source.peek() != U'}';
    std::optional<uint64_t> low = parse_number(), high = low;
    bool bounded = true;
    if (source.match(U',')) {
      high = parse_number();
      bounded = high.has_value();
      quantifier = quantifier && (low || !ecma_);
    } else {
      quantifier = quantifier && low;
    }
    if (!quantifier || !source.match(U'}')) {
      source.pos = where;
      return false;
    }
    uint64_t min = low.value_or(0), max = bounded ? *high : uint64_t{kUnbounded};
    if (min >= kUnbounded || (bounded && max >= kUnbounded))
      throw_pattern_error(ErrorKind::Limit, ast_.text, where, "a repetition counts to 4294967294 at most",
                          "write {n,} for no upper limit");
    if (min > max)
      source.fail(where, "the least number of repetitions is above the greatest", "write the smaller number first");
    quantify(where, static_cast<uint32_t>(min), static_cast<uint32_t>(max));
    return true;
  }

  void quantify(size_t where, uint32_t min, uint32_t max) {
    PatternSource& source = *source_;
    bool none = items_.size() == frames_.back().items;
    if (!none && quantified_)
      source.fail(where, "a repetition is repeated", "put the inner one into (?:...)");
    if (!none) {
      const AstNode& last = ast_.node(items_.back());
      bool behind = ecma_ && last.kind == AstKind::Look && (last.detail & kLookBehind);
      none = (last.kind == AstKind::Assert || behind) && items_.back() != grouped_;
    }
    if (none) source.fail(where, "there is nothing to repeat", "write a backslash before it for the character");
    AstNode repeat = at(AstKind::Repeat, where);
    repeat.a = static_cast<uint32_t>(items_.back());
    repeat.b = min;
    repeat.c = max;
    bool possessive = !ecma_ && source.match(U'+');
    if (!possessive && source.match(U'?')) repeat.detail = 1;
    AstId made = min == 1 && max == 1 ? items_.back() : make(repeat);
    if (possessive) {
      AstNode atomic = at(AstKind::Atomic, where);
      atomic.a = static_cast<uint32_t>(made);
      made = make(atomic);
    }
    items_.back() = made;
    quantified_ = true;
  }

  // ---- groups ----

  void open(AstKind wrap, uint8_t detail, size_t where, const PatternFlags& outside) {
    if (frames_.size() > nesting_)
      throw_pattern_error(ErrorKind::Limit, ast_.text, where,
                          "groups are nested more than " + std::to_string(nesting_) + " deep",
                          "simplify the pattern or raise Limits(nesting=...)");
    frames_.push_back({wrap, detail, where, items_.size(), arms_.size(), outside});
  }

  void close_group(size_t where) {
    if (frames_.size() == 1) source_->fail(where, "unbalanced ')'", "write '\\)' for a parenthesis");
    AstId inner = fold_group();
    Frame frame = frames_.back();
    frames_.pop_back();
    flags_ = frame.outside;
    if (frame.wrap != AstKind::Empty) {
      AstNode node = at(frame.wrap, frame.at);
      node.detail = frame.detail;
      node.a = static_cast<uint32_t>(inner);
      inner = make(node);
    }
    if (frame.wrap == AstKind::Empty) grouped_ = inner;
    items_.push_back(inner);
    quantified_ = false;
  }

  void open_group(size_t where) {
    PatternSource& source = *source_;
    if (!source.match(U'?')) {
      ++groups_;
      return open(AstKind::Empty, 0, where, flags_);
    }
    char32_t c = source.peek();
    if (c != kNoChar) ++source.pos;
    switch (c) {
      case U':': return open(AstKind::Empty, 0, where, flags_);
      case U'=': return open(AstKind::Look, 0, where, flags_);
      case U'!': return open(AstKind::Look, kLookNegative, where, flags_);
      case U'<':
        if (source.match(U'=')) return open(AstKind::Look, kLookBehind, where, flags_);
        if (source.match(U'!')) return open(AstKind::Look, kLookBehind | kLookNegative, where, flags_);
        return open_named(where);
      case U'-':
      case U'i': case U'm': case U's': case U'u': case U'a': case U'L': case U'x':
        --source.pos;
        return open_flags(where);
      default:
        if (!ecma_) return open_python_only(where, c);
        unknown_group(where);
    }
  }

  [[noreturn]] void unknown_group(size_t where) const {
    source_->fail(where, "unknown kind of group",
                  ecma_ ? "write (?:...), (?=...), (?!...), (?<=...), (?<!...) or (?<name>...)"
                        : "write (?:...), (?P<name>...), (?=...), (?!...), (?<=...), (?<!...), (?>...) or (?i:...)");
  }

  void open_python_only(size_t where, char32_t c) {
    PatternSource& source = *source_;
    switch (c) {
      case U'>': return open(AstKind::Atomic, 0, where, flags_);
      case U'#':
        while (source.more() && source.peek() != U')') ++source.pos;
        if (!source.match(U')')) source.fail(where, "the comment has no closing ')'", "");
        return;
      case U'P':
        if (source.match(U'<')) return open_named(where);
        if (source.match(U'='))
          source.refuse(where, "a back-reference is not a regular language and not supported",
                        "write out the alternatives that the group may hold");
        if (source.peek() != U'>') unknown_group(where);
        [[fallthrough]];
      case U'R': case U'&': case U'+':
      case U'0': case U'1': case U'2': case U'3': case U'4': case U'5': case U'6': case U'7': case U'8': case U'9':
        source.refuse(where, "recursion in a pattern is not supported", "write a grammar instead");
      case U'(':
        source.refuse(where, "a conditional group is not supported", "write both cases as alternatives");
      default:
        unknown_group(where);
    }
  }

  void open_named(size_t where) {
    PatternSource& source = *source_;
    size_t begin = source.pos;
    while (source.more() && source.peek() != U'>') ++source.pos;
    std::u32string name = ast_.text.substr(begin, source.pos - begin);
    if (!source.match(U'>')) source.fail(where, "the group's name has no closing '>'", "");
    static const CharSet digits = unicode::ascii_digit();
    bool good = !name.empty() && !digits.has(name[0]);
    for (char32_t c : name) good = good && (unicode::python_word().has(c) || (ecma_ && c == U'$'));
    if (!good)
      source.fail(begin, "'" + encode_utf8(name) + "' is no name for a group", "use letters, digits and underscores");
    // ECMA-262 lets alternatives share a name.
    if (!names_.insert(name).second && !ecma_)
      source.fail(begin, "the name '" + encode_utf8(name) + "' is given to two groups", "leave one of them out");
    ++groups_;
    open(AstKind::Empty, 0, where, flags_);
  }

  void set_flag(PatternFlags& flags, char32_t letter, bool on, size_t where) const {
    switch (letter) {
      case U'i': flags.ignore_case = on; return;
      case U'm': flags.multiline = on; return;
      case U's': flags.dot_all = on; return;
      case U'x':
        if (ecma_) break;
        flags.verbose = on;
        return;
      case U'a':
        if (ecma_ || !on) break;
        flags.ascii = true;
        return;
      case U'u':
        if (!on) break;
        flags.ascii = false;
        return;
      default:
        break;
    }
    source_->fail(where, "unknown or misplaced flag '" + encode_utf8(std::u32string(1, letter)) + "'",
                  ecma_ ? "the flags are i, m and s" : "the flags are i, m, s, x, a and u; i, m, s, x can be taken off");
  }

  // (?ims) for the whole pattern, (?im-s:...) for a part.
  void open_flags(size_t where) {
    PatternSource& source = *source_;
    PatternFlags inside = flags_;
    bool on = true, ascii = false, wide = false;
    while (source.more() && source.peek() != U')' && source.peek() != U':') {
      char32_t letter = source.peek();
      if (letter == U'-' && on) {
        on = false;
      } else {
        set_flag(inside, letter, on, source.pos);
        ascii |= letter == U'a';
        wide |= letter == U'u';
      }
      ++source.pos;
    }
    if (ascii && wide) source.fail(where, "the flags a and u exclude one another", "leave one of them out");
    if (source.match(U':')) {
      if (!on && ast_.text[source.pos - 2] == U'-') source.fail(source.pos - 1, "a flag is missing after '-'", "");
      open(AstKind::Empty, 0, where, flags_);
      flags_ = inside;
      return;
    }
    if (!source.match(U')')) source.fail(where, "the group has no closing ')'", "write '\\(' for a parenthesis");
    if (!on) source.fail(where, "flags can be taken off a part only", "write (?-i:...)");
    if (frames_.size() > 1 || !items_.empty() || !arms_.empty())
      source.fail(where, "flags for the whole pattern stand at its start", "move it there, or write (?i:...)");
    flags_ = inside;
  }

  PatternAst ast_;
  PatternSource* source_ = nullptr;
  PatternFlags flags_;
  uint32_t nesting_;
  bool ecma_;
  uint32_t groups_ = 0;
  bool quantified_ = false;           // was the last item made by a quantifier?
  AstId grouped_{UINT32_MAX};         // what the group closed last holds
  std::set<std::u32string> names_;
  std::map<CharSet, uint32_t> set_ids_;
  std::vector<AstId> items_;          // of all open groups' current alternatives
  std::vector<AstId> arms_;           // of all open groups
  std::vector<Frame> frames_;
};

}  // namespace

PatternAst parse_pattern(std::string_view utf8, const PatternOptions& options, uint32_t nesting) {
  return Parser(utf8, options, nesting).parse(options.dialect);
}

}  // namespace decodex
