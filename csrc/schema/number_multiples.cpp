#include "schema/number_multiples.h"

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>

namespace decodex {

// ---- steps that are powers of ten ----

// What may follow the digits of value/10^place, where nothing but zeros is added: k zeros and the exponent place - k,
// for every k. Nested, so that the digits before are read once for all k.
ExprId DecimalGrid::zeros_taken_back() {
  const ExprId zero = pool_.byte('0'), fraction = mantissas_.zero_fraction();
  const int64_t most = place_ + exponents_.max();  // beyond, the exponent is out of its cap
  const int64_t least = std::max<int64_t>(0, place_ - exponents_.max());
  ExprId out = kEmpty;
  for (int64_t k = most; k >= 0; --k) {
    ExprId here = k < least ? kEmpty : pool_.concat(fraction, exponents_.exactly(place_ - k));
    out = pool_.alt(here, pool_.concat(zero, out));
  }
  return out;
}

ExprId DecimalGrid::positive_in(const Magnitudes& range) {
  if (range.all() || range.all_positive()) return all_positive();
  if (range.empty()) return kEmpty;
  Magnitudes positive = range;
  if (range.lower.is_zero()) {
    positive.lower = Decimal::power_of_ten(place_);
    positive.lower_open = false;
    if (positive.empty()) return kEmpty;
  }
  Magnitudes scaled = positive.shifted(-place_);
  std::vector<ExprId> arms{pool_.concat(mantissas_.whole_in(scaled), zeros_taken_back())};
  // With more digits after the point than the upper bound has at all, the text begins with "0.".
  const int64_t most = exponents_.max() - place_;
  const int64_t digits = scaled.upper ? static_cast<int64_t>(scaled.upper->integer_text().size()) : most + 1;
  for (int64_t part = std::max<int64_t>(1, -exponents_.max() - place_); part < digits && part <= most; ++part) {
    ExprId texts = mantissas_.in(scaled.shifted(-part), static_cast<uint32_t>(part));
    arms.push_back(pool_.concat(texts, exponents_.exactly(place_ + part)));
  }
  if (digits <= most) {
    ExprId part = mantissas_.part_in(scaled.shifted(-digits), static_cast<uint32_t>(digits));
    arms.push_back(exponents_.behind_zeros(part, place_ + digits));
  }
  return pool_.alt(arms);
}

ExprId DecimalGrid::all_positive() {
  const ExprId digit = digit_between(pool_, 0, 9), zero = pool_.byte('0'), nonzero = digit_between(pool_, 1, 9);
  const DigitCaps caps = mantissas_.caps();
  const bool plain = mantissas_.plain();
  // Behind j digits after the point, from the last j that an exponent can make whole to none. All the digits so far are
  // zeros of "0." (only_zeros), or the last one is 0, or it is not (the two differ in plain spelling).
  const int64_t reach = std::max<int64_t>(0, exponents_.max() - place_);
  ExprId only_zeros = kEmpty, behind_zero = kEmpty, behind_other = kEmpty, behind_point = kEmpty;
  for (int64_t j = std::min<int64_t>(reach, caps.fraction); j >= 0; --j) {
    const uint32_t left = caps.fraction == kUnbounded ? kUnbounded : caps.fraction - static_cast<uint32_t>(j);
    const ExprId exponent = exponents_.at_least(place_ + j);
    ExprId more = plain ? pool_.alt(pool_.concat(nonzero, behind_other), pool_.concat(zero, behind_zero))
                        : pool_.alt(pool_.concat(digit, behind_other), pool_.concat(pool_.repeat(zero, 1, left), exponent));
    only_zeros = pool_.alt(pool_.concat(zero, only_zeros), pool_.concat(nonzero, behind_other));
    behind_zero = behind_point = more;
    behind_other = pool_.alt(exponent, more);
  }
  ExprId whole = pool_.concat(nonzero, pool_.repeat(digit, 0, caps.integer == kUnbounded ? kUnbounded : caps.integer - 1));
  const ExprId point = pool_.byte('.');
  const std::array<ExprId, 3> tails{zeros_taken_back(), exponents_.at_least(place_ + 1),
                                    pool_.concat(point, behind_point)};
  return pool_.alt(pool_.concat(whole, pool_.alt(tails)), pool_.concat({zero, point, only_zeros}));
}

// ---- other steps ----

std::optional<Step> Step::of(const Decimal& step) {
  Decimal whole = step.abs();
  uint32_t places = 0;
  if (!whole.is_integer()) {
    if (whole.exponent() < -int64_t{kMaxPlaces}) return std::nullopt;
    places = static_cast<uint32_t>(-whole.exponent());
    whole = whole.shifted(places);
  }
  if (whole > Decimal(static_cast<int64_t>(kMaxModulus))) return std::nullopt;
  return Step{std::stoull(whole.integer_text()), places};
}

namespace {

// States after the first digits of a number. N is the number that all digits read so far make, point left aside:
//   Whole     digits before the point; `remainder` is N mod modulus
//   Part      `place` digits after the point; as above
//   PartZero  "0." and `place` zeros: nothing is worth anything yet
class Multiples final : public RuleSource {
 public:
  Multiples(ExprPool& pool, Step step, const NumberOptions& options, DigitCaps caps)
      : step_(step), options_(options), caps_(caps), exponents_(pool, options), zero_(pool.byte('0')),
        point_(pool.byte('.')) {
    Mantissas mantissas(pool, caps, options.plain);
    fraction_ = mantissas.zero_fraction();
    max_part_ = static_cast<uint32_t>(std::min<int64_t>(caps.fraction, exponents_.max() + step.places));
    taken_back_ = zeros_taken_back(pool);
  }

