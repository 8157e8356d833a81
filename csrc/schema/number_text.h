// The parts of a JSON number as expressions: exponents by value, mantissas by interval. numbers.h puts them together.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "expr/pool.h"
#include "schema/decimal.h"
#include "schema/numbers.h"

namespace decodex {

// Non-negative numbers from `lower` to `upper`.
struct Magnitudes {
  Decimal lower;
  bool lower_open = false;
  std::optional<Decimal> upper;
  bool upper_open = false;
  bool cut = false;  // a bound was left out that only exponents beyond the cap could meet

  bool empty() const { return upper && (lower > *upper || (lower == *upper && (lower_open || upper_open))); }
  bool has_zero() const { return lower.is_zero() && !lower_open && !empty(); }
  bool all() const { return has_zero() && !upper; }
  bool all_positive() const { return lower.is_zero() && lower_open && !upper; }
  Magnitudes shifted(int64_t places) const;
  bool operator==(const Magnitudes&) const = default;
};

// How far a written number may reach; kUnbounded: no cap.
struct DigitCaps {
  uint32_t integer = kUnbounded, fraction = kUnbounded;
};

// One decimal digit from `first` to `last`.
ExprId digit_between(ExprPool& pool, uint32_t first, uint32_t last);
// The numbers from `first` to `last`, each written with exactly `width` digits.
ExprId digits_between(ExprPool& pool, uint32_t first, uint32_t last, uint32_t width);

// Exponent parts: "e5", "E-03", and nothing at all for 0.
class Exponents {
 public:
  Exponents(ExprPool& pool, const NumberOptions& options);
  // Exponents with a value in [first, last], cut to the caps; kEmpty for none.
  ExprId between(int64_t first, int64_t last) const;
  ExprId at_least(int64_t first) const { return between(first, max_); }
  ExprId exactly(int64_t value) const { return between(value, value); }
  // Any exponent, the caps on its value left aside.
  ExprId any() const { return any_; }
  int64_t max() const { return max_; }
  // "0.", any number of zeros, and `part` (digits after the point), with the exponent `first` and one more for each zero.
  ExprId behind_zeros(ExprId part, int64_t first) const;

 private:
  ExprId magnitudes(int64_t first, int64_t last) const;
  ExprPool& pool_;
  bool plain_, endless_zeros_;
  int64_t max_;
  uint32_t digits_;
  ExprId any_;
};

// Mantissas: (0|[1-9]\d*)(\.\d+)? by value, digit by digit. While the text equals the first digits of a bound it is
// "tight" to it; the first digit that differs decides. Built from the last digit backwards.
class Mantissas {
 public:
  Mantissas(ExprPool& pool, DigitCaps caps, bool plain);
  // Texts of the numbers in `range`. Of the digits after the point only the first `significant` may be other than 0;
  // then the bounds must be closed.
  ExprId in(const Magnitudes& range, uint32_t significant = kUnbounded);
  // The digits after "0." of the numbers in `range`, which must end below 1.
  ExprId part_in(const Magnitudes& range, uint32_t significant = kUnbounded);
  // As in(), for whole numbers without a point; the bounds must be whole.
  ExprId whole_in(const Magnitudes& range);
  // Every mantissa.
  ExprId all();
  // Nothing, or a point and zeros.
  ExprId zero_fraction() const;
  const DigitCaps& caps() const { return caps_; }
  bool plain() const { return plain_; }

 private:
  enum Tight : uint8_t { kFree = 0, kLower = 1, kUpper = 2, kBoth = 3 };
  struct Bounds {            // digits of both bounds while one call lasts
    std::string lower_whole, lower_part, upper_whole, upper_part;
    bool lower_open, upper_open;
    uint32_t significant;
    bool points;             // may a point follow?
    std::vector<uint8_t> tights;  // the ways of being tight that can occur
  };
  using Level = std::array<std::array<ExprId, 2>, 4>;  // by Tight and "may end here"

  static uint8_t stays_tight(bool lower, bool upper) {
    return static_cast<uint8_t>((lower ? kLower : kFree) | (upper ? kUpper : kFree));
  }
  template <class Next>
  void add_digit_arms(uint32_t first, uint32_t last, std::vector<ExprId>& arms, Next next);
  ExprId build(const Magnitudes& range, uint32_t significant, bool points);
  ExprId whole_of_length(const Bounds& b, const std::array<ExprId, 4>& after, size_t length, bool to_lower, bool to_upper);
  Bounds bounds(const Magnitudes& range, uint32_t significant, bool points) const;
  Level part_level(const Bounds& b);
  std::array<ExprId, 4> after_whole(const Bounds& b);
  ExprId fraction_arms(const Bounds& b, size_t at, uint8_t tight, bool may_end, const Level& next);
  ExprId settled_fraction(const Bounds& b, size_t at, uint8_t tight, bool may_end);
  ExprId free_fraction(size_t at, bool may_end, uint32_t significant);
  ExprId nonzero_fraction(size_t at);
  ExprId zeros(size_t at, bool may_end) const;
  uint32_t left(size_t at) const;

  ExprPool& pool_;
  DigitCaps caps_;
  bool plain_;
  ExprId zero_, nonzero_, any_, point_;
  std::vector<ExprId> nonzero_fractions_;
};

}  // namespace decodex
