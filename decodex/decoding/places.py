"""Where the rows of a batch stand in their constraints, recovered from nothing but the tokens they show.

A loop that generates may reorder rows (beams), go back (drafts that were not accepted), or begin anew with
another prompt, and tells nobody. So a place is kept for each text that was shown, not for each row: the
matcher of a text is the matcher of the text without its last token, copied and advanced by one.

In: for each row the tokens after the prompt, and the number of its constraint. Out: for each row its place: a
matcher that has read them (never to be advanced by the reader), ``Refused`` where the constraint does not
allow one of them, or ``None`` for a row without a constraint. ``follow`` answers ``None`` when the tokens are
no continuation of what was shown before, that is, when another generation has begun. Cost: a look-up per row,
and where a text is new one copy and one advance. Bounded: the texts shown longest ago are forgotten. Plain
memory, no torch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from decodex._core import Matcher
from decodex.errors import VocabularyError

__all__ = ["Generation", "Place", "Refused", "Start"]

# Texts kept; no draft is longer, and none is shown again later than after its draft.
TEXTS = 256
TEXTS_PER_ROW = 4
# A text after a fixed prompt may have grown by many tokens; its beginning is looked for so far back.
LOOK_BACK = 64
ID_BYTES = 4

Start: TypeAlias = Callable[[], Matcher]
Key: TypeAlias = tuple[int, bytes]  # the number of a constraint, the tokens read under it


@dataclass(frozen=True, slots=True)
class Refused:
    """The place of a text that its constraint does not allow."""

    position: int
    """Tokens before the first one that is refused, the prompt not counted."""
    token: int
    before: Matcher
    """The place at which it was refused."""


Place: TypeAlias = "Matcher | Refused"


class Generation:
    """The places of the texts of one generation: a prompt that stays, and what is generated after it.

    ``starts``: for each constraint what makes a matcher at its start, ``None`` where rows are free.
    ``fixed_prompt``: the length of the prompt is known for certain, so every text is one of this generation.
    """

    def __init__(self, starts: Sequence[Start | None], *, fixed_prompt: bool = False) -> None:
        self._starts = {number: start for number, start in enumerate(starts) if start is not None}
        self._fixed_prompt = fixed_prompt
        self._roots: dict[int, Matcher] = {}
        self._places: OrderedDict[Key, Place] = OrderedDict()
        self._last = 0  # tokens shown by the call before
        self._held = 0  # tokens of the tensor of which the calls now show a part, 0 when they show all
        self._draft = -1  # tokens before the draft that is or was verified last, -1 when there was none
        self._verifying = False

    def follow(
        self, texts: npt.NDArray[np.int32], numbers: Sequence[int], held: int
    ) -> list[Place | None] | None:
        """The places of the rows of ``texts``, of which row ``r`` has the constraint ``numbers[r]``.

        ``held``: the tokens that the caller's tensor holds for each row, more than ``texts`` has when it
        verifies a draft that it shows step by step. ``None``: another generation has begun, and nothing
        changed here.
        """
        length = texts.shape[1]
        if length == 0:
            self._places.clear()
            self._roots.clear()
        keys = [
            (number, text.tobytes()) if number in self._starts else None
            for number, text in zip(numbers, texts, strict=True)
        ]
        if not self._fixed_prompt and not self._continues(keys, length):
            return None
        places = [None if key is None else self._place(key) for key in keys]
        self._notice_draft(length, held)
        self._last = length
        self._forget(len(keys))
        return places

    def proposed(self, place: Refused) -> bool:
        """Is the refused token only a part of a draft that the loop is about to verify?"""
        return 0 <= self._draft <= place.position and self._verifying

    def _continues(self, keys: Sequence[Key | None], length: int) -> bool:
        """Has every row been shown before, or does it add one token to such a text at a moment when that can
        be?
        """
        if length == 0 or all(key is None or key in self._places for key in keys):
            return True
        grows_by_one = length == self._last + 1 or 0 <= self._draft < length <= self._last
        return grows_by_one and all(
            key is None or length == 1 or (key[0], key[1][:-ID_BYTES]) in self._places for key in keys
        )

    def _notice_draft(self, length: int, held: int) -> None:
        """A draft is verified by showing longer and longer parts of one tensor, which holds all of it."""
        self._verifying = held > length or (self._held == length and self._last == length - 1)
        if held > length:
            if held != self._held or length <= self._draft:
                self._draft = length
            self._held = held
            return
        self._held = 0
        if not self._verifying and length <= self._draft:
            self._draft = -1

    def _place(self, key: Key) -> Place:
        known = self._known(key)
        if known is not None:
            return known
        number, text = key
        begin, place = self._nearest(number, text)
        copy = True  # what is kept stays as it is; the copy walks on
        for token in np.frombuffer(text, np.int32)[begin:].tolist():
            place = _after(place, token, begin, copy=copy)
            begin, copy = begin + 1, False
        self._places[key] = place
        return place

    def _known(self, key: Key) -> Place | None:
        if not key[1]:
            return self._root(key[0])
        place = self._places.get(key)
        if place is not None:
            self._places.move_to_end(key)
        return place

    def _root(self, number: int) -> Matcher:
        if number not in self._roots:
            self._roots[number] = self._starts[number]()
        return self._roots[number]

    def _nearest(self, number: int, text: bytes) -> tuple[int, Place]:
        """The longest text shown before of which ``text`` is a continuation: how many tokens it has, and its
        place.
        """
        length = len(text) // ID_BYTES
        for shorter in range(length - 1, max(length - 1 - LOOK_BACK, 0), -1):
            place = self._known((number, text[: shorter * ID_BYTES]))
            if place is not None:
                return shorter, place
        return 0, self._root(number)

    def _forget(self, rows: int) -> None:
        while len(self._places) > max(TEXTS, TEXTS_PER_ROW * rows):
            self._places.popitem(last=False)


def _after(place: Place, token: int, position: int, *, copy: bool) -> Place:
    """The place one token later. What follows the end of a text is padding, and changes nothing."""
    if isinstance(place, Refused) or place.is_finished:
        return place
    matcher = place.fork() if copy else place
    try:
        accepted = matcher.advance(token)
    except VocabularyError:  # an id that the vocabulary does not have
        accepted = False
    return matcher if accepted else Refused(position, token, matcher)