  ExprId start(ExprPool& pool) {
    std::vector<ExprId> arms;
    add_digit_arms(pool, 1, arms, [&](uint32_t digit) { return State{kWhole, 1, digit % step_.modulus, true}; });
    arms.push_back(pool.concat({zero_, point_, rule(pool, {kPartZero, 0, 0, false})}));
    return pool.alt(arms);
  }

  size_t memory() const override { return sizeof(*this); }

  ExprId expand(ExprPool& pool, uint64_t key) override {
    const State s = unpack(key);
    std::vector<ExprId> arms;
    const bool whole = s.kind == kWhole;
    if (whole ? s.place < caps_.integer : s.place < max_part_)
      add_digit_arms(pool, 0, arms, [&](uint32_t digit) { return after(s, digit); });
    if (whole || (s.kind == kPart && s.place > 0 && may_end(s))) arms.push_back(ends(s));
    if (whole) {
      arms.push_back(pool.concat(point_, rule(pool, {kPart, 0, s.remainder, false})));
      if (s.remainder == 0) arms.push_back(taken_back_);
    } else if (s.kind == kPart && s.remainder == 0 && !options_.plain) {
      // Zeros beyond the digits that count: the exponent may stay as small as before them.
      uint32_t left = caps_.fraction == kUnbounded ? kUnbounded : caps_.fraction - s.place;
      arms.push_back(pool.concat(pool.repeat(zero_, 1, left), exponents_.at_least(int64_t{s.place} - step_.places)));
    }
    return pool.alt(arms);
  }

 private:
  enum Kind : uint8_t { kWhole, kPart, kPartZero };
  struct State {
    Kind kind;
    uint32_t place;       // Whole: digits read, as far as the cap needs them
    uint64_t remainder;
    bool last_not_zero;   // the last digit read, where plain spelling asks
  };

  static uint64_t pack(const State& s) {
    return uint64_t{s.kind} | uint64_t{s.last_not_zero} << 2 | uint64_t{s.place} << 3 | s.remainder << 14;
  }
  static State unpack(uint64_t key) {
    return {static_cast<Kind>(key & 3), static_cast<uint32_t>(key >> 3 & 2047), key >> 14, (key >> 2 & 1) != 0};
  }

  // Digits from `first` on with the states that they lead to; digits with one state are one arm.
  template <class Next>
  void add_digit_arms(ExprPool& pool, uint32_t first, std::vector<ExprId>& arms, Next next) {
    std::array<ExprId, 10> to{};
    for (uint32_t digit = first; digit <= 9; ++digit) to[digit] = rule(pool, next(digit));
    for (uint32_t digit = first; digit <= 9; ++digit) {
      if (std::find(to.begin() + first, to.begin() + digit, to[digit]) != to.begin() + digit) continue;
      ByteSet set;
      for (uint32_t same = digit; same <= 9; ++same)
        if (to[same] == to[digit]) set.add(static_cast<uint8_t>('0' + same));
      arms.push_back(pool.concat(pool.bytes(set), to[digit]));
    }
  }

  State after(const State& s, uint32_t digit) const {
    State next = s;
    next.remainder = (s.remainder * 10 + digit) % step_.modulus;
    if (s.kind != kWhole || caps_.integer != kUnbounded) ++next.place;
    if (s.kind == kPartZero && digit != 0) next.kind = kPart;
    next.last_not_zero = s.kind == kWhole || !options_.plain || digit != 0;
    return next;
  }

  bool may_end(const State& s) const { return !options_.plain || s.last_not_zero; }

  // How many zeros make a whole multiple of N; kUnbounded: no number of them.
  uint32_t zeros_needed(uint64_t remainder) const {
    uint64_t rest = step_.modulus / std::gcd(step_.modulus, remainder);
    uint32_t zeros = 0;
    for (; rest > 1 && zeros < 64; ++zeros) {
      uint64_t common = std::gcd(rest, uint64_t{10});
      if (common == 1) return kUnbounded;
      rest /= common;
    }
    return zeros;
  }

