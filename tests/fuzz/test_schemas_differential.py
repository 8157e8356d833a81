"""Random schemas, random instances and mutations of them: the engine accepts what `jsonschema` accepts.

A case is one instance under one schema. Instances are drawn from the values that the schema itself mentions and values
beside them, and mutated. Schemas come from the generator below and from hypothesis-jsonschema's, where it is installed.
DECODEX_FUZZ_CASES=100000 for a long run, DECODEX_FUZZ_SEED for another one.
"""

from __future__ import annotations

import json
import os
import random
import re
from typing import Any

import pytest
from support.vocabularies import byte_vocabulary

import decodex as dx

jsonschema = pytest.importorskip("jsonschema")

CASES = int(os.environ.get("DECODEX_FUZZ_CASES", "2000"))
SEED = int(os.environ.get("DECODEX_FUZZ_SEED", "1"))
VOCAB = byte_vocabulary()
LIMITS = dx.Limits(search_states=20_000, pool_bytes=128 << 20)
PER_SCHEMA = 20

KEYS = ["a", "b", "ab", "c", "", "é", 'q"', "a1"]
STRINGS = ["", "a", "b", "ab", "aab", "abc", "é", "😀", 'say "x"', "x\ny", "12", "a" * 7]
NUMBERS = [0, 1, -1, 2, 3, 5, 7, 10, 100, 1.5, -0.5, 0.1, 1e3, 2.0, 12345678901234567890]
PATTERNS = ["^a", "b$", "^[ab]*$", "a|c", "^.{2,3}$", r"\d", "^$", "[^a]"]


class Schemas:
    """A generator of schemas over a small universe, so that instances meet their keywords."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def value(self, depth: int) -> Any:
        roll = self.rng.random()
        if depth <= 0 or roll < 0.6:
            return self.rng.choice([None, True, False, *self.rng.sample(NUMBERS, 3), *self.rng.sample(STRINGS, 3)])
        if roll < 0.8:
            return [self.value(depth - 1) for _ in range(self.rng.randint(0, 3))]
        return {key: self.value(depth - 1) for key in self.rng.sample(KEYS, self.rng.randint(0, 3))}

    def schema(self, depth: int) -> Any:
        rng = self.rng
        if rng.random() < 0.08:
            return rng.random() < 0.8
        out: dict[str, Any] = {}
        if rng.random() < 0.6:
            kinds = ["null", "boolean", "object", "array", "number", "integer", "string"]
            out["type"] = rng.choice(kinds) if rng.random() < 0.7 else rng.sample(kinds, rng.randint(1, 3))
        for _ in range(rng.randint(0, 3)):
            out.update(
                rng.choice([self.scalar, self.array, self.object, self.logic][: 4 if depth > 0 else 1])(depth - 1)
            )
        return out

    def scalar(self, depth: int) -> dict[str, Any]:
        rng = self.rng
        number = rng.choice(NUMBERS[:-1])
        return rng.choice(
            [
                {"minimum": number},
                {"maximum": number},
                {"exclusiveMinimum": number},
                {"exclusiveMaximum": number},
                {"multipleOf": rng.choice([1, 2, 3, 0.5, 0.1, 10])},
                {"minLength": rng.randint(0, 3)},
                {"maxLength": rng.randint(0, 4)},
                {"pattern": rng.choice(PATTERNS)},
                {"enum": [self.value(1) for _ in range(rng.randint(1, 4))]},
                {"const": self.value(2)},
            ]
        )

    def array(self, depth: int) -> dict[str, Any]:
        rng = self.rng
        return rng.choice(
            [
                {"items": self.schema(depth)},
                {"prefixItems": [self.schema(depth) for _ in range(rng.randint(1, 2))]},
                {"minItems": rng.randint(0, 2)},
                {"maxItems": rng.randint(0, 3)},
                {"contains": self.schema(depth), "minContains": rng.randint(0, 2)},
                {"contains": self.schema(depth), "maxContains": rng.randint(1, 2)},
                {"uniqueItems": True},
                {"unevaluatedItems": self.schema(depth)},
            ]
        )

    def object(self, depth: int) -> dict[str, Any]:
        rng = self.rng
        keys = rng.sample(KEYS, rng.randint(1, 3))
        return rng.choice(
            [
                {"properties": {key: self.schema(depth) for key in keys}},
                {"required": keys},
                {"additionalProperties": self.schema(depth)},
                {"patternProperties": {rng.choice(PATTERNS): self.schema(depth)}},
                {"propertyNames": self.schema(depth)},
                {"minProperties": rng.randint(0, 2)},
                {"maxProperties": rng.randint(0, 3)},
                {"dependentRequired": {keys[0]: rng.sample(KEYS, 1)}},
                {"dependentSchemas": {keys[0]: self.schema(depth)}},
                {"unevaluatedProperties": self.schema(depth)},
                {"properties": {key: self.schema(depth) for key in keys}, "required": keys[:1]},
            ]
        )

    def logic(self, depth: int) -> dict[str, Any]:
        rng = self.rng
        if depth <= 0:
            return {}
        several = [self.schema(depth) for _ in range(rng.randint(1, 3))]
        return rng.choice(
            [
                {"anyOf": several},
                {"allOf": several},
                {"oneOf": several},
                {"not": self.schema(depth)},
                {"if": self.schema(depth), "then": self.schema(depth), "else": self.schema(depth)},
            ]
        )


def mentioned(schema: Any) -> list[Any]:
    """Values that a schema speaks of."""
    found: list[Any] = []
    if isinstance(schema, dict):
        found += schema.get("enum", []) + ([schema["const"]] if "const" in schema else [])
        for value in schema.values():
            found += mentioned(value)
    elif isinstance(schema, list):
        for value in schema:
            found += mentioned(value)
    return found


def mutated(value: Any, make: Schemas) -> Any:
    rng = make.rng
    if isinstance(value, dict) and value and rng.random() < 0.7:
        out = dict(value)
        key = rng.choice(list(out))
        if rng.random() < 0.3:
            del out[key]
        else:
            out[key] = mutated(out[key], make)
        return out
    if isinstance(value, list) and value and rng.random() < 0.7:
        items = list(value)
        place = rng.randrange(len(items))
        if rng.random() < 0.3:
            items.insert(place, items[place])
        else:
            items[place] = mutated(items[place], make)
        return items
    return make.value(2)


def compare(schema: Any, make: Schemas) -> int:
    """Cases judged; 0 where the engine refuses the schema by name."""
    validator = jsonschema.Draft202012Validator(schema)
    try:
        compiled = dx.compile(
            dx.json_schema(schema, property_order="any", formats="annotate", max_digits=None), VOCAB, limits=LIMITS
        )
    except dx.UnsatisfiableError:
        compiled = None
    except dx.DecodexError as error:
        assert str(error)
        return 0
    pool = mentioned(schema)
    for _ in range(PER_SCHEMA):
        instance = make.rng.choice(pool) if pool and make.rng.random() < 0.4 else make.value(3)
        if make.rng.random() < 0.5:
            instance = mutated(instance, make)
        valid = validator.is_valid(instance)
        text = json.dumps(instance, ensure_ascii=False)
        try:
            accepted = compiled is not None and Judge(compiled).accepts(text)
        except dx.LimitError:
            continue
        assert accepted == valid, f"{'accepted' if accepted else 'refused'}: {text} under {json.dumps(schema)}"
    return PER_SCHEMA


class Judge:
    """The engine's verdict alone, without the reasons of check()."""

    def __init__(self, compiled: dx.CompiledConstraint) -> None:
        self.matcher = compiled.matcher()

    def accepts(self, text: str) -> bool:
        data = text.encode()
        read, accepting = self.matcher.read_bytes(data)
        return read == len(data) and accepting


