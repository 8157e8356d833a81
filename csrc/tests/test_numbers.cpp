// Number sets against exact rational arithmetic: every text over a small alphabet is judged by a reading of its own,
// as a fraction of machine integers, and must be accepted if and only if its value is in the set.
#include <doctest/doctest.h>

#include <cstdlib>
#include <functional>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "schema/numbers.h"

using namespace decodex;

namespace {

// value = digits · 10^exponent, digits signed; or no JSON number at all.
struct Reading {
  bool number = false;
  __int128 digits = 0;
  int exponent = 0, written_exponent = 0;
  size_t exponent_digits = 0;
  bool plain = true;  // without exponent, trailing zeros and -0
};

Reading read(const std::string& text) {
  Reading out;
  size_t i = 0;
  auto digit = [&] { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  bool negative = i < text.size() && text[i] == '-';
  i += negative;
  if (!digit()) return out;
  bool zero = text[i] == '0';
  size_t begin = i;
  for (; digit(); ++i) out.digits = out.digits * 10 + (text[i] - '0');
  if (zero && i - begin > 1) return out;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digit()) return out;
    for (; digit(); ++i) out.digits = out.digits * 10 + (text[i] - '0'), --out.exponent;
    if (text[i - 1] == '0') out.plain = false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    out.plain = false;
    ++i;
    bool down = i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (!digit()) return out;
    size_t first = i;
    for (; digit(); ++i) out.written_exponent = out.written_exponent * 10 + (text[i] - '0');
    out.exponent_digits = i - first;
    if (down) out.written_exponent = -out.written_exponent;
    out.exponent += out.written_exponent;
  }
  if (i != text.size()) return out;
  if (negative && out.digits == 0) out.plain = false;
  if (negative) out.digits = -out.digits;
  out.number = true;
  return out;
}

// A bound or step of the test: units / 10^3.
struct Milli {
  long long units;
  Decimal decimal() const { return Decimal(units).shifted(-3); }
};

__int128 power(int n) {
  __int128 out = 1;
  for (int i = 0; i < n; ++i) out *= 10;
  return out;
}

// -1, 0, 1: how the reading's value compares with m. Exponents beyond what fits are judged by their sign.
int compare(const Reading& r, Milli m) {
  int e = r.exponent + 3;
  if (r.digits == 0) return m.units > 0 ? -1 : m.units < 0;
  int sign = r.digits < 0 ? -1 : 1;
  if (e > 25) return sign;
  if (e < -25) return m.units == 0 ? sign : m.units > 0 ? -1 : 1;
  __int128 a = e > 0 ? r.digits * power(e) : r.digits, b = e < 0 ? __int128{m.units} * power(-e) : m.units;
  return a < b ? -1 : a > b;
}

bool divides(const Reading& r, Milli m) {
  int e = r.exponent + 3;
  if (r.digits == 0) return true;
  if (e >= 0) {  // digits · 10^e mod m, one zero at a time
    __int128 rest = r.digits % m.units;
    for (int i = 0; i < e && rest != 0; ++i) rest = rest * 10 % m.units;
    return rest == 0;
  }
  return e >= -25 && r.digits % (__int128{m.units} * power(-e)) == 0;
}

struct TestSet {
  bool integer = false, not_integer = false, lower_open = false, upper_open = false;
  std::optional<Milli> lower, upper, multiple;
  std::vector<Milli> not_multiple, excluded;

  NumberSet set() const {
    NumberSet out;
    out.integer = integer;
    out.not_integer = not_integer;
    out.lower_open = lower_open;
    out.upper_open = upper_open;
    if (lower) out.lower = lower->decimal();
    if (upper) out.upper = upper->decimal();
    if (multiple) out.multiple_of = multiple->decimal();
    for (Milli m : not_multiple) out.not_multiple_of.push_back(m.decimal());
    for (Milli m : excluded) out.excluded.push_back(m.decimal());
    return out;
  }
  std::string name() const {
    std::string out = integer ? "integer" : not_integer ? "not integer" : "number";
    if (lower) out += std::string(lower_open ? " > " : " >= ") + lower->decimal().text();
    if (upper) out += std::string(upper_open ? " < " : " <= ") + upper->decimal().text();
    if (multiple) out += " multiple of " + multiple->decimal().text();
    for (Milli m : not_multiple) out += " not multiple of " + m.decimal().text();
    for (Milli m : excluded) out += " not " + m.decimal().text();
    return out;
  }
  // See NumberOptions: bounded multiples of something else than a power of ten.
  bool without_exponents() const {
    if (!multiple) return false;
    long long step = integer ? std::lcm(multiple->units, 1000ll) : multiple->units;
    while (step % 10 == 0) step /= 10;
    return step != 1 && ((lower && lower->units != 0) || (upper && upper->units != 0) || !excluded.empty());
  }
  bool has(const Reading& r) const {
    if (integer && !divides(r, {1000})) return false;
    if (not_integer && divides(r, {1000})) return false;
    if (lower && (compare(r, *lower) < 0 || (lower_open && compare(r, *lower) == 0))) return false;
    if (upper && (compare(r, *upper) > 0 || (upper_open && compare(r, *upper) == 0))) return false;
    if (multiple && !divides(r, *multiple)) return false;
    for (Milli m : not_multiple) if (divides(r, m)) return false;
    for (Milli m : excluded) if (compare(r, m) == 0) return false;
    return true;
  }
};

