// Patterns: what they match, what they become, and what is said about broken ones. The expected values are those of
// Python's re and of ECMA-262 engines, written out.
#include <doctest/doctest.h>

#include <mutex>

#include "syntax/char_class.h"
#include "syntax/pattern_compiler.h"
#include "syntax/unicode.h"

using namespace decodex;

namespace {

struct Compiled {
  explicit Compiled(std::string_view pattern, PatternOptions options = {}) {
    std::lock_guard lock(pool.mutex());
    bare = compile_pattern(pool, pattern, options, Utf8Alphabet());
    root = pool.lexeme(bare);
    if (!pool.live(root)) root = kEmpty;
  }
  bool matches(std::string_view text) {
    ExprId end = pool.run(root, text);
    return end != kEmpty && pool.accepting(end);
  }
  bool live(std::string_view prefix) { return pool.run(root, prefix) != kEmpty; }
  bool looks() const { return pool.node(bare).flags & (kLookbehind | kLookahead); }
  bool searches() const { return pool.node(bare).flags & kSearch; }

  ExprPool pool;
  ExprId bare, root;
};

PatternOptions ecma() {
  PatternOptions options;
  options.dialect = Dialect::Ecma;
  options.search = true;
  return options;
}

PatternOptions ignoring_case() {
  PatternOptions options;
  options.flags.ignore_case = true;
  return options;
}

// The texts, separated by blanks, that the pattern matches and does not match.
void check(std::string_view pattern, const PatternOptions& options, std::initializer_list<std::string_view> good,
           std::initializer_list<std::string_view> bad) {
  Compiled compiled(pattern, options);
  CAPTURE(pattern);
  for (std::string_view text : good) {
    CAPTURE(text);
    CHECK(compiled.matches(text));
    for (size_t n = 0; n <= text.size(); ++n) CHECK(compiled.live(text.substr(0, n)));
  }
  for (std::string_view text : bad) {
    CAPTURE(text);
    CHECK_FALSE(compiled.matches(text));
  }
}

Error error_of(std::string_view pattern, const PatternOptions& options = {}, Limits limits = {}) {
  ExprPool pool(limits);
  std::lock_guard lock(pool.mutex());
  try {
    compile_pattern(pool, pattern, options, Utf8Alphabet());
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::Artefact, "no error");
}

}  // namespace

TEST_CASE("character sets") {
  CharSet set({{'c', 'd'}, {'a', 'b'}, {'x', 'z'}});
  CHECK(set.ranges().size() == 2);
  CHECK(set.has('d'));
  CHECK_FALSE(set.has('e'));
  CHECK(set.complement().complement() == set);
  CHECK(set.complement().count() == 0x110000 - 7);
  CHECK_FALSE(set.intersects(set.complement()));
  CHECK(set - CharSet::of('y') == CharSet({{'a', 'd'}, {'x', 'x'}, {'z', 'z'}}));
  CHECK(CharSet::all().complement().empty());
  CHECK(close_over_case(CharSet::of('k'), CaseRule::Python) == CharSet({{'K', 'K'}, {'k', 'k'}, {0x212A, 0x212A}}));
  CHECK(close_over_case(CharSet::of('k'), CaseRule::Ascii) == CharSet({{'K', 'K'}, {'k', 'k'}}));
  CHECK(close_over_case(CharSet::of('i'), CaseRule::Python).count() == 4);
  CHECK(close_over_case(CharSet::of('i'), CaseRule::Ecma).count() == 2);
}

TEST_CASE("Unicode properties") {
  CHECK(unicode::property("Script = Greek") == unicode::property("greek"));
  CHECK(unicode::property("General_Category=Uppercase_Letter") == unicode::property("Lu"));
  CHECK(unicode::property("Alphabetic=No") == unicode::property("alpha")->complement());
  CHECK(unicode::property("InBasicLatin")->count() == 128);
  CHECK(unicode::property("Any")->is_all());
  CHECK_FALSE(unicode::property("no such thing"));
  CHECK_FALSE(unicode::property("re-word"));
  CHECK(unicode::python_word().has(0xE9));
  CHECK_FALSE(unicode::python_word().has(0x301));
}

