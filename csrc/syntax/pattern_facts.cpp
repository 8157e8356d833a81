#include "syntax/pattern_facts.h"

#include <algorithm>

#include "syntax/unicode.h"

namespace decodex {

namespace {

const CharSet& folded_word() {
  static const CharSet set = close_over_case(unicode::ascii_word(), CaseRule::Ecma) - unicode::ascii_word();
  return set;
}

struct Kind {
  Neighbours bit;
  CharSet chars;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = [] {
    CharSet ascii = unicode::ascii_word(), folded = folded_word(), words = unicode::python_word();
    CharSet lines({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}});
    return std::vector<Kind>{{kLineFeed, CharSet::of('\n')},
                             {kOtherLine, lines - CharSet::of('\n')},
                             {kAsciiWord, ascii},
                             {kFoldedWord, folded},
                             {kOtherWord, words - (ascii | folded)},
                             {kOtherChar, (words | lines).complement()}};
  }();
  return all;
}

Neighbours neighbours_of(uint32_t c) {
  for (const Kind& kind : kinds())
    if (kind.chars.has(c)) return kind.bit;
  return kOtherChar;
}

Neighbours neighbours_of(const CharSet& set) {
  Neighbours out = 0;
  for (const Kind& kind : kinds())
    if (kind.chars.intersects(set)) out |= kind.bit;
  return out;
}

void set_reads(AstFacts& facts, Neighbours neighbours) {
  facts.forward = facts.backward = {neighbours, 0};
  facts.width = 1;
  facts.nullable = false;
}

void set_assertion(AstFacts& facts, const AstNode& node) {
  facts.looks = true;
  Neighbours line = kEdge | line_neighbours(static_cast<Meaning>(node.extra));
  switch (static_cast<AssertKind>(node.detail)) {
    case AssertKind::TextStart: facts.forward.through = kEdge; break;
    case AssertKind::LineStart: facts.forward.through = line; break;
    case AssertKind::TextEnd: facts.backward.through = kEdge; break;
    case AssertKind::LineEnd:
    case AssertKind::FinalLineEnd: facts.backward.through = line; break;
    case AssertKind::WordBoundary:
    case AssertKind::NotWordBoundary: break;
  }
}

uint32_t add_widths(uint32_t a, uint32_t b) {
  return a == kVariable || b == kVariable ? kVariable
                                          : static_cast<uint32_t>(std::min<uint64_t>(uint64_t{a} + b, kVariable));
}

uint32_t times_width(uint32_t a, uint32_t times) {
  return a == kVariable ? kVariable : static_cast<uint32_t>(std::min<uint64_t>(uint64_t{a} * times, kVariable));
}

}  // namespace

Neighbours word_neighbours(Meaning meaning) {
  switch (meaning) {
    case Meaning::Unicode: return kAsciiWord | kFoldedWord | kOtherWord;
    case Meaning::EcmaIgnoreCase: return kAsciiWord | kFoldedWord;
    case Meaning::Ascii:
    case Meaning::Ecma: break;
  }
  return kAsciiWord;
}

Neighbours line_neighbours(Meaning meaning) {
  bool ecma = meaning == Meaning::Ecma || meaning == Meaning::EcmaIgnoreCase;
  return ecma ? kLineFeed | kOtherLine : kLineFeed;
}

PatternFacts::PatternFacts(const PatternAst& ast) : ast_(ast) {
  for (const CharSet& set : ast.sets) set_neighbours_.push_back(neighbours_of(set));
  facts_.reserve(ast.nodes.size());
  for (const AstNode& node : ast.nodes) facts_.push_back(make(node));
}