// Calls visit(text, state) for every text up to `length` over the alphabet.
void walk(ExprPool& pool, ExprId state, std::string& text, size_t length, const std::string& alphabet,
          const std::function<void(const std::string&, ExprId)>& visit) {
  visit(text, state);
  if (text.size() == length) return;
  for (char c : alphabet) {
    text.push_back(c);
    walk(pool, state == kEmpty ? kEmpty : pool.step(state, static_cast<uint8_t>(c)), text, length, alphabet, visit);
    text.pop_back();
  }
}

// Sound everywhere; complete within the caps.
void check(const TestSet& test, const NumberOptions& options, size_t length, const std::string& alphabet) {
  ExprPool pool;
  ExprId root = number_expression(pool, test.set(), options);
  size_t accepted = 0;
  std::string text;
  walk(pool, root, text, length, alphabet, [&](const std::string& t, ExprId state) {
    Reading r = read(t);
    bool in = r.number && test.has(r) && (!options.plain || r.plain);
    bool accepts = state != kEmpty && pool.accepting(state);
    accepted += accepts;
    bool within = std::abs(r.written_exponent) <= options.max_exponent && r.exponent_digits <= 3 &&
                  (r.exponent_digits == 0 || !test.without_exponents());
    if (accepts != in && (accepts || within)) {
      CAPTURE(t);
      CHECK(accepts == in);
    }
  });
  if (root == kEmpty) CHECK(accepted == 0);
}

// Follows shortest() to an accepted text: every state on the way must be exactly one byte nearer.
void check_shortest(ExprPool& pool, ExprId state) {
  for (uint32_t left = pool.shortest(state); left > 0; --left) {
    ExprId next = kEmpty;
    for (int b = 0; b < 256 && next == kEmpty; ++b) {
      ExprId to = pool.step(state, static_cast<uint8_t>(b));
      if (to == kEmpty) continue;
      REQUIRE(pool.shortest(to) >= left - 1);
      if (pool.shortest(to) == left - 1) next = to;
    }
    REQUIRE(next != kEmpty);
    state = next;
  }
  CHECK(pool.accepting(state));
}

bool accepts(ExprPool& pool, ExprId e, std::string_view text) {
  ExprId state = pool.run(e, text);
  return state != kEmpty && pool.accepting(state);
}

const std::string kAlphabet = "-0159.eE+";

std::vector<TestSet> sets_of_interest() {
  std::vector<TestSet> out(1);
  auto add = [&](auto change) {
    TestSet t;
    change(t);
    out.push_back(t);
  };
  for (bool integer : {false, true}) {
    add([&](TestSet& t) { t.integer = integer; });
    for (long long bound : {0ll, 1000ll, -1000ll, 500ll, 1500ll, -5050ll, 9000ll, 10000ll, 95000ll, 100ll, 1ll, 59100ll})
      for (bool open : {false, true}) {
        add([&](TestSet& t) { t.integer = integer, t.lower = Milli{bound}, t.lower_open = open; });
        add([&](TestSet& t) { t.integer = integer, t.upper = Milli{bound}, t.upper_open = open; });
        add([&](TestSet& t) { t.integer = integer, t.lower = Milli{bound}, t.upper = Milli{bound + 10500}, t.upper_open = open; });
      }
    for (long long step : {10ll, 100ll, 2500ll, 5000ll, 10000ll, 100000ll, 3000ll, 7000ll, 250ll, 300ll, 1100ll, 1ll,
                           59000ll}) {
      add([&](TestSet& t) { t.integer = integer, t.multiple = Milli{step}; });
      add([&](TestSet& t) { t.integer = integer, t.multiple = Milli{step}, t.lower = Milli{0}; });
      add([&](TestSet& t) { t.integer = integer, t.multiple = Milli{step}, t.lower = Milli{0}, t.lower_open = true; });
      add([&](TestSet& t) { t.integer = integer, t.multiple = Milli{step}, t.lower = Milli{-5000}, t.upper = Milli{95000}; });
    }
    add([&](TestSet& t) { t.integer = integer, t.excluded = {{0}, {5000}, {500}, {-1000}}; });
    add([&](TestSet& t) { t.integer = integer, t.not_multiple = {{5000}}; });
    add([&](TestSet& t) { t.integer = integer, t.not_multiple = {{5000}, {3000}}, t.lower = Milli{0}, t.upper = Milli{99000}; });
  }
  add([](TestSet& t) { t.not_integer = true; });
  add([](TestSet& t) { t.not_integer = true, t.lower = Milli{500}, t.upper = Milli{9000}; });
  add([](TestSet& t) { t.not_integer = true, t.multiple = Milli{500}; });
  return out;
}

}  // namespace