TEST_CASE("Python: characters, classes, repetitions") {
  PatternOptions python;
  check("a.c", python, {"abc", "a\u00e9c"}, {"a\nc", "ac", "abcd"});
  check("[]a-]+", python, {"]", "a-]"}, {"", "b"});
  check("[^\\d\\s]", python, {"a", "\u00e9"}, {"1", " ", "\u0663"});
  check("\\d\\x41\\u0042\\U00000043\\101\\0", python, {std::string_view("1ABCA\0", 6), std::string_view("\u0663" "ABCA\0", 7)}, {"1ABCA"});
  check("a{2}b{,2}c{1,}d{2,3}", python, {"aacdd", "aabbccddd"}, {"aacd", "aabbbcdd"});
  check("a{b}{2x", python, {"a{b}{2x"}, {"a"});
  check("x*?y+?z??", python, {"y", "xxyyz"}, {"x"});
  check("[[:alpha:]]\\p{Lu}\\P{Lu}\\p{^Lu}", python, {"aAaa"}, {"aaaa", "aAAa"});
  check("(?x) a b # c\n [ ] \\ ", python, {"ab  "}, {"a b  ", "ab "});
  check("(?P<n>a)(?<m>b)(?#c)c", python, {"abc"}, {});
  check("a{0,100000}", python, {"", "aaa"}, {"b"});
}

TEST_CASE("Python: flags") {
  check("stra\u00dfe", ignoring_case(), {"STRA\u1E9EE", "\u017Ftra\u00dfe"}, {"strasse"});
  check("[^k]", ignoring_case(), {"a"}, {"K", "\u212A"});
  check("(?-i:a)b", ignoring_case(), {"ab", "aB"}, {"Ab"});
  check("(?s).(?-s:.)", {}, {"\na"}, {"\n\n"});
  check("(?a)\\w\\d", {}, {"a1"}, {"\u00e91", "a\u0663"});
  check("(?ai)k", {}, {"K"}, {"\u212A"});
  check("(?m)a$\n^b", {}, {"a\nb"}, {});
}

TEST_CASE("anchors and boundaries in the middle") {
  check("a$\n?", {}, {"a", "a\n"}, {});
  check("a\\Z\n?", {}, {"a"}, {"a\n"});
  check("(a|^)b", {}, {"ab", "b"}, {"cb"});
  check(".*\\bcat\\b.*", {}, {"a cat!", "cat", "\u00e9 cat"}, {"concat", "cats", "\u00e9cat"});
  check("\\w+\\B\\w", {}, {"ab"}, {"a"});
  check("(?:^a|b)+", {}, {"abb", "b"}, {"ba"});
}

TEST_CASE("look-around") {
  check("(?=.*\\d)(?!.*x)(?=.*[A-Z]).{3,}", {}, {"aB1", "\u00c9a1Z"}, {"aB1x", "ab1", "B1"});
  check(".*(?<=b)c.*", {}, {"abc", "bcd"}, {"ac"});
  check(".*(?<!b)c", {}, {"c", "ac", "bcac"}, {"bc"});
  check("(?:(?!end).)*end", {}, {"end", "an end"}, {"endend"});
  check("(?<=^)a(?=$)", {}, {"a"}, {"aa"});
  check("(?:(?=ab)a|(?<=a)b)+", {}, {"ab", "abab"}, {"aab", "a"});
  check("(?:(?=(a|b))a?b?){2}", {}, {"ab", "abab", "aa"}, {"", "c"});
}

