// Hash-consed expressions over bytes: the one language into which every constraint compiles.
//
// An expression denotes a set of byte strings. Equal expressions are one node with one id, so an id is also a state:
// the state after reading bytes w is the derivative of the expression by w (Brzozowski 1964; Owens, Reppy, Turon 2009).
// Derivatives are made on demand and remembered per state and byte class.
//
// Threads: everything that may create a node needs the lock of `mutex()`; what is marked "lock-free" does not, as
// long as the id was published to the caller (returned by a call, or read from a transition).
//
// Look-around: lookahead(P) followed by K denotes conj(P, K), where K is the whole rest of the text. lookbehind(S)
// matches nothing where the text read so far is in S; derivatives carry S along (`shift`), so it needs no second pass.
// Methods: intersections and complements are nodes; their emptiness is found by a best-first search of derivatives.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/arena.h"
#include "base/byte_set.h"
#include "base/chunked.h"
#include "base/error.h"
#include "base/hash_index.h"
#include "expr/byte_classes.h"

namespace decodex {

enum class ExprId : uint32_t {};
inline constexpr ExprId kEmpty{0};     // no string at all: the dead state
inline constexpr ExprId kEpsilon{1};   // only the empty string
inline constexpr ExprId kAnything{2};  // every byte string

inline constexpr uint32_t kUnbounded = UINT32_MAX;  // as the `max` of a repeat
inline constexpr uint32_t kInfinite = UINT32_MAX;   // as the length of a shortest word: there is none
inline constexpr size_t kLongestWord = size_t{1} << 22;   // bytes of a word that is written out

enum class Kind : uint8_t {
  Empty, Epsilon, Bytes, Concat, Alt, Conj, Not, Repeat, Lookbehind, Lookahead, Lexeme, Rule, Capture
};

class ContextFreeProduct;
class ExprPool;

inline constexpr uint64_t kNoLimit = UINT64_MAX;
inline constexpr std::string_view kSeparators = "., ;-/!*";   // characters that are tried behind a text, the likeliest first

struct Relaxed {
  ExprId expr;
  uint64_t limit;   // bytes: up to this length the words are those of the original; kNoLimit: it is the original
};

// Where lazily expanded rules come from: a rule is (source, key); its body is asked for when it is first needed.
class RuleSource {
 public:
  virtual ~RuleSource() = default;
  // The body of rule `key`. Must not be nullable unless rule() was told so, must contain no look-around that reaches
  // outside, and its shortest word must have the length that rule() was told.
  virtual ExprId expand(ExprPool& pool, uint64_t key) = 0;
  // What follows a capture that has read `word` (see ExprPool::capture).
  virtual ExprId after_capture(ExprPool& pool, uint64_t key, std::string_view word);
  // What follows a capture whose word is none that was or will be met: after_capture() without remembering the word.
  // kEmpty: not known (correct, only slower).
  virtual ExprId after_fresh_capture(ExprPool& pool, uint64_t key);
  // May what follows a capture be longer for some words than after_fresh_capture() can be, though not than it was told?
  virtual bool length_depends_on_word(uint64_t key);
  // Are the words of a capture `key`, met behind a capture `outer`, the same whatever word that one has read? (And are
  // they live: what comes after them may depend on both words, but always goes on.)
  virtual bool nested(uint64_t key, uint64_t outer) const;
  // See ExprPool::relaxed(): a regular rule without its upper count.
  virtual Relaxed relaxed(ExprPool& pool, ExprId rule, uint64_t key);
  // Of a regular rule that is live after every text: a state that is included in all those to which reading any text and
  // then a character of `separators` can lead.
  struct Floor {
    ExprId state = kEmpty;                    // kEmpty: none is known
    const ByteSet* separators = nullptr;      // ASCII
  };
  virtual Floor floor(ExprPool& pool, uint64_t key);
  // Of a regular rule that counts: a state that counts from nothing and never ends, and where `key` stands when that
  // one has come to `counted`. kEmpty: it does not count.
  virtual ExprId counter(ExprPool& pool, uint64_t key);
  virtual ExprId resume(ExprPool& pool, uint64_t key, uint64_t counted);
  // Of what counts: the states that count from nothing, one for each place where a text may begin; what has been counted
  // in one of those; and how many units may begin in any text behind `key`. kInfinite: any number.
  virtual std::vector<ExprId> counters(ExprPool& pool);
  virtual uint32_t counted(uint64_t key) const;
  virtual uint32_t room(uint64_t key) const;
  // Of a regular rule that counts: one of few states that its own one includes, in which more, or less, is counted.
  // kEmpty: none.
  virtual ExprId tightened(ExprPool& pool, uint64_t key);
  // Of a regular rule: characters that lead from each of the states to one of them, itself among them. ASCII bytes, and
  // lead bytes for all of their characters.
  struct Closure {
    std::vector<ExprId> states;               // empty: none is known
    ByteSet characters;
  };
  virtual Closure closure(ExprPool& pool, uint64_t key);
  // Is every word of the regular rule `part` plainly a word of `whole`?
  virtual bool includes(uint64_t whole, uint64_t part) const;
  // Where a rule is a state whose transitions are known without its body: its byte classes (256 numbers, in the order of
  // the smallest bytes), nullptr otherwise; and the state after a byte, nothing where the body has to be asked.
  virtual const uint8_t* known_classes(uint64_t key) const;
  virtual std::optional<ExprId> known_next(ExprPool& pool, uint64_t key, uint8_t byte);
  // Bytes that it holds on to, beside the expressions of the pool, with what it will add to them as a rule. Asked for once,
  // when it is added.
  virtual size_t memory() const = 0;

