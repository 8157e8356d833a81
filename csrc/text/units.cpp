#include "text/units.h"

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "syntax/char_class.h"
#include "syntax/unicode.h"
#include "text/graphemes.h"

namespace decodex {

namespace {

constexpr uint32_t kMaxCount = 1'000'000;

using Step = UnitAutomaton::Step;

CharSet chars(std::initializer_list<uint32_t> members) {
  std::vector<CodePointRange> ranges;
  for (uint32_t c : members) ranges.emplace_back(c, c);
  return CharSet(std::move(ranges));
}

// The sets, each without what an earlier one has, and all other characters as the last class.
std::vector<CharSet> partition(std::initializer_list<CharSet> sets) {
  std::vector<CharSet> out;
  CharSet taken;
  for (const CharSet& set : sets) {
    out.push_back(set - taken);
    taken = taken | set;
  }
  out.push_back(taken.complement());
  return out;
}

enum Mode : uint64_t {
  kNoMaximum,   // counts to the minimum
  kMaximum,     // counts to the maximum
  kCounting,    // counts on, and allows everything
};

class UnitSource final : public RuleSource {
 public:
  UnitSource(ExprPool& pool, const Alphabet& alphabet, UnitAutomaton automaton, uint32_t min, uint32_t max)
      : automaton_(std::move(automaton)), min_(min), max_(max) {
    for (const CharSet& set : automaton_.classes) {
      classes_.push_back(alphabet.chars(pool, set.ranges()));
      lengths_.push_back(pool.shortest(classes_.back()));
    }
    measure(std::max(min, max == kUnbounded ? min : max + 1));
  }

  ExprId start(ExprPool& pool) const { return state(pool, 0, 0, max_ == kUnbounded ? kNoMaximum : kMaximum); }

  ExprId expand(ExprPool& pool, uint64_t key) override {
    const uint8_t place = place_of(key);
    const uint32_t count = count_of(key);
    const Mode mode = mode_of(key);
    std::vector<ExprId> arms;
    if (count >= min_ || mode == kCounting) arms.push_back(kEpsilon);
    for (size_t c = 0; c < classes_.size(); ++c) {
      const Step step = automaton_.steps[place][c];
      arms.push_back(pool.concat(classes_[c], state(pool, step.to, count + step.units, mode)));
    }
    return pool.alt(arms);
  }

  size_t memory() const override { return sizeof(*this) + needed_.capacity() * sizeof(uint32_t); }

  // Within fewer bytes than one unit too many takes, the upper count says nothing.
  Relaxed relaxed(ExprPool& pool, ExprId rule, uint64_t key) override {
    if (mode_of(key) != kMaximum) return {rule, kNoLimit};
    return {state(pool, place_of(key), count_of(key), kNoMaximum), uint64_t{needed(place_of(key), max_ + 1 - count_of(key))} - 1};
  }

  // With more units, up to so many at once; or with fewer, where some are still missing.
  ExprId tightened(ExprPool& pool, uint64_t key) override {
    constexpr uint32_t kAtOnce = 32;
    const uint32_t count = count_of(key);
    if (mode_of(key) == kMaximum && count >= min_) {
      const uint32_t more = (count + kAtOnce - 1) / kAtOnce * kAtOnce;
      return more + kAtOnce <= max_ ? state(pool, place_of(key), more, kMaximum) : kEmpty;
    }
    if (mode_of(key) == kNoMaximum) return state(pool, place_of(key), count < min_ ? count / kAtOnce * kAtOnce : count, kNoMaximum);
    return kEmpty;
  }

  // The characters of as many classes as lead round in a few states.
  Closure closure(ExprPool& pool, uint64_t key) override {
    constexpr size_t kMostStates = 3;
    std::vector<Place> places{{place_of(key), 0}};
    uint64_t closed = 0;
    for (size_t c = classes_.size(); c-- > 0;) {   // the last one is that of most characters
      std::vector<Place> more = places;
      for (size_t k = 0; k < more.size() && more.size() <= kMostStates; ++k)
        for (size_t by = 0; by < classes_.size(); ++by) {
          if (by != c && !(closed >> by & 1)) continue;
          const Step step = automaton_.steps[more[k].first][by];
          const Place next{step.to, more[k].second + step.units};
          if (std::ranges::find(more, next) == more.end()) more.push_back(next);
        }
      if (more.size() > kMostStates) continue;
      closed |= uint64_t{1} << c;
      places = std::move(more);
    }
    auto [known, fresh] = characters_.try_emplace(closed);
    if (fresh) {
      std::vector<ExprId> classes;
      for (size_t c = 0; c < classes_.size(); ++c)
        if (closed >> c & 1) classes.push_back(classes_[c]);
      known->second = pool.characters_between(pool.alt(classes), kEpsilon);
    }
    Closure out{{}, known->second};
    for (auto [place, units] : places) out.states.push_back(state(pool, place, count_of(key) + units, mode_of(key)));
    if (std::ranges::find(out.states, kEmpty) != out.states.end()) return {};
    return out;
  }

