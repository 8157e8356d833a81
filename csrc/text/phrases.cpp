#include "text/phrases.h"

#include <algorithm>
#include <memory>

#include "base/utf8.h"
#include "syntax/char_class.h"
#include "syntax/normal_forms.h"
#include "syntax/unicode.h"

namespace decodex {

namespace {

// Where the text stands: what the last character was.
enum Context : uint64_t {
  kFree,      // no word character, or words do not matter
  kInWord,    // a word character
  kAfter,     // the last word character of a phrase: a whole word ends here
};

class PhraseSource final : public RuleSource {
 public:
  PhraseSource(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::vector<std::string>>& steps,
               PhraseOptions options)
      : options_(options) {
    const CharSet& word = unicode::python_word();
    any_ = alphabet.any(pool);
    word_ = alphabet.chars(pool, word.ranges());
    const CharSet others = word.complement();
    other_ = alphabet.chars(pool, others.ranges());
    for (uint8_t b = 0x20; b < 0x7F; ++b)
      if (!word.has(b)) separators_.add(b);
    const ByteSet plain = pool.characters_between(any_, kEpsilon);
    for (size_t k = 0; k < steps.size(); ++k) {
      if (k > 0 && steps[k] == steps[k - 1]) {
        steps_.push_back(steps_.back());
        continue;
      }
      std::vector<ExprId> arms[2][2];
      for (const std::string& phrase : steps[k]) {
        const std::u32string characters = decode_utf8(phrase, "phrase");
        for (char32_t c : characters)
          if (c < 0x80) separators_.words[c >> 6] &= ~(uint64_t{1} << (c & 63));
        const bool begins = options.whole_words && word.has(characters.front());
        const bool ends = options.whole_words && word.has(characters.back());
        arms[begins][ends].push_back(spelled(pool, alphabet, characters));
      }
      Step step;
      step.plain = plain;
      for (int begins = 0; begins < 2; ++begins)
        for (int ends = 0; ends < 2; ++ends) {
          const ExprId phrases = step.phrases[begins][ends] = factored_alt(pool, arms[begins][ends]);
          step.plain = step.plain & ~first_bytes(pool, phrases);
        }
      steps_.push_back(step);
    }
    steps_.emplace_back();   // where all have been read
    for (size_t k = steps_.size() - 1; k-- > 0;) measure(pool, k);
  }

  ExprId start(ExprPool& pool) const { return state(pool, 0, kFree); }

  ExprId state(ExprPool& pool, size_t step, Context context) const {
    if (step + 1 == steps_.size() && context != kAfter) return kAnything;
    return pool.regular_rule(index(), step << 2 | context, steps_[step].shortest[context],
                             step + 1 == steps_.size() && context == kAfter);
  }

  ExprId expand(ExprPool& pool, uint64_t key) override {
    const size_t step = key >> 2;
    const auto context = static_cast<Context>(key & 3);
    std::vector<ExprId> arms;
    if (step + 1 == steps_.size()) arms.push_back(kEpsilon);   // a whole word may end the text
    if (!options_.whole_words) {
      arms.push_back(pool.concat(any_, state(pool, step, kFree)));
    } else {
      arms.push_back(pool.concat(other_, state(pool, step, kFree)));
      if (context != kAfter) arms.push_back(pool.concat(word_, state(pool, step, kInWord)));
    }
    for (int begins = 0; begins < (context == kFree ? 2 : 1); ++begins)
      for (int ends = 0; ends < 2; ++ends)
        if (step + 1 < steps_.size())
          arms.push_back(pool.concat(steps_[step].phrases[begins][ends], state(pool, step + 1, ends ? kAfter : kFree)));
    return pool.alt(arms);
  }

  size_t memory() const override { return sizeof(*this) + steps_.capacity() * sizeof(Step); }

  // A character that is in no phrase and in no word ends whatever had begun; what has been read stays read.
  Floor floor(ExprPool& pool, uint64_t key) override {
    if ((key & 3) == kAfter) return {};   // a whole word must end here, and might not
    return {state(pool, key >> 2, kFree), &separators_};
  }

  // Characters that begin no phrase.
  Closure closure(ExprPool& pool, uint64_t key) override {
    if ((key & 3) == kAfter) return {};
    Closure out{{state(pool, key >> 2, kFree)}, steps_[key >> 2].plain};
    if (options_.whole_words) out.states.push_back(state(pool, key >> 2, kInWord));
    return out;
  }

  // Who has read more phrases has less to find; a word in progress hides some. (Where a phrase has just ended, more
  // than the phrases is asked.)
  bool includes(uint64_t whole, uint64_t part) const override {
    if ((whole & 3) == kAfter) return false;
    if ((part & 3) == kAfter) return (whole >> 2) >= (part >> 2) && (whole & 3) == kFree;
    return (whole >> 2) > (part >> 2) || ((whole >> 2) == (part >> 2) && (whole & 3) == kFree);
  }

 private:
  struct Step {
    ExprId phrases[2][2] = {{kEmpty, kEmpty}, {kEmpty, kEmpty}};   // [begins][ends] with a word character that matters
    uint32_t shortest[3] = {0, 0, 0};                              // by context
    ByteSet plain;                                                 // characters that begin none of the phrases
  };

  static ByteSet first_bytes(ExprPool& pool, ExprId e) {
    ByteSet out;
    for (int b = 0; b < 0x100; ++b)
      if (pool.step_held(e, static_cast<uint8_t>(b)) != kEmpty) out.add(static_cast<uint8_t>(b));
    return out;
  }

  ExprId spelled(ExprPool& pool, const Alphabet& alphabet, std::u32string_view characters) const {
    std::vector<ExprId> parts;
    for (uint32_t c : characters) {
      CharSet set = CharSet::of(c);
      if (options_.ignore_case) set = close_over_case(set, CaseRule::Python);
      parts.push_back(alphabet.chars(pool, set.ranges()));
    }
    return pool.concat(parts);
  }

  void measure(ExprPool& pool, size_t k) {
    auto after = [&](int begins, int ends) {
      const uint64_t own = pool.shortest(steps_[k].phrases[begins][ends]);
      return own == kInfinite ? uint64_t{kInfinite} : own + steps_[k + 1].shortest[ends ? kAfter : kFree];
    };
    const uint64_t gap = pool.shortest(other_);
    const uint64_t hidden = std::min(after(0, 0), after(0, 1));
    const uint64_t any = std::min({hidden, after(1, 0), after(1, 1)});
    auto capped = [](uint64_t n) { return static_cast<uint32_t>(std::min<uint64_t>(n, kInfinite - 1)); };
    steps_[k].shortest[kFree] = capped(any);
    steps_[k].shortest[kInWord] = steps_[k].shortest[kAfter] = capped(std::min(hidden, gap + any));
  }

  PhraseOptions options_;
  ExprId any_, word_, other_;
  ByteSet separators_;
  std::vector<Step> steps_;
};

}  // namespace

ExprId occurrences(ExprPool& pool, const Alphabet& alphabet, const std::vector<std::vector<std::string>>& steps,
                   PhraseOptions options) {
  std::string name = "phrases " + std::to_string(alphabet.id()) + (options.whole_words ? "w" : "-") + (options.ignore_case ? "i" : "-");
  for (const std::vector<std::string>& phrases : steps) {
    name += '\n';
    for (const std::string& phrase : phrases) name += std::to_string(phrase.size()) + ":" + phrase;
  }
  auto make = [&] { return std::make_unique<PhraseSource>(pool, alphabet, steps, options); };
  return pool.named<PhraseSource>(name, make).start(pool);
}

}  // namespace decodex
