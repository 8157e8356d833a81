#include "syntax/unicode.h"

#include <algorithm>
#include <string>

#include "syntax/unicode_tables.h"

namespace decodex::unicode {

namespace {

class Numbers {
 public:
  explicit Numbers(const char* text) : at_(text) {}
  bool more() const { return *at_ != '\0'; }
  uint32_t next() {
    uint32_t value = 0;
    for (int shift = 0;; shift += 5) {
      char c = *at_++;
      uint32_t digit = static_cast<uint32_t>((c == '~' ? '\\' : c) - '0');
      value |= (digit & 31) << shift;
      if (digit < 32) return value;
    }
  }

 private:
  const char* at_;
};

void append_table(uint32_t index, std::vector<CodePointRange>& out) {
  const char* text = kTables[index];
  if (*text == '*') {
    for (Numbers members(text + 1); members.more();) append_table(members.next(), out);
    return;
  }
  uint32_t next = 0;
  for (Numbers numbers(text); numbers.more();) {
    uint32_t first = next + numbers.next();
    uint32_t last = first + numbers.next();
    out.emplace_back(first, last);
    next = last + 1;
  }
}

std::optional<CharSet> by_name(std::string_view name) {
  const Name* end = kNames + kNameCount;
  const Name* found = std::lower_bound(kNames, end, name, [](const Name& n, std::string_view s) { return n.name < s; });
  if (found == end || found->name != name) return std::nullopt;
  std::vector<CodePointRange> ranges;
  append_table(found->table, ranges);
  return CharSet(std::move(ranges));
}

CharSet must(std::string_view name) { return by_name(name).value_or(CharSet()); }

std::string plain(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == ' ' || c == '_' || c == '-') continue;
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out;
}

std::optional<CharSet> valued(const std::string& name, const std::string& value) {
  if (name == "gc" || name == "generalcategory") return by_name("gc=" + value);
  if (name == "sc" || name == "script") return by_name("sc=" + value);
  if (name == "scx" || name == "scriptextensions") return by_name("scx=" + value);
  if (name == "blk" || name == "block") return by_name("blk=" + value);
  bool yes = value == "yes" || value == "y" || value == "true" || value == "t";
  bool no = value == "no" || value == "n" || value == "false" || value == "f";
  std::optional<CharSet> set;
  if (yes || no) set = by_name(name);
  if (set && no) set = set->complement();
  return set;
}

}  // namespace

std::optional<CharSet> property(std::string_view text) {
  size_t split = text.find_first_of("=:");
  if (split != std::string_view::npos) return valued(plain(text.substr(0, split)), plain(text.substr(split + 1)));
  std::string name = plain(text);
  if (name == "any") return CharSet::all();
  if (name.starts_with("re")) {  // the tables of \w and \s are not properties
    std::string_view rest = std::string_view(name).substr(2);
    if (rest == "word" || rest == "space") return std::nullopt;
  }
  for (const char* prefix : {"gc=", "sc=", "blk=", ""})
    if (auto set = by_name(prefix + name)) return set;
  if (name.starts_with("is")) {
    for (const char* prefix : {"", "sc=", "gc=", "blk="})
      if (auto set = by_name(prefix + name.substr(2))) return set;
  }
  if (name.starts_with("in")) return by_name("blk=" + name.substr(2));
  return std::nullopt;
}

CharSet break_class(std::string_view name) { return must(name); }

const CharSet& python_word() {
  static const CharSet set = must("re-word");
  return set;
}

const CharSet& python_space() {
  static const CharSet set = must("re-space");
  return set;
}

const CharSet& decimal_digit() {
  static const CharSet set = must("gc=nd");
  return set;
}

const CharSet& ascii_word() {
  static const CharSet set({{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}});
  return set;
}

const CharSet& ascii_space() {
  static const CharSet set({{'\t', '\r'}, {' ', ' '}});
  return set;
}

const CharSet& ascii_digit() {
  static const CharSet set({{'0', '9'}});
  return set;
}

const CharSet& ecma_space() {
  static const CharSet set = must("gc=zs") | CharSet({{'\t', '\r'}, {0x2028, 0x2029}, {0xFEFF, 0xFEFF}});
  return set;
}

const CaseOrbits& case_orbits() {
  static const CaseOrbits orbits = [] {
    CaseOrbits out;
    uint32_t first = 0;
    for (Numbers numbers(kCaseOrbits); numbers.more();) {
      first += numbers.next();
      uint32_t count = numbers.next() + 2, begin = static_cast<uint32_t>(out.all.size());
      uint32_t c = first;
      for (uint32_t i = 0; i < count; ++i) {
        if (i > 0) c += numbers.next();
        out.all.push_back(c);
        out.members.push_back({c, begin, begin + count});
      }
    }
    std::sort(out.members.begin(), out.members.end(), [](const CaseMember& a, const CaseMember& b) { return a.c < b.c; });
    return out;
  }();
  return orbits;
}

}  // namespace decodex::unicode
