// The automaton of a stack and a regular part against enumeration: a^n b^n, and random regular parts over {a, b}.
#include <doctest/doctest.h>

#include <memory>
#include <random>

#include "base/error.h"
#include "expr/context_free.h"
#include "expr/pool.h"

using namespace decodex;

namespace {

// Rule 0: a b, or a, rule 0, b. Rule 1: the same, with a number of very many states in the middle. Rule 2: any text of both.
// Rule 3: a b b, but the first who asks is thrown out.
class Nested final : public RuleSource {
 public:
  ExprId rule(ExprPool& pool, uint64_t key) const { return pool.rule(index(), key, key == 0 ? 2 : key == 2 ? 1 : 3, false); }
  ExprId expand(ExprPool& pool, uint64_t key) override {
    if (key == 3) {   // reached in time by who asks again
      if (late++ == 0) throw Error(ErrorKind::Limit, "not yet");
      return pool.literal("abb");
    }
    const ExprId either = pool.bytes(ByteSet::range('a', 'b'));
    if (key == 2) return pool.alt(either, pool.concat(either, rule(pool, 2)));
    const ExprId digits = pool.repeat(pool.bytes(ByteSet::range('0', '9')), 1, 900);
    const ExprId inner = key == 0 ? pool.literal("ab") : pool.concat({pool.byte('a'), digits, pool.byte('b')});
    return pool.alt(inner, pool.concat({pool.byte('a'), rule(pool, key), pool.byte('b')}));
  }
  size_t memory() const override { return sizeof(*this); }

 private:
  int late = 0;
};

ExprId random_regular(ExprPool& pool, std::mt19937& random, int depth) {
  if (depth == 0) return pool.byte(random() % 2 ? 'a' : 'b');
  auto sub = [&] { return random_regular(pool, random, depth - 1); };
  switch (random() % 5) {
    case 0: return pool.alt(sub(), sub());
    case 1: return pool.star(sub());
    case 2: return pool.repeat(sub(), random() % 3, 3 + random() % 3);
    default: return pool.concat(sub(), sub());
  }
}

bool accepts(ExprPool& pool, ExprId e, const std::string& text) {
  const ExprId end = pool.live(e) ? pool.run(e, text) : kEmpty;
  return end != kEmpty && pool.nullable(end);
}

}  // namespace

TEST_CASE("a stack and a regular part: the shortest word of both") {
  constexpr int kLongest = 30;   // n up to which a^n b^n is tried
  ExprPool pool;
  const ExprId stack = pool.added(std::make_unique<Nested>()).rule(pool, 0);
  ContextFreeProduct kept(pool, SIZE_MAX, 1'000'000, false);
  std::mt19937 random(7);
  int empty = 0, found = 0;
  for (int round = 0; round < 400; ++round) {
    const ExprId regular = random_regular(pool, random, 4);
    uint32_t want = kInfinite;
    for (int n = kLongest; n >= 1; --n)
      if (accepts(pool, regular, std::string(n, 'a') + std::string(n, 'b'))) want = 2 * static_cast<uint32_t>(n);
    const auto got = kept.shortest(stack, regular);
    REQUIRE(got);
    CHECK(got->exact);
    CHECK(got->length == want);
    ++(want == kInfinite ? empty : found);
  }
  CHECK(empty > 50);
  CHECK(found > 50);
}

TEST_CASE("a stack and a regular part: many states are taken for any text, which claims no word and denies none wrongly") {
  ExprPool pool;
  const ExprId stack = pool.added(std::make_unique<Nested>()).rule(pool, 1);
  ContextFreeProduct rough(pool, 100, 1'000'000, false), exact(pool, SIZE_MAX, 1'000'000, false);
  auto search = [&](const char* what) { return pool.concat({kAnything, pool.literal(what), kAnything}); };
  for (const char* inside : {"77", "a1", "0b"}) {
    const auto glance = rough.shortest(stack, search(inside));
    REQUIRE(glance);
    CHECK(!glance->exact);
    CHECK(glance->length != kInfinite);
    CHECK(exact.shortest(stack, search(inside))->length == (inside[1] == '7' ? 4 : 3));
  }
  const ExprId digits = pool.repeat(pool.bytes(ByteSet::range('0', '9')), 1, 900);   // which may end at each of its states
  const ExprId letters = pool.added(std::make_unique<Nested>()).rule(pool, 0);
  CHECK(rough.shortest(pool.concat(digits, letters), search(std::string(150, '7').c_str()))->length != kInfinite);
  CHECK(rough.shortest(stack, search("x"))->length == kInfinite);
  for (const char* outside : {"x", "ba", "b1"}) {
    CHECK(exact.shortest(stack, search(outside))->length == kInfinite);
  }
}

TEST_CASE("a stack and a regular part: a long text, too much work, and a limit half way") {
  ExprPool pool;
  const ExprId rule = pool.added(std::make_unique<Nested>()).rule(pool, 0);
  const ExprId stack = pool.concat(pool.literal(std::string(300'000, 'x')), rule);
  ContextFreeProduct rough(pool, 100, 10'000'000, false);
  CHECK(rough.shortest(stack, pool.concat(kAnything, pool.literal("y")))->length == kInfinite);
  ContextFreeProduct hurried(pool, SIZE_MAX, 1'000, true);
  CHECK(!hurried.shortest(stack, kAnything));
  CHECK(hurried.shortest(rule, kAnything)->length == 2);   // what was half done is forgotten

  const ExprId late = pool.added(std::make_unique<Nested>()).rule(pool, 3);
  ContextFreeProduct again(pool, SIZE_MAX, 1'000, false);
  CHECK_THROWS_AS(again.shortest(pool.concat(pool.byte('a'), late), kAnything), Error);
  CHECK(again.shortest(pool.concat(pool.byte('a'), late), kAnything)->length == 4);

  Limits limits;
  limits.pool_bytes = 1 << 20;
  ExprPool small(limits);
  const ExprId both = small.added(std::make_unique<Nested>()).rule(small, 2);
  const ExprId early = small.concat({kAnything, small.byte('a'), small.repeat(small.bytes(ByteSet::range('a', 'b')), 18, 18)});
  ContextFreeProduct product(small, SIZE_MAX, 100'000'000, false);
  for (int time = 0; time < 2; ++time) CHECK_THROWS_AS(product.shortest(both, early), Error);
}
