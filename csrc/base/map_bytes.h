// What a hash map takes: its entries with what the allocator and the list they hang in add, and its buckets. About, since
// both are the library's own affair.
#pragma once

#include <cstddef>

namespace decodex {

template <class Map>
size_t map_bytes(const Map& map) {
  return map.size() * (sizeof(typename Map::value_type) + 4 * sizeof(void*)) + map.bucket_count() * sizeof(void*);
}

}  // namespace decodex
