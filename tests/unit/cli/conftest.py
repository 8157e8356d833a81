"""The command line inside of this process, and as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).parents[3]
PLAIN = {"NO_COLOR": "1", "FORCE_COLOR": None, "TTY_COMPATIBLE": None}

Run = Callable[..., Any]


@pytest.fixture
def run() -> Run:
    """Run a command: ``exit_code``, ``stdout`` and ``stderr``. Bugs are raised, not swallowed."""
    from decodex.cli.app import app

    def run_here(*arguments: str, stdin: str | bytes | None = None) -> Any:
        result = CliRunner(env=PLAIN).invoke(app, list(arguments), input=stdin, prog_name="decodex")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.stderr
        return result

    return run_here


@pytest.fixture
def process() -> Run:
    """Run ``python -m decodex`` and wait for it."""

    def run_there(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "decodex", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, cwd=ROOT, check=False, timeout=120)

    return run_there
