"""All kinds of records, and the ways of writing a record down.

In: a seeded `random.Random`. Out: `(kind, dict)` pairs, JSON text in several styles, a JSON Schema
inferred from a value. Cost: some microseconds a record. Refuses: nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from corpus import people, trade
from corpus.values import Record

KINDS: tuple[tuple[str, Callable[[Random], Record], int], ...] = (
    ("person", people.person, 10),
    ("place", people.place, 4),
    ("product", trade.product, 6),
    ("order", trade.order, 4),
    ("event", people.event, 4),
    ("weather report", people.weather, 4),
    ("book", trade.book, 4),
    ("movie", trade.movie, 3),
    ("song", trade.song, 2),
    ("recipe", trade.recipe, 3),
    ("pet", people.animal, 3),
    ("company", trade.business, 3),
    ("user", people.user, 4),
    ("task", people.task, 3),
    ("message", people.message, 3),
    ("course", people.course, 2),
    ("car", trade.vehicle, 2),
    ("flight", trade.flight, 2),
    ("review", trade.review, 2),
    ("config", trade.settings, 2),
    ("function call", trade.call, 2),
    ("small object", trade.shape, 2),
)
_WEIGHTS = tuple(k[2] for k in KINDS)


def record(r: Random) -> tuple[str, Record]:
    """A record of a random kind, with the kind's name."""
    kind, make, _ = r.choices(KINDS, _WEIGHTS)[0]
    return kind, make(r)


def dumps(r: Random, value: object) -> str:
    """JSON text in one of the usual styles: one line, compact, or indented."""
    style = r.random()
    if style < 0.6:
        return json.dumps(value)
    if style < 0.8:
        return json.dumps(value, separators=(",", ":"))
    return json.dumps(value, indent=2 if style < 0.95 else 4)


def schema_of(value: Any, depth: int = 6) -> Record:
    """A JSON Schema that `value` satisfies; anything deeper than `depth` is left open."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    if type(value) in names:
        return {"type": names[type(value)]}
    if depth == 0:
        return {}
    if isinstance(value, list):
        return {"type": "array", "items": schema_of(value[0], depth - 1)} if value else {"type": "array"}
    return {
        "type": "object",
        "properties": {k: schema_of(v, depth - 1) for k, v in value.items()},
        "required": list(value),
    }
