#include "matcher/engine.h"

#include <cstring>

namespace decodex {

std::shared_ptr<Generation> Engine::current(const Limits& limits) {
  std::lock_guard lock(mutex_);
  for (auto& generation : generations_) {
    if (!(generation->pool.limits() == limits)) continue;
    std::unique_lock pool_lock(generation->pool.mutex());
    if (!generation->full()) return generation;
    pool_lock.unlock();
    generation = std::make_shared<Generation>(vocab_, limits);
    return generation;
  }
  if (generations_.size() >= 4) generations_.erase(generations_.begin());
  generations_.push_back(std::make_shared<Generation>(vocab_, limits));
  return generations_.back();
}

Compiled::Compiled(std::shared_ptr<Engine> engine, TermPtr term, Limits limits)
    : engine_(std::move(engine)), term_(std::move(term)), limits_(limits), start_(build()) {}

Compiled::Start Compiled::build() {
  std::shared_ptr<Generation> generation = engine_->current(limits_);
  std::lock_guard lock(generation->pool.mutex());
  Built built = build_root(*term_, generation->pool);
  unenforced_ = std::move(built.unenforced);
  if (!generation->masks.completable(built.root))
    throw Error(ErrorKind::Unsatisfiable,
                "the tokens of this vocabulary cannot spell any text that satisfies the constraint; it lacks characters "
                "that the constraint requires");
  return {generation, built.root};
}

Compiled::Start Compiled::start() {
  std::lock_guard lock(mutex_);
  bool full;
  {
    std::lock_guard pool_lock(start_.generation->pool.mutex());
    full = start_.generation->full();
  }
  if (full) start_ = build();
  return start_;
}

}  // namespace decodex
