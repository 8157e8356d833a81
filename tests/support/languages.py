"""A language of three symbols with an entrance that nearly ends dead, by brute force; nothing of decodex in it.

After ``a`` only ``cc`` and ``cb`` may follow, and the model hates ``c``: who masks token by token walks in there half
of the time, while nearly all of the mass is behind ``b``.
"""

from __future__ import annotations

import itertools
import math
import re

import numpy as np

__all__ = ["END", "PATTERN", "SYMBOLS", "exact", "table", "total_variation"]

SYMBOLS = "abc"
END = len(SYMBOLS)
PATTERN = r"a(?:cc|cb)|b[ab]{0,2}"


def table(text: tuple[int, ...]) -> np.ndarray:
    """The model: probabilities of a, b, c and the end; the last symbol tilts them."""
    tilt = {(): (0.5, 0.3, 0.1, 0.1), (0,): (0.55, 0.25, 0.08, 0.12), (1,): (0.4, 0.3, 0.1, 0.2)}
    return np.array(tilt.get(text[-1:], (0.3, 0.4, 0.1, 0.2)))


def exact(max_tokens: int, pattern: str = PATTERN) -> tuple[float, dict[str, float]]:
    """The mass of the texts of the language within the budget, and the probability of each given that."""
    masses = {}
    for length in range(max_tokens + 1):
        for ids in itertools.product(range(END), repeat=length):
            text = "".join(SYMBOLS[token] for token in ids)
            if re.fullmatch(pattern, text):
                whole = (*ids, END)
                masses[text] = math.prod(float(table(whole[:i])[token]) for i, token in enumerate(whole))
    total = math.fsum(masses.values())
    return total, {text: mass / total for text, mass in masses.items()}


def total_variation(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(abs(one.get(text, 0.0) - other.get(text, 0.0)) for text in {*one, *other}) / 2
