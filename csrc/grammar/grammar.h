// A context-free grammar as a value: rules whose bodies are regular expressions over leaves and rules. It belongs to no
// pool; a leaf is an index into expressions that are made elsewhere.
//
// Bodies are nodes of one vector, children before parents. Constructors normalise: what is nothing vanishes, nested
// sequences and choices are flat, equal nodes are one.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace decodex {

enum class BodyId : uint32_t {};
enum class RuleId : uint32_t {};
enum class LeafId : uint32_t {};

inline constexpr BodyId kNoText{0};      // no text at all
inline constexpr BodyId kEmptyText{1};   // only the empty one

enum class BodyKind : uint8_t { NoText, EmptyText, Leaf, Rule, Concat, Alt, Repeat };

struct BodyNode {
  BodyKind kind;
  uint32_t a = 0, b = 0, c = 0;   // Leaf, Rule: its id; Concat, Alt: children [a, a+b); Repeat: child, min, max
  auto operator<=>(const BodyNode&) const = default;
};

struct GrammarRule {
  std::string name;
  std::string place;              // "line 3, column 1"; empty for rules that were made here
  BodyId body = kNoText;
};

class Grammar {
 public:
  Grammar();

  RuleId add_rule(std::string name, std::string place);
  void set_body(RuleId rule, BodyId body) { rules_[index(rule)].body = body; }

  BodyId leaf(LeafId leaf) { return intern({BodyKind::Leaf, index(leaf)}); }
  BodyId rule(RuleId rule) { return intern({BodyKind::Rule, index(rule)}); }
  BodyId concat(std::span<const BodyId> parts);
  BodyId concat(BodyId head, BodyId tail);
  BodyId alt(std::span<const BodyId> arms);
  BodyId alt(BodyId a, BodyId b);
  BodyId repeat(BodyId body, uint32_t min, uint32_t max);   // max may be kUnbounded

  size_t rule_count() const { return rules_.size(); }
  size_t body_count() const { return nodes_.size(); }
  const GrammarRule& operator[](RuleId rule) const { return rules_[index(rule)]; }
  const BodyNode& node(BodyId body) const { return nodes_[index(body)]; }
  std::span<const BodyId> kids(const BodyNode& n) const { return {children_.data() + n.a, n.b}; }
  std::span<const BodyId> kids(BodyId body) const { return kids(node(body)); }

  // All that the texts depend on, for a name: equal grammars, node for node, have equal ones.
  std::string contents() const;
  size_t memory() const;   // bytes, about

  template <class Id>
  static uint32_t index(Id id) { return static_cast<uint32_t>(id); }

 private:
  BodyId intern(BodyNode node);
  BodyId intern(BodyKind kind, std::vector<BodyId> kids);

  std::vector<GrammarRule> rules_;
  std::vector<BodyNode> nodes_;
  std::vector<BodyId> children_;
  std::map<BodyNode, BodyId> known_;
  std::map<std::pair<BodyKind, std::vector<BodyId>>, BodyId> known_lists_;
};

}  // namespace decodex