 protected:
  uint32_t index() const { return index_; }   // of this source in its pool

 private:
  friend class ExprPool;
  uint32_t index_ = 0;
};

struct Limits {
  uint64_t search_states = 50'000;        // derivatives looked at by one emptiness search
  uint64_t pool_bytes = 1ull << 30;       // nodes, transitions and masks of one pool
  uint32_t nesting = 1'000;               // depth of a pattern or a schema
  bool operator==(const Limits&) const = default;
};

struct Node {
  Kind kind;
  uint8_t flags;                    // see the k... constants below
  std::atomic<uint8_t> life;        // Life
  uint32_t shortest;                // bytes of the shortest word; with kSearch a lower bound until `life` is known
  uint32_t a, b, c;                 // children or numbers, by kind; Rule: source, body (kEmpty: not expanded yet)
  union {
    uint64_t key;                   // Rule; Capture: index of its record
    const ExprId* kids;             // Alt, Conj: sorted by id, `a` of them
    const ByteSet* set;             // Bytes
  };
};

inline constexpr uint8_t kNullable = 1;     // contains the empty string (at this place of the text)
inline constexpr uint8_t kLookbehind = 2;   // a look-behind is somewhere inside
inline constexpr uint8_t kLookahead = 4;    // a look-ahead inside reaches what follows the expression
inline constexpr uint8_t kSearch = 8;       // emptiness and shortest word need a search
inline constexpr uint8_t kHasRule = 16;     // a rule or capture is somewhere inside
inline constexpr uint8_t kHasCapture = 32;  // a capture is somewhere inside, other than in the body of a rule

class ExprPool {
 public:
  explicit ExprPool(Limits limits = {});
  ~ExprPool();

  std::mutex& mutex() { return mutex_; }
  const Limits& limits() const { return limits_; }

