"""The loop that applies a mask to scores in memory, compiled by Numba at its first call and kept on disk.

In: where scores and masks lie, as addresses and strides, so that one loop serves every type, shape and owner of
memory; for each row of the mask the row of the scores it belongs to; minus infinity as an unsigned integer of the
scores' width, which is what they are handled as. The scores are changed in place. Nothing is checked here: the caller
has made sure that rows and words fit and that both stay where they are. Cost: 32 scores at a time are loaded,
chosen from without a branch and stored, but where their word is all ones; so it is never more than memory takes to
be read and written once, whatever the mask. Runs without the GIL, in the calling thread alone.

Only ``kernels.py`` imports this file, and only when scores are there to be masked: importing Numba takes half
a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = ["mask_rows"]

BITS = 32
ALL = np.uint32(0xFFFFFFFF)
WORD = 4  # bytes


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def _load_word(_context: Any, address: Any) -> Any:
    """The 32-bit word at an address."""

    def build(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.load(builder.inttoptr(arguments[0], ir.IntType(32).as_pointer()), align=1)

    return types.uint32(address), build


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def _store(_context: Any, address: Any, value: Any) -> Any:
    """Write one score."""

    def build(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place, score = arguments
        builder.store(score, builder.inttoptr(place, score.type.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(address, value), build


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def _mask_32(_context: Any, address: Any, word: Any, value: Any) -> Any:
    """Write ``value`` over those of 32 neighbouring scores whose bit of ``word`` is 0.

    Whole vectors are loaded, chosen from and stored, here and not by a loop that LLVM might or might not see
    through. A lane tests its bit in an integer as wide as its score, which every vector unit does in one step.
    """

    def build(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place, bits, score = arguments
        lanes = min(score.type.width, BITS)
        vector = ir.VectorType(score.type, lanes)
        zeros = ir.Constant(vector, [0] * lanes)

        def in_every_lane(value: Any) -> Any:
            first = builder.insert_element(zeros, value, ir.Constant(ir.IntType(32), 0))
            return builder.shuffle_vector(first, zeros, ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes))

        own_bit = ir.Constant(vector, [1 << lane for lane in range(lanes)])
        refused = in_every_lane(score)
        source = builder.inttoptr(place, vector.as_pointer())
        # The same address by another name: with one name LLVM makes masked stores of it, slow on older AMD cores.
        renamed = builder.asm(ir.FunctionType(place.type, [place.type]), "", "=r,0", [place], side_effect=False)
        target = builder.inttoptr(renamed, vector.as_pointer())
        for part in range(BITS // lanes):
            step = [ir.Constant(ir.IntType(32), part)]
            of_part = builder.lshr(bits, ir.Constant(bits.type, part * lanes))
            fitted = builder.zext if lanes < score.type.width else builder.trunc
            of_part = of_part if bits.type == score.type else fitted(of_part, score.type)
            allowed = builder.icmp_unsigned("!=", builder.and_(in_every_lane(of_part), own_bit), zeros)
            scores = builder.load(builder.gep(source, step), align=1)
            builder.store(builder.select(allowed, scores, refused), builder.gep(target, step), align=1)
        return context.get_dummy_value()

    return types.void(address, word, value), build


def _mask_rows(
    scores: Any,
    row_stride: Any,
    column_stride: Any,
    size: Any,
    width: Any,
    bitmask: Any,
    mask_stride: Any,
    words: Any,
    pairs: Any,
    minus_infinity: Any,
) -> None:
    whole = min(words, width // BITS) if column_stride == size else 0
    for i in range(pairs.shape[1]):
        row, masks = scores + pairs[0, i] * row_stride, bitmask + pairs[1, i] * mask_stride
        for w in range(whole):
            word = _load_word(masks + w * WORD)
            if word != ALL:
                _mask_32(row + w * BITS * column_stride, word, minus_infinity)
        for k in range(whole * BITS, width):
            w = k // BITS
            if w >= words or (_load_word(masks + w * WORD) >> np.uint32(k % BITS)) & 1 == 0:
                _store(row + k * column_stride, minus_infinity)


def _compiled() -> Callable[..., None]:
    try:
        loop: Callable[..., None] = njit(cache=True, nogil=True)(_mask_rows)
    except RuntimeError:  # no folder to keep the compiled loop in: each process compiles its own
        loop = njit(nogil=True)(_mask_rows)
    return loop


mask_rows = _compiled()
"""``apply_bitmask``: scores outside of a mask become minus infinity, in place. Addresses and strides in bytes."""
