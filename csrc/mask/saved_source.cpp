#include "mask/saved_source.h"

#include <string>

namespace decodex {

namespace {

[[noreturn]] void refuse() {
  throw Error(ErrorKind::Artefact,
              "the saved states of the artefact are not those of its constraint; make it again with save()");
}

}  // namespace

SavedSource::SavedSource(MaskEngine& masks, std::shared_ptr<const SavedStates> states, BuildRoot build)
    : masks_(masks), states_(std::move(states)), build_(std::move(build)), expressions_(states_->states.size(), kEmpty),
      real_(states_->states.size(), kEmpty), rows_(states_->rows.size()) {}

ExprId SavedSource::add(ExprPool& pool, MaskEngine& masks, std::shared_ptr<const SavedStates> states, BuildRoot build) {
  std::unique_ptr<SavedSource> source(new SavedSource(masks, std::move(states), std::move(build)));
  return pool.added(std::move(source)).expression(pool, 0);
}

// With all that it will make: expressions, places in the mask engine, rows.
size_t SavedSource::memory() const {
  constexpr size_t kPerState = 2 * sizeof(ExprId) + 64;
  return sizeof(*this) + states_->memory() + states_->states.size() * kPerState + rows_.size() * 4 * masks_.vocab().words();
}

std::unique_ptr<Mask> SavedSource::mask(uint32_t state, bool at_start) {
  const SavedStates& s = *states_;
  const uint32_t k = !at_start ? s.states[state].mask : state == 0 ? s.start_mask[0] : SavedStates::kNone;
  if (k == SavedStates::kNone) return nullptr;
  auto out = std::make_unique<Mask>();
  if (const uint32_t row = s.masks[k].row; row != SavedStates::kNone) {
    if (rows_[row].empty()) rows_[row] = s.bits_of_row(row, masks_.vocab());
    out->base = rows_[row].data();
  }
  each_id(s.ids_of_mask(k), [&](uint64_t id) { out->ids.push_back(static_cast<uint32_t>(id)); });
  out->after = s.masks[k].after;
  out->all = s.masks[k].all;
  return out;
}

ExprId SavedSource::real(ExprPool& pool, uint32_t state) {
  if (real_[0] == kEmpty) real_[0] = build_(pool);
  if (real_[0] == kEmpty) refuse();
  std::vector<uint32_t> way;   // up to a state that was made already
  for (uint32_t at = state; real_[at] == kEmpty; at = states_->states[at].parent) way.push_back(at);
  for (size_t i = way.size(); i-- > 0;) {
    const uint32_t at = way[i];
    real_[at] = pool.step_held(real_[states_->states[at].parent], static_cast<uint8_t>(states_->states[at].byte));
    if (real_[at] == kEmpty) refuse();
  }
  if (pool.nullable(real_[state]) != (states_->states[state].shortest == 0)) refuse();
  return real_[state];
}

std::optional<ExprId> SavedSource::known_next(ExprPool& pool, uint64_t key, uint8_t byte) {
  const uint32_t state = static_cast<uint32_t>(key);
  const uint8_t wanted = states_->class_map(state)[byte];
  for (const SavedStates::Edge& e : states_->edges_of(state))
    if (e.byte_class == wanted) return e.next == SavedStates::kNone ? kEmpty : expression(pool, e.next);
  return std::nullopt;
}

// The one set of bytes that can be read, when that is all there is to a state.
SavedSource::OnlyWay SavedSource::only_way(uint32_t state) const {
  const SavedStates& s = *states_;
  const uint8_t* map = s.class_map(state);
  OnlyWay out{{}, SavedStates::kNone};
  if (s.states[state].shortest == 0) return out;
  uint64_t known[4] = {0, 0, 0, 0};
  uint32_t way = 0;
  for (const SavedStates::Edge& e : s.edges_of(state)) {
    known[e.byte_class >> 6] |= 1ull << (e.byte_class & 63);
    if (e.next == SavedStates::kNone) continue;
    if (out.next != SavedStates::kNone) return {{}, SavedStates::kNone};
    out.next = e.next;
    way = e.byte_class;
  }
  if (out.next == SavedStates::kNone || s.states[out.next].shortest + 1 != s.states[state].shortest) return {{}, SavedStates::kNone};
  for (int byte = 0; byte < 256; ++byte) {
    if (!(known[map[byte] >> 6] >> (map[byte] & 63) & 1)) return {{}, SavedStates::kNone};
    if (map[byte] == way) out.set.add(static_cast<uint8_t>(byte));
  }
  return out;
}

ExprId SavedSource::expression(ExprPool& pool, uint32_t state) {
  std::vector<std::pair<uint32_t, ByteSet>> run;   // states with one way on; each is nearer to the end than the one before
  uint32_t at = state;
  while (expressions_[at] == kEmpty) {
    const OnlyWay way = only_way(at);
    if (way.next == SavedStates::kNone) break;
    run.push_back({at, way.set});
    at = way.next;
  }
  auto made = [&](uint32_t k, ExprId e) {
    expressions_[k] = e;
    masks_.attach(e, {this, k});
  };
  if (expressions_[at] == kEmpty) made(at, pool.rule(index(), at, states_->states[at].shortest, states_->states[at].shortest == 0));
  for (size_t i = run.size(); i-- > 0; at = run[i].first) made(run[i].first, pool.concat(pool.bytes(run[i].second), expressions_[at]));
  return expressions_[state];
}

}  // namespace decodex
