#include "grammar/facts.h"

#include <algorithm>
#include <deque>

#include "expr/lengths.h"

namespace decodex {

namespace {

template <class Visit>
void each_child(const Grammar& grammar, const BodyNode& n, Visit visit) {
  if (n.kind == BodyKind::Concat || n.kind == BodyKind::Alt)
    for (BodyId kid : grammar.kids(n)) visit(kid);
  if (n.kind == BodyKind::Repeat) visit(BodyId{n.a});
  if (n.kind == BodyKind::Rule) visit(grammar[RuleId{n.a}].body);
}

}  // namespace

std::vector<uint32_t> shortest_texts(const Grammar& grammar, std::span<const uint32_t> leaves) {
  const size_t count = grammar.body_count();
  std::vector<uint32_t> length(count, kInfinite);
  std::vector<std::vector<uint32_t>> parents(count);
  std::deque<uint32_t> queue;
  std::vector<bool> queued(count, true);
  for (uint32_t i = 0; i < count; ++i) {
    each_child(grammar, grammar.node(BodyId{i}), [&](BodyId kid) { parents[Grammar::index(kid)].push_back(i); });
    queue.push_back(i);
  }
  auto of = [&](BodyId body) { return length[Grammar::index(body)]; };
  while (!queue.empty()) {
    const uint32_t i = queue.front();
    queue.pop_front();
    queued[i] = false;
    const BodyNode& n = grammar.node(BodyId{i});
    uint32_t now = kInfinite;
    switch (n.kind) {
      case BodyKind::NoText: break;
      case BodyKind::EmptyText: now = 0; break;
      case BodyKind::Leaf: now = leaves[n.a]; break;
      case BodyKind::Rule: now = of(grammar[RuleId{n.a}].body); break;
      case BodyKind::Repeat: now = multiply_lengths(of(BodyId{n.a}), n.b); break;
      case BodyKind::Concat:
        now = 0;
        for (BodyId kid : grammar.kids(n)) now = add_lengths(now, of(kid));
        break;
      case BodyKind::Alt:
        for (BodyId kid : grammar.kids(n)) now = std::min(now, of(kid));
        break;
    }
    if (now >= length[i]) continue;
    length[i] = now;
    for (uint32_t parent : parents[i])
      if (!queued[parent]) queued[parent] = true, queue.push_back(parent);
  }
  return length;
}

std::vector<RuleId> left_corners(const Grammar& grammar, BodyId body, std::span<const uint32_t> shortest) {
  std::vector<RuleId> out;
  std::vector<BodyId> stack{body};
  std::vector<bool> seen(grammar.body_count());
  while (!stack.empty()) {
    const BodyId at = stack.back();
    stack.pop_back();
    if (shortest[Grammar::index(at)] == kInfinite || seen[Grammar::index(at)]) continue;
    seen[Grammar::index(at)] = true;
    const BodyNode& n = grammar.node(at);
    if (n.kind == BodyKind::Rule) out.push_back(RuleId{n.a});
    if (n.kind == BodyKind::Repeat) stack.push_back(BodyId{n.a});
    if (n.kind == BodyKind::Alt) stack.insert(stack.end(), grammar.kids(n).begin(), grammar.kids(n).end());
    if (n.kind == BodyKind::Concat)
      for (BodyId kid : grammar.kids(n)) {
        stack.push_back(kid);
        if (shortest[Grammar::index(kid)] != 0) break;
      }
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Strongly connected components of the left-corner relation (Tarjan 1972), with an explicit stack.
std::vector<std::vector<RuleId>> left_recursive(const Grammar& grammar, RuleId start, std::span<const uint32_t> shortest) {
  struct Frame {
    RuleId rule;
    std::vector<RuleId> corners;
    size_t next = 0;
  };
  const size_t count = grammar.rule_count();
  std::vector<uint32_t> number(count, 0), low(count, 0);
  std::vector<bool> open(count, false), begins_with_itself(count, false);
  std::vector<std::vector<RuleId>> out;
  std::vector<RuleId> waiting;
  std::vector<Frame> frames;
  uint32_t counter = 0;
  auto enter = [&](RuleId rule) {
    const uint32_t r = Grammar::index(rule);
    number[r] = low[r] = ++counter;
    open[r] = true;
    waiting.push_back(rule);
    frames.push_back({rule, left_corners(grammar, grammar[rule].body, shortest)});
  };
  auto from = [&](RuleId root) {
    if (number[Grammar::index(root)]) return;
    enter(root);
    while (!frames.empty()) {
      Frame& frame = frames.back();
      const uint32_t r = Grammar::index(frame.rule);
      if (frame.next < frame.corners.size()) {
        const RuleId corner = frame.corners[frame.next++];
        const uint32_t c = Grammar::index(corner);
        if (c == r) begins_with_itself[r] = true;
        if (!number[c]) enter(corner);
        else if (open[c]) low[r] = std::min(low[r], number[c]);
        continue;
      }
      if (low[r] == number[r]) {
        std::vector<RuleId> group;
        RuleId member;
        do {
          member = waiting.back();
          waiting.pop_back();
          open[Grammar::index(member)] = false;
          group.push_back(member);
        } while (Grammar::index(member) != r);
        std::sort(group.begin(), group.end());
        if (group.size() > 1 || begins_with_itself[r]) out.push_back(std::move(group));
      }
      frames.pop_back();
      if (!frames.empty()) {
        const uint32_t above = Grammar::index(frames.back().rule);
        low[above] = std::min(low[above], low[r]);
      }
    }
  };
  std::vector<RuleId> reached{start};
  std::vector<bool> seen(count, false), visited(grammar.body_count(), false);
  seen[Grammar::index(start)] = true;
  for (size_t i = 0; i < reached.size(); ++i) {
    from(reached[i]);
    std::vector<BodyId> stack{grammar[reached[i]].body};
    while (!stack.empty()) {
      const BodyId at = stack.back();
      stack.pop_back();
      if (visited[Grammar::index(at)]) continue;
      visited[Grammar::index(at)] = true;
      const BodyNode& n = grammar.node(at);
      if (n.kind != BodyKind::Rule) {
        each_child(grammar, n, [&](BodyId kid) { stack.push_back(kid); });
      } else if (!seen[n.a]) {
        seen[n.a] = true;
        reached.push_back(RuleId{n.a});
      }
    }
  }
  return out;
}

}  // namespace decodex