TEST_CASE("possessive repetitions and atomic groups") {
  check("a*+a", {}, {}, {"", "a", "aaa"});
  check("\"[^\"]*+\"", {}, {"\"\"", "\"ab\""}, {"\"\"\""});
  check("(?:ab){1,2}+a?b?", {}, {"ab", "ababa", "ababab"}, {"abababa"});
  check("(?>a|ab)c?", {}, {"a", "ac"}, {"ab", "abc"});
  check("(?>ab|a)b?", {}, {"ab", "a", "abb"}, {"abbb"});
  check("(?>a+?)a?", {}, {"a", "aa"}, {"aaa"});
  check("(?>\\d+x)\\d", {}, {"12x3"}, {"12x"});
  check("(?>\\W|^-\\d)", {}, {"-"}, {"-1"});
}

TEST_CASE("ECMA-262") {
  check("^\\w+$", ecma(), {"aZ_9"}, {"", "\u00e9", "a\n"});
  check("b", ecma(), {"b", "abc", "\u00e9b"}, {"", "a"});
  check("^a|b$", ecma(), {"ax", "xb"}, {"xa", "bx"});
  check("^\\s$", ecma(), {"\ufeff", "\u00a0", "\u2028"}, {"\u200b"});
  check("^.$", ecma(), {"\u0085", "\U0001F600"}, {"\r", "\u2029"});
  check("^[\\w-.]\\-\\_\\@]}{$", ecma(), {".-_@]}{", "--_@]}{"}, {});
  check("^\\u0041\\u{42}\\ud83d\\ude00\\cJ\\x43$", ecma(), {"AB\U0001F600\nC"}, {});
  check("^\\Z\\A\\z\\k\\1$", ecma(), {"ZAzk\x01"}, {});
  check("^(?<x>a)[^]$", ecma(), {"a\n"}, {"a"});
  check("[]", ecma(), {}, {"", "a"});
  check("(?i)^k$", ecma(), {"K", "\u212A"}, {});
  check("\\p{Letter}\\p{Script=Greek}", ecma(), {"a\u03b1"}, {"\u03b1" "a"});
}

TEST_CASE("common patterns hold no look-around and need no search") {
  for (const char* pattern : {"^foo$", "^(a|b)+$", "foo", "^a|b$", "(^a|b)", "\\bfoo\\b", "(^|,)\\bx", "^\\d+(\\.\\d+)?$",
                              "a*", "^$", "$", "^", "(?=x)y?z$|^q", "x(?=y)"}) {
    Compiled compiled(pattern, ecma());
    CAPTURE(pattern);
    if (std::string_view(pattern).find("y?z") == std::string_view::npos) {
      CHECK_FALSE(compiled.looks());
      CHECK_FALSE(compiled.searches());
    }
  }
  for (const char* pattern : {"^a$", "\\Aa\\Z", "(?:^a|b)\\b", "a\\b-\\B-"}) CHECK_FALSE(Compiled(pattern).looks());
  Compiled words("^(?:apple|apply|ape|bat)$|^bar$", ecma());
  CHECK(words.matches("apply"));
  CHECK(words.matches("bar"));
  CHECK_FALSE(words.matches("app"));
  Compiled counted("a?a?a?aaa");
  CHECK(counted.pool.node(counted.bare).kind == Kind::Repeat);
  Compiled anything(".*|a|[^b]*", ecma());
  CHECK(anything.pool.node(anything.bare).kind == Kind::Repeat);
}

