#include "schema/numbers.h"

#include <algorithm>
#include <array>

#include "schema/number_multiples.h"
#include "schema/number_text.h"

namespace decodex {

namespace {

constexpr uint32_t kWideDigits = 128;      // a bound of more digits raises a cap only where nothing else would fit
constexpr size_t kFewMultiples = 1'000;    // that are listed one by one when their step is too large for states
constexpr size_t kMostTried = 100'000;     // multiples looked at to find one that nothing excludes

std::optional<Decimal> common_step(const NumberSet& set) {
  if (!set.integer) return set.multiple_of ? std::optional(set.multiple_of->abs()) : std::nullopt;
  return set.multiple_of ? lcm(*set.multiple_of, Decimal(1)) : Decimal(1);
}

bool crossed(const NumberSet& set) {
  return set.lower && set.upper &&
         (*set.lower > *set.upper || (*set.lower == *set.upper && (set.lower_open || set.upper_open)));
}

// `integer` as a step of 1, and bounds that are multiples of the step themselves. A step does not weaken `excluded` and
// its like, which stay.
NumberSet tightened(const NumberSet& set) {
  NumberSet out = set;
  out.integer = false;
  out.multiple_of = common_step(set);
  if (!out.multiple_of && set.lower && set.lower == set.upper && !set.lower->is_zero())  // one value: a step of its last digit
    out.multiple_of = Decimal::power_of_ten(set.lower->exponent());
  if (!out.multiple_of) return out;
  const Decimal& step = *out.multiple_of;
  if (out.lower) {
    Decimal least = ceil_to_multiple(*out.lower, step);
    out.lower = out.lower_open && least == *out.lower ? least + step : least;
    out.lower_open = false;
  }
  if (out.upper) {
    Decimal most = floor_to_multiple(*out.upper, step);
    out.upper = out.upper_open && most == *out.upper ? most - step : most;
    out.upper_open = false;
  }
  return out;
}

// The set cut at its excluded members, which then are outside open bounds.
std::vector<NumberSet> cut_at_excluded(NumberSet set) {
  std::vector<Decimal> cuts = std::move(set.excluded);
  set.excluded.clear();
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::vector<NumberSet> out;
  for (const Decimal& cut : cuts) {
    if (!contains(set, cut)) continue;
    NumberSet below = set;
    below.upper = cut;
    below.upper_open = true;
    out.push_back(tightened(below));
    set.lower = cut;
    set.lower_open = true;
  }
  out.push_back(tightened(set));
  std::erase_if(out, crossed);
  return out;
}

// Members from zero upwards (or, with `negative`, the magnitudes of those from zero downwards).
Magnitudes magnitudes(const NumberSet& set, bool negative) {
  const std::optional<Decimal>& near = negative ? set.upper : set.lower;
  const std::optional<Decimal>& far = negative ? set.lower : set.upper;
  Magnitudes out;
  if (near && near->negative() == negative && !near->is_zero()) out.lower = near->abs();
  if (near && (near->negative() == negative || near->is_zero())) out.lower_open = negative ? set.upper_open : set.lower_open;
  if (far) {
    out.upper = negative ? -*far : *far;
    out.upper_open = negative ? set.lower_open : set.upper_open;
  }
  return out;
}

// Builds the expression of one tightened set without excluded members.
class Spelling {
 public:
  Spelling(ExprPool& pool, const NumberOptions& options, DigitCaps caps, bool any_exponent)
      : pool_(pool), options_(options), exponents_(pool, options), mantissas_(pool, caps, options.plain),
        any_exponent_(any_exponent) {}

  ExprId of(const NumberSet& set) {
    Magnitudes up = magnitudes(set, false), down = magnitudes(set, true);
    simplify(up, set.multiple_of);
    simplify(down, set.multiple_of);
    if (options_.plain && down.has_zero()) down.lower_open = true;  // no -0
    const ExprId minus = pool_.byte('-');
    if (up == down) return pool_.concat(pool_.optional(minus), members(up, set.multiple_of));
    return pool_.alt(members(up, set.multiple_of), pool_.concat(minus, members(down, set.multiple_of)));
  }

 private:
  ExprId members(const Magnitudes& range, const std::optional<Decimal>& step) {
    if (range.empty()) return kEmpty;
    if (!step) return dense(range);
    ExprId zero = range.has_zero() ? zeros() : kEmpty;
    return pool_.alt(zero, multiples(range, *step));
  }

