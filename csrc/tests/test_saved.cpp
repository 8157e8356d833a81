// What artefacts keep: names of expressions that are the same in every pool, states and tables that give the masks of
// those they were made from, and a check that refuses numbers which lead nowhere.
#include <doctest/doctest.h>

#include <functional>
#include <random>
#include <set>

#include "mask/recorder.h"
#include "mask/saved_source.h"
#include "mask/saved_tables.h"
#include "mask/structural_hash.h"
#include "syntax/pattern_compiler.h"
#include "syntax/alphabet.h"

using namespace decodex;

namespace {

// The bytes as tokens, a few longer ones, and an end token.
std::shared_ptr<const Vocabulary> make_vocabulary() {
  std::string blob;
  std::vector<int64_t> offsets{0};
  auto add = [&](std::string_view token) {
    blob += token;
    offsets.push_back(static_cast<int64_t>(blob.size()));
  };
  for (int b = 0; b < 256; ++b) add(std::string(1, static_cast<char>(b)));
  for (const char* token : {"ab", "abc", "bc", "ca\"", "\":", "\n\n", "é", "aaaa"}) add(token);
  std::vector<uint8_t> has(offsets.size() - 1, 1);
  has.push_back(0);
  add("");
  const int32_t end = static_cast<int32_t>(has.size()) - 1;
  return std::make_shared<Vocabulary>(blob, offsets, has, std::vector<int32_t>{}, "", std::vector<int64_t>{0}, std::vector<int32_t>{end});
}

ExprId pattern(ExprPool& pool, const std::string& text) {
  PatternOptions options;
  options.dialect = Dialect::Python;
  return pool.lexeme(compile_pattern(pool, text, options, Utf8Alphabet()));
}

const std::vector<std::string> kPatterns = {
    "a*", "(?:ab|abc|c)+", "[^\"\\\\]{0,40}\"", "(?:a{2,9}|b)c?", "(?!no)[a-o]+", "\\bab\\b c", "(?=.*b)[abc]{3}", "x|y|z|ab",
};

void same_masks(MaskEngine& a, ExprPool& pool_a, ExprId from_a, MaskEngine& b, ExprPool& pool_b, ExprId from_b, uint32_t seed) {
  std::mt19937 rng(seed);
  const Vocabulary& vocab = a.vocab();
  for (int step = 0; step < 30; ++step) {
    std::vector<uint32_t> x(vocab.words()), y(vocab.words());
    CHECK(a.fill(from_a, step == 0, x.data()) == b.fill(from_b, step == 0, y.data()));
    REQUIRE(x == y);
    CHECK(a.tokens_to_finish(from_a, step == 0) == b.tokens_to_finish(from_b, step == 0));
    CHECK(pool_a.accepting(from_a) == pool_b.accepting(from_b));
    std::vector<uint32_t> allowed;
    for (uint32_t id = 0; id < vocab.size(); ++id)
      if ((x[id >> 5] >> (id & 31) & 1) && !vocab.is_eos(id)) allowed.push_back(id);
    if (allowed.empty()) return;
    const uint32_t token = allowed[rng() % allowed.size()];
    from_a = a.advance(from_a, step == 0, token);
    from_b = b.advance(from_b, step == 0, token);
    REQUIRE(from_a != kEmpty);
    REQUIRE(from_b != kEmpty);
  }
}

}  // namespace

TEST_CASE("structural hashes are the same in every pool and differ for different expressions") {
  ExprPool one, two;
  StructuralHashes in_one(one), in_two(two);
  std::set<StructuralHash> seen;
  std::vector<StructuralHash> forward;
  for (const std::string& text : kPatterns) forward.push_back(*in_one.of(pattern(one, text)));
  for (size_t i = kPatterns.size(); i-- > 0;) {   // so that ids, and the order of alternatives, are others
    pattern(two, "q" + kPatterns[i]);
    CHECK(in_two.of(pattern(two, kPatterns[i])) == forward[i]);
    CHECK(seen.insert(forward[i]).second);
  }
  CHECK(in_one.of(one.repeat(one.byte('a'), 2, 5)) != in_one.of(one.repeat(one.byte('a'), 2, 6)));
  CHECK(in_one.of(one.byte('a')) != in_one.of(one.byte('b')));
  struct Nothing final : RuleSource {
    ExprId expand(ExprPool&, uint64_t) override { return kEpsilon; }
    size_t memory() const override { return 0; }
  };
  const ExprId rule = one.rule(one.add_source(std::make_unique<Nothing>()), 0, 0, true);
  CHECK(!in_one.of(one.concat(one.byte('a'), rule)));
  CHECK(in_one.of(one.lookahead(pattern(one, "a"))) != in_one.of(one.lookbehind(pattern(one, "a"))));
}

