"""Random and mutated patterns and schemas: the core answers with a constraint or a named error, and never crashes.

Each input is compiled for a byte vocabulary with tight limits and, where it compiles, walked for some tokens. Set
DECODEX_FUZZ_CASES for longer runs.
"""

from __future__ import annotations

import json
import os
import random

import pytest
from support.schemas import SCHEMAS
from support.vocabularies import byte_vocabulary

import decodex as dx

CASES = int(os.environ.get("DECODEX_FUZZ_CASES", "1500"))
VOCAB = byte_vocabulary()
LIMITS = dx.Limits(search_states=3_000, pool_bytes=64 << 20, nesting=200)
PIECES = list(r"ab0.*+?|()[]{}^$\-,:=!<>&~#") + [
    r"\d", r"\b", r"\w", r"\p{Lu}", "(?=", "(?!", "(?<=", "(?<!", "(?:", "(?P<n>", "{2,5}", "{,9}", "[^", "[[:alpha:]]",
    "(?i)", "(?x:", "\\u00e9", "é", "😀", "\x00", "\\x", "\\1", "*+", "{100000}", "]]", "\\Q", "(?>", "\\",
]  # fmt: skip


def walk(compiled: dx.CompiledConstraint, rng: random.Random) -> None:
    matcher = compiled.matcher()
    for _ in range(6):
        allowed = matcher.allowed_tokens()
        assert len(allowed)
        token = int(rng.choice(allowed))
        assert matcher.advance(token)
        if matcher.is_finished:
            return


def attempt(constraint: dx.Constraint, rng: random.Random) -> bool:
    try:
        compiled = dx.compile(constraint, VOCAB, limits=LIMITS)
        walk(compiled, rng)
    except dx.DecodexError as error:
        assert str(error).strip()
        return False
    return True


def test_random_patterns() -> None:
    rng = random.Random(1)
    compiled = 0
    for _ in range(CASES):
        pattern = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 14)))
        compiled += attempt(dx.regex(pattern), rng)
    assert compiled > CASES // 50


def mutate(value: object, rng: random.Random) -> object:
    junk: list[object] = [
        None,
        True,
        -1,
        3.5,
        1e300,
        "",
        "x",
        [],
        {},
        ["a", "a"],
        {"$ref": "#"},
        {"not": {}},
        10**40,
        {"type": "string"},
    ]
    keywords = [
        "type", "properties", "required", "items", "anyOf", "allOf", "oneOf", "not", "enum", "const", "pattern", "$ref",
        "minimum", "maxLength", "patternProperties", "multipleOf", "format", "additionalProperties", "minItems", "if",
        "contains", "uniqueItems", "propertyNames", "prefixItems", "$defs", "$id", "dependentRequired",
    ]  # fmt: skip
    if isinstance(value, dict) and value and rng.random() < 0.8:
        out = dict(value)
        key = rng.choice(list(out))
        roll = rng.random()
        if roll < 0.6:
            out[key] = mutate(out[key], rng)
        elif roll < 0.75:
            out[rng.choice(keywords)] = out.pop(key)
        else:
            out[rng.choice(keywords)] = rng.choice(junk)
        return out
    if isinstance(value, list) and value and rng.random() < 0.8:
        copy = list(value)
        index = rng.randrange(len(copy))
        copy[index] = mutate(copy[index], rng)
        return copy
    return rng.choice(junk)


def test_mutated_schemas() -> None:
    rng = random.Random(2)
    compiled = 0
    for _ in range(CASES):
        schema: object = rng.choice(SCHEMAS)
        for _ in range(rng.randint(1, 4)):
            schema = mutate(schema, rng)
        compiled += attempt(dx.json_schema(json.dumps(schema)), rng)
    assert compiled > CASES // 10


def test_broken_json_schemas() -> None:
    rng = random.Random(3)
    for _ in range(CASES):
        text = list(json.dumps(rng.choice(SCHEMAS)))
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(text))
            text[place] = rng.choice(['"', "{", "}", "[", ",", ":", "\\", "\x00", "é", "1", "\\ud800", ""])
        attempt(dx.json_schema("".join(text)), rng)


@pytest.mark.parametrize(
    "schema",
    [
        '{"a":' * 5000 + "1" + "}" * 5000,
        "[" * 100_000,
        json.dumps({"not": {"not": {"not": {}}}}),
        json.dumps({"anyOf": [{"anyOf": [{"$ref": "#"}]}]}),
        json.dumps({"allOf": [{"$ref": "#"}]}),
        json.dumps({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
        json.dumps({"type": "string", "pattern": "(" * 3000 + ")" * 3000}),
        json.dumps({"type": "string", "pattern": "(a{1000}){1000}"}),
        json.dumps(
            {"type": "string", "pattern": "(a|aa)*b{5000}(a|b|ab)*$", "minLength": 10**9, "maxLength": 10**18}
        ),
        json.dumps({"enum": ["x" * 100_000]}),
        json.dumps({"type": "integer", "minimum": 10**400, "maximum": 10**401}),
        json.dumps({"type": "number", "multipleOf": 1e-300}),
        json.dumps({"required": [f"k{i}" for i in range(3000)]}),
        json.dumps({"anyOf": [{"required": [f"k{i}"]} for i in range(300)]}),
        json.dumps({"oneOf": [{"type": "object", "properties": {f"k{i}": {"const": i}}} for i in range(12)]}),
        '{"minLength": 1e400}',
        '{"a":1,"a":2}',
        "",
        "nul",
        '"string"',
        "[1]",
        "\ufeff{}",
    ],
    ids=lambda s: s[:40],
)
def test_hostile_schemas_end_in_time(schema: str) -> None:
    attempt(dx.json_schema(schema), random.Random(0))
