"""Rows of a language model made by hand: a table from what was written to the scores of the next token."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["ToyRows", "random_table"]

Table = Callable[[tuple[int, ...]], NDArray[np.float64]]


class ToyRows:
    """``table(tokens)``: probabilities of the next token."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.texts: list[tuple[int, ...]] = [()]
        self.rows_run = 0

    def __len__(self) -> int:
        return len(self.texts)

    def logits(self) -> NDArray[np.float64]:
        self.rows_run += len(self.texts)
        with np.errstate(divide="ignore"):
            return np.log(np.array([self._table(text) for text in self.texts]))

    def append(self, token_ids: list[int]) -> None:
        assert len(token_ids) == len(self.texts)
        self.texts = [(*text, int(token)) for text, token in zip(self.texts, token_ids, strict=True)]

    def reorder(self, parents: list[int]) -> None:
        self.texts = [self.texts[parent] for parent in parents]


def random_table(seed: int, size: int) -> Table:
    """Probabilities drawn for each text, the same whenever they are asked for."""
    return lambda text: np.random.default_rng([seed, len(text), *text]).dirichlet(np.ones(size))