  ExprId counter(ExprPool& pool, uint64_t key) override { return state(pool, place_of(key), 0, kCounting); }
  std::vector<ExprId> counters(ExprPool& pool) override {
    std::vector<ExprId> out;
    for (size_t place = 0; place < automaton_.steps.size(); ++place) out.push_back(state(pool, static_cast<uint8_t>(place), 0, kCounting));
    return out;
  }
  uint32_t counted(uint64_t key) const override { return count_of(key); }
  uint32_t room(uint64_t key) const override {
    if (mode_of(key) == kCounting) return kInfinite;
    if (count_of(key) < min_) return 0;
    return mode_of(key) == kMaximum ? max_ - count_of(key) : kInfinite;
  }
  ExprId resume(ExprPool& pool, uint64_t key, uint64_t counted) override {
    return state(pool, place_of(counted), count_of(key) + count_of(counted), mode_of(key));
  }

 private:
  using Place = std::pair<uint8_t, uint32_t>;   // of the automaton, with units that have begun on the way there

  static uint8_t place_of(uint64_t key) { return static_cast<uint8_t>(key & 0xFF); }
  static Mode mode_of(uint64_t key) { return static_cast<Mode>(key >> 8 & 3); }
  static uint32_t count_of(uint64_t key) { return static_cast<uint32_t>(key >> 10); }

  ExprId state(ExprPool& pool, uint8_t place, uint32_t count, Mode mode) const {
    if (mode == kMaximum && count > max_) return kEmpty;
    if (mode == kNoMaximum) count = std::min(count, min_);
    const uint32_t missing = count < min_ && mode != kCounting ? min_ - count : 0;
    return pool.regular_rule(index(), uint64_t{count} << 10 | mode << 8 | place, needed(place, missing), missing == 0);
  }

  // Bytes in which so many more units can begin.
  uint32_t needed(uint8_t place, uint32_t units) const {
    const size_t places = automaton_.steps.size();
    const uint32_t beyond = units - std::min<uint32_t>(units, static_cast<uint32_t>(needed_.size() / places) - 1);
    return plus(needed_[(units - beyond) * places + place], beyond * slope_);
  }

  static uint32_t plus(uint32_t bytes, uint32_t more) { return bytes == kInfinite ? kInfinite : bytes + more; }

  // Row by row, up to where each place needs as many bytes more than for one unit less, for as many rows as a step has
  // units: so it is from there on.
  void measure(uint32_t most) {
    const size_t places = automaton_.steps.size();
    uint32_t largest = 1, even = 0;
    for (const std::vector<Step>& steps : automaton_.steps)
      for (const Step& step : steps) largest = std::max<uint32_t>(largest, step.units);
    needed_.assign(places, 0);
    for (uint32_t units = 1; units <= most && even < largest; ++units) {
      needed_.resize((size_t{units} + 1) * places, kInfinite);
      measure_row(units);
      const uint32_t* row = &needed_[units * places];
      const uint32_t* last = row - places;
      const uint32_t slope = row[0] == kInfinite ? 0 : row[0] - last[0];
      if (slope != slope_ || !std::equal(last, row, row, [&](uint32_t a, uint32_t b) { return plus(a, slope) == b; })) even = 0;
      else ++even;
      slope_ = slope;
    }
  }

  void measure_row(uint32_t units) {
    const size_t places = automaton_.steps.size();
    uint32_t* row = &needed_[units * places];
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t place = 0; place < places; ++place)
        for (size_t c = 0; c < classes_.size(); ++c) {
          const Step step = automaton_.steps[place][c];
          if (lengths_[c] == kInfinite) continue;
          const uint32_t rest = step.units == 0 ? row[step.to] : needed(step.to, units - std::min<uint32_t>(units, step.units));
          if (rest == kInfinite || rest + lengths_[c] >= row[place]) continue;
          row[place] = rest + lengths_[c];
          changed = true;
        }
    }
  }

