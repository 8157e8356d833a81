// Texts of so many tokens. A text is a sequence of phases, nearly always one; a token belongs to the phase in which it
// begins, and each phase takes a number of tokens between its bounds.
//
// What is promised at every place: what is left of the phase can be a text of at least as many bytes as tokens are still
// missing, which takes no more tokens than may still come. Where each token of several bytes is also two tokens, as in
// byte-pair encodings, such a text can be cut into every number of tokens in between, so one is right; in other
// vocabularies the text must be short enough to be spelled byte by byte.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "mask/mask_engine.h"
#include "term/term.h"

namespace decodex {

inline constexpr uint32_t kNoBudget = UINT32_MAX;

struct PhaseTerm {
  TermPtr term;
  uint32_t min = 0, max = kNoBudget;   // tokens
};

class Phases {
 public:
  struct Place {
    ExprId state = kEmpty;   // in the phase's own texts
    uint32_t phase = 0;
    uint32_t read = 0;       // tokens of the phase
    auto operator<=>(const Place&) const = default;
  };

  // Builds the phases. Throws Error(Unsupported) where the end of one cannot be told, or the vocabulary cannot be
  // counted in; Error(Unsatisfiable) where no text of a phase has as many tokens. (pool lock held)
  Phases(ExprPool& pool, MaskEngine& masks, const Vocabulary& vocab, const std::vector<PhaseTerm>& terms);

  Place start() const { return {phases_[0].text, 0, 0}; }
  // As Matcher::fill(), at a place whose state in the whole constraint is `whole`; `budget`: tokens left for the text.
  bool fill(ExprId whole, bool at_start, const Place& at, uint32_t budget, uint32_t* out) const;
  // Reads what a token adds to the text; false: it would not come out, and `at` is as it was.
  bool follow(Place& at, std::string_view bytes, uint32_t budget) const;
  // Have there been enough tokens for the text to end?
  bool may_end(const Place& at) const { return at.phase + 1 == phases_.size() && at.read >= phases_[at.phase].min; }
  uint32_t tokens_to_finish(const Place& at) const;
  // Can a text that the constraint accepts be cut into tokens so that the counts come out?
  bool spells(Place at, bool at_start, std::string_view text) const;

 private:
  struct Phase {
    ExprId text;
    uint32_t min, max;
    uint32_t behind;   // tokens that suffice for all the phases behind
  };
  struct Bounds {
    uint32_t min, max;   // tokens of the phase that are still to come
    bool possible;
  };
  Bounds bounds(const Place& at, uint32_t budget) const;
  bool fits(const Place& at, uint32_t budget) const;
  ExprId at_least(ExprId state, uint32_t bytes) const;
  uint32_t needed(ExprId state, uint32_t tokens, bool at_start = false) const;
  template <class Step>
  bool read(Place& at, std::string_view bytes, Step step) const;
  void judge(bool at_start, const Place& at, uint32_t budget, const std::vector<uint32_t>& which, uint32_t* out) const;

  ExprPool& pool_;
  MaskEngine& masks_;
  const Vocabulary& vocab_;
  std::vector<Phase> phases_;
};

}  // namespace decodex
