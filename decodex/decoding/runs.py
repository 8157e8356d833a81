"""Which tokens of those shown are the prompt, and where the rows stand after it.

A loop of transformers shows its processors all tokens of each row at every step and says neither how long the prompt
is nor when another generation begins. In: the tokens of the rows, and the number of each row's constraint. Out: the
length of the prompt, and the places of the rows (``places.py``). A prompt that is the last prompt and what was shown
after it continues that generation, any other begins a new one; the last two are kept, for loops that go back and
forth. ``prompt_length`` fixes the length, and then everything is one generation. Cost: a comparison of the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from decodex.decoding.places import Generation, Place, Refused, Start
from decodex.errors import ConstraintError, MaskError, shown

__all__ = ["Runs", "check_shapes"]

# Generations kept: the running one, and one more for a loop that goes back and forth between two.
GENERATIONS = 2


class Runs:
    """The generations that were shown last, the running one first.

    ``starts``: for each constraint what makes a matcher at its start, ``None`` where rows are free.
    """

    def __init__(self, starts: Sequence[Start | None], prompt_length: int | None = None) -> None:
        if prompt_length is not None and (not isinstance(prompt_length, int) or prompt_length < 0):
            raise ConstraintError(f"prompt_length is a count of tokens, not {shown(prompt_length)}")
        self._starts = starts
        self._runs: list[_Run] = []
        if prompt_length is not None:
            self._runs.append(_Run(Generation(starts, fixed_prompt=True), None, prompt_length))

    def follow(self, input_ids: Any, numbers: Sequence[int]) -> tuple[int, list[Place | None]]:
        """The length of the prompt, and the place of each row in the generation that it continues or begins."""
        width, held = input_ids.shape[1], _tokens_held(input_ids)
        tokens = input_ids.detach()
        if tokens.device.type == "cpu":
            tokens = tokens.numpy()
        for place, run in enumerate(self._runs):
            begin = run.prompt_length(tokens)
            if begin is None:
                continue
            places = run.generation.follow(_texts(tokens, begin), numbers, held - begin)
            if places is not None:
                if place > 0:
                    self._runs.insert(0, self._runs.pop(place))
                return begin, places
        prompt = tokens.copy() if isinstance(tokens, np.ndarray) else tokens.clone()
        run = _Run(Generation(self._starts), prompt, None)
        self._runs = [run, *self._runs[: GENERATIONS - 1]]
        return width, run.generation.follow(_texts(tokens, width), numbers, held - width) or []

    def proposed(self, place: Refused) -> bool:
        """Is the refused token only a part of a draft that the running generation is about to verify?"""
        return self._runs[0].generation.proposed(place)


@dataclass(slots=True, eq=False)
class _Run:
    """A generation and how to know it again: by its prompt, or by the length of the prompt alone."""

    generation: Generation
    prompt: Any
    """As the rows are shown: a NumPy array, or a tensor on their device."""
    fixed_length: int | None

    def prompt_length(self, shown: Any) -> int | None:
        """The length of the prompt that the rows begin with; ``None`` when it is another one."""
        width: int = shown.shape[1]
        if self.fixed_length is not None:
            if width < self.fixed_length:
                raise ConstraintError(
                    f"prompt_length is {self.fixed_length}, but only {width} tokens are shown; it counts the "
                    "tokens of the padded prompt"
                )
            return self.fixed_length
        rows, length = self.prompt.shape
        if rows != shown.shape[0] or width < length:
            return None
        return length if _equal(shown[:, :length], self.prompt) else None


def check_shapes(input_ids: Any, scores: Any) -> None:
    """Raise ``MaskError`` unless there is one row of tokens and one of scores per text."""
    for name, given in (("input_ids", input_ids), ("scores", scores)):
        if not isinstance(given, torch.Tensor):
            raise MaskError(f"{name} is a torch tensor, not {type(given).__name__}")
    if input_ids.ndim != 2 or scores.ndim != 2 or input_ids.shape[0] != scores.shape[0]:
        raise MaskError(
            "expected one row of all tokens so far and one row of scores per text, not input_ids of shape "
            f"{tuple(input_ids.shape)} and scores of shape {tuple(scores.shape)}; continuous batching, which "
            "shows only the last token of each row, is not supported"
        )


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and bool((one == other).all())
    return not isinstance(other, np.ndarray) and one.device == other.device and torch.equal(one, other)


def _tokens_held(input_ids: Any) -> int:
    """The tokens of a row in the tensor of which ``input_ids`` may show only the first ones."""
    width: int = input_ids.shape[1]
    return max(width, input_ids.stride(0)) if input_ids.stride(1) == 1 else width


def _texts(shown: Any, begin: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    """The tokens from ``begin`` on, rows one after the other in memory."""
    texts = shown[:, begin:]
    return np.ascontiguousarray(texts if isinstance(texts, np.ndarray) else texts.cpu().numpy(), dtype=np.int32)
