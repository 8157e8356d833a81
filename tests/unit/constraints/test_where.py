"""``where`` of a JSON schema: what it accepts, what it leaves alone, what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.vocabularies import byte_vocabulary

import decodex as dx

VOCAB = byte_vocabulary()
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name"],
    "additionalProperties": False,
}


def accepts(schema: Any, where: Any, text: str, **options: Any) -> bool:
    return bool(dx.compile(dx.json_schema(schema, where=where, **options), VOCAB).check(text))


@pytest.mark.parametrize("spelled", ['"a\\"b"', '"\\u0061\\"b"', '"a\\u0022b"', '"\\u0061\\u0022\\u0062"'])
def test_the_decoded_text_is_judged(spelled: str) -> None:
    assert accepts({"type": "string"}, {"": dx.regex('a"b')}, spelled, escapes="any")
    assert not accepts({"type": "string"}, {"": dx.regex('a"c')}, spelled, escapes="any")


def test_characters_beyond_the_first_plane() -> None:
    for spelled in ('"😀"', '"\\ud83d\\ude00"'):
        assert accepts(True, {"": dx.length("chars", min=1, max=1)}, spelled, escapes="any")
        assert not accepts(True, {"": dx.length("chars", min=2)}, spelled, escapes="any")


def test_what_is_no_string_or_absent_is_not_concerned() -> None:
    where = {"/a": "yes"}
    for text in ('{"a":"yes"}', '{"a":1}', '{"a":["no"]}', "{}", "[]", '["no"]', '{"b":"no"}', '{"b":{"a":"no"}}'):
        assert accepts(True, where, text), text
    assert not accepts(True, where, '{"a":"no"}')
    assert not accepts(True, where, '{"b":1,"a":"no"}')


def test_an_index_and_a_key_may_look_alike() -> None:
    where = {"/1": "yes"}
    for text, expected in (
        ('["no","yes"]', True),
        ('["yes","no"]', False),
        ('{"1":"no"}', False),
        ('{"0":"no"}', True),
    ):
        assert accepts(True, where, text) is expected


def test_pointers_are_unescaped() -> None:
    for pointer, key in (("/a~1b", "a/b"), ("/a~0b", "a~b"), ("/~01", "~1"), ("/", "")):
        assert not accepts(True, {pointer: "yes"}, json.dumps({key: "no"}))
        assert accepts(True, {pointer: "yes"}, json.dumps({key: "yes"}))


@pytest.mark.parametrize("order", ["schema", "any"])
def test_the_order_of_keys_stays_that_of_the_schema(order: str) -> None:
    """A name that the schema does not list may still come at any place among the free keys, and only once."""
    schema = {"type": "object", "properties": {"p": {"type": "integer"}}}
    where = {"/x": "yes", "/q": "yes"}
    for keys in ("xzq", "zxq", "qzx", "z"):
        text = json.dumps(dict.fromkeys(keys, "yes"), separators=(",", ":"))
        assert accepts(schema, where, text, property_order=order), text
    assert not accepts(schema, where, '{"x":"yes","z":1,"x":"yes"}', property_order=order)
    assert accepts(schema, where, '{"z":"no","x":"yes","p":1}', property_order=order) is (order == "any")


def test_objects_are_not_closed_by_where() -> None:
    schema = {"type": "object", "required": ["a"]}
    assert accepts(schema, {"/a": "yes"}, '{"a":"yes","b":1}', additional_properties=False)
    assert accepts(
        {"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}},
        {"/*": dx.regex("y.*")},
        '{"a":"yes","b":"yo"}',
    )


def test_everything_that_conflicts_is_no_dead_end() -> None:
    """The only word that both allow is forced from its first byte."""
    schema = {"type": "object", "properties": {"k": {"enum": ["abc", "abd", "xyz"]}}, "required": ["k"]}
    compiled = dx.compile(dx.json_schema(schema, where={"/k": ~dx.regex("ab.*")}, whitespace="compact"), VOCAB)
    m = compiled.matcher()
    assert m.forced_bytes().startswith(b'{"k":"xyz"')


@pytest.mark.parametrize(
    ("where", "kind", "location", "says"),
    [
        ({"/nmae": "x"}, dx.ConstraintError, "/nmae", "no document of the schema has a value there"),
        ({"/age": "x"}, dx.ConstraintError, "/age", "no value there can be a string"),
        ({"/0": "x"}, dx.ConstraintError, "/0", "no document"),
        ({"/name/x": "x"}, dx.ConstraintError, "/name/x", "no document"),
        ({"/name": dx.json_schema(True)}, dx.UnsupportedError, "/name", "JSON schema"),
        ({"/name": dx.grammar('start: "a" start "b" | "c"')}, dx.UnsupportedError, "/name", "a grammar"),
        ({"/name": dx.regex("a") & dx.regex("b")}, dx.UnsatisfiableError, "/name", "no document satisfies"),
        ({"/name": 3}, dx.ConstraintError, None, "expected a constraint"),
        ({"name": "x"}, dx.ConstraintError, None, "JSON Pointer"),
        ({7: "x"}, dx.ConstraintError, None, "JSON Pointer"),
        (["/name"], dx.ConstraintError, None, "mapping"),
    ],
)
def test_errors_say_where(where: Any, kind: type[dx.ConstraintError], location: str | None, says: str) -> None:
    with pytest.raises(kind, match=says) as caught:
        dx.compile(dx.json_schema(PERSON, where=where), VOCAB)
    assert caught.value.location == location


def test_numbers_beyond_9999_are_only_keys() -> None:
    with pytest.raises(dx.ConstraintError, match="no document"):
        dx.compile(dx.json_schema({"type": "array"}, where={"/10000": "x"}), VOCAB)
    assert accepts({"type": "object"}, {"/10000": "x"}, '{"10000":"x"}')
    assert accepts({"type": "array"}, {"/300": "x"}, json.dumps([0] * 300 + ["x"]))
    assert not accepts({"type": "array"}, {"/300": "x"}, json.dumps([0] * 300 + ["y"]))
