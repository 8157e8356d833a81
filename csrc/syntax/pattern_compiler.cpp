#include "syntax/pattern_compiler.h"

#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "syntax/normal_forms.h"
#include "syntax/pattern_error.h"
#include "syntax/pattern_facts.h"
#include "syntax/pattern_parser.h"
#include "syntax/unicode.h"

namespace decodex {

namespace {

// The recursion over the tree is as deep as groups are nested; this many fit any thread's stack.
constexpr uint32_t kDeepest = 1'000;

// Where a node stands.
struct Context {
  Neighbours before, after;
  bool in_look_behind = false;
};

// What an assertion asks of one side.
enum class Side : uint8_t { Nothing, Never, TextEdge, LineEdge, FinalLine, Word, NotWord };

class Compiler {
 public:
  Compiler(ExprPool& pool, const PatternAst& ast, const Alphabet& alphabet)
      : pool_(pool), ast_(ast), facts_(ast), alphabet_(alphabet), any_(alphabet.any(pool)), any_text_(pool.star(any_)) {
    sets_.resize(ast.sets.size());
  }

  ExprId compile(bool search) {
    if (search) return ended(ast_.root, {kAnyNeighbour, kAnyNeighbour}, any_text_, any_text_);
    return then(ast_.root, {kEdge, kEdge}, kEpsilon);
  }

 private:
  // ---- characters ----

  ExprId chars(const CharSet& set) { return set.is_all() ? any_ : alphabet_.chars(pool_, set.ranges()); }

  ExprId character(uint32_t c) {
    auto [known, fresh] = chars_.try_emplace(c, kEmpty);
    if (fresh) known->second = chars(CharSet::of(c));
    return known->second;
  }
  ExprId set(uint32_t index) {
    if (!sets_[index]) sets_[index] = chars(ast_.sets[index]);
    return *sets_[index];
  }
  ExprId word(Meaning meaning, bool negative) {
    auto& known = words_[static_cast<size_t>(meaning)][negative];
    if (known) return *known;
    CharSet set = meaning == Meaning::Unicode ? unicode::python_word() : unicode::ascii_word();
    if (meaning == Meaning::EcmaIgnoreCase) set = close_over_case(set, CaseRule::Ecma);
    return *(known = chars(negative ? set.complement() : set));
  }
  ExprId line_break(Meaning meaning) {
    if (!(line_neighbours(meaning) & kOtherLine)) return character('\n');
    return chars(CharSet({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}));
  }

  // ---- nodes: then() is the node followed by `tail` ----

  ExprId then(AstId id, Context context, ExprId tail) {
    if (tail == kEmpty) return kEmpty;
    const AstNode& node = ast_.node(id);
    switch (node.kind) {
      case AstKind::Empty: return tail;
      case AstKind::Char: return pool_.concat(character(node.a), tail);
      case AstKind::Set: return pool_.concat(set(node.a), tail);
      case AstKind::Concat: return concat_then(id, context, tail);
      case AstKind::Alt: return pool_.concat(alternatives(node, context, kEpsilon, kEpsilon), tail);
      case AstKind::Repeat: {
        ExprId inner = then(AstId{node.a}, inside_repeat(node, context), kEpsilon);
        return repeat_then(pool_, inner, node.b, node.c, tail);
      }
      case AstKind::Atomic: return pool_.concat(atomic(id, context), tail);
      case AstKind::Look: return look_then(pool_, look(node, context, kEpsilon, kEpsilon), tail);
      case AstKind::Assert: return look_then(pool_, assertion(node, context, kEpsilon, kEpsilon), tail);
    }
    return kEmpty;
  }

  Context inside_repeat(const AstNode& node, Context context) const {
    const AstFacts& inner = facts_.of(AstId{node.a});
    if (node.c > 1) {
      context.before |= inner.forward(context.before);
      context.after |= inner.backward(context.after);
    }
    return context;
  }

  // The contexts of the children of a concatenation.
  std::vector<Context> contexts(std::span<const AstId> kids, Context context) const {
    std::vector<Context> out(kids.size(), context);
    for (size_t i = 1; i < kids.size(); ++i) out[i].before = facts_.of(kids[i - 1]).forward(out[i - 1].before);
    for (size_t i = kids.size() - 1; i-- > 0;) out[i].after = facts_.of(kids[i + 1]).backward(out[i + 1].after);
    return out;
  }

  ExprId concat_then(AstId id, Context context, ExprId tail) {
    std::span<const AstId> kids = ast_.kids(ast_.node(id));
    if (!facts_.of(id).looks) {
      for (size_t i = kids.size(); i-- > 0;) tail = then(kids[i], context, tail);
      return tail;
    }
    std::vector<Context> places = contexts(kids, context);
    for (size_t i = kids.size(); i-- > 0;) tail = then(kids[i], places[i], tail);
    return tail;
  }

