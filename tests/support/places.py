"""An independent reading of JSON Pointers, whose step `*` is every item and every member, on documents of `json`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def values_at(document: Any, pointer: str) -> Iterator[Any]:
    """The values at a pointer."""
    values = [document]
    for escaped in pointer.split("/")[1:]:
        step = escaped.replace("~1", "/").replace("~0", "~")
        values = [child for value in values for key, child in children(value) if step in ("*", str(key))]
    yield from values


def strings_of(document: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every string value with its pointer."""
    if isinstance(document, str):
        yield pointer, document
    for key, child in children(document):
        yield from strings_of(child, f"{pointer}/" + str(key).replace("~", "~0").replace("/", "~1"))


def children(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []
