// A set of bytes as 256 bits.
#pragma once

#include <bit>
#include <cstdint>

namespace decodex {

struct ByteSet {
  uint64_t words[4] = {0, 0, 0, 0};

  static ByteSet of(uint8_t byte) {
    ByteSet set;
    set.add(byte);
    return set;
  }
  static ByteSet range(uint8_t first, uint8_t last) {
    ByteSet set;
    for (int b = first; b <= last; ++b) set.add(static_cast<uint8_t>(b));
    return set;
  }
  static ByteSet all() { return ByteSet{{~0ull, ~0ull, ~0ull, ~0ull}}; }

  void add(uint8_t byte) { words[byte >> 6] |= 1ull << (byte & 63); }
  bool has(uint8_t byte) const { return (words[byte >> 6] >> (byte & 63)) & 1; }
  bool empty() const { return (words[0] | words[1] | words[2] | words[3]) == 0; }
  int count() const {
    return std::popcount(words[0]) + std::popcount(words[1]) + std::popcount(words[2]) + std::popcount(words[3]);
  }
  // The smallest member; the set must not be empty.
  uint8_t first() const {
    int word = 0;
    while (words[word] == 0) ++word;
    return static_cast<uint8_t>(word * 64 + std::countr_zero(words[word]));
  }
  ByteSet operator|(const ByteSet& o) const {
    return {{words[0] | o.words[0], words[1] | o.words[1], words[2] | o.words[2], words[3] | o.words[3]}};
  }
  ByteSet operator&(const ByteSet& o) const {
    return {{words[0] & o.words[0], words[1] & o.words[1], words[2] & o.words[2], words[3] & o.words[3]}};
  }
  ByteSet operator~() const { return {{~words[0], ~words[1], ~words[2], ~words[3]}}; }
  bool operator==(const ByteSet& o) const = default;
};

}  // namespace decodex
