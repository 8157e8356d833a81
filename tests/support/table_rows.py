"""Rows of a language model made by hand, as a beam search takes them, and all its texts one by one.

``TableRows`` is stepped; ``all_texts`` is the judge: it knows nothing of beams, banks or automata.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

__all__ = ["Table", "TableRows", "all_texts", "occurs", "random_table"]

Table = Callable[[tuple[int, ...]], np.ndarray]
"""From the tokens so far to the log-probabilities of the next one."""


class TableRows:
    """``widths``: the number of rows at each step."""

    def __init__(self, table: Table, beams: int = 1) -> None:
        self._torch = pytest.importorskip("torch", reason="beam search runs on torch")
        self._table = table
        self.texts: list[tuple[int, ...]] = [()] * beams
        self.widths: list[int] = []

    def log_probs(self) -> Any:
        self.widths.append(len(self.texts))
        return self._torch.tensor(np.array([self._table(text) for text in self.texts]))

    def reorder(self, parents: Sequence[int]) -> None:
        self.texts = [self.texts[parent] for parent in parents]

    def append(self, token_ids: Sequence[int]) -> None:
        self.texts = [(*text, token) for text, token in zip(self.texts, token_ids, strict=True)]


def random_table(seed: int, size: int, spread: float = 0.5) -> Table:
    """Probabilities drawn for each text, the same whenever they are asked for."""
    known: dict[tuple[int, ...], np.ndarray] = {}

    def table(text: tuple[int, ...]) -> np.ndarray:
        if text not in known:
            rng = np.random.default_rng([seed, len(text), *text])
            known[text] = np.log(np.maximum(rng.dirichlet(np.full(size, spread)), 1e-300))
        return known[text]

    return table


def all_texts(
    table: Table, end: int, length: int, length_penalty: float = 1.0
) -> Iterator[tuple[tuple[int, ...], float]]:
    """Every text of up to ``length`` tokens, the end token (the last id) among them, with its normalised score."""
    open_texts: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    while open_texts:
        text, log_prob = open_texts.pop()
        if len(text) == length:
            yield text, log_prob / length**length_penalty
            continue
        scores = table(text)
        yield (*text, end), (log_prob + scores[end]) / (len(text) + 1) ** length_penalty
        open_texts += [((*text, token), log_prob + scores[token]) for token in range(end)]


def occurs(phrase: Sequence[int], text: Sequence[int]) -> bool:
    """Does the phrase stand somewhere in the text, unbroken?"""
    size = len(phrase)
    return any(tuple(text[at : at + size]) == tuple(phrase) for at in range(len(text) - size + 1))
