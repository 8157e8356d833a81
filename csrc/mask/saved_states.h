// States that were met before, with their transitions and masks, as flat arrays: what an artefact keeps of an automaton.
//
// A saved state is a number; its expression is made only where generation leaves what is saved (see SavedSource). Masks
// are those of places at which a token had ended. Arrays from outside are checked once, by prepare(); after that nothing
// read from them can lead outside of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vocab/vocabulary.h"

namespace decodex {

struct SavedStates {
  static constexpr uint32_t kNone = UINT32_MAX;   // no mask, no row; as the next state: dead

  // Lists (of edges, gaps, runs) end where their owner says, and begin where those of the owner before end.
  struct State {
    uint32_t parent, byte;     // the state from which it was first reached (the start: itself), and by which byte
    uint32_t shortest;         // bytes of its shortest word
    uint32_t classes;          // its byte classes, in the list of them
    uint32_t mask;             // in the list of masks, or kNone
    uint32_t edges_end;
  };
  struct Edge {                // a class without one leads to a state that was not saved
    uint32_t byte_class, next;
  };
  struct SavedMask {
    uint32_t row;              // in the list of rows, or kNone
    uint32_t ids_end;          // in mask_ids
    uint32_t after, all;       // see Mask
  };
  struct Row {                 // of bits: those of its base, but for its ids
    uint32_t base;             // kNothing, kText (all tokens with text), kBits, or an earlier row that has one of these
    uint32_t ids_end;          // in row_ids; with kBits they are the bits themselves, 16 each
  };
  static constexpr uint32_t kNothing = UINT32_MAX, kText = UINT32_MAX - 1, kBits = UINT32_MAX - 2;
  static bool stands_alone(const Row& row) { return row.base >= kBits; }

  std::string name;                     // equal for equal ones that come from a file; empty otherwise
  std::vector<State> states;            // parents first; 0 is the start
  std::vector<Edge> edges;
  std::vector<SavedMask> masks;
  std::vector<Row> rows;                // equal ones once
  std::vector<uint16_t> mask_ids, row_ids;   // ascending, by the gaps between them (see each_id)
  std::vector<uint16_t> class_runs;     // byte classes: runs of bytes of one class, 256 * last byte + class
  std::vector<uint32_t> class_runs_end;
  std::vector<uint32_t> start_mask{kNone};   // one: of the start before any token, where a vocabulary's first tokens differ
  std::vector<uint8_t> class_maps;      // made by prepare(): 256 per byte classes, byte -> class

  std::span<const Edge> edges_of(uint32_t state) const {
    return {edges.begin() + (state == 0 ? 0 : states[state - 1].edges_end), edges.begin() + states[state].edges_end};
  }
  std::span<const uint16_t> ids_of_mask(uint32_t mask) const {
    return {mask_ids.begin() + (mask == 0 ? 0 : masks[mask - 1].ids_end), mask_ids.begin() + masks[mask].ids_end};
  }
  std::span<const uint16_t> ids_of_row(uint32_t row) const {
    return {row_ids.begin() + (row == 0 ? 0 : rows[row - 1].ids_end), row_ids.begin() + rows[row].ids_end};
  }
  const uint8_t* class_map(uint32_t state) const { return class_maps.data() + size_t{256} * states[state].classes; }
  std::vector<uint32_t> bits_of_row(uint32_t row, const Vocabulary& vocab) const;
  size_t memory() const;
  // Throws Error(Artefact) unless every number leads to something that is there. Linear in the arrays.
  void prepare(const Vocabulary& vocab);
};

inline constexpr uint16_t kLongGap = UINT16_MAX;   // so much further, and no id there

// Calls visit(id) for ids written as gaps, the first from 0.
template <class Visit>
void each_id(std::span<const uint16_t> gaps, Visit visit) {
  uint64_t id = 0;
  for (uint16_t gap : gaps) {
    id += gap;
    if (gap != kLongGap) visit(id);
  }
}

// Appends ascending ids as gaps.
void append_ids(std::span<const uint32_t> ids, std::vector<uint16_t>& gaps);

}  // namespace decodex
