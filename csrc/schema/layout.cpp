#include "schema/layout.h"

#include "base/error.h"
#include "syntax/pattern_compiler.h"

namespace decodex {

namespace {

ByteSet any_of(std::string_view bytes) {
  ByteSet set;
  for (char c : bytes) set.add(static_cast<uint8_t>(c));
  return set;
}

ExprId user_gap(ExprPool& pool, const std::string& pattern) {
  PatternOptions how;
  how.dialect = Dialect::Ecma;
  ExprId gap = pool.lexeme(compile_pattern(pool, pattern, how, Utf8Alphabet{}));
  ExprId blank = pool.star(pool.bytes(any_of(" \t\n\r")));
  if (pool.live(pool.conj(gap, pool.complement(blank))))
    throw Error(ErrorKind::Constraint,
                "the white space pattern '" + pattern +
                    "' matches more than blanks, tabs and line breaks, which would not be JSON",
                "whitespace_pattern");
  if (!pool.live(gap))
    throw Error(ErrorKind::Unsatisfiable, "the white space pattern '" + pattern + "' matches nothing",
                "whitespace_pattern");
  return gap;
}

}  // namespace

Layout::Layout(ExprPool& pool, const SchemaOptions& options)
    : pool_(pool), pretty_(options.white_space == SchemaOptions::WhiteSpace::Pretty), colon_(pool.byte(':')) {
  switch (options.white_space) {
    case SchemaOptions::WhiteSpace::Compact: break;
    case SchemaOptions::WhiteSpace::Pretty:
      if (options.indent < 0 || options.indent > 64)
        throw Error(ErrorKind::Constraint,
                    "the indent of pretty JSON must be 0 to 64, found " + std::to_string(options.indent), "indent");
      indent_ = static_cast<uint32_t>(options.indent);
      gap_ = 1;  // the line break; the indent is counted by depth
      colon_ = pool.literal(": ");
      colon_cost_ = 2;
      break;
    case SchemaOptions::WhiteSpace::Flexible: {
      constexpr uint32_t kBlanks = 2, kIndent = 64;
      ExprId line = pool.concat(pool.optional(pool.byte('\r')),
                                pool.concat(pool.byte('\n'), pool.repeat(pool.bytes(any_of(" \t")), 0, kIndent)));
      gap_expression_ = empty_ = pool.lexeme(pool.alt(pool.repeat(pool.byte(' '), 0, kBlanks), line));
      colon_ = pool.concat(colon_, gap_expression_);
      break;
    }
    case SchemaOptions::WhiteSpace::Any:
    case SchemaOptions::WhiteSpace::Pattern:
      gap_expression_ = options.white_space == SchemaOptions::WhiteSpace::Any
                            ? pool.lexeme(pool.star(pool.bytes(any_of(" \t\n\r"))))
                            : user_gap(pool, options.whitespace_pattern);
      gap_ = before_comma_cost_ = pool.shortest(gap_expression_);
      empty_ = before_comma_ = gap_expression_;
      colon_ = pool.concat({gap_expression_, colon_, gap_expression_});
      colon_cost_ = 2 * gap_ + 1;
      break;
  }
}

ExprId Layout::new_line(uint32_t depth) { return pool_.literal("\n" + std::string(size_t{indent_} * depth, ' ')); }

ExprId Layout::after_open(uint32_t depth) { return pretty_ ? new_line(depth + 1) : gap_expression_; }
ExprId Layout::before_close(uint32_t depth) { return pretty_ ? new_line(depth) : gap_expression_; }

}  // namespace decodex
