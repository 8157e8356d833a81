// How a set of characters is spelled in bytes: as plain UTF-8, or as the inside of a JSON string, where a quote is
// `\"` and a control character `\n` or `\u0001`. Patterns, lengths and formats speak of characters and take one of these.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "expr/pool.h"

namespace decodex {

using CodePointRange = std::pair<uint32_t, uint32_t>;  // inclusive

class Alphabet {
 public:
  virtual ~Alphabet() = default;
  // Any one character of the sorted, disjoint ranges (surrogates are ignored); kEmpty for none.
  virtual ExprId chars(ExprPool& pool, std::span<const CodePointRange> ranges) const = 0;
  // Any one character.
  virtual ExprId any(ExprPool& pool) const = 0;
  // Which alphabet it is: equal ids spell alike.
  virtual int id() const = 0;
};

// Characters as UTF-8.
class Utf8Alphabet final : public Alphabet {
 public:
  ExprId chars(ExprPool& pool, std::span<const CodePointRange> ranges) const override {
    return pool.code_points(ranges);
  }
  ExprId any(ExprPool& pool) const override { return pool.any_code_point(); }
  int id() const override { return 0; }
};

}  // namespace decodex
