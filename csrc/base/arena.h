// Bump allocation for immutable data that lives as long as its pool.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace decodex {

class Arena {
 public:
  void* allocate(size_t bytes) {
    bytes = (bytes + 7) & ~size_t{7};
    if (bytes > left_) refill(bytes);
    std::byte* out = next_;
    next_ += bytes;
    left_ -= bytes;
    return out;
  }
  template <class T>
  T* copy(const T* data, size_t count) {
    T* out = static_cast<T*>(allocate(sizeof(T) * count));
    if (count) std::memcpy(out, data, sizeof(T) * count);
    return out;
  }
  std::string_view copy(std::string_view text) { return {copy(text.data(), text.size()), text.size()}; }
  size_t bytes() const { return total_; }

 private:
  void refill(size_t bytes) {
    const size_t size = std::max(bytes, std::clamp(total_, kLeast, kMost));   // what is small stays small
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
    next_ = blocks_.back().get();
    left_ = size;
    total_ += size;
  }

  static constexpr size_t kLeast = 1 << 10, kMost = 1 << 16;   // bytes of a block
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
  size_t total_ = 0;
};

}  // namespace decodex