  UnitAutomaton automaton_;
  uint32_t min_, max_;
  std::vector<ExprId> classes_;
  std::vector<uint32_t> lengths_;   // bytes of the shortest character of a class
  std::vector<uint32_t> needed_;    // [units][place], up to where each row is the one before and `slope_`
  uint32_t slope_ = 0;
  std::unordered_map<uint64_t, ByteSet> characters_;   // of sets of classes, a bit each
};

}  // namespace

UnitAutomaton unit_automaton(std::string_view unit) {
  const CharSet& space = unicode::python_space();
  const CharSet newline = CharSet::of('\n');
  if (unit == "chars") return {{CharSet::all()}, {{{0, 1}}}};
  if (unit == "bytes")
    return {{CharSet({{0, 0x7F}}), CharSet({{0x80, 0x7FF}}), CharSet({{0x800, 0xFFFF}}), CharSet({{0x10000, kLastCodePoint}})},
            {{{0, 1}, {0, 2}, {0, 3}, {0, 4}}}};
  if (unit == "graphemes") return grapheme_automaton();
  if (unit == "words") return {partition({space}), {{{0}, {1, 1}}, {{0}, {1}}}, 1u << 1};
  if (unit == "word_runs") return {partition({unicode::python_word()}), {{{1, 1}, {0}}, {{1}, {0}}}, 1u << 1};
  if (unit == "lines") return {partition({newline}), {{{0, 1}, {1, 1}}, {{0}, {1}}}, 1u << 1};
  if (unit == "paragraphs")   // between paragraphs; in a line of one; at the start of its next line
    return {partition({newline, space}), {{{0}, {0}, {1, 1}}, {{2}, {1}, {1}}, {{0}, {2}, {1}}}, 1u << 1};
  if (unit == "bullets")      // at the start of a line; behind a marker; elsewhere
    return {partition({newline, space, chars({'-', '*', '+', 0x2022})}),
            {{{0}, {0}, {1}, {2}}, {{0}, {2, 1}, {2}, {2}}, {{0}, {2}, {2}, {2}}}};
  if (unit == "sentences")    // between sentences; inside; behind its end mark
    return {partition({space, chars({'.', '!', '?', 0x2026}), chars({0x3002, 0xFF01, 0xFF1F}),
                       chars({'"', '\'', ')', ']', 0x201D, 0x2019, 0xBB, 0x300D, 0x300F, 0xFF09})}),
            {{{0}, {2, 1}, {3, 1}, {1, 1}, {1, 1}},
             {{1}, {2}, {3}, {1}, {1}},
             {{0}, {2}, {3}, {2}, {1}},
             {{0}, {3}, {3}, {3}, {1, 1}}},
            1u << 1 | 1u << 2 | 1u << 3};
  throw Error(ErrorKind::Constraint, "'" + std::string(unit) + "' is no unit of length; use bytes, chars, graphemes, words, "
                                     "word_runs, sentences, lines, paragraphs or bullets");
}

ExprId counted_units(ExprPool& pool, const Alphabet& alphabet, std::string_view unit, uint32_t min, uint32_t max) {
  if (min > kMaxCount || (max != kUnbounded && max > kMaxCount))
    throw Error(ErrorKind::Limit, "a length is at most " + std::to_string(kMaxCount) + " " + std::string(unit));
  if (min > max) return kEmpty;
  constexpr uint32_t kMany = 64;   // with both bounds apart, states that differ in counts are alike more often
  if (min > 0 && max != kUnbounded && max >= kMany)
    return pool.conj(counted_units(pool, alphabet, unit, min, kUnbounded), counted_units(pool, alphabet, unit, 0, max));
  const std::string name = "units " + std::string(unit) + " " + std::to_string(alphabet.id()) + " " + std::to_string(min) + " " + std::to_string(max);
  auto make = [&] { return std::make_unique<UnitSource>(pool, alphabet, unit_automaton(unit), min, max); };
  return pool.named<UnitSource>(name, make).start(pool);
}

}  // namespace decodex
