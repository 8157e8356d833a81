// Ranges of code points as expressions over UTF-8 bytes: each range is cut where the lead bytes or the number of bytes
// change, so that a cut piece is a product of byte ranges.
#include <algorithm>
#include <unordered_map>

#include "expr/pool.h"

namespace decodex {

namespace {

struct Piece {
  int length;
  uint8_t first[4], last[4];
};

int encode(uint32_t c, uint8_t* out) {
  if (c < 0x80) {
    out[0] = static_cast<uint8_t>(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = static_cast<uint8_t>(0xC0 | c >> 6);
    out[1] = static_cast<uint8_t>(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = static_cast<uint8_t>(0xE0 | c >> 12);
    out[1] = static_cast<uint8_t>(0x80 | (c >> 6 & 0x3F));
    out[2] = static_cast<uint8_t>(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = static_cast<uint8_t>(0xF0 | c >> 18);
  out[1] = static_cast<uint8_t>(0x80 | (c >> 12 & 0x3F));
  out[2] = static_cast<uint8_t>(0x80 | (c >> 6 & 0x3F));
  out[3] = static_cast<uint8_t>(0x80 | (c & 0x3F));
  return 4;
}

// Appends the pieces of [first, last], which must be of one UTF-8 length and hold no surrogates.
void cut(uint32_t first, uint32_t last, std::vector<Piece>& out) {
  for (int tail = 1; tail <= 3; ++tail) {  // align both ends to whole blocks of 64^tail code points
    uint32_t block = (1u << (6 * tail)) - 1;
    if ((first & ~block) == (last & ~block)) break;
    if (first & block) {
      cut(first, first | block, out);
      cut((first | block) + 1, last, out);
      return;
    }
    if ((last & block) != block) {
      cut(first, (last & ~block) - 1, out);
      cut(last & ~block, last, out);
      return;
    }
  }
  Piece piece;
  piece.length = encode(first, piece.first);
  encode(last, piece.last);
  out.push_back(piece);
}

}  // namespace

ExprId ExprPool::code_points(uint32_t first, uint32_t last) {
  std::pair<uint32_t, uint32_t> range{first, last};
  return code_points(std::span<const std::pair<uint32_t, uint32_t>>(&range, 1));
}

ExprId ExprPool::code_points(std::span<const std::pair<uint32_t, uint32_t>> ranges) {
  static constexpr uint32_t kEdges[][2] = {{0, 0x7F}, {0x80, 0x7FF}, {0x800, 0xD7FF}, {0xE000, 0xFFFF}, {0x10000, 0x10FFFF}};
  std::vector<Piece> pieces;
  ByteSet ascii;
  for (auto [first, last] : ranges)
    for (auto& edge : kEdges) {
      uint32_t lo = std::max(first, edge[0]), hi = std::min(last, edge[1]);
      if (lo > hi) continue;
      if (edge[0] == 0) ascii = ascii | ByteSet::range(static_cast<uint8_t>(lo), static_cast<uint8_t>(hi));
      else cut(lo, hi, pieces);
    }
  // Group from the last byte forwards: equal tails are one node; arms that differ in one byte set are merged.
  std::vector<ExprId> arms;
  if (!ascii.empty()) arms.push_back(bytes(ascii));
  struct Arm {
    ByteSet lead;
    ExprId tail;
  };
  auto merge = [&](std::vector<Arm>& list) {
    std::vector<Arm> merged;
    std::unordered_map<ExprId, size_t> where;
    for (const Arm& arm : list) {
      auto [it, fresh] = where.try_emplace(arm.tail, merged.size());
      if (fresh) merged.push_back(arm);
      else merged[it->second].lead = merged[it->second].lead | arm.lead;
    }
    return merged;
  };
  // A trie over (length, leading byte ranges); pieces come sorted, so equal prefixes are adjacent.
  auto build = [&](auto&& self, size_t begin, size_t end, int depth) -> ExprId {
    if (depth == 4) return kEpsilon;
    std::vector<Arm> list;
    for (size_t i = begin; i < end;) {
      size_t j = i;
      while (j < end && pieces[j].length == pieces[i].length && pieces[j].first[depth] == pieces[i].first[depth] &&
             pieces[j].last[depth] == pieces[i].last[depth])
        ++j;
      ByteSet lead = ByteSet::range(pieces[i].first[depth], pieces[i].last[depth]);
      list.push_back({lead, depth + 1 == pieces[i].length ? kEpsilon : self(self, i, j, depth + 1)});
      i = j;
    }
    std::vector<ExprId> out;
    for (const Arm& arm : merge(list)) out.push_back(concat(bytes(arm.lead), arm.tail));
    return alt(out);
  };
  if (!pieces.empty()) arms.push_back(build(build, 0, pieces.size(), 0));
  return alt(arms);
}

ExprId ExprPool::any_code_point() { return code_points(0, 0x10FFFF); }

// Follows the shapes of UTF-8; continuation bytes that are alike there must lead to one state, so few states have to be
// looked at.
ByteSet ExprPool::characters_between(ExprId from, ExprId to) {
  struct Shape {
    uint8_t lead_first, lead_last, second_first, second_last;
    int length;
  };
  static constexpr Shape kShapes[] = {{0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
                                      {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
                                      {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
  auto all_to = [&](ExprId state, int first, int last) {
    ExprId target = step_held(state, static_cast<uint8_t>(first));
    for (int b = first + 1; b <= last && target != kEmpty; ++b)
      if (step_held(state, static_cast<uint8_t>(b)) != target) return kEmpty;
    return target;
  };
  ByteSet out;
  for (int b = 0; b < 0x80; ++b)
    if (step_held(from, static_cast<uint8_t>(b)) == to) out.add(static_cast<uint8_t>(b));
  for (const Shape& shape : kShapes) {
    ExprId last_seen = kEmpty;
    bool last_good = false;
    for (int lead = shape.lead_first; lead <= shape.lead_last; ++lead) {
      ExprId state = step_held(from, static_cast<uint8_t>(lead));
      if (state == kEmpty) continue;
      if (state != last_seen) {
        last_seen = state;
        state = all_to(state, shape.second_first, shape.second_last);
        for (int k = 2; k < shape.length && state != kEmpty; ++k) state = all_to(state, 0x80, 0xBF);
        last_good = state == to;
      }
      if (last_good) out.add(static_cast<uint8_t>(lead));
    }
  }
  return out;
}

ExprId ExprPool::valid_utf8() { return star(any_code_point()); }

}  // namespace decodex