  // ---- making expressions (lock held) ----
  ExprId bytes(const ByteSet& set);
  ExprId byte(uint8_t value) const { return bytes_[value]; }
  ExprId literal(std::string_view text);                       // exactly these bytes
  ExprId literal_then(std::string_view text, ExprId tail);     // concat(literal(text), tail) without the detour
  ExprId concat(ExprId head, ExprId tail);
  ExprId concat(std::initializer_list<ExprId> parts);
  ExprId concat(std::span<const ExprId> parts);
  ExprId alt(ExprId a, ExprId b);
  ExprId alt(std::span<const ExprId> arms);
  ExprId conj(ExprId a, ExprId b);
  ExprId conj(std::span<const ExprId> parts);
  ExprId complement(ExprId e);                                 // relative to all byte strings
  ExprId repeat(ExprId e, uint32_t min, uint32_t max);         // max may be kUnbounded
  ExprId optional(ExprId e) { return alt(kEpsilon, e); }
  ExprId star(ExprId e) { return repeat(e, 0, kUnbounded); }
  ExprId lookbehind(ExprId before);   // nothing, where the whole text so far is in `before` (no look-ahead inside)
  ExprId lookahead(ExprId rest);      // nothing, where the whole rest of the text is in `rest`
  // The same language as `e`, marked as a lexeme: the mask engine tables the vocabulary once per lexeme state and
  // shares the tables between all constraints. Mark regular bodies that much of the vocabulary fits (string bodies).
  ExprId lexeme(ExprId e);
  // A union of literal strings as a trie: cheap for tens of thousands of words.
  ExprId words(std::span<const std::string> words);
  // Any one code point in [first, last], as UTF-8 (surrogates left out).
  ExprId code_points(uint32_t first, uint32_t last);
  // Any one code point of the sorted, disjoint ranges.
  ExprId code_points(std::span<const std::pair<uint32_t, uint32_t>> ranges);
  ExprId any_code_point();            // one valid UTF-8 character
  // The characters that lead from one state to another: ASCII bytes, and lead bytes for all of their characters.
  ByteSet characters_between(ExprId from, ExprId to);
  ExprId valid_utf8();                // any number of them

  // ---- lazily expanded rules ----
  uint32_t add_source(std::unique_ptr<RuleSource> source);     // the pool owns it; returns its index
  template <class Source>
  Source& added(std::unique_ptr<Source> source) {              // the same; returns it
    return static_cast<Source&>(*sources_[add_source(std::move(source))]);
  }
  // The source of this name; added by make() when there is none yet. A name says all that a source is made of, so equal
  // automata are one.
  template <class Source, class Make>
  Source& named(const std::string& name, Make make) {
    if (const auto known = named_sources_.find(name); known != named_sources_.end())
      return static_cast<Source&>(*sources_[known->second]);
    std::unique_ptr<Source> source = make();                   // which may add others
    source_bytes_ += name.capacity();
    const uint32_t index = add_source(std::move(source));
    named_sources_.emplace(name, index);
    return static_cast<Source&>(*sources_[index]);
  }
  RuleSource& source(uint32_t index) { return *sources_[index]; }
  // `shortest`: bytes of the rule's shortest word, exactly (kInfinite: the rule is empty, and kEmpty is returned).
  ExprId rule(uint32_t source, uint64_t key, uint32_t shortest, bool nullable = false);
  // A state of an automaton with finitely many states, each a rule of one source: as regular as any other expression.
  ExprId regular_rule(uint32_t source, uint64_t key, uint32_t shortest, bool nullable);
  // Reads a word of `lexeme` (regular and prefix-free: no word begins another), remembering its bytes, and goes on
  // with source.after_capture(key, bytes). `tail_shortest`: shortest length of what follows.
  ExprId capture(ExprId lexeme, uint32_t source, uint64_t key, uint32_t tail_shortest);

  // ---- reading nodes (lock-free) ----
  const Node& node(ExprId e) const { return nodes_[static_cast<uint32_t>(e)]; }
  bool nullable(ExprId e) const { return node(e).flags & kNullable; }
  bool accepting(ExprId e) const { return nullable(e); }
  std::span<const ExprId> kids(ExprId e) const { return {node(e).kids, node(e).a}; }
  std::string dump(ExprId e, size_t max_chars = 4000) const;   // readable text, for people and tests
  size_t size() const { return count_.load(std::memory_order_relaxed); }
  size_t memory() const;              // bytes of nodes, transitions and tables

