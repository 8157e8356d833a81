"""What is compiled by Numba: the parts of a race, and the walks of a batch in one loop where conditions are automata.

In: weights ``[rows, V]``, which are used up, a seed per row, and for each row the address of its matcher, whose check
is called from the loop (``_core.ALLOWS_ADDRESS``); 0: everything is allowed. Out: per row the token, its weight
relative to the row's sum, the sum, the checks, and how the walk ended. The same steps as ``estimators.py`` over
``Race``, which is the text to read; a test holds the two together draw by draw. Runs without the GIL, in one thread.
All that is compiled is in this file, because Numba's cache on disk does not see changes of other files.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = [
    "ADAPTIVE",
    "AUTO",
    "FAILED",
    "FIRST",
    "FOUND",
    "GEOMETRIC",
    "GROWTH",
    "IMPROPER",
    "PEAKED",
    "RECURSIVE",
    "SHRUNK",
    "SMALLEST",
    "UNDECIDED",
    "arrivals",
    "geometric_failures",
    "is_peaked",
    "total_of",
    "uniform",
    "walk_rows",
]

IMPROPER, ADAPTIVE, RECURSIVE, GEOMETRIC, AUTO = range(5)
PEAKED = 2 / 3
"""``AUTO`` is ``GEOMETRIC`` where one token has so much of the mass: two draws of it are expected within fewer than two
checks then, which ``RECURSIVE`` always takes."""
FOUND, UNDECIDED, FAILED = range(3)
"""How a walk ends: with what it found (or did not), at the limit of its patience, at an error of the check."""


FIRST = 24.0
"""Arrivals expected in the first window."""
GROWTH = 8.0
GAMMA = np.uint64(0x9E3779B97F4A7C15)
SMALLEST = 1e-280
"""Weights below this share of the largest count as zero: times are their reciprocals and must be finite."""
SHRUNK = 1e-3
"""A mass is summed anew when subtractions have made it so much smaller."""
BLOCK = 256
"""Tokens looked at together."""


def compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Compiled at its first call and kept on disk, where there is a folder for it."""
    try:
        fast: Callable[..., Any] = njit(cache=True, nogil=True, **options)(function)
    except RuntimeError:
        fast = njit(nogil=True, **options)(function)
    return fast


@compiled
def uniform(seed: Any, number: Any) -> Any:
    """The ``number``-th float64 of the stream ``seed`` (both uint64), in (0, 1), with 64 random bits (SplitMix64)."""
    z = seed + (number + np.uint64(1)) * GAMMA
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return min(np.float64(z) * 2.0**-64 + 2.0**-65, 1.0 - 2.0**-53)


@compiled
def exponential(seed: Any, number: Any) -> Any:
    """The same as an exponential variable; never less than the uniform itself."""
    return -math.log1p(-uniform(seed, number))


@compiled
def _possible(weights: Any, seed: Any, end: float) -> int:
    """How many could arrive before ``end``: an exponential is never less than its uniform. No logarithm, no branch."""
    count = 0
    for i in range(len(weights)):
        count += uniform(seed, np.uint64(i)) < end * weights[i]
    return count


@compiled
def arrivals(weights: Any, seed: Any, begin: float, end: float) -> Any:
    """Who arrives from ``begin`` until before ``end``: ids and times, earliest first."""
    size = len(weights)
    ids, times, count = np.empty(size, np.int64), np.empty(size, np.float64), 0
    for block in range(0, size, BLOCK):
        part = weights[block : block + BLOCK]
        if _possible(part, seed + np.uint64(block) * GAMMA, end) == 0:
            continue
        for i in range(block, block + len(part)):
            if uniform(seed, np.uint64(i)) < end * weights[i]:
                time = exponential(seed, np.uint64(i)) / weights[i]
                if begin <= time and time < end:
                    ids[count], times[count] = i, time
                    count += 1
    order = np.argsort(times[:count])
    return ids[:count][order], times[:count][order]


def _total_of(weights: Any) -> float:
    """The sum; what is too small to count becomes zero."""
    total = 0.0
    for i in range(len(weights)):
        weight = weights[i] if weights[i] >= SMALLEST else 0.0
        weights[i] = weight
        total += weight
    return total


total_of = compiled(_total_of, fastmath={"reassoc", "nnan", "nsz"})  # so that many are added at a time


@compiled
def is_peaked(weights: Any, total: float) -> bool:
    """Has one token, of weights of at most 1, the share ``PEAKED`` of the total?"""
    return total * PEAKED <= 1.0 and weights.max() >= total * PEAKED


@compiled
def geometric_failures(u: float, success: float) -> Any:
    """How many trials fail before the first success of probability ``success``, by the uniform ``u``."""
    if success >= 1.0:
        return 0.0
    return np.floor(math.log(u) / math.log1p(-success))



