#include "expr/context_free.h"

#include <algorithm>

namespace decodex {

namespace {

constexpr uint64_t kFreeTries = 8, kWorth = 8;   // answers that may fail; then so much must be well spent for one part in vain
constexpr uint64_t kShare = 16;   // of the pool's bytes, for what is remembered

uint64_t pair_key(ExprId a, ExprId b) { return uint64_t{static_cast<uint32_t>(a)} << 32 | static_cast<uint32_t>(b); }

}  // namespace

std::optional<ContextFreeProduct::Common> ContextFreeProduct::shortest(ExprId stack, ExprId regular) {
  if (must_be_worth_it_ && in_vain_ > well_spent_ / kWorth + kFreeTries * most_steps_) return std::nullopt;
  if (bytes_ > pool_.limits().pool_bytes / kShare) clear();
  steps_ = 0;
  size_t root = 0;
  try {
    root = find(stack, regular);
    while (!queue_.empty() && good_) {
      const size_t at = queue_.front();
      queue_.pop_front();
      equations_[at].queued = false;
      update(at);
      good_ = good_ && steps_ <= most_steps_;
    }
  } catch (...) {   // a limit of the pool: what is half done would be taken for done
    clear();
    throw;
  }
  (good_ ? well_spent_ : in_vain_) += steps_;
  if (!good_) {
    clear();
    return std::nullopt;
  }
  uint32_t best = kInfinite;
  for (auto [state, length] : equations_[root].reach)
    if (pool_.nullable(state)) best = std::min(best, length);
  return Common{best, best == kInfinite || !equations_[root].rough};
}

void ContextFreeProduct::clear() {
  equations_.clear();
  index_.clear();
  queue_.clear();
  known_users_.clear();
  alphabets_.clear();
  bytes_ = 0;
  good_ = true;
}

// The equation of a part and a state; whoever asks is told when it grows.
size_t ContextFreeProduct::find(ExprId part, ExprId from, size_t user) {
  auto [it, fresh] = index_.try_emplace(pair_key(part, from), equations_.size());
  if (fresh) {
    equations_.push_back({part, from, {}, {}});
    queue_.push_back(it->second);
    bytes_ += sizeof(Equation) + 96;
  }
  if (user != SIZE_MAX && known_users_.insert(uint64_t{it->second} << 32 | user).second) {
    equations_[it->second].users.push_back(static_cast<uint32_t>(user));
    bytes_ += 48;
  }
  ++steps_;
  return it->second;
}

bool ContextFreeProduct::add(size_t at, ExprId state, uint64_t length) {
  auto [it, fresh] = equations_[at].reach.try_emplace(state, kInfinite);
  if (fresh) bytes_ += 40;
  if (!fresh && it->second <= length) return false;
  it->second = static_cast<uint32_t>(std::min<uint64_t>(length, kInfinite - 1));
  return true;
}

// What another equation reaches, `more` bytes later.
bool ContextFreeProduct::add_all(size_t at, size_t of, uint32_t more) {
  if (at == of) return false;
  bool grown = equations_[of].rough && !equations_[at].rough;
  equations_[at].rough |= equations_[of].rough;
  steps_ += equations_[of].reach.size();
  for (auto [state, length] : equations_[of].reach) grown |= add(at, state, uint64_t{length} + more);
  return grown;
}

void ContextFreeProduct::tell_users(size_t at) {
  for (size_t user : equations_[at].users)
    if (!equations_[user].queued) {
      equations_[user].queued = true;
      queue_.push_back(user);
    }
}

void ContextFreeProduct::update(size_t at) {
  const ExprId part = equations_[at].part, from = equations_[at].from;
  const Node& n = pool_.node(part);
  if (!(n.flags & kHasRule)) {
    if (equations_[at].reach.empty()) read_regular(at);
    return;
  }
  bool grown = false;
  auto add_kid = [&](ExprId kid) { grown |= add_all(at, find(kid, from, at)); };
  switch (n.kind) {
    case Kind::Concat: {
      const size_t head = find(ExprId{n.a}, from, at);
      if (equations_[head].rough && !equations_[at].rough) grown = equations_[at].rough = true;
      const Reach first = equations_[head].reach;
      for (auto [middle, length] : first) {
        if (steps_ > most_steps_) break;
        grown |= add_all(at, find(ExprId{n.b}, middle, at), length);
      }
      break;
    }
    case Kind::Alt:
      for (ExprId kid : pool_.kids(part)) add_kid(kid);
      break;
    case Kind::Repeat: {
      if (n.b == 0) grown |= add(at, from, 0);
      const ExprId rest = pool_.repeat(ExprId{n.a}, n.b > 0 ? n.b - 1 : 0, n.c == kUnbounded ? kUnbounded : n.c - 1);
      add_kid(pool_.concat(ExprId{n.a}, rest));
      break;
    }
    case Kind::Lexeme:
      add_kid(ExprId{n.a});
      break;
    case Kind::Rule:
      add_kid(pool_.expand(part));
      break;
    case Kind::Capture:
      if (const ExprId wordless = pool_.without_words(part); wordless != part) add_kid(wordless);
      else good_ = false;
      break;
    default:
      good_ = false;
  }
  if (grown) tell_users(at);
}

// A part without rules: the two automata side by side.
void ContextFreeProduct::read_regular(size_t at) {
  using Pair = std::pair<ExprId, ExprId>;
  const Pair start{equations_[at].part, equations_[at].from};
  std::unordered_map<uint64_t, uint32_t> seen{{pair_key(start.first, start.second), 0}};
  std::deque<std::pair<Pair, uint32_t>> queue{{start, 0}};
  std::vector<bool> met;
  while (!queue.empty()) {
    const auto [pair, length] = queue.front();
    queue.pop_front();
    if (pool_.nullable(pair.first)) add(at, pair.second, length);
    if (pair.first == kEpsilon) continue;
    if (seen.size() > most_pairs_) {
      read_alphabet(at);
      break;
    }
    if (++steps_ > most_steps_) {
      good_ = false;
      return;
    }
    const ByteClasses &a = pool_.classes(pair.first), &b = pool_.classes(pair.second);
    met.assign(static_cast<size_t>(a.count) * static_cast<size_t>(b.count), false);
    for (int byte = 0; byte < 256; ++byte) {
      const size_t both = size_t{a.of[byte]} * static_cast<size_t>(b.count) + b.of[byte];
      if (met[both]) continue;
      met[both] = true;
      const ExprId first = pool_.derive(pair.first, static_cast<uint8_t>(byte));
      const ExprId second = first == kEmpty ? kEmpty : pool_.derive(pair.second, static_cast<uint8_t>(byte));
      if (second != kEmpty && seen.try_emplace(pair_key(first, second), length + 1).second) queue.push_back({{first, second}, length + 1});
    }
  }
  if (!equations_[at].reach.empty()) tell_users(at);
}

// Any text of the part's bytes.
void ContextFreeProduct::read_alphabet(size_t at) {
  equations_[at].rough = true;
  const ByteSet& bytes = alphabet(equations_[at].part);
  std::vector<ExprId> queue{equations_[at].from};
  std::unordered_set<ExprId> seen{queue.front()};   // some may have been reached before, though not all behind them
  std::vector<bool> met;
  add(at, queue.front(), 0);
  while (!queue.empty()) {
    const ExprId state = queue.back();
    queue.pop_back();
    const ByteClasses& cls = pool_.classes(state);
    steps_ += cls.count;
    if (steps_ > most_steps_) {
      good_ = false;
      return;
    }
    met.assign(cls.count, false);
    for (int byte = 0; byte < 256; ++byte) {
      if (!bytes.has(static_cast<uint8_t>(byte)) || met[cls.of[byte]]) continue;
      met[cls.of[byte]] = true;
      const ExprId next = pool_.derive(state, static_cast<uint8_t>(byte));
      if (next == kEmpty || !seen.insert(next).second) continue;
      add(at, next, 1);
      queue.push_back(next);
    }
  }
}

const ByteSet& ContextFreeProduct::alphabet(ExprId part) {
  if (auto known = alphabets_.find(part); known != alphabets_.end()) return known->second;
  ByteSet out;
  ExprId last = part;   // of a chain, which may be as long as a text
  for (; pool_.node(last).kind == Kind::Concat; last = ExprId{pool_.node(last).b}) out = out | alphabet(ExprId{pool_.node(last).a});
  const Node& n = pool_.node(last);
  switch (n.kind) {
    case Kind::Empty:
    case Kind::Epsilon:
      break;
    case Kind::Bytes:
      out = out | *n.set;
      break;
    case Kind::Alt:
      for (ExprId kid : pool_.kids(last)) out = out | alphabet(kid);
      break;
    case Kind::Conj: {
      ByteSet common = ByteSet::all();
      for (ExprId kid : pool_.kids(last)) common = common & alphabet(kid);
      out = out | common;
      break;
    }
    case Kind::Repeat:
    case Kind::Lexeme:
      out = out | alphabet(ExprId{n.a});
      break;
    default:
      out = ByteSet::all();
  }
  bytes_ += sizeof(ByteSet) + 48;
  return alphabets_.emplace(part, out).first->second;
}

}  // namespace decodex
