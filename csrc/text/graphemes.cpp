#include "text/graphemes.h"

#include <cstdint>
#include <vector>

#include "syntax/char_class.h"
#include "syntax/unicode.h"

namespace decodex {

namespace {

// Classes of characters. The last three are Other for Grapheme_Cluster_Break.
enum Class : uint8_t {
  kCr, kLf, kControl, kExtend, kNonJoiner, kLinker, kJoiner, kSpacingMark, kPrepend, kL, kV, kT, kLv, kLvt, kRegional,
  kPictograph, kConsonant, kSpacingLinker, kOther, kClasses
};

// What stands before the next character. A linker with what extends it is a second fact about kAfterOther and the two
// of pictographs: GB9c and GB11 may both be under way.
enum Place : uint8_t {
  kNothing,           // the text's beginning, or a character behind which there always is a break
  kAfterCr, kAfterPrepend, kAfterL, kAfterV, kAfterT,
  kAfterRegional,     // the first of a pair
  kAfterOther,
  kPictographs,       // a pictograph, and what extends it
  kJoinedPictographs, // and a zero width joiner
  kLinked,            // kAfterOther, and a linker
  kLinkedPictographs, kLinkedJoinedPictographs, kPlaces
};

constexpr uint8_t kToLinked = kLinked - kAfterOther;

std::vector<CharSet> classes() {
  using unicode::break_class;
  const CharSet extend = break_class("gcb=extend"), linker = break_class("incb=linker");
  std::vector<CharSet> out(kClasses);
  out[kCr] = CharSet::of('\r');
  out[kLf] = CharSet::of('\n');
  out[kControl] = break_class("gcb=control");
  out[kJoiner] = break_class("gcb=zwj");
  out[kExtend] = break_class("incb=extend") - out[kJoiner];
  out[kNonJoiner] = extend - linker - out[kExtend];
  out[kSpacingLinker] = linker - extend;
  out[kLinker] = linker - out[kSpacingLinker];
  out[kSpacingMark] = break_class("gcb=spacingmark");
  out[kPrepend] = break_class("gcb=prepend");
  out[kL] = break_class("gcb=l");
  out[kV] = break_class("gcb=v");
  out[kT] = break_class("gcb=t");
  out[kLv] = break_class("gcb=lv");
  out[kLvt] = break_class("gcb=lvt");
  out[kRegional] = break_class("gcb=ri");
  out[kPictograph] = *unicode::property("extendedpictographic");
  out[kConsonant] = break_class("incb=consonant");
  CharSet rest = CharSet::all();
  for (const CharSet& set : out) rest = rest - set;
  out[kOther] = rest;
  return out;
}

bool extends(Class c) { return c == kExtend || c == kNonJoiner || c == kLinker || c == kJoiner; }

Place plain(Place place) { return place >= kLinked ? static_cast<Place>(place - kToLinked) : place; }

bool no_break(Place before, Class c) {
  const Place place = plain(before);
  if (place == kNothing) return false;                                                      // GB1, GB4
  if (place == kAfterCr) return c == kLf;                                                   // GB3, GB4
  if (c == kCr || c == kLf || c == kControl) return false;                                  // GB5
  if (extends(c) || c == kSpacingMark || place == kAfterPrepend) return true;               // GB9, GB9a, GB9b
  if (place == kAfterL && (c == kL || c == kV || c == kLv || c == kLvt)) return true;       // GB6
  if (place == kAfterV && (c == kV || c == kT)) return true;                                // GB7
  if (place == kAfterT && c == kT) return true;                                             // GB8
  if (before >= kLinked && c == kConsonant) return true;                                    // GB9c
  if (place == kJoinedPictographs && c == kPictograph) return true;                         // GB11
  return place == kAfterRegional && c == kRegional;                                         // GB12, GB13
}

Place next(Place before, Class c) {
  const Place place = plain(before);
  switch (c) {
    case kCr: return kAfterCr;
    case kLf: case kControl: return kNothing;
    case kPrepend: return kAfterPrepend;
    case kL: return kAfterL;
    case kV: case kLv: return kAfterV;
    case kT: case kLvt: return kAfterT;
    case kRegional: return place == kAfterRegional ? kAfterOther : kAfterRegional;
    case kPictograph: return kPictographs;
    case kSpacingLinker: return kLinked;
    case kExtend: case kNonJoiner: case kLinker: case kJoiner: {
      const Place extended = place != kPictographs ? kAfterOther : c == kJoiner ? kJoinedPictographs : kPictographs;
      const bool linked = c == kLinker || (c != kNonJoiner && before >= kLinked);
      return linked ? static_cast<Place>(extended + kToLinked) : extended;
    }
    default: return kAfterOther;
  }
}

}  // namespace

UnitAutomaton grapheme_automaton() {
  UnitAutomaton out{classes(), {}};
  for (uint8_t place = 0; place < kPlaces; ++place) {
    std::vector<UnitAutomaton::Step>& steps = out.steps.emplace_back();
    for (uint8_t c = 0; c < kClasses; ++c)
      steps.push_back({next(Place{place}, Class{c}), !no_break(Place{place}, Class{c})});
  }
  return out;
}

}  // namespace decodex