  // ---- nodes at an end of what is searched ----
  // `left` and `right` are the texts of any length around the node, or kEpsilon for a side where there is none. Both
  // read any characters, so what is optional beside them need not be written: it is part of them.

  ExprId ended(AstId id, Context context, ExprId left, ExprId right) {
    if (left == kEpsilon && right == kEpsilon) return then(id, context, kEpsilon);
    const AstNode& node = ast_.node(id);
    if (absorbed(id)) return around(left, kEpsilon, right);
    if (!facts_.of(id).looks) return around(left, trimmed(id, left != kEpsilon, right != kEpsilon), right);
    switch (node.kind) {
      case AstKind::Concat: return concat_ended(node, context, left, right);
      case AstKind::Alt: return alternatives(node, context, left, right);
      case AstKind::Repeat: {
        if (node.b == 1) return ended(AstId{node.a}, context, left, right);
        ExprId inner = then(AstId{node.a}, inside_repeat(node, context), kEpsilon);
        return around(left, pool_.repeat(inner, node.b, node.b), right);
      }
      case AstKind::Look: return look(node, context, left, right);
      case AstKind::Assert: return assertion(node, context, left, right);
      default: return around(left, then(id, context, kEpsilon), right);
    }
  }

  ExprId around(ExprId left, ExprId middle, ExprId right) {
    if (middle == kEpsilon && left == right) return left;
    return pool_.concat({left, middle, right});
  }

  bool absorbed(AstId id) const {
    const AstNode& node = ast_.node(id);
    return (node.kind == AstKind::Repeat && node.b == 0) || (!facts_.of(id).looks && facts_.of(id).nullable);
  }

  // The children that any text at the ends does not absorb.
  std::span<const AstId> kept(std::span<const AstId> kids, bool left, bool right) const {
    while (left && !kids.empty() && absorbed(kids.front())) kids = kids.subspan(1);
    while (right && !kids.empty() && absorbed(kids.back())) kids = kids.first(kids.size() - 1);
    return kids;
  }

  // A node that reads and has no assertions, without what any text on its left or right absorbs.
  ExprId trimmed(AstId id, bool left, bool right) {
    const AstNode& node = ast_.node(id);
    if (!left && !right) return then(id, {kAnyNeighbour, kAnyNeighbour}, kEpsilon);
    switch (node.kind) {
      case AstKind::Repeat:
        if (node.b == 1) return trimmed(AstId{node.a}, left, right);
        return pool_.repeat(trimmed(AstId{node.a}, false, false), node.b, node.b);
      case AstKind::Alt: {
        std::vector<ExprId> arms;
        for (AstId kid : ast_.kids(node)) arms.push_back(trimmed(kid, left, right));
        return factored_alt(pool_, arms);
      }
      case AstKind::Concat: {
        std::span<const AstId> kids = kept(ast_.kids(node), left, right);
        if (kids.size() == 1) return trimmed(kids[0], left, right);
        ExprId tail = trimmed(kids.back(), false, right);
        for (size_t i = kids.size() - 1; i-- > 1;) tail = then(kids[i], {kAnyNeighbour, kAnyNeighbour}, tail);
        return pool_.concat(trimmed(kids.front(), left, false), tail);
      }
      default: return then(id, {kAnyNeighbour, kAnyNeighbour}, kEpsilon);
    }
  }

  ExprId concat_ended(const AstNode& node, Context context, ExprId left, ExprId right) {
    std::span<const AstId> all = ast_.kids(node);
    std::span<const AstId> kids = kept(all, left != kEpsilon, right != kEpsilon);
    if (kids.empty()) return around(left, kEpsilon, right);
    std::vector<Context> places = contexts(all, context);
    const Context* place = places.data() + (kids.data() - all.data());
    size_t last = kids.size() - 1;
    if (last == 0) return ended(kids[0], place[0], left, right);
    ExprId tail = ended(kids[last], place[last], kEpsilon, right);
    for (size_t i = last; i-- > 1;) tail = then(kids[i], place[i], tail);
    return pool_.concat(ended(kids[0], place[0], left, kEpsilon), tail);
  }

  ExprId alternatives(const AstNode& node, Context context, ExprId left, ExprId right) {
    std::vector<ExprId> arms;
    ExprId everything = left == kEpsilon ? right : left;
    for (AstId kid : ast_.kids(node)) {
      arms.push_back(ended(kid, context, left, right));
      if (everything != kEpsilon && arms.back() == everything) return everything;
    }
    return factored_alt(pool_, arms);
  }

  // ---- look-around ----