  // Bounds that no text within the caps can meet, put where they cost nothing.
  void simplify(Magnitudes& range, const std::optional<Decimal>& step) const {
    const DigitCaps caps = mantissas_.caps();
    int64_t reach = exponents_.max();
    if (step) reach = std::max(reach, step->exponent() + exponents_.max());
    if (range.upper && caps.integer < Decimal::kMaxPlaces && *range.upper >= Decimal::power_of_ten(caps.integer + reach)) {
      range.upper.reset();
      range.upper_open = false;
      range.cut = true;
    }
    if (step && range.lower == *step) {  // the first of the positive ones
      range.lower = Decimal();
      range.lower_open = true;
    }
    if (step || range.lower.is_zero() || caps.fraction > Decimal::kMaxPlaces || range.empty()) return;
    const int64_t least = -int64_t{caps.fraction} - exponents_.max();
    if (range.lower < Decimal::power_of_ten(least)) {
      range.lower = Decimal();
      range.lower_open = range.cut = true;
    }
  }

  // 0, 0.0, 0e5, ...
  ExprId zeros() const {
    return pool_.concat({pool_.byte('0'), mantissas_.zero_fraction(), exponents_.any()});
  }

  ExprId dense(const Magnitudes& range) {
    const bool zero_only = range.upper && range.upper->is_zero();
    if (zero_only) return zeros();
    if (range.all() || range.all_positive())
      return pool_.concat(mantissas_.in(range), any_exponent_ && !range.cut
                                                    ? exponents_.any()
                                                    : exponents_.between(-exponents_.max(), exponents_.max()));
    // With a larger exponent than the upper bound has digits before the point, the text begins with "0.".
    const int64_t digits = range.upper ? static_cast<int64_t>(range.upper->integer_text().size()) : exponents_.max() + 1;
    std::vector<ExprId> arms;
    for (int64_t e = -exponents_.max(); e <= exponents_.max() && e < digits; ++e)
      arms.push_back(pool_.concat(mantissas_.in(range.shifted(-e)), exponents_.exactly(e)));
    if (digits <= exponents_.max()) arms.push_back(exponents_.behind_zeros(mantissas_.part_in(range.shifted(-digits)), digits));
    if (range.has_zero()) arms.push_back(zeros());
    return pool_.alt(arms);
  }

