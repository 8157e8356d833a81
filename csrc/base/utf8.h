// UTF-8 into code points.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace decodex {

// The code points of a text; Error(Constraint) where it is not valid UTF-8, naming what it is.
inline std::u32string decode_utf8(std::string_view utf8, std::string_view what = "text") {
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  std::u32string out;
  out.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<uint8_t>(utf8[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    bool good = length > 0 && i + length <= utf8.size();
    uint32_t c = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t k = 1; good && k < length; ++k) {
      const auto byte = static_cast<uint8_t>(utf8[i + k]);
      good = (byte & 0xC0) == 0x80;
      c = c << 6 | (byte & 0x3F);
    }
    if (!good || c < kLeast[length] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
      throw Error(ErrorKind::Constraint,
                  "the " + std::string(what) + " is not valid UTF-8 at byte " + std::to_string(i) + "; hand it over as text, not as bytes",
                  "column " + std::to_string(out.size() + 1));
    out.push_back(c);
    i += length;
  }
  return out;
}

}  // namespace decodex
