// A set of code points as sorted, disjoint, non-touching ranges: what a character class of a pattern denotes.
// Union, complement and tests cost the number of ranges. Surrogates may be members; no alphabet can spell them.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "syntax/alphabet.h"

namespace decodex {

inline constexpr uint32_t kLastCodePoint = 0x10FFFF;

class CharSet {
 public:
  CharSet() = default;
  // Any ranges in any order; each must have first <= last.
  explicit CharSet(std::vector<CodePointRange> ranges);
  static CharSet of(uint32_t c) { return CharSet({{c, c}}); }
  static CharSet all() { return CharSet({{0, kLastCodePoint}}); }

  std::span<const CodePointRange> ranges() const& { return ranges_; }
  void ranges() && = delete;  // would dangle
  bool empty() const { return ranges_.empty(); }
  bool is_all() const { return ranges_.size() == 1 && ranges_[0] == CodePointRange(0, kLastCodePoint); }
  bool has(uint32_t c) const;
  bool intersects(const CharSet& other) const;
  uint64_t count() const;

  CharSet complement() const;
  CharSet operator|(const CharSet& other) const;
  CharSet operator-(const CharSet& other) const { return (complement() | other).complement(); }
  auto operator<=>(const CharSet& other) const = default;

 private:
  std::vector<CodePointRange> ranges_;
};

// Which characters are the same when case is ignored.
enum class CaseRule : uint8_t {
  Ascii,     // A-Z and a-z only
  Python,    // as re.IGNORECASE for str: simple case folding, and i, I, the dotless and the dotted I are all the same
  Ecma,      // as the flags "iu": simple case folding
};

// With every member, all that are the same as it when case is ignored.
CharSet close_over_case(const CharSet& set, CaseRule rule);

}  // namespace decodex
