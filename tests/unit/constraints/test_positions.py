"""Positions against plain Python: spans of units found by a hand-written scanner, every text of a small alphabet."""

from __future__ import annotations

import itertools
import re

import pytest
from support.vocabularies import byte_vocabulary

import decodex as dx

VOCAB = byte_vocabulary()


def sentences(text: str) -> list[str]:
    """As docs/constraints.md has them, found by looking ahead."""
    marks, wide, closers = ".!?…", "。！？", "\"')]”’»」』）"
    out, start = [], None
    for i, c in enumerate(text):
        if start is None:
            if c.isspace():
                continue
            start = i
        so_far = text[start : i + 1]
        tail = so_far.rstrip(marks + wide + closers)
        ending = [c for c in so_far[len(tail) :] if c in marks + wide]
        following = text[i + 1 : i + 2]
        if not ending:
            continue
        ends_alone = any(c in wide for c in ending)
        joins = bool(following) and following in marks + wide + closers
        if following == "" or following.isspace() or (ends_alone and not joins):
            out.append(so_far)
            start = None
    if start is not None:
        out.append(text[start:])
    return out


def paragraphs(text: str) -> list[str]:
    """Runs of lines that are not blank, without the white space that only separates them."""
    runs: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip():
            runs[-1].append(line)
        else:
            runs.append([])
    joined = ["\n".join(run) for run in runs if run]
    return [run.lstrip() for run in joined]


UNITS = {
    "words": (str.split, "ab "),
    "word_runs": (lambda text: re.findall(r"\w+", text), "a_ -"),
    "lines": (lambda text: [line.removesuffix("\n") for line in re.findall(r"[^\n]*\n|[^\n]+", text)], "ab\n"),
    "sentences": (sentences, "a. 。\""),
    "paragraphs": (paragraphs, "ab\n "),
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("position", [1, 2, 3, -1, -2])
@pytest.mark.parametrize("wanted", [".*a", "a?", "[^a]*"])
def test_units_at_positions(unit: str, position: int, wanted: str) -> None:
    split, letters = UNITS[unit]
    constraint = dx.at(unit, position, dx.regex(f"(?s){wanted}"))
    if unit == "sentences" and position == -2 and wanted != "[^a]*":   # only the last one needs no end mark
        with pytest.raises(dx.UnsatisfiableError):
            dx.compile(constraint, VOCAB)
        return
    compiled = dx.compile(constraint, VOCAB)
    for length in range(7 if len(letters) < 5 else 6):
        for letters_chosen in itertools.product(letters, repeat=length):
            text = "".join(letters_chosen)
            units = split(text)
            index = position - 1 if position > 0 else position
            there = len(units) >= abs(position)
            expected = there and re.fullmatch(wanted, units[index], re.S) is not None
            assert bool(compiled.check(text)) == expected, (unit, position, wanted, text, units)


def test_first_and_last_sentence() -> None:
    first = dx.compile(dx.at("sentences", 1, dx.contains("Berlin")), VOCAB)
    assert first.check('He said "Berlin." Then he left.') and not first.check("He left. To Berlin.")
    last = dx.compile(dx.at("sentences", -1, dx.excludes("cheap")), VOCAB)
    assert last.check("It was cheap. It was good. ") and not last.check("Good. And cheap")


def test_json_in_a_line() -> None:
    compiled = dx.compile(dx.at("lines", 2, dx.json_schema({"type": "array"}, whitespace="compact")), VOCAB)
    assert compiled.check("here:\n[1,2]\nthat is all")
    assert not compiled.check("here: [1,2]\n") and not compiled.check("[]")


def test_starts_and_ends() -> None:
    inner = dx.choice(["ab", "b"])
    texts = ["".join(t) for n in range(6) for t in itertools.product("ab", repeat=n)]
    starts, ends = dx.compile(dx.starts_with(inner), VOCAB), dx.compile(dx.ends_with(inner), VOCAB)
    for text in texts:
        assert bool(starts.check(text)) == text.startswith(("ab", "b"))
        assert bool(ends.check(text)) == text.endswith(("ab", "b"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dx.at("chars", 1, "a"), "'chars' has no positions"),
        (lambda: dx.at("words", 0, "a"), "not 0"),
        (lambda: dx.at("words", True, "a"), "not True"),
        (lambda: dx.at("words", 10_001, "a"), "10,000"),
        (lambda: dx.at("words", 1, 3), "not int"),
    ],
)
def test_wrong_positions_are_named(make: object, message: str) -> None:
    with pytest.raises(dx.ConstraintError, match=message):
        make()  # type: ignore[operator]


def test_impossible_units_are_refused() -> None:
    with pytest.raises(dx.UnsatisfiableError):
        dx.compile(dx.at("words", 2, "two words"), VOCAB)
