"""Trackers find what is in a text: overlaps, shared prefixes, counts, forms, and other cuts of the same words."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

import decodex as dx
from decodex.errors import ConstraintError, VocabularyError

pytest.importorskip("torch", reason="the package decodex.beam needs torch")
pytest.importorskip("transformers", reason="the package decodex.beam needs transformers")
from support.table_rows import occurs
from support.vocabularies import byte_vocabulary

from decodex.beam import contains_tokens, excludes_tokens, trackers  # needs torch
from decodex.beam.demands import Demands, Ids, demands
from decodex.beam.trackers import Progress, Tracker

IDS = Ids(6, (0,), None)
SPELLED = (*(character.encode() for character in "abcr in.s"), b"rain", b" rain", b"ains")
WORDS = dx.Vocabulary.from_tokens([None, *SPELLED], eos_token_ids=[0])


def read(asked: Demands, tokens: Any) -> tuple[Progress, bool]:
    """The progress after the tokens, and whether the text may end there."""
    progress = asked.tracker.start
    matchers = asked.matchers()
    for token in tokens:
        progress = progress.advance(token)
        assert all(matcher.advance(token) for matcher in matchers)
    return progress, all(matcher.is_accepting for matcher in matchers)


@pytest.mark.parametrize(
    ("phrases", "tokens"),
    [
        ([[1, 2]], [1, 1, 2]),  # a beginning that begins anew
        ([[1, 2], [1, 3]], [1, 3, 1, 2]),  # a shared first token
        ([[1, 2], [3]], [1, 3, 1, 2]),  # one inside of another that is abandoned
        ([[1, 2, 3], [2, 4]], [1, 2, 4, 1, 2, 3]),  # the end of one is the beginning of another
        ([[1], [1, 2]], [1, 2]),  # different phrases may overlap
    ],
)
def test_table(phrases: list[list[int]], tokens: list[int]) -> None:
    asked = demands([contains_tokens(phrase) for phrase in phrases], IDS)
    for end in range(len(tokens) + 1):
        progress, accepted = read(asked, tokens[:end])
        assert progress.met == [occurs(phrase, tokens[:end]) for phrase in phrases]
        assert accepted == (progress.bank == asked.tracker.top) == all(progress.met)
    assert accepted


def test_every_token_that_completes_an_avoided_phrase_is_refused() -> None:
    (matcher,) = demands([excludes_tokens([1, 2, 3], [2, 4])], IDS).matchers()
    assert matcher.advance(1) and matcher.advance(2)
    assert [token for token in range(1, 6) if not matcher.allows(token)] == [3, 4]


def test_as_substring_search_says() -> None:
    rng = random.Random(0)
    for _ in range(60):
        phrases = [tuple(rng.choices((1, 2, 3), k=rng.randint(1, 4))) for _ in range(rng.randint(1, 4))]
        phrases = list(dict.fromkeys(phrases))
        asked = demands([contains_tokens(phrase) for phrase in phrases], IDS)
        for _ in range(30):
            text = rng.choices((1, 2, 3), k=rng.randint(0, 60))
            progress = asked.tracker.start
            for end, token in enumerate(text):
                progress = progress.advance(token)
                met = [occurs(phrase, text[: end + 1]) for phrase in phrases]
                assert progress.met == met
                assert (progress.bank == asked.tracker.top) == all(met)
                for phrase, (size, is_met) in zip(phrases, zip(map(len, phrases), met, strict=True), strict=True):
                    tail = max(n for n in range(size + 1) if n == 0 or tuple(text[: end + 1][-n:]) == phrase[:n])
                    if len(phrases) == 1:  # the bank is the part of the phrase that has been written
                        assert progress.bank == (size if is_met else tail)


def test_lexical_constraints_are_counted_one_by_one() -> None:
    ids = Ids(len(WORDS), (0,), WORDS)
    for asked, counted in (
        (dx.contains("rain", "cab", max_count=2) & dx.excludes("bar"), 2),
        (dx.contains("rain") | (dx.contains("cab") | dx.contains("bar")), 1),
        (dx.contains("rain") | dx.regex("a*"), 0),
        (dx.regex("[ -~]*") & ~dx.contains("rain"), 0),
        (["rain", dx.contains("cab", "bar", ordered=True), ("a", "b")], 3),
    ):
        made = demands(asked, ids)
        assert (len(made.whole), len(made.counted)) == (1, counted)
    both = demands(["rain", contains_tokens([1])], ids)
    assert (len(both.whole), len(both.counted)) == (2, 2)


def test_a_phrase_listed_twice_must_occur_twice() -> None:
    asked = demands(["rain", "rain"], Ids(len(WORDS), (0,), WORDS))
    for text, met in (("rain", False), ("rain rain", True), ("rain. rain", True)):
        progress, accepted = read(asked, spelled(text))
        assert progress.met == [met] and accepted == met, text
    tokens = demands([contains_tokens([1, 1], min_count=2)], IDS)
    assert not read(tokens, [1, 1, 1])[1]  # without overlap
    assert read(tokens, [1, 1, 1, 1])[1]


def test_forms_and_whole_words_whatever_the_cut() -> None:
    ids = Ids(len(WORDS), (0,), WORDS)
    asked = demands([("rain", "rains"), dx.excludes("bar")], ids)
    rng = random.Random(1)
    seen = set()
    for _ in range(2000):
        text = "".join(rng.choice(["a", "b", "r", "rain", "rains", " ", "."]) for _ in range(rng.randint(0, 7)))
        if re.search(r"\bbar\b", text):
            continue
        met = bool(re.search(r"\b(?:rain|rains)\b", text))
        matcher_ok = all(m.read_bytes(text.encode())[0] == len(text) for m in asked.matchers())
        if not matcher_ok:  # "bar" stands there for the moment
            continue
        progress = asked.tracker.start
        for token in spelled(text, rng):
            progress = progress.advance(token)
        assert progress.met == [met], text
        seen.add(met)
    assert seen == {True, False}


@pytest.mark.parametrize(
    "constraint",
    ["rain", "cab", ("cab", "scar"), dx.contains("rain", "cab", ordered=True), dx.contains("b", min_count=3)],
)
def test_wanted_tokens_meet_a_constraint_in_as_few_steps_as_was_said(constraint: Any) -> None:
    asked = demands([constraint], Ids(len(WORDS), (0,), WORDS))
    rng = random.Random(3)
    for _ in range(20):
        progress = asked.tracker.start
        for bank in range(asked.tracker.top):
            assert progress.bank == bank
            tokens, lengths = progress.wanted
            assert len(tokens) == lengths.sum() > 0
            progress = progress.advance(int(rng.choice(tokens)))
        assert progress.met == [True] and len(progress.wanted[0]) == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trackers, "STATES", 50)
    asked = demands(["rain", "cab"], Ids(len(WORDS), (0,), WORDS))
    rng = random.Random(2)
    tracker: Tracker = asked.tracker
    for _ in range(50):
        text = "".join(rng.choices("abcrin s", k=30))
        progress = tracker.start
        for token in spelled(text, rng):
            progress = progress.advance(token)
        assert progress.met == [bool(re.search(rf"\b{word}\b", text)) for word in ("rain", "cab")]
        assert tracker.transitions <= 50 + 1 + 2


def spelled(text: str, rng: random.Random | None = None) -> list[int]:
    """Tokens of ``WORDS`` that spell a text, drawn at random."""
    rng = rng or random.Random(0)
    out, rest = [], text.encode()
    while rest:
        fitting = [i for i, token in enumerate(WORDS.tokens) if token and rest.startswith(token)]
        out.append(rng.choice(fitting))
        rest = rest[len(WORDS.tokens[out[-1]] or b"") :]
    return out


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([5], "a demand is a phrase"),
        ([""], "non-empty"),
        ([contains_tokens([1, 0])], "ends a text"),
        ([contains_tokens([1, 6])], r"outside of the model's 0\.\.5"),
    ],
)
def test_what_is_no_demand(wrong: Any, message: str) -> None:
    with pytest.raises(ConstraintError, match=message):
        demands(wrong, Ids(6, (0,), dx.Vocabulary.from_tokens([None, b"a"], eos_token_ids=[0])))


@pytest.mark.parametrize("wrong", [[], [[]], "ab", [[1], []], [-1], [1.5], [True], 7])
def test_what_is_no_phrase_of_tokens(wrong: Any) -> None:
    with pytest.raises(ConstraintError, match="takes phrases of token ids"):
        contains_tokens(wrong)
    with pytest.raises(ConstraintError, match="needs at least one phrase"):
        excludes_tokens()


def test_vocabularies_must_be_the_model_s() -> None:
    other = dx.compile(dx.contains("a"), byte_vocabulary())
    with pytest.raises(VocabularyError, match="another vocabulary"):
        demands([other], Ids(len(WORDS), (0,), WORDS))
    with pytest.raises(VocabularyError, match="need a vocabulary"):
        demands(["a"], IDS)
    with pytest.raises(VocabularyError, match="the model scores 6"):
        demands([other], IDS)
    with pytest.raises(VocabularyError, match="1,048,576"):
        demands([contains_tokens([1])], Ids(2_000_000, (0,), None))
