"""Sampling that keeps the model's distribution under a constraint, where masking token by token distorts it."""

from decodex.sampling.conditions import Condition, condition_of
from decodex.sampling.counters import Counters
from decodex.sampling.rejection import AdaptiveRejectionSampler, Draws
from decodex.sampling.token_samplers import Draw, TokenSampler

__all__ = ["AdaptiveRejectionSampler", "Condition", "Counters", "Draw", "Draws", "TokenSampler", "condition_of"]
