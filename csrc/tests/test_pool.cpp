// Expressions against their meaning: random expressions over {a, b} are judged for every text up to length 6 by a
// direct reading of the definitions, and the states by enumeration of what can still follow.
#include <doctest/doctest.h>

#include <random>
#include <set>

#include "expr/pool.h"

using namespace decodex;

namespace {

// The meaning of an expression: does it match text[i, j) in the context of the whole text?
bool matches(const ExprPool& pool, ExprId e, const std::string& text, size_t i, size_t j, size_t origin, size_t end) {
  const Node& n = pool.node(e);
  auto sub = [&](ExprId x, size_t a, size_t b) { return matches(pool, x, text, a, b, origin, end); };
  switch (n.kind) {
    case Kind::Empty: return false;
    case Kind::Epsilon: return i == j;
    case Kind::Bytes: return j == i + 1 && n.set->has(static_cast<uint8_t>(text[i]));
    case Kind::Concat:
      for (size_t k = i; k <= j; ++k)
        if (sub(ExprId{n.a}, i, k) && sub(ExprId{n.b}, k, j)) return true;
      return false;
    case Kind::Alt:
      for (ExprId kid : pool.kids(e)) if (sub(kid, i, j)) return true;
      return false;
    case Kind::Conj:
      for (ExprId kid : pool.kids(e)) if (!sub(kid, i, j)) return false;
      return true;
    case Kind::Not: return !sub(ExprId{n.a}, i, j);
    case Kind::Repeat: {
      std::set<size_t> ends{i};
      std::set<size_t> good;
      size_t rounds = std::min<size_t>(n.c, n.b + text.size() + 1);
      if (n.b == 0) good = ends;
      for (size_t round = 1; round <= rounds; ++round) {
        std::set<size_t> next;
        for (size_t k : ends)
          for (size_t m = k; m <= j; ++m) if (sub(ExprId{n.a}, k, m)) next.insert(m);
        ends = next;
        if (round >= n.b) good.insert(ends.begin(), ends.end());
      }
      return good.count(j) > 0;
    }
    case Kind::Lookbehind: return i == j && matches(pool, ExprId{n.a}, text, origin, i, origin, i);
    case Kind::Lookahead: return i == j && matches(pool, ExprId{n.a}, text, i, end, origin, end);
    case Kind::Lexeme: return matches(pool, ExprId{n.a}, text, i, j, i, j);
    default: return false;
  }
}

struct Generator {
  ExprPool& pool;
  std::mt19937& rng;
  bool look;
  int pick(int n) { return static_cast<int>(rng() % static_cast<unsigned>(n)); }

  ExprId make(int depth, bool ahead_allowed) {
    if (depth == 0) {
      switch (pick(5)) {
        case 0: return pool.byte('a');
        case 1: return pool.byte('b');
        case 2: return pool.bytes(ByteSet::range('a', 'b'));
        case 3: return kEpsilon;
        default: return pool.literal("ab");
      }
    }
    switch (pick(look ? 9 : 7)) {
      case 0:
      case 1: return pool.concat(make(depth - 1, ahead_allowed), make(depth - 1, ahead_allowed));
      case 2: return pool.alt(make(depth - 1, ahead_allowed), make(depth - 1, ahead_allowed));
      case 3: return pool.repeat(make(depth - 1, ahead_allowed), 0, kUnbounded);
      case 4: {
        uint32_t min = static_cast<uint32_t>(pick(3));
        return pool.repeat(make(depth - 1, ahead_allowed), min, min + static_cast<uint32_t>(pick(3)));
      }
      case 5: return look ? pool.byte('a') : pool.conj(make(depth - 1, false), make(depth - 1, false));
      case 6: return look ? pool.byte('b') : pool.complement(make(depth - 1, false));
      case 7: {
        ExprId rest = pool.concat(make(depth - 1, false), kAnything);
        if (!ahead_allowed) return pool.byte('a');
        return pool.lookahead(pick(2) ? rest : pool.complement(rest));
      }
      default: {
        ExprId before = pool.concat(kAnything, make(depth - 1, false));
        if (pool.node(before).flags & kLookahead) return pool.byte('b');
        return pool.lookbehind(pick(2) ? before : pool.complement(before));
      }
    }
  }
};

std::vector<std::string> texts(size_t max_length) {
  std::vector<std::string> out{""};
  for (size_t i = 0; i < out.size(); ++i)
    if (out[i].size() < max_length) {
      out.push_back(out[i] + "a");
      out.push_back(out[i] + "b");
    }
  return out;
}

void check_random(bool look, unsigned seed, int rounds) {
  std::mt19937 rng(seed);
  auto all = texts(6);
  for (int round = 0; round < rounds; ++round) {
    ExprPool pool;
    Generator generate{pool, rng, look};
    ExprId e = generate.make(3, true);
    if (!look) e = pool.conj(e, pool.repeat(pool.bytes(ByteSet::range('a', 'b')), 0, 6));  // finite: liveness is decidable by enumeration
    std::set<std::string> language;
    for (const std::string& text : all)
      if (matches(pool, e, text, 0, text.size(), 0, text.size())) language.insert(text);
    std::set<std::string> prefixes;
    for (const std::string& word : language)
      for (size_t k = 0; k <= word.size(); ++k) prefixes.insert(word.substr(0, k));
    INFO(pool.dump(e));
    for (const std::string& text : all) {
      INFO(text);
      ExprId state = pool.live(e) ? pool.run(e, text) : kEmpty;
      bool accepted = state != kEmpty && pool.accepting(state);
      REQUIRE(accepted == (language.count(text) > 0));
      if (prefixes.count(text)) REQUIRE(state != kEmpty);
      if (!look) REQUIRE((state != kEmpty) == (prefixes.count(text) > 0));
      if (!look && state != kEmpty) {
        size_t best = 99;
        for (const std::string& word : language)
          if (word.compare(0, text.size(), text) == 0) best = std::min(best, word.size() - text.size());
        REQUIRE(pool.shortest(state) == best);
      }
    }
  }
}

}  // namespace

