"""Buffers for masks: one row per text, one bit per token id.

In: a number of rows and of ids. Out: an int32 buffer ``[rows, ceil(vocab_size / 32)]``, a torch tensor in a
program that has imported torch, a NumPy array in any other; torch is never imported here. Bit ``k`` of word
``w`` is token ``32 w + k``, 1 = allowed; a new buffer allows everything. Refuses: counts that are no counts.
"""

from __future__ import annotations

import operator
import sys
from typing import Any

import numpy as np

from decodex.errors import MaskError, shown

__all__ = ["BITS", "allocate_bitmask", "mask_words"]

BITS = 32
MOST = 2**31 - 1
"""Rows, and ids."""


def mask_words(vocab_size: int) -> int:
    """The int32 words that hold one bit for each of ``vocab_size`` ids."""
    return -(-_count("vocab_size", vocab_size) // BITS)


def allocate_bitmask(rows: int, vocab_size: int) -> Any:
    """A mask buffer of ``rows`` rows in which every token is allowed.

    int32 ``[rows, ceil(vocab_size / 32)]``: a torch tensor on the CPU if the program has imported torch, a
    NumPy array otherwise. ``vocab_size`` is that of the vocabulary the matchers were compiled for. Raises
    ``MaskError``.

    >>> allocate_bitmask(2, 40).shape[1]
    2
    """
    shape = (_count("rows", rows), mask_words(vocab_size))
    torch = sys.modules.get("torch")
    if torch is not None:
        return torch.full(shape, -1, dtype=torch.int32)
    return np.full(shape, -1, dtype=np.int32)


def _count(name: str, value: int) -> int:
    try:
        count = -1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        count = -1
    if not 0 <= count <= MOST:
        raise MaskError(f"{name} of a mask buffer is a count up to {MOST:,}, not {shown(value)}")
    return count
