"""``AfterPrompt``: what processors that depend on the text after the prompt have in common.

In: the tokens and scores that transformers shows. Out: what ``adjusted`` makes of them and of the length of the prompt.
Where the prompt ends is told by the loop (``after``), given by the caller, or told from what is shown, as
``ConstraintLogitsProcessor`` does it (``runs.py``). Invariant: scores that are given are never changed in place.
"""

from __future__ import annotations

import copy
import inspect
import math
import operator
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from transformers import LogitsProcessor

from decodex.decoding.places import Start
from decodex.decoding.runs import Runs, check_shapes
from decodex.errors import DecodexError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AfterPrompt", "count", "finite", "token_ids"]


class _Anywhere:
    """The place of a row that nothing is asked of: every token leads to it again."""

    is_finished = True


_FREE = _Anywhere()


class AfterPrompt(LogitsProcessor):  # type: ignore[misc, unused-ignore]
    """A logits processor that knows which of the tokens shown are the prompt. ``prompt_length`` fixes it."""

    supports_continuous_batching = False

    def __init__(self, prompt_length: int | None = None) -> None:
        self._prompt_length = None if prompt_length is None else count("prompt_length", prompt_length)
        self.reset()

    def reset(self) -> None:
        """Forget what was shown: the next call begins a generation, and all it shows is the prompt."""
        self._runs = Runs([cast(Start, lambda: _FREE)], self._prompt_length)

    def after(self, prompt_length: int) -> Self:
        """The same for one generation whose prompt has so many tokens, padding included."""
        one = copy.copy(self)
        one._prompt_length = prompt_length
        one.reset()
        return one

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """The adjusted scores: others, or the very same where there is nothing to adjust."""
        check_shapes(input_ids, scores)
        if self._prompt_length is not None and input_ids.shape[1] >= self._prompt_length:
            return self.adjusted(input_ids, scores, self._prompt_length)
        begin, _ = self._runs.follow(input_ids, [0] * input_ids.shape[0])
        return self.adjusted(input_ids, scores, begin)

    # transformers asks for the signature at each step, and making it takes longer than the adjustment.
    __call__.__signature__ = inspect.signature(__call__)  # type: ignore[attr-defined]

    def adjusted(self, input_ids: Any, scores: Any, begin: int) -> Any:
        """The scores after ``input_ids``, of which the first ``begin`` are the prompt."""
        raise NotImplementedError


def count(name: str, value: Any) -> int:
    """A count, or ``DecodexError`` that says what was given instead."""
    try:
        number = -1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = -1
    if number < 0:
        raise DecodexError(f"{name} is a count of tokens, 0 or more, not {value!r}")
    return number


def finite(name: str, value: Any, least: float, *, above: bool = False) -> float:
    """A finite number that is at least ``least``, or ``above`` it; ``DecodexError`` otherwise."""
    try:
        number = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or number < least or (above and number == least):
        bound = f"above {least:g}" if above else f"that is at least {least:g}"
        raise DecodexError(f"{name} is a finite number {bound}, not {value!r}")
    return number


def token_ids(name: str, value: int | Iterable[int]) -> list[int]:
    """Token ids, ascending, each once; ``DecodexError`` for what is none."""
    given: Iterable[Any] = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    out: set[int] = set()
    for one in given:
        try:
            number = -1 if isinstance(one, bool) else operator.index(one)
        except TypeError:
            number = -1
        if number < 0:
            raise DecodexError(f"{name} has {one!r}, which is no token id")
        out.add(number)
    return sorted(out)
