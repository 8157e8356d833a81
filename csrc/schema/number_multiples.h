// Spellings of whole multiples of a step.
//
// A step 10^x is written as expressions: only where the point stands and what the exponent is matter. Any other step is
// an automaton whose states are remainders, as lazily expanded rules; so it is never built as a whole and its size does
// not depend on the step.
#pragma once

#include <cstdint>
#include <optional>

#include "expr/pool.h"
#include "schema/number_text.h"

namespace decodex {

// Multiples of 10^place in a range of magnitudes.
class DecimalGrid {
 public:
  DecimalGrid(ExprPool& pool, const Exponents& exponents, Mantissas& mantissas, int64_t place)
      : pool_(pool), exponents_(exponents), mantissas_(mantissas), place_(place) {}
  // Texts of the multiples in `range`, zero left out.
  ExprId positive_in(const Magnitudes& range);

 private:
  ExprId all_positive();
  ExprId zeros_taken_back();
  ExprPool& pool_;
  const Exponents& exponents_;
  Mantissas& mantissas_;
  int64_t place_;
};

// step = modulus / 10^places, as small as can be.
struct Step {
  uint64_t modulus;
  uint32_t places;
  static constexpr uint64_t kMaxModulus = 1'000'000'000'000'000;
  static constexpr uint32_t kMaxPlaces = 500;
  // nullopt: too large for remainders to be states.
  static std::optional<Step> of(const Decimal& step);
};

// Texts of the positive multiples of `step`; adds a source of rules to the pool. The cap on whole digits must be below
// 1,000 (or none).
ExprId positive_multiples(ExprPool& pool, Step step, const NumberOptions& options, DigitCaps caps);

// Texts, without exponents, of the multiples in `range`, whose bounds are closed, positive multiples themselves; adds a
// source of rules to the pool. Without an upper bound there must be a cap on whole digits.
ExprId bounded_multiples(ExprPool& pool, Step step, const Magnitudes& range, bool plain, DigitCaps caps);

}  // namespace decodex
