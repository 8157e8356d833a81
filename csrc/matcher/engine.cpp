#include "matcher/engine.h"

#include <algorithm>

#include "mask/saved_source.h"

namespace decodex {

namespace {

constexpr size_t kDistinctLimits = 4;   // that have a generation at the same time

bool is_full(Generation& generation) {
  std::lock_guard lock(generation.pool.mutex());
  return generation.full();
}

}  // namespace

std::shared_ptr<Generation> Engine::current(const Limits& limits) {
  std::lock_guard lock(mutex_);
  auto same = std::find_if(generations_.begin(), generations_.end(), [&](const auto& g) { return g->pool.limits() == limits; });
  if (same == generations_.end()) {
    if (generations_.size() >= kDistinctLimits) generations_.erase(generations_.begin());
    generations_.push_back(begin(limits));
  } else {
    std::rotate(same, same + 1, generations_.end());
    if (is_full(*generations_.back())) generations_.back() = begin(limits);
  }
  return generations_.back();
}

std::shared_ptr<Generation> Engine::begin(const Limits& limits) {
  auto generation = std::make_shared<Generation>(vocab_, tables_, limits);
  std::erase_if(begun_, [](const auto& old) { return old.expired(); });
  begun_.push_back(generation);
  return generation;
}

std::vector<std::shared_ptr<Generation>> Engine::alive() {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Generation>> out;
  for (const auto& begun : begun_)
    if (auto generation = begun.lock()) out.push_back(std::move(generation));
  return out;
}

SavedTables::Arrays Engine::tables() {
  SavedTables::Arrays out;
  std::set<std::pair<StructuralHash, bool>> known;
  if (tables_) {
    out = tables_->arrays();
    for (size_t k = 0; k < tables_->size(); ++k)
      known.insert({{out.hash[2 * k], out.hash[2 * k + 1]}, (out.flags[k] & SavedTables::kFollowed) != 0});
  }
  for (const auto& generation : alive()) generation->masks.save_tables(out, known);
  return out;
}

Compiled::Compiled(std::shared_ptr<Engine> engine, TermPtr term, Limits limits)
    : engine_(std::move(engine)), term_(std::move(term)), limits_(limits) {
  build();
}

Compiled::Compiled(std::shared_ptr<Engine> engine, TermPtr term, Limits limits, std::shared_ptr<const SavedStates> saved,
                   std::vector<std::string> unenforced)
    : engine_(std::move(engine)), term_(std::move(term)), limits_(limits), saved_(std::move(saved)),
      unenforced_(std::move(unenforced)) {
  build();
}

Compiled::Start Compiled::build() {
  std::shared_ptr<Generation> generation = engine_->current(limits_);
  std::lock_guard lock(generation->pool.mutex());
  if (saved_) {
    ExprId& root = generation->saved[saved_->name];
    if (root == kEmpty || saved_->name.empty()) {
      auto build = [term = term_](ExprPool& pool) { return build_root(*term, pool).root; };
      root = SavedSource::add(generation->pool, generation->masks, saved_, std::move(build));
    }
    generation_ = generation;
    root_ = root;
    return {generation, root};
  }
  Built built = build_root(*term_, generation->pool);
  unenforced_ = std::move(built.unenforced);
  if (!generation->masks.completable(built.root))
    throw Error(ErrorKind::Unsatisfiable,
                "the tokens of this vocabulary cannot spell any text that satisfies the constraint; it lacks characters "
                "that the constraint requires");
  generation_ = generation;
  root_ = built.root;
  return {generation, built.root};
}

Compiled::Start Compiled::start() {
  std::lock_guard lock(mutex_);
  std::shared_ptr<Generation> generation = generation_.lock();
  if (!generation || is_full(*generation)) return build();
  return {std::move(generation), root_};
}

}  // namespace decodex
