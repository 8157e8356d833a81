"""What a sampler did: tokens, checks, masks, and how much its weights vary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Counters"]


@dataclass
class Counters:
    """Sums over all tokens that a sampler has drawn."""

    tokens: int = 0
    checks: int = 0
    """Of single tokens."""
    masks: int = 0
    """Steps that took a mask."""
    lost: int = 0
    """Draws of weight zero."""
    weight_sum: float = 0.0
    weight_square_sum: float = 0.0

    @property
    def checks_per_token(self) -> float:
        return self.checks / self.tokens if self.tokens else 0.0

    @property
    def mask_share(self) -> float:
        """The share of the steps that took a mask."""
        return self.masks / self.tokens if self.tokens else 0.0

    @property
    def mean_weight(self) -> float:
        """The mean of the weights, exponentiated."""
        return self.weight_sum / self.tokens if self.tokens else 0.0

    @property
    def weight_variance(self) -> float:
        """Of the weights of all draws, at whatever place of whatever text."""
        return max(0.0, self.weight_square_sum / self.tokens - self.mean_weight**2) if self.tokens else 0.0

    def note(self, log_weights: NDArray[np.float64], checks: NDArray[np.int64], masks: int) -> None:
        """Add the draws of a batch."""
        weights = np.exp(log_weights)
        self.tokens += len(weights)
        self.checks += int(checks.sum())
        self.masks += masks
        self.lost += int((weights == 0).sum())
        self.weight_sum += float(weights.sum())
        self.weight_square_sum += float((weights**2).sum())
