// Making nodes: every constructor normalises, so that equal languages tend to be one node, and what is empty without a
// search is kEmpty at once.
#include "expr/pool.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/map_bytes.h"
#include "expr/context_free.h"
#include "expr/lengths.h"

namespace decodex {

namespace {

bool less(ExprId a, ExprId b) { return static_cast<uint32_t>(a) < static_cast<uint32_t>(b); }

// Concatenations with rules are the stacks of a parse. Where several are possible, they are kept as Tomita's graph:
// what they have at the top in common is one node.
bool is_stack(const Node& n) {
  return n.kind == Kind::Concat && (n.flags & kHasRule) && !(n.flags & (kLookbehind | kLookahead));
}

constexpr int kMostSkipped = 64;   // nullable heads of one arm that are skipped in search of others

// Of sorted arms: X·K and X·L become X·(K|L), and K goes where X·K is there too and X may be empty.
void merge_stacks(ExprPool& pool, std::vector<ExprId>& kids) {
  std::vector<std::pair<ExprId, ExprId>> stacks;   // head, arm
  for (ExprId kid : kids)
    if (is_stack(pool.node(kid))) stacks.emplace_back(ExprId{pool.node(kid).a}, kid);
  std::vector<ExprId> gone, merged;
  std::sort(stacks.begin(), stacks.end());
  for (size_t i = 0; i < stacks.size();) {
    size_t j = i + 1;
    while (j < stacks.size() && stacks[j].first == stacks[i].first) ++j;
    const ExprId head = stacks[i].first;
    const Kind kind = pool.node(head).kind;
    if (kind != Kind::Bytes && kind != Kind::Capture) {
      const bool alone = std::binary_search(kids.begin(), kids.end(), head, less);   // X beside X·K
      if (alone || j - i > 1) {
        std::vector<ExprId> tails;
        if (alone) tails.push_back(kEpsilon), gone.push_back(head);
        for (size_t k = i; k < j; ++k) {
          tails.push_back(ExprId{pool.node(stacks[k].second).b});
          gone.push_back(stacks[k].second);
        }
        merged.push_back(pool.concat(head, pool.alt(tails)));
      }
    }
    i = j;
  }
  auto drop_gone = [&] {
    std::sort(gone.begin(), gone.end(), less);
    std::erase_if(kids, [&](ExprId kid) { return std::binary_search(gone.begin(), gone.end(), kid, less); });
    gone.clear();
  };
  if (!merged.empty()) {
    drop_gone();
    kids.insert(kids.end(), merged.begin(), merged.end());
    std::sort(kids.begin(), kids.end(), less);
    kids.erase(std::unique(kids.begin(), kids.end()), kids.end());
  }
  for (ExprId kid : kids) {
    ExprId at = kid;
    for (int skipped = 0; is_stack(pool.node(at)) && pool.nullable(ExprId{pool.node(at).a}) && skipped < kMostSkipped; ++skipped) {
      at = ExprId{pool.node(at).b};
      if (pool.node(at).kind == Kind::Alt) gone.insert(gone.end(), pool.kids(at).begin(), pool.kids(at).end());
      else gone.push_back(at);
    }
  }
  if (!gone.empty()) drop_gone();
}

}  // namespace

ExprId RuleSource::after_capture(ExprPool&, uint64_t, std::string_view) { return kEmpty; }

ExprId RuleSource::after_fresh_capture(ExprPool&, uint64_t) { return kEmpty; }

bool RuleSource::length_depends_on_word(uint64_t) { return true; }

bool RuleSource::nested(uint64_t, uint64_t) const { return false; }

Relaxed RuleSource::relaxed(ExprPool&, ExprId rule, uint64_t) { return {rule, kNoLimit}; }

RuleSource::Floor RuleSource::floor(ExprPool&, uint64_t) { return {}; }

ExprId RuleSource::counter(ExprPool&, uint64_t) { return kEmpty; }

std::vector<ExprId> RuleSource::counters(ExprPool&) { return {}; }
uint32_t RuleSource::counted(uint64_t) const { return kInfinite; }
uint32_t RuleSource::room(uint64_t) const { return 0; }
ExprId RuleSource::tightened(ExprPool&, uint64_t) { return kEmpty; }

ExprId RuleSource::resume(ExprPool&, uint64_t, uint64_t) { return kEmpty; }

RuleSource::Closure RuleSource::closure(ExprPool&, uint64_t) { return {}; }

bool RuleSource::includes(uint64_t, uint64_t) const { return false; }

const uint8_t* RuleSource::known_classes(uint64_t) const { return nullptr; }

std::optional<ExprId> RuleSource::known_next(ExprPool&, uint64_t, uint8_t) { return std::nullopt; }

std::vector<ExprId> ExprPool::captures_at_head(ExprId e) const {
  std::vector<ExprId> found, stack{e};
  while (!stack.empty()) {
    const ExprId at = stack.back();
    const Node& n = node(at);
    stack.pop_back();
    if (!(n.flags & kHasCapture)) continue;
    if (n.kind == Kind::Capture) {
      found.push_back(at);
    } else if (n.kind == Kind::Concat) {
      stack.push_back(ExprId{n.a});
      if (nullable(ExprId{n.a})) stack.push_back(ExprId{n.b});
    } else if (n.kind == Kind::Alt || n.kind == Kind::Conj) {
      stack.insert(stack.end(), kids(at).begin(), kids(at).end());
    } else if (n.kind == Kind::Not || n.kind == Kind::Repeat || n.kind == Kind::Lexeme) {
      stack.push_back(ExprId{n.a});
    }
  }
  return found;
}

// The state with the captures at its head replaced by what they read and what follows a word that is never met again:
// a walk through it makes no state per word. The state itself when there are none, or when that is not known.
ExprId ExprPool::without_words(ExprId state) {
  if (!(node(state).flags & kHasCapture)) return state;
  auto known = without_words_.find(state);
  if (known != without_words_.end()) return known->second;
  ExprId out = state;
  const Node& n = node(state);
  if (n.kind == Kind::Capture) {
    const ExprPool::CaptureRecord record = capture_record(state);
    ExprId fresh = sources_[record.source]->after_fresh_capture(*this, record.key);
    if (fresh != kEmpty) out = concat(record.lexeme, fresh);
  } else if (n.kind == Kind::Concat) {
    out = concat(without_words(ExprId{n.a}), ExprId{n.b});
  } else if (n.kind == Kind::Alt || n.kind == Kind::Conj) {
    std::vector<ExprId> parts;
    for (ExprId kid : kids(state)) parts.push_back(without_words(kid));
    out = n.kind == Kind::Alt ? alt(parts) : conj(parts);
  }
  without_words_.emplace(state, out);
  return out;
}

ExprPool::~ExprPool() = default;

ExprPool::ExprPool(Limits limits)
    : limits_(limits),
      context_free_(std::make_unique<ContextFreeProduct>(*this, SIZE_MAX, 10 * limits.search_states, false)),
      quick_(std::make_unique<ContextFreeProduct>(*this, 600, 20'000, true)),
      glance_(std::make_unique<ContextFreeProduct>(*this, 600, 3'000, true)) {
  intern(Kind::Empty, 0, kInfinite, 0, 0, 0, 0);
  intern(Kind::Epsilon, kNullable, 0, 0, 0, 0, 0);
  ByteSet all = ByteSet::all();
  ExprId any_byte = ExprId{3};
  intern(Kind::Repeat, kNullable, 0, static_cast<uint32_t>(any_byte), 0, kUnbounded, 0);  // kAnything
  intern(Kind::Bytes, 0, 1, 0, 0, 0, 0, {}, &all);
  for (int b = 0; b < 256; ++b) bytes_[b] = bytes(ByteSet::of(static_cast<uint8_t>(b)));
}

size_t ExprPool::memory() const {
  return nodes_.bytes() + rows_.bytes() + captures_.bytes() + arena_.bytes() + class_table_.bytes() +
         index_.bytes() + capture_index_.bytes() + map_bytes(set_classes_) + map_bytes(named_sources_) + map_bytes(relaxed_) +
         map_bytes(covered_) +
         map_bytes(completed_) + map_bytes(without_words_) + map_bytes(word_from_) + map_bytes(spots_) + map_bytes(fillings_) +
         map_bytes(inserted_) + map_bytes(units_) + map_bytes(ways_to_free_) + map_bytes(always_free_) + map_bytes(texts_) + source_bytes_ +
         context_free_->memory() + quick_->memory() + glance_->memory();
}

// ---- the table of nodes ----

uint64_t ExprPool::hash_node(const Node& n) const {
  uint64_t h = static_cast<uint64_t>(n.kind) * 0x9e3779b97f4a7c15ull;
  auto mix = [&h](uint64_t v) {
    h = (h ^ v) * 0xff51afd7ed558ccdull;
    h ^= h >> 32;
  };
  if (n.kind == Kind::Alt || n.kind == Kind::Conj) {
    for (uint32_t i = 0; i < n.a; ++i) mix(static_cast<uint32_t>(n.kids[i]));
  } else if (n.kind == Kind::Bytes) {
    for (uint64_t w : n.set->words) mix(w);
  } else {
    mix(uint64_t{n.a} << 32 | (n.kind == Kind::Rule ? 0 : n.b));   // a rule's body is no part of what it is
    mix(uint64_t{n.c});
    mix(n.key);
  }
  return h;
}

// The newest of the nodes that a node is made of, or a number by which nodes of its kind that are made together are close.
uint32_t ExprPool::nearest(const Node& n, uint64_t hash) const {
  switch (n.kind) {
    case Kind::Concat: return std::max(n.a, n.b);
    case Kind::Alt:
    case Kind::Conj: return static_cast<uint32_t>(n.kids[n.a - 1]);   // sorted
    case Kind::Rule: return n.a * 0x9e3779b1u + static_cast<uint32_t>(n.key);
    case Kind::Bytes:
    case Kind::Capture: return static_cast<uint32_t>(hash >> 32);
    default: return n.a;
  }
}

ExprId ExprPool::intern(Kind kind, uint8_t flags, uint32_t shortest, uint32_t a, uint32_t b, uint32_t c, uint64_t key,
                        std::span<const ExprId> kids, const ByteSet* set) {
  Node probe{kind, flags, {}, shortest, a, b, c, {key}};
  if (set) probe.set = set;
  if (kind == Kind::Alt || kind == Kind::Conj) {
    probe.a = static_cast<uint32_t>(kids.size());
    probe.kids = kids.data();
  }
  auto same = [&](const Node& n) {
    if (n.kind != kind) return false;
    if (kind == Kind::Alt || kind == Kind::Conj)
      return n.a == probe.a && std::memcmp(n.kids, probe.kids, sizeof(ExprId) * n.a) == 0;
    if (kind == Kind::Bytes) return *n.set == *set;
    return n.a == a && (n.b == b || kind == Kind::Rule) && n.c == c && n.key == key;
  };
  uint32_t count = count_.load(std::memory_order_relaxed);
  const uint64_t hash = hash_node(probe);
  const uint32_t near = nearest(probe, hash);
  // What is made of the newest node is not known yet.
  const bool fresh = kind == Kind::Concat && count > 0 && near == count - 1;
  const uint32_t known = fresh ? HashIndex::kNone : index_.find(hash, near, [&](uint32_t id) { return same(nodes_[id]); });
  if (known != HashIndex::kNone) return ExprId{known};
  if ((count & 1023) == 0 && memory() > limits_.pool_bytes)
    throw Error(ErrorKind::Limit, "the automaton of this constraint outgrew its memory limit of " +
                                      std::to_string(limits_.pool_bytes) +
                                      " bytes; simplify the constraint or raise Limits(pool_bytes=...)");
  if (set) probe.set = arena_.copy(set, 1);
  if (kind == Kind::Alt || kind == Kind::Conj) probe.kids = arena_.copy(kids.data(), kids.size());
  nodes_.reserve_index(count);
  rows_.reserve_index(count);
  Node& node = nodes_[count];
  node.kind = kind;
  node.flags = flags;
  node.life.store(kNotAsked, std::memory_order_relaxed);
  node.shortest = shortest;
  node.a = probe.a;
  node.b = b;
  node.c = c;
  node.key = probe.key;
  if (kind == Kind::Alt || kind == Kind::Conj) node.kids = probe.kids;
  if (set) node.set = probe.set;
  index_.insert(hash, near, count);
  count_.store(count + 1, std::memory_order_release);
  return ExprId{count};
}

// ---- constructors ----

ExprId ExprPool::bytes(const ByteSet& set) {
  if (set.empty()) return kEmpty;
  return intern(Kind::Bytes, 0, 1, 0, 0, 0, 0, {}, &set);
}

ExprId ExprPool::literal_then(std::string_view text, ExprId tail) {
  for (size_t i = text.size(); i-- > 0;) tail = concat(byte(static_cast<uint8_t>(text[i])), tail);
  return tail;
}

ExprId ExprPool::literal(std::string_view text) { return literal_then(text, kEpsilon); }

ExprId ExprPool::concat(ExprId head, ExprId tail) {
  if (head == kEmpty || tail == kEmpty) return kEmpty;
  if (head == kEpsilon) return tail;
  if (tail == kEpsilon) return head;
  if (node(head).kind == Kind::Concat) {  // heads are never concatenations: (xy)z is x(yz)
    std::vector<ExprId> heads;
    ExprId rest = head;
    for (; node(rest).kind == Kind::Concat; rest = ExprId{node(rest).b}) heads.push_back(ExprId{node(rest).a});
    ExprId out = concat(rest, tail);
    for (size_t i = heads.size(); i-- > 0 && out != kEmpty;) out = concat(heads[i], out);
    return out;
  }
  const Node &h = node(head), &t = node(tail);
  if (h.kind == Kind::Repeat && h.b == 0 && h.c == kUnbounded && !(h.flags & (kLookbehind | kLookahead)) &&
      (tail == head || (t.kind == Kind::Concat && ExprId{t.a} == head)))
    return tail;   // x*x* is x*
  uint8_t flags = static_cast<uint8_t>((h.flags | t.flags) & ~kNullable) |
                  static_cast<uint8_t>(h.flags & t.flags & kNullable);
  return intern(Kind::Concat, flags, add_lengths(h.shortest, t.shortest), static_cast<uint32_t>(head),
                static_cast<uint32_t>(tail), 0, 0);
}

ExprId ExprPool::concat(std::initializer_list<ExprId> parts) {
  return concat(std::span<const ExprId>(parts.begin(), parts.size()));
}

ExprId ExprPool::concat(std::span<const ExprId> parts) {
  ExprId out = kEpsilon;
  for (size_t i = parts.size(); i-- > 0;) out = concat(parts[i], out);
  return out;
}

ExprId ExprPool::alt(ExprId a, ExprId b) {
  if (a == b || b == kEmpty) return a;
  if (a == kEmpty) return b;
  ExprId arms[2] = {a, b};
  return alt(std::span<const ExprId>(arms));
}

ExprId ExprPool::alt(std::span<const ExprId> arms) {
  std::vector<ExprId> kids;
  kids.reserve(arms.size());
  ByteSet set;
  int rules = 0;
  auto take = [&](ExprId e) {
    const Kind kind = node(e).kind;
    if (kind == Kind::Bytes) set = set | *node(e).set;
    else if (e != kEmpty) kids.push_back(e);
    rules += kind == Kind::Rule;
  };
  for (ExprId arm : arms) {
    if (arm == kAnything) return kAnything;
    if (node(arm).kind == Kind::Alt) for (ExprId kid : this->kids(arm)) take(kid);
    else take(arm);
  }
  if (!set.empty()) kids.push_back(bytes(set));
  if (rules > 1) drop_included(kids);
  std::sort(kids.begin(), kids.end(), less);
  kids.erase(std::unique(kids.begin(), kids.end()), kids.end());
  if (kids.size() > 1 && kids[0] == kEpsilon) {  // ε beside a nullable arm says nothing
    for (size_t i = 1; i < kids.size(); ++i) {
      uint8_t f = node(kids[i]).flags;
      if ((f & kNullable) && !(f & (kLookbehind | kLookahead))) {
        kids.erase(kids.begin());
        break;
      }
    }
  }
  if (kids.size() > 1) drop_contained(kids);
  auto made = [this](std::span<const ExprId> arms) {
    if (arms.size() < 2) return arms.empty() ? kEmpty : arms[0];
    uint8_t flags = 0;
    uint32_t shortest = kInfinite;
    for (ExprId arm : arms) {
      flags |= node(arm).flags;
      shortest = std::min(shortest, node(arm).shortest);
    }
    return intern(Kind::Alt, flags, shortest, 0, 0, 0, 0, arms);
  };
  const ExprId plain = made(kids);
  if (kids.size() < 2 || std::ranges::none_of(kids, [&](ExprId kid) { return is_stack(node(kid)); })) return plain;
  Node& known = nodes_[static_cast<uint32_t>(plain)];   // remembers what becomes of it: unions of shared tails are shared
  if (ExprId{known.b} == kEmpty) {
    DepthGuard guard(*this);
    merge_stacks(*this, kids);
    known.b = static_cast<uint32_t>(made(kids));
  }
  return ExprId{known.b};
}

// Regular rules that another one of their source includes say nothing.
void ExprPool::drop_included(std::vector<ExprId>& arms) const {
  auto included = [&](ExprId part) {
    const Node& p = node(part);
    if (p.kind != Kind::Rule || (p.flags & kHasRule)) return false;
    return std::ranges::any_of(arms, [&](ExprId whole) {
      const Node& w = node(whole);
      return whole != part && w.kind == Kind::Rule && w.a == p.a && sources_[p.a]->includes(w.key, p.key);
    });
  };
  std::vector<ExprId> kept;
  for (ExprId arm : arms)
    if (!included(arm)) kept.push_back(arm);
  arms.swap(kept);
}

ExprId ExprPool::conj(ExprId a, ExprId b) {
  if (a == b) return a;
  ExprId parts[2] = {a, b};
  return conj(std::span<const ExprId>(parts));
}

ExprId ExprPool::conj(std::span<const ExprId> parts) {
  std::vector<ExprId> kids;
  std::vector<ExprId> denied;
  bool has_set = false;
  ByteSet set = ByteSet::all();
  auto take = [&](ExprId e) {
    const Node& n = node(e);
    if (n.kind == Kind::Bytes) {
      set = set & *n.set;
      has_set = true;
    } else if (n.kind == Kind::Not) {
      denied.push_back(ExprId{n.a});
    } else if (e != kAnything) {
      kids.push_back(e);
    }
  };
  for (ExprId part : parts) {
    if (part == kEmpty) return kEmpty;
    if (node(part).kind == Kind::Conj) for (ExprId kid : this->kids(part)) take(kid);
    else take(part);
  }
  if (has_set) {
    if (set.empty()) return kEmpty;
    kids.push_back(bytes(set));
  }
  if (!denied.empty()) {  // not a and not b: not (a or b)
    ExprId no = complement(alt(denied));
    if (no == kEmpty) return kEmpty;
    if (no != kAnything) kids.push_back(no);
  }
  std::sort(kids.begin(), kids.end(), less);
  kids.erase(std::unique(kids.begin(), kids.end()), kids.end());
  if (kids.size() > 1) drop_containing(kids);
  if (kids.empty()) return kAnything;
  if (kids.size() == 1) return kids[0];
  uint8_t flags = kNullable, all = 0;
  uint32_t shortest = 0;
  for (ExprId kid : kids) {
    const Node& n = node(kid);
    flags &= n.flags | static_cast<uint8_t>(~kNullable);
    all |= n.flags;
    shortest = std::max(shortest, n.shortest);
  }
  if (kids[0] == kEpsilon && !(all & kLookbehind)) return (flags & kNullable) ? kEpsilon : kEmpty;
  if (shortest == kInfinite) return kEmpty;
  for (ExprId kid : kids) {  // x and not x
    if (node(kid).kind != Kind::Not) continue;
    ExprId inner{node(kid).a};
    if (std::binary_search(kids.begin(), kids.end(), inner, less)) return kEmpty;
    if (node(inner).kind == Kind::Alt)
      for (ExprId arm : this->kids(inner))
        if (std::binary_search(kids.begin(), kids.end(), arm, less)) return kEmpty;
  }
  flags = static_cast<uint8_t>((flags & kNullable) | (all & (kLookbehind | kHasRule | kHasCapture)) | kSearch);
  return intern(Kind::Conj, flags, shortest, 0, 0, 0, 0, kids);
}

ExprId ExprPool::complement(ExprId e) {
  if (e == kEmpty) return kAnything;
  if (e == kAnything) return kEmpty;
  const Node& n = node(e);
  if (n.kind == Kind::Not) return ExprId{n.a};
  uint8_t flags = static_cast<uint8_t>((n.flags & (kLookbehind | kHasRule | kHasCapture)) | kSearch |
                                       ((n.flags & kNullable) ? 0 : kNullable));
  return intern(Kind::Not, flags, (flags & kNullable) ? 0 : 1, static_cast<uint32_t>(e), 0, 0, 0);
}

ExprId ExprPool::repeat(ExprId e, uint32_t min, uint32_t max) {
  if (max == 0 || e == kEpsilon) return kEpsilon;
  if (min > max) return kEmpty;
  if (e == kEmpty) return min == 0 ? kEpsilon : kEmpty;
  const Node& n = node(e);
  if ((n.flags & kNullable) && !(n.flags & (kLookbehind | kLookahead))) min = 0;
  if (min == 1 && max == 1) return e;
  if (n.kind == Kind::Repeat && min == 0 && max == kUnbounded && n.b <= 1 && n.c == kUnbounded)
    return repeat(ExprId{n.a}, 0, kUnbounded);
  if (n.kind == Kind::Repeat && n.b == 0 && n.c == kUnbounded) return e;
  uint8_t flags = n.flags;
  if (min == 0) flags |= kNullable;
  return intern(Kind::Repeat, flags, multiply_lengths(n.shortest, min), static_cast<uint32_t>(e), min, max, 0);
}

ExprId ExprPool::lookbehind(ExprId before) {
  if (before == kEmpty) return kEmpty;
  if (before == kAnything) return kEpsilon;
  if (node(before).flags & kLookahead)
    throw Error(ErrorKind::Unsupported, "a look-ahead inside a look-behind is not supported");
  uint8_t flags = static_cast<uint8_t>((node(before).flags & (kNullable | kHasRule | kHasCapture)) | kLookbehind | kSearch);
  return intern(Kind::Lookbehind, flags, 0, static_cast<uint32_t>(before), 0, 0, 0);
}

ExprId ExprPool::lookahead(ExprId rest) {
  if (rest == kEmpty) return kEmpty;
  if (rest == kAnything) return kEpsilon;
  uint8_t flags = static_cast<uint8_t>((node(rest).flags & (kNullable | kHasRule | kHasCapture | kLookbehind)) | kLookahead |
                                       kSearch);
  return intern(Kind::Lookahead, flags, 0, static_cast<uint32_t>(rest), 0, 0, 0);
}

ExprId ExprPool::lexeme(ExprId e) {
  if (e == kEmpty || e == kEpsilon) return e;
  const Node& n = node(e);
  if (n.kind == Kind::Lexeme) return e;
  uint8_t flags = static_cast<uint8_t>(n.flags & ~(kLookbehind | kLookahead));
  return intern(Kind::Lexeme, flags, n.shortest, static_cast<uint32_t>(e), 0, 0, 0);
}

ExprId ExprPool::words(std::span<const std::string> words) {
  std::vector<std::string> sorted(words.begin(), words.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted.empty() ? kEmpty : words_range(sorted, 0);
}

// The words share their first `depth` bytes. Made from the back of the longest common run, so the recursion is as deep
// as words branch, not as long as they are.
ExprId ExprPool::words_range(std::span<const std::string> words, size_t depth) {
  const std::string &first = words.front(), &last = words.back();
  size_t common = depth;
  while (common < first.size() && common < last.size() && first[common] == last[common]) ++common;
  std::vector<ExprId> arms;
  size_t i = 0;
  if (first.size() == common) {
    arms.push_back(kEpsilon);
    ++i;
  }
  DepthGuard guard(*this);
  while (i < words.size()) {
    size_t j = i;
    while (j < words.size() && words[j][common] == words[i][common]) ++j;
    arms.push_back(concat(byte(static_cast<uint8_t>(words[i][common])), words_range(words.subspan(i, j - i), common + 1)));
    i = j;
  }
  return literal_then(std::string_view(first).substr(depth, common - depth), alt(arms));
}

uint32_t ExprPool::add_source(std::unique_ptr<RuleSource> source) {
  source->index_ = static_cast<uint32_t>(sources_.size());
  source_bytes_ += source->memory();
  sources_.push_back(std::move(source));
  return static_cast<uint32_t>(sources_.size() - 1);
}

ExprId ExprPool::rule(uint32_t source, uint64_t key, uint32_t shortest, bool nullable) {
  if (shortest == kInfinite) return kEmpty;
  uint8_t flags = static_cast<uint8_t>(kHasRule | (nullable ? kNullable : 0));
  return intern(Kind::Rule, flags, shortest, source, 0, 0, key);
}

ExprId ExprPool::regular_rule(uint32_t source, uint64_t key, uint32_t shortest, bool nullable) {
  if (shortest == kInfinite) return kEmpty;
  return intern(Kind::Rule, nullable ? kNullable : 0, shortest, source, 0, 0, key);
}

ExprId ExprPool::capture(ExprId lexeme, uint32_t source, uint64_t key, uint32_t tail_shortest) {
  return make_capture(lexeme, source, key, "", tail_shortest);
}

ExprId ExprPool::make_capture(ExprId lexeme, uint32_t source, uint64_t key, std::string_view word,
                              uint32_t tail_shortest) {
  if (lexeme == kEmpty || tail_shortest == kInfinite) return kEmpty;
  if (lexeme == kEpsilon) return sources_[source]->after_capture(*this, key, word);
  uint64_t hash = std::hash<std::string_view>{}(word) ^ (uint64_t{static_cast<uint32_t>(lexeme)} << 32) ^
                  (key * 0x9e3779b97f4a7c15ull) ^ source;
  hash = (hash ^ (hash >> 32)) * 0xff51afd7ed558ccdull;
  hash ^= hash >> 32;
  const uint32_t known = capture_index_.find(hash, static_cast<uint32_t>(hash >> 32), [&](uint32_t i) {
    const CaptureRecord& r = captures_[i];
    return r.lexeme == lexeme && r.source == source && r.key == key && r.word == word;
  });
  if (known != HashIndex::kNone) return captures_[known].node;
  uint32_t index = static_cast<uint32_t>(capture_count_++);
  captures_.reserve_index(index);
  captures_[index] = {lexeme, source, key, arena_.copy(word), tail_shortest, kEmpty};
  uint8_t flags = static_cast<uint8_t>(kHasRule | kHasCapture | (node(lexeme).flags & kSearch));
  ExprId e = intern(Kind::Capture, flags, add_lengths(node(lexeme).shortest, tail_shortest), 0, 0, 0, index);
  captures_[index].node = e;
  capture_index_.insert(hash, static_cast<uint32_t>(hash >> 32), index);
  return e;
}

}  // namespace decodex
