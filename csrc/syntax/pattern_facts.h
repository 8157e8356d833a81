// What can be known of each node of a pattern by looking at it once: whether it may read nothing, how long its matches
// are, and which kinds of characters can stand beside a place inside it. With these, assertions such as ^ and \b are
// mostly decided when the pattern is compiled. One pass over the nodes, from the leaves up.
#pragma once

#include <vector>

#include "syntax/pattern_ast.h"

namespace decodex {

// A set of kinds of neighbours of a place: the edge of the text, or a character of one of six kinds.
using Neighbours = uint8_t;
inline constexpr Neighbours kEdge = 1;
inline constexpr Neighbours kLineFeed = 2;
inline constexpr Neighbours kOtherLine = 4;     // the other line breaks of ECMA-262
inline constexpr Neighbours kAsciiWord = 8;
inline constexpr Neighbours kFoldedWord = 16;   // not ASCII, but the same as an ASCII letter when case is ignored
inline constexpr Neighbours kOtherWord = 32;
inline constexpr Neighbours kOtherChar = 64;
inline constexpr Neighbours kAnyNeighbour = 127;

// The neighbours on the far side of a node, given those on the near side: `own` if it reads, what gets `through` if not.
struct Flow {
  Neighbours own = 0, through = kAnyNeighbour;
  Neighbours operator()(Neighbours near) const { return own | (through & near); }
  Flow then(const Flow& next) const {
    return {static_cast<Neighbours>(next.own | (next.through & own)), static_cast<Neighbours>(next.through & through)};
  }
  Flow operator|(const Flow& o) const {
    return {static_cast<Neighbours>(own | o.own), static_cast<Neighbours>(through | o.through)};
  }
};

inline constexpr uint32_t kVariable = UINT32_MAX;

struct AstFacts {
  Flow forward;           // from what stands before a node to what stands before its successor
  Flow backward;          // from what stands after a node to what stands after its predecessor
  uint32_t width = 0;     // characters of every match, or kVariable
  bool nullable = true;   // may it read nothing? (exact without `looks`)
  bool looks = false;     // is there an assertion, look-around or atomic group inside?
};

class PatternFacts {
 public:
  explicit PatternFacts(const PatternAst& ast);
  const AstFacts& of(AstId id) const { return facts_[static_cast<uint32_t>(id)]; }

  // Has the node at most one match at any place of a text? (Only ever wrong by saying no.)
  bool single_match(AstId id) const;
  // The same of a child of a concatenation, given that the children behind it must match.
  bool single_match_before(AstId id, std::span<const AstId> rest) const;

 private:
  AstFacts make(const AstNode& node) const;
  bool add_first(AstId id, std::vector<CodePointRange>& out) const;

  const PatternAst& ast_;
  std::vector<Neighbours> set_neighbours_;   // of ast_.sets
  std::vector<AstFacts> facts_;
};

// Which kinds of neighbours an assertion's words and line breaks are.
Neighbours word_neighbours(Meaning meaning);
Neighbours line_neighbours(Meaning meaning);

}  // namespace decodex
