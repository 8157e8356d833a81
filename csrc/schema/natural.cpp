#include "schema/natural.h"

#include <algorithm>

namespace decodex {

Natural::Natural(uint64_t value) {
  for (; value != 0; value /= kBase) parts_.push_back(static_cast<uint32_t>(value % kBase));
}

Natural Natural::from_digits(std::string_view digits) {
  Natural out;
  for (size_t end = digits.size(); end > 0;) {
    size_t begin = end > 9 ? end - 9 : 0;
    uint32_t part = 0;
    for (size_t i = begin; i < end; ++i) part = part * 10 + static_cast<uint32_t>(digits[i] - '0');
    out.parts_.push_back(part);
    end = begin;
  }
  out.trim();
  return out;
}

std::string Natural::digits() const {
  if (parts_.empty()) return "0";
  std::string out = std::to_string(parts_.back());
  for (size_t i = parts_.size() - 1; i-- > 0;) {
    std::string part = std::to_string(parts_[i]);
    out.append(9 - part.size(), '0').append(part);
  }
  return out;
}

void Natural::trim() {
  while (!parts_.empty() && parts_.back() == 0) parts_.pop_back();
}

bool Natural::fits_uint64() const { return *this <= Natural(UINT64_MAX); }

uint64_t Natural::to_uint64() const {
  uint64_t out = 0;
  for (size_t i = parts_.size(); i-- > 0;) out = out * kBase + parts_[i];
  return out;
}

std::strong_ordering Natural::operator<=>(const Natural& o) const {
  if (parts_.size() != o.parts_.size()) return parts_.size() <=> o.parts_.size();
  for (size_t i = parts_.size(); i-- > 0;)
    if (parts_[i] != o.parts_[i]) return parts_[i] <=> o.parts_[i];
  return std::strong_ordering::equal;
}

Natural Natural::operator+(const Natural& o) const {
  Natural out;
  uint32_t carry = 0;
  for (size_t i = 0; i < std::max(parts_.size(), o.parts_.size()) || carry; ++i) {
    uint32_t sum = carry + (i < parts_.size() ? parts_[i] : 0) + (i < o.parts_.size() ? o.parts_[i] : 0);
    out.parts_.push_back(sum % kBase);
    carry = sum / kBase;
  }
  return out;
}

Natural Natural::operator-(const Natural& o) const {
  Natural out;
  int64_t borrow = 0;
  for (size_t i = 0; i < parts_.size(); ++i) {
    int64_t left = int64_t{parts_[i]} - borrow - (i < o.parts_.size() ? o.parts_[i] : 0);
    borrow = left < 0;
    out.parts_.push_back(static_cast<uint32_t>(left + (borrow ? kBase : 0)));
  }
  out.trim();
  return out;
}

Natural Natural::operator*(const Natural& o) const {
  Natural out;
  out.parts_.assign(parts_.size() + o.parts_.size(), 0);
  for (size_t i = 0; i < parts_.size(); ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < o.parts_.size() || carry; ++j) {
      uint64_t sum = out.parts_[i + j] + carry + (j < o.parts_.size() ? uint64_t{parts_[i]} * o.parts_[j] : 0);
      out.parts_[i + j] = static_cast<uint32_t>(sum % kBase);
      carry = sum / kBase;
    }
  }
  out.trim();
  return out;
}

std::pair<Natural, Natural> Natural::divide_by_part(uint32_t divisor) const {
  Natural quotient;
  quotient.parts_.assign(parts_.size(), 0);
  uint64_t rest = 0;
  for (size_t i = parts_.size(); i-- > 0;) {
    rest = rest * kBase + parts_[i];
    quotient.parts_[i] = static_cast<uint32_t>(rest / divisor);
    rest %= divisor;
  }
  quotient.trim();
  return {quotient, Natural(rest)};
}

std::pair<Natural, Natural> Natural::divide(const Natural& divisor) const {
  if (*this < divisor) return {Natural(), *this};
  if (divisor.parts_.size() == 1) return divide_by_part(divisor.parts_[0]);
  // Scaled so that the divisor's first part is at least half the base: a guess from two parts is then at most 2 off.
  const Natural scale(kBase / (divisor.parts_.back() + 1));
  Natural rest = *this * scale;
  const Natural by = divisor * scale;
  const size_t n = by.parts_.size();
  rest.parts_.resize(std::max(rest.parts_.size(), parts_.size()) + 1, 0);
  Natural quotient;
  quotient.parts_.assign(rest.parts_.size() - n, 0);
  for (size_t j = quotient.parts_.size(); j-- > 0;) {
    uint64_t top = uint64_t{rest.parts_[j + n]} * kBase + rest.parts_[j + n - 1];
    uint64_t guess = std::min<uint64_t>(top / by.parts_[n - 1], kBase - 1);
    int64_t borrow = 0;
    for (size_t i = 0; i <= n; ++i) {
      uint64_t product = i < n ? guess * by.parts_[i] : 0;
      int64_t left = int64_t{rest.parts_[j + i]} - static_cast<int64_t>(product % kBase) - borrow;
      borrow = static_cast<int64_t>(product / kBase);
      if (left < 0) {
        int64_t lifts = (-left + kBase - 1) / kBase;
        left += lifts * kBase;
        borrow += lifts;
      }
      rest.parts_[j + i] = static_cast<uint32_t>(left);
    }
    while (borrow > 0) {  // the guess was too large: give one divisor back
      --guess;
      uint32_t carry = 0;
      for (size_t i = 0; i <= n; ++i) {
        uint32_t sum = rest.parts_[j + i] + carry + (i < n ? by.parts_[i] : 0);
        rest.parts_[j + i] = sum % kBase;
        carry = sum / kBase;
      }
      borrow -= carry;
    }
    quotient.parts_[j] = static_cast<uint32_t>(guess);
  }
  quotient.trim();
  rest.trim();
  return {quotient, rest.divide(scale).first};
}

Natural gcd(Natural a, Natural b) {
  while (!b.is_zero()) {
    Natural rest = a.divide(b).second;
    a = std::move(b);
    b = std::move(rest);
  }
  return a;
}

}  // namespace decodex
