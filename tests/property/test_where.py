"""Texts drawn uniformly from the masks of a schema with `where`: valid under `jsonschema`, and what is wanted of the
strings holds of them as `json.loads` reads them, by `re` and plain Python. Documents of the schema that break it are
refused, and those that keep it accepted."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from support.judges import complaints, parsed
from support.places import values_at
from support.vocabularies import random_text, random_vocabulary

import decodex as dx

Wanted = dict[str, tuple[Any, Callable[[str], object]]]
TEXT = {"type": "string", "maxLength": 12}
ITEM = {"type": "object", "properties": {"name": TEXT, "tags": {"type": "array", "items": TEXT, "maxItems": 2}}}


def capital(text: str) -> object:
    return re.fullmatch(r'[A-Z"\n\\é]{1,4}', text)


def words(text: str) -> object:
    return len(text.split()) == 2


CAPITAL = (dx.regex(r'[A-Z"\n\\é]{1,4}'), capital)
WORDS = (dx.length("words", min=2, max=2), words)
HAS_AB = (dx.contains("ab", whole_words=False), lambda text: "ab" in text)
NOT_A = (~dx.contains("a", whole_words=False), lambda text: "a" not in text)
NOT_B0 = (dx.excludes("b0", whole_words=False), lambda text: "b0" not in text)
NOT_AB = (HAS_AB[0] & dx.excludes("b0", whole_words=False), lambda text: "ab" in text and "b0" not in text)
BEHIND = (dx.regex(r"(?=.*b).*(?<=a)", re.DOTALL), lambda text: re.fullmatch(r"(?=.*b).*(?<=a)", text, re.DOTALL))

CASES: list[tuple[Any, Wanted]] = [
    ({"type": "object", "properties": {"s": TEXT}, "required": ["s"], "additionalProperties": False}, {"/s": HAS_AB}),
    (
        {"type": "object", "properties": {"s": TEXT, "t": {"type": ["string", "null"], "maxLength": 9}}},
        {"/s": CAPITAL, "/t": BEHIND},
    ),
    (
        {
            "type": "object",
            "properties": {"items": {"type": "array", "items": ITEM, "maxItems": 3}},
            "required": ["items"],
            "additionalProperties": False,
        },
        {"/items/*/name": CAPITAL, "/items/*/tags/*": NOT_A, "/items/*/tags/1": HAS_AB},
    ),
    ({"type": "array", "items": TEXT, "minItems": 2, "maxItems": 3, "uniqueItems": True}, {"/0": WORDS, "/*": NOT_A}),
    (
        {"type": "object", "additionalProperties": TEXT, "maxProperties": 2},
        {"/a": HAS_AB, "/*": (dx.length("chars", max=3), lambda text: len(text) <= 3)},
    ),
    ({"type": "object", "maxProperties": 2}, {"/a": CAPITAL, "/b/*": CAPITAL}),
    (
        {
            "type": "object",
            "properties": {"a": TEXT},
            "unevaluatedProperties": False,
            "anyOf": [{"properties": {"b": TEXT}}, {"required": ["a"]}],
        },
        {"/a": NOT_AB, "/b": CAPITAL},
    ),
    (
        {
            "$ref": "#/$defs/node",
            "$defs": {
                "node": {
                    "type": "object",
                    "properties": {"v": TEXT, "next": {"$ref": "#/$defs/node"}},
                    "required": ["v"],
                    "additionalProperties": False,
                }
            },
        },
        {"/v": HAS_AB, "/next/v": CAPITAL},
    ),
    (
        {"type": "object", "patternProperties": {"^x": TEXT}, "additionalProperties": False, "maxProperties": 2},
        {"/xa": CAPITAL, "/*": NOT_A},
    ),
    (
        {
            "type": "object",
            "properties": {"k": {"enum": ["ab", "cab", "c"]}},
            "required": ["k"],
            "additionalProperties": False,
        },
        {"/k": HAS_AB},
    ),
    (
        {
            "type": "object",
            "properties": {"k": {"oneOf": [{"const": "x"}, {"type": "integer"}, TEXT]}},
            "required": ["k"],
            "additionalProperties": False,
        },
        {"/k": NOT_AB},
    ),
    (
        {
            "type": "object",
            "propertyNames": {"enum": ["a", "b", "c"]},
            "additionalProperties": TEXT,
            "minProperties": 2,
        },
        {"/a": HAS_AB, "/*": NOT_B0},
    ),
    (
        {
            "type": "object",
            "properties": {"k": {"enum": ["ab", "b", "cab"]}},
            "required": ["k"],
            "if": {"properties": {"k": {"const": "ab"}}},
            "then": {"required": ["z"]},
            "else": {"maxProperties": 1},
            "maxProperties": 3,
        },
        {"/k": HAS_AB, "/z": CAPITAL},
    ),
    (TEXT, {"": WORDS}),
]


def broken(document: Any, wanted: Wanted) -> list[str]:
    return [
        f"{pointer}: {value!r}"
        for pointer, (_, holds) in wanted.items()
        for value in values_at(document, pointer)
        if isinstance(value, str) and not holds(value)
    ]


@pytest.mark.parametrize("order", ["schema", "any"])
@pytest.mark.parametrize("escapes", ["canonical", "any"])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_random_texts_satisfy_schema_and_where(case: int, escapes: str, order: str) -> None:
    schema, wanted = CASES[case]
    vocab = random_vocabulary(case)
    constraint = dx.json_schema(
        schema, where={p: c for p, (c, _) in wanted.items()}, escapes=escapes, property_order=order
    )
    compiled = dx.compile(constraint, vocab)
    plain = dx.compile(dx.json_schema(schema, escapes=escapes, property_order=order), vocab)
    rng = random.Random(case)
    for _ in range(25):
        text = random_text(compiled.matcher(max_tokens=60), vocab, rng)
        assert text is not None
        document = parsed(text.decode())
        assert not complaints(document, schema)
        assert not broken(document, wanted)
        assert compiled.check(text)
    verdicts = set()
    for _ in range(25):  # and the other way round: texts of the schema alone are judged as Python judges them
        text = random_text(plain.matcher(max_tokens=40), vocab, rng)
        assert text is not None
        holds = not broken(json.loads(text), wanted)
        verdicts.add(holds)
        result = compiled.check(text)
        assert bool(result) is holds, text
        assert all(result.parts) is holds
    assert verdicts


def test_membership_and_masks_by_brute_force() -> None:
    """Every string over few characters: accepted, and live at each byte, exactly where Python says so."""
    compiled = dx.compile(
        dx.json_schema(
            {"type": "array", "items": {"type": "string", "maxLength": 2}, "maxItems": 2},
            where={"/*": dx.regex('[ab"]*') & ~dx.regex("(.)b"), "/1": dx.regex("a.*")},
            whitespace="compact",
        ),
        dx.Vocabulary.from_tokens([bytes([b]) for b in range(256)] + [None], eos_token_ids=[256]),
    )
    strings = ["".join(s) for n in range(3) for s in itertools.product('ab"c', repeat=n)]
    documents = [list(d) for n in range(3) for d in itertools.product(strings, repeat=n)]
    good = [
        json.dumps(d, separators=(",", ":")).encode()
        for d in documents
        if all(re.fullmatch('[ab"]*', s) and not re.fullmatch("(.)b", s) for s in d)
        and (len(d) < 2 or d[1].startswith("a"))
    ]
    prefixes = {text[:i] for text in good for i in range(len(text) + 1)}
    accepted = set(good)
    for document in documents:
        text = json.dumps(document, separators=(",", ":")).encode()
        result = compiled.check(text)
        assert bool(result) is (text in accepted), text
        assert result.position == max(i for i in range(len(text) + 1) if text[:i] in prefixes)
