// Masks against brute force: every token of the vocabulary is read byte by byte from the state, through lexemes,
// captures, counters, exclusions and budgets.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "mask/mask_engine.h"
#include "vocab/vocabulary.h"

using namespace decodex;

namespace {

std::shared_ptr<Vocabulary> make_vocabulary(const std::vector<std::string>& tokens, std::map<int, std::string> start = {}) {
  std::string blob, start_blob;
  std::vector<int64_t> offsets{0}, start_offsets{0};
  std::vector<uint8_t> has(tokens.size(), 1);
  for (const std::string& t : tokens) {
    blob += t;
    offsets.push_back(static_cast<int64_t>(blob.size()));
  }
  has.push_back(0);
  offsets.push_back(static_cast<int64_t>(blob.size()));
  std::vector<int32_t> ids;
  for (auto& [id, text] : start) {
    ids.push_back(id);
    start_blob += text;
    start_offsets.push_back(static_cast<int64_t>(start_blob.size()));
  }
  return std::make_shared<Vocabulary>(blob, offsets, has, ids, start_blob, start_offsets,
                                      std::vector<int32_t>{static_cast<int32_t>(tokens.size())});
}

std::vector<std::string> random_tokens(std::mt19937& rng, bool all_bytes, size_t count, const std::string& letters) {
  std::set<std::string> tokens;
  if (all_bytes) for (int b = 0; b < 256; ++b) tokens.insert(std::string(1, static_cast<char>(b)));
  else for (char c : letters) if (rng() % 4) tokens.insert(std::string(1, c));
  while (tokens.size() < count) {
    std::string t;
    for (size_t n = 1 + rng() % 7; n > 0; --n) t += letters[rng() % letters.size()];
    tokens.insert(t);
  }
  std::vector<std::string> out(tokens.begin(), tokens.end());
  std::shuffle(out.begin(), out.end(), rng);
  return out;
}

// Key-value lists such as "ab":a,"b":b; no key twice: a capture whose tail is a set of words met so far.
class Lists final : public RuleSource {
 public:
  explicit Lists(std::vector<std::string> names) : names_(std::move(names)) {}
  uint32_t index = 0;
  std::vector<std::set<std::string>> sets{{}};

  size_t memory() const override { return 0; }

  ExprId expand(ExprPool& pool, uint64_t key) override {
    ExprId letter = pool.bytes(ByteSet::range('a', 'c'));
    std::vector<std::string> no;
    for (const std::string& n : names_) no.push_back(n + "\"");
    for (const std::string& n : sets[key]) no.push_back(n);
    ExprId body = pool.concat(pool.star(letter), pool.byte('"'));
    ExprId lexeme = pool.lexeme(pool.conj(body, pool.complement(pool.words(no))));
    ExprId item = pool.concat(pool.byte('"'), pool.capture(lexeme, index, key, 2 + 1));
    return pool.alt(item, pool.byte('}'));
  }
  ExprId after_capture(ExprPool& pool, uint64_t key, std::string_view word) override {
    auto used = sets[key];
    used.insert(std::string(word));
    auto it = std::find(sets.begin(), sets.end(), used);
    size_t id = static_cast<size_t>(it - sets.begin());
    if (it == sets.end()) sets.push_back(used);
    return next(pool, id);
  }
  ExprId after_fresh_capture(ExprPool& pool, uint64_t key) override { return next(pool, key); }
  bool length_depends_on_word(uint64_t) override { return false; }

