"""Writes csrc/schema/idna_tables.cpp: the code points of internationalised host names, by role.

Sources: the `idna` package (RFC 5892 categories, scripts, joining types) and `unicodedata`.
Run it when either changes:
    python tools/make_idna_tables.py > csrc/schema/idna_tables.cpp
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator

from idna import idnadata

HYPHEN = 0x2D
ASCII_DIGITS = range(0x30, 0x3A)
CONTEXTUAL = {0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB, 0x200C, 0x200D, *range(0x660, 0x66A), *range(0x6F0, 0x6FA)}
VIRAMA_CLASS = 9


def members(packed: tuple[int, ...]) -> Iterator[int]:
    """The code points of idna's tables: each entry holds the first one and the end of a range."""
    for entry in packed:
        yield from range(entry >> 32, entry & 0xFFFFFFFF)


def composes(code_point: int) -> bool:
    """Whether NFC might change a text because of this code point."""
    text = chr(code_point)
    return not unicodedata.is_normalized("NFC", text) or code_point in FOLLOWERS


def followers() -> set[int]:
    """Code points that compose with one before them."""
    out = set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
    for code_point in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(code_point)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            out.add(int(parts[1], 16))
    return out


FOLLOWERS = followers()
PVALID = {
    c
    for c in members(idnadata.codepoint_classes["PVALID"])
    if c not in CONTEXTUAL and c != HYPHEN and unicodedata.bidirectional(chr(c)) and not composes(c)
}


def mark(c: int) -> bool:
    return unicodedata.category(chr(c)).startswith("M")


def reordered(c: int) -> bool:
    return unicodedata.combining(chr(c)) != 0


def bidi(*classes: str) -> Callable[[int], bool]:
    return lambda c: unicodedata.bidirectional(chr(c)) in classes


RIGHT_TO_LEFT = bidi("R", "AL", "AN")


def script(name: str) -> set[int]:
    return set(members(idnadata.scripts[name]))


def joining(*types: str) -> set[int]:
    return {c for t in types for c in members(idnadata.joining_types[t])}


LETTERS = {c for c in PVALID if not mark(c) and bidi("R", "AL")(c)}

TABLES: dict[str, tuple[str, set[int]]] = {
    "kIdnFirst": (
        "may begin a label that is written from left to right",
        {c for c in PVALID if not mark(c) and not RIGHT_TO_LEFT(c)},
    ),
    "kIdnExtendedDigits": ("extended Arabic-Indic digits", set(range(0x6F0, 0x6FA))),
    "kIdnMarks": (
        "marks that keep their place in any order, left to right",
        {c for c in PVALID if mark(c) and not reordered(c) and not RIGHT_TO_LEFT(c)},
    ),
    "kIdnOrderedMarks": (
        "marks that normalisation may move: none may follow another",
        {c for c in PVALID if reordered(c) and not RIGHT_TO_LEFT(c)},
    ),
    "kIdnViramas": (
        "after these a joiner may stand",
        {c for c in PVALID if unicodedata.combining(chr(c)) == VIRAMA_CLASS},
    ),
    "kIdnGreek": ("Greek, the basic block", PVALID & script("Greek") & set(range(0x370, 0x400))),
    "kIdnJapanese": (
        "Hiragana, Katakana and Han, the basic blocks",
        PVALID
        & (script("Hiragana") | script("Katakana") | script("Han"))
        & {*range(0x3040, 0x3100), *range(0x4E00, 0xA000)},
    ),
    "kIdnHebrew": ("Hebrew letters", {c for c in PVALID & script("Hebrew") if bidi("R")(c)}),
    "kIdnRightToLeft": ("letters written from right to left", LETTERS),
    "kIdnArabicNumbers": ("class AN", {c for c in PVALID if bidi("AN")(c)} | set(range(0x660, 0x66A))),
    "kIdnEuropeanNumbers": ("class EN", {c for c in PVALID if bidi("EN")(c)} | set(range(0x6F0, 0x6FA))),
    "kIdnNonspacing": (
        "class NSM, not moved by normalisation",
        {c for c in PVALID if bidi("NSM")(c) and not reordered(c)},
    ),
    "kIdnOrderedNonspacing": (
        "class NSM, moved by normalisation",
        {c for c in PVALID if bidi("NSM")(c) and reordered(c)},
    ),
    "kIdnJoinsNext": ("letters that join with the next one, right to left", LETTERS & joining("L", "D")),
    "kIdnJoinsLast": ("letters that join with the one before, right to left", LETTERS & joining("R", "D")),
}


def ranges(points: set[int]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for c in sorted(points):
        if out and out[-1][1] == c - 1:
            out[-1] = (out[-1][0], c)
        else:
            out.append((c, c))
    return out


def main() -> None:
    print("// Made by tools/make_idna_tables.py; not to be edited.")
    print(f"// Unicode {idnadata.__version__} (IDNA), {unicodedata.unidata_version} (other properties).")
    print('#include "schema/idna_tables.h"\n\nnamespace decodex {\n')
    for name, (meaning, points) in TABLES.items():
        pairs = ranges(points)
        print(f"// {meaning}\nstatic constexpr CodePointRange {name}Ranges[{len(pairs)}] = {{")
        line = "   "
        for first, last in pairs:
            item = f" {{{first:#x}, {last:#x}}},"
            if len(line) + len(item) > 118:
                print(line)
                line = "   "
            line += item
        print(f"{line}}};\nconstinit const std::span<const CodePointRange> {name}({name}Ranges);\n")
    print("}  // namespace decodex")


if __name__ == "__main__":
    main()
