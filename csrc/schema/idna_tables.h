// Code points of internationalised host names (RFC 5892), by the role that formats_idn.cpp gives them. Left out of all:
// what Unicode normalisation would change, and what RFC 5892 allows only in a context.
#pragma once

#include <span>

#include "syntax/alphabet.h"

namespace decodex {

extern const std::span<const CodePointRange> kIdnFirst;
extern const std::span<const CodePointRange> kIdnExtendedDigits;
extern const std::span<const CodePointRange> kIdnMarks;
extern const std::span<const CodePointRange> kIdnOrderedMarks;
extern const std::span<const CodePointRange> kIdnViramas;
extern const std::span<const CodePointRange> kIdnGreek;
extern const std::span<const CodePointRange> kIdnJapanese;
extern const std::span<const CodePointRange> kIdnHebrew;
extern const std::span<const CodePointRange> kIdnRightToLeft;
extern const std::span<const CodePointRange> kIdnArabicNumbers;
extern const std::span<const CodePointRange> kIdnEuropeanNumbers;
extern const std::span<const CodePointRange> kIdnNonspacing;
extern const std::span<const CodePointRange> kIdnOrderedNonspacing;
extern const std::span<const CodePointRange> kIdnJoinsNext;
extern const std::span<const CodePointRange> kIdnJoinsLast;

}  // namespace decodex
