#include "mask/recorder.h"

#include <algorithm>
#include <bit>

namespace decodex {

Recorder::Recorder(ExprPool& pool, MaskEngine& masks, ExprId root) : pool_(pool), masks_(masks), vocab_(masks.vocab()) {
  number(root, 0, 0);
  want_mask(0);
  if (vocab_.start_differs()) saved_.start_mask[0] = save_mask(root, true);
}

uint32_t Recorder::number(ExprId state, uint32_t parent, uint8_t byte) {
  auto [it, fresh] = numbers_.try_emplace(state, static_cast<uint32_t>(states_.size()));
  if (fresh) {
    states_.push_back(state);
    met_.emplace_back();
    saved_.states.push_back({parent, byte, 0, 0, SavedStates::kNone, 0});
  }
  return it->second;
}

void Recorder::want_mask(uint32_t k) {
  if (saved_.states[k].mask == SavedStates::kNone) saved_.states[k].mask = save_mask(states_[k], false);
}

size_t Recorder::read(std::span<const uint32_t> tokens) {
  uint32_t at = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const uint32_t token = tokens[i];
    if (vocab_.is_eos(token)) return pool_.accepting(states_[at]) ? i + 1 : i;
    if (masks_.advance(states_[at], i == 0, token) == kEmpty) return i;
    for (char c : i == 0 ? vocab_.start_token(token) : vocab_.token(token)) {
      const uint8_t byte = static_cast<uint8_t>(c);
      const uint32_t next = number(pool_.step(states_[at], byte), at, byte);
      if (std::find(met_[at].begin(), met_[at].end(), std::pair{byte, next}) == met_[at].end()) met_[at].push_back({byte, next});
      at = next;
    }
    want_mask(at);
  }
  return tokens.size();
}

// By the tokens in which it differs from what it is most like, or by its bits where that is shorter.
uint32_t Recorder::save_row(const uint32_t* row) {
  const size_t words = vocab_.words();
  const std::vector<uint32_t> bits(row, row + words), nothing(words);
  auto [it, fresh] = known_rows_.try_emplace(bits, static_cast<uint32_t>(known_rows_.size()));
  if (!fresh) return it->second;
  const std::vector<uint32_t>* like = &nothing;
  uint32_t base = SavedStates::kNothing;
  size_t fewest = SIZE_MAX;
  auto consider = [&](uint32_t candidate, const std::vector<uint32_t>& other) {
    size_t differ = 0;
    for (size_t w = 0; w < words; ++w) differ += static_cast<size_t>(std::popcount(bits[w] ^ other[w]));
    if (differ >= fewest) return;
    fewest = differ;
    base = candidate;
    like = &other;
  };
  consider(base, nothing);
  consider(SavedStates::kText, vocab_.text_bits());
  for (const auto& [other, number] : known_rows_)
    if (number != it->second && SavedStates::stands_alone(saved_.rows[number])) consider(number, other);
  std::vector<uint16_t>& out = saved_.row_ids;
  if (fewest > 2 * words) {
    base = SavedStates::kBits;
    for (uint32_t word : bits) out.insert(out.end(), {static_cast<uint16_t>(word), static_cast<uint16_t>(word >> 16)});
  } else {
    std::vector<uint32_t> ids;
    for (size_t w = 0; w < words; ++w)
      for (uint32_t left = bits[w] ^ (*like)[w]; left; left &= left - 1)
        ids.push_back(static_cast<uint32_t>(w * 32) + static_cast<uint32_t>(std::countr_zero(left)));
    append_ids(ids, out);
  }
  saved_.rows.push_back({base, static_cast<uint32_t>(out.size())});
  return it->second;
}

uint32_t Recorder::save_mask(ExprId state, bool at_start) {
  uint32_t number = SavedStates::kNone;
  masks_.with_mask(state, at_start, [&](const Mask& mask) {
    const uint32_t row = mask.base ? save_row(mask.base) : SavedStates::kNone;
    std::vector<uint32_t> ids(mask.ids);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::vector<uint32_t> all = {row, mask.after, mask.all};
    all.insert(all.end(), ids.begin(), ids.end());
    std::string key(reinterpret_cast<const char*>(all.data()), all.size() * sizeof(uint32_t));
    auto [it, fresh] = known_masks_.try_emplace(std::move(key), static_cast<uint32_t>(known_masks_.size()));
    number = it->second;
    if (!fresh) return;
    append_ids(ids, saved_.mask_ids);
    saved_.masks.push_back({row, static_cast<uint32_t>(saved_.mask_ids.size()), mask.after, mask.all});
  });
  return number;
}

uint32_t Recorder::save_classes(const ByteClasses& classes, SavedStates& out) {
  auto [it, fresh] = known_classes_.try_emplace(&classes, static_cast<uint32_t>(known_classes_.size()));
  if (!fresh) return it->second;
  for (int byte = 0; byte < 256; ++byte)
    if (byte == 255 || classes.of[byte] != classes.of[byte + 1])
      out.class_runs.push_back(static_cast<uint16_t>(byte << 8 | classes.of[byte]));
  out.class_runs_end.push_back(static_cast<uint32_t>(out.class_runs.size()));
  return it->second;
}

// All edges where they are few; where a word is being captured, every byte leads to a state of its own, and only those
// that were met are of interest.
void Recorder::save_edges(uint32_t k, SavedStates& out) {
  const ExprId state = states_[k];
  const ByteClasses& classes = pool_.classes(state);
  out.states[k].classes = save_classes(classes, out);
  auto edge = [&](uint8_t byte, uint32_t next) { out.edges.push_back({classes.of[byte], next}); };
  if (pool_.has_capture_at_head(state)) {
    for (auto [byte, next] : met_[k]) edge(byte, next);
  } else {
    for (int c = 0; c < classes.count; ++c) {
      const uint8_t byte = classes.representative[c];
      try {
        const ExprId next = pool_.step_held(state, byte);
        auto known = numbers_.find(next);
        if (next == kEmpty) edge(byte, SavedStates::kNone);
        else if (known != numbers_.end()) edge(byte, known->second);
      } catch (const Error&) {   // a limit was met off the way of the texts: an edge that is not known
      }
    }
  }
  out.states[k].edges_end = static_cast<uint32_t>(out.edges.size());
}

SavedStates Recorder::finish() {
  SavedStates out = std::move(saved_);
  std::lock_guard lock(pool_.mutex());
  for (uint32_t k = 0; k < states_.size(); ++k) {
    out.states[k].shortest = pool_.shortest(states_[k]);
    save_edges(k, out);
  }
  return out;
}

}  // namespace decodex
