#include "grammar/terminal.h"

#include <algorithm>

#include "syntax/pattern_compiler.h"
#include "syntax/pattern_error.h"
#include "syntax/pattern_parser.h"

namespace decodex {

namespace {

enum class Edge { Left, Right };

// The assertions at an edge of the pattern, as they are written: nothing but they stands between them and the edge.
void refuse_looking_outside(const PatternAst& ast, Edge edge) {
  std::vector<AstId> stack{ast.root};
  while (!stack.empty()) {
    const AstNode& n = ast.node(stack.back());
    stack.pop_back();
    const bool looks = n.kind == AstKind::Assert ||
                       (n.kind == AstKind::Look && ((n.detail & kLookBehind) != 0) == (edge == Edge::Left));
    if (looks)
      throw_pattern_error(ErrorKind::Unsupported, ast.text, n.at,
                          "this assertion looks outside of the terminal, which is judged by its own text alone",
                          "leave it out, or make what it looks at a part of the terminal");
    switch (n.kind) {
      case AstKind::Alt:
        for (AstId kid : ast.kids(n)) stack.push_back(kid);
        break;
      case AstKind::Repeat:
      case AstKind::Atomic:
        stack.push_back(AstId{n.a});
        break;
      case AstKind::Concat: {
        std::vector<AstId> kids(ast.kids(n).begin(), ast.kids(n).end());
        if (edge == Edge::Right) std::ranges::reverse(kids);
        for (AstId kid : kids) {
          stack.push_back(kid);
          const AstKind kind = ast.node(kid).kind;
          if (kind != AstKind::Empty && kind != AstKind::Look && kind != AstKind::Assert) break;
        }
        break;
      }
      default:
        break;
    }
  }
}

PatternAst parse_terminal(std::string_view pattern, const PatternOptions& options, uint32_t nesting) {
  PatternAst ast = parse_pattern(pattern, options, nesting);
  refuse_looking_outside(ast, Edge::Left);
  refuse_looking_outside(ast, Edge::Right);
  return ast;
}

}  // namespace

void check_terminal(std::string_view pattern, const PatternOptions& options, bool part) {
  if (part) parse_pattern(pattern, options, Limits().nesting);
  else parse_terminal(pattern, options, Limits().nesting);
}

ExprId compile_terminal(ExprPool& pool, std::string_view pattern, const PatternOptions& options) {
  const PatternAst ast = parse_terminal(pattern, options, pool.limits().nesting);
  ExprId e = compile_pattern(pool, pattern, options, Utf8Alphabet());
  bool repeats = false, looks = false, lazy = false;
  for (const AstNode& n : ast.nodes) {
    repeats = repeats || (n.kind == AstKind::Repeat && n.c > 1);
    looks = looks || n.kind == AstKind::Look || n.kind == AstKind::Assert || n.kind == AstKind::Atomic;
    lazy = lazy || (n.kind == AstKind::Repeat && n.detail && n.b != n.c);
  }
  if (looks) e = pool.lexeme(e);
  if (lazy) e = pool.conj(e, pool.complement(pool.concat({e, pool.bytes(ByteSet::all()), kAnything})));
  return repeats || lazy ? pool.lexeme(e) : e;
}

}  // namespace decodex
