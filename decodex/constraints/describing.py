"""How constraints are put into words: quoted texts, counts, lists."""

from __future__ import annotations

from collections.abc import Iterable


def quoted(text: str, limit: int = 60) -> str:
    """The text in quotes, cut where it is long."""
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def listed(words: Iterable[str], joint: str = "or", limit: int = 12) -> str:
    """``a``, ``a or b``, ``a, b or c``; what is beyond ``limit`` is counted."""
    items = list(words)
    if len(items) > limit:
        items = [*items[: limit - 1], f"{len(items) - limit + 1} others"]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joint} {items[-1]}"


def counted(low: int, high: int | None, noun: str) -> str:
    """``at least 2 words``, ``1 to 3 words``, ``exactly 1 word``; the noun is a plural."""
    if (low if high is None or low == high else 0) == 1 or (low == 0 and high == 1):
        noun = noun.removesuffix("s")
    if high is None:
        return f"at least {low} {noun}" if low else f"any number of {noun}"
    if low == high:
        return f"exactly {low} {noun}"
    return f"{low} to {high} {noun}" if low else f"at most {high} {noun}"


def braces(low: int, high: int | None) -> str:
    """A quantifier of a regular expression."""
    return f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}"
