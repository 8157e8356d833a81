// Automata of running text against plain search: triggers, substrings, positions; on every text of two letters.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/pool.h"
#include "syntax/alphabet.h"
#include "text/copies.h"
#include "text/graph.h"
#include "text/positions.h"
#include "text/triggers.h"

using namespace decodex;

namespace {

std::vector<std::string> all_texts(std::string_view letters, size_t most) {
  std::vector<std::string> out{""};
  for (size_t from = 0, length = 1; length <= most; ++length) {
    const size_t end = out.size();
    for (; from < end; ++from)
      for (char c : letters) out.push_back(out[from] + c);
  }
  return out;
}

void check(ExprPool& pool, ExprId e, const std::vector<std::string>& texts, const std::function<bool(const std::string&)>& expected) {
  for (const std::string& text : texts) {
    const ExprId end = pool.run(e, text);
    CHECK_MESSAGE((end != kEmpty && pool.accepting(end)) == expected(text), text);
  }
}

// Where the first trigger in a text is complete, and which it is.
std::pair<size_t, size_t> first_trigger(const std::string& text, const std::vector<std::string>& triggers) {
  for (size_t end = 1; end <= text.size(); ++end) {
    size_t best = triggers.size();
    for (size_t i = 0; i < triggers.size(); ++i)
      if (std::string_view(text).substr(0, end).ends_with(triggers[i]) && (best == triggers.size() || triggers[i].size() > triggers[best].size())) best = i;
    if (best < triggers.size()) return {end, best};
  }
  return {std::string::npos, triggers.size()};
}

}  // namespace

TEST_CASE("text: triggers") {
  const std::vector<std::string> texts = all_texts("ab", 8);
  for (const std::vector<std::string>& triggers :
       {std::vector<std::string>{"ab"}, {"aa", "ab"}, {"aba", "b"}, {"bab", "ab", "aab"}, {"a", "aa"}, {"abab", "babb"}}) {
    ExprPool pool;
    for (uint32_t i = 0; i < triggers.size(); ++i)
      check(pool, until_trigger(pool, Utf8Alphabet(), triggers, i), texts,
            [&](const std::string& text) { return first_trigger(text, triggers) == std::pair<size_t, size_t>{text.size(), i}; });
    check(pool, without_triggers(pool, Utf8Alphabet(), triggers), texts,
          [&](const std::string& text) { return first_trigger(text, triggers).first == std::string::npos; });
    CHECK(until_trigger(pool, Utf8Alphabet(), triggers, 0) == until_trigger(pool, Utf8Alphabet(), triggers, 0));
  }
  ExprPool pool;
  CHECK_THROWS_AS(without_triggers(pool, Utf8Alphabet(), {""}), Error);
}

TEST_CASE("text: substrings") {
  const std::vector<std::string> texts = all_texts("ab ", 6);
  for (const std::string& source : all_texts("ab ", 5)) {
    ExprPool pool;
    check(pool, substrings(pool, Utf8Alphabet(), source, false), texts,
          [&](const std::string& text) { return source.find(text) != std::string::npos; });
  }
}

TEST_CASE("text: positions have their errors, and graphs their shortest words") {
  ExprPool pool;
  const Utf8Alphabet utf8;
  CHECK_THROWS_AS(unit_at(pool, utf8, "words", 0, kEpsilon), Error);
  CHECK_THROWS_AS(unit_at(pool, utf8, "chars", 1, kEpsilon), Error);
  CHECK_THROWS_AS(unit_at(pool, utf8, "words", 10'001, kEpsilon), Error);
  CHECK(pool.shortest(unit_at(pool, utf8, "words", 3, pool.literal("abc"))) == 7);
  CHECK(pool.shortest(unit_at(pool, utf8, "words", -2, pool.literal("abc"))) == 5);
  CHECK(unit_at(pool, utf8, "words", 1, pool.literal("a b")) == kEmpty);
  const ExprId loop = walks(pool, "test", [&] {
    Graph graph;
    const uint32_t start = graph.add(), end = graph.add(true), dead = graph.add();
    graph.arc(start, pool.literal("xx"), start);
    graph.arc(start, pool.literal("xyz"), end);
    graph.arc(start, pool.literal("q"), dead);
    return graph;
  });
  CHECK(pool.shortest(loop) == 3);
  check(pool, loop, {"xyz", "xxxyz", "xxyz", "q", ""}, [](const std::string& text) { return text == "xyz" || text == "xxxyz"; });
}
