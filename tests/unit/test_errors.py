"""The exception tree: its shape, its messages, and that a location is shown once."""

from __future__ import annotations

import pickle

import pytest

from decodex import errors
from decodex.errors import ConstraintError, DecodexError, LimitError


@pytest.mark.parametrize("name", errors.__all__)
def test_every_class_is_of_the_tree_and_shows_its_message(name: str) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, DecodexError)
    assert kind.__doc__
    assert str(kind("what, where, what to do")) == "what, where, what to do"
    if kind not in (DecodexError, LimitError):
        assert issubclass(kind, ValueError)


@pytest.mark.parametrize("kind", [errors.UnsupportedError, errors.UnsatisfiableError])
def test_kinds_of_constraint_error(kind: type[ConstraintError]) -> None:
    assert issubclass(kind, ConstraintError)
    assert kind("no", location="/a").location == "/a"


def test_location_is_part_of_the_message() -> None:
    assert ConstraintError("no").location is None
    assert (
        str(ConstraintError("no such keyword", location="/properties/a"))
        == "no such keyword (at /properties/a)"
    )
    assert str(ConstraintError("at /a: no", location="/a")) == "at /a: no"
    assert str(ConstraintError("unclosed group", location="a(b\n ^")) == "unclosed group\na(b\n ^"


def test_pickling_keeps_the_location() -> None:
    copy = pickle.loads(pickle.dumps(errors.UnsupportedError("no", location="/a")))
    assert (type(copy), copy.location, str(copy)) == (errors.UnsupportedError, "/a", "no (at /a)")
