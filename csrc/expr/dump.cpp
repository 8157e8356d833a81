// Expressions as text, for people and tests: `"ab"`, `[a-z]`, `x{2,5}`, `(a | b)`, `(a & b)`, `~x`, `<rule 3:17>`.
#include <cstdio>

#include "expr/pool.h"

namespace decodex {

namespace {

std::string show_byte(uint8_t b) {
  if (b == '\n') return "\\n";
  if (b == '\\' || b == ']' || b == '[' || b == '-' || b == '"') return std::string("\\") + static_cast<char>(b);
  if (b >= 0x20 && b < 0x7f) return std::string(1, static_cast<char>(b));
  char buffer[8];
  std::snprintf(buffer, sizeof buffer, "\\x%02x", b);
  return buffer;
}

std::string show_set(const ByteSet& set) {
  if (set.count() == 1) return show_byte(set.first());
  std::string out = "[";
  for (int b = 0; b < 256;) {
    if (!set.has(static_cast<uint8_t>(b))) {
      ++b;
      continue;
    }
    int end = b;
    while (end + 1 < 256 && set.has(static_cast<uint8_t>(end + 1))) ++end;
    out += show_byte(static_cast<uint8_t>(b));
    if (end > b + 1) out += "-";
    if (end > b) out += show_byte(static_cast<uint8_t>(end));
    b = end + 1;
  }
  return out + "]";
}

}  // namespace

std::string ExprPool::dump(ExprId root, size_t max_chars) const {
  std::string out;
  struct Piece {
    ExprId e;
    std::string text;  // printed as it is when not empty
  };
  std::vector<Piece> stack{{root, ""}};
  while (!stack.empty() && out.size() < max_chars) {
    Piece piece = stack.back();
    stack.pop_back();
    if (!piece.text.empty()) {
      out += piece.text;
      continue;
    }
    const Node& n = node(piece.e);
    auto wrap = [&](std::string open, ExprId inner, std::string close) {
      stack.push_back({kEmpty, std::move(close)});
      stack.push_back({inner, ""});
      out += open;
    };
    switch (n.kind) {
      case Kind::Empty: out += "∅"; break;
      case Kind::Epsilon: out += "ε"; break;
      case Kind::Bytes: out += show_set(*n.set); break;
      case Kind::Concat:
        stack.push_back({ExprId{n.b}, ""});
        stack.push_back({ExprId{n.a}, ""});
        break;
      case Kind::Alt:
      case Kind::Conj: {
        auto list = kids(piece.e);
        stack.push_back({kEmpty, ")"});
        for (size_t i = list.size(); i-- > 0;) {
          stack.push_back({list[i], ""});
          if (i > 0) stack.push_back({kEmpty, n.kind == Kind::Alt ? " | " : " & "});
        }
        out += "(";
        break;
      }
      case Kind::Not: wrap("~(", ExprId{n.a}, ")"); break;
      case Kind::Repeat: {
        std::string max = n.c == kUnbounded ? "" : std::to_string(n.c);
        wrap("(", ExprId{n.a}, n.b == 0 && n.c == kUnbounded ? ")*" : "){" + std::to_string(n.b) + "," + max + "}");
        break;
      }
      case Kind::Lookbehind: wrap("(?<=", ExprId{n.a}, ")"); break;
      case Kind::Lookahead: wrap("(?=", ExprId{n.a}, ")"); break;
      case Kind::Lexeme: wrap("«", ExprId{n.a}, "»"); break;
      case Kind::Rule: out += "<rule " + std::to_string(n.a) + ":" + std::to_string(n.key) + ">"; break;
      case Kind::Capture: {
        const CaptureRecord& r = captures_[n.key];
        wrap("<capture \"" + std::string(r.word) + "\" ", r.lexeme, ">");
        break;
      }
    }
  }
  if (out.size() > max_chars) out = out.substr(0, max_chars) + "…";
  return out;
}

}  // namespace decodex
