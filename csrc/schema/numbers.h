// Sets of numbers, and the JSON spellings of their members as expressions.
//
// In: what `type`, bounds, `multipleOf` and their complements say, as a NumberSet. Out: the language of every spelling
// -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)? whose value is in the set: 1, 1.0, 10e-1 and -0 are judged by value, exactly.
//
// Caps, so that a text cannot run on for ever (NumberOptions):
//   max_digits    digits before the point, and digits after it, of the written number; a bound or a multipleOf that
//                 has more digits raises the cap to what it needs (a bound of more than 128 digits only where nothing
//                 else would fit). Zeros that the exponent takes away again are not counted
//                 where a bound or a step decides (1200e-2, 0.0012e4).
//   max_exponent  where the value of the exponent decides, it lies in [-max_exponent, max_exponent]. Where it does not
//                 (no bound but zero, no multipleOf) any exponent may follow. Multiples of other steps than powers of
//                 ten are written without exponents where they have other bounds than zero.
//   An exponent has at most three digits, leading zeros included (more if max_exponent has); without max_digits the
//   zeros are free. What no text within the caps can reach is not in the language.
// `plain` leaves one spelling for each value: no exponent, no zero at the end of a fraction, no -0.
//
// Cost: sets bounded by zero only are a handful of nodes; other bounds one automaton of the bound's digits for each
// exponent; multiples of a power of ten the same; other multiples are rules whose states are remainders, made as they
// are reached. Each call with such a multiple adds a rule source to the pool: remember results by set.
// Refused: a multipleOf whose digits are not below 10^15 with Error(Unsupported), unless few multiples are in bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "expr/pool.h"
#include "schema/decimal.h"

namespace decodex {

struct NumberOptions {
  bool plain = false;
  uint32_t max_digits = 32;  // 0: no cap
  int max_exponent = 20;
  bool operator==(const NumberOptions&) const = default;
};

struct NumberSet {
  bool integer = false;
  std::optional<Decimal> lower, upper;
  bool lower_open = false, upper_open = false;
  std::optional<Decimal> multiple_of;      // not zero
  std::vector<Decimal> not_multiple_of;
  bool not_integer = false;
  std::vector<Decimal> excluded;
  bool operator==(const NumberSet&) const = default;
};

// Every spelling, within the caps, of every number of the set; kEmpty when there is none. (pool lock held)
ExprId number_expression(ExprPool& pool, const NumberSet& set, const NumberOptions& options);
// Every spelling of one value. (pool lock held)
ExprId number_spellings(ExprPool& pool, const Decimal& value, const NumberOptions& options);

bool contains(const NumberSet& set, const Decimal& value);
// Exact: is there no such number at all? Caps play no part.
bool is_empty(const NumberSet& set);
NumberSet intersect(const NumberSet& a, const NumberSet& b);

}  // namespace decodex
