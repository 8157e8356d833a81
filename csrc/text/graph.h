// Automata given state by state, as expressions whose states are rules: nothing is derived before it is met, and however
// long the graph, no expression is nested deeper than an arc's label.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "expr/pool.h"

namespace decodex {

struct Graph {
  struct Arc {
    ExprId label;   // read on the way; no look-around reaches out of it
    uint32_t to;
  };
  struct State {
    bool accepting = false;
    std::vector<Arc> arcs;
  };

  uint32_t add(bool accepting = false) {
    states.push_back({accepting, {}});
    return static_cast<uint32_t>(states.size() - 1);
  }
  // An empty label is no arc.
  void arc(uint32_t from, ExprId label, uint32_t to) {
    if (label != kEmpty) states[from].arcs.push_back({label, to});
  }

  std::vector<State> states;   // the first is where walks begin
};

// The texts that walks through the graph to an accepting state read. `name` says all that the graph is made of: it is
// made only when the pool has none of this name. Labels that contain the empty string form no cycle. Regular where all
// labels are. (pool lock held)
ExprId walks(ExprPool& pool, const std::string& name, const std::function<Graph()>& make);

}  // namespace decodex
