"""The race: the order in which the tokens of a distribution come when each is drawn without replacement.

Token ``i`` arrives at time ``E_i / w_i``, ``E_i`` exponential. The arrivals in order are draws without replacement from
the weights ``w``; minus the logarithm of the times are the Gumbel keys ``log w_i + G_i``. Let a token arrive again
after another ``E / w_i`` and the arrivals are draws with replacement, so that one pass serves every estimator.

In: weights float64 ``[V]``, at most 1, and a seed, of which each token's ``E`` is a hash of its own; so keys need not
be kept. Out: arrivals, earliest first. Cost: a pass over the weights finds those that arrive within a time in which
``FIRST`` are expected; a walk that goes on costs another pass for eight times as many, and in the end all are sorted.
Invariant: the mass not rejected is right to twelve digits however small it gets, because it is summed anew whenever
subtractions have made it a thousand times smaller.
"""

from __future__ import annotations

import heapq
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decodex.errors import MaskError
from decodex.sampling.kernel import FIRST, GROWTH, SHRUNK, arrivals, geometric_failures, is_peaked, total_of, uniform

__all__ = ["Race", "weights_of"]


def weights_of(scores: NDArray[Any], out: NDArray[np.float64]) -> float:
    """Write the weights relative to the largest, and return the logarithm of what they are relative to.

    All zero where no token has any probability. Raises ``MaskError`` for NaN and plus infinity.
    """
    largest = float(scores.max()) if scores.size else -math.inf
    if math.isnan(largest) or largest == math.inf:
        where = int(np.argmax(~(scores < math.inf)))
        raise MaskError(f"the score of token {where} is {scores[where]}: scores are finite or minus infinity")
    if largest == -math.inf:
        out[:] = 0.0
        return 0.0
    np.subtract(scores, largest, out=out, dtype=np.float64)
    np.exp(out, out=out)
    return largest


class Race:
    """Draws from weights, one after the other; see the top of the file. The weights given are used up.

    ``mass``: the share of the weights that has not been rejected, 1 at first. ``total``: the sum of the weights.
    """

    def __init__(self, weights: NDArray[np.float64], seed: int) -> None:
        self._begin_race(float(total_of(weights)), len(weights), seed)
        self._weights = weights

    def _begin_race(self, total: float, size: int, seed: int) -> None:
        self.total = total
        self.mass = 1.0
        self._summed = 1.0
        self._size = size
        self._seed = np.uint64(seed)
        self._used = np.uint64(size)
        self._ids: list[int] = []
        self._times: list[float] = []
        self._at = 0
        self._end = 0.0
        self._again: list[tuple[float, int]] = []
        self._now = 0.0

    def next(self) -> int | None:
        """The next token: a new one, or one that may arrive again; ``None`` when there is none left."""
        is_new = self._at < len(self._ids) or self._look_ahead()
        if self._again and not (is_new and self._times[self._at] < self._again[0][0]):
            self._now, token = heapq.heappop(self._again)
            return token
        if not is_new:
            return None
        self._now, token = self._times[self._at], self._ids[self._at]
        self._at += 1
        return token

    def probability(self, token: int) -> float:
        """The token's share of all weights."""
        return self._weight(token) / self.total

    def reject(self, token: int) -> None:
        """Take the token out: it never arrives again, and its mass is gone."""
        self.mass -= self.probability(token)
        self._forget(token)
        if self.mass < SHRUNK * self._summed:
            self.mass = self._summed = self._sum() / self.total

    def again(self, token: int) -> None:
        """Let the token that has just come arrive again."""
        heapq.heappush(self._again, (self._now - math.log1p(-self._uniform()) / self._weight(token), token))

    def phantoms(self) -> float:
        """How often rejected tokens would have come before the next one, drawn with replacement."""
        if not 0.0 < self.mass < 1.0:
            return 0.0
        return float(geometric_failures(self._uniform(), self.mass))

    def is_peaked(self) -> bool:
        """Has one token most of the mass? Asked before the first draw."""
        return bool(is_peaked(self._weights, self.total))

    def _uniform(self) -> float:
        self._used += np.uint64(1)
        return float(uniform(self._seed, self._used))

    # Where the weights are

    def _weight(self, token: int) -> float:
        return float(self._weights[token])

    def _forget(self, token: int) -> None:
        self._weights[token] = 0.0

    def _sum(self) -> float:
        return float(total_of(self._weights))

    def _look_ahead(self) -> bool:
        """Find who arrives next; False when all have arrived."""
        while self._end < math.inf:
            begin, expected = self._end, GROWTH * self._end * self.total if self._end else FIRST
            self._end = expected / self.total if 0 < expected < self._size and self.total > 0 else math.inf
            ids, times = arrivals(self._weights, self._seed, begin, self._end)
            if len(ids):
                self._ids, self._times, self._at = ids.tolist(), times.tolist(), 0
                return True
        return False
