"""Constraints in words and as patterns: the pattern accepts what the automaton accepts, on every short text."""

from __future__ import annotations

import datetime
import itertools
import json
import random
import re

import pytest
from support.vocabularies import byte_vocabulary

import decodex as dx
from decodex.constraints.data import from_data, to_data

VOCAB = byte_vocabulary()
TEXTS = ["".join(t) for n in range(7) for t in itertools.product("ab \n", repeat=n)]

DESCRIBED = [
    (dx.choice(["yes", "no"]), "'yes' or 'no'"),
    (dx.regex("a+", re.I), "text that matches /a+/i"),
    (dx.text(), "any text"),
    (dx.text(stop="\n"), r"any text up to the first '\n'"),
    ("a" + dx.regex("b"), "'a', then text that matches /b/"),
    (dx.choice(["a"]) | "b", "'a' or 'b'"),
    (dx.repeat("a", 2), "'a', at least 2 times"),
    (dx.repeat("a", 0, 3, separator=", "), "'a', at most 3 times, separated by ', '"),
    (dx.optional("a"), "optionally 'a'"),
    (~dx.choice(["a"]), "not ('a')"),
    (dx.contains("Rome"), "'Rome' appears"),
    (dx.contains(("rain", "rains"), min_count=2, max_count=3),
     "'rain' or 'rains' appears at least 2 times and 'rain' or 'rains' appears at most 3 times"),
    (dx.contains("a", "b", ordered=True, ignore_case=True), "'a' and behind it 'b' appears (ignoring case)"),
    (dx.excludes("cheap", whole_words=False), "'cheap' does not appear (inside words too)"),
    (dx.length("words", 2, 5) & dx.length("lines", 1, 1), "2 to 5 words and exactly 1 line"),
    (dx.length("graphemes", max=280), "at most 280 graphemes"),
    (dx.at("sentences", -1, dx.contains("a")), "the last sentence is: 'a' appears"),
    (dx.at("words", 3, "a"), "word 3 is: 'a'"),
    (dx.starts_with("a"), "'a', then any text"),
    (dx.json_schema({"type": "object"}), """JSON that is valid under the schema '{"type": "object"}'"""),
    (dx.json_value(), "any JSON document"),
    (dx.type_(datetime.date), "a date"),
    (dx.grammar('start: "a"'), """text of the rule 'start' of the grammar 'start: "a"'"""),
    (dx.tagged("<a>", "b", "</a>", max=2),
     "free text without '<a>', and in it, at most 2 times: '<a>', then 'b', then '</a>'"),
    (dx.after("#", "a"), "any text up to the first '#', then 'a'"),
    (dx.numbered("a", 1, 2), "1 to 2 items numbered from '1. ' on, each: 'a'"),
    (dx.copy_of("abc", 1, 2), "a copy out of 'abc' and 1 to 2 chars"),
    (dx.template("a {b:word}!"), r"'a ', then b (text that matches /\w+/), then '!'"),
    (dx.rei("<mask_0> a(0)"), "text by the expression '<mask_0> a(0)'"),
]  # fmt: skip


@pytest.mark.parametrize(("constraint", "words"), DESCRIBED)
def test_words(constraint: dx.Constraint, words: str) -> None:
    assert constraint.describe() == words
    assert from_data(json.loads(json.dumps(to_data(constraint)))).describe() == words


def test_every_kind_describes_itself() -> None:
    def kinds(cls: type) -> set[type]:
        return {cls, *(kind for child in cls.__subclasses__() for kind in kinds(child))}

    own = {kind for kind in kinds(dx.Constraint) - {dx.Constraint} if kind.__module__.startswith("decodex.")}
    silent = {kind.__name__ for kind in own if "describe" not in vars(kind)}
    assert not silent