  ExprId multiples(const Magnitudes& range, const Decimal& step) {
    if (step.digits() == "1") return DecimalGrid(pool_, exponents_, mantissas_, step.exponent()).positive_in(range);
    std::optional<Step> small = Step::of(step);
    const DigitCaps caps = mantissas_.caps();
    const bool unbounded = range.all() || range.all_positive();
    if (!small || (caps.integer != kUnbounded && caps.integer >= 1'000)) return listed(range, step);
    if (!unbounded) {
      Magnitudes positive = range;
      if (range.lower.is_zero()) positive.lower = step;
      positive.lower_open = false;
      if (positive.empty()) return kEmpty;
      if (range.upper || caps.integer != kUnbounded)
        return bounded_multiples(pool_, *small, positive, options_.plain, caps);
      return pool_.conj(positive_multiples(pool_, *small, options_, caps), dense(range));
    }
    if (steps_.empty() || steps_.back().first != step)
      steps_.emplace_back(step, positive_multiples(pool_, *small, options_, caps));
    return steps_.back().second;
  }

  // Each multiple in the range by itself.
  ExprId listed(const Magnitudes& range, const Decimal& step) {
    auto refuse = [&] {
      return Error(ErrorKind::Unsupported,
                   "multipleOf " + step.text().substr(0, 40) + " is too large here: its digits must be below 10^15, or at most " +
                       std::to_string(kFewMultiples) + " multiples may lie within the bounds");
    };
    if (!range.upper) throw refuse();
    std::vector<ExprId> arms;
    Decimal value = range.lower.is_zero() ? step : range.lower;
    for (; value <= *range.upper; value = value + step) {
      if (arms.size() == kFewMultiples) throw refuse();
      arms.push_back(dense({value, false, value, false, false}));
    }
    return pool_.alt(arms);
  }

  ExprPool& pool_;
  NumberOptions options_;
  Exponents exponents_;
  Mantissas mantissas_;
  bool any_exponent_;
  std::vector<std::pair<Decimal, ExprId>> steps_;
};

DigitCaps caps_for(const NumberSet& set, const NumberOptions& options) {
  if (options.max_digits == 0) return {};
  DigitCaps caps{options.max_digits, options.max_digits};
  const bool narrow = set.lower && set.upper && *set.upper - *set.lower < Decimal::power_of_ten(-int64_t{kWideDigits});
  auto grow = [&](const Decimal& value, bool far, bool wanted) {
    size_t whole = value.integer_text().size(), part = value.fraction_text().size();
    if (!far || whole <= kWideDigits) caps.integer = std::max(caps.integer, static_cast<uint32_t>(whole));
    // Two places more, so that something fits between two close bounds and beside what is excluded.
    if (part >= caps.fraction && (wanted || narrow || part <= kWideDigits)) caps.fraction = static_cast<uint32_t>(part + 2);
  };
  if (set.lower) grow(*set.lower, set.lower->negative(), false);
  if (set.upper) grow(*set.upper, !set.upper->negative(), false);
  if (set.multiple_of) grow(*set.multiple_of, false, true);
  for (const Decimal& value : set.excluded) grow(value, true, false);
  for (const Decimal& value : set.not_multiple_of) grow(value, true, false);
  return caps;
}

bool denied(const NumberSet& set, const Decimal& value) {
  if (set.not_integer && value.is_integer()) return true;
  for (const Decimal& step : set.not_multiple_of)
    if (is_multiple(value, step)) return true;
  return std::find(set.excluded.begin(), set.excluded.end(), value) != set.excluded.end();
}

}  // namespace

ExprId number_expression(ExprPool& pool, const NumberSet& set, const NumberOptions& options) {
  if (is_empty(set)) return kEmpty;
  const NumberSet whole = tightened(set);
  const DigitCaps caps = caps_for(whole, options);
  const bool denies = set.not_integer || !set.not_multiple_of.empty();
  Spelling spelling(pool, options, caps, !denies);
  std::vector<ExprId> arms;
  for (const NumberSet& piece : cut_at_excluded(whole)) arms.push_back(spelling.of(piece));
  std::vector<ExprId> parts{pool.alt(arms)};
  auto deny = [&](const Decimal& step) {
    NumberSet multiples;
    multiples.multiple_of = step.abs();
    // Without caps, so that no spelling of a denied number slips through.
    parts.push_back(pool.complement(Spelling(pool, options, DigitCaps{}, true).of(multiples)));
  };
  if (set.not_integer) deny(Decimal(1));
  for (const Decimal& step : set.not_multiple_of) deny(step);
  ExprId out = pool.conj(parts);
  return pool.live(out) ? out : kEmpty;
}

ExprId number_spellings(ExprPool& pool, const Decimal& value, const NumberOptions& options) {
  NumberSet set;
  set.lower = set.upper = value;
  return number_expression(pool, set, options);
}

bool contains(const NumberSet& set, const Decimal& value) {
  if (set.integer && !value.is_integer()) return false;
  if (set.lower && (value < *set.lower || (set.lower_open && value == *set.lower))) return false;
  if (set.upper && (value > *set.upper || (set.upper_open && value == *set.upper))) return false;
  if (set.multiple_of && !is_multiple(value, *set.multiple_of)) return false;
  return !denied(set, value);
}

bool is_empty(const NumberSet& set) {
  const NumberSet whole = tightened(set);
  if (crossed(whole)) return true;
  if (!whole.multiple_of) {  // what is denied has gaps everywhere: only a single point can vanish
    return whole.lower && whole.upper && *whole.lower == *whole.upper && denied(set, *whole.lower);
  }
  const Decimal& step = *whole.multiple_of;
  if (set.not_integer && step.is_integer()) return true;
  for (const Decimal& other : set.not_multiple_of)
    if (is_multiple(step, other)) return true;
  // Beyond some member, others that nothing denies come again and again: without an end there is one.
  if (!whole.lower || !whole.upper) return false;
  Decimal value = *whole.lower;
  for (size_t tried = 0; value <= *whole.upper; value = value + step, ++tried) {
    if (!denied(set, value)) return false;
    if (tried == kMostTried)
      throw Error(ErrorKind::Limit, "whether any number is left could not be decided within " +
                                        std::to_string(kMostTried) + " multiples; state fewer multipleOf under \"not\"");
  }
  return true;
}

NumberSet intersect(const NumberSet& a, const NumberSet& b) {
  NumberSet out = a;
  out.integer = a.integer || b.integer;
  out.not_integer = a.not_integer || b.not_integer;
  if (b.lower && (!a.lower || *b.lower > *a.lower || (*b.lower == *a.lower && b.lower_open))) {
    out.lower = b.lower;
    out.lower_open = b.lower_open;
  }
  if (b.upper && (!a.upper || *b.upper < *a.upper || (*b.upper == *a.upper && b.upper_open))) {
    out.upper = b.upper;
    out.upper_open = b.upper_open;
  }
  if (b.multiple_of) out.multiple_of = a.multiple_of ? lcm(*a.multiple_of, *b.multiple_of) : *b.multiple_of;
  auto merge = [](std::vector<Decimal>& into, const std::vector<Decimal>& from) {
    into.insert(into.end(), from.begin(), from.end());
    std::sort(into.begin(), into.end());
    into.erase(std::unique(into.begin(), into.end()), into.end());
  };
  merge(out.not_multiple_of, b.not_multiple_of);
  merge(out.excluded, b.excluded);
  return out;
}

}  // namespace decodex
