// A hash index of numbers whose keys lie elsewhere. It grows a little with each insertion, so none of them has to wait
// for all that came before.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace decodex {

class HashIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The number with this hash for which same(number) holds, or kNone.
  template <class Same>
  uint32_t find(uint64_t hash, Same same) const {
    const uint32_t found = table_.find(hash, same);
    return found == kNone && moved_ < old_.size() ? old_.find(hash, same) : found;
  }

  // `number` (below kNone) must not be there yet.
  void insert(uint64_t hash, uint32_t number) {
    if ((count_ + 1) * 5 > table_.size() * 3) grow();
    for (int i = 0; i < kMovedAtOnce && moved_ < old_.size(); ++i) {
      const Slot& slot = old_.slots[moved_++];
      if (slot.number) table_.insert(slot);
    }
    if (moved_ == old_.size()) old_ = {}, moved_ = 0;
    table_.insert({static_cast<uint32_t>(hash), number + 1});
    ++count_;
  }

  size_t bytes() const { return (table_.size() + old_.size()) * sizeof(Slot); }

 private:
  // The old table is moved before the new one is full: that is 0.6 times as many insertions as the old one has slots.
  static constexpr int kMovedAtOnce = 4;

  struct Slot {
    uint32_t hash, number;   // number + 1; 0: free
  };
  struct Free {
    void operator()(Slot* slots) const { std::free(slots); }
  };
  struct Table {
    std::unique_ptr<Slot[], Free> slots;
    size_t mask = 0;

    size_t size() const { return slots ? mask + 1 : 0; }
    template <class Same>
    uint32_t find(uint64_t hash, Same same) const {
      if (!slots) return kNone;
      for (size_t i = hash & mask; slots[i].number; i = (i + 1) & mask)
        if (slots[i].hash == static_cast<uint32_t>(hash) && same(slots[i].number - 1)) return slots[i].number - 1;
      return kNone;
    }
    void insert(Slot slot) {
      size_t i = slot.hash & mask;
      while (slots[i].number) i = (i + 1) & mask;
      slots[i] = slot;
    }
  };

  void grow() {
    const size_t size = table_.slots ? table_.size() * 2 : 1 << 10;
    Table bigger{std::unique_ptr<Slot[], Free>(static_cast<Slot*>(std::calloc(size, sizeof(Slot)))), size - 1};
    if (!bigger.slots) throw std::bad_alloc();
    old_ = std::exchange(table_, std::move(bigger));
    moved_ = 0;
  }

  Table table_, old_;
  size_t moved_ = 0;   // slots of the old table that are in the new one
  size_t count_ = 0;
};

}  // namespace decodex
