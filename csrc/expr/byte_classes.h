// Partitions of the 256 bytes: bytes of one class have the same derivative, so a state's transitions are tabled per
// class. Equal partitions are stored once, and products of two are remembered.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>

#include "base/byte_set.h"

namespace decodex {

struct ByteClasses {
  uint8_t of[256];               // byte -> class, numbered in the order of their smallest bytes
  uint8_t representative[256];   // class -> its smallest byte
  uint16_t count;                // classes, 1..256
};

class ByteClassTable {
 public:
  ByteClassTable();
  const ByteClasses* one() const { return one_; }        // all bytes alike
  const ByteClasses* each() const { return each_; }      // every byte by itself
  const ByteClasses* split(const ByteSet& set);          // the set and the rest
  const ByteClasses* of(const uint8_t* classes);         // byte -> class, 256 of them
  // The coarsest partition that tells apart what either of the two does.
  const ByteClasses* product(const ByteClasses* a, const ByteClasses* b);
  size_t bytes() const { return stored_.size() * (sizeof(ByteClasses) + 64) + products_.size() * 48; }

 private:
  template <class Label>
  const ByteClasses* intern(Label label);                // label(byte): any number below 65536

  struct Pair {
    const ByteClasses *a, *b;
    bool operator==(const Pair&) const = default;
  };
  struct PairHash {
    size_t operator()(const Pair& p) const {
      return (reinterpret_cast<uintptr_t>(p.a) * 0x9e3779b97f4a7c15ull) ^ (reinterpret_cast<uintptr_t>(p.b) * 0xff51afd7ed558ccdull >> 7);
    }
  };

  std::deque<ByteClasses> stored_;
  std::unordered_map<std::string_view, const ByteClasses*> index_;   // by `of`
  std::unordered_map<Pair, const ByteClasses*, PairHash> products_;
  const ByteClasses *one_, *each_;
};

}  // namespace decodex
