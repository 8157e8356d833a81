// Natural numbers of any size: just enough arithmetic for exact decimals (sums, products, division, gcd).
//
// Stored in base 10^9, least part first, without leading zero parts, so decimal text costs nothing to read or write.
// Division is schoolbook (Knuth, TAOCP vol. 2, algorithm D): quadratic, for numbers of at most some thousand digits.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace decodex {

class Natural {
 public:
  Natural() = default;
  explicit Natural(uint64_t value);
  static Natural from_digits(std::string_view digits);  // decimal digits only
  std::string digits() const;                           // "0" for zero

  bool is_zero() const { return parts_.empty(); }
  bool fits_uint64() const;
  uint64_t to_uint64() const;                           // fits_uint64() must hold
  std::strong_ordering operator<=>(const Natural& o) const;
  bool operator==(const Natural& o) const = default;

  Natural operator+(const Natural& o) const;
  Natural operator-(const Natural& o) const;            // o must not be larger
  Natural operator*(const Natural& o) const;
  // Quotient and remainder; the divisor must not be zero.
  std::pair<Natural, Natural> divide(const Natural& divisor) const;

 private:
  static constexpr uint32_t kBase = 1'000'000'000;
  void trim();
  std::pair<Natural, Natural> divide_by_part(uint32_t divisor) const;
  std::vector<uint32_t> parts_;
};

Natural gcd(Natural a, Natural b);

}  // namespace decodex
