"""The exceptions of decodex: one tree, each with a message that says what was met, where, and what to do
instead.

A refused token is not an error: the matcher answers ``False``. An exception means that a promise was broken,
by a constraint that cannot be honoured, a budget that is too small, a vocabulary that does not hold together.
"""

from __future__ import annotations

import reprlib

__all__ = [
    "ArtefactError",
    "BudgetError",
    "ConstraintError",
    "DecodexError",
    "LimitError",
    "MaskError",
    "SearchError",
    "UnsatisfiableError",
    "UnsupportedError",
    "VocabularyError",
]


class DecodexError(Exception):
    """Root of every exception that decodex raises on purpose."""


class ConstraintError(DecodexError, ValueError):
    """The constraint itself is wrong: a pattern, schema or grammar that does not parse or contradicts its own
    rules.

    ``location`` names the place: a JSON Pointer for a schema, a column or a caret under the offending line
    for a pattern or a grammar, ``None`` when the constraint as a whole is meant. It is part of the printed
    message.
    """

    def __init__(self, message: str, *, location: str | None = None) -> None:
        super().__init__(message)
        self.location = location

    def __str__(self) -> str:
        message = super().__str__()
        if not self.location or self.location in message:
            return message
        if "\n" in self.location:
            return f"{message}\n{self.location}"
        return f"{message} (at {self.location})"


class UnsupportedError(ConstraintError):
    """The constraint is well formed but asks for something that would not be enforced, so it is refused."""


class UnsatisfiableError(ConstraintError):
    """No text satisfies the constraint; ``location`` names the part that makes it so."""


class BudgetError(DecodexError, ValueError):
    """The token budget is too small for any completion of the constraint; raised before the first token."""


class LimitError(DecodexError):
    """A work or memory limit was reached; the message names the limit, its value and the argument that raises
    it."""


class VocabularyError(DecodexError, ValueError):
    """A tokenizer or token list cannot be turned into bytes per token that are certain to be right."""


class ArtefactError(DecodexError, ValueError):
    """A saved constraint is cut short, altered, of another version, or made for another vocabulary."""


class MaskError(DecodexError, ValueError):
    """A buffer for masks, or the logits to mask, have the wrong shape, type or place."""


class SearchError(DecodexError, ValueError):
    """A search ended without a text that satisfies all that was asked; none that does not is returned instead."""


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxstring = self.maxother = 60

    def repr_int(self, x: int, level: int) -> str:  # noqa: ARG002
        return repr(x) if x.bit_length() < 128 else f"<an integer of {x.bit_length()} bits>"


def shown(value: object) -> str:
    """``repr(value)`` as messages show it: cut where it is long or deep, and never an error of its own."""
    return _short.repr(value)


_short = _Short()
