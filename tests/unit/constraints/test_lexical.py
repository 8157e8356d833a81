"""Phrases against plain search: every text of a small alphabet, and random sequences; bad input is named."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest

import decodex as dx
from decodex._core import Matcher

VOCAB = dx.Vocabulary.from_tokens([*(bytes([b]) for b in range(256)), None], eos_token_ids=[256])
TEXTS = ["".join(t) for n in range(6) for t in itertools.product("ab .", repeat=n)]
PHRASES = ("a", "ab", "aa", "a b", ".", " a", "a.", ". a", "aba")


def accepts(constraint: dx.Constraint, texts: list[str]) -> list[bool]:
    try:
        native = dx.compile(constraint, VOCAB).native
    except dx.UnsatisfiableError:
        return [False] * len(texts)
    return [Matcher(native).read_bytes(text.encode())[1] for text in texts]


def occurrences(phrase: str, whole: bool, text: str) -> int:
    before = r"(?<!\w)" if whole and re.match(r"\w", phrase[0]) else ""
    behind = r"(?!\w)" if whole and re.match(r"\w", phrase[-1]) else ""
    return len(re.findall(before + re.escape(phrase) + behind, text))


def check(constraint: dx.Constraint, holds: Callable[[str], bool], texts: list[str] = TEXTS) -> None:
    wrong = [t for t, got in zip(texts, accepts(constraint, texts), strict=True) if got != holds(t)]
    assert not wrong, wrong[:5]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("phrase", PHRASES)
def test_one_phrase(phrase: str, whole: bool) -> None:
    check(dx.contains(phrase, whole_words=whole), lambda t: occurrences(phrase, whole, t) > 0)
    check(dx.excludes(phrase, whole_words=whole), lambda t: occurrences(phrase, whole, t) == 0)
    for low, high in ((2, None), (1, 1), (0, 1), (2, 2), (3, None)):
        check(
            dx.contains(phrase, whole_words=whole, min_count=low, max_count=high),
            lambda t, low=low, high=high: low <= occurrences(phrase, whole, t) <= (99 if high is None else high),
        )


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(("one", "two"), list(itertools.product(("a", "ab", "b", "a b", "."), repeat=2)))
def test_two_phrases(one: str, two: str, whole: bool) -> None:
    def has(phrase: str, text: str) -> bool:
        return occurrences(phrase, whole, text) > 0

    check(dx.contains(one, two, whole_words=whole), lambda t: has(one, t) and has(two, t))
    check(dx.contains((one, two), whole_words=whole), lambda t: has(one, t) or has(two, t))
    check(dx.contains_any(one, two, whole_words=whole), lambda t: has(one, t) or has(two, t))
    check(dx.excludes(one, two, whole_words=whole), lambda t: not has(one, t) and not has(two, t))


def test_trackers_on_random_sequences() -> None:
    """Sequences over three symbols, as of tokens: the phrases that other trackers miss among them."""
    rng = random.Random(0)
    texts = ["".join(rng.choices("123", k=rng.randint(0, 12))) for _ in range(20_000)]
    texts += ["112", "1312", "124123", "12"]
    for phrases in (["12"], ["12", "13"], ["12", "3"], ["123", "24"], ["1", "12"]):
        check(dx.contains(*phrases, whole_words=False), lambda t, all_=phrases: all(p in t for p in all_), texts)
        check(dx.excludes(*phrases, whole_words=False), lambda t, all_=phrases: not any(p in t for p in all_), texts)


def test_after_a_partial_phrase_both_excluded_ones_are_banned() -> None:
    matcher = dx.compile(dx.excludes("123", "24", whole_words=False), VOCAB).matcher()
    assert all(matcher.advance(b) for b in b"12")
    assert not matcher.allows(ord("3"))
    assert not matcher.allows(ord("4"))
    assert matcher.allows(ord("2"))


def test_case_words_and_unicode() -> None:
    texts = ["Straße", "straße", "die Straße.", "Hauptstraße", "STRASSE", "ΣΊΣΥΦΟΣ", "σίσυφος", "naïve", "na\u00efve!"]
    for phrase in ("straße", "σίσυφος", "NAÏVE"):
        for ignore in (False, True):
            pattern = re.compile(r"(?<!\w)" + re.escape(phrase) + r"(?!\w)", re.IGNORECASE if ignore else 0)
            check(dx.contains(phrase, ignore_case=ignore), lambda t, p=pattern: p.search(t) is not None, texts)


def test_ordered_phrases_do_not_overlap() -> None:
    check(
        dx.contains("aba", "ab", ordered=True, whole_words=False),
        lambda t: re.search("aba.*ab", t) is not None,
    )


def test_phrases_inside_a_schema_and_a_budget() -> None:
    constraint = dx.json_schema({"type": "object", "properties": {"s": {"type": "string"}}, "required": ["s"]})
    constraint &= dx.contains("rain") & dx.excludes("snow") & dx.length("words", max=4)
    compiled = dx.compile(constraint, VOCAB)
    assert compiled.check('{"s": "the rain"}').accepted
    assert not compiled.check('{"s": "the train"}').accepted
    assert not compiled.check('{"s": "rain snow"}').accepted
    assert not compiled.check('{"s": "rain on the roof"}').accepted
    needed = compiled.matcher().tokens_to_finish()
    matcher = compiled.matcher(max_tokens=needed)
    text = b""
    while not matcher.is_accepting:
        token = int(matcher.allowed_tokens()[-1])
        assert matcher.advance(token)
        text += bytes([token])
    assert compiled.check(text).accepted
    assert len(text) <= needed
    with pytest.raises(dx.BudgetError):
        compiled.matcher(max_tokens=5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dx.contains(), "at least one phrase"),
        (lambda: dx.contains(""), "item 0"),
        (lambda: dx.contains("a", 3), "item 1"),  # type: ignore[arg-type]
        (lambda: dx.contains("a", min_count=-1), "min_count"),
        (lambda: dx.contains("a", min_count=2, max_count=1), "less than"),
        (lambda: dx.contains("a", min_count=0), "asks nothing"),
        (lambda: dx.contains("a", "b", ordered=True, max_count=2), "ordered"),
        (lambda: dx.excludes("\ud800"), "surrogate"),
        (lambda: dx.contains("a", whole_words="no"), "whole_words is True or False"),
        (lambda: dx.excludes("a", ignore_case=None), "ignore_case is True or False"),
        (lambda: dx.contains("a", "b", ordered=1), "ordered is True or False"),
    ],
)
def test_bad_phrases(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(dx.ConstraintError, match=message):
        make()


@pytest.mark.parametrize("count", [1, 2, 4, 9])
def test_phrases_that_are_names_in_a_closed_object(count: int) -> None:
    """Bounded numbers have thousands of states, and stand before the only text that is free."""
    names = ["appId", "attempt", "eventId", "objectId", "portalId", "subscriptionId", "source", "flag", "moment"]
    number = {"type": "integer", "minimum": 0, "maximum": 2147483647}
    schema = {
        "type": "object",
        "properties": dict.fromkeys(names[:6], number)
        | {"source": {"type": "string", "maxLength": 128}, "flag": {"enum": ["a", "b"]}, "moment": {"type": "string"}},
        "additionalProperties": False,
    }
    compiled = dx.compile(dx.json_schema(schema) & dx.contains(*names[:count]), VOCAB)
    matcher = compiled.matcher(max_tokens=300)
    text = b'{"flag": "a", "'
    for byte in text:
        assert matcher.allows(byte) and matcher.advance(byte)
    rng = random.Random(count)
    while not matcher.is_finished:
        token = int(rng.choice(matcher.allowed_tokens()))
        assert matcher.advance(token)
        text += bytes([token]) if token < 256 else b""
    json.loads(text)
    assert compiled.check(text).accepted
    assert all(re.search(rf"\b{name}\b", text.decode()) for name in names[:count])
