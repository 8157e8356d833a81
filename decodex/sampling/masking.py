"""``MaskSampler``: the token sampler that asks for the whole mask; no variance in the weight of a step.

Where the condition has a mask it costs one, and no checks; where it has none, a check for each token that the model
finds possible at all. The weight is the mass of the allowed tokens; sampling by it alone, its weights forgotten, is
the usual masking, which distorts the distribution over texts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from decodex.sampling.conditions import Condition
from decodex.sampling.token_samplers import Draw

__all__ = ["MaskSampler", "allowed_tokens"]


class MaskSampler:
    """Samples among the allowed tokens; the weight is their mass."""

    def sample(self, log_probs: NDArray[np.float64], condition: Condition, rng: np.random.Generator) -> Draw:
        """One token; see ``TokenSampler``."""
        return self.sample_many(log_probs, condition, 1, rng)[0]

    def sample_many(
        self, log_probs: NDArray[np.float64], condition: Condition, count: int, rng: np.random.Generator
    ) -> list[Draw]:
        """``count`` independent tokens at the same place, for one mask."""
        before = condition.checks
        tokens = allowed_tokens(log_probs, condition)
        checks = [condition.checks - before] + [0] * (count - 1)
        scores = log_probs[tokens]
        top = scores.max(initial=-np.inf)
        if not np.isfinite(top):
            return [Draw(int(np.argmax(log_probs)), -np.inf, made) for made in checks]
        cumulative = np.cumsum(np.exp(scores - top))
        points = np.minimum(rng.random(count) * cumulative[-1], np.nextafter(cumulative[-1], 0))
        chosen = tokens[np.searchsorted(cumulative, points, side="right")]
        log_weight = float(top + np.log(cumulative[-1]))
        return [Draw(int(token), log_weight, made) for token, made in zip(chosen, checks, strict=True)]


def allowed_tokens(log_probs: NDArray[np.float64], condition: Condition) -> NDArray[np.int64]:
    """The ids that the condition allows, ascending; without a mask those that the model finds possible, one check
    each.
    """
    mask = condition.mask()
    if mask is not None:
        return np.flatnonzero(mask[: len(log_probs)])
    possible = np.flatnonzero(np.isfinite(log_probs))
    return possible[[condition.allows(int(token)) for token in possible]]
