"""Constraints as JSON values and back: the form in which they are saved.

A constraint is its kind and those of its fields that differ from their defaults; whatever is a frozen
dataclass of decodex is written and read so, nothing has to be registered. Invariant:
``from_data(to_data(c)) == c``. Reading makes only kinds of decodex from their own fields and executes
nothing else. Refuses a constraint of the user's own class or with a field that is no plain value.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from decodex.constraints.base import Constraint
from decodex.errors import ArtefactError, DecodexError

__all__ = ["from_data", "to_data"]

_KIND = "kind"
_PLAIN = (str, int, float, bool, type(None))


def to_data(constraint: Constraint) -> Any:
    """The constraint as dictionaries, lists and plain values."""
    try:
        return _write(constraint, type(constraint).__name__)
    except RecursionError:
        raise ArtefactError("the constraint is nested too deeply to be saved") from None


def from_data(data: Any) -> Constraint:
    """The constraint that ``to_data`` wrote; an ``ArtefactError`` for anything else."""
    try:
        made = _read(data)
    except DecodexError:
        raise
    except (TypeError, ValueError, AttributeError, KeyError, RecursionError) as error:
        raise ArtefactError(f"the saved constraint cannot be made again: {error}") from error
    if not isinstance(made, Constraint):
        raise ArtefactError(f"what was saved is no constraint but a {type(made).__name__}")
    return made


def _write(value: Any, place: str) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple:
        return [_write(item, f"{place}[{index}]") for index, item in enumerate(value)]
    if kind is bytes:
        return {_KIND: "bytes", "hex": value.hex()}
    if _kind_named(_name(kind)) is not kind:
        raise ArtefactError(
            f"{place} is a {kind.__qualname__}, which cannot be saved; only decodex's own constraints can be"
        )
    out = {_KIND: _name(kind)}
    for field in fields(value):
        item = getattr(value, field.name)
        if field.init and not (type(item) is type(field.default) and item == field.default):
            out[field.name] = _write(item, f"{place}.{field.name}")
    return out


def _read(data: Any) -> Any:
    if isinstance(data, list):
        return tuple(_read(item) for item in data)
    if not isinstance(data, dict):
        return data
    values = dict(data)
    name = values.pop(_KIND, None)
    if name == "bytes":
        return bytes.fromhex(values["hex"])
    kind: Any = _kind_named(name)
    if kind is None:
        raise ArtefactError(f"the saved constraint is of a kind that this version does not know: {name!r}")
    known = {field.name for field in fields(kind) if field.init}
    if not values.keys() <= known:
        raise ArtefactError(f"a saved {name} has fields that it should not have: {sorted(values.keys() - known)}")
    return kind(**{name: _read(value) for name, value in values.items()})


def _name(kind: type) -> str:
    return f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"


def _kind_named(name: str) -> type | None:
    if name not in _kinds():
        _kinds.cache_clear()  # modules may have been imported since
    return _kinds().get(name)


@cache
def _kinds() -> dict[str, type]:
    """The dataclasses of the modules in which decodex's constraints are, by name."""
    homes, left = set(), [Constraint]
    while left:
        kind = left.pop()
        homes.add(kind.__module__)
        left += kind.__subclasses__()
    own = [vars(sys.modules[home]).values() for home in homes if home.startswith("decodex.")]
    return {_name(kind): kind for kind in itertools.chain(*own) if isinstance(kind, type) and _is_own(kind, homes)}


def _is_own(kind: type, homes: set[str]) -> bool:
    return is_dataclass(kind) and kind.__module__.startswith("decodex.") and kind.__module__ in homes
