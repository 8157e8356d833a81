"""Walking a compiled constraint: matchers, batches and mask buffers, in plain memory (no torch is imported)."""

from decodex._core import Matcher, fill_bitmasks
from decodex.matching.bitmask import allocate_bitmask
from decodex.matching.check import CheckResult, Explanation, Refusal, check, explain
from decodex.matching.forced import forced_tokens
from decodex.matching.parts import Part

__all__ = [
    "CheckResult",
    "Explanation",
    "Matcher",
    "Part",
    "Refusal",
    "allocate_bitmask",
    "check",
    "explain",
    "fill_bitmasks",
    "forced_tokens",
]
