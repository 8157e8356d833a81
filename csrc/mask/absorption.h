// Which characters a state reads without getting anywhere that matters: after any number of them (up to a capacity) the
// text is still live, and no word has ended. A walk of the vocabulary takes a subtree made of such characters in one step.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/map_bytes.h"
#include "expr/pool.h"
#include "vocab/subtree_summary.h"

namespace decodex {

struct CharacterSet {
  uint64_t ascii[2] = {0, 0};
  uint64_t leads = 0;             // bit b: every character that begins with the byte 0xC0 + b

  CharacterSet() = default;
  explicit CharacterSet(const ByteSet& bytes) : ascii{bytes.words[0], bytes.words[1]}, leads(bytes.words[3]) {}
  static CharacterSet all() { return CharacterSet(ByteSet::all()); }
  bool empty() const { return !(ascii[0] | ascii[1] | leads); }
  int size() const;               // bits
  // Is everything at and below a node made of these characters?
  bool takes(const SubtreeSummary& below) const {
    return below.whole && (below.ascii[0] & ~ascii[0]) == 0 && (below.ascii[1] & ~ascii[1]) == 0 && (below.leads & ~leads) == 0;
  }
  void keep(const CharacterSet& other) {
    for (int w = 0; w < 2; ++w) ascii[w] &= other.ascii[w];
    leads &= other.leads;
  }
};

struct Absorption {
  CharacterSet set;
  uint32_t capacity = 0;          // characters
  uint32_t way_out = 0;           // bytes of a shortest word after any of them; three more inside a character
  uint32_t most = kUnbounded;     // characters: more of them lead nowhere

  bool takes(const SubtreeSummary& below) const { return set.takes(below); }
};

// The absorptions of states, remembered. (pool lock held)
class Absorptions {
 public:
  explicit Absorptions(ExprPool& pool) : pool_(pool) {}
  // `ends_matter`: a word that ends inside a token is of interest, so it must not be skipped. `stays`: the state is known
  // to read something and be itself again, so it is worth asking what else.
  const Absorption& of(ExprId state, bool ends_matter, bool stays);
  // The characters that a state reads to be itself again.
  const CharacterSet& staying(ExprId state);
  // Characters that lead from each of a few states, one of them that of a tracker, to one of them again.
  struct Closure {
    CharacterSet set;
    std::vector<ExprId> states;
  };
  const Closure& closure(ExprId tracker);
  void clear();
  size_t memory() const { return map_bytes(known_) + map_bytes(characters_) + map_bytes(staying_) + map_bytes(closures_); }

 private:
  struct Known {
    Absorption absorption;
    bool asked_by_staying = false;
  };
  Absorption by_structure(ExprId state, bool ends_matter);
  Absorption by_staying(ExprId state);
  Closure closure_of(ExprId tracker);
  // C{min,max}T at the head of an expression; `part` is what a search may put in its place.
  struct Loop {
    CharacterSet set;
    uint32_t min = 0, max = 0;
    ExprId unit = kEmpty, tail = kEpsilon;
    ExprId part = kEmpty;
    uint32_t longer = 0;   // a denial instead, which texts of so many bytes escape
    bool alone = true;
  };
  Absorption by_arm(ExprId arm, bool alone);
  Absorption by_conjunction(ExprId conj, ExprId tail, bool alone);
  Loop loop(ExprId arm);
  Loop loop_of_part(ExprId part);
  uint32_t most(const Loop& loop, ExprId tail);
  const CharacterSet& characters(ExprId unit);

  ExprPool& pool_;
  std::unordered_map<uint64_t, Known> known_;                  // state * 2 + ends_matter
  std::unordered_map<ExprId, CharacterSet> characters_;        // of one turn of a repetition
  std::unordered_map<ExprId, CharacterSet> staying_;
  std::unordered_map<ExprId, Closure> closures_;               // of trackers
};

}  // namespace decodex
