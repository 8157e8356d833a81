"""Patterns put together from patterns: what the lexical parts of a grammar, its terminals, become.

Every result is a pattern of Python's ``re`` and may stand anywhere in another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["choice", "flagged", "literal", "one_of", "sequence", "times"]


def literal(text: str) -> str:
    """Exactly this text."""
    return re.escape(text)


def flagged(pattern: str, flags: str = "") -> str:
    """The pattern under flags (letters of ``ims``...) and closed against what stands beside it."""
    leading = re.match(r"\(\?([aimsux]+)\)", pattern)  # flags at the start hold for the whole pattern
    if leading:
        flags += leading[1]
        pattern = pattern[leading.end() :]
    letters = "".join(sorted(set(flags) - {"u"}))
    if "x" in letters:
        pattern += "\n"  # ends a comment
    return f"(?{letters}:{pattern})"


def one_of(ranges: Iterable[tuple[str, str]], negated: bool = False) -> str:
    """Any one character of the ranges, or any other."""
    body = "".join(_escaped(a) if a == b else f"{_escaped(a)}-{_escaped(b)}" for a, b in ranges)
    if not body:
        return "(?s:.)" if negated else "(?!)"
    return f"[{'^' if negated else ''}{body}]"


def sequence(parts: Iterable[str]) -> str:
    """One after the other."""
    return "".join(parts)


def choice(arms: Iterable[str]) -> str:
    """Any of the arms."""
    return f"(?:{'|'.join(arms)})"


def times(pattern: str, min: int, max: int | None) -> str:
    """``min`` to ``max`` times; ``None``: any number."""
    return f"(?:{pattern}){{{min},{'' if max is None else max}}}"


def _escaped(character: str) -> str:
    return f"\\U{ord(character):08x}"
