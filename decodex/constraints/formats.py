"""A format of the JSON Schema specification as plain text: a date, a time, a UUID."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from decodex.constraints.base import Constraint

if TYPE_CHECKING:
    from decodex._core import Term


@dataclass(frozen=True)
class Format(Constraint):
    """Texts of a format, as ``format`` in a JSON Schema judges them."""

    name: str

    def term(self) -> Term:
        from decodex._core import Term

        return Term.format(self.name)

    def describe(self) -> str:
        return f"a {self.name}"
