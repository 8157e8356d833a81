"""How are several calls timed against each other in one process?

All of them take turns, round by round and in rotated order, so that what the machine does meanwhile meets all
alike; the median over the rounds is what is told. Garbage collection waits until the end.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median

_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
Call = Callable[[], object]


def rounds_of(calls: Mapping[str, Call], rounds: int, calls_per_round: int = 1) -> dict[str, list[float]]:
    """Nanoseconds per call of each, one entry per round; a round calls each ``calls_per_round`` times in a row."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():  # what is set up at the first call is not timed
        call()
    with quiet():
        for names in rotations(list(calls), rounds):
            for name in names:
                call, repeats = calls[name], range(calls_per_round)
                begin = time.perf_counter_ns()
                for _ in repeats:
                    call()
                times[name].append((time.perf_counter_ns() - begin) / calls_per_round)
    return times


def medians(calls: Mapping[str, Call], rounds: int, calls_per_round: int = 1) -> dict[str, float]:
    """The median of ``rounds_of``."""
    return {name: median(times) for name, times in rounds_of(calls, rounds, calls_per_round).items()}


def rotations(names: Sequence[str], rounds: int) -> Iterator[list[str]]:
    """The names, each round beginning with the next one."""
    for turn in range(rounds):
        first = turn % max(len(names), 1)
        yield [*names[first:], *names[:first]]


def one_thread() -> None:
    """Libraries that this process, and those it starts, import from now on work in one thread."""
    for variable in _THREADS:
        os.environ[variable] = "1"


@contextmanager
def quiet() -> Iterator[None]:
    """No garbage collection inside."""
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
