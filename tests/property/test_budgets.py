"""Every output is complete and within its budget, whatever is chosen: for every kind of constraint, from the least
budget that is accepted to four times as much, with tokens chosen at random, always the longest one, or the one that
leaves the end farthest off.

What is complete is judged without the budget's machinery: by a matcher of the same constraint that reads the bytes, and
for the parts that have them by plain Python predicates. ``DECODEX_BUDGETS`` is the number of runs (default 440).
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable

import pytest
import regex

import decodex as dx

COUNT = int(os.environ.get("DECODEX_BUDGETS", "440"))
PIECES = [
    "ab",
    "the",
    " the",
    "rain",
    " rain",
    ' "',
    '":',
    '", "',
    "}]",
    "  ",
    "\n\n",
    "tion",
    ". ",
    "12",
    "é",
    "<b>",
    "</",
    "wor",
    "word",
]
TOKENS: list[bytes | None] = [*(bytes([b]) for b in range(256)), *(piece.encode() for piece in PIECES), None]
VOCAB = dx.Vocabulary.from_tokens(TOKENS, eos_token_ids=[len(TOKENS) - 1])

OBJECT = {
    "type": "object",
    "properties": {
        "s": {"type": "string"},
        "n": {"type": "integer"},
        "l": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["s"],
}


def _json(text: str) -> bool:
    value = json.loads(text)
    return isinstance(value, dict) and isinstance(value["s"], str)


def _words(low: int, high: int) -> Callable[[str], bool]:
    return lambda text: low <= len(text.split()) <= high


def _mentions(*phrases: str) -> Callable[[str], bool]:
    return lambda text: all(re.search(rf"\b{phrase}\b", text) for phrase in phrases)


CLOSED = {**OBJECT, "additionalProperties": False}
DISTINCT = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
MANY = ("rain", "word", "the", "tion", "ab")

CASES: dict[str, tuple[dx.Constraint, Callable[[str], bool]]] = {
    "regex": (dx.regex(r"(ab)*c[0-9]{2,40}"), lambda t: re.fullmatch(r"(ab)*c[0-9]{2,40}", t) is not None),
    "choice": (dx.choice(["rain", "the rain", "snow"]), lambda t: t in ("rain", "the rain", "snow")),
    "schema": (dx.json_schema(OBJECT), _json),
    "any order": (dx.json_schema(OBJECT, property_order="any"), _json),
    "json": (dx.json_value(), lambda t: json.loads(t) is not ...),
    "phrases": (dx.contains("rain", "word") & dx.excludes("the"), lambda t: "rain" in t and "word" in t),
    "words": (dx.length("words", 3, 6), _words(3, 6)),
    "graphemes": (
        dx.length("graphemes", 3, 5) & dx.contains("é", whole_words=False),
        lambda t: 3 <= len(regex.findall(r"\X", t)) <= 5 and "é" in t,
    ),
    "sentences": (dx.length("sentences", 2, 2) & dx.contains("rain"), lambda t: "rain" in t),
    "schema and phrases": (
        dx.json_schema(OBJECT) & dx.contains("rain", "word"),
        lambda t: _json(t) and "rain" in t and "word" in t,
    ),
    "schema and words": (dx.json_schema(OBJECT) & dx.length("words", 2, 5), lambda t: _json(t) and _words(2, 5)(t)),
    "schema without": (
        dx.json_schema(OBJECT) & dx.excludes("the", "é", whole_words=False),
        lambda t: _json(t) and "the" not in t,
    ),
    "where": (
        dx.json_schema(OBJECT, where={"/s": dx.contains("rain") & dx.length("words", 2, 4)}),
        lambda t: _json(t) and _words(2, 4)(json.loads(t)["s"]),
    ),
    "grammar": (
        dx.grammar('start: "(" start ")" | /[0-9]{1,3}/ | start "+" start'),
        lambda t: t.count("(") == t.count(")"),
    ),
    "grammar and regex": (
        dx.grammar('start: "(" start ")" | /[0-9]{1,3}/') & dx.contains("((", whole_words=False),
        lambda t: t.startswith("(("),
    ),
    "tags": (dx.tagged("<b>", dx.regex("[a-z]+"), "</b>", min=1), lambda t: t.count("<b>") >= 1),
    "template": (
        dx.template("the {a:int}: {b:/[a-z]+/}."),
        lambda t: re.fullmatch(r"the -?\d+: [a-z]+\.", t) is not None,
    ),
    "many phrases": (
        dx.contains(*MANY) & dx.length("words", 5, 80) & dx.length("sentences", 2, 3) & dx.excludes("wor"),
        lambda t: _mentions(*MANY)(t) and _words(5, 80)(t),
    ),
    "closed schema and many": (
        dx.json_schema(CLOSED) & dx.contains(*MANY) & dx.length("words", max=100),
        lambda t: _json(t) and _mentions(*MANY)(t) and _words(0, 100)(t),
    ),
    "schema and many": (dx.json_schema(OBJECT) & dx.contains(*MANY), lambda t: _json(t) and _mentions(*MANY)(t)),
    "where many": (
        dx.json_schema(
            OBJECT, where={"/s": dx.contains(*MANY) & dx.length("words", 5, 80) & dx.length("sentences", 2, 3)}
        ),
        lambda t: _words(5, 80)(json.loads(t)["s"]),
    ),
    "distinct items": (
        dx.json_schema(DISTINCT) & dx.contains(*MANY[:3]),
        lambda t: len(set(json.loads(t))) == len(json.loads(t)) and _mentions(*MANY[:3])(t),
    ),
    "numbered": (dx.numbered(dx.regex(r"\w+"), 2, 4), lambda t: t.startswith("1. ") and "\n2. " in t),
}


def farthest(matcher: dx.Matcher, tokens: list[int]) -> int:
    def left(token: int) -> int:
        after = matcher.fork()
        assert after.advance(token)
        return after.tokens_to_finish()

    return max(tokens, key=left)


def generate(matcher: dx.Matcher, rng: random.Random, choice: str) -> bytes:
    text = b""
    while True:
        allowed = [token for token in matcher.allowed_tokens().tolist() if TOKENS[token] is not None]
        if matcher.is_accepting and (not allowed or (choice == "random" and rng.random() < 0.1)):
            return text
        assert allowed, f"a dead end after {text!r}"
        if choice == "longest":
            token = max(allowed, key=lambda token: (len(TOKENS[token] or b""), rng.random()))
        elif choice == "farthest":
            token = farthest(matcher, rng.sample(allowed, min(8, len(allowed))))
        else:
            token = rng.choice(allowed)
        assert matcher.advance(token)
        text += TOKENS[token] or b""


@pytest.mark.parametrize("name", CASES)
def test_budgets(name: str) -> None:
    constraint, holds = CASES[name]
    compiled = dx.compile(constraint, VOCAB)
    least = compiled.matcher().tokens_to_finish()
    if least:
        with pytest.raises(dx.BudgetError):
            compiled.matcher(max_tokens=0)
    rng = random.Random(name)
    for run in range(max(1, COUNT // len(CASES))):
        budget = rng.randint(least, 4 * least + 2)
        matcher = compiled.matcher(max_tokens=budget)
        text = generate(matcher, rng, ("random", "longest", "farthest")[run % 3])
        where = f"{name}, budget {budget}: {text!r}"
        assert matcher.tokens_read <= budget, where
        assert compiled.check(text).accepted, where
        assert holds(text.decode()), where


def test_words_that_end_within_others() -> None:
    """A text that could have ended on the way of the one that was found must not lead on for ever."""
    often = dx.length("words", 3) & dx.contains("]][", whole_words=False, min_count=3, max_count=4)
    either = dx.ends_with(dx.choice(["", ""])) | dx.contains("[,", whole_words=False)
    nested = {"$ref": "#/$defs/n", "$defs": {"n": {"type": "array", "items": {"$ref": "#/$defs/n"}}}}
    compiled = dx.compile(dx.json_schema(nested, whitespace="compact") | (often & either), VOCAB)
    matcher = compiled.matcher()
    for byte in b"]][]]":
        assert matcher.advance(byte)
        assert 0 < matcher.tokens_to_finish() < 20
