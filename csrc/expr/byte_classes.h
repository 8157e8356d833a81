// Partitions of the 256 bytes: bytes of one class have the same derivative, so a state's transitions are tabled per
// class. Equal partitions are stored once.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/byte_set.h"

namespace decodex {

struct ByteClasses {
  uint8_t of[256];               // byte -> class
  uint8_t representative[256];   // class -> its smallest byte
  uint16_t count;                // classes, 1..256
};

// Refines one partition by set after set.
class ByteClassBuilder {
 public:
  ByteClassBuilder() {
    std::memset(of_, 0, sizeof of_);
    size_[0] = 256;
  }

  void refine(const ByteSet& set) {
    int members = set.count();
    if (members == 0 || members == 256 || count_ == 256) return;
    if (members == 1) return isolate(set.first());
    int moved[256];  // class -> members of `set` in it
    std::memset(moved, 0, sizeof(int) * count_);
    for_each(set, [&](uint8_t b) { ++moved[of_[b]]; });
    int16_t target[256];
    int old_count = count_;
    for (int c = 0; c < old_count; ++c) {
      target[c] = -1;
      if (moved[c] == 0 || moved[c] == size_[c]) continue;
      target[c] = static_cast<int16_t>(count_);
      size_[count_++] = moved[c];
      size_[c] -= moved[c];
    }
    for_each(set, [&](uint8_t b) {
      if (target[of_[b]] >= 0) of_[b] = static_cast<uint8_t>(target[of_[b]]);
    });
  }

  void refine(const ByteClasses& other) {
    if (other.count == 1) return;
    if (other.count == 256) return isolate_all();
    // The pairs (own class, other class) that occur become the new classes.
    int16_t first[256][2];  // own class -> (other class, new class) of its first pair
    for (int c = 0; c < count_; ++c) first[c][0] = -1;
    std::unordered_map<uint32_t, uint16_t> later;
    uint8_t out[256];
    int sizes[256] = {0};
    int next = count_;
    for (int b = 0; b < 256; ++b) {
      int own = of_[b], theirs = other.of[b];
      int target;
      if (first[own][0] < 0) {
        first[own][0] = static_cast<int16_t>(theirs);
        target = own;
      } else if (first[own][0] == theirs) {
        target = own;
      } else {
        auto [it, fresh] = later.try_emplace(static_cast<uint32_t>(own << 8 | theirs), static_cast<uint16_t>(next));
        if (fresh) ++next;
        target = it->second;
      }
      out[b] = static_cast<uint8_t>(target);
      ++sizes[target];
    }
    std::memcpy(of_, out, sizeof out);
    std::memcpy(size_, sizes, sizeof(int) * 256);
    count_ = next;
  }

  void isolate_all() {
    for (int b = 0; b < 256; ++b) {
      of_[b] = static_cast<uint8_t>(b);
      size_[b] = 1;
    }
    count_ = 256;
  }

  const uint8_t* of() const { return of_; }
  int count() const { return count_; }

 private:
  template <class F>
  static void for_each(const ByteSet& set, F f) {
    for (int w = 0; w < 4; ++w)
      for (uint64_t bits = set.words[w]; bits; bits &= bits - 1)
        f(static_cast<uint8_t>(w * 64 + std::countr_zero(bits)));
  }
  void isolate(uint8_t byte) {
    int c = of_[byte];
    if (size_[c] == 1) return;
    --size_[c];
    of_[byte] = static_cast<uint8_t>(count_);
    size_[count_++] = 1;
  }

  uint8_t of_[256];
  int size_[256];
  int count_ = 1;
};

class ByteClassTable {
 public:
  const ByteClasses* intern(const ByteClassBuilder& builder) {
    ByteClasses fresh;
    int16_t renamed[256];
    std::memset(renamed, -1, sizeof renamed);
    uint16_t next = 0;
    uint64_t hash = 0x9e3779b97f4a7c15ull;
    for (int b = 0; b < 256; ++b) {
      int c = builder.of()[b];
      if (renamed[c] < 0) {
        fresh.representative[next] = static_cast<uint8_t>(b);
        renamed[c] = static_cast<int16_t>(next++);
        hash = (hash ^ static_cast<uint64_t>(b)) * 0xff51afd7ed558ccdull;
      }
      fresh.of[b] = static_cast<uint8_t>(renamed[c]);
    }
    for (int w = 0; w < 32; ++w) {
      uint64_t chunk;
      std::memcpy(&chunk, fresh.of + 8 * w, 8);
      hash = (hash ^ chunk) * 0xc4ceb9fe1a85ec53ull;
      hash ^= hash >> 29;
    }
    fresh.count = next;
    std::memset(fresh.representative + next, 0, sizeof fresh.representative - next);
    auto& bucket = index_[hash];
    for (const ByteClasses* known : bucket)
      if (std::memcmp(known->of, fresh.of, sizeof fresh.of) == 0) return known;
    stored_.push_back(std::make_unique<ByteClasses>(fresh));
    bucket.push_back(stored_.back().get());
    return bucket.back();
  }
  size_t bytes() const { return stored_.size() * (sizeof(ByteClasses) + 64); }

 private:
  std::vector<std::unique_ptr<ByteClasses>> stored_;
  std::unordered_map<uint64_t, std::vector<const ByteClasses*>> index_;
};

}  // namespace decodex
