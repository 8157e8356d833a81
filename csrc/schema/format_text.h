// Small words for writing grammars of `format` as expressions: everything is said in characters of an alphabet, so the
// same grammar serves plain text and the inside of JSON strings.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "expr/pool.h"
#include "syntax/alphabet.h"

namespace decodex {

class FormatText {
 public:
  FormatText(ExprPool& pool, const Alphabet& alphabet) : pool(pool), alphabet(alphabet) {}

  ExprPool& pool;
  const Alphabet& alphabet;

  // One character of the ranges.
  ExprId chars(std::span<const CodePointRange> ranges) const { return alphabet.chars(pool, ranges); }
  // One ASCII character of a set such as "a-zA-Z_."; a '-' that is meant stands last.
  ExprId set(std::string_view spec) const { return chars(ranges(spec)); }
  // One character of the set or of more ranges.
  ExprId set_or(std::string_view spec, std::span<const CodePointRange> more) const;
  static std::vector<CodePointRange> ranges(std::string_view spec);
  ExprId digit(uint32_t first = 0, uint32_t last = 9) const;
  // The numbers from `first` to `last`, each with `width` digits.
  ExprId number(uint32_t first, uint32_t last, uint32_t width) const;
  ExprId literal(std::string_view ascii) const;
  ExprId character(uint32_t ascii) const { return characters(ascii, ascii); }
  ExprId characters(uint32_t first, uint32_t last) const;
  ExprId in_sequence(std::initializer_list<ExprId> parts) const { return pool.concat(parts); }
  ExprId one_of(std::initializer_list<ExprId> arms) const {
    return pool.alt(std::span<const ExprId>(arms.begin(), arms.size()));
  }
  ExprId one_of(const std::vector<ExprId>& arms) const { return pool.alt(arms); }
  ExprId optional(ExprId e) const { return pool.optional(e); }
  ExprId any_number(ExprId e) const { return pool.star(e); }
  ExprId some(ExprId e) const { return pool.repeat(e, 1, kUnbounded); }
  ExprId times(ExprId e, uint32_t min, uint32_t max) const { return pool.repeat(e, min, max); }
  ExprId exactly(ExprId e, uint32_t count) const { return pool.repeat(e, count, count); }
 private:
  mutable std::array<ExprId, 128> known_{};  // single characters met before; kEmpty: not met
};

}  // namespace decodex
