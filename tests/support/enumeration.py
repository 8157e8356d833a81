"""Every way that a walk can go, with its exact probability: a source of draws in fractions, replayed branch by branch.

The judge of unbiasedness: no random numbers, no rounding. Draws are without replacement but for tokens that the walk
lets come again; probabilities are those of the remaining tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

__all__ = ["outcomes"]


class Branches:
    """One run of a walk: the first choices are given, later ones take the first branch and say how many there were."""

    def __init__(self, probabilities: Sequence[Fraction], choices: list[int]) -> None:
        self._p = list(probabilities)
        self._available = set(range(len(self._p)))
        self._choices = choices
        self.widths: list[int] = []
        self.chance = Fraction(1)
        self.mass = Fraction(1)

    def next(self) -> int | None:
        candidates = sorted(self._available)
        if not candidates:
            return None
        at = len(self.widths)
        self.widths.append(len(candidates))
        if at == len(self._choices):
            self._choices.append(0)
        token = candidates[self._choices[at]]
        self.chance *= self._p[token] / sum(self._p[i] for i in candidates)
        self._available.discard(token)
        return token

    def probability(self, token: int) -> Fraction:
        return self._p[token]

    def reject(self, token: int) -> None:
        self.mass -= self._p[token]

    def again(self, token: int) -> None:
        self._available.add(token)


def outcomes(
    walk: Callable[[Any, Callable[[int], bool]], tuple[int | None, Any]],
    probabilities: Sequence[Fraction],
    valid: frozenset[int],
) -> Iterator[tuple[Fraction, int | None, Fraction]]:
    """(chance, token, weight) of every run of ``walk(source, allows)``; the chances sum up to 1."""
    choices: list[int] = []
    while True:
        source = Branches(probabilities, choices)
        token, weight = walk(source, valid.__contains__)
        yield source.chance, token, Fraction(weight)
        while choices and choices[-1] + 1 == source.widths[len(choices) - 1]:
            choices.pop()
        if not choices:
            return
        choices[-1] += 1