  // ---- states ----
  // The state after `byte`, kEmpty when no word goes on so: exact (what is left can always be completed).
  // Lock-free when the transition is known; takes the lock otherwise.
  ExprId step(ExprId state, uint8_t byte) {
    const Row* row = rows_[static_cast<uint32_t>(state)].load(std::memory_order_acquire);
    if (row) [[likely]] {
      uint32_t next = row->next[row->classes->of[byte]].load(std::memory_order_acquire);
      if (static_cast<int32_t>(next) >= 0) [[likely]] return ExprId{next};
    }
    return step_slow(state, byte);
  }
  // As step(), for callers that hold the lock anyway.
  ExprId step_held(ExprId state, uint8_t byte) {
    const Row* row = rows_[static_cast<uint32_t>(state)].load(std::memory_order_relaxed);
    if (row) [[likely]] {
      uint32_t next = row->next[row->classes->of[byte]].load(std::memory_order_relaxed);
      if (static_cast<int32_t>(next) >= 0) [[likely]] return ExprId{next};
    }
    return step_locked(state, byte);
  }
  // step() over text, with the last state judged alone; `live`: it is known to be, where the text may be read at all.
  ExprId run(ExprId state, std::string_view text, bool live = false);
  std::optional<ExprId> known_run(ExprId state, std::string_view text);   // where all transitions are known; lock-free

  ExprId run_held(ExprId state, std::string_view text) {       // the same, for callers that hold the lock anyway
    for (char c : text) state = step_held(state, static_cast<uint8_t>(c));
    return state;
  }

  // A state with its transitions at hand, for walks that take many steps. (lock held)
  struct Cursor {
    ExprId state = kEmpty;
    bool nullable = false;
    bool captures = false;            // is one being read?
    const void* row = nullptr;        // of the state's transitions
    const ByteSet* set = nullptr;     // or the bytes that the state reads on its way to `tail`
    ExprId tail = kEmpty;
  };
  Cursor cursor(ExprId state) {
    const Row* known = rows_[static_cast<uint32_t>(state)].load(std::memory_order_relaxed);
    return known ? Cursor{state, known->nullable, known->captures, known, nullptr, kEmpty} : cursor_slow(state);
  }
  Cursor step_cursor(const Cursor& from, uint8_t byte) {
    if (const Row* row = static_cast<const Row*>(from.row)) [[likely]] {
      uint32_t next = row->next[row->classes->of[byte]].load(std::memory_order_relaxed);
      ExprId state = static_cast<int32_t>(next) >= 0 ? ExprId{next} : step_locked(from.state, byte);
      return state == from.state ? from : state == kEmpty ? Cursor{} : cursor(state);
    }
    if (from.set) return from.set->has(byte) ? cursor(from.tail) : Cursor{};
    return cursor(step_held(from.state, byte));
  }

  // Is it known that the state dies on `byte`? A cheap test that walks make before they take a step.
  bool known_dead(const Cursor& from, uint8_t byte) const {
    if (const Row* row = static_cast<const Row*>(from.row)) return row->next[row->classes->of[byte]].load(std::memory_order_relaxed) == 0;
    return from.set && !from.set->has(byte);
  }

