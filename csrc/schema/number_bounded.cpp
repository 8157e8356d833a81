// Whole multiples of a step between two bounds, as lazily expanded rules: states know the remainder of what has been
// read and whether it still equals the first digits of a bound, and arithmetic tells which of them can be completed.
// Without exponents.
#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <unordered_map>

#include "schema/natural.h"
#include "schema/number_multiples.h"

namespace decodex {

namespace {

class BoundedMultiples final : public RuleSource {
 public:
  // The bounds must be positive multiples of the step; no upper one: whatever the cap allows.
  BoundedMultiples(ExprPool& pool, Step step, bool plain, DigitCaps caps, const Decimal& lower, const std::optional<Decimal>& upper)
      : step_(step), plain_(plain), caps_(caps), zero_(pool.byte('0')), point_(pool.byte('.')) {
    const size_t first = lower.integer_text().size();
    size_t last = upper ? upper->integer_text().size() : caps_.integer;
    if (caps_.integer != kUnbounded) last = std::min<size_t>(last, caps_.integer);
    for (size_t length = first; length <= last; ++length) {
      Length arm{static_cast<uint32_t>(length), "1" + std::string(length - 1 + step_.places, '0'),
                 std::string(length + step_.places, '9')};
      if (length == first) arm.low = digits(lower);
      if (upper && length == upper->integer_text().size()) arm.high = digits(*upper);
      lengths_.push_back(std::move(arm));
    }
  }

  ExprId start(ExprPool& pool) {
    std::vector<ExprId> arms;
    for (uint32_t length = 0; length < lengths_.size(); ++length) arms.push_back(rule(pool, {length, 0, 0, true, true, false, false}));
    return pool.alt(arms);
  }

  size_t memory() const override { return sizeof(*this) + kUsualStates * (sizeof(State) + 64); }

  ExprId expand(ExprPool& pool, uint64_t key) override {
    const State s = states_[key];
    const uint32_t whole = lengths_[s.length].whole, all = whole + step_.places;
    std::vector<ExprId> arms;
    const bool point_next = s.read == whole && !s.point;
    if (!point_next && s.read < all) {
      for (uint32_t digit = 0; digit <= 9; ++digit)
        if (std::optional<State> next = after(s, digit)) {
          ByteSet set = ByteSet::of(static_cast<uint8_t>('0' + digit));
          for (; digit < 9 && after(s, digit + 1) == next; ++digit) set.add(static_cast<uint8_t>('1' + digit));
          arms.push_back(pool.concat(pool.bytes(set), rule(pool, *next)));
        }
    }
    if (may_end(s)) arms.push_back(kEpsilon);
    if (point_next) {
      State next = s;
      next.point = true;
      arms.push_back(pool.concat(point_, rule(pool, next)));
    }
    if (s.point && s.read == all && !plain_ && worth_ending(s)) {  // zeros that do not count
      uint32_t left = caps_.fraction == kUnbounded ? kUnbounded : caps_.fraction - step_.places;
      arms.push_back(pool.repeat(zero_, 1, left));
    }
    return pool.alt(arms);
  }

 private:
  struct Length {       // whole parts of so many digits, and the digits of the least and the largest number
    uint32_t whole;     // in units of 10^-places
    std::string low, high;
  };
  struct State {
    uint32_t length, read;   // which Length; digits read, the point not counted
    uint64_t remainder;
    bool at_low, at_high;    // what was read equals the first digits of the bound
    bool point, last_not_zero;
    bool operator==(const State&) const = default;
  };
  struct Hash {
    size_t operator()(const State& s) const {
      return (s.remainder * 0x9e3779b97f4a7c15ull) ^ (size_t{s.length} << 40) ^ (size_t{s.read} << 8) ^
             static_cast<size_t>(s.at_low | s.at_high << 1 | s.point << 2 | s.last_not_zero << 3);
    }
  };

  std::string digits(const Decimal& bound) const {
    std::string part = bound.fraction_text();
    part.resize(step_.places, '0');
    return bound.integer_text() + part;
  }

  std::optional<State> after(const State& s, uint32_t digit) const {
    const Length& length = lengths_[s.length];
    const uint32_t low = static_cast<uint32_t>(length.low[s.read] - '0');
    const uint32_t high = static_cast<uint32_t>(length.high[s.read] - '0');
    if ((s.at_low && digit < low) || (s.at_high && digit > high)) return std::nullopt;
    State next = s;
    ++next.read;
    next.remainder = (s.remainder * 10 + digit) % step_.modulus;
    next.at_low = s.at_low && digit == low;
    next.at_high = s.at_high && digit == high;
    next.last_not_zero = plain_ && s.point && digit != 0;
    return next;
  }