def test_own_generator() -> None:
    make = Schemas(random.Random(SEED))
    cases = 0
    while cases < CASES:
        cases += compare(make.schema(3), make)


def test_instances_of_another_generator() -> None:
    """Instances that hypothesis-jsonschema draws for a schema; it works with some versions of hypothesis only."""
    generator = pytest.importorskip(
        "hypothesis_jsonschema", reason="pip install hypothesis-jsonschema 'hypothesis<6.104'"
    )
    from hypothesis import HealthCheck, Phase, given, settings, strategies

    judged = 0

    @settings(max_examples=5, deadline=None, database=None)
    @given(generator.from_schema({"type": "object", "required": ["a"]}))
    def probe(instance: Any) -> None:
        assert instance

    try:
        probe()
    except AttributeError as error:   # before the engine is asked anything
        pytest.skip(f"hypothesis-jsonschema does not work with this hypothesis: {error}")

    @settings(max_examples=max(CASES // 4, 50), deadline=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck), database=None)  # fmt: skip
    @given(strategies.data())
    def run(data: Any) -> None:
        nonlocal judged
        schema = Schemas(random.Random(data.draw(strategies.integers(0, 2**32)) + SEED)).schema(2)
        try:
            compiled = dx.compile(
                dx.json_schema(schema, property_order="any", formats="annotate", max_digits=None), VOCAB, limits=LIMITS
            )
            instance = data.draw(generator.from_schema(schema))
        except (dx.DecodexError, AssertionError, TypeError, NotImplementedError, RecursionError):
            return  # nothing to draw, or nothing that either can read
        valid = jsonschema.Draft202012Validator(schema).is_valid(instance)
        try:
            text = json.dumps(instance, ensure_ascii=False)
            if re.search(r"e[+-]?(\d{3}|2[1-9]|[3-9]\d)", text):
                return   # beyond the exponents that bounded numbers are written with (docs/json_schema.md)
            accepted = Judge(compiled).accepts(text)
        except (UnicodeEncodeError, dx.LimitError):
            return
        assert accepted == valid, f"{'accepted' if accepted else 'refused'}: {text} under {json.dumps(schema)}"
        judged += 1

    run()
    assert judged
