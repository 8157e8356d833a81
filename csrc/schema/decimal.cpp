#include "schema/decimal.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "schema/natural.h"

namespace decodex {

namespace {

std::string shortened(std::string_view text) {
  return text.size() <= 40 ? std::string(text) : std::string(text.substr(0, 37)) + "...";
}

// |value| / 10^exponent, which must be whole.
Natural scaled(const Decimal& value, int64_t exponent) {
  if (value.is_zero()) return {};
  std::string digits = value.digits();
  digits.append(static_cast<size_t>(value.exponent() - exponent), '0');
  return Natural::from_digits(digits);
}

int64_t common_exponent(const Decimal& a, const Decimal& b) {
  if (a.is_zero()) return b.exponent();
  if (b.is_zero()) return a.exponent();
  return std::min(a.exponent(), b.exponent());
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Decimal::Decimal(bool negative, std::string digits, int64_t exponent)
    : negative_(negative), digits_(std::move(digits)), exponent_(exponent) {
  normalise();
}

Decimal::Decimal(int64_t value)
    : Decimal(value < 0, std::to_string(value).substr(value < 0 ? 1 : 0), 0) {}

void Decimal::normalise() {
  digits_.erase(0, std::min(digits_.find_first_not_of('0'), digits_.size()));
  size_t last = digits_.find_last_not_of('0');
  if (last == std::string::npos) {
    *this = Decimal();
    return;
  }
  exponent_ += static_cast<int64_t>(digits_.size() - 1 - last);
  digits_.resize(last + 1);
  check_places(4 * kMaxPlaces);
}

void Decimal::check_places(int64_t limit) const {
  int64_t first_place = exponent_ + static_cast<int64_t>(digits_.size());
  if (first_place > limit || exponent_ < -limit)
    throw Error(ErrorKind::Limit, "the number " + shortened(digits_) + "e" + std::to_string(exponent_) +
                                      " reaches further than " + std::to_string(kMaxPlaces) +
                                      " places from the decimal point; use a smaller exponent");
}

Decimal Decimal::parse(std::string_view text) {
  auto refuse = [&]() -> Error {
    return Error(ErrorKind::Constraint, "'" + shortened(text) + "' is not a JSON number; write for example -12.5e3");
  };
  size_t i = 0;
  bool negative = i < text.size() && text[i] == '-';
  if (negative) ++i;
  std::string digits;
  auto take_digits = [&] {
    size_t begin = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    if (begin == i) throw refuse();
    digits.append(text.substr(begin, i - begin));
    return i - begin;
  };
  if (take_digits() > 1 && digits[0] == '0') throw refuse();
  int64_t exponent = 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    exponent = -static_cast<int64_t>(take_digits());
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    bool down = i < text.size() && text[i] == '-';
    if (down || (i < text.size() && text[i] == '+')) ++i;
    if (i == text.size()) throw refuse();
    int64_t value = 0;
    for (; i < text.size() && is_digit(text[i]); ++i) value = std::min<int64_t>(value * 10 + (text[i] - '0'), 1ll << 50);
    exponent += down ? -value : value;
    if (!is_digit(text[i - 1])) throw refuse();
  }
  if (i != text.size()) throw refuse();
  Decimal out(negative, std::move(digits), exponent);
  out.check_places(kMaxPlaces);
  return out;
}

std::string Decimal::integer_text() const {
  int64_t places = exponent_ + static_cast<int64_t>(digits_.size());
  if (is_zero() || places <= 0) return "0";
  if (exponent_ >= 0) return digits_ + std::string(static_cast<size_t>(exponent_), '0');
  return digits_.substr(0, static_cast<size_t>(places));
}

std::string Decimal::fraction_text() const {
  if (is_integer()) return "";
  int64_t places = exponent_ + static_cast<int64_t>(digits_.size());
  if (places >= 0) return digits_.substr(static_cast<size_t>(places));
  return std::string(static_cast<size_t>(-places), '0') + digits_;
}

std::string Decimal::text() const {
  std::string out = negative_ ? "-" : "";
  out += integer_text();
  if (!is_integer()) out += "." + fraction_text();
  return out;
}

Decimal Decimal::operator-() const {
  Decimal out = *this;
  out.negative_ = !is_zero() && !negative_;
  return out;
}

Decimal Decimal::shifted(int64_t places) const { return Decimal(negative_, digits_, exponent_ + places); }

std::strong_ordering Decimal::operator<=>(const Decimal& o) const {
  if (negative_ != o.negative_) return o.negative_ <=> negative_;
  std::strong_ordering order = std::strong_ordering::equal;
  if (is_zero() || o.is_zero()) {
    order = !is_zero() <=> !o.is_zero();
  } else {
    order = exponent_ + static_cast<int64_t>(digits_.size()) <=> o.exponent_ + static_cast<int64_t>(o.digits_.size());
    if (order == 0) order = digits_.compare(o.digits_) <=> 0;
  }
  return negative_ ? 0 <=> order : order;
}

size_t Decimal::hash() const {
  return std::hash<std::string>{}(digits_) ^ (static_cast<size_t>(exponent_) * 0x9e3779b97f4a7c15ull) ^
         (negative_ ? 0x5bd1e995u : 0u);
}

Decimal operator+(const Decimal& a, const Decimal& b) {
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  int64_t exponent = common_exponent(a, b);
  Natural x = scaled(a, exponent), y = scaled(b, exponent);
  if (a.negative_ == b.negative_) return Decimal(a.negative_, (x + y).digits(), exponent);
  return x >= y ? Decimal(a.negative_, (x - y).digits(), exponent) : Decimal(b.negative_, (y - x).digits(), exponent);
}

Decimal operator*(const Decimal& a, const Decimal& b) {
  Natural product = Natural::from_digits(a.digits_) * Natural::from_digits(b.digits_);
  return Decimal(a.negative_ != b.negative_, product.digits(), a.exponent_ + b.exponent_);
}

Decimal floor_to_multiple(const Decimal& value, const Decimal& step) {
  int64_t exponent = common_exponent(value, step);
  Natural unit = scaled(step, exponent);
  auto [quotient, rest] = scaled(value, exponent).divide(unit);
  if (value.negative_ && !rest.is_zero()) quotient = quotient + Natural(1);
  return Decimal(value.negative_, (quotient * unit).digits(), exponent);
}

Decimal ceil_to_multiple(const Decimal& value, const Decimal& step) { return -floor_to_multiple(-value, step); }

bool is_multiple(const Decimal& value, const Decimal& step) { return floor_to_multiple(value, step) == value; }

Decimal modulo(const Decimal& value, const Decimal& step) { return value - floor_to_multiple(value, step); }

Decimal gcd(const Decimal& a, const Decimal& b) {
  int64_t exponent = common_exponent(a, b);
  return Decimal(false, gcd(scaled(a, exponent), scaled(b, exponent)).digits(), exponent);
}

Decimal lcm(const Decimal& a, const Decimal& b) {
  // The quotient is whole in units of the common exponent, so the product is exact.
  Decimal common = gcd(a, b);
  int64_t exponent = common_exponent(a, common);
  Natural times = scaled(a, exponent).divide(scaled(common, exponent)).first;
  return (Decimal::parse(times.digits()) * b).abs();
}

}  // namespace decodex
