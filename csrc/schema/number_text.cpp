#include "schema/number_text.h"

#include <algorithm>

namespace decodex {

namespace {

uint32_t digit_count(uint64_t value) {
  uint32_t count = 1;
  for (; value >= 10; value /= 10) ++count;
  return count;
}

uint32_t minus(uint32_t count, uint64_t taken) {  // for counts that may be kUnbounded
  if (count == kUnbounded) return kUnbounded;
  return taken >= count ? 0 : count - static_cast<uint32_t>(taken);
}

uint32_t digit_at(const std::string& digits, size_t at) {
  return at < digits.size() ? static_cast<uint32_t>(digits[at] - '0') : 0;
}

// The digits are without trailing zeros: beyond their end all are 0.
bool zero_from(const std::string& digits, size_t at) { return at >= digits.size(); }

bool all_zeros_from(const std::string& digits, size_t at) {
  return digits.find_first_not_of('0', std::min(at, digits.size())) == std::string::npos;
}

}  // namespace

Magnitudes Magnitudes::shifted(int64_t places) const {
  Magnitudes out = *this;
  out.lower = lower.shifted(places);
  if (upper) out.upper = upper->shifted(places);
  return out;
}

ExprId digit_between(ExprPool& pool, uint32_t first, uint32_t last) {
  if (first > last) return kEmpty;
  return pool.bytes(ByteSet::range(static_cast<uint8_t>('0' + first), static_cast<uint8_t>('0' + last)));
}

ExprId digits_between(ExprPool& pool, uint32_t first, uint32_t last, uint32_t width) {
  if (first > last) return kEmpty;
  if (width == 0) return kEpsilon;
  uint32_t unit = 1;
  for (uint32_t i = 1; i < width; ++i) unit *= 10;
  const uint32_t head = first / unit, head_last = last / unit;
  if (head == head_last)
    return pool.concat(digit_between(pool, head, head), digits_between(pool, first % unit, last % unit, width - 1));
  auto tail = [&](uint32_t from, uint32_t to) { return digits_between(pool, from, to, width - 1); };
  const bool whole_first = first % unit == 0, whole_last = last % unit == unit - 1;
  ExprId arms[3] = {kEmpty, kEmpty, kEmpty};
  if (!whole_first) arms[0] = pool.concat(digit_between(pool, head, head), tail(first % unit, unit - 1));
  if (!whole_last) arms[1] = pool.concat(digit_between(pool, head_last, head_last), tail(0, last % unit));
  const uint32_t from = head + !whole_first;
  if (from + !whole_last <= head_last)
    arms[2] = pool.concat(digit_between(pool, from, head_last - !whole_last),
                          pool.repeat(digit_between(pool, 0, 9), width - 1, width - 1));
  return pool.alt(arms);
}

// ---- exponents ----

Exponents::Exponents(ExprPool& pool, const NumberOptions& options)
    : pool_(pool), plain_(options.plain), endless_zeros_(options.max_digits == 0),
      max_(options.plain ? 0 : std::clamp(options.max_exponent, 0, 999)),
      digits_(std::max(3u, digit_count(static_cast<uint64_t>(max_)))) {
  if (plain_) {
    any_ = kEpsilon;
    return;
  }
  ByteSet sign = ByteSet::of('+') | ByteSet::of('-');
  any_ = pool.optional(pool.concat({pool.bytes(ByteSet::of('e') | ByteSet::of('E')), pool.optional(pool.bytes(sign)),
                                    pool.repeat(digit_between(pool, 0, 9), 1, endless_zeros_ ? kUnbounded : digits_)}));
}

// Values from `first` to `last` (not negative) with leading zeros.
ExprId Exponents::magnitudes(int64_t first, int64_t last) const {
  std::vector<ExprId> arms;
  int64_t least = 0, most = 9;  // of this width
  for (uint32_t width = 1; width <= digits_ && least <= last; ++width) {
    int64_t from = std::max(first, least), to = std::min(last, most);
    if (from <= to) {
      ExprId zeros = pool_.repeat(digit_between(pool_, 0, 0), 0, endless_zeros_ ? kUnbounded : digits_ - width);
      arms.push_back(pool_.concat(
          zeros, digits_between(pool_, static_cast<uint32_t>(from), static_cast<uint32_t>(to), width)));
    }
    least = most + 1;
    most = most * 10 + 9;
  }
  return pool_.alt(arms);
}

ExprId Exponents::between(int64_t first, int64_t last) const {
  first = std::max(first, -max_);
  last = std::min(last, max_);
  if (first > last) return kEmpty;
  const bool zero = first <= 0 && last >= 0;
  if (plain_) return zero ? kEpsilon : kEmpty;
  ExprId up = last < 0 ? kEmpty : magnitudes(std::max<int64_t>(first, 0), last);
  ExprId down = first > 0 ? kEmpty : magnitudes(std::max<int64_t>(-last, 0), -first);
  ExprId value = pool_.alt(pool_.concat(pool_.optional(pool_.byte('+')), up), pool_.concat(pool_.byte('-'), down));
  ExprId part = pool_.concat(pool_.bytes(ByteSet::of('e') | ByteSet::of('E')), value);
  return zero ? pool_.optional(part) : part;
}

ExprId Exponents::behind_zeros(ExprId part, int64_t first) const {
  ExprId out = kEmpty;
  for (int64_t e = max_; e >= first; --e)
    out = pool_.alt(pool_.concat(part, exactly(e)), pool_.concat(digit_between(pool_, 0, 0), out));
  return pool_.concat(pool_.literal("0."), out);
}

// ---- mantissas ----

Mantissas::Mantissas(ExprPool& pool, DigitCaps caps, bool plain)
    : pool_(pool), caps_(caps), plain_(plain), zero_(digit_between(pool, 0, 0)), nonzero_(digit_between(pool, 1, 9)),
      any_(digit_between(pool, 0, 9)), point_(pool.byte('.')) {}

uint32_t Mantissas::left(size_t at) const { return minus(caps_.fraction, at); }

ExprId Mantissas::zeros(size_t at, bool may_end) const {
  if (plain_) return may_end ? kEpsilon : kEmpty;
  return pool_.repeat(zero_, may_end ? 0 : 1, left(at));
}

ExprId Mantissas::zero_fraction() const {
  return plain_ ? kEpsilon : pool_.optional(pool_.concat(point_, zeros(0, false)));
}

// Any digits from place `at` on.
ExprId Mantissas::free_fraction(size_t at, bool may_end, uint32_t significant) {
  const uint32_t room = left(at), free = std::min(minus(significant, at), room);
  if (free == 0) return zeros(at, may_end);
  if (plain_) {
    ExprId some = pool_.concat(pool_.repeat(any_, 0, minus(free, 1)), nonzero_);
    return may_end ? pool_.optional(some) : some;
  }
  if (free == room) return pool_.repeat(any_, may_end ? 0 : 1, room);
  ExprId trailing = pool_.repeat(zero_, 0, minus(room, free));
  if (may_end) return pool_.concat(pool_.repeat(any_, 0, free), trailing);
  return pool_.concat({any_, pool_.repeat(any_, 0, free - 1), trailing});
}

// Any digits from place `at` on, but not only zeros.
ExprId Mantissas::nonzero_fraction(size_t at) {
  if (caps_.fraction == kUnbounded)
    return pool_.concat({pool_.star(zero_), nonzero_, free_fraction(0, true, kUnbounded)});
  if (at >= caps_.fraction) return kEmpty;
  if (nonzero_fractions_.empty()) {
    nonzero_fractions_.assign(caps_.fraction + 1, kEmpty);
    for (size_t i = caps_.fraction; i-- > 0;)
      nonzero_fractions_[i] = pool_.alt(pool_.concat(nonzero_, free_fraction(i + 1, true, kUnbounded)),
                                        pool_.concat(zero_, nonzero_fractions_[i + 1]));
  }
  return nonzero_fractions_[at];
}

// From place `at` on, where the bounds in question have no more digits.
ExprId Mantissas::settled_fraction(const Bounds& b, size_t at, uint8_t tight, bool may_end) {
  if (tight == kFree) return free_fraction(at, may_end, b.significant);
  if (tight & kUpper) {  // nothing above the bound is left: only its own value
    bool open = b.upper_open || ((tight & kLower) && b.lower_open);
    return open ? kEmpty : zeros(at, may_end);
  }
  return b.lower_open ? nonzero_fraction(at) : free_fraction(at, may_end, b.significant);
}

// The digits from `first` to `last`, each with what follows it; digits with one continuation are one arm.
template <class Next>
void Mantissas::add_digit_arms(uint32_t first, uint32_t last, std::vector<ExprId>& arms, Next next) {
  for (uint32_t begin = first, digit = first; digit <= last; ++digit)
    if (digit == last || next(digit + 1) != next(begin)) {
      arms.push_back(pool_.concat(digit_between(pool_, begin, digit), next(begin)));
      begin = digit + 1;
    }
}

// From place `at` on: the arms by the next digit, and the end.
ExprId Mantissas::fraction_arms(const Bounds& b, size_t at, uint8_t tight, bool may_end, const Level& next) {
  const bool lower = tight & kLower, upper = tight & kUpper;
  std::vector<ExprId> arms;
  if (may_end && (!lower || (zero_from(b.lower_part, at) && !b.lower_open)) &&
      (!upper || !zero_from(b.upper_part, at) || !b.upper_open))
    arms.push_back(kEpsilon);
  const uint32_t from = lower ? digit_at(b.lower_part, at) : 0;
  const uint32_t to = at >= b.significant ? 0 : upper ? digit_at(b.upper_part, at) : 9;
  if (left(at) > 0)
    add_digit_arms(from, to, arms, [&](uint32_t digit) {
      return next[stays_tight(lower && digit == from, upper && digit == digit_at(b.upper_part, at))]
                 [!plain_ || digit != 0];
    });
  return pool_.alt(arms);
}

// What may follow the point, by how the text is tight there.
Mantissas::Level Mantissas::part_level(const Bounds& b) {
  const size_t places = std::min<size_t>(std::max(b.lower_part.size(), b.upper_part.size()), caps_.fraction);
  Level level{};
  auto settled = [&](size_t at, uint8_t tight) {
    return (!(tight & kLower) || zero_from(b.lower_part, at)) && (!(tight & kUpper) || zero_from(b.upper_part, at));
  };
  for (size_t at = places + 1; at-- > 0;) {
    Level here{};
    for (uint8_t tight : b.tights)
      for (int may_end = plain_ || at == 0 ? 0 : 1; may_end < 2; ++may_end)
        here[tight][may_end] = settled(at, tight) ? settled_fraction(b, at, tight, may_end)
                                                  : fraction_arms(b, at, tight, may_end, level);
    level = here;
  }
  return level;
}

// What may follow the whole part, by how it was tight.
std::array<ExprId, 4> Mantissas::after_whole(const Bounds& b) {
  const Level level = b.points ? part_level(b) : Level{};
  std::array<ExprId, 4> after{};
  for (uint8_t tight : b.tights) {
    bool ends = (!(tight & kLower) || (zero_from(b.lower_part, 0) && !b.lower_open)) &&
                (!(tight & kUpper) || !zero_from(b.upper_part, 0) || !b.upper_open);
    ExprId part = b.points ? pool_.concat(point_, level[tight][0]) : kEmpty;
    after[tight] = ends ? pool_.optional(part) : part;
  }
  return after;
}

// Whole parts of exactly `length` digits and what follows them.
ExprId Mantissas::whole_of_length(const Bounds& b, const std::array<ExprId, 4>& after, size_t length, bool to_lower,
                                  bool to_upper) {
  std::array<ExprId, 4> level = after;
  // Tight to a lower bound that has only zeros left is as good as free.
  auto relax = [&](uint8_t tight, size_t at) {
    bool done = (tight & kLower) && !b.lower_open && b.lower_part.empty() && all_zeros_from(b.lower_whole, at);
    return static_cast<uint8_t>(done ? tight & ~kLower : tight);
  };
  for (size_t at = length; at-- > 0;) {
    std::array<ExprId, 4> here{};
    for (uint8_t tight : b.tights) {
      const bool lower = (tight & kLower) && to_lower, upper = (tight & kUpper) && to_upper;
      const uint32_t least = at == 0 && length > 1 ? 1 : 0;
      if (!lower && !upper && least == 0) {
        uint32_t rest = static_cast<uint32_t>(length - at);
        here[tight] = pool_.concat(pool_.repeat(any_, rest, rest), after[kFree]);
        continue;
      }
      const uint32_t from = lower ? digit_at(b.lower_whole, at) : least, to = upper ? digit_at(b.upper_whole, at) : 9;
      std::vector<ExprId> arms;
      add_digit_arms(from, to, arms, [&](uint32_t digit) {
        return level[relax(stays_tight(lower && digit == from, upper && digit == to), at + 1)];
      });
      here[tight] = pool_.alt(arms);
    }
    level = here;
  }
  return level[relax(stays_tight(to_lower, to_upper), 0)];
}

Mantissas::Bounds Mantissas::bounds(const Magnitudes& range, uint32_t significant, bool points) const {
  Bounds b{range.lower.integer_text(), range.lower.fraction_text(), "", "",
           range.lower_open, range.upper_open, significant, points, {kFree}};
  if (range.lower_open || !range.lower.is_zero()) b.tights.push_back(kLower);
  if (range.upper) {
    b.upper_whole = range.upper->integer_text();
    b.upper_part = range.upper->fraction_text();
    b.tights.push_back(kUpper);
    if (b.lower_whole.size() == b.upper_whole.size()) b.tights.push_back(kBoth);
  }
  return b;
}

ExprId Mantissas::build(const Magnitudes& range, uint32_t significant, bool points) {
  if (range.empty()) return kEmpty;
  const Bounds b = bounds(range, significant, points);
  const size_t cap = caps_.integer, shortest = b.lower_whole.size();
  if (shortest > cap) return kEmpty;
  const size_t longest = range.upper ? std::min(b.upper_whole.size(), cap) : cap;
  const bool meets_upper = range.upper && b.upper_whole.size() <= cap;
  const std::array<ExprId, 4> after = after_whole(b);
  std::vector<ExprId> arms;
  arms.push_back(whole_of_length(b, after, shortest, true, meets_upper && longest == shortest));
  if (meets_upper && longest > shortest) arms.push_back(whole_of_length(b, after, longest, false, true));
  const size_t first = shortest + 1;              // lengths that meet no bound
  const size_t last = meets_upper ? longest - 1 : longest;
  if (first <= last)
    arms.push_back(pool_.concat({nonzero_,
                                 pool_.repeat(any_, static_cast<uint32_t>(first - 1),
                                              cap == kUnbounded && !meets_upper ? kUnbounded : static_cast<uint32_t>(last - 1)),
                                 after[kFree]}));
  return pool_.alt(arms);
}

ExprId Mantissas::in(const Magnitudes& range, uint32_t significant) {
  if (range.all() && significant == kUnbounded) return all();
  return build(range, significant, true);
}

ExprId Mantissas::part_in(const Magnitudes& range, uint32_t significant) {
  if (range.empty()) return kEmpty;
  const bool from_zero = range.lower.is_zero() && !range.lower_open;
  return part_level(bounds(range, significant, true))[stays_tight(!from_zero, true)][0];
}

ExprId Mantissas::whole_in(const Magnitudes& range) { return build(range, 0, false); }

ExprId Mantissas::all() {
  ExprId whole = pool_.alt(zero_, pool_.concat(nonzero_, pool_.repeat(any_, 0, minus(caps_.integer, 1))));
  return pool_.concat(whole, pool_.optional(pool_.concat(point_, free_fraction(0, false, kUnbounded))));
}

}  // namespace decodex