@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def _allows(_context: Any, function: Any, matcher: Any, token: Any) -> Any:  # noqa: ARG001
    """Call the check of a matcher: 1 allowed, 0 refused, -1 an error."""

    def build(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        address, matcher, token = arguments
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.IntType(32), [pointer, ir.IntType(64)])
        called = builder.inttoptr(address, kind.as_pointer())
        return builder.call(called, [builder.inttoptr(matcher, pointer), token])

    return types.int32(types.int64, types.int64, types.int64), build


@compiled
def _walk(
    weights: Any,
    total: float,
    seed: Any,
    function: int,
    matcher: int,
    method: int,
    max_accepts: int,
    max_rejects: float,
    patience: int,
) -> Any:
    """One row: token (-1: none), weight, checks, end."""
    size = len(weights)
    used = np.uint64(size)
    mass, summed = 1.0, 1.0
    ids, times = np.empty(0, np.int64), np.empty(0, np.float64)
    at, end = 0, 0.0
    again_ids, again_times, waiting = np.empty(max_accepts, np.int64), np.empty(max_accepts, np.float64), 0
    token, tried, accepts, rejects, checks = -1, -1, 0, 0.0, 0
    first_mass, alone = 0.0, False
    while True:
        if method == GEOMETRIC and 0.0 < mass < 1.0:
            used += np.uint64(1)
            rejects += geometric_failures(uniform(seed, used), mass)
            if rejects >= max_rejects:
                break
        # The next arrival
        while at == len(ids) and end < math.inf:
            begin, expected = end, GROWTH * end * total if end > 0.0 else FIRST
            end = expected / total if 0.0 < expected < size and total > 0.0 else math.inf
            ids, times = arrivals(weights, seed, begin, end)
            at = 0
        is_new = at < len(ids)
        soonest = 0
        for k in range(1, waiting):
            if again_times[k] < again_times[soonest]:
                soonest = k
        if waiting > 0 and not (is_new and times[at] < again_times[soonest]):
            drawn, now, allowed = again_ids[soonest], again_times[soonest], True
            waiting -= 1
            again_ids[soonest], again_times[soonest] = again_ids[waiting], again_times[waiting]
        elif is_new:
            drawn, now = ids[at], times[at]
            at += 1
            allowed = True
            if matcher != 0:
                checks += 1
                verdict = _allows(function, matcher, drawn)
                if verdict < 0:
                    return drawn, 0.0, checks, FAILED
                allowed = verdict == 1
        else:
            break
        # What it means
        if allowed:
            accepts += 1
            if accepts == 1:
                token, first_mass = drawn, mass
                if method == IMPROPER or (method == RECURSIVE and rejects + 1 == max_rejects):
                    break
            elif method != GEOMETRIC or accepts == max_accepts:
                break
            if method != RECURSIVE:
                used += np.uint64(1)
                again_ids[waiting] = drawn
                again_times[waiting] = now + exponential(seed, used) / weights[drawn]
                waiting += 1
        else:
            if tried < 0:
                tried = drawn
            if method == RECURSIVE and accepts == 1:
                alone = True
                break
            mass -= weights[drawn] / total
            weights[drawn] = 0.0
            if mass < SHRUNK * summed:
                mass = summed = total_of(weights) / total
            rejects += 1.0
            if rejects >= max_rejects:
                break
            if accepts == 0 and checks == patience and method in (RECURSIVE, IMPROPER):
                return tried, 0.0, checks, UNDECIDED
    if token < 0:
        return tried, 0.0, checks, FOUND
    rejects = min(rejects, max_rejects)
    if method == IMPROPER:
        weight = 1.0
    elif method == RECURSIVE:
        weight = weights[token] / total if alone else first_mass
    elif method == ADAPTIVE:
        weight = first_mass / (rejects + accepts - 1.0)
    else:
        weight = min(max_accepts - 1, accepts) / (accepts + rejects - 1.0)
    return token, weight, checks, FOUND


@compiled
def walk_rows(
    rows: Any,
    weights: Any,
    seeds: Any,
    function: int,
    matchers: Any,
    methods: Any,
    max_accepts: int,
    max_rejects: float,
    patience: Any,
    tokens: Any,
    found: Any,
    totals: Any,
    checks: Any,
    ends: Any,
) -> None:
    """Walk the rows whose numbers are in ``rows``.

    ``matchers``, ``methods`` and ``patience`` are int64 per row. ``max_rejects``: infinity for no cap. ``patience``: a
    walk that has found nothing after so many checks is undecided, if its method is one that may be given up for a mask;
    -1 for no limit. The last five are written to: token, weight relative to the total, total, checks (added), end.
    """
    for row in rows:
        totals[row] = total_of(weights[row])
        method = methods[row]
        if method == AUTO:
            method = GEOMETRIC if max_accepts > 2 or is_peaked(weights[row], totals[row]) else RECURSIVE
        tokens[row], found[row], made, ends[row] = _walk(
            weights[row],
            totals[row],
            seeds[row],
            function,
            matchers[row],
            method,
            max_accepts,
            max_rejects,
            patience[row],
        )
        checks[row] += made
