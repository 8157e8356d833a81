// The JSON parser. Members of open containers wait on a stack and move to the store, side by side, when their
// container closes.
#include "json/parser.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "base/error.h"

namespace decodex::json {

class Parser {
 public:
  Parser(Store& store, std::string_view text, const ParseOptions& options)
      : store_(store), options_(options), text_(store.arena_.copy(text)) {}

  Index parse() {
    skip_space();
    while (true) {
      if (value()) continue;  // a container was opened and expects its first member
      while (true) {          // a value is complete: what follows it?
        skip_space();
        if (open_.empty()) {
          if (at_ != text_.size()) fail("the text goes on after the JSON value");
          return flush_root();
        }
        char c = peek();
        if (c == ',') {
          ++at_;
          skip_space();
          if (open_.back().type == Type::Object) key();
          break;
        }
        if (c != (open_.back().type == Type::Object ? '}' : ']'))
          fail(open_.back().type == Type::Object ? "expected ',' or '}' in an object"
                                                 : "expected ',' or ']' in an array");
        ++at_;
        close();
      }
    }
  }

 private:
  struct Open {
    Type type;
    size_t first;          // of its members on the stack
    std::string_view key;  // of the container itself
    size_t at;
  };

  [[noreturn]] void fail(const std::string& message) { fail_at(at_, message); }
  [[noreturn]] void fail_at(size_t at, const std::string& message) {
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++line;
        column = 1;
      } else if ((text_[i] & 0xC0) != 0x80) {
        ++column;
      }
    }
    std::string where = "line " + std::to_string(line) + ", column " + std::to_string(column);
    throw Error(ErrorKind::Constraint, std::string(options_.what) + " is not valid JSON: " + message + " at " + where,
                where);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }

  void push(Type type, std::string_view text = {}) {
    Store::Node node;
    node.type = type;
    if (type == Type::Number || type == Type::String) {
      node.text = text.data();
      node.count = static_cast<uint32_t>(text.size());
    }
    stack_.push_back(node);
    keys_.push_back(key_);
    key_ = {};
  }

  // Reads a scalar or an empty container whole (false), or opens a container (true).
  bool value() {
    if (at_ == text_.size()) fail("the text ends where a value is expected");
    char c = text_[at_];
    if (c == '{' || c == '[') return open(c == '{' ? Type::Object : Type::Array);
    if (c == '"') {
      push(Type::String, string());
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      push(Type::Number, number());
    } else if (word("true")) {
      push(Type::True);
    } else if (word("false")) {
      push(Type::False);
    } else if (word("null")) {
      push(Type::Null);
    } else {
      fail("expected a value");
    }
    return false;
  }

  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }

  bool open(Type type) {
    if (open_.size() >= options_.nesting)
      throw Error(ErrorKind::Limit, std::string(options_.what) + " is nested more than " +
                                        std::to_string(options_.nesting) + " levels deep; raise Limits(nesting=...)");
    open_.push_back({type, stack_.size(), key_, at_});
    key_ = {};
    ++at_;
    skip_space();
    if (peek() == (type == Type::Object ? '}' : ']')) {
      ++at_;
      close();
      return false;
    }
    if (type == Type::Object) key();
    return true;
  }

  void key() {
    if (peek() != '"') fail("expected a key in double quotes");
    key_ = string();
    skip_space();
    if (peek() != ':') fail("expected ':' after a key");
    ++at_;
    skip_space();
  }

  void close() {
    Open top = open_.back();
    open_.pop_back();
    Index first = static_cast<Index>(store_.nodes_.size());
    uint32_t count = static_cast<uint32_t>(stack_.size() - top.first);
    if (top.type == Type::Object) check_duplicates(top);
    for (size_t i = top.first; i < stack_.size(); ++i) add(stack_[i], keys_[i]);
    stack_.resize(top.first);
    keys_.resize(top.first);
    Store::Node node;
    node.type = top.type;
    node.first = first;
    node.count = count;
    stack_.push_back(node);
    keys_.push_back(top.key);
  }

  void add(const Store::Node& node, std::string_view key) {
    Index index = static_cast<Index>(store_.nodes_.size());
    store_.nodes_.push_back(node);
    store_.keys_.push_back(key);
    if (node.type == Type::Array || node.type == Type::Object)
      for (uint32_t i = 0; i < node.count; ++i) store_.nodes_[node.first + i].parent = index;
  }

  Index flush_root() {
    add(stack_.back(), {});
    return static_cast<Index>(store_.nodes_.size() - 1);
  }

  void check_duplicates(const Open& object) {
    size_t count = keys_.size() - object.first;
    if (count <= 8) {
      for (size_t i = object.first; i < keys_.size(); ++i)
        for (size_t j = object.first; j < i; ++j)
          if (keys_[i] == keys_[j]) duplicate(object, keys_[i]);
      return;
    }
    std::unordered_set<std::string_view> seen(count * 2);
    for (size_t i = object.first; i < keys_.size(); ++i)
      if (!seen.insert(keys_[i]).second) duplicate(object, keys_[i]);
  }
  [[noreturn]] void duplicate(const Open& object, std::string_view key) {
    fail_at(object.at, "the key \"" + std::string(key) + "\" occurs twice in the object");
  }

  std::string_view number() {
    size_t begin = at_;
    auto digits = [&] {
      if (peek() < '0' || peek() > '9') fail("expected a digit");
      while (peek() >= '0' && peek() <= '9') ++at_;
    };
    if (peek() == '-') ++at_;
    if (peek() == '0')
      ++at_;
    else
      digits();
    if (peek() == '.') {
      ++at_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits();
    }
    return text_.substr(begin, at_ - begin);
  }

  // The decoded text of a string: a piece of the source where it has no escapes, a copy in the arena otherwise.
  std::string_view string() {
    size_t begin = ++at_;
    while (true) {
      if (at_ == text_.size()) fail_at(begin - 1, "a string is not closed");
      auto c = static_cast<uint8_t>(text_[at_]);
      if (c == '"') return text_.substr(begin, at_++ - begin);
      if (c == '\\') break;
      plain(c);
    }
    std::string out(text_.substr(begin, at_ - begin));
    while (true) {
      if (at_ == text_.size()) fail_at(begin - 1, "a string is not closed");
      auto c = static_cast<uint8_t>(text_[at_]);
      if (c == '"') {
        ++at_;
        return store_.arena_.copy(out);
      }
      if (c == '\\') {
        escape(out);
        continue;
      }
      size_t from = at_;
      plain(c);
      out.append(text_, from, at_ - from);
    }
  }

  // Steps over one unescaped character.
  void plain(uint8_t c) {
    if (c < 0x20) fail("a control character in a string must be escaped");
    if (c < 0x80) {
      ++at_;
      return;
    }
    int length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || at_ + static_cast<size_t>(length) > text_.size()) fail("invalid UTF-8");
    for (int i = 1; i < length; ++i)
      if ((text_[at_ + static_cast<size_t>(i)] & 0xC0) != 0x80) fail("invalid UTF-8");
    auto second = static_cast<uint8_t>(text_[at_ + 1]);
    if ((c == 0xE0 && second < 0xA0) || (c == 0xF0 && second < 0x90) || (c == 0xF4 && second > 0x8F))
      fail("invalid UTF-8");
    if (c == 0xED && second > 0x9F) fail("invalid UTF-8 (an encoded surrogate)");
    at_ += static_cast<size_t>(length);
  }

  uint32_t hex4() {
    uint32_t out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      char c = peek();
      uint32_t digit = c >= '0' && c <= '9'   ? static_cast<uint32_t>(c - '0')
                       : c >= 'a' && c <= 'f' ? static_cast<uint32_t>(c - 'a' + 10)
                       : c >= 'A' && c <= 'F' ? static_cast<uint32_t>(c - 'A' + 10)
                                              : 16;
      if (digit == 16) fail("expected four hexadecimal digits after \\u");
      out = out * 16 + digit;
    }
    return out;
  }

  void escape(std::string& out) {
    size_t begin = at_++;
    char c = peek();
    ++at_;
    static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (size_t i = kLetters.find(c); i != std::string_view::npos && c != '\0') {
      out.push_back(kMeanings[i]);
      return;
    }
    if (c != 'u') fail_at(begin, "unknown escape in a string");
    uint32_t code = hex4();
    if (code >= 0xDC00 && code <= 0xDFFF) fail_at(begin, "a lone surrogate in a string");
    if (code >= 0xD800 && code <= 0xDBFF) {
      if (text_.substr(at_, 2) != "\\u") fail_at(begin, "a lone surrogate in a string");
      at_ += 2;
      uint32_t low = hex4();
      if (low < 0xDC00 || low > 0xDFFF) fail_at(begin, "a lone surrogate in a string");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, code);
  }

  static void append_utf8(std::string& out, uint32_t c) {
    auto put = [&out](uint32_t b) { out.push_back(static_cast<char>(b)); };
    if (c < 0x80) return put(c);
    if (c < 0x800) {
      put(0xC0 | c >> 6);
    } else {
      if (c < 0x10000) {
        put(0xE0 | c >> 12);
      } else {
        put(0xF0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3F));
      }
      put(0x80 | (c >> 6 & 0x3F));
    }
    put(0x80 | (c & 0x3F));
  }

  Store& store_;
  const ParseOptions& options_;
  std::string_view text_;
  size_t at_ = 0;
  std::vector<Open> open_;
  std::vector<Store::Node> stack_;
  std::vector<std::string_view> keys_;  // beside stack_
  std::string_view key_;                // of the value that comes next
};

Index parse(Store& store, std::string_view text, const ParseOptions& options) {
  return Parser(store, text, options).parse();
}

}  // namespace decodex::json
