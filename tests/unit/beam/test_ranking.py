"""Slots among banks: the published check values, sums, and which candidates each ranking keeps."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

pytest.importorskip("torch", reason="the package decodex.beam needs torch")
from decodex.beam.ranking import METHODS, allocate, dynamic, grid, striped  # needs torch


@pytest.mark.parametrize(
    ("slots", "counts", "sizes"),
    [
        (5, [5, 1], [4, 1]),  # the top bank has one candidate only
        (5, [10, 10], [2, 3]),  # the rest goes to the top bank
        (10, [5, 0, 7], [5, 0, 5]),  # an empty bank hands its slots down, the lowest to the top
        (2, [1, 0, 1, 1], [0, 0, 1, 1]),  # more banks than slots
        (2, [4, 2, 2, 3], [0, 0, 0, 2]),
        (9, [1, 10, 1], [1, 7, 1]),  # what comes back to the top goes down once more
    ],
)
def test_check_values(slots: int, counts: list[int], sizes: list[int]) -> None:
    assert allocate(slots, counts) == sizes


def test_slots_are_neither_lost_nor_wasted() -> None:
    rng = np.random.default_rng(0)
    for _ in range(3000):
        counts = rng.integers(0, 12, rng.integers(1, 9)).tolist()
        slots = int(rng.integers(1, 40))
        sizes = allocate(slots, counts)
        assert sum(sizes) == slots and min(sizes) >= 0
        used = sum(map(min, sizes, counts))
        assert used == min(slots, sum(counts))


@pytest.mark.parametrize("method", METHODS)
def test_rankings(method: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(1000):
        size, top, slots = int(rng.integers(0, 40)), int(rng.integers(0, 6)), int(rng.integers(1, 15))
        banks, scores = rng.integers(0, top + 1, size), rng.integers(-9, 0, size).astype(float)
        kept = METHODS[method](banks, scores, slots, top)
        assert len(set(kept.tolist())) == len(kept)
        assert (np.diff(scores[kept]) <= 0).all()
        whole = Counter(banks.tolist())
        if method == "grid":
            assert Counter(banks[kept].tolist()) == Counter({b: min(n, slots) for b, n in whole.items()})
        else:
            assert len(kept) == min(slots, size)
        for bank in whole:  # the best of a bank go on
            own = sorted(scores[banks == bank], reverse=True)
            assert sorted(scores[kept[banks[kept] == bank]], reverse=True) == own[: int((banks[kept] == bank).sum())]


def test_without_constraints_the_best_go_on() -> None:
    scores = np.array([-3.0, -1.0, -2.0, -4.0])
    for ranking in (dynamic, striped, grid):
        assert ranking(np.zeros(4, np.int64), scores, 2, 0).tolist() == [1, 2]


def test_stripes_take_the_best_of_each_bank_in_turn() -> None:
    banks = np.array([0, 0, 2, 2, 2, 1])
    scores = np.array([-1.0, -2.0, -9.0, -8.0, -7.0, -6.0])
    assert set(striped(banks, scores, 3, 2).tolist()) == {4, 5, 0}
    assert set(striped(banks, scores, 5, 2).tolist()) == {4, 5, 0, 3, 1}
