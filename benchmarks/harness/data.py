"""Which schemas and instances does a benchmark run on?

Out: ``Problem``s, a schema as JSON text with its labelled instances. In: the pack
``maskbench_public.jsonl.gz``, looked for in ``--data`` (the file or its folder), then in the folder named by
``DECODEX_DATA``, then in ``../shared/data`` beside the repository; where there is none, the built-in sample
of this file, so that a benchmark always runs. Refuses a ``--data`` that does not exist; nothing is
downloaded.
"""

from __future__ import annotations

import gzip
import json
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACK = "maskbench_public.jsonl.gz"
BUILT_IN = "sample"
"""What ``--data`` says to run on the schemas of this file even where the pack is."""


class DataUnavailable(Exception):
    """The pack named on the command line is not there."""


@dataclass(frozen=True)
class Instance:
    """A document as the text that is fed to an engine, and whether the schema allows it."""

    text: str
    valid: bool


@dataclass(frozen=True)
class Problem:
    """A schema as JSON text, and documents that it should accept or reject."""

    name: str
    schema: str
    instances: tuple[Instance, ...]


def load_problems(data: str | None, limit: int | None, seed: int) -> tuple[str, list[Problem]]:
    """Where the problems come from, in a word, and the first ``limit`` of them shuffled by ``seed``."""
    path = find_pack(data)
    rows = SAMPLE if path is None else _read_pack(path)
    source = "built-in sample" if path is None else path.name
    rows = list(rows)
    random.Random(seed).shuffle(rows)
    return source, [_problem(row) for row in rows[:limit]]


def find_pack(data: str | None) -> Path | None:
    """The file of the pack; ``None`` for the built-in sample, asked for or because no pack is in the usual places."""
    if data == BUILT_IN:
        return None
    if data is not None:
        named = Path(data)
        path = named / PACK if named.is_dir() else named
        if not path.is_file():
            raise DataUnavailable(f"--data {data}: no such file, nor a folder that holds {PACK}")
        return path
    folders = [Path(__file__).resolve().parents[3] / "shared" / "data"]
    if os.environ.get("DECODEX_DATA"):
        folders.insert(0, Path(os.environ["DECODEX_DATA"]))
    return next((folder / PACK for folder in folders if (folder / PACK).is_file()), None)


def _read_pack(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _problem(row: dict[str, Any]) -> Problem:
    instances = (
        Instance(json.dumps(test["data"], indent=None, ensure_ascii=False), test["valid"])
        for test in row["tests"]
    )
    return Problem(row["id"], json.dumps(row["schema"], ensure_ascii=False), tuple(instances))


def _sample(name: str, schema: Any, valid: list[Any], invalid: list[Any]) -> dict[str, Any]:
    tests = [{"valid": True, "data": data} for data in valid] + [
        {"valid": False, "data": data} for data in invalid
    ]
    return {"id": name, "schema": schema, "tests": tests}


def _object(properties: dict[str, Any], *required: str, closed: bool = True) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties, "required": list(required)}
    return {**schema, "additionalProperties": False} if closed else schema


_TREE = {
    "$defs": {
        "node": _object(
            {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
            "name",
        )
    },
    "$ref": "#/$defs/node",
}

SAMPLE: list[dict[str, Any]] = [
    _sample(
        "sample_flat_record",
        _object({"city": {"type": "string"}, "inhabitants": {"type": "integer", "minimum": 0}}, "city"),
        [{"city": "Göteborg", "inhabitants": 604616}, {"city": "Žilina"}],
        [{"city": "Lyon", "inhabitants": -3}, {"inhabitants": 12}, {"city": 7}],
    ),
    _sample(
        "sample_enum_and_const",
        _object(
            {"kind": {"const": "order"}, "state": {"enum": ["open", "paid", "void", None]}}, "kind", "state"
        ),
        [{"kind": "order", "state": "paid"}, {"kind": "order", "state": None}],
        [{"kind": "invoice", "state": "paid"}, {"kind": "order", "state": "lost"}],
    ),
    _sample(
        "sample_pattern",
        _object({"plate": {"type": "string", "pattern": "^[A-Z]{1,3}-[A-Z]{1,2} [1-9][0-9]{0,3}$"}}, "plate"),
        [{"plate": "HH-AB 1234"}, {"plate": "B-C 7"}],
        [{"plate": "HH-AB 0123"}, {"plate": "hh-AB 1"}],
    ),
    _sample(
        "sample_string_length",
        _object({"code": {"type": "string", "minLength": 3, "maxLength": 8}}, "code"),
        [{"code": "abc"}, {"code": "überall!"}],
        [{"code": "ab"}, {"code": "much too long"}],
    ),
    _sample(
        "sample_array_of_records",
        {
            "type": "array",
            "items": _object({"x": {"type": "number"}, "y": {"type": "number"}}, "x", "y"),
            "minItems": 1,
            "maxItems": 4,
        },
        [[{"x": 1, "y": 2.5}, {"x": -0.125, "y": 30}]],
        [[], [{"x": 1}], [{"x": "1", "y": 2}]],
    ),
    _sample(
        "sample_recursive_tree",
        _TREE,
        [
            {
                "name": "root",
                "children": [{"name": "leaf"}, {"name": "branch", "children": [{"name": "leaf"}]}],
            }
        ],
        [{"name": "root", "children": [{"children": []}]}],
    ),
    _sample(
        "sample_any_of",
        _object({"value": {"anyOf": [{"type": "integer"}, {"type": "boolean"}, {"type": "null"}]}}, "value"),
        [{"value": 12}, {"value": False}, {"value": None}],
        [{"value": "12"}, {"value": [1]}],
    ),
    _sample(
        "sample_open_object",
        _object({"id": {"type": "integer"}}, "id", closed=False),
        [{"id": 1, "note": "free text, of any length", "tags": ["a", {"deep": [1, 2, 3]}]}],
        [{"id": "1", "note": "free text"}, {"note": "no id"}],
    ),
    _sample(
        "sample_map",
        {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 6}},
        [{"first": 1, "second": 6}, {}],
        [{"first": 0}, {"first": 7}, {"first": None}],
    ),
    _sample(
        "sample_date",
        _object(
            {"from": {"type": "string", "format": "date"}, "to": {"type": "string", "format": "date"}}, "from"
        ),
        [{"from": "2024-02-29", "to": "2024-03-01"}],
        [{"from": "yesterday"}, {"from": "2024-13-01"}],
    ),
]
