"""The examples of the documentation, and those of the docstrings of constraints, do what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import decodex.constraints

DOCS = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
MODULES = [f"decodex.constraints.{module.name}" for module in pkgutil.iter_modules(decodex.constraints.__path__)]
WITH_EXAMPLES = [path for path in DOCS if ">>> " in path.read_text(encoding="utf-8")]


def test_there_are_examples() -> None:
    assert {"constraints.md"} <= {path.name for path in WITH_EXAMPLES}


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.name)
def test_examples_of_the_docs(path: Path) -> None:
    failed, tried = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert tried > 0 and failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
