"""The compiled walk against the readable one, draw by draw with the same keys; the keys against plain Python."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import decodex as dx
from decodex._core import ALLOWS_ADDRESS
from decodex.sampling import estimators
from decodex.sampling.conditions import ConstraintCondition, condition_of
from decodex.sampling.kernel import ADAPTIVE, FAILED, GEOMETRIC, IMPROPER, RECURSIVE, UNDECIDED, uniform, walk_rows
from decodex.sampling.race import Race

SIZE = 600
TOKENS = [chr(0x4E00 + i).encode() for i in range(SIZE - 1)]
VOCAB = dx.Vocabulary.from_tokens([*TOKENS, None], eos_token_ids=[SIZE - 1])


def plain_uniforms(seed: int, numbers: range) -> list[float]:
    """SplitMix64 as published, in Python integers."""
    mask, out = 2**64 - 1, []
    for number in numbers:
        z = (seed + (number + 1) * 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        z ^= z >> 31
        out.append(min(float(z) * 2.0**-64 + 2.0**-65, 1 - 2.0**-53))
    return out


def test_splitmix_is_the_published_one() -> None:
    assert int(plain_uniforms(1234567, range(1))[0] * 2**64) >> 12 == 6457827717110365317 >> 12
    for seed in (0, 1234567, 2**64 - 1):
        assert [uniform(np.uint64(seed), np.uint64(i)) for i in range(50)] == plain_uniforms(seed, range(50))


@pytest.mark.parametrize("spread", [0.1, 3.0, 40.0])
def test_the_order_is_that_of_all_gumbel_keys_sorted(spread: float) -> None:
    """Top keys first, window by window, come to the order of a full sort; tokens without weight never come."""
    weights = np.exp(np.random.default_rng(3).normal(size=SIZE) * spread)
    weights[::7] = 0.0
    seed = 99
    race = Race(weights.copy(), seed)
    order = list(iter(race.next, None))
    uniforms = np.array(plain_uniforms(seed, range(SIZE)))
    with np.errstate(divide="ignore"):
        keys = np.log(weights) - np.log(-np.log1p(-uniforms))
    assert order == [i for i in np.argsort(-keys).tolist() if weights[i] > 0]


def test_draws_without_replacement_follow_the_weights() -> None:
    """The first two of a race: chances w_i / S * w_j / (S - w_i)."""
    weights = np.array([5.0, 3.0, 2.0])
    counts = np.zeros((3, 3))
    seeds = np.random.default_rng(0).integers(0, 2**64, 20_000, dtype=np.uint64)
    for seed in seeds:
        race = Race(weights.copy(), int(seed))
        counts[race.next(), race.next()] += 1
    wanted = np.outer(weights / (10 - weights), weights / 10) * (1 - np.eye(3))
    error = np.sqrt(wanted * (1 - wanted) / len(seeds))
    assert (np.abs(counts / len(seeds) - wanted) <= 4.5 * error).all()


WALKS: dict[int, Any] = {
    IMPROPER: estimators.improper,
    ADAPTIVE: estimators.adaptive,
    RECURSIVE: estimators.recursive,
    GEOMETRIC: estimators.geometric,
}


def _compiled(
    weights: Any, seeds: Any, condition: ConstraintCondition, method: int, accepts: int, cap: float, patience: int = -1
) -> tuple[Any, ...]:
    rows = len(weights)
    out = (np.zeros(rows, np.int64), np.zeros(rows), np.zeros(rows), np.zeros(rows, np.int64), np.zeros(rows, np.int64))
    matchers = np.full(rows, condition.matcher.address)
    walk_rows(
        np.arange(rows), weights, seeds, ALLOWS_ADDRESS, matchers, np.full(rows, method), accepts, cap,
        np.full(rows, patience), *out,
    )  # fmt: skip
    return out


@pytest.mark.parametrize("share", [0.004, 0.1, 0.6])
@pytest.mark.parametrize("cap", [None, 1, 2, 7])
@pytest.mark.parametrize("method", WALKS)
def test_compiled_walks_are_the_readable_ones(method: int, cap: int | None, share: float) -> None:
    rng = np.random.default_rng(17)
    valid = np.flatnonzero(rng.random(SIZE - 1) < share)
    condition = condition_of(dx.choice([TOKENS[i].decode() for i in valid]), VOCAB)
    assert isinstance(condition, ConstraintCondition)
    rows, accepts = 60, 4 if method == GEOMETRIC else 2
    weights = np.exp(rng.normal(size=(rows, SIZE)) * rng.uniform(0.1, 6, size=(rows, 1)))
    seeds = rng.integers(0, 2**64, rows, dtype=np.uint64)
    tokens, found, totals, checks, _ = _compiled(
        weights.copy(), seeds, condition, method, accepts, math.inf if cap is None else cap
    )
    for row in range(rows):
        race, asked = Race(weights[row].copy(), int(seeds[row])), []

        def allows(token: int, asked: list[int] = asked) -> bool:
            asked.append(token)
            return condition.matcher.allows(token)

        more = {"max_accepts": accepts} if method == GEOMETRIC else {}
        token, weight = WALKS[method](race, allows, cap, **more)
        assert (tokens[row], checks[row], totals[row]) == (token, len(asked), race.total)
        assert found[row] == pytest.approx(weight, rel=1e-12, abs=0)


def test_patience_ends_walks_that_have_found_nothing() -> None:
    condition = condition_of(dx.choice([TOKENS[0].decode()]), VOCAB)
    assert isinstance(condition, ConstraintCondition)
    weights, seeds = np.ones((20, SIZE)), np.arange(20, dtype=np.uint64)
    for method in WALKS:
        ends = _compiled(weights.copy(), seeds, condition, method, 2, math.inf, patience=5)[4]
        assert (UNDECIDED in ends) == (method in (RECURSIVE, IMPROPER))


def test_an_error_of_the_check_comes_back_as_an_end() -> None:
    """Ids that the matcher's vocabulary lacks: the check cannot throw through compiled code."""
    small = dx.Vocabulary.from_tokens([b"a", None], eos_token_ids=[1])
    condition = condition_of(dx.regex("b*"), small)
    assert isinstance(condition, ConstraintCondition)
    weights = np.ones((1, SIZE))
    weights[0, :2] = 0.0
    assert _compiled(weights, np.array([1], np.uint64), condition, RECURSIVE, 2, math.inf)[4][0] == FAILED