  // Is there a word at all? Exact. (lock held)
  bool live(ExprId e);
  // Length in bytes of a shortest word; of an intersection that takes long to search, of a short one; kInfinite when
  // empty. (lock held)
  uint32_t shortest(ExprId e);
  // The first byte of a word whose length shortest() tells; -1: the state is nullable or dead. (lock held)
  int first_of_shortest(ExprId e);
  // Such a word as a whole, where it cannot be found by reading byte after byte, since it is that of another state; the
  // states on its way then tell what is left of it. (lock held)
  std::optional<std::string> known_word(ExprId e);
  // The state after a text, dead or not; where nothing is known of it, it is tried whether it reads the word of `like`, a
  // state that differs from it only in what captures have read. (lock held)
  ExprId run_towards(ExprId from, std::string_view text, ExprId like);
  // The expression with every upper count that leaves much room taken away (see relaxation.cpp). (lock held)
  Relaxed relaxed(ExprId e);
  // The floor of a regular rule, or of one beside phrases that have begun; see RuleSource. (lock held)
  RuleSource::Floor floor_of(ExprId tracker);
  bool is_regular_rule(ExprId e) const { return node(e).kind == Kind::Rule && !(node(e).flags & kHasRule); }
  // A word of a stack that satisfies trackers of which `floor` is an intersection of floors, whatever has been read: what
  // they look for is put in where any text may stand. (lock held)
  struct Filling {
    uint32_t bytes = kInfinite;       // of a word so made, and no more for a floor that includes this one; kInfinite: none is known
    std::string piece;                // it begins with
    std::vector<uint32_t> cuts;       // where in that texts end that stand for themselves: a floor that includes this one has fewer
    const Filling* next = nullptr;    // and goes on with
    ExprId behind = kEmpty;           // or, where nothing goes on, is a shortest word of
  };
  const Filling& filling(ExprId stack, ExprId floor);
  // Such words of an intersection of a stack with trackers, that of its next part left out or not. (lock held)
  std::vector<std::string> filled_words(ExprId e);
  std::string text_of(const Filling& filling);   // the word (lock held)
  // Whatever it reads, does a lexeme come soon to where any text may stand, or end at once? Bytes that takes at the most.
  // (lock held)
  std::optional<uint32_t> always_comes_free(ExprId lexeme);
  // Units of a source that counts which begin in such a word at the most; kInfinite: not known. (lock held)
  uint32_t units_of(uint32_t source, const Filling& filling);
  // May so many units begin in any text that the tracker reads?
  bool has_room(ExprId tracker, uint32_t units);
  // A character of the set that a lexeme at the head of `e` reads so that all is as it was; -1: none. (lock held)
  int staying_character(ExprId e, const ByteSet& set);
  // The derivative without looking whether it is live. (lock held)
  ExprId derive(ExprId e, uint8_t byte);
  // The byte classes of a state: bytes of one class have one derivative. (lock held)
  const ByteClasses& classes(ExprId e);
  // The body of a Rule node. (lock held)
  ExprId expand(ExprId rule);

  struct CaptureRecord {
    ExprId lexeme;            // what is left of the lexeme
    uint32_t source;
    uint64_t key;
    std::string_view word;    // the bytes read so far
    uint32_t tail_shortest;
    ExprId node;
  };
  const CaptureRecord& capture_record(ExprId e) const { return captures_[node(e).key]; }
  // The captures being read in this state, whatever else may be.
  std::vector<ExprId> captures_at_head(ExprId e) const;
  bool has_capture_at_head(ExprId e) const { return (node(e).flags & kHasCapture) && !captures_at_head(e).empty(); }
  // The state with the captures at its head replaced by what they read and what follows a word that is never met again:
  // no state is made per word. The state itself when there are none, or when that is not known. (lock held)
  ExprId without_words(ExprId e);
  // Is a capture, and nothing else, being read? No two such states are alike, so their transitions are not kept.
  bool reads_capture(ExprId e) const {
    const Node& n = node(e);
    return n.kind == Kind::Capture || (n.kind == Kind::Concat && node(ExprId{n.a}).kind == Kind::Capture);
  }

 private:
  struct Row {
    const ByteClasses* classes;
    bool nullable, captures;
    std::atomic<uint32_t> next[1];    // one per class: a state, or kUnknown, or a state | kUnchecked
  };
  static constexpr uint32_t kUnknown = UINT32_MAX;
  static constexpr uint32_t kUnchecked = 1u << 31;
  enum Life : uint8_t { kNotAsked = 0, kLive = 1, kDead = 2 };

