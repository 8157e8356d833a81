"""``MaskBuffer``: the masks of a step, on their way to the device of the scores.

In: places of rows, and the device. Out: a buffer with a row for each mask that differs, and the numbers by which the
rows of the batch find theirs, as ``apply_bitmask`` takes them: a mask that several rows share is filled and sent
once. For a CUDA device the buffer lies in pinned memory, so a mask is fetched behind the forward pass that is still
running, and nobody waits for it. Invariant: what the device has yet to fetch is not overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from decodex._core import first_with_same_mask
from decodex.decoding.places import Place, Refused
from decodex.matching import allocate_bitmask

__all__ = ["MaskBuffer", "distinct"]


def distinct(places: Sequence[Place]) -> tuple[list[Place], list[int] | None]:
    """The places that differ in their masks, and for each given place which of them it is; ``None``: all differ."""
    if len(places) < 2:
        return list(places), None
    matchers = [place for place in places if not isinstance(place, Refused)]
    firsts = iter(first_with_same_mask(matchers))
    keys = [-1 if isinstance(place, Refused) else next(firsts) for place in places]  # refused ones may only end
    differing: list[Place] = []
    numbers: dict[int, int] = {}
    for key, place in zip(keys, places, strict=True):
        if key not in numbers:
            numbers[key] = len(differing)
            differing.append(place)
    return differing, None if len(differing) == len(places) else [numbers[key] for key in keys]


class MaskBuffer:
    """A mask buffer that grows with the batch and can be filled again at once after it was applied."""

    def __init__(self, vocab_size: int) -> None:
        self._vocab_size = vocab_size
        self._bitmask: Any = None
        self._fetched: Any = None  # the CUDA event behind the last copy

    def rows(self, count: int, device: Any) -> Any:
        """So many rows, int32 ``[count, ceil(V / 32)]`` on the CPU, for scores on ``device``."""
        if self._fetched is not None:
            self._fetched.synchronize()
            self._fetched = None
        pinned = torch.device(device).type == "cuda"
        held = self._bitmask
        if held is None or held.shape[0] < count or (pinned and not held.is_pinned()):
            held = allocate_bitmask(count, self._vocab_size)
            self._bitmask = held = held.pin_memory() if pinned else held
        return held if held.shape[0] == count else held[:count]

    def applied(self, device: Any) -> None:
        """The rows have been given to ``apply_bitmask``; a CUDA device may still have to fetch them."""
        if torch.device(device).type == "cuda":
            self._fetched = torch.cuda.Event()
            self._fetched.record(torch.cuda.current_stream(device))
