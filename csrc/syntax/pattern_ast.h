// The syntax tree of a pattern: nodes in one vector, children before parents, so that a pass over the indices is a walk
// from the leaves to the root. Flags, escapes and classes are resolved: a node means the same wherever it stands.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "syntax/char_class.h"
#include "syntax/pattern_options.h"

namespace decodex {

enum class AstId : uint32_t {};

enum class AstKind : uint8_t {
  Empty,    // the empty text
  Char,     // code point `a`
  Set,      // one character of sets[a]
  Concat,   // children[a, a+b)
  Alt,      // children[a, a+b), in order of preference
  Repeat,   // child `a`, `b` to `c` times (c: kUnbounded); `detail`: 1 when few are preferred
  Atomic,   // the first match of child `a`, and no other
  Look,     // child `a`, without reading; `detail`: Look
  Assert,   // `detail`: AssertKind; `extra`: its Meaning
};

enum class AssertKind : uint8_t {
  TextStart, TextEnd,
  LineStart, LineEnd,
  FinalLineEnd,               // the end, or before a line break that is the end: Python's $
  WordBoundary, NotWordBoundary,
};

// What counts as a word character and as a line break.
enum class Meaning : uint8_t { Unicode, Ascii, Ecma, EcmaIgnoreCase };

inline constexpr uint8_t kLookBehind = 1;
inline constexpr uint8_t kLookNegative = 2;

struct AstNode {
  AstKind kind;
  uint8_t detail = 0;
  uint8_t extra = 0;
  uint32_t at = 0;            // where it begins in the text, in characters
  uint32_t a = 0, b = 0, c = 0;
};

struct PatternAst {
  std::u32string text;
  std::vector<AstNode> nodes;
  std::vector<AstId> children;
  std::vector<CharSet> sets;
  AstId root{0};

  const AstNode& node(AstId id) const { return nodes[static_cast<uint32_t>(id)]; }
  std::span<const AstId> kids(const AstNode& n) const { return {children.data() + n.a, n.b}; }
};

}  // namespace decodex