TEST_CASE("every short text is accepted exactly when its value is in the set") {
  for (const TestSet& t : sets_of_interest()) {
    CAPTURE(t.name());
    check(t, {}, 5, kAlphabet);
    check(t, {.plain = true}, 5, kAlphabet);
    check(t, {.plain = false, .max_digits = 0, .max_exponent = 2}, 4, kAlphabet);
  }
}

TEST_CASE("texts with exponents of two digits") {
  for (const TestSet& t : sets_of_interest()) {
    CAPTURE(t.name());
    check(t, {}, 6, "-15.e0");
  }
}

TEST_CASE("the caps hold for what is written, not for values") {
  ExprPool pool;
  NumberOptions four{.plain = false, .max_digits = 4, .max_exponent = 3};
  ExprId any = number_expression(pool, {}, four);
  CHECK(accepts(pool, any, "-1234.5678e+123"));
  CHECK(!accepts(pool, any, "12345"));
  CHECK(!accepts(pool, any, "1.23456"));
  CHECK(!accepts(pool, any, "1e1234"));
  NumberSet whole;
  whole.integer = true;
  ExprId integer = number_expression(pool, whole, four);
  CHECK(accepts(pool, integer, "1234e3"));
  CHECK(accepts(pool, integer, "1.234e3"));
  CHECK(!accepts(pool, integer, "1.2345e3"));
  CHECK(!accepts(pool, integer, "1234e4"));
  CHECK(accepts(pool, integer, "1234000e-3"));
  CHECK(!accepts(pool, integer, "12345"));
}

TEST_CASE("bounds of hundreds of digits raise the caps") {
  ExprPool pool;
  NumberSet set;
  set.lower = Decimal::parse("1" + std::string(299, '0') + ".5");
  set.upper = Decimal::parse("1" + std::string(299, '0') + ".75");
  ExprId e = number_expression(pool, set, {});
  CHECK(accepts(pool, e, "1" + std::string(299, '0') + ".5"));
  CHECK(accepts(pool, e, "1" + std::string(299, '0') + ".6"));
  CHECK(!accepts(pool, e, "1" + std::string(299, '0') + ".76"));
  CHECK(!accepts(pool, e, "1" + std::string(299, '0')));
  NumberSet tiny;
  tiny.lower = Decimal::parse("0." + std::string(200, '0') + "1");
  tiny.upper = Decimal::parse("0." + std::string(200, '0') + "2");
  ExprId t = number_expression(pool, tiny, {});
  CHECK(accepts(pool, t, "0." + std::string(200, '0') + "15"));
  CHECK(!accepts(pool, t, "0." + std::string(200, '0') + "3"));
  NumberSet wide;  // bounds that nothing within the caps can meet
  wide.lower = -Decimal::parse("1.7976931348623157e308");
  wide.upper = Decimal::parse("1.7976931348623157e308");
  ExprId w = number_expression(pool, wide, {});
  CHECK(accepts(pool, w, "-99999999999999999999999999999999e20"));
  CHECK(!accepts(pool, w, "1e309"));
  tiny.lower = Decimal::parse("2.2250738585072014e-308");
  tiny.upper.reset();
  t = number_expression(pool, tiny, {});
  CHECK(accepts(pool, t, "0.00000000000000000000000000000001e-20"));
  CHECK(!accepts(pool, t, "1e-309"));
  CHECK(!accepts(pool, t, "0.0"));
}

