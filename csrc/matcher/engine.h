// One vocabulary with everything that its constraints share: expressions, transitions, lexeme tables, masks.
//
// A pool that has grown past its share is left to the matchers that still use it, and new matchers start in a fresh
// one; constraints do not keep it. So a server that compiles new constraints for ever stays flat, and also one that keeps
// them all.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "expr/pool.h"
#include "mask/mask_engine.h"
#include "mask/saved_states.h"
#include "matcher/phases.h"
#include "term/term.h"
#include "vocab/vocabulary.h"

namespace decodex {

// One pool and its masks.
struct Generation {
  Generation(std::shared_ptr<const Vocabulary> vocabulary, std::shared_ptr<const SavedTables> tables, const Limits& limits)
      : vocab(std::move(vocabulary)), pool(limits), masks(pool, *vocab, limits.pool_bytes / 2) {
    masks.use(std::move(tables));
  }
  bool full() const { return pool.memory() > pool.limits().pool_bytes / 2; }

  std::shared_ptr<const Vocabulary> vocab;
  ExprPool pool;
  MaskEngine masks;
  std::unordered_map<std::string, ExprId> saved;   // where artefacts begin, by the name of their states (pool lock held)
};

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  explicit Engine(std::shared_ptr<const Vocabulary> vocab, std::shared_ptr<const SavedTables> tables = nullptr)
      : vocab_(std::move(vocab)), tables_(std::move(tables)) {}
  const Vocabulary& vocab() const { return *vocab_; }
  // The generation in which constraints with these limits are built now.
  std::shared_ptr<Generation> current(const Limits& limits);
  // All generations that are alive, the ones left to their matchers among them.
  std::vector<std::shared_ptr<Generation>> alive();
  // The lexeme tables made or loaded so far, each once.
  SavedTables::Arrays tables();

 private:
  std::shared_ptr<Generation> begin(const Limits& limits);

  std::shared_ptr<const Vocabulary> vocab_;
  std::shared_ptr<const SavedTables> tables_;   // of a saved vocabulary, or none
  std::mutex mutex_;
  std::vector<std::shared_ptr<Generation>> generations_;   // one per distinct limits; those asked for last at the end
  std::vector<std::weak_ptr<Generation>> begun_;           // and those before them
};

// A constraint for one vocabulary.
class Compiled {
 public:
  // Throws what building the term throws, and Error(Unsatisfiable).
  // `phases`: where tokens are counted, the parts of the term; see Phases.
  Compiled(std::shared_ptr<Engine> engine, TermPtr term, Limits limits, std::vector<PhaseTerm> phases = {});
  // From an artefact: the term is built only where generation leaves what was saved. Throws Error(Artefact).
  Compiled(std::shared_ptr<Engine> engine, TermPtr term, Limits limits, std::shared_ptr<const SavedStates> saved,
           std::vector<std::string> unenforced, std::vector<PhaseTerm> phases = {});

  struct Start {
    std::shared_ptr<Generation> generation;
    ExprId root;
    std::shared_ptr<const Phases> phases;   // where tokens are counted, or none; points into the generation
  };
  // Where new matchers start; builds the constraint again when its generation has become full, or is no more.
  Start start();
  const std::vector<std::string>& unenforced() const { return unenforced_; }
  const Vocabulary& vocab() const { return engine_->vocab(); }
  // What the caller made it from; its matchers keep it, for explanations. Not looked at here.
  std::shared_ptr<void> origin;

 private:
  Start build();
  ExprId build_root_in(Generation& generation);

  std::shared_ptr<Engine> engine_;
  TermPtr term_;
  Limits limits_;
  std::shared_ptr<const SavedStates> saved_;
  std::vector<PhaseTerm> phase_terms_;
  std::mutex mutex_;
  std::vector<std::string> unenforced_;
  std::weak_ptr<Generation> generation_;   // where root_ was built
  ExprId root_ = kEmpty;
  std::shared_ptr<const Phases> phases_;   // the same
};

}  // namespace decodex