  // Counts the depth of recursions over expressions; the parsers' nesting limits keep honest inputs far below it.
  struct DepthGuard {
    explicit DepthGuard(ExprPool& pool) : pool(pool) {
      if (++pool.depth_ <= 3 * pool.limits_.nesting) return;
      --pool.depth_;
      throw Error(ErrorKind::Limit, "an expression is nested too deeply; raise Limits(nesting=...)");
    }
    ~DepthGuard() { --pool.depth_; }
    ExprPool& pool;
  };

  ExprId intern(Kind kind, uint8_t flags, uint32_t shortest, uint32_t a, uint32_t b, uint32_t c, uint64_t key,
                std::span<const ExprId> kids = {}, const ByteSet* set = nullptr);
  uint64_t hash_node(const Node& n) const;
  uint32_t nearest(const Node& n, uint64_t hash) const;
  ExprId step_slow(ExprId state, uint8_t byte);
  ExprId step_locked(ExprId state, uint8_t byte);
  Row& row(ExprId e);
  Cursor cursor_slow(ExprId state);
  const ByteClasses* compute_classes(ExprId e);
  const ByteClasses* look_behind_classes(ExprId e);
  // The set of a state that reads a byte of it and goes on with the rest of the concatenation: such states keep no row.
  const ByteSet* leading_set(ExprId e) const {
    const Node& n = node(e);
    return n.kind == Kind::Concat && node(ExprId{n.a}).kind == Kind::Bytes && !(n.flags & kLookbehind) ? node(ExprId{n.a}).set
                                                                                                    : nullptr;
  }
  ExprId derive_uncached(ExprId e, uint8_t byte);
  ExprId derive_concat(ExprId e, uint8_t byte);
  ExprId derive_lookahead_concat(ExprId head, ExprId tail, uint8_t byte);
  ExprId derive_consuming(ExprId e, ExprId tail, uint8_t byte);
  ExprId derive_repeat(ExprId e, uint8_t byte);
  ExprId derive_capture(ExprId e, uint8_t byte);
  ExprId shift(ExprId e, uint8_t byte);
  ExprId make_capture(ExprId lexeme, uint32_t source, uint64_t key, std::string_view word, uint32_t tail_shortest);
  bool decomposes(ExprId e) const;
  uint32_t search_shortest(ExprId e);
  uint32_t search_with_words(ExprId e);
  [[noreturn]] void throw_search_limit(ExprId e) const;
  // A word of a state that was searched: `text`, or `byte`, where there is one, and then the word of `state`.
  struct Source {
    ExprId state;
    int byte = -1;
    const std::string* text = nullptr;   // not empty; of texts_
  };
  std::optional<uint32_t> from(ExprId e, Source source);
  std::optional<uint32_t> shortest_by_floor(ExprId e);
  std::optional<uint32_t> shortest_by_stack(ExprId e);
  struct Spot {
    ExprId state = kEmpty;   // kEmpty: none was found
    std::string way;         // to it
    ExprId gate = kEmpty;    // the first state on it that reads a capture, whose word is taken for new
  };
  const Spot& free_spot(ExprId stack);
  template <class Go>
  void each_part_passed(ExprId state, Go go);
  Filling filling_at(ExprId spot, ExprId floor);
  const std::string* text_with(ExprId lexeme, ExprId floor);
  std::string text_with_each(ExprId lexeme, std::span<const ExprId> floors);
  std::string text_with_one(ExprId lexeme, ExprId floor);
  struct Beside {
    ExprId stack = kEmpty;            // kEmpty: it is no intersection of a stack with trackers that look for something
    ExprId floor = kAnything;
    std::vector<ExprId> others;       // trackers without a floor
  };
  Beside beside(ExprId e);
  ExprId run_to_free(ExprId e, std::string& way);
  bool accept(std::span<const ExprId> trackers, const Filling& filling);
  ExprId lexeme_at_head(ExprId e) const;
  ExprId stack_of(ExprId conj) const;   // the part of an intersection that has rules; kEmpty: there is none, or several
  bool is_free(ExprId lexeme);
  std::optional<std::string> way_to_free(ExprId lexeme);
  uint32_t units_of_word(uint32_t source, ExprId e);
  uint32_t units_in(uint32_t source, std::string_view text);
  bool each_accepts(std::span<const ExprId> parts, std::string_view text, std::string_view more);
  std::optional<uint32_t> shortest_by_more_parts(ExprId e);
  std::optional<uint32_t> shortest_of_stack(ExprId e);
  std::optional<ExprId> known_step_of_set(ExprId state, uint8_t byte) const;
  size_t run_known(ExprId& state, std::string_view text) const;
  ExprId run_slow(ExprId state, std::string_view text, bool known_live);
  bool spell_pair(ExprId e, uint32_t length);
  bool counts(ExprId e);
  bool is_wide(ExprId e);
  void remember_completed(ExprId e);
  bool has_parts_of(ExprId more, ExprId e) const;
  std::string some_word(ExprId e);
  bool reads(ExprId e, std::string_view word);
  std::optional<uint32_t> best_first(ExprId e, uint64_t most, bool greedy, bool words);
  std::optional<uint32_t> shortest_of_pairs(ExprId e);
  bool has_no_common_word(ExprId e, ContextFreeProduct& by);
  void drop_included(std::vector<ExprId>& arms) const;
  void set_shortest(ExprId e, uint32_t length);
  ExprId words_range(std::span<const std::string> words, size_t depth);
  void drop_contained(std::vector<ExprId>& arms);             // arms that another one contains
  void drop_containing(std::vector<ExprId>& parts);           // parts that contain another one

