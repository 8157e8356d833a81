"""The kernel that applies a mask to scores on a CUDA device, in Triton.

In: scores of any floating type with any strides, the mask's words and the rows on the same device. The scores
are changed in place: only refused ids are written, and nothing but the mask is read. Nothing is checked here.
Only ``kernels.py`` imports this file, and only where Triton is installed and scores are on a CUDA device.
"""

from __future__ import annotations

from typing import Any

import triton
import triton.language as tl

__all__ = ["mask_rows"]

BLOCK = 4096


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def _mask_block(
    scores: Any,
    bitmask: Any,
    rows: Any,
    width: Any,
    words: Any,
    row_stride: Any,
    column_stride: Any,
    mask_stride: Any,
    BLOCK: tl.constexpr,
) -> None:
    line = tl.program_id(0).to(tl.int64)
    ids = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    word = tl.load(bitmask + line * mask_stride + ids // 32, mask=ids // 32 < words, other=0)
    refused = ((word >> (ids % 32)) & 1) == 0
    row = tl.load(rows + line)
    place = scores + row * row_stride + ids.to(tl.int64) * column_stride
    tl.store(place, -float("inf"), mask=refused & (ids < width))


def mask_rows(scores: Any, bitmask: Any, rows: Any) -> None:
    """Set scores outside of the mask to minus infinity; its row ``i`` belongs to row ``rows[i]`` of them."""
    width = scores.shape[1]
    if rows.shape[0] == 0 or width == 0:
        return
    grid = (rows.shape[0], triton.cdiv(width, BLOCK))
    _mask_block[grid](
        scores, bitmask, rows, width, bitmask.shape[1], *scores.stride(), bitmask.stride(0), BLOCK=BLOCK
    )