TEST_CASE("errors name the column and the way out") {
  struct Row {
    const char* pattern;
    ErrorKind kind;
    const char* location;
    const char* part;
  };
  const Row rows[] = {
      {"ab(", ErrorKind::Constraint, "column 3", "no closing ')'"},
      {"\u00e9)", ErrorKind::Constraint, "column 2", "unbalanced"},
      {"[a", ErrorKind::Constraint, "column 1", "no closing ']'"},
      {"*a", ErrorKind::Constraint, "column 1", "nothing to repeat"},
      {"a|^+", ErrorKind::Constraint, "column 4", "nothing to repeat"},
      {"a**", ErrorKind::Constraint, "column 3", "repetition is repeated"},
      {"a{3,2}", ErrorKind::Constraint, "column 2", "above the greatest"},
      {"a{99999999999}", ErrorKind::Limit, "column 2", "4294967294"},
      {"[z-a]", ErrorKind::Constraint, "column 2", "backwards"},
      {"[a-\\d]", ErrorKind::Constraint, "column 2", "'\\-' for a hyphen"},
      {"\\y", ErrorKind::Constraint, "column 1", "bad escape '\\y'"},
      {"\\", ErrorKind::Constraint, "column 1", "single backslash"},
      {"\\x4", ErrorKind::Constraint, "column 1", "2 hexadecimal digits"},
      {"\\U00110000", ErrorKind::Constraint, "column 1", "no such character"},
      {"\\p{Nope}", ErrorKind::Constraint, "column 1", "'Nope'"},
      {"\\N{BULLET}", ErrorKind::Unsupported, "column 1", "\\u"},
      {"(a)\\1", ErrorKind::Unsupported, "column 4", "back-reference"},
      {"(a)\\2", ErrorKind::Constraint, "column 4", "no group 2"},
      {"(?P<x>a)(?P=x)", ErrorKind::Unsupported, "column 9", "back-reference"},
      {"(?(1)a)", ErrorKind::Unsupported, "column 1", "conditional"},
      {"(?R)", ErrorKind::Unsupported, "column 1", "recursion"},
      {"(?P<1>a)", ErrorKind::Constraint, "column 5", "no name"},
      {"(?P<a>a)(?P<a>b)", ErrorKind::Constraint, "column 13", "two groups"},
      {"a(?i)b", ErrorKind::Constraint, "column 2", "(?i:...)"},
      {"(?au)b", ErrorKind::Constraint, "column 1", "exclude"},
      {"(?>a*a)", ErrorKind::Unsupported, "column 1", "greedy"},
      {"(?<=a(?=b))b", ErrorKind::Unsupported, "column 6", "look-behind"},
  };
  for (const Row& row : rows) {
    Error error = error_of(row.pattern);
    CAPTURE(row.pattern);
    CAPTURE(error.what());
    CHECK(error.kind == row.kind);
    CHECK(error.location == row.location);
    CHECK(std::string_view(error.what()).find(row.part) != std::string_view::npos);
  }
  CHECK(std::string(error_of("ab\ncd)").what()).find("\n  cd)\n    ^") != std::string::npos);
  CHECK(error_of("a\xff").kind == ErrorKind::Constraint);
  CHECK(error_of("\xed\xa0\x80").location == "column 1");
  CHECK(error_of("a++", ecma()).location == "column 3");
  CHECK(error_of("(?P<a>x)", ecma()).kind == ErrorKind::Constraint);
}

TEST_CASE("large and hostile patterns end") {
  CHECK(error_of(std::string(1 << 20, '(')).kind == ErrorKind::Limit);
  CHECK(error_of(std::string(1 << 20, '[')).kind == ErrorKind::Constraint);
  Limits shallow;
  shallow.nesting = 3;
  CHECK(error_of("((((a))))", {}, shallow).kind == ErrorKind::Limit);
  std::string deep;
  for (int i = 0; i < 999; ++i) deep += "(?:";
  deep += "a";
  for (int i = 0; i < 999; ++i) deep += ")*";
  check(deep, {}, {"", "aa"}, {"b"});
  std::string many = "w0";
  for (int i = 1; i < 20'000; ++i) many += "|w" + std::to_string(i);
  check(many, {}, {"w777", "w19999"}, {"w20000", "w"});
  check(std::string(100'000, 'a'), {}, {}, {"a"});
  std::string optional;
  for (int i = 0; i < 500; ++i) optional += "a?";
  check(optional + std::string(500, 'a'), {}, {std::string(700, 'a')}, {std::string(499, 'a')});
}
