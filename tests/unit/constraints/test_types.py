"""Python types as constraints: what is accepted is what the type itself can be made of."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
from typing import Literal, NamedTuple, TypedDict

import pytest
from support.vocabularies import byte_vocabulary

import decodex as dx

VOCAB = byte_vocabulary()


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


@dataclasses.dataclass
class Tree:
    value: int
    left: Tree | None = None


class Movie(TypedDict, total=False):
    title: str
    year: int


class Pair(NamedTuple):
    first: str
    second: bool = True


def accepts(annotation: object, text: str) -> bool:
    return bool(dx.compile(dx.type_(annotation), VOCAB).check(text))


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (int, ["0", "-12", "7"], ["1.5", "x", "", "01"]),
        (float, ["0", "1.5", "-2e3"], ["nan", ".5", "1."]),
        (bool, ["true", "false"], ["True", "0"]),
        (str, ['"x"', '""'], ["x"]),
        (type(None), ["null"], ["None"]),
        (datetime.date, ["2024-02-29"], ["2023-02-29", '"2024-02-29"', "2024-2-9"]),
        (datetime.datetime, ["2024-02-29T10:20:30Z"], ["2024-02-30T10:20:30Z"]),
        (Color, ["red", "blue"], ["RED", '"red"']),
        (Level, ["1", "2"], ["3", "LOW"]),
        (Literal["a", "b"], ["a", "b"], ["c", '"a"']),
        (Literal["a", 1, None], ['"a"', "1", "null"], ["a", "2"]),
        (list[int], ["[]", "[1, 2]"], ["[1.5]", '["x"]']),
        (tuple[int, str], ['[1, "x"]'], ["[1]", '[1, "x", 2]']),
        (tuple[int, ...], ["[]", "[1, 2, 3]"], ['["x"]']),
        (dict[str, int], ["{}", '{"a": 1}'], ['{"a": "x"}']),
        (int | None, ["3", "null"], ['"3"']),
        (Point, ['{"x": 1}', '{"x": 1, "y": 2}'], ["{}", '{"x": 1, "z": 3}', '{"x": "1"}']),
        (Tree, ['{"value": 1, "left": {"value": 2, "left": null}}'], ['{"value": 1, "left": {}}']),
        (Movie, ["{}", '{"title": "M", "year": 1931}'], ['{"year": "x"}', '{"other": 1}']),
        (Pair, ['{"first": "a"}', '{"first": "a", "second": false}'], ["{}"]),
        (list[Color], ['["red", "blue"]'], ['["green"]']),
    ],
)
def test_types(annotation: object, good: list[str], bad: list[str]) -> None:
    for text in good:
        assert accepts(annotation, text), text
    for text in bad:
        assert not accepts(annotation, text), text


def test_pydantic_models() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Inner(pydantic.BaseModel):
        tags: list[Literal["x", "y"]]

    class Outer(pydantic.BaseModel):
        name: str = pydantic.Field(min_length=2, max_length=4)
        count: int = pydantic.Field(ge=1, le=3)
        inner: Inner | None = None

    compiled = dx.compile(dx.type_(Outer), VOCAB)
    for text in ('{"name": "ab", "count": 3}', '{"name": "abcd", "count": 1, "inner": {"tags": ["x"]}}'):
        Outer.model_validate_json(text)
        assert compiled.check(text)
    for text in (
        '{"name": "a", "count": 3}',
        '{"name": "ab", "count": 4}',
        '{"name": "ab", "count": 1, "inner": {"tags": ["z"]}}',
    ):
        with pytest.raises(pydantic.ValidationError):
            Outer.model_validate_json(text)
        assert not compiled.check(text)
    nested = dx.compile(dx.type_(dict[str, Outer]), VOCAB)
    assert nested.check(json.dumps({"k": {"name": "ab", "count": 2, "inner": {"tags": []}}}))


def test_a_function_stands_for_its_arguments() -> None:
    def book(city: str, nights: int, smoking: bool = False) -> None: ...

    compiled = dx.compile(dx.type_(book), VOCAB)
    assert compiled.check('{"city": "Rome", "nights": 2}')
    assert not compiled.check('{"city": "Rome"}')


@pytest.mark.parametrize("annotation", [object.__new__, complex, dict[int, str], bytes, slice])
def test_types_without_a_form_are_refused(annotation: object) -> None:
    with pytest.raises(dx.UnsupportedError):
        dx.type_(annotation)
