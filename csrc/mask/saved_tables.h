// Lexeme tables that were made before, as flat arrays: what a saved vocabulary keeps of them. A table is found by the
// structure of its lexeme and made anew from the arrays when it is first asked for, in any pool.
//
// Arrays from outside are checked once, by check(); after that nothing read from them can lead outside of them.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "mask/lexeme_table.h"
#include "mask/structural_hash.h"
#include "vocab/vocabulary.h"

namespace decodex {

class SavedTables {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;   // no row of bits

  struct Arrays {
    // Per table. Lists end where these say, and begin where those of the table before end.
    std::vector<uint64_t> hash;            // two each
    std::vector<uint32_t> row;             // rows[words * row ..], or kNone
    std::vector<uint32_t> ids_end;
    std::vector<uint32_t> remainders_end;
    std::vector<uint32_t> exits_end;
    std::vector<uint32_t> denied_end;
    std::vector<uint32_t> growth;
    std::vector<uint8_t> flags;            // kFollowed and others
    // Their lists.
    std::vector<uint32_t> rows, ids, exits, denied;
    std::vector<uint32_t> remainder_id;    // the last remainder_length bytes of this token, in the order of the bytes
    std::vector<uint16_t> remainder_length;
  };
  static constexpr uint8_t kFollowed = 1, kPrefixFree = 2, kSplits = 4;

  // Throws Error(Artefact) unless every number leads to something that is there. Linear in the arrays.
  SavedTables(const Vocabulary& vocab, Arrays arrays);
  const Arrays& arrays() const { return arrays_; }
  size_t size() const { return arrays_.row.size(); }
  size_t memory() const;

  // Has a lexeme of this structure a table? nullptr: none. `vocab` is the one of the constructor.
  std::shared_ptr<const LexemeTable> find(const Vocabulary& vocab, const StructuralHash& lexeme, bool followed) const;
  // Appends a table.
  static void append(const Vocabulary& vocab, const StructuralHash& lexeme, bool followed, const LexemeTable& table, Arrays& to);

 private:
  void check(const Vocabulary& vocab) const;

  struct Hasher {
    size_t operator()(const StructuralHash& hash) const { return hash.low; }
  };
  Arrays arrays_;
  std::unordered_map<StructuralHash, uint32_t, Hasher> index_[2];   // [followed]
};

}  // namespace decodex
