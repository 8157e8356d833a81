// Saved states as expressions of a pool: a constraint goes on where it was met before, without being built.
//
// A saved state is a rule that knows its own transitions. Its body, the state itself, is made when a byte leads to what
// was not saved: only then is the constraint built and read up to there. A state with one way on is the byte and what
// follows, so runs of fixed text keep no rows. Masks are handed to the mask engine when they are asked for.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "expr/pool.h"
#include "mask/mask_engine.h"
#include "mask/saved_states.h"

namespace decodex {

class SavedSource final : public RuleSource {
 public:
  using BuildRoot = std::function<ExprId(ExprPool&)>;
  // Adds itself to the pool; returns the expression of the start. The states must have been prepared. (pool lock held)
  static ExprId add(ExprPool& pool, MaskEngine& masks, std::shared_ptr<const SavedStates> states, BuildRoot build);

  // The mask of a state, nullptr where none was saved.
  std::unique_ptr<Mask> mask(uint32_t state, bool at_start);
  bool has_mask(uint32_t state) const { return states_->states[state].mask != SavedStates::kNone; }
  // The state as the constraint itself has it. Throws Error(Artefact) when it has no such state. (pool lock held)
  ExprId real(ExprPool& pool, uint32_t state);

  ExprId expand(ExprPool& pool, uint64_t key) override { return real(pool, static_cast<uint32_t>(key)); }
  const uint8_t* known_classes(uint64_t key) const override { return states_->class_map(static_cast<uint32_t>(key)); }
  std::optional<ExprId> known_next(ExprPool& pool, uint64_t key, uint8_t byte) override;
  size_t memory() const override;

 private:
  SavedSource(MaskEngine& masks, std::shared_ptr<const SavedStates> states, BuildRoot build);
  struct OnlyWay {
    ByteSet set;
    uint32_t next;   // SavedStates::kNone: there are more, or others that are not known
  };
  OnlyWay only_way(uint32_t state) const;
  ExprId expression(ExprPool& pool, uint32_t state);

  MaskEngine& masks_;
  std::shared_ptr<const SavedStates> states_;
  BuildRoot build_;
  std::vector<ExprId> expressions_;           // per state; kEmpty: not made yet
  std::vector<ExprId> real_;                  // the same
  std::vector<std::vector<uint32_t>> rows_;   // bits; empty: not made yet
};

}  // namespace decodex