TEST_CASE("spellings of one value") {
  ExprPool pool;
  ExprId one = number_spellings(pool, Decimal(1), {});
  for (const char* text : {"1", "1.0", "1.00", "1e0", "10e-1", "0.1e1", "1E+00", "0.001e3", "1000e-3"}) {
    CAPTURE(text);
    CHECK(accepts(pool, one, text));
  }
  for (const char* text : {"-1", "1.1", "1e1", "0", "01", "1."}) CHECK(!accepts(pool, one, text));
  ExprId zero = number_spellings(pool, Decimal(), {});
  for (const char* text : {"0", "-0", "0.0", "-0.00", "0e5", "-0.0E-12"}) CHECK(accepts(pool, zero, text));
  CHECK(!accepts(pool, zero, "00"));
  ExprId plain = number_spellings(pool, Decimal::parse("-1.50"), {.plain = true});
  CHECK(plain == pool.literal("-1.5"));
}

TEST_CASE("what is denied is denied in every spelling") {
  ExprPool pool;
  NumberSet set;
  set.lower = Decimal(0);
  set.upper = Decimal(99);
  set.not_multiple_of = {Decimal(5)};
  ExprId e = number_expression(pool, set, {});
  for (size_t zeros = 0; zeros < 40; ++zeros) {
    std::string before(19, '0'), after(zeros, '0');
    CHECK(!accepts(pool, e, "0." + before + "5" + after + "e20"));
    CHECK(!accepts(pool, e, "5." + after + "0"));
    CHECK(!accepts(pool, e, "5" + std::string(zeros % 20, '0') + "e-" + std::to_string(zeros % 20)));
  }
  CHECK(accepts(pool, e, "0.0000000000000000000600000000000e20"));
  set = {};
  set.not_integer = true;
  e = number_expression(pool, set, {});
  for (size_t zeros = 0; zeros < 40; ++zeros)
    CHECK(!accepts(pool, e, "0.0000000000000000005" + std::string(zeros, '0') + "e20"));
}

