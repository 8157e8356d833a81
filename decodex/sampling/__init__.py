"""Sampling that keeps the model's distribution under a constraint, where masking token by token distorts it."""

from decodex.sampling.conditions import Condition, condition_of

__all__ = ["Condition", "condition_of"]
