// A hash index of numbers whose keys lie elsewhere. It grows a little with each insertion, so none of them has to wait
// for all that came before. A key has a hash and a `near`: keys whose nears are close lie close, so what is made of
// what was made a moment ago is looked up in memory that was used a moment ago.
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

  // The number with this hash and near for which same(number) holds, or kNone.
  template <class Same>
  uint32_t find(uint64_t hash, uint32_t near, Same same) const {
    const uint32_t found = table_.find(hash, near, same);
    return found == kNone && moved_ < old_.size() ? old_.find(hash, near, same) : found;
  }

  // `number` (below kNone) must not be there yet.
  void insert(uint64_t hash, uint32_t near, uint32_t number) {
    if ((count_ + 1) * 5 > table_.size() * 3) grow();
    for (int i = 0; i < kMovedAtOnce && moved_ < old_.size(); ++i) {
      const Slot& slot = old_.slots[moved_++];
      if (slot.number) table_.insert(slot);
    }
    if (moved_ == old_.size()) old_ = {}, moved_ = 0;
    table_.insert({static_cast<uint32_t>(hash), near, number + 1});
    ++count_;
  }

  size_t bytes() const { return (table_.size() + old_.size()) * sizeof(Slot); }

 private:
  // The old table is moved before the new one is full: that is 0.6 times as many insertions as the old one has slots.
  static constexpr int kMovedAtOnce = 4;

  struct Slot {
    uint32_t hash, near, number;   // number + 1; 0: free
  };
  struct Free {
    void operator()(Slot* slots) const { std::free(slots); }
  };
  struct Table {
    std::unique_ptr<Slot[], Free> slots;
    size_t mask = 0;

    size_t size() const { return slots ? mask + 1 : 0; }
    // Visits the slots where a key may lie, first those of its line, until visit() says so; a free one is the last.
    template <class Visit>
    void probe(uint32_t hash, uint32_t near, Visit visit) const {
      constexpr size_t kLine = 8, kNears = 4;   // slots of a line, nears that share one
      const size_t line = near / kNears * kLine & mask;
      for (size_t i = line; i < line + kLine; ++i)
        if (visit(slots[i])) return;
      const uint64_t mixed = (uint64_t{hash} << 32 | near) * 0x9e3779b97f4a7c15ull;
      for (size_t i = mixed >> 24 & mask; !visit(slots[i]);) i = (i + 1) & mask;
    }
    template <class Same>
    uint32_t find(uint64_t hash, uint32_t near, Same same) const {
      uint32_t found = kNone;
      if (!slots) return found;
      probe(static_cast<uint32_t>(hash), near, [&](const Slot& slot) {
        if (!slot.number) return true;
        if (slot.hash != static_cast<uint32_t>(hash) || slot.near != near || !same(slot.number - 1)) return false;
        found = slot.number - 1;
        return true;
      });
      return found;
    }
    void insert(Slot added) {
      probe(added.hash, added.near, [&](Slot& slot) {
        if (slot.number) return false;
        slot = added;
        return true;
      });
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
