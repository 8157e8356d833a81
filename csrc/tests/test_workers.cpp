// Threads that stay: every item once, whoever calls, whatever is thrown, and after they have been stopped.
#include <doctest/doctest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "base/workers.h"

using namespace decodex;

namespace {

using Length = Workers::Length;

// Runs `count` items and returns how often each was done.
std::vector<int> times_done(Workers& workers, size_t count, size_t grain, unsigned threads, Length length) {
  std::vector<int> done(count);   // plain integers: the thread sanitizer sees it if two threads have one item
  workers.run(count, grain, threads, length, [&](size_t begin, size_t end) {
    REQUIRE(begin < end);
    REQUIRE(end - begin <= grain);
    for (; begin < end; ++begin) ++done[begin];
  });
  return done;
}

}  // namespace

TEST_CASE("workers do every item once") {
  Workers workers;
  for (size_t count : {0, 1, 2, 7, 64, 1000})
    for (size_t grain : {1, 3, 64})
      for (unsigned threads : {0, 1, 2, 5, 1000})
        for (Length length : {Length::kBrief, Length::kLong})
          CHECK(times_done(workers, count, grain, threads, length) == std::vector<int>(count, 1));
}

TEST_CASE("workers that have gone to sleep wake up") {
  Workers workers;
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(round % 2));
    CHECK(times_done(workers, 50, 1, 4, Length::kLong) == std::vector<int>(50, 1));
  }
}

TEST_CASE("workers help: work that waits for a second thread ends") {
  Workers workers;
  std::atomic<int> arrived{0};
  workers.run(2, 1, 2, Length::kLong, [&](size_t, size_t) {
    ++arrived;
    while (arrived.load() < 2) std::this_thread::yield();
  });
  CHECK(arrived == 2);
}

TEST_CASE("workers are shared by callers on many threads") {
  Workers workers;
  std::atomic<size_t> sum{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&] {
      for (size_t round = 0; round < 200; ++round) {
        std::vector<int> done = times_done(workers, 1 + round % 40, 1, 3, round % 3 ? Length::kBrief : Length::kLong);
        sum += static_cast<size_t>(std::accumulate(done.begin(), done.end(), 0));
      }
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(sum == 4 * 5 * (40 * 41 / 2));
}

TEST_CASE("workers pass on the first exception and go on working") {
  Workers workers;
  for (unsigned threads : {1, 4})
    for (size_t culprit : {0, 31, 63}) {
      std::atomic<size_t> done{0};
      auto work = [&](size_t begin, size_t) {
        if (begin == culprit) throw std::runtime_error("item " + std::to_string(begin));
        ++done;
      };
      CHECK_THROWS_WITH_AS(workers.run(64, 1, threads, Length::kLong, work), ("item " + std::to_string(culprit)).c_str(),
                           std::runtime_error);
      CHECK(done <= 63);
      CHECK(times_done(workers, 64, 1, threads, Length::kLong) == std::vector<int>(64, 1));
    }
}

TEST_CASE("workers may be stopped, and the caller does the work alone") {
  Workers workers;
  CHECK(times_done(workers, 64, 1, 4, Length::kLong) == std::vector<int>(64, 1));
  workers.stop();
  workers.stop();
  CHECK(times_done(workers, 64, 1, 4, Length::kLong) == std::vector<int>(64, 1));
}
