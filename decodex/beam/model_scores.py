"""The rows of a model as the search takes them: log-probabilities, after the logits processors of a user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from decodex.decoding.model_rows import ModelRows

__all__ = ["ModelScores"]


class ModelScores:
    """Log-probabilities of the next tokens of a ``ModelRows``.

    ``processors`` are called as transformers does in its beam search: with all ids and the log-probabilities. Tokens
    from ``width`` on, which no vocabulary has, get minus infinity.
    """

    def __init__(self, rows: ModelRows, width: int, processors: Callable[[Any, Any], Any] | None = None) -> None:
        self._rows = rows
        self._width = width
        self._processors = processors

    def log_probs(self) -> Any:
        """Float32 ``[rows, vocabulary]``; the caller's own to change."""
        scores = torch.log_softmax(self._rows.logits(), dim=-1)
        if self._processors is not None:
            scores = self._processors(self._rows.all_token_ids, scores)
        if scores.shape[1] > self._width:
            scores[:, self._width :] = -torch.inf
        return scores

    def reorder(self, parents: Sequence[int]) -> None:
        """Row ``i`` becomes a copy of row ``parents[i]``."""
        self._rows.reorder(parents)

    def append(self, token_ids: Sequence[int]) -> None:
        """Append a token to each row."""
        self._rows.append(token_ids)
