"""Exact tools for small problems: the whole constrained distribution, and the log-probability of one text.

``enumerate_texts`` walks every sequence of tokens that a condition allows within a budget, so it is for languages of a
few thousand sequences: to know what is to be sampled, and to judge samplers. ``score_tokens`` walks one sequence.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from decodex.errors import ConstraintError, LimitError
from decodex.sampling.conditions import Condition
from decodex.sampling.masking import allowed_tokens
from decodex.sampling.metrics import log_sum_exp
from decodex.sampling.smc import Critic, Rows, log_softmax, normalised, readable

__all__ = ["ExactDistribution", "TokenScores", "enumerate_texts", "score_tokens"]

DEFAULT_MAX_SEQUENCES = 100_000


@dataclass(frozen=True, eq=False)
class ExactDistribution:
    """All sequences of tokens that a condition allows, and what a model says about them."""

    token_ids: list[tuple[int, ...]]
    """Each sequence, with its end token."""
    data: list[bytes]
    """The bytes of each sequence; several sequences may spell the same text."""
    log_probs: NDArray[np.float64]
    """The log-probability of each sequence under the model, times the critic's factor; float64 ``[sequences]``."""
    log_masked: NDArray[np.float64]
    """The log-probability of each sequence where tokens are masked step by step; float64 ``[sequences]``."""

    @cached_property
    def log_normaliser(self) -> float:
        """The logarithm of the mass of all sequences."""
        return log_sum_exp(self.log_probs)

    @cached_property
    def posterior(self) -> dict[str, float]:
        """The probability of each text under the model, given that the condition holds; the likeliest first."""
        return normalised(zip(self._texts, self.log_probs, strict=True))

    @cached_property
    def masked(self) -> dict[str, float]:
        """The probability of each text where tokens are masked step by step, which is another distribution."""
        return normalised(zip(self._texts, self.log_masked, strict=True))

    @property
    def _texts(self) -> list[str]:
        return [data.decode("utf-8", "replace") for data in self.data]


def enumerate_texts(
    rows: Rows,
    condition: Condition,
    *,
    end_token_ids: Sequence[int],
    max_tokens: int,
    critic: Critic | None = None,
    temperature: float = 1.0,
    max_sequences: int = DEFAULT_MAX_SEQUENCES,
) -> ExactDistribution:
    """The exact distribution that ``sequential_monte_carlo`` samples from, for the same arguments.

    Walks all sequences of one length side by side, a row of the model each. Raises ``LimitError`` for more than
    ``max_sequences`` beginnings of one length or sequences in all, ``ConstraintError`` where the condition and the
    model leave none.
    """
    ends = frozenset(end_token_ids)
    open_: list[tuple[Condition, tuple[int, ...], float, float]] = [(condition, (), 0.0, 0.0)]
    done: list[tuple[Condition, tuple[int, ...], float, float]] = []
    for length in itertools.count():
        log_probs = log_softmax(rows.logits(), temperature)
        longer: list[tuple[Condition, tuple[int, ...], float, float]] = []
        parents: list[int] = []
        for row, (before, token_ids, log_prob, log_masked) in enumerate(open_):
            allowed = allowed_tokens(log_probs[row], before)
            if length == max_tokens:
                allowed = allowed[[int(token) in ends for token in allowed]]
            scores = log_probs[row][allowed]
            log_mass = log_sum_exp(scores)
            for token, score in zip(allowed.tolist(), scores.tolist(), strict=True):
                if score == -np.inf:
                    continue
                after = before.fork()
                after.advance(token)
                text = (after, (*token_ids, token), log_prob + score, log_masked + score - log_mass)
                if token in ends:
                    done.append(text)
                else:
                    longer.append(text)
                    parents.append(row)
                if max(len(done), len(longer)) > max_sequences:
                    raise LimitError(
                        f"more than {max_sequences} sequences of tokens after {length + 1} tokens; enumeration is for "
                        "small languages: restrict the constraint, lower max_tokens, or raise max_sequences"
                    )
        if not longer:
            break
        open_ = longer
        rows.reorder(parents)
        rows.append([token_ids[-1] for _, token_ids, _, _ in open_])
    if not done:
        raise ConstraintError(f"no text of at most {max_tokens} tokens is allowed and possible under the model")
    factors = [0.0 if critic is None else critic(readable(after.text), True) for after, _, _, _ in done]
    return ExactDistribution(
        [token_ids for _, token_ids, _, _ in done],
        [after.text for after, _, _, _ in done],
        np.array([log_prob for _, _, log_prob, _ in done]) + np.array(factors),
        np.array([log_masked for _, _, _, log_masked in done]),
    )


@dataclass(frozen=True, eq=False)
class TokenScores:
    """What a model and a condition say about one sequence of tokens, step by step; float64 ``[tokens]`` each."""

    log_probs: NDArray[np.float64]
    """The log-probability of each token under the model."""
    log_allowed: NDArray[np.float64]
    """The logarithm of the mass of all tokens that were allowed in its place."""

    @property
    def log_prob(self) -> float:
        """The log-probability of the sequence under the model; less the log-normaliser, that of the exact
        constrained distribution.
        """
        return float(self.log_probs.sum())

    @property
    def log_prob_masked(self) -> float:
        """The log-probability of the sequence where tokens are masked step by step."""
        return float(self.log_probs.sum() - self.log_allowed.sum())

    @property
    def removed(self) -> NDArray[np.float64]:
        """The probability mass that the condition takes from the model at each step."""
        removed: NDArray[np.float64] = -np.expm1(np.minimum(self.log_allowed, 0.0))
        return removed


def score_tokens(
    rows: Rows,
    condition: Condition,
    token_ids: Sequence[int],
    *,
    temperature: float = 1.0,
) -> TokenScores:
    """How likely one sequence of tokens is, with its end token or without, under the model and under masking.

    Raises ``ConstraintError`` where the condition does not allow it.
    """
    log_probs, log_allowed = [], []
    for position, token in enumerate(token_ids):
        scores = log_softmax(rows.logits(), temperature)[0]
        if not condition.allows(token):
            raise ConstraintError(
                f"token {token} at position {position} is not allowed behind {condition.text[-40:]!r}",
                location=f"token {position}",
            )
        log_probs.append(scores[token])
        log_allowed.append(log_sum_exp(scores[allowed_tokens(scores, condition)]))
        condition.advance(token)
        rows.append([token])
    return TokenScores(np.array(log_probs), np.array(log_allowed))