  // The exponents with which the text may end here.
  ExprId ends(const State& s) const {
    uint32_t zeros = zeros_needed(s.remainder);
    if (zeros == kUnbounded) return kEmpty;
    return exponents_.at_least(int64_t{zeros} - step_.places + (s.kind == kWhole ? 0 : s.place));
  }

  ExprId rule(ExprPool& pool, const State& s) {
    uint32_t length = shortest(s);
    if (length == kInfinite) return kEmpty;
    return pool.rule(index(), pack(s), length, length == 0);
  }

  // Can `digits` more digits (and zeros to follow) make N a whole multiple, `zeros` places to the left?
  bool reachable(const State& s, uint32_t digits, int64_t zeros, bool last_counts) const {
    if (zeros < 0 || digits > 17) return zeros >= 0;
    uint64_t modulus = step_.modulus, room = 1;
    for (int64_t i = 0; i < zeros && i < 64; ++i) modulus /= std::gcd(modulus, uint64_t{10});
    uint64_t value = s.remainder % modulus;
    for (uint32_t i = 0; i < digits; ++i) {
      value = value * 10 % modulus;
      room *= 10;
    }
    uint64_t least = (modulus - value) % modulus;
    if (s.kind == kPartZero && least == 0) least = modulus;  // not zero
    for (int i = 0; i < 10 && least < room; ++i, least += modulus)
      if (!last_counts || digits == 0 || least % 10 != 0) return true;
    return false;
  }

  // Bytes of the shortest way to end, exactly. Exponents cost 2 bytes up to e9, 3 up to e99, ...: the largest of each
  // cost reaches furthest. More digits before the point do all that digits after it do, and a byte cheaper.
  uint32_t shortest(const State& s) const {
    if (s.kind == kPart && s.place == 0 && s.remainder == 0 && !options_.plain) return 1;  // ".0"
    uint32_t best = kInfinite;
    const int64_t max = exponents_.max();
    for (uint32_t cost = 0; cost <= 5 && cost <= max + 1; cost += cost == 0 ? 2 : 1) {
      static constexpr std::array<int64_t, 6> kLargest{0, 0, 9, 99, 999, 9'999};
      const int64_t exponent = std::min(kLargest[cost], max);
      for (uint32_t digits = 0; digits <= kMostDigits && digits + cost < best; ++digits)
        if (reaches(s, digits, exponent)) best = digits + cost;
      if (s.kind != kWhole) continue;
      for (uint32_t part = 1; part <= max_part_ && part <= kMostDigits && part + 1 + cost < best; ++part)
        for (uint32_t digits = 0; digits + part + 1 + cost < best && s.place + digits <= caps_.integer; ++digits)
          if (reachable(s, digits + part, exponent + step_.places - part, options_.plain)) best = digits + part + 1 + cost;
    }
    return best;
  }

  bool reaches(const State& s, uint32_t digits, int64_t exponent) const {
    if (s.kind == kWhole) {
      if (caps_.integer != kUnbounded && s.place + digits > caps_.integer) return false;
      return reachable(s, digits, exponent + step_.places, false);
    }
    if (s.place + digits == 0 || s.place + digits > caps_.fraction) return false;
    if (digits == 0 && (s.kind == kPartZero || !may_end(s))) return false;
    return reachable(s, digits, exponent + step_.places - s.place - digits, options_.plain);
  }

  // After a multiple without a point: k zeros and the exponent -places - k, k > 0.
  ExprId zeros_taken_back(ExprPool& pool) const {
    ExprId out = kEmpty;
    for (int64_t k = exponents_.max() - step_.places; k > 0; --k)
      out = pool.concat(zero_, pool.alt(pool.concat(fraction_, exponents_.exactly(-k - int64_t{step_.places})), out));
    return out;
  }

  static constexpr uint32_t kMostDigits = 17;  // digits that reach every remainder below the largest modulus

  Step step_;
  NumberOptions options_;
  DigitCaps caps_;
  Exponents exponents_;
  ExprId zero_, point_, fraction_ = kEmpty, taken_back_ = kEmpty;
  uint32_t max_part_ = 0;
};

}  // namespace

ExprId positive_multiples(ExprPool& pool, Step step, const NumberOptions& options, DigitCaps caps) {
  std::string name = "multiples";
  for (int64_t part : {static_cast<int64_t>(step.modulus), int64_t{step.places}, int64_t{options.plain}, int64_t{options.max_digits},
                       int64_t{options.max_exponent}, int64_t{caps.integer}, int64_t{caps.fraction}})
    name += " " + std::to_string(part);
  return pool.named<Multiples>(name, [&] { return std::make_unique<Multiples>(pool, step, options, caps); }).start(pool);
}

}  // namespace decodex
