"""``SampleFirst``: the choice of a masked draw, with a mask only where the model's own choice is refused.

In: scores of the next token as a torch tensor or a NumPy array, the matchers of the rows, the noise of a draw. Out:
the token of each row. A choice is the arg-max of ``scores + noise`` over the allowed tokens: with no noise the
likeliest one, with Gumbel noise a draw from the softmax of the masked scores. When the arg-max over all tokens is
allowed it is the arg-max over the allowed ones too, so invariant: the tokens are those of masking, each of them, by the
same noise, whatever the share of masks. (A fresh draw from the masked scores upon refusal has the same distribution,
but not the same tokens; one that reuses the number by which a refused token was drawn has neither.) Temperature
commutes with that; top-k, top-p and what else looks at several scores at once does not, and has to see masked ones.

Cost: an arg-max and one check per row, and for refused rows a copy of their scores, their masks, an arg-max. That
saves the masks of places never met before, and the application of those that have been; where masks are made behind
a forward pass that is still running on another device, there is nothing to save.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from decodex.decoding.kernels import apply_bitmask, kernel_name
from decodex.errors import ConstraintError, MaskError
from decodex.matching import Matcher, allocate_bitmask, fill_bitmasks
from decodex.vocab import Vocabulary

__all__ = ["ChoiceCounts", "SampleFirst", "gumbel_like"]

_SMALLEST = np.finfo(np.float64).tiny


@dataclass
class ChoiceCounts:
    """What choices have cost so far."""

    choices: int = 0
    """Tokens chosen for rows with a constraint."""
    checks: int = 0
    """Single tokens judged."""
    masks: int = 0
    """Rows for which a mask was needed."""

    @property
    def mask_share(self) -> float:
        """The share of the choices that needed a mask; 0 before the first choice."""
        return self.masks / self.choices if self.choices else 0.0


class SampleFirst:
    """Chooses tokens as masking does, and asks for a mask only when it has to.

    ``vocab``: the vocabulary of the matchers. ``tries``: how many of the best tokens are judged alone before a mask is
    made; 0 makes all masks, for comparison. ``counts`` tells how often that was.

    >>> vocab = Vocabulary.from_tokens([b"a", b"b", b"c", None], eos_token_ids=[3])
    >>> matcher = decodex.compile(decodex.regex("[bc]+"), vocab).matcher()
    >>> first = SampleFirst(vocab)
    >>> first.pick(np.array([[3.0, 1.0, 2.0, 0.0]]), [matcher]), first.counts.mask_share
    ([2], 1.0)
    """

    def __init__(self, vocab: Vocabulary, *, tries: int = 1) -> None:
        if isinstance(tries, bool) or not isinstance(tries, int) or tries < 0:
            raise MaskError(f"tries is how many tokens are judged before a mask is made, 0 or more, not {tries!r}")
        self.counts = ChoiceCounts()
        self._size = vocab.vocab_size
        self._tries = tries
        self._bitmask: Any = None

    def pick(self, logits: Any, matchers: Sequence[Matcher | None], *, noise: Any = None) -> list[int]:
        """The best allowed token of each row; the matchers do not move.

        ``logits``: scores ``[rows, width]``, divided by the temperature when they are to be drawn from; they are not
        changed. ``matchers``: one per row, ``None`` for a row that is free or at its end. ``noise``: of the shape of
        the scores, as ``gumbel_like`` makes it. Of equal scores the one with the lowest id wins. Raises ``MaskError``
        for shapes that do not fit, ``ConstraintError`` where no allowed token has a score above minus infinity.
        """
        kernel_name(logits)  # refuses what holds no scores
        if logits.ndim != 2 or len(logits) != len(matchers):
            raise MaskError(
                f"the logits are of shape {tuple(logits.shape)}, not [rows, width] with a row for each of "
                f"{len(matchers)} matchers"
            )
        if noise is not None and np.shape(noise) != np.shape(logits):
            raise MaskError(f"the noise is of shape {tuple(np.shape(noise))}, the logits of {tuple(logits.shape)}")
        scores = _in_memory(logits) if noise is None else _in_memory(logits) + _in_memory(noise)
        rows = [row for row, matcher in enumerate(matchers) if matcher is not None]
        self.counts.choices += len(rows)
        tokens = [0] * len(matchers)
        if self._tries or len(rows) < len(matchers):
            tokens = _best(scores)
        if self._tries:
            rows = self._refused(rows, tokens, matchers)
        if rows:
            self._choose_again(scores, rows, tokens, matchers)
        return [max(token, 0) for token in tokens]

    def _choose_again(self, scores: Any, rows: list[int], tokens: list[int], matchers: Sequence[Any]) -> None:
        """Write into ``tokens`` what the rows choose whose first choice was refused."""
        left = scores[rows]  # a copy
        for _ in range(1, self._tries):
            left[range(len(rows)), [tokens[row] for row in rows]] = -np.inf
            _put(tokens, rows, _best(left))
            refused = self._refused(rows, tokens, matchers)
            if len(refused) < len(rows):
                left = left[[place for place, row in enumerate(rows) if row in refused]]
                rows = refused
            if not rows:
                return
        self.counts.masks += len(rows)
        if self._bitmask is None or len(self._bitmask) < len(rows):
            self._bitmask = allocate_bitmask(len(rows), self._size)
        masks = self._bitmask[: len(rows)]
        left[:, self._size :] = -np.inf
        if fill_bitmasks([matchers[row] for row in rows], masks):
            apply_bitmask(left, masks)
        _put(tokens, rows, _best(left))
        for row in rows:
            if tokens[row] < 0:
                raise ConstraintError(
                    f"row {row}: none of the {len(matchers[row].allowed_tokens())} allowed tokens has a score above "
                    "minus infinity; what changes the scores has to leave one of them",
                    location=f"row {row}",
                )

    def _refused(self, rows: list[int], tokens: list[int], matchers: Sequence[Any]) -> list[int]:
        self.counts.checks += len(rows)
        return [row for row in rows if not self._allows(matchers[row], tokens[row])]

    def _allows(self, matcher: Matcher, token: int) -> bool:
        return 0 <= token < self._size and matcher.allows(token)


def gumbel_like(logits: Any, generator: Any = None) -> Any:
    """Noise with which an arg-max is a draw from the softmax: float64, of the shape and in the place of the logits.

    ``generator``: a ``torch.Generator`` for a tensor, a ``numpy.random.Generator`` for an array; without one the
    draws of torch are those of its global generator, and those of NumPy differ every time.
    """
    if _is_tensor(logits):
        torch = sys.modules["torch"]
        uniform = torch.rand(logits.shape, dtype=torch.float64, device=logits.device, generator=generator)
        return -uniform.log_().neg_().log_()
    rng = np.random.default_rng() if generator is None else generator
    return -np.log(np.maximum(rng.standard_exponential(np.shape(logits)), _SMALLEST))


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _in_memory(scores: Any) -> Any:
    """As an array, whose arg-max is many times faster than torch's, where that takes no copy from another device."""
    if not _is_tensor(scores) or not scores.is_cpu:
        return scores
    scores = scores.detach()
    return (scores.float() if scores.itemsize == 2 else scores).numpy()


def _best(scores: Any) -> list[int]:
    """The token with the highest score of each row; -1 where all are minus infinity."""
    if isinstance(scores, np.ndarray):
        tokens = scores.argmax(-1)
        best = scores[np.arange(len(scores)), tokens]
    else:
        best, tokens = scores.max(-1)
    tokens[best == -np.inf] = -1
    out: list[int] = tokens.tolist()
    return out


def _put(tokens: list[int], rows: list[int], chosen: list[int]) -> None:
    for row, token in zip(rows, chosen, strict=True):
        tokens[row] = token
