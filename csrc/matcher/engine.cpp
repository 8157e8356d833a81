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

Compiled::Compiled(std::shared_ptr<Engine> engine, TermPtr term, Limits limits, std::vector<PhaseTerm> phases)
    : Compiled(std::move(engine), std::move(term), limits, nullptr, {}, std::move(phases)) {}

Compiled::Compiled(std::shared_ptr<Engine> engine, TermPtr term, Limits limits, std::shared_ptr<const SavedStates> saved,
                   std::vector<std::string> unenforced, std::vector<PhaseTerm> phases)
    : engine_(std::move(engine)), term_(std::move(term)), limits_(limits), saved_(std::move(saved)),
      phase_terms_(std::move(phases)), unenforced_(std::move(unenforced)) {
  build();
}

ExprId Compiled::build_root_in(Generation& generation) {
  if (saved_) {
    ExprId& root = generation.saved[saved_->name];
    if (root == kEmpty || saved_->name.empty()) {
      auto build = [term = term_](ExprPool& pool) { return decodex::build_root(*term, pool).root; };
      root = SavedSource::add(generation.pool, generation.masks, saved_, std::move(build));
    }
    return root;
  }
  Built built = decodex::build_root(*term_, generation.pool);
  unenforced_ = std::move(built.unenforced);
  if (!generation.masks.completable(built.root))
    throw Error(ErrorKind::Unsatisfiable,
                "the tokens of this vocabulary cannot spell any text that satisfies the constraint; it lacks characters "
                "that the constraint requires");
  return built.root;
}

Compiled::Start Compiled::build() {
  std::shared_ptr<Generation> generation = engine_->current(limits_);
  std::lock_guard lock(generation->pool.mutex());
  root_ = build_root_in(*generation);
  phases_ = phase_terms_.empty() ? nullptr : std::make_shared<Phases>(generation->pool, generation->masks, *generation->vocab, phase_terms_);
  generation_ = generation;
  return {generation, root_, phases_};
}

Compiled::Start Compiled::start() {
  std::lock_guard lock(mutex_);
  std::shared_ptr<Generation> generation = generation_.lock();
  if (!generation || is_full(*generation)) return build();
  return {std::move(generation), root_, phases_};
}

}  // namespace decodex
