"""``check`` and ``explain`` by the parts of a constraint: each is judged as if it were alone."""

from __future__ import annotations

import json
import random
import re

import pytest
from support.places import strings_of
from support.vocabularies import byte_vocabulary, random_vocabulary

import decodex as dx
from decodex.constraints.json import JsonSchema
from decodex.matching.places import place_at, strings_at

VOCAB = byte_vocabulary()
END = 256
REPORT = {
    "type": "object",
    "properties": {
        "summary": {"type": "string"},
        "items": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
    },
    "required": ["summary"],
}
WHERE = {
    "/summary": dx.contains("Berlin") & dx.excludes("cheap", whole_words=False) & dx.length("words", max=4),
    "/items/*/name": dx.regex("[A-Z].*"),
}


def report() -> dx.CompiledConstraint:
    return dx.compile(dx.json_schema(REPORT, where=WHERE), VOCAB)


def test_every_part_of_a_conjunction_has_its_verdict() -> None:
    parts = [dx.regex("[a-z ]*"), dx.length("chars", max=8), dx.contains("to")]
    judges = [
        lambda text: re.fullmatch("[a-z ]*", text),
        lambda text: len(text) <= 8,
        lambda text: re.search(r"\bto\b", text),
    ]
    compiled = dx.compile(parts[0] & (parts[1] & parts[2]), VOCAB)
    for text in ("go to", "go To", "go home to", "Go to the moon", "toto", "", "to to to"):
        result = compiled.check(text)
        expected = [bool(judge(text)) for judge in judges]
        assert [bool(part) for part in result.parts] == expected
        assert [part.part.said for part in result.parts if part.part] == parts
        assert result.rate == sum(expected) / 3
        assert bool(result) is all(expected)
        for part, alone in zip(result.parts, parts, strict=True):
            single = dx.compile(alone, VOCAB).check(text)
            assert (part.accepted, part.position, part.message) == (single.accepted, single.position, single.message)


def test_one_part_is_no_conjunction() -> None:
    compiled = dx.compile(dx.regex("a") | "b", VOCAB)
    assert (compiled.check("b").parts, compiled.check("b").rate, compiled.check("c").rate) == ((), 1.0, 0.0)


@pytest.mark.parametrize("text", [None, 5, ["a"], object()])
def test_what_is_no_text(text: object) -> None:
    with pytest.raises(dx.DecodexError, match="a text to check is a str or bytes"):
        dx.compile(dx.regex("\0*"), VOCAB).check(text)  # type: ignore[arg-type]


def test_where_parts_have_pointers_and_spans() -> None:
    text = '{"summary": "a cheap day in Berlin", "items": [{"name": "Ann"}, {"name": "bob"}, {"x": "y"}]}'
    result = report().check(text)
    assert not result
    schema, berlin, cheap, _, names = result.parts
    assert [part.part.pointer for part in result.parts if part.part] == [None, *["/summary"] * 3, "/items/*/name"]
    assert [bool(part) for part in result.parts] == [True, True, False, False, False]
    assert result.rate == 2 / 5
    assert [text[slice(*span)] for span in berlin.spans] == ['"a cheap day in Berlin"']
    assert [text[slice(*span)] for span in names.spans] == ['"Ann"', '"bob"']
    assert schema.spans == ((0, len(text)),)
    assert text[: cheap.position].endswith("a chea") and text[names.position :].startswith('bob"')
    assert result.position == min(part.position for part in result.parts)
    assert "at /summary" in str(cheap.part) and "cheap" in str(cheap.part)


def test_a_schema_among_parts_names_its_keyword() -> None:
    pytest.importorskip("jsonschema")
    compiled = dx.compile(
        dx.json_schema(REPORT, where={"/summary": dx.contains("x")}) & dx.length("bytes", max=99), VOCAB
    )
    result = compiled.check('{"items": []}')
    assert result.violation is not None and "required" in result.violation.keyword
    assert [part.violation is not None for part in result.parts] == [True, False, False]


def test_the_verdict_is_that_of_all_parts_on_random_edits() -> None:
    rng = random.Random(4)
    compiled = report()
    seen = set()
    for _ in range(300):
        names = [rng.choice(["Ann", "bob", 3]) for _ in range(rng.randint(0, 2))]
        summary = " ".join(rng.choice(["Berlin", "cheap", "rain"]) for _ in range(rng.randint(1, 6)))
        text = json.dumps({"summary": summary, "items": [{"name": name} for name in names]})
        if rng.random() < 0.2:
            text = text[: rng.randint(0, len(text))]
        result = compiled.check(text)
        assert bool(result) is all(result.parts)
        seen.add((bool(result), sum(map(bool, result.parts))))
    assert len(seen) > 4