  ExprId look(const AstNode& node, Context context, ExprId left, ExprId right) {
    bool negative = node.detail & kLookNegative;
    if (node.detail & kLookBehind) {
      ExprId before = ended(AstId{node.a}, {kAnyNeighbour, context.after, true}, any_text_, kEpsilon);
      if (negative) before = pool_.complement(before);
      if (left == kEpsilon) before = pool_.lookbehind(before);
      else if (negative) before = pool_.conj(left, before);
      return pool_.concat(before, right);
    }
    if (cannot_begin(AstId{node.a}, context)) return negative ? around(left, kEpsilon, right) : kEmpty;
    if (context.in_look_behind) refuse_look_ahead(node);
    ExprId any_rest = negative || right == kEpsilon ? kAnything : right;
    ExprId rest = ended(AstId{node.a}, {context.before, kAnyNeighbour, false}, kEpsilon, any_rest);
    if (negative) rest = pool_.complement(rest);
    if (right == kEpsilon) rest = pool_.lookahead(rest);
    else if (negative) rest = pool_.conj(right, rest);
    return pool_.concat(left, rest);
  }

  // Is what can stand here nothing that a match begins with?
  bool cannot_begin(AstId id, Context context) const {
    const AstFacts& facts = facts_.of(id);
    return !facts.nullable && !(facts.backward.own & context.after);
  }

  [[noreturn]] void refuse_look_ahead(const AstNode& node) const {
    throw_pattern_error(ErrorKind::Unsupported, ast_.text, node.at,
                        "this looks at what follows, inside a look-behind, which is not supported",
                        "put it in front of the look-behind or behind it");
  }

  // ---- assertions: what each asks of the text before and after ----

  ExprId assertion(const AstNode& node, Context context, ExprId left, ExprId right) {
    using Pair = std::pair<Side, Side>;
    switch (static_cast<AssertKind>(node.detail)) {
      case AssertKind::TextStart: return sides(node, context, left, right, {Pair{Side::TextEdge, Side::Nothing}});
      case AssertKind::LineStart: return sides(node, context, left, right, {Pair{Side::LineEdge, Side::Nothing}});
      case AssertKind::TextEnd: return sides(node, context, left, right, {Pair{Side::Nothing, Side::TextEdge}});
      case AssertKind::LineEnd: return sides(node, context, left, right, {Pair{Side::Nothing, Side::LineEdge}});
      case AssertKind::FinalLineEnd: return sides(node, context, left, right, {Pair{Side::Nothing, Side::FinalLine}});
      case AssertKind::WordBoundary:
        return sides(node, context, left, right, {Pair{Side::Word, Side::NotWord}, Pair{Side::NotWord, Side::Word}});
      case AssertKind::NotWordBoundary:
        return sides(node, context, left, right, {Pair{Side::Word, Side::Word}, Pair{Side::NotWord, Side::NotWord}});
    }
    return kEmpty;
  }

  ExprId sides(const AstNode& node, Context context, ExprId left, ExprId right,
               std::initializer_list<std::pair<Side, Side>> pairs) {
    Meaning meaning = static_cast<Meaning>(node.extra);
    ExprId out = kEmpty;
    for (auto [before, after] : pairs) {
      before = decided(before, context.before, meaning);
      after = decided(after, context.after, meaning);
      if (before == Side::Never || after == Side::Never) continue;
      ExprId head = left, tail = right;
      if (before != Side::Nothing) {
        head = text_before(before, meaning);
        if (left == kEpsilon) head = pool_.lookbehind(head);
      }
      if (after != Side::Nothing) {
        if (context.in_look_behind) refuse_look_ahead(node);
        tail = text_after(after, meaning, right == kEpsilon ? kAnything : right);
        if (right == kEpsilon) tail = pool_.lookahead(tail);
      }
      out = pool_.alt(out, around(head, kEpsilon, tail));
    }
    return out;
  }

  // What is left to ask, given what can stand there at all.
  static Side decided(Side side, Neighbours there, Meaning meaning) {
    Neighbours good = kAnyNeighbour, sure = kAnyNeighbour;
    switch (side) {
      case Side::Nothing:
      case Side::Never: return side;
      case Side::TextEdge: good = sure = kEdge; break;
      case Side::LineEdge: good = sure = kEdge | line_neighbours(meaning); break;
      case Side::FinalLine: good = kEdge | kLineFeed, sure = kEdge; break;
      case Side::Word: good = sure = word_neighbours(meaning); break;
      case Side::NotWord: good = sure = kAnyNeighbour & ~word_neighbours(meaning); break;
    }
    if (!(there & good)) return Side::Never;
    return there & ~sure ? side : Side::Nothing;
  }

  ExprId text_before(Side side, Meaning meaning) {
    switch (side) {
      case Side::LineEdge: return pool_.optional(pool_.concat(any_text_, line_break(meaning)));
      case Side::Word: return pool_.concat(any_text_, word(meaning, false));
      case Side::NotWord: return pool_.optional(pool_.concat(any_text_, word(meaning, true)));
      default: return kEpsilon;
    }
  }

