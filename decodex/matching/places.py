"""Where in a JSON document a byte or a string is, by JSON Pointer.

In: the bytes of a document, which may be cut off or broken. Out: pointers, and the spans of strings, as far as it can
be read. One pass, no recursion; the document is not judged here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["place_at", "strings_at"]

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\],:]|[^\s"{}\[\],:]+', re.DOTALL)


@dataclass
class _Container:
    """An array or object that is open: what was read of it last."""

    is_object: bool
    step: str | int
    at_key: bool


def strings_at(document: bytes, pointer: str) -> list[tuple[int, int]]:
    """The spans, quotes included, of the strings at a pointer (``*``: any step). The last may lack its end."""
    wanted = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    open_: list[_Container] = []
    return [
        (begin, end)
        for begin, end in _values(document, open_)
        if document[begin] == ord('"')
        and len(open_) == len(wanted)
        and all(step in ("*", str(container.step)) for step, container in zip(wanted, open_, strict=True))
    ]


def place_at(document: bytes, position: int) -> str:
    """The pointer of the value that the byte belongs to; between members that of the object."""
    open_: list[_Container] = []
    for _ in _values(document[: position + 1], open_):
        pass
    if open_ and open_[-1].at_key:
        open_.pop()
    return "".join("/" + str(inner.step).replace("~", "~0").replace("/", "~1") for inner in open_)


def _values(document: bytes, open_: list[_Container]) -> Iterator[tuple[int, int]]:
    """The spans of every scalar and opening bracket; meanwhile ``open_`` holds the containers around it."""
    for token in _TOKEN.finditer(document):
        first = token[0][:1]
        inner = open_[-1] if open_ else None
        if first == b":" and inner:
            inner.at_key = False
        elif first == b"," and inner:
            if isinstance(inner.step, int):
                inner.step += 1
            inner.at_key = inner.is_object
        elif first in (b"}", b"]"):
            if open_:
                open_.pop()
        elif first == b'"' and inner and inner.at_key:
            inner.step = _decoded(token[0])
        else:
            yield token.start(), token.end()
            if first in (b"{", b"["):
                open_.append(_Container(first == b"{", "" if first == b"{" else 0, first == b"{"))


def _decoded(string: bytes) -> str:
    try:
        return str(json.loads(string))
    except ValueError:
        return string.strip(b'"').decode("utf-8", "replace")
