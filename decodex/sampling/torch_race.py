"""Races over scores that lie on a CUDA device (or anywhere torch can compute in float64).

In: scores ``[rows, V]``. Out: a ``Race`` per row whose keys were made on the device; the first ``FIRST`` of each row
are copied to memory in one transfer, and a row is sorted only when its walk passes them. The same laws as ``race.py``,
other random numbers: the keys are torch's, Gumbel variables in float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from decodex.errors import MaskError
from decodex.sampling.batch import Drawn, Settings, book, estimate, fitted, mask_of, never_allowed
from decodex.sampling.conditions import Condition, JointCondition
from decodex.sampling.kernel import PEAKED, SMALLEST
from decodex.sampling.race import Race

__all__ = ["FIRST", "TorchRace", "draw_on_device", "pick", "races_on_device"]

FIRST = 256


def races_on_device(
    scores: Any, usable: Any, seeds: np.ndarray[Any, np.dtype[np.uint64]]
) -> tuple[list[TorchRace], np.ndarray[Any, np.dtype[np.float64]]]:
    """A race per row, and the logarithm of what its weights are relative to. ``usable``: bool ``[rows, V]`` on the
    device: what takes part."""
    scores = scores.detach().double()
    largest = scores.amax(1, keepdim=True)
    if bool((largest.isnan() | (largest == math.inf)).any()):
        raise MaskError("a score is NaN or plus infinity: scores are finite or minus infinity")
    largest = largest.masked_fill(largest == -math.inf, 0.0)
    weights = (scores - largest).exp_() * usable
    weights.masked_fill_(weights < SMALLEST, 0.0)
    generator = torch.Generator(scores.device)
    generator.manual_seed(int(seeds[0] >> np.uint64(1)))
    # -log(-log U), of a U in (0, 1) that is fine-grained where the key is large
    uniforms = torch.rand(weights.shape, dtype=torch.float64, device=scores.device, generator=generator)
    keys = weights.log() - (-torch.log1p(-uniforms.clamp_(2.0**-65, 1 - 2.0**-53))).log()
    count = min(FIRST, weights.shape[1])
    top, ids = keys.topk(count, dim=1)
    heads = torch.stack([top, ids.double(), weights.gather(1, ids)]).cpu().numpy()
    sums = torch.stack([weights.sum(1), weights.amax(1)]).cpu().numpy()
    races = [
        TorchRace(weights[row], keys[row], heads[:, row], float(sums[0, row]), float(sums[1, row]), int(seeds[row]))
        for row in range(len(weights))
    ]
    return races, largest[:, 0].cpu().numpy()


class TorchRace(Race):
    """A race of which the first arrivals are in memory and the rest on the device."""

    def __init__(self, weights: Any, keys: Any, head: Any, total: float, largest: float, seed: int) -> None:
        self._begin_race(total, len(weights), seed)
        self._is_peaked = largest >= PEAKED * total
        self._on_device = weights
        self._keys = keys
        self._known: dict[int, float] = {}
        self._arrived = 0
        self._take(head)

    def _take(self, head: Any) -> None:
        keys, ids, weights = (part[np.isfinite(head[0])] for part in head)
        self._ids, self._times = ids.astype(np.int64).tolist(), np.exp(-keys).tolist()
        self._known.update(zip(self._ids, weights.tolist(), strict=True))
        self._at = self._arrived
        self._end = 0.0 if len(head[0]) < self._size else math.inf

    def _look_ahead(self) -> bool:
        if self._end == math.inf:
            return False
        self._arrived = len(self._ids)
        keys, ids = self._keys.sort(descending=True)
        weights = self._on_device[ids]
        self._take(torch.stack([keys, ids.double(), weights]).cpu().numpy())
        return self._at < len(self._ids)

    def is_peaked(self) -> bool:
        return self._is_peaked

    def _weight(self, token: int) -> float:
        return self._known[token]

    def _forget(self, token: int) -> None:
        self._known[token] = 0.0
        self._on_device[token] = 0.0

    def _sum(self) -> float:
        return float(self._on_device.sum())


def draw_on_device(
    scores: Any,
    conditions: Sequence[Condition],
    settings: Settings,
    seeds: np.ndarray[Any, np.dtype[np.uint64]],
) -> Drawn:
    """As ``batch.draw_rows``, for scores ``[rows, V]`` on a device."""
    rows, size = scores.shape
    usable = np.ones((rows, size), np.bool_)
    masks: list[bool] = []
    for row, condition in enumerate(conditions):
        mask = mask_of(condition, settings)
        masks.append(mask is not None)
        if mask is None:
            usable[row, never_allowed(condition, size)] = False
        else:
            usable[row] = fitted(mask, size)
    races, shifts = races_on_device(scores, torch.from_numpy(usable).to(scores.device), seeds)
    drawn = Drawn(np.full(rows, -1), np.zeros(rows), np.zeros(rows), np.zeros(rows, np.int64), sum(masks))
    for row, (race, condition) in enumerate(zip(races, conditions, strict=True)):
        before = condition.checks
        if masks[row] and not isinstance(condition, JointCondition):
            token = race.next()
            drawn.found[row] = token is not None
        else:
            token, drawn.found[row] = estimate(race, condition, settings)
        drawn.tokens[row] = -1 if token is None else token
        drawn.checks[row] = condition.checks - before
        book(condition, int(drawn.checks[row]), settings)
        drawn.log_totals[row] = shifts[row] + (math.log(race.total) if race.total > 0 else -math.inf)
    return drawn


def pick(scores: Any, tokens: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One score of each row."""
    column = torch.from_numpy(tokens)[:, None].to(scores.device)
    picked: np.ndarray[Any, np.dtype[np.float64]] = scores.gather(1, column)[:, 0].double().cpu().numpy()
    return picked
