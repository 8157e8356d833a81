// One vocabulary with everything that its constraints share: expressions, transitions, lexeme tables, masks.
//
// A pool that has grown past its share is left to the matchers that still use it, and new matchers start in a fresh
// one; constraints do not keep it. So a server that compiles new constraints for ever stays flat, and also one that keeps
// them all.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "expr/pool.h"
#include "mask/mask_engine.h"
#include "term/term.h"
#include "vocab/vocabulary.h"

namespace decodex {

// One pool and its masks.
struct Generation {
  Generation(std::shared_ptr<const Vocabulary> vocabulary, const Limits& limits)
      : vocab(std::move(vocabulary)), pool(limits), masks(pool, *vocab, limits.pool_bytes / 2) {}
  bool full() const { return pool.memory() > pool.limits().pool_bytes / 2; }

  std::shared_ptr<const Vocabulary> vocab;
  ExprPool pool;
  MaskEngine masks;
};

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  explicit Engine(std::shared_ptr<const Vocabulary> vocab) : vocab_(std::move(vocab)) {}
  const Vocabulary& vocab() const { return *vocab_; }
  // The generation in which constraints with these limits are built now.
  std::shared_ptr<Generation> current(const Limits& limits);
  // All generations that are alive, the ones left to their matchers among them.
  std::vector<std::shared_ptr<Generation>> alive();

 private:
  std::shared_ptr<Generation> begin(const Limits& limits);

  std::shared_ptr<const Vocabulary> vocab_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Generation>> generations_;   // one per distinct limits; those asked for last at the end
  std::vector<std::weak_ptr<Generation>> begun_;           // and those before them
};

// A constraint for one vocabulary.
class Compiled {
 public:
  // Throws what building the term throws, and Error(Unsatisfiable).
  Compiled(std::shared_ptr<Engine> engine, TermPtr term, Limits limits);

  struct Start {
    std::shared_ptr<Generation> generation;
    ExprId root;
  };
  // Where new matchers start; builds the constraint again when its generation has become full, or is no more.
  Start start();
  const std::vector<std::string>& unenforced() const { return unenforced_; }
  const Vocabulary& vocab() const { return engine_->vocab(); }

 private:
  Start build();

  std::shared_ptr<Engine> engine_;
  TermPtr term_;
  Limits limits_;
  std::mutex mutex_;
  std::vector<std::string> unenforced_;
  std::weak_ptr<Generation> generation_;   // where root_ was built
  ExprId root_ = kEmpty;
};

}  // namespace decodex