  // Is the number, as it stands, a multiple within the bounds?
  bool worth_ending(const State& s) const {
    const Length& length = lengths_[s.length];
    if (s.read < length.whole) return false;
    if (s.at_low && length.low.find_first_not_of('0', s.read) != std::string::npos) return false;
    return s.remainder % modulus_before(static_cast<uint32_t>(length.low.size()) - s.read) == 0;
  }

  bool may_end(const State& s) const {
    if (!worth_ending(s)) return false;
    return !s.point || (s.read > lengths_[s.length].whole && (!plain_ || s.last_not_zero));
  }

  // What N must be a multiple of when `zeros` zeros are to follow it.
  uint64_t modulus_before(uint32_t zeros) const {
    uint64_t modulus = step_.modulus;
    for (uint32_t i = 0; i < zeros; ++i) {
      uint64_t common = std::gcd(modulus, uint64_t{10});
      if (common == 1) break;
      modulus /= common;
    }
    return modulus;
  }

  // Can exactly `count` more digits, and then nothing but zeros, make a multiple within the bounds?
  bool reachable(const State& s, uint32_t count, bool last_not_zero) const {
    const Length& length = lengths_[s.length];
    const uint64_t modulus = modulus_before(static_cast<uint32_t>(length.low.size()) - s.read - count);
    if (!s.at_low && !s.at_high && count > kDigitsForAll + 1 && !(last_not_zero && modulus % 10 == 0)) return true;
    Natural low, high;
    if (s.at_low) {
      low = Natural::from_digits(std::string_view(length.low).substr(s.read, count));
      if (length.low.find_first_not_of('0', s.read + count) != std::string::npos) low = low + Natural(1);
    }
    high = Natural::from_digits(s.at_high ? length.high.substr(s.read, count) : std::string(count, '9'));
    uint64_t want = s.remainder % modulus;  // low + offset = -remainder · 10^count
    for (uint32_t i = 0; i < count; ++i) want = want * 10 % modulus;
    uint64_t have = low.divide(Natural(modulus)).second.to_uint64();
    uint64_t offset = (2 * modulus - want - have) % modulus;
    for (int i = 0; i < 10; ++i, offset += modulus) {
      Natural value = low + Natural(offset);
      if (value > high) return false;
      if (!last_not_zero || count == 0 || value.digits().back() != '0') return true;
    }
    return false;
  }

  uint32_t shortest(const State& s) const {
    const uint32_t whole = lengths_[s.length].whole, all = whole + step_.places;
    if (may_end(s)) return 0;
    if (!s.point) {
      const uint32_t left = whole - s.read;
      if (left > 0 && reachable(s, left, false)) return left;
      for (uint32_t part = 1; part <= step_.places; ++part)
        if (reachable(s, left + part, plain_)) return left + 1 + part;
      return kInfinite;
    }
    if (s.read == all) return !plain_ && worth_ending(s) ? 1 : kInfinite;  // "5." and a zero
    for (uint32_t part = 1; part <= all - s.read; ++part)
      if (reachable(s, part, plain_)) return part;
    return kInfinite;
  }

  ExprId rule(ExprPool& pool, const State& s) {
    auto [known, fresh] = keys_.try_emplace(s, states_.size());
    if (fresh) {
      states_.push_back(s);
      lengths_to_end_.push_back(shortest(s));
    }
    uint32_t length = lengths_to_end_[known->second];
    return pool.rule(index(), known->second, length, length == 0);
  }

  static constexpr size_t kUsualStates = 200;    // that generation meets
  static constexpr uint32_t kDigitsForAll = 15;  // so many digits meet every remainder

  Step step_;
  bool plain_;
  DigitCaps caps_;
  ExprId zero_, point_;
  std::vector<Length> lengths_;
  std::vector<State> states_;
  std::vector<uint32_t> lengths_to_end_;
  std::unordered_map<State, uint64_t, Hash> keys_;
};

}  // namespace

ExprId bounded_multiples(ExprPool& pool, Step step, const Magnitudes& range, bool plain, DigitCaps caps) {
  std::string name = "bounded multiples";
  for (int64_t part : {static_cast<int64_t>(step.modulus), int64_t{step.places}, int64_t{plain}, int64_t{caps.integer}, int64_t{caps.fraction}})
    name += " " + std::to_string(part);
  name += " " + range.lower.text() + " " + (range.upper ? range.upper->text() : "");
  auto make = [&] { return std::make_unique<BoundedMultiples>(pool, step, plain, caps, range.lower, range.upper); };
  return pool.named<BoundedMultiples>(name, make).start(pool);
}

}  // namespace decodex
