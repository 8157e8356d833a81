"""The independent judges: what they accept, and what they leave to others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from decodex.cli import judges


@pytest.mark.parametrize(
    ("text", "valid"),
    [("{}", True), ("[1, 2.5e3]", True), ("NaN", False), ("{", False), ("[" * 100_000, False)],
)
def test_json(text: str, valid: bool) -> None:
    assert judges.judge_by_json(text).valid is valid


@pytest.mark.parametrize(
    ("schema", "text", "valid"),
    [
        ({"type": "integer"}, "3", True),
        ('{"type": "integer"}', '"3"', False),
        ({"type": "integer"}, "3 x", False),
        (False, "3", False),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "const": 1}, "1", True),
    ],
)
def test_schema(schema: Any, text: str, valid: bool) -> None:
    pytest.importorskip("jsonschema", reason="the judge")
    verdict = judges.judge_by_schema(schema, text)
    assert verdict is not None
    assert verdict.valid is valid


@pytest.mark.parametrize(
    "schema", ['{"$ref": "http://example.com/nothing.json"}', '{"pattern": "("}', '{"$ref": "#/no"}']
)
def test_no_opinion_and_nothing_is_fetched(schema: str) -> None:
    pytest.importorskip("jsonschema", reason="the judge")
    assert judges.judge_by_schema(schema, json.dumps("a")) is None


def test_patterns() -> None:
    assert judges.judge_by_re("a+", "aaa").valid
    assert not judges.judge_by_re("a+", "aab").valid
    verdict = judges._judge_by_regex(r"\p{Lu}+", "ÄÖ")
    assert verdict is not None
    assert verdict.valid
    assert judges._judge_by_regex("(", "") is None


def test_hostile_pattern_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges, "PATTERN_SECONDS", 0.05)
    assert judges._judge_by_regex("(?:a|aa|a)*b", "a" * 200) in (None, judges._matched(False, "regex"))
