// Where the tokens lead that a state allows: what is asked when it is read beside trackers.
#pragma once

#include <cstdint>
#include <vector>

#include "expr/pool.h"

namespace decodex {

struct Landings {
  struct Inside {                  // tokens that stay in a lexeme
    ExprId lexeme, tail;           // and what follows it
    uint64_t way_out;              // bytes of the lexeme after any of them, at the most
    bool whole;                    // all that the lexeme reads may be read; otherwise some words are left out
    bool ending = false;           // those that end where the lexeme does are among the ends, too
  };
  struct End {                     // tokens that lead to one state
    ExprId state;
    std::vector<uint32_t> ids;
  };
  // What is known beside trackers whose floors have this intersection, and others that count, by their sources.
  struct Beside {
    ExprId floor;
    std::vector<uint32_t> sources;
    bool known = true;             // false: not of all tokens that stay in a lexeme
    uint32_t after = 0;            // bytes to the end from the worst
    std::vector<uint32_t> single;  // ends that have to be looked at one by one
    std::vector<uint32_t> units;   // of each of the sources: how many may begin until the end, behind the next token
  };

  bool complete = true;            // false: there are too many, or not all were noted
  std::vector<Inside> inside;
  std::vector<End> ends;
  std::vector<Beside> beside;
  size_t memory() const {
    size_t bytes = inside.capacity() * sizeof(Inside) + ends.capacity() * sizeof(End) + beside.capacity() * (sizeof(Beside) + 64);
    for (const End& end : ends) bytes += end.ids.capacity() * sizeof(uint32_t);
    return bytes;
  }
};

}  // namespace decodex