PRINTED = [
    dx.choice(["a", "ab."]),
    dx.regex("(?i)A|b b"),
    dx.regex("a # b\n+", re.X),
    dx.regex(r"\ba\b.*$"),
    dx.text(),
    dx.text(stop="ab"),
    dx.repeat(dx.choice(["a", "b "]), 1, 3, separator=dx.text(stop="\n")),
    dx.repeat("ab", 0, 2, separator=" "),
    dx.repeat("ab", 0, 0, separator=" "),
    dx.optional("a") + dx.regex("b+") + dx.choice(["\n", ""]),
    ~dx.choice(["a", "b"]) & dx.length("chars", 1, 4),
    dx.contains("a"),
    dx.contains("a b", "b", ordered=True),
    dx.contains("A", min_count=2, ignore_case=True),
    dx.contains("ab", whole_words=False) + "b",
    dx.contains("a", max_count=2),
    dx.excludes("b", "a a"),
    dx.length("chars", 0, 3),
    dx.length("chars", 2),
    dx.length("words", 0, 2),
    dx.length("words", 2, 2) + "b",
    dx.length("word_runs", 1, 2),
    dx.length("lines", 2, 3),
    dx.length("lines", 0, 1),
    dx.length("words", 0, 0),
    dx.starts_with("a"),
    dx.ends_with(dx.regex("a|b ")),
    dx.starts_with("a") & ~dx.ends_with("b"),
    dx.after("ab", dx.regex("a*")),
    dx.thinking(begin="a", end="b") + "a",
    dx.copy_of("ab", 0) | "b",
    dx.numbered(dx.choice(["a", "b"]), 0, 2, label="a{}"),
]


@pytest.mark.parametrize("constraint", PRINTED, ids=lambda constraint: constraint.describe())
def test_patterns(constraint: dx.Constraint) -> None:
    compiled = dx.compile(constraint, VOCAB)
    if "copy" in constraint.describe():
        with pytest.raises(dx.UnsupportedError, match="no regular expression is known for: a copy"):
            constraint.as_regex()
        return
    pattern = re.compile(constraint.as_regex())
    for text in TEXTS:
        assert bool(compiled.check(text)) == bool(pattern.fullmatch(text)), (text, pattern.pattern)


@pytest.mark.parametrize(
    "constraint",
    [
        dx.json_schema({}),
        dx.regex(r"\ba") + "b",
        dx.contains("a") + "b",
        ~dx.choice(["a"]) + "b",
        (dx.choice(["a"]) & "a") + "b",
        dx.length("sentences", 1, 2),
        dx.length("graphemes", 1, 2),
        dx.at("words", 1, "a"),
        dx.type_(datetime.date),
    ],
)
def test_what_has_no_pattern_says_so(constraint: dx.Constraint) -> None:
    with pytest.raises(dx.UnsupportedError, match="no regular expression is known for: "):
        constraint.as_regex()


def test_random_combinations_print_what_they_are() -> None:
    rng = random.Random(11)
    atoms = [dx.choice(["a", "ab", ""]), dx.regex("b*"), dx.text(stop="b"), dx.length("chars", 1, 2), dx.regex("[ab]")]

    def combination(depth: int) -> dx.Constraint:
        if depth == 0:
            return rng.choice(atoms)
        one, two = combination(depth - 1), combination(depth - 1)
        return rng.choice([one + two, one | two, one & two, ~one, dx.repeat(one, 1, 2)])

    texts = [t for t in TEXTS if len(t) < 6 and set(t) <= {"a", "b"}]
    printed = 0
    for _ in range(150):
        constraint = combination(rng.randint(1, 3))
        try:
            pattern = re.compile(constraint.as_regex())
        except dx.UnsupportedError:
            continue
        printed += 1
        try:
            compiled = dx.compile(constraint, VOCAB)
        except dx.UnsatisfiableError:
            assert not any(map(pattern.fullmatch, texts))
            continue
        for text in texts:
            assert bool(compiled.check(text)) == bool(pattern.fullmatch(text)), (text, constraint)
    assert printed > 75
