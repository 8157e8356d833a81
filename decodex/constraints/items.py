"""Numbered items, whose running index is forced."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from decodex.constraints.base import Constraint, as_constraint, checked_counts, encodable
from decodex.constraints.describing import counted, quoted
from decodex.errors import ConstraintError, shown

if TYPE_CHECKING:
    from decodex._core import Term

MOST_ITEMS = 10_000


@dataclass(frozen=True)
class Numbered(Constraint):
    """``min`` to ``max`` items, each behind its number."""

    item: Constraint
    min: int
    max: int
    before: str
    behind: str
    separator: str
    first: int

    def term(self) -> Term:
        from decodex._core import Term

        texts = (self.before, self.behind, self.separator)
        return Term.numbered(self.item.term(), *texts, first=self.first, min=self.min, max=self.max)

    def describe(self) -> str:
        label = quoted(f"{self.before}{self.first}{self.behind}")
        return f"{counted(self.min, self.max, 'items')} numbered from {label} on, each: {self.item.describe()}"

    def _pattern(self, *, alone: bool) -> str:  # noqa: ARG002
        one, pattern = self.item._pattern(alone=False), ""
        for index in reversed(range(self.max)):
            label = f"{self.separator if index else ''}{self.before}{self.first + index}{self.behind}"
            pattern = f"{re.escape(label)}(?:{one}){pattern}"
            if index >= self.min:
                pattern = f"(?:{pattern})?"
        return pattern


def numbered(
    item: Constraint | str,
    min: int = 1,
    max: int | None = None,
    *,
    label: str = "{}. ",
    separator: str = "\n",
    first: int = 1,
) -> Constraint:
    r"""``min`` to ``max`` items, each behind its ``label``, in which ``{}`` is the number: ``first``, then one more.

    ``max=None`` is 10,000, the most there can be.

    >>> import decodex as dx
    >>> steps = dx.numbered(dx.regex(r"[^\n]+"), 3, 5, label="Step {}: ")
    >>> steps.describe()
    "3 to 5 items numbered from 'Step 1: ' on, each: text that matches /[^\\n]+/"
    """
    high = MOST_ITEMS if max is None else max
    checked_counts(min, high, MOST_ITEMS)
    checked_counts(first, None, 1_000_000_000, ("first", ""))
    if not isinstance(label, str) or label.count("{}") != 1:
        raise ConstraintError(f"label is a text with one {{}} in it, where the number stands, not {shown(label)}")
    if not isinstance(separator, str):
        raise ConstraintError(f"separator is a text, not {shown(separator)}")
    before, behind = encodable(label).split("{}")
    return Numbered(as_constraint(item), min, high, before, behind, encodable(separator), first)
