"""Operators against sets: every text over a small alphabet, judged by Python's own set operations."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from support.vocabularies import byte_vocabulary

import decodex as dx

VOCAB = byte_vocabulary()
TEXTS = ["".join(t) for n in range(5) for t in itertools.product("ab", repeat=n)]


def language(constraint: dx.Constraint) -> set[str]:
    compiled = dx.compile(constraint, VOCAB)
    return {text for text in TEXTS if compiled.check(text)}


A = dx.choice(["", "a", "ab", "bb"])
B = dx.choice(["ab", "b", "bba"])


def test_operators_are_set_operations() -> None:
    a, b = language(A), language(B)
    assert language(A & B) == a & b
    assert language(A | B) == a | b
    assert language(~A) == set(TEXTS) - a
    assert language(A + B) == {x + y for x in a for y in b} & set(TEXTS)
    assert language(A - B if False else A & ~B) == a - b
    assert language(~(~A | ~B)) == a & b


def test_strings_stand_for_themselves() -> None:
    assert language("a" + B) == {"a" + y for y in language(B)} & set(TEXTS)
    assert language("bb" | B) == {"bb"} | language(B)
    assert language(A & "ab") == {"ab"}


def test_repeat_and_optional() -> None:
    assert language(dx.repeat("ab", 0, 2)) == {"", "ab", "abab"}
    assert language(dx.repeat("a", 1, 2, separator="b")) == {"a", "aba"}
    assert language(dx.repeat("a", separator="b")) == {"", "a", "aba"}
    assert language(dx.repeat("a", 0, 0, separator="b")) == {""}
    assert language(dx.optional(B)) == language(B) | {""}
    with pytest.raises(dx.ConstraintError, match="max=2 is less than min=3"):
        dx.repeat("a", 3, 2)


def test_constraints_are_values() -> None:
    assert A & B == A & B and hash(A | B) == hash(A | B) and ~~A is A
    assert dx.choice(["x"]) != dx.choice(["y"])


def test_contradictions_are_refused() -> None:
    with pytest.raises(dx.UnsatisfiableError):
        dx.compile(A & ~A, VOCAB)
    with pytest.raises(dx.UnsatisfiableError):
        dx.compile("a" + (dx.choice(["x"]) & dx.choice(["y"])), VOCAB)


@pytest.mark.parametrize("nest", [dx.optional, dx.starts_with, lambda c: ~(c + "b"), lambda c: ("b" | c) + "c"])
def test_deep_nesting_is_a_limit(nest: Callable[[dx.Constraint], dx.Constraint]) -> None:
    constraint = A
    for _ in range(10_000):
        constraint = nest(constraint)
    with pytest.raises(dx.LimitError, match="recursion limit"):
        dx.compile(constraint, VOCAB)
    with pytest.raises(dx.LimitError, match="recursion limit"):
        constraint.as_regex()


@pytest.mark.parametrize("join", [lambda c: A | c, lambda c: c & A, lambda c: "a" + c])
def test_one_operator_over_and_over_is_flat(join: Callable[[dx.Constraint], dx.Constraint]) -> None:
    constraint = A
    for _ in range(2_000):
        constraint = join(constraint)
    assert dx.compile(constraint, VOCAB).matcher().allows(ord("a"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dx.choice([]), "at least one"),
        (lambda: dx.choice("yes"), "not one string"),
        (lambda: dx.choice(["a", 3]), "item 1 is a int"),
        (lambda: dx.text(stop=""), "non-empty"),
        (lambda: dx.regex(3), "not int"),
        (lambda: dx.regex(b"x"), "not bytes"),
        (lambda: dx.regex("x", "i"), "flags are those of re"),
        (lambda: dx.choice(3), "takes a list of texts"),
        (lambda: dx.type_([int]), "no JSON form"),
        (lambda: dx.json_schema({}, whitespace=["any"]), "whitespace is a string"),
        (lambda: dx.json_schema({}, property_order={}), "property_order is a string"),
        (lambda: dx.json_schema({}, indent="2"), "indent is a count up to 64"),
        (lambda: dx.json_schema({}, max_digits=-1), "max_digits is a count"),
        (lambda: dx.json_schema({}, additional_properties="no"), "additional_properties is True or False"),
        (lambda: dx.json_schema({}, registry={3: {}}), "registry is a referencing.Registry"),
        (lambda: dx.json_schema({}, registry=((),)), "registry is a referencing.Registry"),
        (lambda: dx.compile(A, VOCAB, limits=3), "limits is a decodex.Limits"),
        (lambda: A & 3, "not int"),
        (lambda: dx.json_schema(3), "not int"),
        (lambda: dx.json_schema({"a": object()}), "cannot be written as JSON"),
        (lambda: dx.json_schema({}, colour="red"), "unknown option 'colour'"),
        (lambda: dx.compile(A, "vocab"), "from_hf"),
    ],
)
def test_wrong_words_are_named(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
