"""Writes ``csrc/syntax/unicode_tables.cpp``: the character classes of patterns, from the ``regex`` package.

In: the Unicode data inside the installed ``regex``. Out: the C++ tables, the same bytes for the same version
of ``regex``. A table is the sorted ranges of a set of code points, as numbers: in turn the gap since
the range before and the length less one. A number is written in base 32, lowest digit first, each digit a
character from ``0`` on, plus 32 where more digits follow (a backslash is written ``~``). A table that begins
with ``*`` is the union of the tables whose numbers follow.

Run ``python tools/make_unicode_tables.py`` from the root of the repository; it takes seconds.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import regex
from regex import _regex_core

TARGET = Path(__file__).resolve().parent.parent / "csrc" / "syntax" / "unicode_tables.cpp"
EVERY = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
PREFIXES = {
    "GENERALCATEGORY": "gc",
    "SCRIPT": "sc",
    "SCRIPTEXTENSIONS": "scx",
    "BLOCK": "blk",
    "GRAPHEMECLUSTERBREAK": "gcb",
    "INDICCONJUNCTBREAK": "incb",
}
BINARY = {"YES", "Y", "NO", "N", "TRUE", "T", "FALSE", "F"}
# Only building blocks of other properties, deprecated, or about segmentation and normalisation.
LEFT_OUT = re.compile("OTHER|GRAPHEMELINK|HYPHEN|PREPENDED|^ID(COMPAT|SU)|^MODIFIERCOMBINING|LOGICALORDER")

Ranges = list[tuple[int, int]]


def ranges_of(class_body: str) -> Ranges:
    """The ranges of code points that the character class holds; surrogates are left out."""
    found: Ranges = []
    for match in regex.finditer(f"[{class_body}]+", EVERY):
        first, last = ord(match.group()[0]), ord(match.group()[-1])
        if first < 0xD800 < last:
            found += [(first, 0xD7FF), (0xE000, last)]
        else:
            found.append((first, last))
    return found


def number(value: int) -> str:
    digits = ""
    while True:
        value, digit = divmod(value, 32)
        digits += chr(ord("0") + digit + (32 if value else 0))
        if not value:
            return digits.replace("\\", "~")


def encode(ranges: Ranges) -> str:
    text, end = "", -1
    for first, last in ranges:
        text += number(first - end - 1) + number(last - first)
        end = last
    return text


class Tables:
    """The tables made so far, equal ones once, and the names that stand for them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.names: dict[str, int] = {}

    def add(self, text: str, names: Iterable[str]) -> int:
        if text not in self.texts:
            self.texts.append(text)
        index = self.texts.index(text)
        for name in names:
            self.names[name] = index
        return index


def add_values(tables: Tables, prop: str, values: dict[str, int]) -> None:
    """The tables of a property with many values, named ``prefix=value``."""
    prefix = PREFIXES[prop]
    by_id: dict[int, list[str]] = defaultdict(list)
    for name, value_id in values.items():
        by_id[value_id].append(name)
    for names in by_id.values():
        if prop != "GENERALCATEGORY" or any(len(n) == 2 and n.isalpha() and n != "LC" for n in names):
            keys = [f"{prefix}={name.lower()}" for name in names]
            tables.add(encode(ranges_of(rf"\p{{{prop}={names[0]}}}")), keys)
    if prop == "GENERALCATEGORY":
        keys_of = {name: f"gc={name.lower()}" for name in values}
        leaves = {name: tables.names[key] for name, key in keys_of.items() if key in tables.names}
        for names in by_id.values():
            if "LC" in names:
                members = ["LU", "LL", "LT"]
            else:
                (initial,) = [name for name in names if len(name) == 1] or [""]
                members = [name for name in leaves if initial and len(name) == 2 and name[0] == initial]
            if members:
                text = "*" + "".join(number(leaves[name]) for name in sorted(members))
                tables.add(text, [keys_of[name] for name in names])


def add_binary(tables: Tables) -> None:
    by_id: dict[int, list[str]] = defaultdict(list)
    for prop, (prop_id, values) in _regex_core.PROPERTIES.items():
        if set(values) == BINARY:
            by_id[prop_id].append(prop)
    for names in by_id.values():
        if not any(LEFT_OUT.search(name) for name in names):
            tables.add(encode(ranges_of(rf"\p{{{names[0]}}}")), [name.lower() for name in names])
    # What Python's re means by \w and \s, which is not what the property names of the same name mean.
    tables.add(encode(ranges_of(r"\p{L}\p{nt=Decimal}\p{nt=Digit}\p{nt=Numeric}_")), ["re-word"])
    tables.add(encode(ranges_of(r"\p{White_Space}\x1c-\x1f")), ["re-space"])
    tables.add(encode(ranges_of(r"\P{Cn}")), ["gc=assigned"])


def case_orbits() -> list[list[int]]:
    """The classes of characters that match one another when case is ignored, each sorted."""
    cased = regex.findall(r"[\p{CWCF}\p{CWCM}\p{Cased}]", EVERY)
    everything = "".join(cased)
    orbits: set[tuple[int, ...]] = set()
    for char in cased:
        same = {ord(c) for c in regex.findall(regex.escape(char), everything, regex.IGNORECASE)}
        if same & {0x49, 0x69, 0x130, 0x131}:  # all one class for re; for regex a chain of pairs
            same = {0x49, 0x69, 0x130, 0x131}
        if len(same) > 1:
            orbits.add(tuple(sorted(same)))
    members = [c for orbit in orbits for c in orbit]
    if len(members) != len(set(members)):
        raise SystemExit("the case classes overlap: matching without case is not transitive")
    return sorted(map(list, orbits))


def encode_orbits(orbits: list[list[int]]) -> str:
    """For each class: the gap since the first member of the class before, the count less two, the gaps."""
    text, before = "", 0
    for orbit in orbits:
        text += number(orbit[0] - before) + number(len(orbit) - 2)
        text += "".join(number(b - a) for a, b in pairwise(orbit))
        before = orbit[0]
    return text


def literal(text: str, indent: str) -> str:
    pieces = [text[i : i + 100] for i in range(0, len(text), 100)] or [""]
    return f"\n{indent}".join(f'"{piece}"' for piece in pieces)


def packed(items: Iterable[str]) -> list[str]:
    """Lines of as many items as fit."""
    lines = ["   "]
    for item in items:
        if len(lines[-1]) + len(item) > 118:
            lines.append("   ")
        lines[-1] += " " + item
    return lines


def main() -> None:
    tables = Tables()
    for prop in PREFIXES:
        add_values(tables, prop, _regex_core.PROPERTIES[prop][1])
    add_binary(tables)
    version = importlib.metadata.version("regex")
    lines = [
        f"// Generated by tools/make_unicode_tables.py from regex {version}: do not edit.",
        "// How it is written is told there.",
        '#include "syntax/unicode_tables.h"',
        "",
        "namespace decodex::unicode {",
        "",
        "const char* const kTables[] = {",
        *(f"    {literal(text, '    ')}," for text in tables.texts),
        "};",
        "",
        "const Name kNames[] = {",
        *packed(f'{{"{name}", {index}}},' for name, index in sorted(tables.names.items())),
        "};",
        "const size_t kNameCount = sizeof(kNames) / sizeof(kNames[0]);",
        "",
        "const char* const kCaseOrbits =",
        f"    {literal(encode_orbits(case_orbits()), '    ')};",
        "",
        "}  // namespace decodex::unicode",
        "",
    ]
    TARGET.write_text("\n".join(lines), encoding="ascii")


if __name__ == "__main__":
    main()
