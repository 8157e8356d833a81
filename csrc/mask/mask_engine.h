// Masks of states: which tokens of the vocabulary may come next. In: a state; out: a row of bits, or a list of ids.
//
// A mask is made once per state from the tables of the lexemes at its head and short walks of what follows them, and then
// costs one copy. When masks and tables are more than their limit, the half of them goes that was read longest ago. Exact for every state: a token is allowed if and only if the text
// can still be completed after it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/chunked.h"
#include "expr/pool.h"
#include "mask/counts.h"
#include "mask/landings.h"
#include "mask/lexeme_table.h"
#include "mask/product_table.h"
#include "mask/saved_tables.h"
#include "vocab/vocabulary.h"

namespace decodex {

// What is known of one state's next tokens: `base` (a row of bits, or none) and `ids` beside it.
struct Mask {
  const uint32_t* base = nullptr;
  std::vector<uint32_t> own;     // where base points when no lexeme table serves
  std::vector<uint32_t> ids;
  uint32_t after = 0;            // bytes to the end from the worst of the allowed tokens
  mutable std::atomic<uint32_t> after_tokens = kNotMeasured;   // tokens, asked for where budgets are near
  bool of_stack = false;         // of an intersection, made of that of its stack
  bool all = false;              // every id of the vocabulary is allowed
  mutable bool of_any_count = false;   // it serves states that counted differently, from which it is not equally far
  mutable std::atomic<uint32_t> read_at = 0;   // when it was read last, in masks made
  mutable std::unique_ptr<Landings> landings;  // where its tokens lead, once it was asked
  static constexpr uint32_t kNotMeasured = kInfinite - 1;
  size_t memory() const {
    return sizeof(*this) + (own.size() + ids.size()) * sizeof(uint32_t) + (landings ? landings->memory() : 0);
  }
};

class SavedSource;

// A state that an artefact holds.
struct SavedPlace {
  SavedSource* source;
  uint32_t state;
};

// What the caches hold and how they did. Fills are counted without a lock: threads may miss some.
struct MaskStats {
  size_t masks = 0, mask_bytes = 0, tables = 0, table_bytes = 0;
  size_t absorption_bytes = 0, cost_bytes = 0, capture_bytes = 0;
  size_t fills = 0, made = 0;        // masks written, and those of them that had to be made
  size_t table_hits = 0, walks = 0;
  size_t evictions = 0, masks_dropped = 0, tables_dropped = 0;
};

class MaskEngine {
 public:
  MaskEngine(ExprPool& pool, const Vocabulary& vocab, uint64_t cache_bytes)
      : pool_(pool), vocab_(vocab), cache_bytes_(cache_bytes), absorptions_(pool), hashes_(pool) {}

  // Writes the mask of `state` to `out` (vocab.words() words). Returns false when every id is allowed.
  // `at_start`: no token has been read yet. Without a known mask the pool's lock is taken.
  bool fill(ExprId state, bool at_start, uint32_t* out);
  // As fill(), but only tokens after which `budget` - 1 tokens suffice to complete the text.
  bool fill_within(ExprId state, bool at_start, uint32_t budget, uint32_t* out);
  // As fill_within(), where the mask alone says that after each of its tokens so many bytes suffice; false otherwise.
  bool fill_surely(ExprId state, bool at_start, uint32_t budget, uint32_t* out);
  // May `state` be completed by tokens of this vocabulary at all?
  bool completable(ExprId state);
  // Tokens that surely suffice from `state` to an accepted text; kInfinite when none do.
  uint32_t tokens_to_finish(ExprId state, bool at_start);
  uint32_t tokens_to_finish_held(ExprId state, bool at_start);   // the same, for callers that hold the pool's lock
  // The fewest tokens with which the text can be complete, where they are at most `most` and a short search finds them;
  // kInfinite otherwise. The states on the way know it from then on. (pool lock held)
  uint32_t fewest_tokens(ExprId state, bool at_start, uint32_t most);
  // Is every token of several bytes also two tokens, one after the other? (pool lock held)
  bool tokens_split();
  // Is there a mask of `state` which says that after each of its tokens `budget` - 1 suffice?
  bool promises(ExprId state, bool at_start, uint32_t budget);
  // Do so many tokens suffice, once something has been read?
  bool suffices(ExprId state, uint32_t tokens);
  // The state after a token, kEmpty when it is not allowed.
  ExprId advance(ExprId state, bool at_start, uint32_t token);
  // From now on the mask of `state` is the one that was saved. (pool lock held)
  void attach(ExprId state, SavedPlace place) { saved_.try_emplace(state, place); }
  // Calls use(mask) with the mask of a state while it cannot be dropped.
  template <class Use>
  void with_mask(ExprId state, bool at_start, Use use) {
    std::lock_guard lock(pool_.mutex());
    use(*make(state, at_start));
  }
  // Lexeme tables that are in `tables` are taken from there. Before any mask is made.
  void use(std::shared_ptr<const SavedTables> tables) { saved_tables_ = std::move(tables); }
  // Appends the lexeme tables made so far, but for those that `known` names, and names them there.
  void save_tables(SavedTables::Arrays& to, std::set<std::pair<StructuralHash, bool>>& known);
  const Vocabulary& vocab() const { return vocab_; }
  MaskStats stats();

