"""Each argument of the public functions replaced by what it must not be, one at a time: the answer is right or a named
error whose message can be printed, and never an error of Python's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.vocabularies import byte_vocabulary

import decodex as dx

VOCAB = byte_vocabulary()
LIMITS = dx.Limits(search_states=300, pool_bytes=64 << 20)
WORD = dx.regex("a+")
TOOL = {"name": "f", "parameters": {}}
COMPILED = dx.compile(WORD, VOCAB)


def _deep() -> dict[str, Any]:
    deep: dict[str, Any] = {}
    for _ in range(10_000):
        deep = {"not": deep}
    return deep


JUNK: list[Any] = [
    None, True, -1, 0, 3, 10**30, 10**5_000, math.nan, math.inf, 1.5, "", "\0", "\ud800", "a", "{", "[", "x" * 2_000,
    "(" * 2_000, b"\xff", [], {}, set(), (), [None], [1], [[]], [["a"]], ["a"], ["\ud800"], {1: 2}, {"a": None}, ...,
    np.array([1, 2]), np.int64(3), object(), int, len, range(3), WORD, VOCAB, _deep(),
]  # fmt: skip
MAKERS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "regex": (dx.regex, {"pattern": "a", "flags": 0}),
    "choice": (dx.choice, {"options": ["a"]}),
    "text": (dx.text, {"stop": "a"}),
    "json_schema": (
        dx.json_schema,
        {"schema": {"type": "string"}, "where": {"": "a"}, "property_order": "any", "whitespace": "any", "indent": 2,
         "escapes": "any", "formats": "assert", "unsupported": "ignore", "additional_properties": True,
         "numbers": "any", "max_digits": 3, "draft": "7", "registry": {}},
    ),
    "json_value": (dx.json_value, {"whitespace": "compact"}),
    "lark": (dx.grammar, {"source": 'start: "a"', "syntax": "lark", "start": "start"}),
    "gbnf": (dx.grammar, {"source": 'root ::= "a"', "syntax": "gbnf", "start": "root"}),
    "type_": (dx.type_, {"annotation": int}),
    "contains": (
        lambda phrase, **how: dx.contains(phrase, **how),
        {"phrase": "a", "ordered": False, "min_count": 1, "max_count": 2, "whole_words": True, "ignore_case": True},
    ),
    "excludes": (lambda phrase: dx.excludes(phrase), {"phrase": "a"}),
    "length": (dx.length, {"unit": "words", "min": 0, "max": 3}),
    "optional": (dx.optional, {"constraint": WORD}),
    "repeat": (dx.repeat, {"constraint": WORD, "min": 1, "max": 2, "separator": ","}),
    "template": (dx.template, {"text": "a {x} b", "x": "a"}),
    "tagged": (
        dx.tagged,
        {"begin": "<a>", "content": WORD, "end": "</a>", "triggers": "<a", "min": 0, "max": 2, "text_after": True},
    ),
    "after": (dx.after, {"marker": "m", "constraint": WORD, "before": dx.text()}),
    "at": (dx.at, {"unit": "words", "position": 1, "constraint": WORD}),
    "copy_of": (dx.copy_of, {"source": "a b c", "min": 1, "max": 2, "unit": "words", "whole_words": True}),
    "numbered": (
        dx.numbered,
        {"item": WORD, "min": 1, "max": 2, "label": "{}. ", "separator": "\n", "first": 1},
    ),
    "rei": (dx.rei, {"expression": "a", "ordered": True}),
    "thinking": (dx.thinking, {"min": 0, "max": 3, "unit": "words", "begin": "<t>", "end": "</t>", "content": None}),
    "tool_calls": (dx.tool_calls, {"tools": [TOOL], "format": "hermes", "min": 0, "max": 1}),
}  # fmt: skip
USES: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "compile": (dx.compile, {"constraint": WORD, "vocab": VOCAB, "max_tokens": 5, "limits": LIMITS, "warm": ["aa"]}),
    "Limits": (dx.Limits, {"search_states": 100, "pool_bytes": 1 << 26, "nesting": 20}),
    "save": (COMPILED.save, {"path": "artefact", "warm": ["aa"]}),
    "load": (dx.load, {"path": "artefact", "vocab": VOCAB, "max_tokens": 3, "limits": None}),
    "cache": (dx.ArtefactCache, {"folder": "cache", "max_bytes": 5}),
    "matcher": (COMPILED.matcher, {"max_tokens": 3}),
    "check": (COMPILED.check, {"text": "aa"}),
    "allows": (COMPILED.matcher().allows, {"token_id": 97}),
    "advance": (lambda token_id: COMPILED.matcher().advance(token_id), {"token_id": 97}),
    "explain": (COMPILED.matcher().explain, {"token_id": 97}),
    "rollback": (lambda n: COMPILED.matcher().rollback(n), {"n": 0}),
    "validate": (COMPILED.matcher().validate, {"token_ids": [97, 97]}),
    "verify": (
        COMPILED.matcher().verify,
        {"token_ids": [97, 97], "parents": [-1, 0], "bitmask": np.zeros((3, 9), np.int32), "row": 0},
    ),
    "fill_bitmask": (COMPILED.matcher().fill_bitmask, {"bitmask": np.zeros((3, 9), np.int32), "row": 1}),
    "forced_tokens": (
        lambda ids: dx.compile("abc", VOCAB).matcher().forced_tokens(lambda _: ids), {"ids": [97, 98, 99]},
    ),
    "allocate_bitmask": (
        lambda rows, vocab_size: dx.allocate_bitmask(rows, vocab_size), {"rows": 2, "vocab_size": 40},
    ),
    "fill_bitmasks": (
        dx.fill_bitmasks, {"matchers": [COMPILED.matcher()], "bitmask": np.zeros((1, 9), np.int32), "threads": 1},
    ),
    "apply_bitmask": (
        dx.apply_bitmask,
        {"logits": np.zeros((1, 257), np.float32), "bitmask": np.zeros((1, 9), np.int32), "rows": [0], "masks": [0]},
    ),
    "from_tokens": (
        dx.Vocabulary.from_tokens,
        {"tokens": [b"a", None], "eos_token_ids": [1], "special_token_ids": [], "vocab_size": 2, "text_of_special": []},
    ),
    "Vocabulary.load": (dx.Vocabulary.load, {"path": "vocabulary"}),
    "Vocabulary.save": (VOCAB.save, {"path": "vocabulary"}),
    "decode": (VOCAB.decode, {"token_ids": [97]}),
    "canonical_tokens": (VOCAB.canonical_tokens, {"text": "a"}),
    "parse": (dx.template("a {x:int}").parse, {"text": "a 3"}),
}  # fmt: skip


def _each_replaced(call: Callable[..., Any], arguments: dict[str, Any], use: Callable[[Any], None]) -> None:
    for name in arguments:
        for junk in JUNK:
            _answered(lambda: use(call(**{**arguments, name: junk})), name)  # noqa: B023


def _answered(attempt: Callable[[], None], name: str) -> None:
    try:
        attempt()
    except dx.DecodexError as error:
        assert str(error).strip() and len(str(error)) < 5_000, name


def _walk(constraint: dx.Constraint) -> None:
    constraint.describe()
    dx.compile(constraint, VOCAB, limits=LIMITS).matcher().allowed_tokens()


@pytest.mark.parametrize("name", MAKERS)
def test_arguments_of_constraints(name: str) -> None:
    call, arguments = MAKERS[name]
    _walk(call(**arguments))
    _each_replaced(call, arguments, _walk)


@pytest.mark.parametrize("name", USES)
def test_arguments_of_what_is_done_with_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    COMPILED.save("artefact")
    VOCAB.save("vocabulary")
    call, arguments = USES[name]
    call(**arguments)
    _each_replaced(call, arguments, lambda _: None)


def test_a_long_beginning_of_something_to_be_searched() -> None:
    matcher = dx.compile("x" * 200_000 + dx.text("</end>"), VOCAB).matcher()
    assert matcher.tokens_to_finish() == 200_006
