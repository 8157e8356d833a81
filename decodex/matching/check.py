"""Judging a given text: is it in the constraint's language, and where does it leave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from decodex._core import Matcher
    from decodex.matching.violation import Violation


@dataclass(frozen=True)
class CheckResult:
    """The verdict on a text. True in a Boolean context when the text satisfies the constraint."""

    accepted: bool
    position: int
    """Bytes of the text that can still be completed to one of the constraint's texts."""
    line: int
    column: int
    """Where ``position`` is, both from 1, the column in characters."""
    message: str
    violation: Violation | None = None
    """By which keyword a JSON schema refuses the document, when the package ``jsonschema`` is there to say it."""

    def __bool__(self) -> bool:
        return self.accepted


@dataclass(frozen=True)
class Explanation:
    """Why a token is allowed or refused at one place."""

    allowed: bool
    token: bytes
    read: int
    """Bytes of the token that fit."""
    expected: str
    """What could come at the first byte that does not fit."""
    message: str

    def __bool__(self) -> bool:
        return self.allowed


def check(start: Callable[[], Matcher], text: str | bytes) -> CheckResult:
    """Judge a whole text; ``start`` makes a matcher at the beginning of the constraint."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    position, accepted = start().read_bytes(data)
    character = position  # where the character of that byte begins
    while 0 < character < len(data) and data[character] & 0xC0 == 0x80:
        character -= 1
    before = data[:character].decode("utf-8", "replace")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    if accepted:
        message = "satisfies the constraint"
    else:
        read = data[:position]
        expected = describe_bytes(start().bytes_after(read), end=start().read_bytes(read)[1])
        where = f"line {line}, column {column}"
        if position == len(data):
            message = f"incomplete: the text ends at {where}, where {expected} is expected"
        else:
            met = data[character : character + 12].decode("utf-8", "ignore")
            message = f"{where}: {expected} is expected, not {met!r}"
    return CheckResult(accepted, position, line, column, message)


def explain(matcher: Matcher, token: bytes, allowed: bool, has_text: bool, is_end: bool) -> Explanation:
    """Say why a token (its bytes) is allowed or not at the matcher's place."""
    read, _ = matcher.read_bytes(token)
    expected = describe_bytes(matcher.bytes_after(token[:read]), end=matcher.is_accepting and read == 0)
    if is_end:
        message = "the text may end here" if allowed else f"the text may not end here: {expected} is expected"
    elif not has_text:
        message = "the token adds no text (a special, added or unused id), so it is never allowed"
    elif allowed:
        message = f"{token!r} is allowed"
    elif read == len(token):
        message = f"{token!r} fits the constraint, but not the token budget"
    else:
        message = (
            f"{token!r} is refused at its byte {read}: {expected} is expected, not {token[read : read + 1]!r}"
        )
    return Explanation(allowed, token, read, expected, message)


def describe_bytes(allowed: bytes, end: bool = False) -> str:
    """A set of next bytes in words: ``'"'``, ``a digit``, ``one of '0'-'9', 'e'``, ``the end``."""
    parts: list[str] = []
    values = sorted(set(allowed))
    index = 0
    while index < len(values):
        last = index
        while last + 1 < len(values) and values[last + 1] == values[last] + 1:
            last += 1
        first, final = values[index], values[last]
        if first >= 0x80:
            if not parts or parts[-1] != "a character outside ASCII":
                parts.append("a character outside ASCII")
        elif final - first > 1:
            parts.append(f"{chr(first)!r}-{chr(min(final, 0x7F))!r}")
            if final >= 0x80:
                parts.append("a character outside ASCII")
        else:
            parts.extend(repr(chr(value)) for value in values[index : last + 1] if value < 0x80)
            if final >= 0x80:
                parts.append("a character outside ASCII")
        index = last + 1
    if end:
        parts.append("the end")
    if not parts:
        return "nothing"
    shown = ", ".join(parts[:12]) + (", ..." if len(parts) > 12 else "")
    return shown if len(parts) == 1 else f"one of {shown}"
