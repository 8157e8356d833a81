// What an artefact keeps of an automaton: the states on the way of sample texts, with their transitions and masks.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "mask/mask_engine.h"
#include "mask/saved_states.h"

namespace decodex {

class Recorder {
 public:
  // Begins with the start and its mask.
  Recorder(ExprPool& pool, MaskEngine& masks, ExprId root);
  // Reads tokens from the start on, making the mask before each of them and after the last. Returns how many could be
  // read: an end token that may come ends the text, one that may not come is not read.
  size_t read(std::span<const uint32_t> tokens);
  // The states that were met, with every transition between two of them.
  SavedStates finish();

 private:
  uint32_t number(ExprId state, uint32_t parent, uint8_t byte);
  void want_mask(uint32_t k);
  uint32_t save_mask(ExprId state, bool at_start);
  uint32_t save_row(const uint32_t* row);
  uint32_t save_classes(const ByteClasses& classes, SavedStates& out);
  void save_edges(uint32_t k, SavedStates& out);

  ExprPool& pool_;
  MaskEngine& masks_;
  const Vocabulary& vocab_;
  SavedStates saved_;
  std::vector<ExprId> states_;
  std::unordered_map<ExprId, uint32_t> numbers_;
  std::vector<std::vector<std::pair<uint8_t, uint32_t>>> met_;    // per state: the bytes that were read there
  std::map<std::vector<uint32_t>, uint32_t> known_rows_;
  std::unordered_map<std::string, uint32_t> known_masks_;
  std::unordered_map<const ByteClasses*, uint32_t> known_classes_;
};

}  // namespace decodex
