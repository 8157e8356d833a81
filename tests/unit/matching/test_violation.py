"""check() says by which keyword a schema refuses a document."""

from __future__ import annotations

import json

import pytest
from support.vocabularies import byte_vocabulary

import decodex as dx

pytest.importorskip("jsonschema")

SCHEMA = {
    "type": "object",
    "properties": {"age": {"$ref": "#/$defs/count"}, "a/b": {"type": "string", "format": "date"}},
    "required": ["age"],
    "$defs": {"count": {"type": "integer", "minimum": 3}},
}


@pytest.mark.parametrize(
    ("document", "instance", "keyword"),
    [
        ({"age": 2}, "/age", "/properties/age/minimum"),
        ({"age": "2"}, "/age", "/properties/age/type"),
        ({}, "", "/required"),
        ({"age": 3, "a/b": "2023-02-29"}, "/a~1b", "/properties/a~1b/format"),
    ],
)
def test_keyword_and_place(document: object, instance: str, keyword: str) -> None:
    result = dx.compile(dx.json_schema(SCHEMA), byte_vocabulary()).check(json.dumps(document))
    assert not result
    assert result.violation is not None
    assert (result.violation.instance, result.violation.keyword) == (instance, keyword)
    assert result.violation.message


@pytest.mark.parametrize("text", ['{"age": 3', '{"a/b": "2023-02-28", "age": 3}', '{"age":3,"age":3}', "nonsense"])
def test_no_keyword_for_what_no_keyword_refuses(text: str) -> None:
    result = dx.compile(dx.json_schema(SCHEMA), byte_vocabulary()).check(text)
    assert not result
    assert result.violation is None


def test_references_to_metaschemas_resolve() -> None:
    compiled = dx.compile(dx.json_schema({"$ref": "http://json-schema.org/draft-07/schema#"}), byte_vocabulary())
    assert compiled.check('{"type": "string"}')
    assert not compiled.check('{"type": "strin"}')
