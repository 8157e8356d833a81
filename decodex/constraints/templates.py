"""Templates: text with typed gaps, and the values read back out of a finished text."""

from __future__ import annotations

import datetime
import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from decodex.constraints.base import Constraint, Literal, encodable
from decodex.constraints.describing import quoted
from decodex.constraints.json import JsonSchema, JsonValue, json_schema, json_value
from decodex.constraints.patterns import Text, choice, regex
from decodex.constraints.types import type_
from decodex.errors import ConstraintError, shown

if TYPE_CHECKING:
    from decodex._core import Term

_KINDS: dict[str, Callable[[], Constraint]] = {
    "int": lambda: json_schema({"type": "integer"}, numbers="plain"),
    "float": lambda: json_schema({"type": "number"}, numbers="plain"),
    "bool": lambda: type_(bool),
    "date": lambda: type_(datetime.date),
    "time": lambda: type_(datetime.time),
    "datetime": lambda: type_(datetime.datetime),
    "uuid": lambda: type_(uuid.UUID),
    "json": json_value,
    "word": lambda: regex(r"\w+"),
    "line": lambda: regex(r"[^\n]+"),
    "text": Text,
}
_NAME = re.compile(r"[^\W\d]\w*")
_FIXED = re.compile(r"[^{}]+|\{\{|\}\}")
_PATTERN_END = re.compile(r"(?<!\\)((?:\\\\)*)/\}")


@dataclass(frozen=True)
class Gap:
    """A named place of a template."""

    name: str
    content: Constraint


@dataclass(frozen=True)
class Template(Constraint):
    """Fixed texts and gaps, one behind the other."""

    parts: tuple[str | Gap, ...]

    def term(self) -> Term:
        from decodex._core import Term

        return Term.concat([_constraint(part).term() for part in self.parts])

    def describe(self) -> str:
        words = [
            quoted(part) if isinstance(part, str) else f"{part.name} ({part.content.describe()})" for part in self.parts
        ]
        return ", then ".join(words) or "''"

    def _pattern(self, *, alone: bool) -> str:
        alone = alone and len(self.parts) == 1
        return "".join(
            re.escape(part) if isinstance(part, str) else f"(?P<{part.name}>{part.content._pattern(alone=alone)})"
            for part in self.parts
        )

    def parse(self, text: str) -> dict[str, Any]:
        """The values of the gaps: JSON gaps (``int``, ``float``, ``bool``, schemas) as JSON values, others as text.

        Where several readings fit, the earlier gap is as short as it can be. ``ConstraintError`` where none fits, with
        the place up to which one does.

        >>> template("{n:int} of {what:word}").parse("3 of eggs")
        {'n': 3, 'what': 'eggs'}
        """
        if not isinstance(text, str):
            raise ConstraintError(f"the text of a template is a str, not {type(text).__name__}")
        data = text.encode("utf-8", "surrogatepass")
        spans = self._spans(data)
        values: dict[str, Any] = {}
        for part, start, end in spans:
            if isinstance(part, Gap):
                value = data[start:end].decode()
                read = isinstance(part.content, (JsonSchema, JsonValue))
                values[part.name] = json.loads(value) if read else value
        return values

    def _spans(self, data: bytes) -> list[tuple[str | Gap, int, int]]:
        """The parts with their places: a depth-first search that visits each (part, place) once."""
        terms = [_constraint(part).term() for part in self.parts]

        def ends(index: int, start: int) -> Iterator[int]:
            part = self.parts[index]
            if not isinstance(part, str):
                return (start + length for length in terms[index].accepted_prefixes(data[start:]))
            fixed = part.encode()
            return iter([start + len(fixed)] if data.startswith(fixed, start) else [])

        seen: set[tuple[int, int]] = set()
        furthest = 0
        places, stack = [0], [ends(0, 0)] if self.parts else []
        while stack:
            end = next(stack[-1], None)
            if end is None:
                stack.pop()
                places.pop()
                continue
            furthest = max(furthest, end)
            index = len(stack)
            if index == len(self.parts):
                if end == len(data):
                    places.append(end)
                    return list(zip(self.parts, places[:-1], places[1:], strict=True))
            elif (index, end) not in seen:
                seen.add((index, end))
                places.append(end)
                stack.append(ends(index, end))
        if not self.parts and not data:
            return []
        read = data[:furthest].decode("utf-8", "replace")
        raise ConstraintError(
            f"the text is not of the template: it can be read up to {quoted(read[-40:])}",
            location=f"position {len(read)}",
        )


