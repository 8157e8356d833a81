// Masks of many matchers at once: rows that stand at the same place are made once, the rest is shared out to threads.
#pragma once

#include <cstdint>
#include <span>

#include "matcher/matcher.h"

namespace decodex {

// Row i of `out` (rows of `words` 32-bit words) becomes the mask of matchers[i]; threads <= 1 works in this thread.
// Returns false when every token is allowed in every row.
bool fill_batch(std::span<Matcher* const> matchers, uint32_t* out, size_t words, unsigned threads);

}  // namespace decodex
