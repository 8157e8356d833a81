"""``ModelSampler``: the token sampler that takes what the model says and asks afterwards; one check a token.

A text is lost with its first token that is not allowed. It is the proposal of best-of-n and of plain rejection: good
where the model mostly obeys, hopeless elsewhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from decodex.sampling.conditions import Condition
from decodex.sampling.metrics import log_sum_exp
from decodex.sampling.token_samplers import Draw

__all__ = ["ModelSampler"]


class ModelSampler:
    """Samples from the model alone; the weight is all of the mass or nothing."""

    def sample(self, log_probs: NDArray[np.float64], condition: Condition, rng: np.random.Generator) -> Draw:
        """One token; see ``TokenSampler``."""
        total = log_sum_exp(log_probs)
        cumulative = np.cumsum(np.exp(log_probs - total))
        point = min(rng.random() * cumulative[-1], np.nextafter(cumulative[-1], 0))
        token = int(np.searchsorted(cumulative, point, side="right"))
        before = condition.checks
        allowed = condition.allows(token)
        return Draw(token, total if allowed else -np.inf, condition.checks - before)
