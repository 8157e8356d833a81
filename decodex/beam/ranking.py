"""Which candidates go on: a beam shared out among banks, the striped ranking, or a beam for each bank.

In: for each candidate its bank (how many constraint tokens its text has met, 0 to ``top``) and its score, and the
number of slots. Out: the indices of those that go on, best score first. Invariants: as many as there are slots, or
all where there are fewer (``grid``: so many of each bank); within a bank the best scores win, the earlier candidate
where they are equal. Cost: a sort.

* ``dynamic``: dynamic beam allocation (Post and Vilar 2018), shared out as Sockeye does.
* ``striped``: its vectorised form (Hu et al. 2019): the best of each bank, then the second best of each, and so on.
* ``grid``: grid beam search (Hokamp and Liu 2017): a beam for each bank, so the rows grow with the constraints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["METHODS", "Ranking", "allocate", "dynamic", "grid", "striped"]

Banks: TypeAlias = NDArray[np.int64]
Scores: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]
Ranking: TypeAlias = Callable[[Banks, Scores, int, int], Indices]


def allocate(slots: int, counts: Sequence[int]) -> list[int]:
    """The slots of each bank, ``counts`` being its candidates; they sum up to ``slots``.

    Each bank gets an equal share, the top bank the rest. Slots that a bank has no candidates for move to the bank
    below it, from the lowest to the top one, and on until each is filled, or all candidates have a slot.

    >>> allocate(5, [5, 1]), allocate(5, [10, 10]), allocate(10, [5, 0, 7]), allocate(2, [4, 2, 2, 3])
    ([4, 1], [2, 3], [5, 0, 5], [0, 0, 0, 2])
    """
    banks = len(counts)
    share, rest = divmod(slots, banks)
    sizes = [share] * (banks - 1) + [share + rest]
    while True:
        for bank in reversed(range(banks)):
            over = max(sizes[bank] - counts[bank], 0)
            sizes[bank] -= over
            sizes[bank - 1] += over
        if sizes[-1] <= counts[-1] or all(size >= count for size, count in zip(sizes, counts, strict=True)):
            return sizes


def dynamic(banks: Banks, scores: Scores, slots: int, top: int) -> Indices:
    """The best of each bank, as many as ``allocate`` gives it."""
    if len(scores) <= slots:
        return _by_score(scores)
    order, rank = _ranks(banks, scores)
    sizes = np.array(allocate(slots, np.bincount(banks, minlength=top + 1).tolist()))
    return order[rank < sizes[banks[order]]]


def striped(banks: Banks, scores: Scores, slots: int, top: int) -> Indices:
    """The best of each bank from the top one down, then the second best of each, and so on."""
    order, rank = _ranks(banks, scores)
    stripes = (top - banks[order]) + rank * (top + 1)
    kept = order[np.argsort(stripes, kind="stable")[:slots]]
    return kept[_by_score(scores[kept])]


def grid(banks: Banks, scores: Scores, slots: int, top: int) -> Indices:  # noqa: ARG001
    """The ``slots`` best of each bank."""
    order, rank = _ranks(banks, scores)
    return order[rank < slots]


METHODS: dict[str, Ranking] = {"dynamic": dynamic, "striped": striped, "grid": grid}


def _by_score(scores: Scores) -> Indices:
    return np.argsort(-scores, kind="stable")


def _ranks(banks: Banks, scores: Scores) -> tuple[Indices, Indices]:
    """The candidates by score, best first, and the rank of each of these in its bank, from 0."""
    order = _by_score(scores)
    by_bank = np.argsort(banks[order], kind="stable")
    sorted_banks = banks[order][by_bank]
    first = np.searchsorted(sorted_banks, sorted_banks)
    rank = np.empty(len(order), dtype=np.int64)
    rank[by_bank] = np.arange(len(order)) - first
    return order, rank