 private:
  ExprId next(ExprPool& pool, uint64_t key) {
    return pool.concat({pool.byte(':'), pool.bytes(ByteSet::range('a', 'b')), pool.rule(index, key, 1)});
  }
  std::vector<std::string> names_;
};

std::vector<uint32_t> brute_force(ExprPool& pool, const Vocabulary& vocab, MaskEngine& masks, ExprId state, bool at_start) {
  std::vector<uint32_t> bits(vocab.words(), 0);
  for (uint32_t id = 0; id < vocab.size(); ++id) {
    bool allowed = false;
    if (vocab.is_eos(id)) {
      allowed = pool.nullable(state);
    } else if (vocab.has_text(id)) {
      ExprId s = pool.run(state, at_start ? vocab.start_token(id) : vocab.token(id));
      allowed = s != kEmpty && masks.completable(s);
    }
    if (allowed) bits[id >> 5] |= 1u << (id & 31);
  }
  return bits;
}

void walk_and_compare(std::mt19937& rng, const Vocabulary& vocab, ExprPool& pool, ExprId root, int walks, uint64_t cache) {
  MaskEngine masks(pool, vocab, cache);
  std::vector<uint32_t> got(vocab.words());
  if (!masks.completable(root)) return;
  for (int walk = 0; walk < walks; ++walk) {
    ExprId state = root;
    for (int step = 0; step < 12; ++step) {
      INFO(pool.dump(state));
      masks.fill(state, step == 0, got.data());
      REQUIRE(got == brute_force(pool, vocab, masks, state, step == 0));
      std::vector<uint32_t> allowed;
      for (uint32_t id = 0; id < vocab.size(); ++id)
        if (got[id >> 5] >> (id & 31) & 1) allowed.push_back(id);
      REQUIRE(!allowed.empty());  // no dead end
      uint32_t budget = masks.tokens_to_finish(state, step == 0) + rng() % 3;
      std::vector<uint32_t> tight(vocab.words());
      masks.fill_within(state, step == 0, budget, tight.data());
      for (uint32_t id : allowed) {
        if (vocab.is_eos(id)) continue;
        ExprId after = masks.advance(state, step == 0, id);
        bool fits = budget > 0 && masks.tokens_to_finish(after, false) <= budget - 1;
        REQUIRE((tight[id >> 5] >> (id & 31) & 1) == (fits ? 1u : 0u));
      }
      if (budget > 0) REQUIRE(std::any_of(tight.begin(), tight.end(), [](uint32_t w) { return w != 0; }));
      uint32_t id = allowed[rng() % allowed.size()];
      if (vocab.is_eos(id)) break;
      state = masks.advance(state, step == 0, id);
    }
  }
}

ExprId random_lexeme(ExprPool& pool, std::mt19937& rng) {
  ExprId letter = pool.bytes(ByteSet::range('a', 'c'));
  switch (rng() % 6) {
    case 0: return pool.concat(pool.star(letter), pool.byte('"'));
    case 1: return pool.concat(pool.repeat(letter, rng() % 4, 4 + rng() % 30), pool.byte('"'));
    case 2: return pool.concat(pool.byte('a'), pool.star(pool.bytes(ByteSet::range('b', 'c'))));
    case 3: return pool.conj(pool.concat(pool.star(letter), pool.byte('"')), pool.complement(pool.concat({pool.star(letter), pool.literal("ab"), kAnything})));
    case 4: {
      std::vector<std::string> no{"a\"", "abc\"", "\""};
      return pool.conj(pool.concat(pool.star(letter), pool.byte('"')), pool.complement(pool.words(no)));
    }
    default: return pool.alt(pool.literal("ab"), pool.star(pool.literal("abc")));
  }
}

ExprId random_expression(ExprPool& pool, std::mt19937& rng, int depth) {
  if (depth == 0) return rng() % 3 ? pool.lexeme(random_lexeme(pool, rng)) : pool.literal(rng() % 2 ? ":a" : ",");
  ExprId a = random_expression(pool, rng, depth - 1), b = random_expression(pool, rng, depth - 1);
  switch (rng() % 4) {
    case 0: return pool.alt(a, b);
    case 1: return pool.concat(a, pool.optional(b));
    default: return pool.concat(a, b);
  }
}

}  // namespace

