#include "matcher/batch.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <vector>

#include "base/workers.h"

namespace decodex {

namespace {

// 32-bit words of masks that one thread copies in a row; as many as are worth a second thread; as many as are worth
// waking one up.
constexpr size_t kWordsAtOnce = 4 << 10, kManyWords = 64 << 10, kVeryManyWords = 2 << 20;

struct Batch {
  std::span<Matcher* const> matchers;
  uint32_t* out;
  size_t words;
  std::atomic<bool> restricted{false};

  uint32_t* row(size_t i) const { return out + i * words; }
  void note(bool is_restricted) {
    if (is_restricted) restricted.store(true, std::memory_order_relaxed);
  }
};

// Copies the masks of the first row's pool that are known; returns the other rows, ordered by their pools.
std::vector<size_t> copy_known(Batch& batch, unsigned threads) {
  const size_t rows = batch.matchers.size();
  std::vector<uint8_t> made(rows);
  {
    const MaskEngine& masks = batch.matchers[0]->masks();
    const MaskEngine::Known known(masks);
    auto copy = [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        if (&batch.matchers[i]->masks() != &masks) continue;
        const auto is_restricted = batch.matchers[i]->fill_known(known, batch.row(i));
        made[i] = is_restricted.has_value();
        batch.note(is_restricted.value_or(false));
      }
    };
    const size_t all = rows * batch.words, at_once = kWordsAtOnce / std::max<size_t>(1, batch.words) + 1;
    const auto length = all >= kVeryManyWords ? Workers::Length::kLong : Workers::Length::kBrief;
    Workers::shared().run(rows, at_once, all >= kManyWords ? threads : 1, length, copy);
  }
  std::vector<size_t> rest;
  for (size_t i = 0; i < rows; ++i)
    if (!made[i]) rest.push_back(i);
  std::stable_sort(rest.begin(), rest.end(), [&](size_t a, size_t b) {
    return std::less<>()(&batch.matchers[a]->pool(), &batch.matchers[b]->pool());
  });
  return rest;
}

// Makes masks, those of one pool by one thread: its lock would let no second one in. What was made for one row is known
// when another one at the same place comes.
void make(Batch& batch, std::span<const size_t> rows, unsigned threads) {
  std::vector<size_t> begins;
  for (size_t k = 0; k < rows.size(); ++k)
    if (k == 0 || &batch.matchers[rows[k]]->pool() != &batch.matchers[rows[k - 1]]->pool()) begins.push_back(k);
  const size_t pools = begins.size();
  begins.push_back(rows.size());
  Workers::shared().run(pools, 1, threads, Workers::Length::kLong, [&](size_t pool, size_t) {
    for (size_t k = begins[pool]; k < begins[pool + 1]; ++k)
      batch.note(batch.matchers[rows[k]]->fill(batch.row(rows[k])));
  });
}

}  // namespace

bool fill_batch(std::span<Matcher* const> matchers, uint32_t* out, size_t words, unsigned threads) {
  if (matchers.empty()) return false;
  Batch batch{matchers, out, words};
  if (const std::vector<size_t> rest = copy_known(batch, threads); !rest.empty()) make(batch, rest, threads);
  return batch.restricted.load();
}

std::vector<int32_t> first_with_same_mask(std::span<Matcher* const> matchers) {
  std::map<decltype(matchers[0]->mask_key()), int32_t> first;
  std::vector<int32_t> out;
  for (const Matcher* matcher : matchers)
    out.push_back(first.try_emplace(matcher->mask_key(), static_cast<int32_t>(out.size())).first->second);
  return out;
}

}  // namespace decodex
