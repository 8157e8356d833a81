// White space: what may stand between the tokens of a document, as expressions with their shortest lengths.
#pragma once

#include <cstdint>

#include "expr/pool.h"
#include "schema/options.h"

namespace decodex {

// A length in bytes that may grow with the depth at which a text stands: each of its `lines` begins with indent times
// depth blanks more. Ordered by the length at depth 0. `lines` is 0 in every layout but Pretty.
struct Cost {
  uint32_t bytes = kInfinite;
  uint32_t lines = 0;

  bool infinite() const { return bytes == kInfinite; }
  auto operator<=>(const Cost&) const = default;
  friend Cost operator+(Cost a, Cost b) {
    if (a.infinite() || b.infinite()) return {};
    uint64_t bytes = uint64_t{a.bytes} + b.bytes;
    return {static_cast<uint32_t>(bytes < kInfinite ? bytes : kInfinite - 1), a.lines + b.lines};
  }
  friend Cost operator+(Cost a, uint32_t bytes) { return a + Cost{bytes, 0}; }
  Cost times(uint32_t n) const {
    if (n == 0) return {0, 0};
    if (infinite()) return {};
    uint64_t all = uint64_t{bytes} * n;
    return {static_cast<uint32_t>(all < kInfinite ? all : kInfinite - 1), lines * n};
  }
};

class Layout {
 public:
  Layout(ExprPool& pool, const SchemaOptions& options);

  // `depth` is that of the container: 0 for the root. Costs too are relative to it.
  ExprId after_open(uint32_t depth);       // before the first member, when there is one
  ExprId empty() const { return empty_; }  // inside an empty container
  ExprId before_close(uint32_t depth);     // after the last member
  ExprId before_comma() const { return before_comma_; }
  ExprId after_comma(uint32_t depth) { return after_open(depth); }
  ExprId colon() const { return colon_; }  // the colon and what may surround it
  bool by_depth() const { return pretty_; }

  Cost after_open_cost() const { return {gap_ + indent_, pretty_ ? 1u : 0u}; }
  Cost before_close_cost() const { return {gap_, pretty_ ? 1u : 0u}; }
  Cost empty_cost() const { return {pretty_ ? 0 : gap_, 0}; }
  Cost comma_cost() const { return Cost{before_comma_cost_ + 1, 0} + after_open_cost(); }
  uint32_t colon_cost() const { return colon_cost_; }
  uint32_t before_comma_cost() const { return before_comma_cost_; }
  // The cost of a member, relative to its container.
  Cost deeper(Cost cost) const { return cost.infinite() ? cost : Cost{cost.bytes + cost.lines * indent_, cost.lines}; }
  uint32_t at(Cost cost, uint32_t depth) const {
    return cost.infinite() ? kInfinite : cost.bytes + cost.lines * indent_ * depth;
  }

 private:
  ExprId new_line(uint32_t depth);

  ExprPool& pool_;
  bool pretty_;
  uint32_t indent_ = 0;
  ExprId gap_expression_ = kEpsilon, empty_ = kEpsilon, before_comma_ = kEpsilon, colon_;
  uint32_t gap_ = 0, before_comma_cost_ = 0, colon_cost_ = 1;
};

}  // namespace decodex
