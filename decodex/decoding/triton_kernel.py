"""The kernel that applies a mask to scores on a CUDA device, in Triton.

In: scores of any floating type with any strides, the mask's words, and for each row of the scores that is masked
the row of the mask, all on one device. The scores are changed in place: only refused ids are written, and nothing
but masks and numbers is read. Nothing is checked here.
Only ``kernels.py`` imports this file, and only where Triton is installed and scores are on a CUDA device.
"""

from __future__ import annotations

from typing import Any

import triton
import triton.language as tl

__all__ = ["mask_rows"]

BLOCK = 4096


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def _mask_block(  # type: ignore[no-untyped-def]  # Triton reads annotations, and knows its own alone
    scores, bitmask, pairs, count, width, words, row_stride, column_stride, mask_stride, BLOCK: tl.constexpr
):
    line = tl.program_id(0).to(tl.int64)
    ids = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    mask = tl.load(pairs + count + line)
    word = tl.load(bitmask + mask * mask_stride + ids // 32, mask=ids // 32 < words, other=0)
    refused = ((word >> (ids % 32)) & 1) == 0
    row = tl.load(pairs + line)
    place = scores + row * row_stride + ids.to(tl.int64) * column_stride
    tl.store(place, -float("inf"), mask=refused & (ids < width))


def mask_rows(scores: Any, bitmask: Any, pairs: Any) -> None:
    """Set scores outside of a mask to minus infinity: in row ``pairs[0, i]`` those outside of mask ``pairs[1, i]``."""
    count, width = pairs.shape[1], scores.shape[1]
    if count == 0 or width == 0:
        return
    grid = (count, triton.cdiv(width, BLOCK))
    _mask_block[grid](
        scores, bitmask, pairs, count, width, bitmask.shape[1], *scores.stride(), bitmask.stride(0), BLOCK=BLOCK
    )
