// JSON documents as flat, immutable tables: a value is an index, the members of a container lie side by side.
// Numbers keep their exact text; strings are decoded to UTF-8; the order of members is kept. Many texts may be parsed
// into one store, so that values of different documents can be compared and referred to alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"

namespace decodex::json {

enum class Type : uint8_t { Null, False, True, Number, String, Array, Object };

using Index = uint32_t;
inline constexpr Index kNone = 0;  // no value: index 0 is never a value of a document

class Store {
 public:
  Store() : nodes_(1), keys_(1) {}

  Type type(Index v) const { return nodes_[v].type; }
  bool is(Index v, Type type) const { return nodes_[v].type == type; }
  bool is_bool(Index v) const { return is(v, Type::True) || is(v, Type::False); }
  // The decoded text of a string, or the exact text of a number.
  std::string_view text(Index v) const { return {nodes_[v].text, nodes_[v].count}; }
  // Members of an array or object: indices first(v) to first(v) + count(v) - 1.
  uint32_t count(Index v) const { return nodes_[v].count; }
  Index first(Index v) const { return nodes_[v].first; }
  // The key of a member of an object.
  std::string_view key(Index member) const { return keys_[member]; }
  Index parent(Index v) const { return nodes_[v].parent; }
  // The member of object v with this key, or kNone. Linear; Finder is for large objects.
  Index find(Index v, std::string_view key) const;
  size_t size() const { return nodes_.size(); }
  size_t memory() const { return nodes_.capacity() * sizeof(Node) + keys_.capacity() * sizeof(keys_[0]) + arena_.bytes(); }

  // Equal as JSON values? Numbers by value, objects in any order.
  bool equal(Index a, Index b) const;
  // Equal values have equal hashes.
  uint64_t hash(Index v) const;
  // Text that equal values share: keys sorted, numbers in normal form, no white space. Not JSON: strings are as they are,
  // each after its length.
  std::string canonical(Index v) const;
  // The JSON Pointer (RFC 6901) of a value in its document: "" for the document itself.
  std::string pointer(Index v) const;
  // Compact JSON text of a value, cut at max_chars: for messages.
  std::string show(Index v, size_t max_chars = 60) const;

 private:
  friend class Parser;
  struct Node {
    Type type = Type::Null;
    uint32_t parent = kNone;
    uint32_t count = 0;  // members, or bytes of the text
    union {
      const char* text = nullptr;
      Index first;
    };
  };
  std::vector<Node> nodes_;
  std::vector<std::string_view> keys_;  // beside nodes_
  Arena arena_;
};

// A number's text in normal form, so that equal numbers have equal texts: digits without leading and trailing zeros,
// and an exponent ("15e-1"); zero is "0e0". The exponent is refused beyond ±999,999,999 with Error(Limit).
std::string normal_number(std::string_view text);

}  // namespace decodex::json
