// Reading JSON values: lookup, equality by value, pointers.
#include "json/value.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "base/error.h"

namespace decodex::json {

Index Store::find(Index v, std::string_view key) const {
  if (!is(v, Type::Object)) return kNone;
  Index begin = first(v), end = begin + count(v);
  for (Index i = begin; i < end; ++i)
    if (keys_[i] == key) return i;
  return kNone;
}

std::string normal_number(std::string_view text) {
  bool negative = text.starts_with('-');
  std::string digits;
  int64_t exponent = 0;
  size_t i = negative ? 1 : 0;
  bool fraction = false;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    digits.push_back(text[i]);
    if (fraction) --exponent;
  }
  if (i < text.size()) {
    bool minus = text[i + 1] == '-';
    int64_t value = 0;
    for (++i; i < text.size(); ++i) {
      if (text[i] < '0' || text[i] > '9') continue;
      value = value * 10 + (text[i] - '0');
      if (value > 999'999'999)
        throw Error(ErrorKind::Limit, "the exponent of the number " + std::string(text.substr(0, 40)) +
                                          " is too large (limit 999999999)");
    }
    exponent += minus ? -value : value;
  }
  size_t begin = digits.find_first_not_of('0');
  if (begin == std::string::npos) return "0e0";
  size_t end = digits.find_last_not_of('0') + 1;
  exponent += static_cast<int64_t>(digits.size() - end);
  return (negative ? "-" : "") + digits.substr(begin, end - begin) + "e" + std::to_string(exponent);
}

bool Store::equal(Index a, Index b) const {
  std::vector<std::pair<Index, Index>> stack{{a, b}};
  while (!stack.empty()) {
    auto [x, y] = stack.back();
    stack.pop_back();
    if (x == y) continue;
    if (type(x) != type(y)) return false;
    switch (type(x)) {
      case Type::Number:
        if (text(x) != text(y) && normal_number(text(x)) != normal_number(text(y))) return false;
        break;
      case Type::String:
        if (text(x) != text(y)) return false;
        break;
      case Type::Array:
        if (count(x) != count(y)) return false;
        for (uint32_t i = 0; i < count(x); ++i) stack.emplace_back(first(x) + i, first(y) + i);
        break;
      case Type::Object: {
        if (count(x) != count(y)) return false;
        std::unordered_map<std::string_view, Index> members;
        for (uint32_t i = 0; i < count(y); ++i) members.emplace(key(first(y) + i), first(y) + i);
        for (uint32_t i = 0; i < count(x); ++i) {
          auto it = members.find(key(first(x) + i));
          if (it == members.end()) return false;
          stack.emplace_back(first(x) + i, it->second);
        }
        break;
      }
      default: break;
    }
  }
  return true;
}

uint64_t Store::hash(Index root) const {
  // Sums over the values inside, each mixed with its place (depth and, in an object, key): order of members is no matter.
  struct Visit {
    Index v;
    uint64_t place;
  };
  auto mix = [](uint64_t h, uint64_t v) {
    h = (h ^ v) * 0xff51afd7ed558ccdull;
    return h ^ h >> 32;
  };
  uint64_t sum = 0;
  std::vector<Visit> stack{{root, 1}};
  while (!stack.empty()) {
    auto [v, place] = stack.back();
    stack.pop_back();
    uint64_t h = mix(place, static_cast<uint64_t>(type(v)));
    if (is(v, Type::Number)) h = mix(h, std::hash<std::string>{}(normal_number(text(v))));
    if (is(v, Type::String)) h = mix(h, std::hash<std::string_view>{}(text(v)));
    sum += h;
    if (!is(v, Type::Array) && !is(v, Type::Object)) continue;
    for (uint32_t i = 0; i < count(v); ++i) {
      uint64_t step = is(v, Type::Array) ? i : std::hash<std::string_view>{}(key(first(v) + i));
      stack.push_back({first(v) + i, mix(h, step)});
    }
  }
  return sum;
}

std::string Store::canonical(Index root) const {
  struct Piece {
    Index v;
    std::string text;  // printed as it is when v is kNone
  };
  auto counted = [](std::string_view s) { return std::to_string(s.size()) + ":" + std::string(s); };
  std::string out;
  std::vector<Piece> stack{{root, ""}};
  while (!stack.empty()) {
    Piece piece = std::move(stack.back());
    stack.pop_back();
    Index v = piece.v;
    if (v == kNone) {
      out += piece.text;
      continue;
    }
    switch (type(v)) {
      case Type::Null: out += "null"; break;
      case Type::False: out += "false"; break;
      case Type::True: out += "true"; break;
      case Type::Number: out += normal_number(text(v)); break;
      case Type::String: out += "s" + counted(text(v)); break;
      case Type::Array:
      case Type::Object: {
        bool object = is(v, Type::Object);
        out += object ? "{" : "[";
        stack.push_back({kNone, object ? "}" : "]"});
        std::vector<Index> members(count(v));
        for (uint32_t i = 0; i < count(v); ++i) members[i] = first(v) + i;
        if (object) std::sort(members.begin(), members.end(), [this](Index a, Index b) { return keys_[a] < keys_[b]; });
        for (size_t i = members.size(); i-- > 0;) {
          stack.push_back({members[i], ""});
          stack.push_back({kNone, object ? counted(keys_[members[i]]) : ","});
        }
        break;
      }
    }
  }
  return out;
}

std::string Store::pointer(Index v) const {
  std::vector<std::string> steps;
  for (; parent(v) != kNone; v = parent(v)) {
    if (is(parent(v), Type::Array)) {
      steps.push_back(std::to_string(v - first(parent(v))));
      continue;
    }
    std::string step;
    for (char c : key(v)) {
      if (c == '~')
        step += "~0";
      else if (c == '/')
        step += "~1";
      else
        step.push_back(c);
    }
    steps.push_back(std::move(step));
  }
  std::string out;
  for (size_t i = steps.size(); i-- > 0;) out += "/" + steps[i];
  return out;
}

std::string Store::show(Index root, size_t max_chars) const {
  struct Piece {
    Index v;
    std::string text;  // printed as it is when v is kNone
  };
  std::string out;
  std::vector<Piece> stack{{root, ""}};
  while (!stack.empty() && out.size() <= max_chars) {
    Piece piece = std::move(stack.back());
    stack.pop_back();
    Index v = piece.v;
    if (v == kNone) {
      out += piece.text;
      continue;
    }
    switch (type(v)) {
      case Type::Null: out += "null"; break;
      case Type::False: out += "false"; break;
      case Type::True: out += "true"; break;
      case Type::Number: out += text(v); break;
      case Type::String: out += "\"" + std::string(text(v)) + "\""; break;
      case Type::Array:
      case Type::Object: {
        bool object = is(v, Type::Object);
        out += object ? "{" : "[";
        stack.push_back({kNone, object ? "}" : "]"});
        uint32_t shown = std::min<uint32_t>(count(v), static_cast<uint32_t>(max_chars));
        for (uint32_t i = shown; i-- > 0;) {
          stack.push_back({first(v) + i, ""});
          if (object) stack.push_back({kNone, "\"" + std::string(key(first(v) + i)) + "\": "});
          if (i > 0) stack.push_back({kNone, ", "});
        }
        break;
      }
    }
  }
  if (out.size() > max_chars) {
    size_t cut = max_chars;
    while (cut > 0 && (out[cut] & 0xC0) == 0x80) --cut;
    out = out.substr(0, cut) + "...";
  }
  return out;
}

}  // namespace decodex::json
