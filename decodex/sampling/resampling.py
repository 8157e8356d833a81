"""Resampling: which particles go on, and in how many copies, by their weights.

In: weights ``[N]``, not negative, not all zero, not necessarily normalised, and a generator. Out: the numbers of the
parents, int64 ``[count]`` (``N`` unless given), ascending. Invariant: the expected number of copies of particle ``i``
is ``count * weights[i] / sum(weights)``, and a particle of weight zero has none. The schemes differ in the variance
of that number: multinomial draws have the largest; residual gives the whole part of it for certain; stratified draws
one point in each of ``count`` equal strata; systematic takes the same point in all strata, so the number is the
expected one rounded up or down.

Source: Douc, Cappé and Moulines, "Comparison of resampling schemes for particle filtering", 2005.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from decodex.errors import DecodexError

__all__ = ["SCHEMES", "multinomial", "resampling_scheme", "residual", "stratified", "systematic"]

Parents = NDArray[np.int64]
Scheme = Callable[..., Parents]

BELOW_ONE = np.nextafter(1.0, 0.0)


def multinomial(weights: NDArray[np.float64], rng: np.random.Generator, count: int | None = None) -> Parents:
    """Independent draws.

    >>> multinomial(np.array([0.0, 2.0]), np.random.default_rng(0)).tolist()
    [1, 1]
    """
    cumulative, count = _cumulative(weights, count)
    return _at(cumulative, np.sort(rng.random(count)))


def stratified(weights: NDArray[np.float64], rng: np.random.Generator, count: int | None = None) -> Parents:
    """One draw in each of ``count`` equal parts of the unit interval."""
    cumulative, count = _cumulative(weights, count)
    return _at(cumulative, (np.arange(count) + rng.random(count)) / count)


def systematic(weights: NDArray[np.float64], rng: np.random.Generator, count: int | None = None) -> Parents:
    """One draw for all of ``count`` equal parts of the unit interval."""
    cumulative, count = _cumulative(weights, count)
    return _at(cumulative, (np.arange(count) + rng.random()) / count)


def residual(weights: NDArray[np.float64], rng: np.random.Generator, count: int | None = None) -> Parents:
    """As many copies as the whole part of the expected number, and independent draws for the rest."""
    cumulative, count = _cumulative(weights, count)
    expected = np.diff(cumulative, prepend=0.0) * count
    copies = np.floor(expected).astype(np.int64)
    sure = np.repeat(np.arange(len(copies)), copies)
    if len(sure) == count:
        return sure
    rest = multinomial(expected - copies, rng, count - len(sure))
    return np.sort(np.concatenate([sure, rest]))


SCHEMES: dict[str, Scheme] = {
    "multinomial": multinomial,
    "stratified": stratified,
    "systematic": systematic,
    "residual": residual,
}


def resampling_scheme(scheme: str | Scheme) -> Scheme:
    """The scheme of a name, or a function of weights and generator as it is. Raises ``DecodexError``."""
    if callable(scheme):
        return scheme
    if scheme not in SCHEMES:
        raise DecodexError(f"there is no resampling scheme {scheme!r}; there are {', '.join(SCHEMES)}")
    return SCHEMES[scheme]


def _cumulative(weights: NDArray[np.float64], count: int | None) -> tuple[NDArray[np.float64], int]:
    weights = np.asarray(weights, dtype=np.float64)
    if weights.ndim != 1 or not np.isfinite(weights).all() or (weights < 0).any() or not weights.sum() > 0:
        raise DecodexError(
            f"weights to resample by are finite numbers, none negative and not all zero, not {weights!r}"
        )
    cumulative = np.cumsum(weights / weights.max())
    return cumulative / cumulative[-1], len(weights) if count is None else count


def _at(cumulative: NDArray[np.float64], points: NDArray[np.float64]) -> Parents:
    """The particle that each point of the unit interval belongs to."""
    parents: Parents = np.searchsorted(cumulative, np.minimum(points, BELOW_ONE), side="right").astype(np.int64)
    return parents
