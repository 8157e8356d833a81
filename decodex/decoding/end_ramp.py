"""``EndRampLogitsProcessor``: a text that has become long is nudged to its end, more with every token.

In: the tokens of each row and the scores of the next one. Out: scores in which the end tokens are likelier from a
length on. Invariant: an end token that is refused stays refused, before a constraint's mask or behind it, so this can
shorten a text and never cut one off. It promises nothing: a bound is a budget (``max_tokens``), which it comes on top
of. Cost: a copy of the scores once the ramp has begun. Refuses: no slope or two, numbers out of range.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from decodex.decoding.after_prompt import AfterPrompt, count, finite, token_ids
from decodex.decoding.penalty import shifted
from decodex.errors import DecodexError

__all__ = ["EndRampLogitsProcessor"]


class EndRampLogitsProcessor(AfterPrompt):
    """Scores in which the end tokens are likelier the longer the text is than ``start`` tokens.

    ``eos_token_id``: the end tokens. With ``k`` tokens more than ``start`` written, the score ``l`` of each becomes
    ``l + slope * k``, or ``l + abs(l) * (factor ** k - 1)``, which is the ``exponential_decay_length_penalty`` of
    transformers; give ``slope`` (0 or more) or ``factor`` (1 or more). Put it before ``ConstraintLogitsProcessor``;
    what the constraint refuses stays refused in either order. ``prompt_length`` and ``reset()`` are as there.
    Raises ``DecodexError`` for options out of range.

    >>> ramp = EndRampLogitsProcessor(tokenizer.eos_token_id, start=50, slope=0.2)  # doctest: +SKIP
    >>> budget = ConstraintLogitsProcessor(compiled, max_tokens=100)  # doctest: +SKIP
    >>> model.generate(**inputs, max_new_tokens=101, logits_processor=[ramp, budget])  # doctest: +SKIP
    """

    def __init__(
        self,
        eos_token_id: int | Iterable[int],
        *,
        start: int,
        slope: float | None = None,
        factor: float | None = None,
        prompt_length: int | None = None,
    ) -> None:
        super().__init__(prompt_length)
        self._ends = token_ids("eos_token_id", eos_token_id)
        if not self._ends:
            raise DecodexError("eos_token_id names no token; give the ids by which a text ends")
        self._start = count("start", start)
        if (slope is None) == (factor is None):
            raise DecodexError("the ramp is linear (slope=) or exponential (factor=); give one of the two")
        self._slope = None if slope is None else finite("slope", slope, 0)
        self._factor = 1.0 if factor is None else finite("factor", factor, 1)

    def adjusted(self, input_ids: Any, scores: Any, begin: int) -> Any:
        beyond = input_ids.shape[1] - begin - self._start
        if beyond <= 0:
            return scores
        if self._slope is not None:
            return shifted(scores, self._ends, self._slope * beyond)
        most = torch.finfo(scores.dtype).max
        try:
            growth = min(self._factor**beyond - 1, most)
        except OverflowError:
            growth = most
        found = scores[:, [token for token in self._ends if token < scores.shape[1]]]
        rise = (found.abs() * growth).masked_fill(~torch.isfinite(found), 0.0)
        return shifted(scores, self._ends, rise)
