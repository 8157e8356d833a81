// Many threads on one generation, with evictions in between: the masks are those of one thread. Meant for the thread
// sanitizer, and true without it.
#include <doctest/doctest.h>

#include <random>
#include <thread>

#include "matcher/batch.h"
#include "matcher/matcher.h"

using namespace decodex;

namespace {

std::shared_ptr<Vocabulary> make_vocabulary() {
  std::mt19937 rng(1);
  std::string blob;
  std::vector<int64_t> offsets{0};
  std::vector<uint8_t> has;
  for (int i = 0; i < 4000; ++i) {
    if (i < 256) blob.push_back(static_cast<char>(i));
    else for (unsigned n = 1 + rng() % 5; n > 0; --n) blob.push_back("abc ,."[rng() % 6]);
    offsets.push_back(static_cast<int64_t>(blob.size()));
    has.push_back(1);
  }
  offsets.push_back(static_cast<int64_t>(blob.size()));
  has.push_back(0);
  return std::make_shared<Vocabulary>(blob, offsets, has, std::vector<int32_t>{}, "", std::vector<int64_t>{0}, std::vector<int32_t>{4000});
}

TermPtr make_term() {
  PatternOptions options;
  return terms::conj({terms::text("."), terms::complement(terms::regex("(?s).*(abc|cc,).*", options)), terms::regex("(?s).{0,40}", options)});
}

// The masks along one random text, as a hash.
uint64_t walk(Compiled& compiled, unsigned seed) {
  std::mt19937 rng(seed);
  Matcher matcher(compiled, seed % 3 == 0 ? 60 : kNoBudget);
  std::vector<uint32_t> mask(compiled.vocab().words());
  uint64_t hash = 0;
  for (int step = 0; step < 30 && !matcher.is_finished(); ++step) {
    matcher.fill(mask.data());
    std::vector<uint32_t> allowed;
    for (uint32_t id = 0; id < compiled.vocab().size(); ++id)
      if (mask[id >> 5] >> (id & 31) & 1) allowed.push_back(id);
    for (uint32_t word : mask) hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
    REQUIRE(!allowed.empty());
    REQUIRE(matcher.advance(allowed[rng() % allowed.size()]));
  }
  return hash;
}

}  // namespace

TEST_CASE("threads see the masks that one thread sees") {
  auto vocab = make_vocabulary();
  Limits small;
  small.pool_bytes = 16 << 20;
  std::vector<uint64_t> alone;
  for (unsigned seed = 0; seed < 16; ++seed) {
    Compiled compiled(std::make_shared<Engine>(vocab), make_term(), Limits{});
    alone.push_back(walk(compiled, seed));
  }
  auto engine = std::make_shared<Engine>(vocab);
  Compiled shared(engine, make_term(), small);
  std::vector<uint64_t> together(16);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (unsigned seed = t; seed < 16; seed += 4) {
        Compiled other(engine, terms::literal("only " + std::to_string(seed)), small);
        together[seed] = walk(shared, seed);
        Matcher(other).allows('o');
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(together == alone);
}

namespace {

// Rows of several pools (as many as there are constraints), some with budgets, some at their end.
std::vector<Matcher> make_rows(std::vector<std::unique_ptr<Compiled>>& constraints, size_t count, unsigned seed) {
  std::mt19937 rng(seed);
  std::vector<Matcher> rows;
  for (size_t i = 0; i < count; ++i) {
    Matcher& row = rows.emplace_back(*constraints[rng() % constraints.size()], i % 5 == 1 ? 50 : kNoBudget);
    for (unsigned n = rng() % 6; n > 0; --n) row.advance("abc ,"[rng() % 5]);
    if (i % 7 == 3) row.advance(4000);
  }
  return rows;
}

std::vector<std::unique_ptr<Compiled>> make_constraints(const std::shared_ptr<Vocabulary>& vocab) {
  std::vector<std::unique_ptr<Compiled>> out;
  auto engine = std::make_shared<Engine>(vocab);
  for (uint32_t nesting : {1'000, 1'001, 1'002}) {   // other limits, another pool
    Limits limits;
    limits.nesting = nesting;
    out.push_back(std::make_unique<Compiled>(engine, make_term(), limits));
  }
  return out;
}

void check_batch(std::span<Matcher* const> rows, unsigned threads) {
  const size_t words = rows[0]->vocab().words();
  std::vector<uint32_t> got(words * rows.size()), want(words);
  const bool restricted = fill_batch(rows, got.data(), words, threads);
  bool any = false;
  for (size_t r = 0; r < rows.size(); ++r) {
    any = rows[r]->fill(want.data()) || any;
    REQUIRE(std::equal(want.begin(), want.end(), got.begin() + static_cast<std::ptrdiff_t>(r * words)));
  }
  CHECK(restricted == any);
}

std::vector<Matcher*> pointers(std::vector<Matcher>& matchers) {
  std::vector<Matcher*> out;
  for (Matcher& m : matchers) out.push_back(&m);
  return out;
}

}  // namespace

TEST_CASE("a batch on many threads equals one row after another") {
  auto vocab = make_vocabulary();
  auto constraints = make_constraints(vocab);
  for (size_t count : {1, 5, 90, 700}) {   // the last is enough for others to be of use
    std::vector<Matcher> matchers = make_rows(constraints, count, static_cast<unsigned>(count));
    for (int again = 0; again < 3; ++again) check_batch(pointers(matchers), 4);
  }
  CHECK(!fill_batch({}, nullptr, vocab->words(), 4));
}

TEST_CASE("batches from several threads at once equal one row after another") {
  auto vocab = make_vocabulary();
  auto constraints = make_constraints(vocab);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (unsigned round = 0; round < 4; ++round) {
        std::vector<Matcher> matchers = make_rows(constraints, round % 2 ? 700 : 40, 10 * t + round);
        check_batch(pointers(matchers), 3);
      }
    });
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("matchers at one place have one mask, and those at others are told apart") {
  auto vocab = make_vocabulary();
  auto constraints = make_constraints(vocab);
  std::vector<Matcher> matchers = make_rows(constraints, 90, 5);
  const std::vector<Matcher*> rows = pointers(matchers);
  const std::vector<int32_t> first = first_with_same_mask(rows);
  std::vector<uint32_t> mask(vocab->words()), other(vocab->words());
  size_t shared = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto f = static_cast<size_t>(first[r]);
    REQUIRE(f <= r);
    CHECK(static_cast<size_t>(first[f]) == f);
    rows[r]->fill(mask.data());
    rows[f]->fill(other.data());
    CHECK(mask == other);
    shared += f < r;
    for (size_t s = 0; s < r; ++s)
      CHECK((rows[s]->mask_key() == rows[r]->mask_key()) == (first[s] == first[r]));
  }
  CHECK(shared > 10);
  CHECK(shared < 80);
}
