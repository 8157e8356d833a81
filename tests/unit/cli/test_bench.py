"""``decodex bench``: it finds the benchmarks of the checkout, hands its arguments on, and says what to do elsewhere."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import decodex
import decodex.cli.bench as bench


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ([], []),
        (["--quick"], ["--quick"]),
        (["mask_time", "growth", "--limit", "3", "--quick"], ["mask_time", "growth", "--limit", "3", "--quick"]),
    ],
)
def test_arguments_go_on_as_they_are(
    run: Any, monkeypatch: pytest.MonkeyPatch, given: list[str], passed: list[str]
) -> None:
    seen: list[list[str]] = []

    def record(command: list[str], **_: Any) -> Any:
        seen.append(command[1:])
        return SimpleNamespace(returncode=3)

    monkeypatch.setattr(subprocess, "run", record)
    assert run("bench", *given).exit_code == 3
    assert seen == [["-m", "benchmarks", *passed]]


def test_an_unknown_name_lists_the_known_ones(process: Any) -> None:
    done = process("bench", "nonsense")
    assert done.returncode == 2
    assert b"mask_time" in done.stderr
    assert b"Traceback" not in done.stderr


def test_outside_of_a_checkout(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(decodex, "__file__", str(tmp_path / "decodex" / "__init__.py"))
    result = run("bench", "--quick")
    assert result.exit_code == 2
    assert "clone the repository" in result.stderr
    with pytest.raises(bench.Failure, match="pip install -e"):
        bench.checkout()