  // The masks that are made already, to be read by any number of threads: none is dropped while this lives, so it must
  // not live long, and whoever holds it must not ask for a new one meanwhile.
  class Known {
   public:
    explicit Known(const MaskEngine& engine) : engine_(engine), guard_(engine.eviction_) {}
    // As fill(), or with a budget fill_within(); nullopt, and nothing written, when that takes more than a copy.
    std::optional<bool> fill(ExprId state, bool at_start, uint32_t budget, uint32_t* out) const;

   private:
    const MaskEngine& engine_;
    std::shared_lock<std::shared_mutex> guard_;
  };

 private:
  struct Draft;
  const Mask* find(ExprId state, bool at_start) const;
  bool allowed(ExprId state, bool at_start, uint32_t token);
  bool within(const Mask& mask, uint32_t budget) const;
  std::string capture_key(ExprId state) const;
  const Mask* make(ExprId state, bool at_start);
  ExprId real(ExprId state);
  std::unique_ptr<Mask> compute(ExprId state, bool& by_word);
  std::unique_ptr<Mask> compute_start(ExprId state);
  void add(ExprId e, ExprId tail, Draft& draft);
  bool add_lexeme(ExprId lexeme, ExprId tail, Draft& draft);
  void add_staying(const LexemeTable& table, Draft& draft);
  bool add_but(ExprId conj, ExprId tail, Draft& draft);
  bool add_tracked(ExprId e, Draft& draft);
  class Trackers;
  void add_stack(ExprId e, ExprId tail, Trackers& trackers, Draft& draft, std::vector<ExprId>& plain);
  bool add_product(ExprId lexeme, ExprId tail, Trackers& trackers, Draft& draft);
  void walk_pairs(ExprId stack, Trackers& trackers, Draft& draft);
  const Mask* mask_of_any_count(ExprId state);
  struct Far;
  bool look_far(ExprId state, bool may_make, Far& far);
  const Mask* make_noting(ExprId state);
  std::unique_ptr<Mask> mask_of_stack(ExprId state);
  struct WayOut {
    bool comes_free;              // otherwise it is left
    uint32_t bytes, tokens;       // to there, and from there to the end
  };
  WayOut way_out_of(const Landings::Inside& inside, ExprId floor);
  uint32_t tokens_of_far(const Far& far);
  uint32_t measure_far(ExprId state);
  bool add_far(ExprId state, Draft& draft);
  uint32_t tokens_in(std::string_view text) const;
  uint32_t tokens_of(const ExprPool::Filling& filling);
  Landings& landings_of(const Mask& mask, ExprId state);
  const Landings::Beside& beside(Landings& landings, ExprId floor, const std::vector<uint32_t>& sources);
  bool stays_inside(const Landings& landings, uint32_t id);
  const std::vector<uint32_t>& ending(ExprId lexeme);
  uint32_t most_units(uint32_t source);
  const ProductTable& product_for(ExprId lexeme, ExprId tracker);
  void add_capture(ExprId capture, ExprId tail, Draft& draft);
  bool leaves_capture(uint32_t id, ExprId capture, ExprId fresh, ExprId tail, Draft& draft);
  bool nested(ExprId state, ExprId scope) const;
  bool length_depends_on_word(ExprId state) const;
  void walk_plain(Draft& draft);
  void walk(const TokenTrie& trie, ExprId from, Draft& draft, std::span<const uint32_t> denied = {},
            const ExitNodes* only = nullptr);
  std::unique_ptr<Mask> finish(Draft& draft);
  bool allows_all(const Mask& mask, ExprId state) const;
  void write(const Mask& mask, ExprId state, uint32_t* out) const;
  std::shared_ptr<const LexemeTable> table_for(ExprId lexeme, bool followed);
  std::shared_ptr<const LexemeTable> make_table(ExprId lexeme, bool followed);
  void copy(const Mask& mask, ExprId state, uint32_t* out) const;
  void touch(const Mask& mask) const;
  uint32_t age(uint32_t read_at) const { return clock_.load(std::memory_order_relaxed) - read_at; }
  MaskStats held() const;
  void evict_if_full();
  void evict();
  void drop_masks();
  void drop_tables();
  uint32_t way_out(ExprId state, const Draft& draft, bool by_length);
  uint32_t after_tokens(const Mask& mask, ExprId state);
  uint32_t measure(ExprId state);
  bool fits(ExprId state, uint32_t budget, bool by_length);
  uint32_t cost(ExprId state);
  uint32_t cost_by_search(ExprId state);
  struct Witness {
    std::string word;
    std::vector<ExprId> states;   // before each of its bytes, and at its end
  };
  Witness find_witness(ExprId state);
  void add_witness(ExprId state, Draft& draft);
  uint32_t cost_of_witness(ExprId state);
  uint32_t cost_of_filled(ExprId state);
  uint32_t cost_along(const Witness& witness);
  uint32_t start_cost(ExprId state);