TEST_CASE("recorded states give the masks of the states themselves, also where generation leaves them") {
  auto vocab = make_vocabulary();
  for (const std::string& text : kPatterns) {
    CAPTURE(text);
    ExprPool pool;
    MaskEngine masks(pool, *vocab, 1 << 24);
    const ExprId root = pattern(pool, text);
    Recorder recorder(pool, masks, root);
    for (const char* sample : {"ab", "abcab", "aab\"", "ab c", "x"}) recorder.read(vocab->longest_tokens(sample));
    auto saved = std::make_shared<SavedStates>(recorder.finish());
    saved->prepare(*vocab);
    for (uint32_t seed = 0; seed < 5; ++seed) {
      ExprPool other;
      MaskEngine others(other, *vocab, 1 << 24);
      ExprId start;
      {
        std::lock_guard lock(other.mutex());
        start = SavedSource::add(other, others, saved, [&](ExprPool& into) { return pattern(into, text); });
      }
      same_masks(masks, pool, root, others, other, start, seed);
    }
  }
}

TEST_CASE("a saved start of another constraint is noticed where generation leaves it") {
  auto vocab = make_vocabulary();
  ExprPool pool;
  MaskEngine masks(pool, *vocab, 1 << 24);
  Recorder recorder(pool, masks, pattern(pool, "ab+"));
  auto saved = std::make_shared<SavedStates>(recorder.finish());
  saved->prepare(*vocab);
  ExprPool other;
  MaskEngine others(other, *vocab, 1 << 24);
  std::unique_lock lock(other.mutex());
  const ExprId start = SavedSource::add(other, others, saved, [](ExprPool& into) { return pattern(into, "a*"); });
  lock.unlock();
  CHECK_THROWS_AS(others.advance(start, true, 'a'), Error);
}

TEST_CASE("saved tables are found by structure and give the same masks") {
  auto vocab = make_vocabulary();
  ExprPool pool;
  MaskEngine masks(pool, *vocab, 1 << 24);
  std::vector<uint32_t> bits(vocab->words());
  for (const std::string& text : kPatterns) masks.fill(pool.concat(pattern(pool, text), pool.literal("\":")), false, bits.data());
  SavedTables::Arrays arrays;
  std::set<std::pair<StructuralHash, bool>> known;
  masks.save_tables(arrays, known);
  REQUIRE(arrays.row.size() >= kPatterns.size() / 2);
  auto tables = std::make_shared<const SavedTables>(*vocab, arrays);
  ExprPool other;
  MaskEngine others(other, *vocab, 1 << 24);
  others.use(tables);
  for (size_t i = kPatterns.size(); i-- > 0;) {
    const ExprId mine = pool.concat(pattern(pool, kPatterns[i]), pool.literal("\":"));
    const ExprId theirs = other.concat(pattern(other, kPatterns[i]), other.literal("\":"));
    for (uint32_t seed = 0; seed < 3; ++seed) same_masks(masks, pool, mine, others, other, theirs, seed);
  }
}

