#include "text/graph.h"

#include <algorithm>
#include <memory>
#include <queue>
#include <utility>

#include "syntax/normal_forms.h"

namespace decodex {

namespace {

constexpr size_t kManyArcs = 16;   // from here on common beginnings of labels are written once

class GraphSource final : public RuleSource {
 public:
  GraphSource(ExprPool& pool, Graph graph) : graph_(std::move(graph)) {
    for (const Graph::State& state : graph_.states)
      for (const Graph::Arc& arc : state.arcs) regular_ = regular_ && !(pool.node(arc.label).flags & kHasRule);
    measure(pool);
  }

  ExprId state(ExprPool& pool, uint32_t s) const {
    const bool nullable = shortest_[s] == 0;
    return regular_ ? pool.regular_rule(index(), s, shortest_[s], nullable) : pool.rule(index(), s, shortest_[s], nullable);
  }

  size_t memory() const override {
    size_t arcs = 0;
    for (const Graph::State& state : graph_.states) arcs += state.arcs.capacity();
    return arcs * sizeof(Graph::Arc) + graph_.states.capacity() * sizeof(Graph::State) + shortest_.capacity() * sizeof(uint32_t);
  }

  ExprId expand(ExprPool& pool, uint64_t key) override {
    const Graph::State& from = graph_.states[key];
    std::vector<ExprId> arms;
    if (from.accepting) arms.push_back(kEpsilon);
    for (const Graph::Arc& arc : from.arcs) {
      const Graph::State& to = graph_.states[arc.to];
      arms.push_back(pool.concat(arc.label, to.accepting && to.arcs.empty() ? kEpsilon : state(pool, arc.to)));
    }
    return arms.size() < kManyArcs ? pool.alt(arms) : factored_alt(pool, arms);
  }

 private:
  // Bytes from each state to an accepting one (Dijkstra 1959, over the arcs backwards).
  void measure(ExprPool& pool) {
    const size_t count = graph_.states.size();
    shortest_.assign(count, 0);
    if (std::ranges::all_of(graph_.states, &Graph::State::accepting)) return;
    std::ranges::fill(shortest_, kInfinite);
    std::vector<std::vector<std::pair<uint32_t, uint32_t>>> into(count);   // [to]: from, bytes
    using Entry = std::pair<uint64_t, uint32_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    for (uint32_t s = 0; s < count; ++s) {
      if (graph_.states[s].accepting) queue.emplace(0, s);
      for (const Graph::Arc& arc : graph_.states[s].arcs)
        if (const uint32_t bytes = pool.shortest(arc.label); bytes != kInfinite) into[arc.to].emplace_back(s, bytes);
    }
    while (!queue.empty()) {
      const auto [bytes, s] = queue.top();
      queue.pop();
      if (shortest_[s] != kInfinite) continue;
      shortest_[s] = static_cast<uint32_t>(std::min<uint64_t>(bytes, kInfinite - 1));
      for (auto [from, more] : into[s])
        if (shortest_[from] == kInfinite) queue.emplace(bytes + more, from);
    }
  }

  Graph graph_;
  bool regular_ = true;
  std::vector<uint32_t> shortest_;
};

}  // namespace

ExprId walks(ExprPool& pool, const std::string& name, const std::function<Graph()>& make) {
  return pool.named<GraphSource>(name, [&] { return std::make_unique<GraphSource>(pool, make()); }).state(pool, 0);
}

}  // namespace decodex
