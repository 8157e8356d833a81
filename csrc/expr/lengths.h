// Sums and multiples of shortest lengths: infinite stays infinite, and what is finite stays finite however large it is.
#pragma once

#include <algorithm>
#include <cstdint>

#include "expr/pool.h"

namespace decodex {

inline uint32_t add_lengths(uint32_t a, uint32_t b) {
  if (a == kInfinite || b == kInfinite) return kInfinite;
  return static_cast<uint32_t>(std::min<uint64_t>(uint64_t{a} + b, kInfinite - 1));
}

inline uint32_t multiply_lengths(uint32_t a, uint32_t times) {
  if (times == 0) return 0;
  if (a == kInfinite) return kInfinite;
  return static_cast<uint32_t>(std::min<uint64_t>(uint64_t{a} * times, kInfinite - 1));
}

}  // namespace decodex