# explain


def read(m: dx.Matcher, text: str) -> dx.Matcher:
    for byte in text.encode():
        assert m.advance(byte)
    return m


def test_the_part_that_refuses_is_named() -> None:
    m = read(report().matcher(), '{"summary": "a chea')
    refused = m.explain(ord("p"))
    assert m.explain(ord("r")) and m.explain(ord("r")).refusals == ()
    assert not refused
    (refusal,) = refused.refusals
    assert refusal.part.said == dx.excludes("cheap", whole_words=False)
    assert (refusal.part.pointer, refusal.place) == ("/summary", "/summary")
    assert "cheap" in refused.message and "/summary" in refused.message


def test_the_end_is_explained_by_the_parts() -> None:
    m = read(dx.compile(dx.contains("ab") & dx.length("bytes", min=4), VOCAB).matcher(), "ab.")
    (refusal,) = m.explain(END).refusals
    assert refusal.part.said == dx.length("bytes", min=4)
    assert refusal.message.endswith("not the end")
    assert m.advance(ord("d")) and m.explain(END)


def test_a_place_inside_a_document_is_named() -> None:
    m = read(report().matcher(), '{"summary": "Berlin", "items": [{"name": "Ann"}, {"name": "')
    (refusal,) = m.explain(ord("b")).refusals
    assert (refusal.part.pointer, refusal.place) == ("/items/*/name", "/items/1/name")


def test_no_part_alone_may_be_to_blame() -> None:
    """Each part could go on behind the letter, but no text does for both."""
    m = dx.compile(dx.regex("a(xa|yb)") & dx.regex("a(xb|yb)"), VOCAB).matcher()
    assert m.advance(ord("a"))
    explained = m.explain(ord("x"))
    assert not explained and explained.refusals == ()
    assert "together" in explained.message


def test_forks_and_rolled_back_matchers_explain_where_they_are() -> None:
    compiled = report()
    m = compiled.matcher()
    del compiled
    fork = read(m, '{"summary": "chea').fork()
    m.rollback(4)
    assert m.explain(ord("p"))
    assert [refusal.part.pointer for refusal in fork.explain(ord("p")).refusals] == ["/summary"]
    fork.reset()
    assert [isinstance(r.part.said, JsonSchema) for r in fork.explain(ord("[")).refusals] == [True]


def test_explanations_agree_with_masks_on_random_texts() -> None:
    """What no mask allows has a reason: a part that refuses, all of them together, or the budget."""
    vocab = random_vocabulary(2, count=500)
    compiled = dx.compile(dx.json_schema(REPORT, where=WHERE), vocab)
    rng = random.Random(2)
    reasons = set()
    for _ in range(12):
        m = compiled.matcher(max_tokens=50)
        while not m.is_finished:
            for token in rng.sample(range(len(vocab)), 3):
                explained = m.explain(token)
                assert bool(explained) is m.allows(token)
                if explained:
                    assert not explained.refusals
                    continue
                reasons |= {refusal.part.pointer for refusal in explained.refusals} or {explained.message.split()[-1]}
            allowed = m.allowed_tokens()
            assert m.advance(int(allowed[rng.randrange(len(allowed))]))
    assert {None, "/summary"} <= reasons


# places


DOCUMENT = {"a": ["x", {"b/c": "y", "~": [1, "z"]}], 'q"': "w", "e": {"a": "v"}}


@pytest.mark.parametrize("indent", [None, 2])
def test_places_of_strings(indent: int | None) -> None:
    text = json.dumps(DOCUMENT, indent=indent).encode()
    for pointer, value in strings_of(DOCUMENT):
        ((begin, end),) = strings_at(text, pointer)
        assert json.loads(text[begin:end]) == value
        assert {place_at(text, i) for i in range(begin, end)} == {pointer}
    assert [json.loads(text[slice(*span)]) for span in strings_at(text, "/*/a")] == ["v"]
    assert [json.loads(text[slice(*span)]) for span in strings_at(text, "/a/*/*/1")] == ["z"]


@pytest.mark.parametrize(
    "text", [b"", b"]", b"}{", b'{"a', b'{"a":', b'["', b'"\\', b"[[[[", b'{"a":"b}', b'\xff"', b'{"\\u12":"x']
)
def test_places_of_broken_documents(text: bytes) -> None:
    for position in range(len(text) + 1):
        assert isinstance(place_at(text, position), str)
    assert strings_at(text, "/nowhere") == []
