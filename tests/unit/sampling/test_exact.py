"""Enumeration and scores against products written out by hand."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest
from support.toy_rows import ToyRows, random_table

import decodex as dx
from decodex.errors import ConstraintError, LimitError
from decodex.sampling import condition_of, enumerate_texts, score_tokens

TOKENS = [b"a", b"b", b"ab", None]
VOCAB = dx.Vocabulary.from_tokens(TOKENS, eos_token_ids=[3])
TABLE = random_table(8, len(TOKENS))
PATTERN = "(ab)+|b*"


def _by_hand(budget: int) -> dict[tuple[int, ...], float]:
    masses = {}
    for length in range(budget + 1):
        for ids in itertools.product(range(3), repeat=length):
            if re.fullmatch(PATTERN, b"".join(TOKENS[i] or b"" for i in ids).decode()):
                whole = (*ids, 3)
                masses[whole] = math.prod(float(TABLE(whole[:i])[token]) for i, token in enumerate(whole))
    return masses


@pytest.mark.parametrize("predicate", [False, True])
def test_all_sequences_with_their_mass(predicate: bool) -> None:
    by_hand = _by_hand(3)
    constraint = (
        dx.predicate(lambda text: True, lambda text: bool(re.fullmatch(PATTERN, text)))
        if predicate
        else dx.regex(PATTERN)
    )
    found = enumerate_texts(
        ToyRows(TABLE), condition_of(constraint, VOCAB, max_tokens=3), end_token_ids=[3], max_tokens=3
    )
    assert dict(zip(found.token_ids, np.exp(found.log_probs), strict=True)) == pytest.approx(by_hand)
    assert found.log_normaliser == pytest.approx(math.log(sum(by_hand.values())))
    both = sum(mass for ids, mass in by_hand.items() if ids in ((0, 1, 3), (2, 3)))  # two ways to spell it
    assert found.posterior["ab"] == pytest.approx(both / sum(by_hand.values()))
    assert sum(found.masked.values()) == pytest.approx(1)


def test_a_critic_tilts() -> None:
    plain, tilted = (
        enumerate_texts(
            ToyRows(TABLE), condition_of(dx.regex("a|b"), VOCAB), end_token_ids=[3], max_tokens=2, critic=critic
        )
        for critic in (None, lambda text, ended: math.log(3) if text == "a" else 0.0)
    )
    odds = [found.posterior["a"] / found.posterior["b"] for found in (plain, tilted)]
    assert odds[1] == pytest.approx(3 * odds[0])


def test_scores_of_one_sequence() -> None:
    ids = (0, 1, 2, 3)
    scores = score_tokens(ToyRows(TABLE), condition_of(dx.regex(PATTERN), VOCAB), ids)
    whole = [float(TABLE(ids[:i])[token]) for i, token in enumerate(ids)]
    # what may come: a, b, ab or the end; only b; a, ab or the end; the same
    allowed = [1.0, TABLE(ids[:1])[1], TABLE(ids[:2])[[0, 2, 3]].sum(), TABLE(ids[:3])[[0, 2, 3]].sum()]
    assert np.exp(scores.log_probs) == pytest.approx(whole)
    assert np.exp(scores.log_allowed) == pytest.approx(allowed)
    assert scores.removed == pytest.approx(1 - np.array(allowed))
    assert scores.log_prob == pytest.approx(math.log(math.prod(whole)))
    assert scores.log_prob_masked == pytest.approx(math.log(math.prod(whole) / math.prod(allowed)))
    found = enumerate_texts(ToyRows(TABLE), condition_of(dx.regex(PATTERN), VOCAB), end_token_ids=[3], max_tokens=5)
    assert found.log_masked[found.token_ids.index(ids)] == pytest.approx(scores.log_prob_masked)


def test_what_is_not_allowed_or_too_much() -> None:
    with pytest.raises(ConstraintError, match="token 2 at position 1 is not allowed behind b'a'"):
        score_tokens(ToyRows(TABLE), condition_of(dx.regex(PATTERN), VOCAB), [0, 2])
    with pytest.raises(LimitError, match=r"more than 50 sequences.*raise max_sequences"):
        enumerate_texts(
            ToyRows(TABLE), condition_of(dx.regex("[ab]*"), VOCAB), end_token_ids=[3], max_tokens=9, max_sequences=50
        )
    with pytest.raises(ConstraintError, match="no text of at most 2 tokens"):
        enumerate_texts(ToyRows(TABLE), condition_of(dx.regex("b{3}"), VOCAB), end_token_ids=[3], max_tokens=2)