TEST_CASE("random expressions mean what they say") { check_random(false, 1, 1500); }

TEST_CASE("random look-arounds mean what they say") { check_random(true, 2, 3000); }

TEST_CASE("equal expressions are one node") {
  ExprPool pool;
  CHECK(pool.literal("abc") == pool.concat(pool.literal("ab"), pool.literal("c")));
  CHECK(pool.alt(pool.byte('a'), pool.byte('b')) == pool.bytes(ByteSet::range('a', 'b')));
  CHECK(pool.complement(pool.complement(pool.literal("a"))) == pool.literal("a"));
  CHECK(pool.conj(pool.literal("a"), pool.complement(pool.literal("a"))) == kEmpty);
  CHECK(pool.repeat(pool.bytes(ByteSet::all()), 0, kUnbounded) == kAnything);
}

TEST_CASE("a search that has found its match is the plain text again") {
  ExprPool pool;
  const ExprId character = pool.alt(pool.any_code_point(), pool.literal("\\n"));
  const ExprId text = pool.star(character), end = pool.byte(0xFF);
  auto search = [&](const char* what) { return pool.concat({text, pool.literal(what), text}); };
  CHECK(pool.alt(text, search("\xc3\xa9")) == text);
  CHECK(pool.alt(pool.concat(search("a"), end), pool.concat(text, end)) == pool.concat(text, end));
  CHECK(pool.conj(text, search("\\n")) == search("\\n"));
  CHECK(pool.run(pool.concat(pool.conj(search("a"), search("b")), end), "xbya") == pool.concat(text, end));
  CHECK(pool.alt(pool.repeat(character, 1, kUnbounded), search("a")) == pool.repeat(character, 1, kUnbounded));
  CHECK(pool.alt(pool.repeat(character, 1, kUnbounded), kEpsilon) != pool.repeat(character, 1, kUnbounded));
  CHECK(pool.alt(text, pool.byte('\xc3')) != text);                  // not a whole character
  CHECK(pool.alt(pool.concat(text, end), text) != text);           // ended otherwise
}

TEST_CASE("counters stay symbolic") {
  ExprPool pool;
  ExprId e = pool.repeat(pool.byte('a'), 5'000, 1'000'000);
  size_t before = pool.size();
  CHECK(pool.run(e, "aaaa") != kEmpty);
  CHECK(pool.size() - before < 20);
  CHECK(pool.shortest(e) == 5'000);
}

TEST_CASE("UTF-8 ranges accept exactly the encodings in them") {
  ExprPool pool;
  auto encode = [](uint32_t c) {
    std::string out;
    if (c < 0x80) out = {static_cast<char>(c)};
    else if (c < 0x800) out = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    else if (c < 0x10000) out = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    else out = {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    return out;
  };
  std::mt19937 rng(3);
  for (int round = 0; round < 60; ++round) {
    uint32_t first = rng() % 0x110000 >> rng() % 12, last = first + (rng() % 0x20000 >> rng() % 16);
    if (last > 0x10FFFF) last = 0x10FFFF;
    ExprId e = pool.code_points(first, last);
    for (int probe = 0; probe < 400; ++probe) {
      uint32_t c = probe < 20 ? first + static_cast<uint32_t>(probe) - 10 : probe < 40 ? last + static_cast<uint32_t>(probe) - 30 : rng() % 0x110000 >> rng() % 12;
      if (c > 0x10FFFF) continue;
      bool surrogate = c >= 0xD800 && c <= 0xDFFF;
      ExprId end = pool.run(e, encode(c));
      REQUIRE((end != kEmpty && pool.accepting(end)) == (c >= first && c <= last && !surrogate));
    }
  }
  CHECK(pool.run(pool.any_code_point(), "\xC0\x80") == kEmpty);
  CHECK(pool.run(pool.any_code_point(), "\xED\xA0\x80") == kEmpty);
}

TEST_CASE("words are a trie") {
  ExprPool pool;
  std::vector<std::string> words{"tr", "true", "trio", "", "x"};
  ExprId e = pool.words(words);
  for (const std::string& w : words) CHECK(pool.accepting(pool.run(e, w)));
  CHECK_FALSE(pool.accepting(pool.run(e, "t")));
  CHECK(pool.run(e, "trx") == kEmpty);
}

TEST_CASE("the first byte of a shortest word is found behind very many optional parts") {
  ExprPool pool;
  ExprId e = pool.alt(pool.literal("zb"), pool.literal("yc"));
  for (int i = 0; i < 50'000; ++i) e = pool.concat(pool.optional(pool.byte(static_cast<uint8_t>('a' + i % 7))), e);
  CHECK(pool.shortest(e) == 2);
  CHECK(pool.first_of_shortest(e) == 'y');
  CHECK(pool.first_of_shortest(kEpsilon) == -1);
  CHECK(pool.first_of_shortest(kEmpty) == -1);
  ExprId none_of = pool.conj(pool.repeat(pool.bytes(ByteSet::range('a', 'c')), 2, 2), pool.complement(pool.literal("aa")));
  CHECK(pool.first_of_shortest(none_of) == 'a');
  CHECK(pool.first_of_shortest(pool.step(none_of, 'a')) == 'b');
}
