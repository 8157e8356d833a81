// The generated tables of unicode_tables.cpp as they lie in the file; read them through unicode.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace decodex::unicode {

struct Name {
  std::string_view name;   // "gc=lu", "sc=greek", "scx=greek", "blk=basiclatin", "gcb=l", "alphabetic"
  uint16_t table;
};

extern const char* const kTables[];
extern const Name kNames[];        // sorted by name
extern const size_t kNameCount;
extern const char* const kCaseOrbits;

}  // namespace decodex::unicode