  Limits limits_;
  std::mutex mutex_;
  Chunked<Node> nodes_;
  Chunked<std::atomic<Row*>> rows_;
  std::atomic<uint32_t> count_{0};
  HashIndex index_;                   // of the nodes
  ExprId bytes_[256];                 // of one byte each
  Arena arena_;
  ByteClassTable class_table_;
  std::unordered_map<ExprId, const ByteClasses*> set_classes_;   // of Bytes nodes
  std::unordered_map<uint64_t, bool> covered_;    // unions that were looked at: is every word of the first one of the second?
  std::vector<std::unique_ptr<RuleSource>> sources_;
  std::unordered_map<std::string, uint32_t> named_sources_;
  size_t source_bytes_ = 0;           // of the sources
  Chunked<CaptureRecord> captures_;
  size_t capture_count_ = 0;
  std::unordered_map<ExprId, Relaxed> relaxed_;
  std::unordered_map<ExprId, ExprId> without_words_;
  std::unordered_map<ExprId, Source> word_from_;   // of states that were searched
  std::unordered_set<std::string> texts_;          // that are read first
  std::unordered_map<ExprId, Spot> spots_;         // of stacks
  std::unordered_map<uint64_t, Filling> fillings_;   // stack << 32 | floor
  int places_ = 0;                    // one behind the other, of the filling that is being made
  std::unordered_map<uint64_t, std::string> inserted_;   // lexeme << 32 | floor -> what is put in for it; empty: nothing is known
  std::unordered_map<uint64_t, uint32_t> units_;     // source << 32 | part -> units in its word
  std::unordered_map<ExprId, std::optional<std::string>> ways_to_free_;
  std::unordered_map<ExprId, std::optional<uint32_t>> always_free_;
  std::unordered_map<ExprId, std::vector<ExprId>> completed_;   // a part with rules -> live intersections of many parts with it
  std::unique_ptr<ContextFreeProduct> context_free_, quick_, glance_;   // exact, with all parts at once; quick, so too; with one after the other
  HashIndex capture_index_;
  uint32_t depth_ = 0;
};

}  // namespace decodex
