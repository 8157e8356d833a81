"""Judging a given text: is it in the constraint's language, and where does it leave it; and why a token may not come.
Both for the whole constraint and for each of its parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from decodex.constraints.json import JsonSchema
from decodex.errors import DecodexError, shown
from decodex.matching.places import place_at, strings_at
from decodex.matching.violation import first_violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from decodex._core import Matcher
    from decodex.matching.parts import Part, Parts
    from decodex.matching.violation import Violation


@dataclass(frozen=True)
class CheckResult:
    """The verdict on a text, by the whole constraint or by one part of it. True in a Boolean context when the text
    satisfies it."""

    accepted: bool
    position: int
    """Bytes of the text that can still be completed to one of the constraint's texts."""
    line: int
    column: int
    """Where ``position`` is, both from 1, the column in characters."""
    message: str
    violation: Violation | None = None
    """By which keyword a JSON schema refuses the document, when the package ``jsonschema`` is there to say it."""
    part: Part | None = None
    """What judges; ``None`` for the whole constraint."""
    spans: tuple[tuple[int, int], ...] = ()
    """The bytes that are judged, as (begin, end): the whole text, or the strings at the part's pointer."""
    parts: tuple[CheckResult, ...] = ()
    """The verdict of each part of a conjunction; none where the constraint is one part."""

    def __bool__(self) -> bool:
        return self.accepted

    @property
    def rate(self) -> float:
        """The share of the parts that the text satisfies, 0 to 1."""
        if not self.parts:
            return float(self.accepted)
        return sum(part.accepted for part in self.parts) / len(self.parts)


@dataclass(frozen=True)
class Refusal:
    """Why one part of a constraint refuses a token."""

    part: Part
    place: str | None
    """Where in a JSON document the token would come, as a JSON Pointer."""
    expected: str
    """What the part would take instead of the first byte that does not fit."""
    message: str


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
    refusals: tuple[Refusal, ...] = ()
    """The parts of a conjunction that refuse it there; none where only all of them together do, or the budget."""

    def __bool__(self) -> bool:
        return self.allowed


def check(parts: Parts, matcher: Matcher, text: str | bytes) -> CheckResult:
    """Judge a whole text by a constraint, with a matcher at its start, and by each of its parts."""
    if not isinstance(text, (str, bytes, bytearray, memoryview)):
        raise DecodexError(f"a text to check is a str or bytes, not {shown(text)}")
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    whole = _verdict(matcher, data)
    each = tuple(parts)
    if len(each) == 1:
        return replace(whole, violation=_violation(each[0], whole, data))
    judged = []
    for part in each:
        result = replace(_verdict(parts.matcher(part), data), part=part)
        if part.pointer is not None:
            result = replace(result, spans=tuple(strings_at(data, part.pointer)))
        judged.append(replace(result, violation=_violation(part, result, data)))
    violation = next((result.violation for result in judged if result.violation), None)
    return replace(whole, violation=violation, parts=tuple(judged))


def _verdict(matcher: Matcher, data: bytes) -> CheckResult:
    position, accepted = matcher.read_bytes(data)
    character = position  # where the character of that byte begins
    while 0 < character < len(data) and data[character] & 0xC0 == 0x80:
        character -= 1
    before = data[:character].decode("utf-8", "replace")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    if accepted:
        message = "satisfies the constraint"
    else:
        read = data[:position]
        expected = describe_bytes(matcher.bytes_after(read), end=matcher.read_bytes(read)[1])
        where = f"line {line}, column {column}"
        if position == len(data):
            message = f"incomplete: the text ends at {where}, where {expected} is expected"
        else:
            met = data[character : character + 12].decode("utf-8", "ignore")
            message = f"{where}: {expected} is expected, not {met!r}"
    return CheckResult(accepted, position, line, column, message, spans=((0, len(data)),))


def _violation(part: Part, result: CheckResult, data: bytes) -> Violation | None:
    if result.accepted or part.pointer is not None or not isinstance(part.said, JsonSchema):
        return None
    return first_violation(part.said, data)


def explain(
    matcher: Matcher, parts: Parts | None, token: bytes, allowed: bool, has_text: bool, is_end: bool
) -> Explanation:
    """Say why a token (its bytes) is allowed or not at the matcher's place."""
    read, _ = matcher.read_bytes(token)
    expected = describe_bytes(matcher.bytes_after(token[:read]), end=matcher.is_accepting and read == 0)
    refusals: tuple[Refusal, ...] = ()
    blamed = not allowed and (is_end or (has_text and read < len(token))) and not matcher.is_finished
    each = tuple(parts) if parts is not None else ()
    if blamed and parts is not None and len(each) > 1:
        refusals = tuple(_refusals(parts, matcher, b"" if is_end else token, read, is_end))
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
    message += "".join(f"; {refusal.message}" for refusal in refusals)
    if blamed and len(each) > 1 and not refusals:
        message += "; each part alone would take it, but nothing completes all of them together behind it"
    return Explanation(allowed, token, read, expected, message, refusals)


def _refusals(parts: Parts, matcher: Matcher, token: bytes, fits: int, is_end: bool) -> Iterator[Refusal]:
    """The parts that refuse the token at its first byte that does not fit; each is asked alone, from the start of the
    text."""
    read = matcher.last_bytes(matcher.tokens_read)
    text, position = read + token[: fits + 1], len(read) + fits
    is_json = any(isinstance(part.whole, JsonSchema) for part in parts)
    place = place_at(text, position) if is_json else None
    met = "the end" if is_end else repr(token[fits : fits + 1])
    for part in parts:
        alone = parts.matcher(part)
        reaches, accepted = alone.read_bytes(text)
        if accepted if is_end else reaches > position:
            continue
        if part.pointer is not None and not any(b <= position < e for b, e in strings_at(text, part.pointer)):
            continue  # outside of the strings that it is about, a part knows no more than that the document is JSON
        expected = describe_bytes(alone.bytes_after(text[:reaches]), end=alone.read_bytes(text[:reaches])[1])
        yield Refusal(part, place, expected, f"{part} expects {expected}, not {met}")


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
