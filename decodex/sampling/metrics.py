"""Metrics of sampling: what it took, and what the weighted texts are worth.

Weights are given as logarithms, of any common scale; minus infinity is a lost text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Metrics", "effective_sample_size", "log_mean_exp", "log_sum_exp", "relative_variance"]


def log_sum_exp(log_values: NDArray[np.float64]) -> float:
    """The logarithm of a sum, given those of the summands; minus infinity for none."""
    top = float(np.max(log_values, initial=-np.inf))
    if not np.isfinite(top):
        return top
    return top + float(np.log(np.exp(log_values - top).sum()))


def log_mean_exp(log_values: NDArray[np.float64]) -> float:
    """The logarithm of a mean, given those of the values."""
    return log_sum_exp(log_values) - float(np.log(len(log_values)))


def effective_sample_size(log_weights: NDArray[np.float64]) -> float:
    """How many unweighted samples the weighted ones are worth, between 0 (all lost) and their number.

    >>> effective_sample_size(np.log([0.5, 0.5]))
    2.0
    """
    weights = _relative(log_weights)
    return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0


def relative_variance(log_weights: NDArray[np.float64]) -> float:
    """The variance of the weights over the square of their mean; 0 for equal weights, NaN where all are lost.

    >>> relative_variance(np.log([1.0, 3.0]))
    0.25
    """
    weights = _relative(log_weights)
    mean = weights.mean()
    return float(weights.var() / mean**2) if mean > 0 else float("nan")


def _relative(log_weights: NDArray[np.float64]) -> NDArray[np.float64]:
    top = np.max(log_weights, initial=-np.inf)
    return np.exp(log_weights - top) if np.isfinite(top) else np.zeros(len(log_weights))


@dataclass
class Metrics:
    """What a run of a sampler took; counts go up while it runs."""

    particles: int
    steps: int = 0
    tokens: int = 0
    """Tokens drawn, end tokens included, over all particles."""
    checks: int = 0
    """Checks of single tokens that the condition made."""
    rows_run: int = 0
    """Texts that went through the model, one token each; particles with the same text share them."""
    resamplings: int = 0
    seconds: float = 0.0
    ess: list[float] = field(default_factory=list)
    """The effective sample size after each step, before resampling."""
    weight_variance: list[float] = field(default_factory=list)
    """The relative variance of the weights after each step, before resampling."""

    @property
    def tokens_per_second(self) -> float:
        return self.tokens / self.seconds if self.seconds > 0 else 0.0

    @property
    def checks_per_token(self) -> float:
        return self.checks / self.tokens if self.tokens else 0.0

    def __str__(self) -> str:
        return (
            f"{self.tokens} tokens of {self.particles} particles in {self.seconds:.3f} s "
            f"({self.tokens_per_second:.0f} tokens/s), {self.rows_run} rows through the model, "
            f"{self.checks_per_token:.2f} checks per token, {self.resamplings} resamplings, "
            f"effective sample size {self.ess[-1] if self.ess else 0.0:.1f}"
        )
