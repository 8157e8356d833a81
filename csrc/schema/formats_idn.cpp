// idn-hostname: host names with labels beyond ASCII (RFC 5890 to 5893), as far as that is a matter of form.
//
// Exact conditions: the code points of RFC 5892 and its contextual rules, no mark at the beginning, hyphens, the Bidi rule,
// all four full stops. Narrower than the RFCs, so that only valid names pass: an international label has at most
// kLongestWide code points, because its ASCII form must fit into 63; such a name has at most three labels; two marks that
// normalisation could exchange do not meet; labels beside one written from right to left are such labels, too, or ASCII
// that begins with a letter; beside a katakana middle dot only ASCII and the basic blocks of Japanese; the ASCII form
// xn--... is left out.
#include "schema/formats.h"
#include "schema/idna_tables.h"

namespace decodex {

namespace {

constexpr uint32_t kLongestWide = 12;  // ASCII forms of 12 arbitrary code points stay below 63 characters

// Pieces of a label that are `size` code points long; after a `closing` one no movable mark may follow.
struct Piece {
  ExprId text;
  uint32_t size;
  bool closing;
};

// One of `first`, then pieces, marks and single hyphens, at most kLongestWide code points.
ExprId label_of(const FormatText& t, const std::vector<Piece>& first, const std::vector<Piece>& pieces, ExprId after_hyphen,
                const std::vector<Piece>& marks) {
  const ExprId hyphen = t.literal("-");
  // What may follow with so much room left: behind a piece to which marks may be added, and behind a closed one.
  std::vector<ExprId> open{kEpsilon}, closed{kEpsilon};
  auto go_on = [&](const Piece& piece, uint32_t left) {
    if (piece.size > left) return kEmpty;
    return t.pool.concat(piece.text, piece.closing ? closed[left - piece.size] : open[left - piece.size]);
  };
  for (uint32_t left = 1; left < kLongestWide; ++left) {
    std::vector<ExprId> arms{kEpsilon};
    for (const Piece& piece : pieces) arms.push_back(go_on(piece, left));
    if (left >= 2) arms.push_back(t.in_sequence({hyphen, after_hyphen, open[left - 2]}));
    closed.push_back(t.one_of(arms));
    for (const Piece& mark : marks) arms.push_back(go_on(mark, left));
    open.push_back(t.one_of(arms));
  }
  std::vector<ExprId> arms;
  for (const Piece& piece : first) arms.push_back(go_on(piece, kLongestWide));
  return t.one_of(arms);
}

ExprId left_to_right_label(const FormatText& t) {
  static constexpr CodePointRange kJoiners[] = {{0x200C, 0x200D}}, kKeraia[] = {{0x375, 0x375}}, kMiddleDot[] = {{0xB7, 0xB7}},
                                  kKatakanaDot[] = {{0x30FB, 0x30FB}};
  ExprId letter = t.one_of({t.chars(kIdnFirst), t.chars(kIdnExtendedDigits)});
  ExprId ela = t.in_sequence({t.literal("l"), t.chars(kMiddleDot), t.literal("l")});
  std::vector<Piece> first{{letter, 1, false}, {ela, 3, false}};
  std::vector<Piece> pieces = first;
  pieces.push_back({t.chars(kIdnMarks), 1, false});
  pieces.push_back({t.in_sequence({t.chars(kKeraia), t.chars(kIdnGreek)}), 2, false});
  std::vector<Piece> marks{{t.chars(kIdnOrderedMarks), 1, true},
                           {t.in_sequence({t.chars(kIdnViramas), t.chars(kJoiners)}), 2, true}};
  ExprId usual = label_of(t, first, pieces, letter, marks);
  // With a katakana middle dot: somewhere there must be Hiragana, Katakana or Han.
  ExprId japanese = t.chars(kIdnJapanese);
  ExprId around = t.one_of({japanese, t.chars(kKatakanaDot), t.set("a-z0-9")});
  return t.one_of({usual, t.in_sequence({t.times(around, 0, 5), japanese, t.times(around, 0, 6)})});
}

ExprId right_to_left_label(const FormatText& t) {
  static constexpr CodePointRange kNonJoiner[] = {{0x200C, 0x200C}}, kGeresh[] = {{0x5F3, 0x5F4}};
  ExprId letter = t.chars(kIdnRightToLeft);
  std::vector<Piece> first{{letter, 1, false},
                           {t.in_sequence({t.chars(kIdnHebrew), t.chars(kGeresh)}), 2, false},
                           {t.in_sequence({t.chars(kIdnJoinsNext), t.chars(kNonJoiner), t.chars(kIdnJoinsLast)}), 3, false}};
  std::vector<Piece> marks{{t.chars(kIdnOrderedNonspacing), 1, true}};
  std::vector<ExprId> arms;
  for (auto digits : {kIdnArabicNumbers, kIdnEuropeanNumbers}) {  // numbers of both kinds do not mix
    ExprId digit = t.chars(digits);
    std::vector<Piece> pieces = first;
    pieces.push_back({digit, 1, false});
    pieces.push_back({t.chars(kIdnNonspacing), 1, false});
    arms.push_back(label_of(t, first, pieces, t.one_of({letter, digit}), marks));
  }
  return t.one_of(arms);
}

}  // namespace

ExprId idn_host(const FormatText& t, ExprId stop) {
  auto up_to_three = [&](ExprId label) {
    return t.in_sequence({label, t.times(t.in_sequence({stop, label}), 0, 2)});
  };
  ExprId ordinary = up_to_three(t.one_of({left_to_right_label(t), host_label(t)}));
  ExprId bidi = up_to_three(t.one_of({right_to_left_label(t), host_label(t, "a-zA-Z")}));
  return t.one_of({hostname_format(t), ordinary, bidi});
}

ExprId idn_hostname_format(const FormatText& t) {
  static constexpr CodePointRange kFullStops[] = {{'.', '.'}, {0x3002, 0x3002}, {0xFF0E, 0xFF0E}, {0xFF61, 0xFF61}};
  return idn_host(t, t.chars(kFullStops));
}

}  // namespace decodex