def template(text: str, **gaps: Any) -> Template:
    """Fixed text with gaps in braces.

    ``{name}`` is given as a keyword: a constraint, a string, a list of choices, a compiled pattern, or a Python type as
    :func:`decodex.type_` takes it. ``{name:kind}`` says it in place: ``int``, ``float``, ``bool``, ``date``, ``time``,
    ``datetime``, ``uuid``, ``json`` (any JSON), ``word`` (``\\w+``), ``line`` (no line feed), ``text`` (anything).
    ``{name:/pattern/}`` is a pattern, in which ``\\/`` is a slash; it ends at the first ``/}``. ``{{`` and ``}}`` are
    braces. Errors name the column.

    >>> order = template("{count:int} x {size} {{{code:/[A-Z]{2}/}}}", size=["small", "large"])
    >>> order.parse("2 x small {AB}")
    {'count': 2, 'size': 'small', 'code': 'AB'}
    """
    if not isinstance(text, str):
        raise ConstraintError(f"a template is a text, not {type(text).__name__}")
    parts: list[str | Gap] = []
    names: set[str] = set()
    fixed: list[str] = []
    at = 0
    while at < len(text):
        piece = _FIXED.match(text, at)
        if piece:
            fixed.append(piece[0][0] if piece[0] in ("{{", "}}") else piece[0])
            at = piece.end()
        elif text[at] == "}":
            raise _wrong("a closing brace without an opening one; write }} for the character", text, at)
        else:
            gap, end = _gap(text, at, gaps)
            if gap.name in names:
                raise _wrong(f"the gap {shown(gap.name)} is there twice; give it another name", text, at)
            names.add(gap.name)
            parts += [encodable("".join(fixed)), gap] if fixed else [gap]
            fixed, at = [], end
    if fixed:
        parts.append(encodable("".join(fixed)))
    unused = sorted(gaps.keys() - names)
    if unused:
        known = ", ".join(sorted(names)) or "none"
        raise ConstraintError(f"the template has no gap {shown(unused[0])}; its gaps are {known}")
    return Template(tuple(parts))


def _gap(text: str, at: int, gaps: dict[str, Any]) -> tuple[Gap, int]:
    """The gap that begins at a brace, and the place behind it."""
    found = _NAME.match(text, at + 1)
    if not found:
        raise _wrong("a gap begins with its name: {name}; write {{ for the character", text, at)
    name, place = found[0], found.end()
    if text.startswith("}", place):
        if name not in gaps:
            raise _wrong(f"the gap {shown(name)} is not given; pass {name}=..., or write {{{name}:int}}", text, at)
        return Gap(name, _given(name, gaps[name])), place + 1
    if not text.startswith(":", place):
        raise _wrong(f"behind the name {shown(name)} comes }} or :", text, place)
    if name in gaps:
        raise _wrong(f"the gap {shown(name)} is given as a keyword and in the template", text, at)
    if text.startswith("/", place + 1):
        end = _PATTERN_END.search(text, place + 2)
        if not end:
            raise _wrong("the pattern has no end: /}", text, place + 1)
        pattern = text[place + 2 : end.end() - 2]
        pattern = re.sub(r"\\(.)", lambda m: "/" if m[1] == "/" else m[0], pattern, flags=re.S)
        return Gap(name, regex(pattern)), end.end()
    end_of_kind = text.find("}", place)
    if end_of_kind < 0:
        raise _wrong(f"the gap {shown(name)} is not closed", text, at)
    kind = text[place + 1 : end_of_kind].strip()
    if kind not in _KINDS:
        known = ", ".join(_KINDS)
        raise _wrong(f"{quoted(kind)} is no kind of gap; use {known}, a /pattern/ or a keyword", text, place + 1)
    return Gap(name, _KINDS[kind]()), end_of_kind + 1


def _given(name: str, value: Any) -> Constraint:
    if isinstance(value, Constraint):
        return value
    if isinstance(value, str):
        return Literal(encodable(value))
    if isinstance(value, re.Pattern):
        return regex(value)
    if isinstance(value, (list, tuple)):
        return choice(value)
    if value is None or isinstance(value, (int, float, dict)):
        raise ConstraintError(
            f"the gap {shown(name)} is a constraint, a string, a list of choices, a pattern or a type, not "
            f"{shown(value)}"
        )
    return type_(value)


def _constraint(part: str | Gap) -> Constraint:
    return Literal(part) if isinstance(part, str) else part.content


def _wrong(message: str, text: str, at: int) -> ConstraintError:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    where = f"column {column}" if "\n" not in text else f"line {line}, column {column}"
    return ConstraintError(message, location=f"{where} of the template")
