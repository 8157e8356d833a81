"""Copies: spans that must stand, letter by letter, in a given text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from decodex.constraints.base import AllOf, Constraint, checked_flag, encodable
from decodex.constraints.describing import quoted
from decodex.constraints.lengths import Unit, length
from decodex.errors import ConstraintError

if TYPE_CHECKING:
    from decodex._core import Term


@dataclass(frozen=True)
class Copy(Constraint):
    """Substrings of the source."""

    source: str
    whole_words: bool = False

    def term(self) -> Term:
        from decodex._core import Term

        return Term.substrings(self.source, self.whole_words)

    def describe(self) -> str:
        return f"a copy {'of whole words ' if self.whole_words else ''}out of {quoted(self.source)}"


def copy_of(
    source: str, min: int = 1, max: int | None = None, unit: Unit = "chars", *, whole_words: bool = False
) -> Constraint:
    """Substrings of ``source`` of ``min`` to ``max`` units; ``whole_words``: that cut no word (``\\w+``) in two.

    >>> import decodex as dx
    >>> quote = '"' + dx.copy_of("The train to Berlin leaves at noon.", 2, 6, "words", whole_words=True) + '"'
    """
    if not isinstance(source, str):
        raise ConstraintError(f"the source of a copy is a text, not {type(source).__name__}")
    if len(source) > 500_000:
        raise ConstraintError(f"the source of a copy has at most 500,000 characters, not {len(source):,}")
    return AllOf((Copy(encodable(source), checked_flag("whole_words", whole_words)), length(unit, min, max)))
