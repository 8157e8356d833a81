#include "text/triggers.h"

#include <deque>
#include <map>
#include <optional>
#include <set>

#include "base/utf8.h"
#include "syntax/char_class.h"
#include "text/graph.h"

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

// `index`: the trigger at which texts end; none: texts end where they like, and no trigger is in them.
Graph graph(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::string>& triggers, std::optional<uint32_t> index) {
  std::vector<TrieNode> nodes = trie(triggers);
  std::set<uint32_t> characters;
  for (const TrieNode& node : nodes)
    for (auto [c, to] : node.next) characters.insert(c);
  complete(nodes, characters);
  Graph out;
  for (const TrieNode& node : nodes) out.add(index ? node.trigger == index : node.trigger == kNone);
  for (uint32_t at = 0; at < nodes.size(); ++at) {
    if (nodes[at].trigger != kNone) continue;
    std::map<uint32_t, std::vector<CodePointRange>> by_target;
    CharSet others = CharSet::all();
    for (auto [c, to] : nodes[at].next) {
      if (to == 0) continue;
      by_target[to].emplace_back(c, c);
      others = others - CharSet::of(c);
    }
    out.arc(at, alphabet.chars(pool, others.ranges()), 0);
    for (auto& [to, ranges] : by_target) {
      const CharSet set(std::move(ranges));
      out.arc(at, alphabet.chars(pool, set.ranges()), to);
    }
  }
  return out;
}

std::string name_of(const Alphabet& alphabet, const std::vector<std::string>& triggers, const std::string& index) {
  std::string name = "triggers " + std::to_string(alphabet.id()) + " " + index;
  for (const std::string& trigger : triggers) name += " " + std::to_string(trigger.size()) + ":" + trigger;
  return name;
}

}  // namespace

ExprId until_trigger(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::string>& triggers, uint32_t index) {
  return walks(pool, name_of(alphabet, triggers, std::to_string(index)), [&] { return graph(pool, alphabet, triggers, index); });
}

ExprId without_triggers(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::string>& triggers) {
  return walks(pool, name_of(alphabet, triggers, "-"), [&] { return graph(pool, alphabet, triggers, std::nullopt); });
}

}  // namespace decodex
