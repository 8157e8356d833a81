#include "text/positions.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.h"
#include "text/graph.h"
#include "text/units.h"

namespace decodex {

namespace {

constexpr int32_t kMostUnits = 10'000;

class Positions {
 public:
  Positions(ExprPool& pool, const Alphabet& alphabet, std::string_view unit)
      : pool_(pool), name_("unit " + std::string(unit) + " " + std::to_string(alphabet.id()) + " "), automaton_(unit_automaton(unit)) {
    if (automaton_.inside == 0)
      throw Error(ErrorKind::Constraint, "'" + std::string(unit) + "' has no positions; use words, word_runs, sentences, lines or paragraphs");
    for (const CharSet& set : automaton_.classes) classes_.push_back(alphabet.chars(pool, set.ranges()));
    anything_ = pool.star(alphabet.any(pool));
  }

  ExprId at(int32_t position, ExprId content) {
    const std::string name = name_ + std::to_string(position) + " " + std::to_string(static_cast<uint32_t>(content));
    return walks(pool_, name, [&] { return position > 0 ? from_front(static_cast<uint32_t>(position), content)
                                                        : from_back(static_cast<uint32_t>(-position), content); });
  }

 private:
  uint8_t places() const { return static_cast<uint8_t>(automaton_.steps.size()); }
  bool inside(uint8_t place) const { return automaton_.inside >> place & 1; }

  // State count * places + place: so many units have begun before the one that is meant.
  Graph from_front(uint32_t position, ExprId content) {
    Graph graph;
    for (uint32_t i = 0; i < position * places(); ++i) graph.add();
    const uint32_t end = graph.add(true);
    for (uint32_t count = 0; count < position; ++count)
      for (uint8_t place = 0; place < places(); ++place)
        for (size_t c = 0; c < classes_.size(); ++c) {
          const auto [to, units] = automaton_.steps[place][c];
          if (count + units < position) graph.arc(count * places() + place, classes_[c], (count + units) * places() + to);
        }
    for (uint8_t place = 0; place < places(); ++place)
      enter(graph, (position - 1) * places() + place, place, content, end, kNoCount, 0);
    return graph;
  }

  // State place: somewhere before the unit that is meant. Behind it, `position` - 1 others begin.
  Graph from_back(uint32_t position, ExprId content) {
    Graph graph;
    for (uint8_t place = 0; place < places(); ++place) graph.add();
    const uint32_t first_count = static_cast<uint32_t>(graph.states.size());   // state first_count + missing * places + place
    for (uint32_t missing = 0; missing < position; ++missing)
      for (uint8_t place = 0; place < places(); ++place) graph.add(missing == 0);
    for (uint8_t place = 0; place < places(); ++place) {
      for (size_t c = 0; c < classes_.size(); ++c) {
        const auto [to, units] = automaton_.steps[place][c];
        graph.arc(place, classes_[c], to);
        for (uint32_t missing = units; missing < position; ++missing)
          graph.arc(first_count + missing * places() + place, classes_[c], first_count + (missing - units) * places() + to);
      }
    }
    for (uint8_t place = 0; place < places(); ++place) enter(graph, place, place, content, kNoEnd, first_count, position - 1);
    return graph;
  }

  static constexpr uint32_t kNoEnd = UINT32_MAX, kNoCount = UINT32_MAX;

  // The unit that is meant, read from `from`, which stands at `place`. What follows it: anything, up to `end`, or exactly
  // `missing` more units, counted from the state `first_count` on.
  void enter(Graph& graph, uint32_t from, uint8_t place, ExprId content, uint32_t end, uint32_t first_count, uint32_t missing) {
    auto rest = [&](ExprId label, uint8_t to, uint32_t begun) {   // label, then what follows, with so many units begun
      return [=, this, &graph](uint32_t at) {
        if (end != kNoEnd) graph.arc(at, pool_.concat(label, anything_), end);
        else if (begun <= missing) graph.arc(at, label, first_count + (missing - begun) * places() + to);
      };
    };
    for (uint8_t last = 0; last < places(); ++last) {
      if (!inside(last)) continue;
      const ExprId body = pool_.conj(unit(place, last), content);
      if (body == kEmpty || !pool_.live(body)) continue;
      // Behind the unit: the places to which nothing of the unit leads.
      std::vector<uint32_t> over(places(), kNoEnd);
      std::vector<uint8_t> todo{last};
      over[last] = graph.add(end != kNoEnd || missing == 0);
      graph.arc(from, body, over[last]);
      while (!todo.empty()) {
        const uint8_t here = todo.back();
        todo.pop_back();
        for (size_t c = 0; c < classes_.size(); ++c) {
          const auto [to, units] = automaton_.steps[here][c];
          if (units > 0) {
            rest(classes_[c], to, units)(over[here]);
          } else if (!inside(to)) {
            if (over[to] == kNoEnd) {
              over[to] = graph.add(end != kNoEnd || missing == 0);
              todo.push_back(to);
            }
            graph.arc(over[here], classes_[c], over[to]);
          }
        }
      }
    }
    if (pool_.nullable(content))   // a unit that is empty: the character that begins it is not of it
      for (size_t c = 0; c < classes_.size(); ++c)
        if (const auto [to, units] = automaton_.steps[place][c]; units > 0 && !inside(to)) rest(classes_[c], to, 0)(from);
  }

  // One unit, from its first character, which is met at `place`, to one that leads to `last`.
  ExprId unit(uint8_t place, uint8_t last) {
    return walks(pool_, name_ + std::to_string(place) + "-" + std::to_string(last), [&] {
      Graph graph;
      const uint32_t start = graph.add();
      for (uint8_t p = 0; p < places(); ++p) graph.add(p == last);
      for (size_t c = 0; c < classes_.size(); ++c) {
        for (uint8_t p = 0; p < places(); ++p)
          if (const auto [to, units] = automaton_.steps[p][c]; units == 0) graph.arc(1 + p, classes_[c], 1u + to);
        if (const auto [to, units] = automaton_.steps[place][c]; units > 0 && inside(to)) graph.arc(start, classes_[c], 1u + to);
      }
      return graph;
    });
  }

  ExprPool& pool_;
  std::string name_;
  UnitAutomaton automaton_;
  std::vector<ExprId> classes_;
  ExprId anything_;
};

}  // namespace

ExprId unit_at(ExprPool& pool, const Alphabet& alphabet, std::string_view unit, int32_t position, ExprId content) {
  if (position == 0) throw Error(ErrorKind::Constraint, "positions count from 1 for the first, or from -1 for the last; there is no 0");
  if (std::abs(position) > kMostUnits) throw Error(ErrorKind::Limit, "a position is at most 10,000 units from the beginning or the end");
  return Positions(pool, alphabet, unit).at(position, content);
}

}  // namespace decodex
