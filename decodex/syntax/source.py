"""A grammar's text as messages speak of it.

In: an offset and what is wrong there. Out: an exception with line, column, the line itself and a caret.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from decodex.errors import ConstraintError

__all__ = ["Source", "did_you_mean"]

BEFORE, AFTER = 60, 40
"""Characters of a line that are shown on either side of the caret."""


@dataclass(frozen=True)
class Source:
    """The text of a grammar."""

    text: str

    def place(self, at: int) -> str:
        """``line 3, column 7``, counted from one."""
        at = min(at, len(self.text))
        line_start = self.text.rfind("\n", 0, at) + 1
        return f"line {self.text.count(chr(10), 0, at) + 1}, column {at - line_start + 1}"

    def error(
        self, at: int, what: str, advice: str = "", kind: type[ConstraintError] = ConstraintError
    ) -> ConstraintError:
        """The exception for what is wrong at an offset; ``kind`` is its class."""
        at = min(at, len(self.text))
        line_start = self.text.rfind("\n", 0, at) + 1
        line_end = self.text.find("\n", at)
        line_end = len(self.text) if line_end < 0 else line_end
        start, end = max(line_start, at - BEFORE), min(line_end, at + AFTER)
        cut = "..." if start > line_start else ""
        shown = "".join(c if c.isprintable() else " " for c in self.text[start:end])
        place = self.place(at)
        message = (
            f"{place}: {what}\n  {cut}{shown}{'...' if end < line_end else ''}\n  {' ' * (len(cut) + at - start)}^"
        )
        return kind(f"{message}\n{advice}" if advice else message, location=place)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` where a known name is close, and nothing otherwise."""
    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""