TEST_CASE("steps far beyond what could be listed") {
  ExprPool pool;
  NumberSet set;
  set.multiple_of = Decimal(999'983);
  ExprId e = number_expression(pool, set, {});
  CHECK(accepts(pool, e, "999983"));
  CHECK(accepts(pool, e, "-1999966.0"));
  CHECK(!accepts(pool, e, "999984"));
  check_shortest(pool, pool.step(e, '7'));
  set.multiple_of = Decimal::parse("123456789.0125");
  e = number_expression(pool, set, {});
  CHECK(accepts(pool, e, "246913578.025"));
  CHECK(accepts(pool, e, "2469135780.25"));
  CHECK(!accepts(pool, e, "246913578.0251"));
  set.multiple_of = Decimal::parse("12345678901234567890");
  CHECK_THROWS_AS(number_expression(pool, set, {}), Error);
  set.lower = Decimal(0);
  set.upper = Decimal::parse("40000000000000000000");
  e = number_expression(pool, set, {});
  CHECK(accepts(pool, e, "0"));
  CHECK(accepts(pool, e, "37037036703703703670"));
  CHECK(!accepts(pool, e, "37037036703703703671"));
}

TEST_CASE("remainder states know their shortest way out") {
  std::mt19937 rng(1);
  for (const char* step : {"7", "0.3", "25", "12.5", "1024", "999", "60", "0.0625", "333333"})
    for (bool plain : {false, true})
      for (uint32_t digits : {3u, 8u, 32u}) {
        CAPTURE(step);
        ExprPool pool;
        NumberSet set;
        set.multiple_of = Decimal::parse(step);
        ExprId root = number_expression(pool, set, {.plain = plain, .max_digits = digits});
        check_shortest(pool, root);
        for (int round = 0; round < 20; ++round) {
          ExprId state = root;
          for (int i = 0; i < 6; ++i) {
            std::vector<ExprId> next;
            for (char c : kAlphabet) {
              ExprId to = pool.step(state, static_cast<uint8_t>(c));
              if (to != kEmpty) next.push_back(to);
            }
            if (next.empty()) break;
            state = next[rng() % next.size()];
            check_shortest(pool, state);
          }
        }
      }
}

TEST_CASE("emptiness is exact") {
  auto empty = [](auto change) {
    NumberSet set;
    change(set);
    ExprPool pool;
    bool none = is_empty(set);
    CHECK((number_expression(pool, set, {}) == kEmpty) == none);
    return none;
  };
  CHECK(!empty([](NumberSet&) {}));
  CHECK(empty([](NumberSet& s) { s.lower = Decimal(2), s.upper = Decimal(1); }));
  CHECK(empty([](NumberSet& s) { s.lower = s.upper = Decimal(1), s.upper_open = true; }));
  CHECK(empty([](NumberSet& s) { s.integer = true, s.lower = Decimal::parse("0.5"), s.upper = Decimal::parse("0.75"); }));
  CHECK(!empty([](NumberSet& s) { s.integer = true, s.lower = Decimal::parse("0.5"), s.upper = Decimal(1); }));
  CHECK(empty([](NumberSet& s) { s.integer = s.not_integer = true; }));
  CHECK(empty([](NumberSet& s) { s.multiple_of = Decimal(6), s.not_multiple_of = {Decimal(3)}; }));
  CHECK(!empty([](NumberSet& s) { s.multiple_of = Decimal(3), s.not_multiple_of = {Decimal(6), Decimal(9)}; }));
  CHECK(empty([](NumberSet& s) {
    s.multiple_of = Decimal(3), s.lower = Decimal(5), s.upper = Decimal(10), s.not_multiple_of = {Decimal(6), Decimal(9)};
  }));
  CHECK(empty([](NumberSet& s) { s.lower = s.upper = Decimal(4), s.excluded = {Decimal::parse("4.0")}; }));
  CHECK(empty([](NumberSet& s) {
    s.integer = true, s.lower = Decimal(1), s.upper = Decimal(2), s.excluded = {Decimal(1), Decimal(2)};
  }));
  CHECK(!empty([](NumberSet& s) { s.lower = Decimal(1), s.upper = Decimal(2), s.excluded = {Decimal(1), Decimal(2)}; }));
}

TEST_CASE("intersections say what both sets say") {
  std::vector<TestSet> sets = sets_of_interest();
  std::mt19937 rng(7);
  for (int round = 0; round < 300; ++round) {
    const TestSet &a = sets[rng() % sets.size()], &b = sets[rng() % sets.size()];
    NumberSet both = intersect(a.set(), b.set());
    for (int i = -40; i < 40; ++i) {
      Decimal value = Decimal(i * 250).shifted(-static_cast<int>(rng() % 4));
      CHECK(contains(both, value) == (contains(a.set(), value) && contains(b.set(), value)));
    }
  }
}

TEST_CASE("decimals are exact") {
  auto d = [](const char* text) { return Decimal::parse(text); };
  CHECK(d("1") == d("1.000"));
  CHECK(d("10e-1") == d("1"));
  CHECK(d("-0.0e5") == Decimal());
  CHECK(d("0.1") + d("0.2") == d("0.3"));
  CHECK(d("-1.5") * d("0.2") == d("-0.3"));
  CHECK(d("-3") < d("-2.9999"));
  CHECK(d("1e20") > d("99999999999999999999"));
  CHECK(lcm(d("0.6"), d("0.4")) == d("1.2"));
  CHECK(gcd(d("0.6"), d("0.4")) == d("0.2"));
  CHECK(lcm(d("2.5"), d("1")) == d("5"));
  CHECK(floor_to_multiple(d("-1"), d("0.3")) == d("-1.2"));
  CHECK(ceil_to_multiple(d("-1"), d("0.3")) == d("-0.9"));
  CHECK(modulo(d("-1"), d("0.3")) == d("0.2"));
  CHECK(is_multiple(d("1e300"), d("7e-10")) == false);
  CHECK(d("-12.50").text() == "-12.5");
  CHECK(d("0.00125").fraction_text() == "00125");
  for (const char* bad : {"", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1 ", "0x1", "Infinity"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(Decimal::parse(bad), Error);
  }
  CHECK_THROWS_AS(Decimal::parse("1e1000000000"), Error);
  CHECK_THROWS_AS(Decimal::parse("1e-99999999999999999999"), Error);
  std::mt19937_64 rng(3);
  for (int i = 0; i < 2000; ++i) {
    int64_t a = static_cast<int64_t>(rng() >> (1 + rng() % 60)), b = static_cast<int64_t>(rng() >> (2 + rng() % 60)) + 1;
    CHECK(floor_to_multiple(Decimal(a), Decimal(b)) == Decimal(a / b * b));
    CHECK(gcd(Decimal(a + 1), Decimal(b)) == Decimal(std::gcd(a + 1, b)));
    CHECK((Decimal(a) < Decimal(b)) == (a < b));
    Decimal wide = Decimal(a) * Decimal(b) * Decimal(a + 1) * Decimal(b + 2);
    Decimal step = Decimal(b) * Decimal(a + 1);
    CHECK(is_multiple(wide, step));
    CHECK(floor_to_multiple(wide + step - Decimal(1), step) == wide);
  }
}