  ExprId text_after(Side side, Meaning meaning, ExprId rest) {
    switch (side) {
      case Side::LineEdge: return pool_.optional(pool_.concat(line_break(meaning), rest));
      case Side::FinalLine: return pool_.optional(character('\n'));
      case Side::Word: return pool_.concat(word(meaning, false), rest);
      case Side::NotWord: return pool_.optional(pool_.concat(word(meaning, true), rest));
      default: return kEpsilon;
    }
  }

  // ---- atomic groups: the first match only ----

  ExprId atomic(AstId id, Context context) {
    auto key = std::make_tuple(id, context.before, context.after, context.in_look_behind);
    auto known = atomic_.find(key);
    if (known != atomic_.end()) return known->second;
    const AstNode& node = ast_.node(id);
    ExprId out = first_match(AstId{node.a}, context, node);
    atomic_.emplace(key, out);
    return out;
  }

  // Nothing, where `id` does not match; `context` is that of the place.
  ExprId unless(AstId id, Context context, const AstNode& group) {
    if (cannot_begin(id, context)) return kEpsilon;
    if (context.in_look_behind) refuse_look_ahead(group);
    return pool_.lookahead(pool_.complement(ended(id, {context.before, kAnyNeighbour, false}, kEpsilon, kAnything)));
  }

  ExprId first_match(AstId id, Context context, const AstNode& group) {
    if (facts_.single_match(id)) return then(id, context, kEpsilon);
    const AstNode& node = ast_.node(id);
    Context place{context.before, kAnyNeighbour, context.in_look_behind};   // before the node
    switch (node.kind) {
      case AstKind::Concat: {
        std::span<const AstId> kids = ast_.kids(node);
        std::vector<Context> places = contexts(kids, context);
        ExprId out = first_match(kids.back(), places.back(), group);
        for (size_t i = kids.size() - 1; i-- > 0;) {
          if (!facts_.single_match_before(kids[i], kids.subspan(i + 1))) refuse_atomic(group);
          out = then(kids[i], places[i], out);
        }
        return out;
      }
      case AstKind::Alt: {
        std::span<const AstId> kids = ast_.kids(node);
        ExprId out = first_match(kids.back(), context, group);
        for (size_t i = kids.size() - 1; i-- > 0;)
          out = pool_.alt(first_match(kids[i], context, group), pool_.concat(unless(kids[i], place, group), out));
        return out;
      }
      case AstKind::Repeat: return first_repeat(node, context, group);
      default: refuse_atomic(group);
    }
  }

  ExprId first_repeat(const AstNode& node, Context context, const AstNode& group) {
    AstId inner{node.a};
    bool lazy = node.detail;
    if (node.b == 0 && node.c == 1) {
      if (lazy) return kEpsilon;
      Context place{context.before, kAnyNeighbour, context.in_look_behind};
      return pool_.alt(first_match(inner, context, group), unless(inner, place, group));
    }
    if (facts_.of(inner).nullable || !facts_.single_match(inner)) refuse_atomic(group);
    Context place = inside_repeat(node, context);
    ExprId turn = then(inner, place, kEpsilon);
    if (lazy || node.b == node.c) return pool_.repeat(turn, node.b, node.b);
    ExprId stop = unless(inner, {place.before, context.after, context.in_look_behind}, group);
    if (node.c == kUnbounded) return pool_.concat(pool_.repeat(turn, node.b, kUnbounded), stop);
    return pool_.alt(pool_.repeat(turn, node.c, node.c), pool_.concat(pool_.repeat(turn, node.b, node.c - 1), stop));
  }

  [[noreturn]] void refuse_atomic(const AstNode& group) const {
    throw_pattern_error(ErrorKind::Unsupported, ast_.text, group.at,
                        "this possessive repetition or atomic group may match in several ways, and which one comes "
                        "first cannot be told",
                        "write it greedy: without the '+' behind the repetition, or (?:...) instead of (?>...)");
  }

  ExprPool& pool_;
  const PatternAst& ast_;
  PatternFacts facts_;
  const Alphabet& alphabet_;
  ExprId any_, any_text_;
  std::unordered_map<uint32_t, ExprId> chars_;
  std::vector<std::optional<ExprId>> sets_;
  std::optional<ExprId> words_[4][2];
  std::map<std::tuple<AstId, Neighbours, Neighbours, bool>, ExprId> atomic_;
};

}  // namespace

ExprId compile_pattern(ExprPool& pool, std::string_view pattern_utf8, const PatternOptions& options,
                       const Alphabet& alphabet) {
  PatternAst ast = parse_pattern(pattern_utf8, options, std::min(pool.limits().nesting, kDeepest));
  return Compiler(pool, ast, alphabet).compile(options.search);
}

}  // namespace decodex
