// Masks of many matchers at once. Masks that are known are copied by several threads; new ones are made by one thread for
// each pool, since a pool is locked while it makes one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "matcher/matcher.h"

namespace decodex {

// Row i of `out` (rows of `words` 32-bit words) becomes the mask of matchers[i]; threads <= 1 works in this thread, and
// so do batches too small for others to be of use. Returns false when every token is allowed in every row.
bool fill_batch(std::span<Matcher* const> matchers, uint32_t* out, size_t words, unsigned threads);

// For each matcher the first one that stands at the same place, so that one mask surely serves both.
std::vector<int32_t> first_with_same_mask(std::span<Matcher* const> matchers);

}  // namespace decodex
