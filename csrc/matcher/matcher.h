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
  bool is_accepting() const { return !is_finished() && may_end(place()); }
  bool is_finished() const { return finished_; }
  uint32_t tokens_to_finish();
  // The mask of the tokens after which fewer tokens suffice to finish than here; empty where the text may end.
  void fill_finishing(uint32_t* out);
  // The bytes that must come next, whatever the model wants; at most `limit`.
  std::string forced_bytes(size_t limit = 4096);
  // The bytes that may come after `read` has been read from here.
  ByteSet next_bytes(std::string_view read);
  // The bytes that the last `tokens` tokens added to the text.
  std::string last_bytes(size_t tokens) const;
  // Where in `text`, read from here, a token may begin that goes on behind its end; ascending.
  std::vector<size_t> crossings(std::string_view text);
  // How many of `tokens`, read from here, spell the last `bytes` bytes of them; SIZE_MAX when one begins before these.
  size_t spelling(std::span<const int64_t> tokens, size_t bytes) const;
  // A draft, as a chain or as a tree, judged without moving: parents[i] is the token that tokens[i] follows (earlier in
  // the list), or -1 for this place; without: each follows the one before. allowed[i]: tokens[i] and all that it follows
  // are allowed. With `masks` (tokens.size() + 1 rows of vocab().words() words) row 0 becomes the mask of this place and
  // row i + 1 the one after tokens[i], in which everything is allowed when tokens[i] is not. Throws Error(Vocabulary).
  void verify(std::span<const int64_t> tokens, std::optional<std::span<const int64_t>> parents, bool* allowed,
              uint32_t* masks = nullptr);
  // How many bytes of `text` can be read from here; `accepted`: all of them, and the text may end there, cut into some
  // tokens or other where they are counted.
  size_t check(std::string_view text, bool& accepted);

  ExprId state() const { return steps_.back().state; }
  bool at_start() const { return steps_.size() == 1; }
  size_t tokens_read() const { return steps_.size() - 1 + (finished_ ? 1 : 0); }
  uint32_t max_tokens() const { return max_tokens_; }
  void* origin() const { return origin_.get(); }   // that of the constraint
  ExprPool& pool() const { return start_.generation->pool; }
  MaskEngine& masks() const { return start_.generation->masks; }
  const Vocabulary& vocab() const { return *start_.generation->vocab; }
  // All that the mask depends on: equal keys have equal masks.
  auto mask_key() const { return std::tuple(start_.generation.get(), state(), at_start(), finished_, budget(), count()); }

 private:
  // A place that the matcher has come to or could come to.
  struct Place {
    ExprId state;
    uint32_t budget;
    bool at_start, finished;
    Phases::Place count;   // where tokens are counted
  };
  struct Step {
    ExprId state;     // after the token
    uint32_t token;   // of the root: none
  };
  Place place() const { return {state(), budget(), at_start(), finished_, count()}; }
  Phases::Place count() const { return counts_.empty() ? Phases::Place{} : counts_.back(); }
  bool may_end(const Place& at) const { return pool().accepting(at.state) && (!start_.phases || start_.phases->may_end(at.count)); }
  bool follow(Place& at, int64_t token);   // false: refused, `at` is as it was
  bool fill(const Place& at, uint32_t* out);
  ExprId next(Place& at, uint32_t token);   // and counts it
  uint32_t budget() const;

  Compiled::Start start_;
  uint32_t max_tokens_;
  std::shared_ptr<void> origin_;
  std::vector<Step> steps_;   // one per token read; the root first
  std::vector<Phases::Place> counts_;   // the same, where tokens are counted
  bool finished_ = false;     // an end token was read
};

}  // namespace decodex
