"""Phrases: which must, or must not, appear in a text. A phrase is found in the text, however the model splits it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from decodex.constraints.base import AllOf, Constraint, checked_counts, checked_flag, encodable
from decodex.constraints.describing import listed, quoted
from decodex.errors import ConstraintError, shown

if TYPE_CHECKING:
    from decodex._core import Term

Forms = str | Iterable[str]
"""A phrase, or several forms of which any will do: ``"rain"``, ``("rain", "rains", "raining")``."""


@dataclass(frozen=True)
class Contains(Constraint):
    """Texts with a phrase of each step, one behind the other without overlap, ``count`` times over."""

    steps: tuple[tuple[str, ...], ...]
    count: int = 1
    whole_words: bool = True
    ignore_case: bool = False

    def term(self) -> Term:
        from decodex._core import Term

        return Term.occurrences([list(forms) for forms in self.steps] * self.count, self.whole_words, self.ignore_case)

    def describe(self) -> str:
        times = f" at least {self.count} times" if self.count > 1 else ""
        return f"{self._phrases()} appears{times}{self._how()}"

    def _describe_not(self) -> str:
        if self.count > 1:
            return f"{self._phrases()} appears at most {self.count - 1} times{self._how()}"
        return f"{self._phrases()} does not appear{self._how()}"

    def _phrases(self) -> str:
        return " and behind it ".join(listed(map(quoted, forms)) for forms in self.steps)

    def _how(self) -> str:
        inside = "" if self.whole_words else " (inside words too)"
        return inside + (" (ignoring case)" if self.ignore_case else "")

    def _pattern(self, *, alone: bool) -> str:
        if self.whole_words and not alone:
            return super()._pattern(alone=alone)
        flag = "i" if self.ignore_case else ""
        steps = [f"(?{flag}:{'|'.join(map(self._bounded, forms))})" for forms in self.steps] * self.count
        return "(?s:.*)" + "".join(f"{step}(?s:.*)" for step in steps)

    def _bounded(self, phrase: str) -> str:
        before = r"(?<!\w)" if self.whole_words and re.match(r"\w", phrase) else ""
        behind = r"(?!\w)" if self.whole_words and re.search(r"\w\Z", phrase) else ""
        return f"{before}{re.escape(phrase)}{behind}"


def contains(
    *phrases: Forms,
    ordered: bool = False,
    min_count: int = 1,
    max_count: int | None = None,
    whole_words: bool = True,
    ignore_case: bool = False,
) -> Constraint:
    """Texts in which every phrase occurs; ``ordered``: one behind the other, in this order.

    A phrase is a string, or several forms of which any will do. Each occurs ``min_count`` to ``max_count`` (``None``:
    any number of) times; occurrences of one phrase are counted without overlap, as ``str.count`` does, but different
    phrases may overlap unless they are ordered. ``whole_words``: no word character (``\\w``) stands directly before or
    behind a phrase where the phrase itself begins or ends with one; otherwise any substring counts. ``ignore_case`` is
    that of ``re.IGNORECASE``.

    >>> contains("Berlin", ("train", "trains"))  # doctest: +ELLIPSIS
    AllOf(parts=(Contains(steps=(('Berlin',),), ...
    """
    forms = _all_forms("contains", phrases)
    low, high = _counts(min_count, max_count)
    how = _how_found(whole_words, ignore_case)
    if checked_flag("ordered", ordered):
        if high is not None and len(forms) > 1:
            raise ConstraintError("ordered phrases have no max_count; add excludes() or a max_count of their own")
        return _between(Contains(forms, **how), low, high)
    parts = [_between(Contains((one,), **how), low, high) for one in forms]
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def contains_any(
    *phrases: Forms,
    min_count: int = 1,
    max_count: int | None = None,
    whole_words: bool = True,
    ignore_case: bool = False,
) -> Constraint:
    """Texts with ``min_count`` to ``max_count`` occurrences, without overlap, of any of the phrases together.

    The rest as in :func:`contains`.
    """
    together = tuple(form for forms in _all_forms("contains_any", phrases) for form in forms)
    low, high = _counts(min_count, max_count)
    how = _how_found(whole_words, ignore_case)
    return _between(Contains((together,), **how), low, high)


def excludes(*phrases: Forms, whole_words: bool = True, ignore_case: bool = False) -> Constraint:
    """Texts in which none of the phrases occurs; the rest as in :func:`contains`."""
    return ~contains_any(*phrases, whole_words=whole_words, ignore_case=ignore_case)


def _between(once: Contains, low: int, high: int | None) -> Constraint:
    """At least ``low`` times and, with ``high``, not more often."""
    parts: list[Constraint] = [replace(once, count=low)] if low else []
    if high is not None:
        parts.append(~replace(once, count=high + 1))
    if not parts:
        raise ConstraintError("min_count=0 without max_count asks nothing; leave the phrase out")
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _counts(low: int, high: int | None) -> tuple[int, int | None]:
    checked_counts(low, high, 10_000, ("min_count", "max_count"))
    return low, high


def _how_found(whole_words: bool, ignore_case: bool) -> dict[str, bool]:
    given = {"whole_words": whole_words, "ignore_case": ignore_case}
    return {name: checked_flag(name, value) for name, value in given.items()}


def _all_forms(name: str, phrases: tuple[Forms, ...]) -> tuple[tuple[str, ...], ...]:
    if not phrases:
        raise ConstraintError(f"{name} needs at least one phrase")
    out = []
    for index, phrase in enumerate(phrases):
        forms = (phrase,) if isinstance(phrase, str) else tuple(phrase) if isinstance(phrase, Iterable) else ()
        if not forms or not all(isinstance(form, str) and form for form in forms):
            raise ConstraintError(
                f"{name} takes phrases: non-empty strings, or lists of such forms; item {index} is {shown(phrase)}",
                location=f"item {index}",
            )
        out.append(tuple(encodable(form) for form in forms))
    return tuple(out)
