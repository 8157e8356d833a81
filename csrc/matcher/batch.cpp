#include "matcher/batch.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace decodex {

namespace {

uint64_t place_hash(const Matcher& m) {
  return reinterpret_cast<uintptr_t>(&m.pool()) ^ (uint64_t{static_cast<uint32_t>(m.state())} << 20) ^
         (m.is_finished() ? 1 : 0) ^ (m.at_start() ? 2 : 0);
}

}  // namespace

bool fill_batch(std::span<Matcher* const> matchers, uint32_t* out, size_t words, unsigned threads) {
  // The first row of each place is made, the others are copies of it.
  std::vector<size_t> work, source(matchers.size());
  std::unordered_map<uint64_t, std::vector<size_t>> places;
  for (size_t row = 0; row < matchers.size(); ++row) {
    source[row] = row;
    auto& rows = places[place_hash(*matchers[row])];
    for (size_t other : rows)
      if (matchers[row]->same_place(*matchers[other])) source[row] = other;
    if (source[row] != row) continue;
    rows.push_back(row);
    work.push_back(row);
  }
  std::atomic<size_t> next{0};
  std::atomic<bool> restricted{false};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  auto run = [&] {
    try {
      for (size_t k; (k = next.fetch_add(1, std::memory_order_relaxed)) < work.size();)
        if (matchers[work[k]]->fill(out + work[k] * words)) restricted.store(true, std::memory_order_relaxed);
    } catch (...) {
      std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> helpers;
  for (unsigned t = 1; t < threads && t < work.size(); ++t) helpers.emplace_back(run);
  run();
  for (std::thread& helper : helpers) helper.join();
  if (failure) std::rethrow_exception(failure);
  for (size_t row = 0; row < matchers.size(); ++row)
    if (source[row] != row) std::memcpy(out + row * words, out + source[row] * words, words * sizeof(uint32_t));
  return restricted.load();
}

}  // namespace decodex
