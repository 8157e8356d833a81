"""Proper weighting by exact enumeration in fractions, for every condition on a distribution of five tokens. Two
estimators that are known to be biased fail the same judge, so it can tell."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from support.enumeration import outcomes

from decodex.sampling.estimators import adaptive, improper, recursive

P = [Fraction(n, 24) for n in (10, 6, 4, 3, 1)]
SUBSETS = [frozenset(s) for n in range(1, 6) for s in itertools.combinations(range(5), n)]
Walk = Callable[[Any, Callable[[int], bool]], tuple[Any, Any]]


def bias(walk: Walk, valid: frozenset[int]) -> list[Fraction]:
    """For each token E[weight 1{token}] minus what it should be."""
    mean, chances = [Fraction(0)] * 5, Fraction(0)
    for chance, token, weight in outcomes(walk, P, valid):
        chances += chance
        if weight:
            assert token in valid
            mean[token] += chance * weight
        else:
            assert token not in valid  # a walk that weighs nothing shows a token that was refused
    assert chances == 1
    return [m - (P[x] if x in valid else 0) for x, m in enumerate(mean)]


def two_more_traces(source: Any, allows: Callable[[int], bool]) -> tuple[int, Fraction]:
    """AWRS with two continuation traces in place of one, by analogy with plain rejection: biased."""
    token, mass, refused = None, Fraction(0), 0
    for trace in range(3):
        while not allows(drawn := source.next()):
            source.reject(drawn)
            refused += 1
        source.again(drawn)
        if trace == 0:
            token, mass = drawn, source.mass
    return token, mass * Fraction(2, refused + 2)


def without_the_first_refusals(source: Any, allows: Callable[[int], bool]) -> tuple[int, Fraction]:
    """AWRS whose denominator forgets what was refused before the first accepted token: biased."""
    while not allows(token := source.next()):
        source.reject(token)
    mass, refused = source.mass, 0
    source.again(token)
    while not allows(drawn := source.next()):
        source.reject(drawn)
        refused += 1
    return token, mass / (refused + 1)


def test_there_are_31_conditions() -> None:
    assert len(set(SUBSETS)) == 31


@pytest.mark.parametrize("cap", [None, 1, 2, 3, 4])
@pytest.mark.parametrize("estimator", [adaptive, recursive])
def test_weights_are_proper(estimator: Any, cap: int | None) -> None:
    for valid in SUBSETS:
        assert bias(partial(estimator, max_rejects=cap), valid) == [0] * 5, valid


@pytest.mark.parametrize("biased", [two_more_traces, without_the_first_refusals])
def test_the_judge_finds_biased_estimators(biased: Walk) -> None:
    assert any(any(bias(biased, valid)) for valid in SUBSETS)


def test_the_bias_of_two_more_traces_is_the_published_one() -> None:
    half = [Fraction(1, 2)] * 2
    mean = sum(chance * weight for chance, _, weight in outcomes(two_more_traces, half, frozenset({0})))
    assert mean == Fraction(13, 24)


@pytest.mark.parametrize("estimator", [adaptive, recursive, improper])
def test_nothing_allowed_weighs_nothing(estimator: Any) -> None:
    for _, token, weight in outcomes(estimator, P, frozenset()):
        assert weight == 0 and token is not None


def test_improper_is_the_masked_distribution() -> None:
    for valid in SUBSETS:
        chances = [Fraction(0)] * 5
        for chance, token, weight in outcomes(improper, P, valid):
            assert weight == 1
            chances[token] += chance
        total = sum(P[x] for x in valid)
        assert chances == [P[x] / total if x in valid else 0 for x in range(5)]


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_a_walk_may_be_given_up_for_a_mask(patience: int) -> None:
    """Recursive, and the exact weight behind so many refusals: what a step does that runs out of patience."""

    class OutOfPatience(Exception):
        pass

    def given_up(source: Any, allows: Callable[[int], bool]) -> tuple[Any, Any]:
        seen: list[bool] = []

        def asked(token: int) -> bool:
            seen.append(allows(token))
            if len(seen) == patience and not any(seen):
                raise OutOfPatience
            return seen[-1]

        try:
            return recursive(source, asked)
        except OutOfPatience:
            return next(x for x in iter(source.next, None) if allows(x)), valid_mass

    for valid in SUBSETS:
        valid_mass = sum((P[x] for x in valid), Fraction(0))
        mean = [Fraction(0)] * 5
        for chance, token, weight in outcomes(given_up, P, valid):
            mean[token] += chance * weight
        assert mean == [P[x] if x in valid else 0 for x in range(5)]
