"""Lengths against plain counters, on every text of a small alphabet."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
import regex

import decodex as dx
from decodex._core import Matcher

VOCAB = dx.Vocabulary.from_tokens([*(bytes([b]) for b in range(256)), None], eos_token_ids=[256])
BOUNDS = ((0, 0), (1, 2), (2, None), (0, 3), (2, 2), (4, 5))


def sentences(text: str) -> int:
    spaced = re.sub(r"。[。.)]*", lambda mark: mark[0].replace("。", ".") + " ", text)  # which needs nothing behind it
    return len(re.findall(r"""(?=\S)(?:.*?[.!?…]["')\]]*(?=\s|$)|.*$)""", spaced, re.DOTALL))


def lines(text: str) -> int:
    return len(text.split("\n")) - (text.endswith("\n") or text == "")


def paragraphs(text: str) -> int:
    return sum(not blank for blank, _ in itertools.groupby(text.split("\n"), key=lambda line: not line.strip()))


def graphemes(text: str) -> int:
    return len(regex.findall(r"\X", text))


def bullets(text: str) -> int:
    return sum(re.match(r"[^\S\n]*[-*+•][^\S\n]", line) is not None for line in text.split("\n"))


UNITS: list[tuple[str, str, Callable[[str], int]]] = [
    ("chars", "aé🙂", len),
    ("bytes", "aé🙂", lambda t: len(t.encode())),
    ("graphemes", "e\u0301\u200d👩\n", graphemes),
    ("graphemes", "\r\n\u0600🇩", graphemes),
    ("graphemes", "\u1100\u1161\u11a8\uac00", graphemes),
    ("graphemes", "\u0915\u094d\u200d\u0903", graphemes),
    ("words", "ab \n", lambda t: len(t.split())),
    ("word_runs", "é_-1", lambda t: len(re.findall(r"\w+", t))),
    ("sentences", "a. )。", sentences),
    ("sentences", "a!? ", sentences),
    ("lines", "a\n ", lines),
    ("paragraphs", "a\n ", paragraphs),
    ("bullets", "a\n -", bullets),
]


@pytest.mark.parametrize(("unit", "letters", "count"), UNITS, ids=[f"{unit}-{n}" for n, (unit, *_) in enumerate(UNITS)])
@pytest.mark.parametrize(("low", "high"), BOUNDS)
def test_units(unit: str, letters: str, count: Callable[[str], int], low: int, high: int | None) -> None:
    native = dx.compile(dx.length(unit, low, high), VOCAB).native  # type: ignore[arg-type]
    for n in range(6):
        for characters in itertools.product(letters, repeat=n):
            text = "".join(characters)
            accepted = Matcher(native).read_bytes(text.encode())[1]
            assert accepted == (low <= count(text) <= (99 if high is None else high)), (text, count(text))


def test_long_lengths_cost_nothing() -> None:
    compiled = dx.compile(dx.length("words", 10_000, 20_000), VOCAB)
    assert compiled.matcher().tokens_to_finish() == 2 * 10_000 - 1
    assert compiled.check("word " * 15_000).accepted
    assert not compiled.check("word " * 9_999).accepted
    assert not compiled.check("word " * 20_001).accepted


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("miles",), "unit"),
        (("words", -1), "min"),
        (("words", 3, 2), "less than"),
        (("words", 0, 10**7), "max"),
        (("words", 1.5), "min"),
    ],
)
def test_bad_lengths(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(dx.ConstraintError, match=message):
        dx.length(*arguments)  # type: ignore[arg-type]
