#include "expr/byte_classes.h"

#include <algorithm>
#include <utility>

namespace decodex {

ByteClassTable::ByteClassTable()
    : one_(intern([](int) { return 0; })), each_(intern([](int byte) { return byte; })) {}

const ByteClasses* ByteClassTable::split(const ByteSet& set) {
  return intern([&](int byte) { return set.has(static_cast<uint8_t>(byte)) ? 1 : 0; });
}

const ByteClasses* ByteClassTable::of(const uint8_t* classes) {
  auto known = index_.find(std::string_view(reinterpret_cast<const char*>(classes), sizeof ByteClasses::of));
  return known != index_.end() ? known->second : intern([&](int byte) { return classes[byte]; });
}

const ByteClasses* ByteClassTable::product(const ByteClasses* a, const ByteClasses* b) {
  if (a == b || b == one_ || a == each_) return a;
  if (a == one_ || b == each_) return b;
  if (b < a) std::swap(a, b);
  auto [it, fresh] = products_.try_emplace(Pair{a, b}, nullptr);
  if (fresh) it->second = intern([&](int byte) { return a->of[byte] << 8 | b->of[byte]; });
  return it->second;
}

template <class Label>
const ByteClasses* ByteClassTable::intern(Label label) {
  ByteClasses made{};
  int labels[256];   // per class; there are few, and neighbours are often alike
  for (int byte = 0; byte < 256; ++byte) {
    const int wanted = label(byte);
    int at = byte > 0 ? made.of[byte - 1] : 0;
    if (byte == 0 || labels[at] != wanted) {
      at = static_cast<int>(std::find(labels, labels + made.count, wanted) - labels);
      if (at == made.count) {
        labels[at] = wanted;
        made.representative[made.count++] = static_cast<uint8_t>(byte);
      }
    }
    made.of[byte] = static_cast<uint8_t>(at);
  }
  auto key = [](const ByteClasses& classes) { return std::string_view(reinterpret_cast<const char*>(classes.of), sizeof classes.of); };
  auto known = index_.find(key(made));
  if (known != index_.end()) return known->second;
  stored_.push_back(made);
  index_.emplace(key(stored_.back()), &stored_.back());
  return &stored_.back();
}

}  // namespace decodex
