// Where one generation stands in its constraint: a state id per token read. Copying a matcher copies integers.
// One matcher is used by one thread at a time; matchers of one constraint run in parallel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "matcher/engine.h"

namespace decodex {

inline constexpr uint32_t kNoBudget = UINT32_MAX;

class Matcher {
 public:
  // `max_tokens`: every text is complete within so many tokens (the end token not counted). Throws Error(Budget) when
  // that cannot be promised from the start.
  explicit Matcher(Compiled& compiled, uint32_t max_tokens = kNoBudget);

  // Writes the mask of the next token (vocab().words() words); false when every token is allowed.
  bool fill(uint32_t* out);
  // As fill(), if that is only a copy; nullopt, and nothing written, if there is work to do.
  std::optional<bool> fill_known(const MaskEngine::Known& known, uint32_t* out);
  bool allows(uint32_t token);            // throws Error(Vocabulary) for an id outside the vocabulary
  bool advance(uint32_t token);           // false: refused, nothing changed
  uint32_t validate(std::span<const int64_t> tokens);   // how many of them would be accepted in turn
  void rollback(uint32_t tokens);         // throws Error(Vocabulary) beyond the start
  void reset();
  bool is_accepting() const { return !is_finished() && pool().accepting(state()); }
  bool is_finished() const { return finished_; }
  uint32_t tokens_to_finish();
  // The bytes that must come next, whatever the model wants; at most `limit`.
  std::string forced_bytes(size_t limit = 4096);
  // The bytes that may come after `read` has been read from here.
  ByteSet next_bytes(std::string_view read);
  // How many bytes of `text` can be read from here; `accepted`: all of them, and the text may end there.
  size_t check(std::string_view text, bool& accepted);

  ExprId state() const { return states_.back(); }
  bool at_start() const { return states_.size() == 1; }
  size_t tokens_read() const { return states_.size() - 1 + (finished_ ? 1 : 0); }
  uint32_t max_tokens() const { return max_tokens_; }
  ExprPool& pool() const { return start_.generation->pool; }
  MaskEngine& masks() const { return start_.generation->masks; }
  const Vocabulary& vocab() const { return *start_.generation->vocab; }
  // All that the mask depends on: equal keys have equal masks.
  auto mask_key() const { return std::tuple(start_.generation.get(), state(), at_start(), finished_, budget()); }

 private:
  ExprId next(ExprId state, bool at_start, uint32_t token, uint32_t budget);
  uint32_t budget() const;

  Compiled::Start start_;
  uint32_t max_tokens_;
  std::vector<ExprId> states_;   // after each token read; the root first
  bool finished_ = false;        // an end token was read
};

}  // namespace decodex
