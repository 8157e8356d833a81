// Of a lexeme and a tracker, a regular expression that reads the same text to its end: what every token of the vocabulary
// makes of the two together, whatever comes behind the lexeme. Made once per pair of states.
#pragma once

#include <string>
#include <vector>

#include "mask/absorption.h"
#include "mask/lexeme_table.h"

namespace decodex {

struct ProductTable {
  struct End {                      // tokens after which the lexeme is another one
    ExprId lexeme, tracker;
    ExprId back;                    // the tracker when `way` more bytes have brought the lexeme home; kEmpty: no way that is short
    uint32_t way;
    uint32_t end;                   // end_ids[end of the group before .. end)
  };
  struct Exit {                     // tokens that leave the lexeme
    ExprId tracker;                 // where the lexeme ends
    uint32_t id, read;              // the token, and how much of it has been read there
  };

  bool usable = true;               // otherwise there is too much of something, and nothing else is filled in
  LexemeTable staying;              // tokens after which the lexeme is at its home and the tracker is not dead
  std::vector<ExprId> trackers;     // one of these after each of them
  std::vector<End> ends;
  std::vector<uint32_t> end_ids;
  std::vector<Exit> exits;          // in the order of what is left of the tokens
  size_t memory() const;
};

// Where tokens leave a lexeme that is made of any text: as it is, or, where some words are left out, without that.
ExprId home_of(ExprPool& pool, ExprId lexeme);

// By a walk of the vocabulary that takes subtrees whole in which neither changes. (pool lock held)
ProductTable make_product_table(ExprPool& pool, const Vocabulary& vocab, ExprId lexeme, ExprId tracker, Absorptions& absorptions);

}  // namespace decodex