AstFacts PatternFacts::make(const AstNode& node) const {
  AstFacts out;
  AstId child{node.a};
  switch (node.kind) {
    case AstKind::Empty:
      break;
    case AstKind::Char:
      set_reads(out, neighbours_of(node.a));
      break;
    case AstKind::Set:
      set_reads(out, set_neighbours_[node.a]);
      break;
    case AstKind::Concat:
      for (AstId id : ast_.kids(node)) {
        const AstFacts& f = of(id);
        out.forward = out.forward.then(f.forward);
        out.backward = f.backward.then(out.backward);
        out.width = add_widths(out.width, f.width);
        out.nullable &= f.nullable;
        out.looks |= f.looks;
      }
      break;
    case AstKind::Alt:
      out = of(ast_.kids(node)[0]);
      for (AstId id : ast_.kids(node)) {
        const AstFacts& f = of(id);
        out.forward = out.forward | f.forward;
        out.backward = out.backward | f.backward;
        out.width = out.width == f.width ? f.width : kVariable;
        out.nullable |= f.nullable;
        out.looks |= f.looks;
      }
      break;
    case AstKind::Repeat:
      out = of(child);
      out.width = node.b == node.c ? times_width(out.width, node.b) : out.width == 0 ? 0 : kVariable;
      if (node.b == 0) {
        out.forward.through = out.backward.through = kAnyNeighbour;
        out.nullable = true;
      }
      if (node.c == 0) out = {};
      break;
    case AstKind::Atomic:
      out = of(child);
      out.looks = true;
      break;
    case AstKind::Look:
      out.looks = true;
      if (node.detail & kLookNegative) break;
      if (node.detail & kLookBehind) out.forward.through = of(child).forward(kAnyNeighbour);
      else out.backward.through = of(child).backward(kAnyNeighbour);
      break;
    case AstKind::Assert:
      set_assertion(out, node);
      break;
  }
  return out;
}

// Adds the characters that a match may begin with. Returns whether it may read nothing.
bool PatternFacts::add_first(AstId id, std::vector<CodePointRange>& out) const {
  const AstNode& node = ast_.node(id);
  switch (node.kind) {
    case AstKind::Char:
      out.emplace_back(node.a, node.a);
      return false;
    case AstKind::Set:
      out.insert(out.end(), ast_.sets[node.a].ranges().begin(), ast_.sets[node.a].ranges().end());
      return false;
    case AstKind::Concat:
      for (AstId kid : ast_.kids(node))
        if (!add_first(kid, out)) return false;
      return true;
    case AstKind::Alt:
      for (AstId kid : ast_.kids(node)) add_first(kid, out);
      return of(id).nullable;
    case AstKind::Repeat:
      if (node.c > 0) add_first(AstId{node.a}, out);
      return of(id).nullable;
    case AstKind::Atomic:
      return add_first(AstId{node.a}, out);
    case AstKind::Empty:
    case AstKind::Look:
    case AstKind::Assert:
      break;
  }
  return true;
}

bool PatternFacts::single_match_before(AstId id, std::span<const AstId> rest) const {
  if (single_match(id)) return true;
  const AstNode& node = ast_.node(id);
  AstId inner{node.a};
  if (node.kind != AstKind::Repeat || of(inner).nullable || !single_match(inner)) return false;
  std::vector<CodePointRange> again, next;  // one more turn, or what follows: a character tells which
  add_first(inner, again);
  for (AstId kid : rest)
    if (!add_first(kid, next)) return !CharSet(std::move(again)).intersects(CharSet(std::move(next)));
  return false;
}

bool PatternFacts::single_match(AstId id) const {
  const AstNode& node = ast_.node(id);
  switch (node.kind) {
    case AstKind::Empty:
    case AstKind::Char:
    case AstKind::Set:
    case AstKind::Look:
    case AstKind::Assert:
    case AstKind::Atomic:
      return true;
    case AstKind::Repeat:
      return of(id).width != kVariable || (node.b == node.c && single_match(AstId{node.a}));
    case AstKind::Concat: {
      if (of(id).width != kVariable) return true;
      std::span<const AstId> kids = ast_.kids(node);
      for (size_t i = 0; i < kids.size(); ++i)
        if (!single_match_before(kids[i], kids.subspan(i + 1))) return false;
      return true;
    }
    case AstKind::Alt: {
      if (of(id).width != kVariable) return true;
      CharSet so_far;
      for (AstId kid : ast_.kids(node)) {
        std::vector<CodePointRange> first;
        if (!single_match(kid) || add_first(kid, first)) return false;
        CharSet set(std::move(first));
        if (set.intersects(so_far)) return false;
        so_far = so_far | set;
      }
      return true;
    }
  }
  return false;
}

}  // namespace decodex
