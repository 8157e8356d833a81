// An array that grows in chunks: elements never move, so readers need no lock once they hold an index that was
// published to them. One writer at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>

#include "base/error.h"

namespace decodex {

template <class T, size_t kChunkBits = 12, size_t kMaxChunks = 1 << 15>
class Chunked {
 public:
  static constexpr size_t kChunk = size_t{1} << kChunkBits;

  Chunked() : chunks_(new std::atomic<T*>[kMaxChunks]()) {}
  ~Chunked() {
    for (size_t c = 0; c < end_; ++c) delete[] chunks_[c].load(std::memory_order_relaxed);
  }
  Chunked(const Chunked&) = delete;
  Chunked& operator=(const Chunked&) = delete;

  T& operator[](size_t i) { return chunks_[i >> kChunkBits].load(std::memory_order_acquire)[i & (kChunk - 1)]; }
  const T& operator[](size_t i) const {
    return chunks_[i >> kChunkBits].load(std::memory_order_acquire)[i & (kChunk - 1)];
  }

  // Makes index i usable; elements start value-initialised.
  void reserve_index(size_t i) {
    size_t c = i >> kChunkBits;
    if (c >= kMaxChunks) throw Error(ErrorKind::Limit, "too many automaton states in one pool (limit 134217728)");
    if (!chunks_[c].load(std::memory_order_relaxed)) {
      chunks_[c].store(new T[kChunk](), std::memory_order_release);
      ++used_;
      end_ = std::max(end_, c + 1);
    }
  }
  bool has_index(size_t i) const {
    return (i >> kChunkBits) < kMaxChunks && chunks_[i >> kChunkBits].load(std::memory_order_acquire) != nullptr;
  }
  size_t bytes() const { return used_ * kChunk * sizeof(T); }

 private:
  std::unique_ptr<std::atomic<T*>[]> chunks_;
  size_t used_ = 0;   // chunks made
  size_t end_ = 0;    // one behind the last of them
};

}  // namespace decodex
