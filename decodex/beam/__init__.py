"""Beam search that keeps every word: lexically constrained beam search, with any other constraint beside it.

Importing this package imports torch and transformers.
"""

try:
    from decodex.beam.custom_generate import constrained_beam_search
    from decodex.beam.lexical import Hypothesis, lexical_beam_search
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("torch", "transformers"):
        raise
    raise ModuleNotFoundError(
        f"decodex.beam needs torch and transformers, and {error.name} is missing: pip install 'decodex[hf]'",
        name=error.name,
    ) from error

from decodex.beam.ranking import METHODS, allocate
from decodex.beam.token_phrases import contains_tokens, excludes_tokens

__all__ = [
    "METHODS",
    "Hypothesis",
    "allocate",
    "constrained_beam_search",
    "contains_tokens",
    "excludes_tokens",
    "lexical_beam_search",
]
