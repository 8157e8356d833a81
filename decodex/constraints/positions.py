"""Where something stands in a text: at its beginning, at its end, in its first sentence, as its k-th word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args
from typing import Literal as OneOf

from decodex.constraints.base import Constraint, Sequence, as_constraint
from decodex.constraints.patterns import Text
from decodex.errors import ConstraintError, shown

if TYPE_CHECKING:
    from decodex._core import Term

Span = OneOf["words", "word_runs", "sentences", "lines", "paragraphs"]
"""The units of :func:`decodex.length` that have an extent."""


@dataclass(frozen=True)
class At(Constraint):
    """Texts whose unit at a position satisfies the content."""

    unit: Span
    position: int
    content: Constraint

    def term(self) -> Term:
        from decodex._core import Term

        return Term.unit_at(self.unit, self.position, self.content.term())

    def describe(self) -> str:
        one = {"word_runs": "word (a run of \\w)"}.get(self.unit, self.unit[:-1])
        if self.position in (1, -1):
            which = "the first" if self.position == 1 else "the last"
        else:
            which = f"{one} {abs(self.position)}{' from the end' if self.position < 0 else ''}"
        return f"{which if which.startswith(one) else f'{which} {one}'} is: {self.content.describe()}"


def at(unit: Span, position: int, constraint: Constraint | str) -> Constraint:
    """Texts whose unit at ``position`` satisfies ``constraint``: 1 is the first, 2 the second, -1 the last.

    Units are those of :func:`decodex.length`: ``words`` without white space, ``word_runs`` (``\\w+``), ``sentences``
    from the first character that is no white space to the end mark and the quotes or brackets that close it (a last
    one without an end mark goes to the end of the text), ``lines`` without the line feed, ``paragraphs`` without the
    white space around them. A text that has no such unit does not satisfy it.

    >>> import decodex as dx
    >>> mentioned_first = dx.at("sentences", 1, dx.contains("Berlin"))
    >>> third_word = dx.at("word_runs", 3, "train")
    >>> mentioned_first.describe()
    "the first sentence is: 'Berlin' appears"
    """
    if not isinstance(unit, str) or unit not in get_args(Span):
        raise ConstraintError(f"{shown(unit)} has no positions; use one of {', '.join(get_args(Span))}")
    if isinstance(position, bool) or not isinstance(position, int) or not 1 <= abs(position) <= 10_000:
        raise ConstraintError(
            "a position counts from 1 for the first, or from -1 for the last, up to 10,000; it is not "
            f"{shown(position)}"
        )
    return At(unit, position, as_constraint(constraint))


def starts_with(constraint: Constraint | str) -> Constraint:
    """Texts that begin with a text of ``constraint``; anything may follow."""
    return Sequence((as_constraint(constraint), Text()))


def ends_with(constraint: Constraint | str) -> Constraint:
    """Texts that end with a text of ``constraint``; anything may come before."""
    return Sequence((Text(), as_constraint(constraint)))
