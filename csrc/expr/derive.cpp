// Derivatives: what is left of an expression after one byte, remembered per state and byte class.
#include <cstring>

#include "expr/pool.h"

namespace decodex {

ExprId ExprPool::expand(ExprId rule) {
  Node& n = nodes_[static_cast<uint32_t>(rule)];
  if (ExprId{n.b} == kEmpty) {
    const ExprId body = sources_[n.a]->expand(*this, n.key);
    n.b = static_cast<uint32_t>(body);
  }
  return ExprId{n.b};
}

ExprPool::Row& ExprPool::row(ExprId e) {
  auto& slot = rows_[static_cast<uint32_t>(e)];
  Row* known = slot.load(std::memory_order_relaxed);
  if (known) return *known;
  DepthGuard guard(*this);
  const ByteClasses* classes = compute_classes(e);
  Row* fresh = static_cast<Row*>(arena_.allocate(sizeof(Row) + sizeof(std::atomic<uint32_t>) * classes->count));
  fresh->classes = classes;
  fresh->nullable = nullable(e);
  fresh->captures = has_capture_at_head(e);
  for (int c = 0; c < classes->count; ++c) new (&fresh->next[c]) std::atomic<uint32_t>(kUnknown);
  slot.store(fresh, std::memory_order_release);
  return *fresh;
}

ExprPool::Cursor ExprPool::cursor_slow(ExprId state) {
  if (state == kEmpty) return {};
  if (const ByteSet* set = leading_set(state)) {
    ExprId tail{node(state).b};
    return {state, false, false, nullptr, set, live(tail) ? tail : kEmpty};
  }
  if (reads_capture(state)) return {state, nullable(state), true, nullptr, nullptr, kEmpty};
  const Row& r = row(state);
  return {state, r.nullable, r.captures, &r, nullptr, kEmpty};
}

const ByteClasses& ExprPool::classes(ExprId e) {
  const Node& n = node(e);
  if (leading_set(e)) return classes(ExprId{n.a});
  if (n.kind != Kind::Bytes) return *row(e).classes;
  auto [it, fresh] = set_classes_.try_emplace(e, nullptr);
  if (fresh) it->second = class_table_.split(*n.set);
  return *it->second;
}

// The bytes that may begin a word of `e` are told apart, and those that any look-behind inside it tells apart.
const ByteClasses* ExprPool::compute_classes(ExprId e) {
  const ByteClasses* out = class_table_.one();
  auto add = [&](ExprId part) { out = class_table_.product(out, &classes(part)); };
  switch (node(e).kind) {
    case Kind::Empty:
    case Kind::Epsilon:
      break;
    case Kind::Concat:
      while (node(e).kind == Kind::Concat) {
        ExprId head{node(e).a};
        e = ExprId{node(e).b};
        add(head);
        if (node(head).flags & (kNullable | kLookahead | kLookbehind)) continue;
        return class_table_.product(out, look_behind_classes(e));
      }
      add(e);
      break;
    case Kind::Alt:
    case Kind::Conj:
      for (ExprId kid : kids(e)) add(kid);
      break;
    case Kind::Bytes:
    case Kind::Not:
    case Kind::Repeat:
    case Kind::Lookbehind:
    case Kind::Lookahead:
    case Kind::Lexeme:
      add(node(e).kind == Kind::Bytes ? e : ExprId{node(e).a});
      break;
    case Kind::Rule:
      if (const uint8_t* known = sources_[node(e).a]->known_classes(node(e).key)) return class_table_.of(known);
      add(expand(e));
      break;
    case Kind::Capture:  // the bytes read are remembered, so no two lead to one state
      return class_table_.each();
  }
  return out;
}

// The bytes that the look-behinds inside `root` tell apart.
const ByteClasses* ExprPool::look_behind_classes(ExprId root) {
  const ByteClasses* out = class_table_.one();
  std::vector<ExprId> stack{root};
  while (!stack.empty()) {
    ExprId e = stack.back();
    stack.pop_back();
    const Node& n = node(e);
    if (!(n.flags & kLookbehind)) continue;
    if (n.kind == Kind::Lookbehind) {
      out = class_table_.product(out, &classes(ExprId{n.a}));
    } else if (n.kind == Kind::Alt || n.kind == Kind::Conj) {
      stack.insert(stack.end(), kids(e).begin(), kids(e).end());
    } else {
      stack.push_back(ExprId{n.a});
      if (n.kind == Kind::Concat) stack.push_back(ExprId{n.b});
    }
  }
  return out;
}

ExprId ExprPool::derive(ExprId e, uint8_t byte) {
  switch (node(e).kind) {
    case Kind::Empty:
    case Kind::Epsilon:
    case Kind::Lookbehind:
    case Kind::Lookahead:
      return kEmpty;
    case Kind::Bytes:
      return node(e).set->has(byte) ? kEpsilon : kEmpty;
    default:
      break;
  }
  if (const ByteSet* set = leading_set(e)) return set->has(byte) ? ExprId{node(e).b} : kEmpty;
  if (reads_capture(e)) return derive_uncached(e, byte);
  Row& r = row(e);
  auto& entry = r.next[r.classes->of[byte]];
  uint32_t next = entry.load(std::memory_order_relaxed);
  if (next != kUnknown) return ExprId{next & ~kUnchecked};
  DepthGuard guard(*this);
  ExprId result = derive_uncached(e, byte);
  entry.store(static_cast<uint32_t>(result) | kUnchecked, std::memory_order_release);
  return result;
}

ExprId ExprPool::derive_uncached(ExprId e, uint8_t byte) {
  const Node& n = node(e);
  switch (n.kind) {
    case Kind::Concat:
      return derive_concat(e, byte);
    case Kind::Alt: {
      std::vector<ExprId> arms;
      for (ExprId kid : kids(e)) {
        ExprId d = derive(kid, byte);
        if (d != kEmpty) arms.push_back(d);
      }
      return alt(arms);
    }
    case Kind::Conj: {
      std::vector<ExprId> parts;
      for (ExprId kid : kids(e)) {
        ExprId d = derive(kid, byte);
        if (d == kEmpty) return kEmpty;
        parts.push_back(d);
      }
      return conj(parts);
    }
    case Kind::Not:
      return complement(derive(ExprId{n.a}, byte));
    case Kind::Repeat:
      return derive_repeat(e, byte);
    case Kind::Lexeme:
      return lexeme(derive(ExprId{n.a}, byte));
    case Kind::Rule:
      if (auto known = sources_[n.a]->known_next(*this, n.key, byte)) return *known;
      return derive(expand(e), byte);
    case Kind::Capture:
      return derive_capture(e, byte);
    default:
      return kEmpty;
  }
}

// d(h1 h2 ... t) = d(h1) h2...t, or d(h2)...t where h1 is nullable, and so on.
ExprId ExprPool::derive_concat(ExprId e, uint8_t byte) {
  std::vector<ExprId> arms;
  while (true) {
    const Node& n = node(e);
    if (n.kind != Kind::Concat) {
      arms.push_back(derive(e, byte));
      break;
    }
    ExprId head{n.a}, tail{n.b};
    if (node(head).flags & kLookahead) {
      arms.push_back(derive_lookahead_concat(head, tail, byte));
      break;
    }
    ExprId d = derive(head, byte);
    if (d != kEmpty) arms.push_back(concat(d, shift(tail, byte)));
    if (!nullable(head)) break;
    e = tail;
  }
  return arms.size() == 1 ? arms[0] : alt(arms);
}

namespace {

// What the rest of the text must be for `e` to match here without reading.
ExprId condition(ExprPool& pool, ExprId e) {
  std::vector<ExprId> parts;
  for (;; e = ExprId{pool.node(e).b}) {  // along a concatenation
    const Node& n = pool.node(e);
    if (!(n.flags & kLookahead)) {
      if (!pool.nullable(e)) return kEmpty;
      break;
    }
    ExprId part = n.kind == Kind::Concat ? ExprId{n.a} : e;
    const Node& p = pool.node(part);
    if (!(p.flags & kLookahead)) {
      if (!pool.nullable(part)) return kEmpty;
    } else if (p.kind == Kind::Lookahead) {
      parts.push_back(ExprId{p.a});
    } else if (p.kind == Kind::Alt) {
      std::vector<ExprId> arms;
      for (ExprId kid : pool.kids(part)) arms.push_back(condition(pool, kid));
      parts.push_back(pool.alt(arms));
    } else if (p.kind != Kind::Repeat) {
      if (!pool.nullable(part)) return kEmpty;
    } else if (p.b > 0) {
      parts.push_back(condition(pool, ExprId{p.a}));
    }
    if (n.kind != Kind::Concat) break;
  }
  return pool.conj(parts);
}

}  // namespace

// The derivative of head·tail, where a look-ahead in `head` speaks about `tail` too.
ExprId ExprPool::derive_lookahead_concat(ExprId head, ExprId tail, uint8_t byte) {
  const Node& n = node(head);
  switch (n.kind) {
    case Kind::Lookahead:
      return conj(derive(ExprId{n.a}, byte), derive(tail, byte));
    case Kind::Alt: {
      std::vector<ExprId> arms;
      for (ExprId kid : kids(head)) arms.push_back(derive(concat(kid, tail), byte));
      return alt(arms);
    }
    case Kind::Repeat: {
      ExprId turns = derive_consuming(head, tail, byte);
      ExprId none = n.b == 0 ? kAnything : condition(*this, ExprId{n.a});  // no turn reads anything
      return none == kEmpty ? turns : alt(turns, conj(derive(none, byte), derive(tail, byte)));
    }
    default:
      return derive(concat(head, tail), byte);
  }
}

// As the derivative of e·tail, but the byte is read by e itself.
ExprId ExprPool::derive_consuming(ExprId e, ExprId tail, uint8_t byte) {
  const Node& n = node(e);
  if (!(n.flags & kLookahead)) {
    ExprId d = derive(e, byte);
    return d == kEmpty ? kEmpty : concat(d, shift(tail, byte));
  }
  switch (n.kind) {
    case Kind::Lookahead:
      return kEmpty;
    case Kind::Alt: {
      std::vector<ExprId> arms;
      for (ExprId kid : kids(e)) arms.push_back(derive_consuming(kid, tail, byte));
      return alt(arms);
    }
    case Kind::Repeat: {
      ExprId inner{n.a};
      uint32_t more = n.c == kUnbounded ? kUnbounded : n.c - 1;
      ExprId out = derive_consuming(inner, concat(repeat(inner, n.b > 0 ? n.b - 1 : 0, more), tail), byte);
      if (n.b <= 1) return out;
      ExprId idle = condition(*this, inner);  // turns that read nothing here make up for those that are missing
      if (idle == kEmpty) return out;
      return alt(out, conj(derive(idle, byte), derive_consuming(inner, concat(repeat(inner, 0, more), tail), byte)));
    }
    case Kind::Concat: {
      ExprId head{n.a}, rest{n.b};
      ExprId first = derive_consuming(head, concat(rest, tail), byte);
      ExprId idle = condition(*this, head);  // the head reads nothing: its condition holds beside what the rest reads
      return idle == kEmpty ? first : alt(first, conj(derive(idle, byte), derive_consuming(rest, tail, byte)));
    }
    default:
      return derive(concat(e, tail), byte);
  }
}

ExprId ExprPool::derive_repeat(ExprId e, uint8_t byte) {
  const Node& n = node(e);
  ExprId inner{n.a};
  if (n.flags & kLookahead) return derive_lookahead_concat(e, kEpsilon, byte);
  uint32_t more = n.c == kUnbounded ? kUnbounded : n.c - 1;
  bool idle = nullable(inner);  // turns may read nothing (with a look-behind, at this place only)
  return concat(derive(inner, byte), repeat(shift(inner, byte), n.b > 0 && !idle ? n.b - 1 : 0, more));
}

ExprId ExprPool::derive_capture(ExprId e, uint8_t byte) {
  CaptureRecord record = captures_[node(e).key];
  ExprId left = derive(record.lexeme, byte);
  if (left == kEmpty) return kEmpty;
  std::string word(record.word);
  word.push_back(static_cast<char>(byte));
  return make_capture(left, record.source, record.key, word, record.tail_shortest);
}

// The same expression one byte later, when the byte was read before it: only look-behinds notice.
ExprId ExprPool::shift(ExprId e, uint8_t byte) {
  const Node& n = node(e);
  if (!(n.flags & kLookbehind)) return e;
  switch (n.kind) {
    case Kind::Lookbehind: return lookbehind(derive(ExprId{n.a}, byte));
    case Kind::Lookahead: return lookahead(shift(ExprId{n.a}, byte));
    case Kind::Not: return complement(shift(ExprId{n.a}, byte));
    case Kind::Repeat: return repeat(shift(ExprId{n.a}, byte), n.b, n.c);
    case Kind::Concat: {
      std::vector<ExprId> heads;
      for (; node(e).kind == Kind::Concat && (node(e).flags & kLookbehind); e = ExprId{node(e).b})
        heads.push_back(ExprId{node(e).a});
      ExprId out = shift(e, byte);
      for (size_t i = heads.size(); i-- > 0;) out = concat(shift(heads[i], byte), out);
      return out;
    }
    case Kind::Alt:
    case Kind::Conj: {
      std::vector<ExprId> moved;
      for (ExprId kid : kids(e)) moved.push_back(shift(kid, byte));
      return n.kind == Kind::Alt ? alt(moved) : conj(moved);
    }
    default: return e;
  }
}

}  // namespace decodex
