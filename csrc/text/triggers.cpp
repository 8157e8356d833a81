#include "text/triggers.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "syntax/char_class.h"

namespace decodex {

namespace {

constexpr uint32_t kNone = UINT32_MAX;

struct TrieNode {
  std::map<uint32_t, uint32_t> next;   // with failures followed, once complete() has run: every character of a trigger
  uint32_t failure = 0;
  uint32_t trigger = kNone;            // the longest that is complete here
};

std::vector<TrieNode> trie(const std::vector<std::string>& triggers) {
  std::vector<TrieNode> nodes(1);
  for (uint32_t i = 0; i < triggers.size(); ++i) {
    uint32_t at = 0;
    for (uint32_t c : decode_utf8(triggers[i], "trigger")) {
      const auto [it, fresh] = nodes[at].next.try_emplace(c, static_cast<uint32_t>(nodes.size()));
      at = it->second;
      if (fresh) nodes.emplace_back();
    }
    if (at == 0) throw Error(ErrorKind::Constraint, "a trigger is empty; it needs at least one character");
    if (nodes[at].trigger == kNone) nodes[at].trigger = i;
  }
  return nodes;
}

void complete(std::vector<TrieNode>& nodes, const std::set<uint32_t>& characters) {
  std::deque<uint32_t> queue;
  for (uint32_t c : characters)
    if (const uint32_t child = nodes[0].next.try_emplace(c, 0).first->second; child != 0) queue.push_back(child);
  while (!queue.empty()) {
    const uint32_t at = queue.front();
    queue.pop_front();
    const uint32_t failure = nodes[at].failure;
    if (nodes[at].trigger == kNone) nodes[at].trigger = nodes[failure].trigger;
    for (uint32_t c : characters) {
      const uint32_t fallback = nodes[failure].next.at(c);
      const auto [it, fresh] = nodes[at].next.try_emplace(c, fallback);
      if (fresh) continue;
      nodes[it->second].failure = fallback;
      queue.push_back(it->second);
    }
  }
}

// State (which, node): free text is being read, and has come to this node; which - 1 is the trigger at which it ends, and
// with 0 it ends where it likes.
class TriggerSource final : public RuleSource {
 public:
  TriggerSource(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::string>& triggers) {
    std::vector<TrieNode> nodes = trie(triggers);
    std::set<uint32_t> characters;
    for (const TrieNode& node : nodes)
      for (auto [c, to] : node.next) characters.insert(c);
    complete(nodes, characters);
    std::map<std::vector<uint32_t>, ExprId> labels;
    for (const TrieNode& node : nodes) {
      trigger_.push_back(node.trigger);
      arcs_.emplace_back();
      if (node.trigger != kNone) continue;
      std::map<uint32_t, std::vector<uint32_t>> by_target;
      for (auto [c, to] : node.next) by_target[to].push_back(c);
      for (auto& [to, members] : by_target)
        if (to != 0) arcs_.back().push_back({label(pool, alphabet, labels, members, false), to});
      std::vector<uint32_t> elsewhere;
      for (auto& [to, members] : by_target)
        if (to != 0) elsewhere.insert(elsewhere.end(), members.begin(), members.end());
      std::ranges::sort(elsewhere);
      arcs_.back().push_back({label(pool, alphabet, labels, elsewhere, true), 0});
    }
    into_.resize(arcs_.size());
    for (uint32_t from = 0; from < arcs_.size(); ++from)
      for (const auto& [label, to] : arcs_[from])
        if (label != kEmpty) into_[to].emplace_back(from, pool.shortest(label));
    shortest_.resize(triggers.size() + 1);
  }

  ExprId state(ExprPool& pool, uint64_t which, uint32_t node) {
    if (which == 0) return trigger_[node] == kNone ? pool.regular_rule(index(), node, 0, true) : kEmpty;
    if (trigger_[node] != kNone) return trigger_[node] == which - 1 ? kEpsilon : kEmpty;
    if (shortest_[which].empty()) measure(which);
    return pool.regular_rule(index(), which << 32 | node, shortest_[which][node], false);
  }

  size_t memory() const override {   // with what measure() will add
    size_t arcs = 0;
    for (const std::vector<Arc>& of_node : arcs_) arcs += of_node.capacity();
    return 2 * arcs * sizeof(Arc) + arcs_.size() * (2 * sizeof(arcs_[0]) + shortest_.size() * sizeof(uint32_t));
  }

  ExprId expand(ExprPool& pool, uint64_t key) override {
    const uint64_t which = key >> 32;
    std::vector<ExprId> arms;
    if (which == 0) arms.push_back(kEpsilon);
    for (const auto& [label, to] : arcs_[key & 0xFFFFFFFF]) arms.push_back(pool.concat(label, state(pool, which, to)));
    return pool.alt(arms);
  }

 private:
  struct Arc {
    ExprId label;   // characters
    uint32_t to;
  };

  // These characters, or all others.
  static ExprId label(ExprPool& pool, const Alphabet& alphabet, std::map<std::vector<uint32_t>, ExprId>& known,
                      const std::vector<uint32_t>& members, bool others) {
    std::vector<uint32_t> name = members;
    name.push_back(others ? kNone : 0);
    const auto [it, fresh] = known.try_emplace(name, kEmpty);
    if (!fresh) return it->second;
    std::vector<CodePointRange> ranges;
    for (uint32_t c : members) ranges.emplace_back(c, c);
    const CharSet set(std::move(ranges));
    const CharSet chosen = others ? set.complement() : set;
    return it->second = alphabet.chars(pool, chosen.ranges());
  }

  // Bytes from each node to the end (Dijkstra 1959, over the arcs backwards).
  void measure(uint64_t which) {
    std::vector<uint32_t>& out = shortest_[which];
    out.assign(arcs_.size(), kInfinite);
    std::priority_queue<std::pair<uint64_t, uint32_t>, std::vector<std::pair<uint64_t, uint32_t>>, std::greater<>> queue;
    for (uint32_t node = 0; node < arcs_.size(); ++node)
      if (trigger_[node] == which - 1) queue.emplace(0, node);
    while (!queue.empty()) {
      const auto [bytes, node] = queue.top();
      queue.pop();
      if (out[node] != kInfinite) continue;
      out[node] = static_cast<uint32_t>(bytes);
      for (auto [from, more] : into_[node])
        if (out[from] == kInfinite) queue.emplace(bytes + more, from);
    }
  }

  std::vector<uint32_t> trigger_;           // [node]: that is complete there
  std::vector<std::vector<Arc>> arcs_;      // [node]
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> into_;   // [node]: from, bytes
  std::vector<std::vector<uint32_t>> shortest_;                    // [which][node]
};

TriggerSource& source_of(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::string>& triggers) {
  std::string name = "triggers " + std::to_string(alphabet.id());
  for (const std::string& trigger : triggers) name += " " + std::to_string(trigger.size()) + ":" + trigger;
  return pool.named<TriggerSource>(name, [&] { return std::make_unique<TriggerSource>(pool, alphabet, triggers); });
}

}  // namespace

ExprId until_trigger(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::string>& triggers, uint32_t index) {
  return source_of(pool, alphabet, triggers).state(pool, uint64_t{index} + 1, 0);
}

ExprId without_triggers(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::string>& triggers) {
  return source_of(pool, alphabet, triggers).state(pool, 0, 0);
}

}  // namespace decodex
