// Exact decimal numbers of any size: a sign, digits and a power of ten, in normal form, so that equal values are equal
// objects whatever their spelling (1, 1.0, 10e-1).
//
// Refused with Error(Limit): numbers whose first or last digit is more than kMaxPlaces places from the point; results
// are held to four times that.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace decodex {

class Decimal {
 public:
  static constexpr int64_t kMaxPlaces = 10'000;

  Decimal() = default;  // zero
  explicit Decimal(int64_t value);
  // Reads a JSON number. Error(Constraint) when the text is none.
  static Decimal parse(std::string_view text);
  static Decimal power_of_ten(int64_t exponent) { return Decimal(1).shifted(exponent); }

  bool is_zero() const { return digits_.empty(); }
  bool negative() const { return negative_; }
  bool is_integer() const { return exponent_ >= 0; }
  // |value| = digits() · 10^exponent(); the digits neither begin nor end in 0, and are empty for zero.
  const std::string& digits() const { return digits_; }
  int64_t exponent() const { return exponent_; }
  std::string integer_text() const;   // integer part of |value|, "0" for none
  std::string fraction_text() const;  // digits after the point, without trailing zeros
  std::string text() const;           // plain spelling: -12.5

  Decimal operator-() const;
  Decimal abs() const { return negative_ ? -*this : *this; }
  Decimal shifted(int64_t places) const;  // times 10^places
  std::strong_ordering operator<=>(const Decimal& o) const;
  bool operator==(const Decimal& o) const = default;
  size_t hash() const;

 private:
  friend Decimal operator+(const Decimal& a, const Decimal& b);
  friend Decimal operator*(const Decimal& a, const Decimal& b);
  friend Decimal floor_to_multiple(const Decimal& value, const Decimal& step);
  friend Decimal gcd(const Decimal& a, const Decimal& b);
  Decimal(bool negative, std::string digits, int64_t exponent);
  void normalise();
  void check_places(int64_t limit) const;

  bool negative_ = false;
  std::string digits_;
  int64_t exponent_ = 0;
};

Decimal operator+(const Decimal& a, const Decimal& b);
Decimal operator*(const Decimal& a, const Decimal& b);
inline Decimal operator-(const Decimal& a, const Decimal& b) { return a + -b; }

// The largest multiple of `step` (not zero) that is at most `value`, and the smallest that is at least `value`.
Decimal floor_to_multiple(const Decimal& value, const Decimal& step);
Decimal ceil_to_multiple(const Decimal& value, const Decimal& step);
bool is_multiple(const Decimal& value, const Decimal& step);
// value modulo |step|: in [0, |step|).
Decimal modulo(const Decimal& value, const Decimal& step);
// The largest number of which both, and the smallest number that of both is a whole multiple; neither may be zero.
Decimal gcd(const Decimal& a, const Decimal& b);
Decimal lcm(const Decimal& a, const Decimal& b);

}  // namespace decodex

template <>
struct std::hash<decodex::Decimal> {
  size_t operator()(const decodex::Decimal& value) const { return value.hash(); }
};
