"""What a token sampler is: from the scores of the next token and a condition, a token and its weight.

A sampler is properly weighted: ``E[exp(log_weight) f(token)] = sum_x exp(log_probs[x]) c(x) f(x)`` for every ``f``, so
that the mean weight is the mass that the condition allows, and weighted texts follow the model's own distribution
among the allowed ones.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from decodex.sampling.conditions import Condition

__all__ = ["Draw", "TokenSampler"]


class Draw(NamedTuple):
    """One sampled token."""

    token_id: int
    log_weight: float
    """Minus infinity: the token is not allowed, or none was found; the text is lost."""
    checks: int
    """Checks of the condition that it took; 0 where a mask was made."""


class TokenSampler(Protocol):
    """Samples one token for one text."""

    def sample(self, log_probs: NDArray[np.float64], condition: Condition, rng: np.random.Generator) -> Draw:
        """``log_probs``: float64 ``[V]``, not necessarily normalised. The condition is asked, not advanced."""
