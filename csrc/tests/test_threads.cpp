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

TEST_CASE("a batch on many threads equals one row after another") {
  auto vocab = make_vocabulary();
  Compiled compiled(std::make_shared<Engine>(vocab), make_term(), Limits{});
  std::mt19937 rng(3);
  std::vector<Matcher> matchers(24, Matcher(compiled));
  for (Matcher& m : matchers)
    for (unsigned n = rng() % 6; n > 0; --n) m.advance("abc ,"[rng() % 5]);
  std::vector<Matcher*> rows;
  for (Matcher& m : matchers) rows.push_back(&m);
  std::vector<uint32_t> got(vocab->words() * rows.size()), want(vocab->words());
  fill_batch(rows, got.data(), vocab->words(), 4);
  for (size_t r = 0; r < rows.size(); ++r) {
    rows[r]->fill(want.data());
    CHECK(std::equal(want.begin(), want.end(), got.begin() + static_cast<std::ptrdiff_t>(r * vocab->words())));
  }
}