  ExprPool& pool_;
  const Vocabulary& vocab_;
  uint64_t cache_bytes_;
  mutable std::shared_mutex eviction_;   // readers of masks share it; taken alone to drop them. After the pool's lock.
  Chunked<std::atomic<const Mask*>> masks_;
  size_t mask_slots_ = 0;
  std::vector<std::unique_ptr<Mask>> stored_;
  std::unordered_map<ExprId, const Mask*> start_masks_;
  std::unordered_map<std::string, const Mask*> capture_masks_;   // of captures whose mask is the same for all words
  Absorptions absorptions_;
  StructuralHashes hashes_;
  std::shared_ptr<const SavedTables> saved_tables_;
  std::unordered_map<uint64_t, std::shared_ptr<const LexemeTable>> tables_;   // lexeme * 2 + followed
  std::unordered_map<uint64_t, std::unique_ptr<ProductTable>> products_;   // lexeme << 32 | tracker
  std::unordered_map<ExprId, uint32_t> cost_;
  std::unordered_map<ExprId, uint32_t> next_;   // the token behind which one less is left, where it is known
  std::optional<bool> tokens_split_;
  std::unordered_map<const ExprPool::Filling*, uint32_t> filling_tokens_;
  std::unordered_map<ExprId, uint32_t> filled_cost_;
  bool noting_landings_ = false;   // masks that are made now say where their tokens lead
  std::unordered_map<ExprId, std::vector<uint32_t>> ending_;   // lexeme -> tokens
  std::unordered_map<uint32_t, uint32_t> most_units_;   // source that counts -> units that begin in a token at the most
  std::unordered_map<ExprId, uint32_t> after_tokens_;   // of states whose mask is of any count
  std::unordered_map<ExprId, SavedPlace> saved_;
  std::unordered_map<const void*, uint32_t> table_read_at_;   // of tables and products, as Mask::read_at
  std::atomic<uint32_t> clock_ = 0;   // masks made; a mask that is read again before the next one is made is not written to
  size_t bytes_ = 0;             // of masks and tables
  mutable std::atomic<size_t> fills_ = 0;
  MaskStats stats_;
};

}  // namespace decodex
