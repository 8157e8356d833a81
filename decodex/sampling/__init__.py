"""Sampling that keeps the model's distribution under a constraint, where masking token by token distorts it.

Importing this package imports neither torch nor transformers.
"""

from decodex.sampling.conditions import Condition, condition_of
from decodex.sampling.counters import Counters
from decodex.sampling.exact import ExactDistribution, TokenScores, enumerate_texts, score_tokens
from decodex.sampling.generate import METHODS, generate, stream
from decodex.sampling.masking import MaskSampler
from decodex.sampling.metrics import Metrics, effective_sample_size, relative_variance
from decodex.sampling.model_sampler import ModelSampler
from decodex.sampling.rejection import AdaptiveRejectionSampler, Draws
from decodex.sampling.smc import Critic, Particles, Rows, sequential_monte_carlo
from decodex.sampling.token_samplers import Draw, TokenSampler

__all__ = [
    "METHODS",
    "AdaptiveRejectionSampler",
    "Condition",
    "Counters",
    "Critic",
    "Draw",
    "Draws",
    "ExactDistribution",
    "MaskSampler",
    "Metrics",
    "ModelSampler",
    "Particles",
    "Rows",
    "TokenSampler",
    "TokenScores",
    "condition_of",
    "effective_sample_size",
    "enumerate_texts",
    "generate",
    "relative_variance",
    "score_tokens",
    "sequential_monte_carlo",
    "stream",
]
