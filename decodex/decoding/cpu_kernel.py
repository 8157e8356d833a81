"""The loop that applies a mask to scores in memory, compiled by Numba at its first call and kept on disk.

In: scores reinterpreted as unsigned integers of their width, so that one loop serves every floating type; the
mask's words; for each row of the mask the row of the scores it belongs to; the bits of minus infinity. The
scores are changed in place. Nothing is checked here: the caller has made sure that rows and words fit. Cost:
one load per 32 ids where the word is all ones, one store per id elsewhere. Runs without the GIL.

Only ``kernels.py`` imports this file, and only when scores are there to be masked: importing Numba takes half
a second.
"""

from __future__ import annotations

from typing import Any

from numba import njit

__all__ = ["mask_rows"]

ALL = 0xFFFFFFFF


def _mask_rows(scores: Any, bitmask: Any, rows: Any, minus_infinity: Any) -> None:
    width = scores.shape[1]
    words = bitmask.shape[1]
    for i in range(rows.shape[0]):
        row = rows[i]
        for w in range(words):
            word = bitmask[i, w]
            if word == ALL:
                continue
            begin = w * 32
            end = min(begin + 32, width)
            if word == 0:
                for k in range(begin, end):
                    scores[row, k] = minus_infinity
            else:
                for k in range(begin, end):
                    if (word >> (k - begin)) & 1 == 0:
                        scores[row, k] = minus_infinity
        for k in range(words * 32, width):
            scores[row, k] = minus_infinity


def _compiled() -> Any:
    try:
        return njit(cache=True, nogil=True)(_mask_rows)
    except RuntimeError:  # no folder to keep the compiled loop in: each process compiles its own
        return njit(nogil=True)(_mask_rows)


mask_rows = _compiled()
