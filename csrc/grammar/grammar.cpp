#include "grammar/grammar.h"

#include <algorithm>

#include "expr/pool.h"

namespace decodex {

Grammar::Grammar() {
  nodes_.push_back({BodyKind::NoText});
  nodes_.push_back({BodyKind::EmptyText});
}

RuleId Grammar::add_rule(std::string name, std::string place) {
  rules_.push_back({std::move(name), std::move(place)});
  return RuleId{static_cast<uint32_t>(rules_.size() - 1)};
}

BodyId Grammar::intern(BodyNode node) {
  auto [it, fresh] = known_.try_emplace(node, BodyId{static_cast<uint32_t>(nodes_.size())});
  if (fresh) nodes_.push_back(node);
  return it->second;
}

BodyId Grammar::intern(BodyKind kind, std::vector<BodyId> kids) {
  auto [it, fresh] = known_lists_.try_emplace({kind, kids}, BodyId{static_cast<uint32_t>(nodes_.size())});
  if (fresh) {
    nodes_.push_back({kind, static_cast<uint32_t>(children_.size()), static_cast<uint32_t>(kids.size())});
    children_.insert(children_.end(), kids.begin(), kids.end());
  }
  return it->second;
}

BodyId Grammar::concat(std::span<const BodyId> parts) {
  std::vector<BodyId> flat;
  for (BodyId part : parts) {
    if (part == kNoText) return kNoText;
    if (part == kEmptyText) continue;
    if (node(part).kind == BodyKind::Concat) flat.insert(flat.end(), kids(part).begin(), kids(part).end());
    else flat.push_back(part);
  }
  if (flat.empty()) return kEmptyText;
  return flat.size() == 1 ? flat[0] : intern(BodyKind::Concat, std::move(flat));
}

BodyId Grammar::concat(BodyId head, BodyId tail) {
  const BodyId parts[] = {head, tail};
  return concat(parts);
}

BodyId Grammar::alt(std::span<const BodyId> arms) {
  std::vector<BodyId> flat;
  for (BodyId arm : arms) {
    if (node(arm).kind == BodyKind::Alt) flat.insert(flat.end(), kids(arm).begin(), kids(arm).end());
    else if (arm != kNoText) flat.push_back(arm);
  }
  std::sort(flat.begin(), flat.end());
  flat.erase(std::unique(flat.begin(), flat.end()), flat.end());
  if (flat.empty()) return kNoText;
  return flat.size() == 1 ? flat[0] : intern(BodyKind::Alt, std::move(flat));
}

BodyId Grammar::alt(BodyId a, BodyId b) {
  const BodyId arms[] = {a, b};
  return alt(arms);
}

BodyId Grammar::repeat(BodyId body, uint32_t min, uint32_t max) {
  if (max == 0 || body == kEmptyText) return kEmptyText;
  if (min > max) return kNoText;
  if (body == kNoText) return min == 0 ? kEmptyText : kNoText;
  if (min == 1 && max == 1) return body;
  return intern({BodyKind::Repeat, index(body), min, max});
}

std::string Grammar::contents() const {
  std::vector<uint32_t> numbers;
  for (const GrammarRule& rule : rules_) numbers.push_back(index(rule.body));
  for (const BodyNode& n : nodes_) {
    numbers.insert(numbers.end(), {static_cast<uint32_t>(n.kind), n.a, n.b, n.c});
    if (n.kind == BodyKind::Concat || n.kind == BodyKind::Alt)
      for (BodyId kid : kids(n)) numbers.push_back(index(kid));
  }
  std::string out = std::to_string(rules_.size()) + " ";
  return out.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(uint32_t));
}

size_t Grammar::memory() const {
  size_t texts = 0;
  for (const GrammarRule& rule : rules_) texts += rule.name.capacity() + rule.place.capacity();
  return texts + rules_.capacity() * sizeof(GrammarRule) + nodes_.capacity() * sizeof(BodyNode) +
         2 * children_.capacity() * sizeof(BodyId) + (known_.size() + known_lists_.size()) * 128;
}

}  // namespace decodex
