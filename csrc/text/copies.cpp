#include "text/copies.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "syntax/char_class.h"
#include "syntax/unicode.h"
#include "text/graph.h"

namespace decodex {

namespace {

constexpr size_t kMostCharacters = 500'000;
constexpr uint32_t kNone = UINT32_MAX;

// The source cut into what is copied whole: characters, or runs of word characters and the characters between them.
std::vector<std::u32string_view> pieces(std::u32string_view source, bool whole_words) {
  const CharSet& word = unicode::python_word();
  std::vector<std::u32string_view> out;
  for (size_t i = 0, end; i < source.size(); i = end) {
    end = i + 1;
    if (whole_words && word.has(source[i]))
      while (end < source.size() && word.has(source[end])) ++end;
    out.push_back(source.substr(i, end - i));
  }
  return out;
}

struct SuffixState {
  uint32_t length = 0, link = kNone;
  std::vector<std::pair<uint32_t, uint32_t>> next;   // piece, state: sorted; most states have one

  std::vector<std::pair<uint32_t, uint32_t>>::iterator find(uint32_t piece) {
    return std::ranges::lower_bound(next, piece, {}, &std::pair<uint32_t, uint32_t>::first);
  }
};

class SuffixAutomaton {
 public:
  SuffixAutomaton() : states(1) {}

  void read(uint32_t piece) {
    const auto fresh = static_cast<uint32_t>(states.size());
    states.push_back({states[last_].length + 1, 0, {}});
    uint32_t p = last_, q = kNone;   // the longest suffix that has been read before such a piece, and where it led
    for (; p != kNone; p = states[p].link) {
      const auto it = states[p].find(piece);
      if (it != states[p].next.end() && it->first == piece) {
        q = it->second;
        break;
      }
      states[p].next.emplace(it, piece, fresh);
    }
    if (p != kNone) {
      states[fresh].link = states[q].length == states[p].length + 1 ? q : split(p, q, piece);
    }
    last_ = fresh;
  }

  std::vector<SuffixState> states;

 private:
  // A copy of q for the shorter of the texts that lead there.
  uint32_t split(uint32_t p, uint32_t q, uint32_t piece) {
    const auto copy = static_cast<uint32_t>(states.size());
    states.push_back({states[p].length + 1, states[q].link, states[q].next});
    for (; p != kNone; p = states[p].link) {
      const auto it = states[p].find(piece);
      if (it == states[p].next.end() || it->first != piece || it->second != q) break;
      it->second = copy;
    }
    states[q].link = copy;
    return copy;
  }

  uint32_t last_ = 0;
};

Graph graph(ExprPool& pool, const Alphabet& alphabet, std::string_view source, bool whole_words) {
  const std::u32string characters = decode_utf8(source, "source");
  if (characters.size() > kMostCharacters)
    throw Error(ErrorKind::Limit, "the source to copy from has " + std::to_string(characters.size()) + " characters, above the limit of 500,000");
  SuffixAutomaton automaton;
  std::unordered_map<std::u32string_view, uint32_t> numbers;
  std::vector<ExprId> labels;
  for (std::u32string_view piece : pieces(characters, whole_words)) {
    const auto [it, fresh] = numbers.try_emplace(piece, static_cast<uint32_t>(labels.size()));
    if (fresh) {
      std::vector<ExprId> spelled;
      for (uint32_t c : piece) {
        const CodePointRange one{c, c};
        spelled.push_back(alphabet.chars(pool, {&one, 1}));
      }
      labels.push_back(pool.concat(spelled));
    }
    automaton.read(it->second);
  }
  Graph out;
  out.states.resize(automaton.states.size(), {true, {}});
  for (uint32_t s = 0; s < automaton.states.size(); ++s)
    for (auto [piece, to] : automaton.states[s].next) out.arc(s, labels[piece], to);
  return out;
}

}  // namespace

ExprId substrings(ExprPool& pool, const Alphabet& alphabet, std::string_view source, bool whole_words) {
  const std::string name = "substrings " + std::to_string(alphabet.id()) + (whole_words ? " w " : " - ") + std::string(source);
  return walks(pool, name, [&] { return graph(pool, alphabet, source, whole_words); });
}

}  // namespace decodex