TEST_CASE("masks of lexemes and what follows equal brute force") {
  std::mt19937 rng(5);
  for (int round = 0; round < 150; ++round) {
    auto vocab = make_vocabulary(random_tokens(rng, true, 600, "aabbc\",:}"));
    ExprPool pool;
    ExprId root = random_expression(pool, rng, 3);
    if (root == kEmpty || !pool.live(root)) continue;
    walk_and_compare(rng, *vocab, pool, root, 4, round % 3 ? 1 << 30 : 4'000);
  }
}

TEST_CASE("dense lexeme tables, and those made from others, equal brute force") {
  std::mt19937 rng(6);
  auto vocab = make_vocabulary(random_tokens(rng, true, 9000, "aabbcc\",:"));
  for (int round = 0; round < 12; ++round) {
    ExprPool pool;
    ExprId root = pool.concat(random_expression(pool, rng, 1), random_expression(pool, rng, 2));
    if (root == kEmpty || !pool.live(root)) continue;
    walk_and_compare(rng, *vocab, pool, root, 2, 1 << 30);
  }
}

TEST_CASE("searches, counts and exclusions beside each other equal brute force") {
  std::mt19937 rng(10);
  auto vocab = make_vocabulary(random_tokens(rng, true, 4000, "aabbc  \"\xc3\xc3\xa9\xa8"));
  for (int round = 0; round < 400; ++round) {
    ExprPool pool;
    auto any = [&](const char* letters) {
      ByteSet set;
      for (const char* c = letters; *c; ++c) set.add(static_cast<uint8_t>(*c));
      return pool.bytes(set);
    };
    const ExprId beyond = pool.concat(pool.byte(0xC3), pool.bytes(ByteSet::range(0x80, 0xBF)));
    const ExprId character = pool.alt(any("abc "), beyond), solid = pool.alt(any("abc"), beyond);
    const ExprId text = pool.star(character), space = pool.byte(' ');
    auto searched = [&](ExprId what) { return pool.concat({text, what, text}); };
    const ExprId found[] = {pool.literal("a"), pool.literal("ab"), pool.literal("\xc3\xa9"), pool.repeat(any("bc"), 3, 3)};
    auto part = [&]() -> ExprId {
      const uint32_t count = rng() % 9;
      switch (rng() % 9) {
        case 0: return pool.repeat(character, count, count);
        case 1: return pool.repeat(character, count, count + rng() % 12);
        case 2: return pool.repeat(character, count / 2, kUnbounded);
        case 3: return pool.complement(searched(found[rng() % 4]));
        case 4: return pool.complement(pool.repeat(any("ab"), 0, count));
        case 5: {
          const ExprId words = pool.repeat(pool.concat(pool.repeat(solid, 1, kUnbounded), pool.repeat(space, 1, 3)), 0, count);
          return pool.concat({pool.star(space), words, pool.repeat(solid, 1, kUnbounded)});
        }
        case 6: return pool.alt(searched(found[rng() % 4]), pool.repeat(any("ac"), 1, 4));
        default: return searched(found[rng() % 4]);
      }
    };
    std::vector<ExprId> parts{pool.star(character)};
    for (size_t n = 1 + rng() % 3; n > 0; --n) parts.push_back(part());
    const ExprId body = pool.concat(pool.conj(parts), pool.byte('"'));
    if (body == kEmpty || !pool.live(body)) continue;
    walk_and_compare(rng, *vocab, pool, pool.concat(pool.lexeme(body), pool.literal("a")), 2, 1 << 30);
  }
}

TEST_CASE("what begins with a lexeme but is none of some words equals brute force") {
  std::mt19937 rng(11);
  auto vocab = make_vocabulary(random_tokens(rng, true, 5000, "aabbc\"\",::"));
  for (int round = 0; round < 150; ++round) {
    ExprPool pool;
    const ExprId letter = pool.bytes(ByteSet::range('a', 'c'));
    const ExprId texts[] = {pool.concat(pool.star(letter), pool.byte('"')), pool.star(letter), random_lexeme(pool, rng)};
    const ExprId item = pool.concat(pool.lexeme(texts[rng() % 3]), rng() % 2 ? pool.literal(":a") : random_expression(pool, rng, 1));
    std::vector<std::string> words;
    for (const char* word : {"\":a", "a\":a", "ab\":a", "ab:a", "a:a", "abc\":a", ":a", "cab\",", "b\""})
      if (rng() % 2) words.push_back(word);
    const ExprId denied = rng() % 8 ? pool.words(words) : pool.concat(pool.star(letter), pool.literal("b\":a"));
    ExprId root = pool.conj(item, pool.complement(denied));
    if (rng() % 2) root = pool.concat(root, random_expression(pool, rng, 1));
    if (root == kEmpty || !pool.live(root)) continue;
    walk_and_compare(rng, *vocab, pool, root, 2, 1 << 30);
  }
}

TEST_CASE("captures never repeat a word, and their masks equal brute force") {
  std::mt19937 rng(7);
  for (int round = 0; round < 30; ++round) {
    auto vocab = make_vocabulary(random_tokens(rng, true, round % 2 ? 900 : 6000, "abc\"\",:}"));
    ExprPool pool;
    auto lists = std::make_unique<Lists>(std::vector<std::string>{"ab", "c"});
    Lists& source = *lists;
    source.index = pool.add_source(std::move(lists));
    walk_and_compare(rng, *vocab, pool, pool.rule(source.index, 0, 1), 6, 1 << 30);
    ExprId root = pool.rule(source.index, 0, 1);
    CHECK(pool.run(root, "\"a\":a\"b\":a}") != kEmpty);
    CHECK(pool.run(root, "\"a\":a\"a\"") == kEmpty);
    CHECK(pool.run(root, "\"ab\"") == kEmpty);
  }
}

TEST_CASE("vocabularies that lack bytes have no dead ends") {
  std::mt19937 rng(8);
  int tried = 0;
  for (int round = 0; round < 300; ++round) {
    auto vocab = make_vocabulary(random_tokens(rng, false, 40, "aabbc\",:"));
    ExprPool pool;
    ExprId root = random_expression(pool, rng, 2);
    if (root == kEmpty || !pool.live(root)) continue;
    ++tried;
    walk_and_compare(rng, *vocab, pool, root, 3, 1 << 30);
  }
  CHECK(tried > 100);
}

TEST_CASE("the first token of a text may spell something else") {
  std::mt19937 rng(9);
  for (int round = 0; round < 60; ++round) {
    auto tokens = random_tokens(rng, true, 500, "aabbc\" ");
    tokens.push_back(" ");
    std::map<int, std::string> start;
    for (size_t i = 0; i < tokens.size(); ++i)
      if (tokens[i][0] == ' ') start[static_cast<int>(i)] = tokens[i].substr(1);
    auto vocab = make_vocabulary(tokens, start);
    ExprPool pool;
    ExprId root = random_expression(pool, rng, 2);
    if (root == kEmpty || !pool.live(root)) continue;
    walk_and_compare(rng, *vocab, pool, root, 3, 1 << 30);
  }
}

TEST_CASE("a vocabulary says what is wrong with it") {
  CHECK_THROWS_AS(Vocabulary("", {0}, {}, {}, "", {0}, {}), Error);
  CHECK_THROWS_AS(Vocabulary("ab", {0, 1}, {1}, {}, "", {0}, {0}), Error);
  CHECK_THROWS_AS(Vocabulary("a", {0, 1}, {1}, {}, "", {0}, {}), Error);
  CHECK_THROWS_AS(Vocabulary("a", {0, 1}, {1}, {}, "", {0}, {7}), Error);
}
