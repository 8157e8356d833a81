"""The rows of a ``generate`` of transformers whose tokens a sampler draws: one place and one log weight per row.

In: the tokens of each row and the scores of the next one. Out: scores in which the sampled token is left alone, at 0.
The weights leave by ``log_weights``. Rows are followed by their tokens: a call that shows the last rows and their
sampled tokens goes on, any other begins a generation. A row that is lost (weight 0) ends there.

Refuses: beams, which choose by scores and not by chance, and rows that went on with another token than was sampled.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from decodex.errors import ConstraintError, MaskError

if TYPE_CHECKING:
    from decodex.sampling.conditions import Condition
    from decodex.sampling.rejection import AdaptiveRejectionSampler

__all__ = ["GeneratedRows"]

LOG_SUM_TOLERANCE = 1e-4
"""Beam search shows log-probabilities, which sum up to one; no logits come as close to that in every row."""


class GeneratedRows:
    """See the top of the file."""

    def __init__(self, sampler: AdaptiveRejectionSampler, start: Condition) -> None:
        self._sampler = sampler
        self._start = start
        self._shown: Any = None
        self._chosen: Any = None
        self.conditions: list[Condition] = []
        self._log_weights = np.zeros(0)
        self._sampled: list[int] = []
        """The rows that were open at the last call."""
        vocab = getattr(start, "vocab", None)
        if vocab is None:
            raise ConstraintError("a condition used in generate() needs the attribute vocab, a decodex.Vocabulary")
        self._ends = vocab.eos_token_ids

    @property
    def log_weights(self) -> Any:
        """Float64 ``[rows]``; minus infinity for a row that is lost."""
        return torch.from_numpy(self._log_weights.copy())

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        if input_ids.ndim != 2 or scores.ndim != 2 or len(input_ids) != len(scores):
            raise MaskError(
                "expected one row of tokens and one row of scores per text, not input_ids of shape "
                f"{tuple(input_ids.shape)} and scores of shape {tuple(scores.shape)}"
            )
        shown = input_ids.detach().cpu()
        if not self._goes_on(shown):
            self._begin(shown, scores)
        chosen = self._draw(scores)
        self._shown, self._chosen = shown.clone(), chosen
        column = torch.from_numpy(chosen)[:, None].to(scores.device)
        return torch.full_like(scores, -math.inf).scatter_(1, column, 0.0)

    def _goes_on(self, shown: Any) -> bool:
        """Are these the rows of the last call with their sampled tokens?"""
        last = self._shown
        if last is None or shown.shape != (last.shape[0], last.shape[1] + 1):
            return False
        if not torch.equal(shown[:, :-1], last):
            return False
        for row in self._sampled:
            token = int(shown[row, -1])
            if token != int(self._chosen[row]):
                raise ConstraintError(
                    f"row {row}: token {self._chosen[row]} was sampled, but the row goes on with {token}; another "
                    "logits processor, a beam search or a sampler of its own chose it. For a new prompt call reset()"
                )
        return True

    def _begin(self, shown: Any, scores: Any) -> None:
        rows = len(shown)
        twins = rows > 1 and len(torch.unique(shown, dim=0)) < rows
        if twins and bool((torch.logsumexp(scores.float(), 1).abs() < LOG_SUM_TOLERANCE).all()):
            raise ConstraintError(
                "these are the scores of a beam search, which chooses by scores and not by chance: a sampled token "
                "means nothing there. Use do_sample=True with num_beams=1, or a ConstraintLogitsProcessor for beams"
            )
        self.conditions = [self._start.fork() for _ in range(rows)]
        self._log_weights = np.zeros(rows)

    def _draw(self, scores: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The next token of each row; that of a row that has ended, or is lost, is the end."""
        is_open = np.isfinite(self._log_weights)
        self._sampled = [r for r, c in enumerate(self.conditions) if is_open[r] and not c.is_finished]
        chosen = np.full(len(self.conditions), self._ends[0])
        if self._sampled:
            rng = None
            if self._sampler.seed is None:  # torch.manual_seed makes generate() reproducible
                rng = np.random.default_rng(int(torch.randint(2**62, ())))
            log_probs = torch.log_softmax(scores[self._sampled].double(), 1)
            draws = self._sampler.sample_rows(log_probs, [self.conditions[r] for r in self._sampled], rng)
            self._log_weights[self._sampled] += draws.log_weights
            for row, token, log_weight in zip(self._sampled, draws.token_ids, draws.log_weights, strict=True):
                if math.isfinite(log_weight):
                    chosen[row] = token
                    self.conditions[row].advance(int(token))
        return chosen
