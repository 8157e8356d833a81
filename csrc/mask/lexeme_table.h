// What the vocabulary does inside one lexeme state, whatever follows the lexeme: the tokens that stay inside, and the
// tokens that leave it, grouped by what is left of them after the lexeme ended. Made by one walk of the vocabulary,
// shared by every constraint that passes through the state.
//
// For a state L·K (L a lexeme, K anything): mask(L·K) = stay(L) ∪ ⋃ {leaving(L, v) : v a remainder, K live after v},
// and ∪ mask(K) where L is nullable.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "expr/pool.h"
#include "mask/absorption.h"
#include "vocab/vocabulary.h"

namespace decodex {

inline constexpr uint32_t kCutCharacter = 3;   // bytes that a character cut off at a token's end still needs

// Nodes of the vocabulary's trie to go on with after a lexeme has ended above them, by the byte that they read first.
struct ExitNodes {
  struct Group {
    uint8_t byte;
    uint32_t end;                  // nodes[end of the group before .. end) read that byte
  };
  std::vector<Group> groups;
  std::vector<uint32_t> nodes;
};

struct LexemeTable {
  std::vector<uint32_t> bits;    // the tokens that stay, as a mask; empty when `ids` says it
  std::vector<uint32_t> ids;     // the tokens that stay, when they are few
  std::shared_ptr<const TokenTrie> remainders;   // of the tokens that leave
  ExitNodes exits;               // instead, when those are too many
  std::vector<uint32_t> denied;  // sorted: ids of `remainders` that do not leave after all
  uint32_t from = 0;             // bytes of the shortest way out when the table was made; a shorter one may be known by now
  uint32_t growth = 0;           // bytes by which a token that stays can lengthen it
  bool prefix_free = true;       // no word of the lexeme begins another one
  bool splits = true;            // false: it ends at too many nodes, the state must be walked with what follows

  // Bytes of the way out behind any token that stays, of a lexeme that this table serves and of which so many are left.
  uint64_t way_out(uint32_t shortest) const { return uint64_t{std::max(shortest, from)} + growth; }
  // The tokens that stay: ranges of the trie's ids, ascending, `count` ids in all.
  void fill(const Vocabulary& vocab, std::vector<std::pair<uint32_t, uint32_t>> ranges, size_t count);
  size_t memory() const {
    return sizeof(*this) + (bits.size() + ids.size() + exits.nodes.size() + denied.size()) * sizeof(uint32_t) +
           (remainders ? remainders->memory() : 0);
  }
};

// By a walk of the vocabulary that skips dead subtrees and takes those whole that only stay (`absorptions`). `followed`: something comes
// after the lexeme, so remainders are of interest. (pool lock held)
LexemeTable make_lexeme_table(ExprPool& pool, const Vocabulary& vocab, ExprId lexeme, bool followed, Absorptions& absorptions);

// For a lexeme that is `base_lexeme` but for some words: walks only where the two differ. Returns false (and leaves
// `out` alone) when the base does not allow that. (pool lock held)
bool make_lexeme_table_from(ExprPool& pool, const Vocabulary& vocab, ExprId lexeme, ExprId base_lexeme,
                            const LexemeTable& base, bool followed, Absorptions& absorptions, LexemeTable& out);

// For a lexeme whose words of up to some length are those of a `relaxed` one, so that tokens of no more than `reach`
// bytes are the same: walks only along the longer ones. Returns false when the relaxed table does not allow that or
// they are too many. (pool lock held)
bool make_lexeme_table_within(ExprPool& pool, const Vocabulary& vocab, ExprId lexeme, ExprId relaxed_lexeme,
                              const LexemeTable& relaxed, uint64_t reach, bool followed, Absorptions& absorptions,
                              LexemeTable& out);

}  // namespace decodex