TEST_CASE("arrays that lead nowhere are refused") {
  auto vocab = make_vocabulary();
  ExprPool pool;
  MaskEngine masks(pool, *vocab, 1 << 24);
  Recorder recorder(pool, masks, pattern(pool, "(?:ab|c)*"));
  recorder.read(vocab->longest_tokens("abcab"));
  const SavedStates good = recorder.finish();
  using Change = std::function<void(SavedStates&)>;
  const std::vector<Change> changes = {
      [](SavedStates& s) { s.states.clear(); },
      [](SavedStates& s) { s.states.back().parent = static_cast<uint32_t>(s.states.size()) - 1; },
      [](SavedStates& s) { s.states[1].byte = 256; },
      [](SavedStates& s) { s.states[0].shortest = kInfinite; },
      [](SavedStates& s) { s.states[0].classes = 99; },
      [](SavedStates& s) { s.states[0].mask = 99; },
      [](SavedStates& s) { s.states[0].edges_end += 1000; },
      [](SavedStates& s) { s.states.back().edges_end -= 1; },
      [](SavedStates& s) { s.edges[0].next = 99; },
      [](SavedStates& s) { s.edges[0].byte_class = 200; },
      [](SavedStates& s) { s.masks[0].row = 0; },
      [](SavedStates& s) { s.masks[0].ids_end += 1000; },
      [](SavedStates& s) { s.mask_ids[0] = 60'000; },
      [](SavedStates& s) { s.rows.push_back({SavedStates::kBits, 0}); },
      [](SavedStates& s) { s.rows.push_back({0, 0}); },
      [](SavedStates& s) { s.class_runs.back() = 0; },
      [](SavedStates& s) { s.class_runs[0] |= 255; },
      [](SavedStates& s) { s.class_runs_end.pop_back(); },
      [](SavedStates& s) { s.start_mask.clear(); },
      [](SavedStates& s) { s.start_mask[0] = 99; },
  };
  SavedStates whole = good;
  CHECK_NOTHROW(whole.prepare(*vocab));
  for (size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    SavedStates changed = good;
    changes[i](changed);
    CHECK_THROWS_AS(changed.prepare(*vocab), Error);
  }
}

TEST_CASE("states with numbers altered at random are refused, or used without a wrong access (for the sanitizers)") {
  auto vocab = make_vocabulary();
  std::mt19937 rng(7);
  size_t refused = 0, used = 0;
  for (const std::string& text : kPatterns) {
    ExprPool pool;
    MaskEngine masks(pool, *vocab, 1 << 24);
    Recorder recorder(pool, masks, pattern(pool, text));
    for (const char* sample : {"ab", "abcab", "aab\"", "ab c", "x"}) recorder.read(vocab->longest_tokens(sample));
    const SavedStates good = recorder.finish();
    for (int turn = 0; turn < 300; ++turn) {
      auto changed = std::make_shared<SavedStates>(good);
      auto alter = [&](auto& list) {
        using T = std::remove_reference_t<decltype(list[0])>;
        if (list.empty()) return;
        auto* numbers = reinterpret_cast<std::conditional_t<std::is_class_v<T>, uint32_t, T>*>(list.data());
        auto& number = numbers[rng() % (list.size() * sizeof(T) / sizeof *numbers)];
        const uint64_t choices[] = {0, 1, number + 1u, number - 1u, rng() % 40, UINT32_MAX, rng()};
        number = static_cast<std::remove_reference_t<decltype(number)>>(choices[rng() % 7]);
      };
      switch (rng() % 7) {
        case 0: alter(changed->states); break;
        case 1: alter(changed->edges); break;
        case 2: alter(changed->masks); break;
        case 3: alter(changed->mask_ids); break;
        case 4: alter(changed->class_runs); break;
        case 5: alter(changed->class_runs_end); break;
        case 6: changed->rows.push_back({SavedStates::kNothing, 0}); alter(changed->rows); alter(changed->masks); break;
      }
      try {
        changed->prepare(*vocab);
        ExprPool other(Limits{.search_states = 2'000});
        MaskEngine others(other, *vocab, 1 << 24);
        ExprId at;
        {
          std::lock_guard lock(other.mutex());
          at = SavedSource::add(other, others, changed, [&](ExprPool& into) { return pattern(into, text); });
        }
        std::vector<uint32_t> bits(vocab->words());
        for (int step = 0; step < 12 && at != kEmpty; ++step) {
          others.fill(at, step == 0, bits.data());
          others.fill_within(at, step == 0, 9, bits.data());
          others.tokens_to_finish(at, step == 0);
          at = others.advance(at, step == 0, rng() % 2 ? 'a' + rng() % 3 : rng() % vocab->size());
        }
        ++used;
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 100);
  CHECK(used > 100);
}

TEST_CASE("ids as gaps") {
  for (const std::vector<uint32_t>& ids : std::vector<std::vector<uint32_t>>{
           {}, {0}, {65'534}, {65'535}, {65'536}, {0, 65'535, 131'070, 400'000}, {5, 6, 7}}) {
    std::vector<uint16_t> gaps;
    append_ids(ids, gaps);
    std::vector<uint32_t> back;
    each_id(gaps, [&](uint64_t id) { back.push_back(static_cast<uint32_t>(id)); });
    CHECK(back == ids);
  }
}
