"""Lengths of texts, in any unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args
from typing import Literal as OneOf

from decodex.constraints.base import Constraint, checked_counts
from decodex.constraints.describing import braces, counted
from decodex.errors import ConstraintError, UnsupportedError, shown

if TYPE_CHECKING:
    from decodex._core import Term

Unit = OneOf[
    "tokens", "bytes", "chars", "graphemes", "words", "word_runs", "sentences", "lines", "paragraphs", "bullets"
]

# Patterns with a place for the quantifier of what follows the first unit, and of texts without any.
_REGEXES = {
    "chars": "(?s:.(?:.){})",
    "words": r"\s*\S+(?:\s+\S+){}\s*",
    "word_runs": r"\W*\w+(?:\W+\w+){}\W*",
    "lines": r"(?:[^\n]*\n){}(?:[^\n]*\n|[^\n]+)",
}
_REGEXES_OF_NONE = {"chars": "", "words": r"\s*", "word_runs": r"\W*", "lines": ""}


@dataclass(frozen=True)
class Length(Constraint):
    """Texts of ``min`` to ``max`` units."""

    unit: Unit
    min: int = 0
    max: int | None = None

    def term(self) -> Term:
        from decodex._core import Term

        if self.unit == "tokens":
            raise UnsupportedError(
                "tokens are counted over a whole text, or over a part of it that + joins to others: join "
                'length("tokens", ...) to that with &; it cannot stand inside another constraint'
            )
        return Term.length(self.unit, self.min, self.max)

    def describe(self) -> str:
        return counted(self.min, self.max, self.unit)

    def _pattern(self, *, alone: bool) -> str:
        if self.unit not in _REGEXES:
            return super()._pattern(alone=alone)
        if self.max == 0:
            return _REGEXES_OF_NONE[self.unit]
        pattern = _REGEXES[self.unit].format(braces(max(self.min - 1, 0), None if self.max is None else self.max - 1))
        return pattern if self.min > 0 else f"(?:{pattern}|{_REGEXES_OF_NONE[self.unit]})"


def length(unit: Unit, min: int = 0, max: int | None = None) -> Constraint:
    r"""Texts of ``min`` to ``max`` (``None``: any number of) units.

    Units: ``bytes`` of the UTF-8; ``chars``, code points; ``graphemes``, the extended grapheme clusters of Unicode's
    UAX #29, which is what people call a character; ``words``, as ``len(text.split())``; ``word_runs``, as
    ``len(re.findall(r"\w+", text))``; ``sentences``, each from its first character that is no white space to a run of
    ``.!?…`` with closing quotes or brackets that white space follows, or to the end (``。！？`` need nothing behind
    them); ``lines``, as ``len(text.splitlines())`` where ``\n`` alone ends a line; ``paragraphs``, runs of lines that
    are not blank; ``bullets``, lines that begin with ``-``, ``*``, ``+`` or ``•`` and white space; ``tokens`` of the
    vocabulary, the end token not counted.

    Tokens are counted as they are generated, so ``length("tokens", ...)`` stands beside a whole constraint (``&``), or
    beside a part that ``+`` joins to others: each part then has a number of its own, and a token belongs to the part in
    which it begins. A text that is only checked has so many tokens if it can be cut into as many.

    >>> length("words", max=60)
    Length(unit='words', min=0, max=60)
    """
    if not isinstance(unit, str) or unit not in get_args(Unit):
        raise ConstraintError(f"{shown(unit)} is no unit of length; use one of {', '.join(get_args(Unit))}")
    checked_counts(min, max, 1_000_000)
    return Length(unit, min, max)
