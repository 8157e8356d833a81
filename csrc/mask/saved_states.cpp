#include "mask/saved_states.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/error.h"
#include "expr/pool.h"

namespace decodex {

namespace {

void require(bool holds, const char* what) {
  if (!holds)
    throw Error(ErrorKind::Artefact, std::string("its saved states do not hold together (") + what + "); make it again with save()");
}

bool below_or_none(uint32_t number, size_t bound) { return number < bound || number == SavedStates::kNone; }

// Do the ends of lists ascend to `count`?
template <class Owner, class End>
bool divide(const std::vector<Owner>& owners, End end, size_t count) {
  uint32_t last = 0;
  for (const Owner& owner : owners) {
    if (end(owner) < last) return false;
    last = end(owner);
  }
  return last == count;
}

}  // namespace

void append_ids(std::span<const uint32_t> ids, std::vector<uint16_t>& gaps) {
  uint32_t last = 0;
  for (uint32_t id : ids) {
    for (; id - last >= kLongGap; last += kLongGap) gaps.push_back(kLongGap);
    gaps.push_back(static_cast<uint16_t>(id - last));
    last = id;
  }
}

std::vector<uint32_t> SavedStates::bits_of_row(uint32_t row, const Vocabulary& vocab) const {
  const std::span<const uint16_t> ids = ids_of_row(row);
  const uint32_t base = rows[row].base;
  std::vector<uint32_t> bits = base == kText ? vocab.text_bits()
                               : base < kBits ? bits_of_row(base, vocab)   // which has no such base itself
                                              : std::vector<uint32_t>(vocab.words());
  if (base == kBits) std::memcpy(bits.data(), ids.data(), ids.size_bytes());
  else each_id(ids, [&](uint64_t id) { bits[id >> 5] ^= 1u << (id & 31); });
  return bits;
}

size_t SavedStates::memory() const {
  return sizeof(*this) + states.size() * sizeof(State) + edges.size() * sizeof(Edge) + masks.size() * sizeof(SavedMask) +
         rows.size() * sizeof(Row) + 2 * (mask_ids.size() + row_ids.size() + class_runs.size()) + 4 * class_runs_end.size() +
         class_maps.size();
}

void SavedStates::prepare(const Vocabulary& vocab) {
  constexpr size_t kMost = UINT32_MAX - 1;
  require(!states.empty() && states.size() < kMost && edges.size() < kMost && masks.size() < kMost && rows.size() < kMost &&
              mask_ids.size() < kMost && row_ids.size() < kMost && class_runs.size() < kMost, "their number");
  require(divide(states, [](const State& s) { return s.edges_end; }, edges.size()), "edges per state");
  require(divide(masks, [](const SavedMask& m) { return m.ids_end; }, mask_ids.size()), "tokens per mask");
  require(divide(rows, [](const Row& r) { return r.ids_end; }, row_ids.size()), "tokens per row");
  require(divide(class_runs_end, [](uint32_t end) { return end; }, class_runs.size()), "runs of bytes");
  require(start_mask.size() == 1 && below_or_none(start_mask[0], masks.size()), "the start's mask");

  class_maps.resize(256 * class_runs_end.size());
  std::vector<uint32_t> counts;   // of classes
  size_t run = 0;
  for (size_t m = 0; m < class_runs_end.size(); ++m) {
    uint32_t count = 0;
    int byte = 0;
    for (; run < class_runs_end[m]; ++run) {
      const int last = class_runs[run] >> 8;
      const uint32_t number = class_runs[run] & 255;
      require(last >= byte && number <= count, "byte classes");   // numbered in the order of their smallest bytes
      count = std::max(count, number + 1);
      for (; byte <= last; ++byte) class_maps[256 * m + static_cast<size_t>(byte)] = static_cast<uint8_t>(number);
    }
    require(byte == 256, "byte classes");
    counts.push_back(count);
  }
  for (uint32_t k = 0; k < states.size(); ++k) {
    const State& s = states[k];
    require((k == 0 || s.parent < k) && s.byte < 256 && s.shortest < kInfinite, "the way to a state");
    require(s.classes < counts.size() && below_or_none(s.mask, masks.size()), "a state's numbers");
    for (const Edge& e : edges_of(k))
      require(e.byte_class < counts[s.classes] && below_or_none(e.next, states.size()), "an edge");
  }
  for (const SavedMask& m : masks) require(below_or_none(m.row, rows.size()), "a mask's row");
  auto check_ids = [&](std::span<const uint16_t> gaps) {
    bool good = true;
    each_id(gaps, [&](uint64_t id) { good = good && id < vocab.size() && vocab.has_text(static_cast<uint32_t>(id)); });
    require(good, "a token's id");
  };
  for (uint32_t k = 0; k < masks.size(); ++k) check_ids(ids_of_mask(k));
  for (uint32_t k = 0; k < rows.size(); ++k) {
    const std::span<const uint16_t> ids = ids_of_row(k);
    require(stands_alone(rows[k]) || (rows[k].base < k && stands_alone(rows[rows[k].base])), "a row's base");
    if (rows[k].base != kBits) {
      check_ids(ids);
      continue;
    }
    require(ids.size() == size_t{2} * vocab.words(), "a row of bits");
    for (size_t w = 0; w < ids.size(); ++w) require((ids[w] & ~(vocab.text_bits()[w / 2] >> (w % 2 * 16))) == 0, "a token's id");
  }
}

}  // namespace decodex
