"""What all commands share: help, version, errors, exit codes, interrupts, closed pipes, a light import."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import decodex

ROOT = Path(__file__).parents[3]
COMMANDS = ("generate", "check", "compile", "info")


def test_version(run: Any) -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"decodex {decodex.__version__}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(run: Any, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    assert f"  decodex {command}" in result.stdout
    assert "\x1b" not in result.stdout


def test_help_names_every_command(run: Any) -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert all(f"\n  {command} " in result.stdout for command in COMMANDS)
    assert "Exit codes:" in result.stdout


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["check", "--nonsense"], ["generate", "--max-tokens", "-1"]]
)
def test_unknown_words_are_bad_usage(run: Any, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr != ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "--text", "a"], "say what the text must be"),
        (
            ["check", "--regex", "a", "--choice", "b", "--text", "a"],
            "--regex and --choice cannot go together",
        ),
        (["check", "--regex", "a", "--whitespace", "any", "--text", "a"], "--whitespace is about JSON"),
        (["check", "--json-value", "--property-order", "any", "--text", "1"], "are about a schema"),
        (["check", "--type", "integer", "--text", "1"], "--type integer is not known"),
        (["check", "--type", "decodex:Nothing", "--text", "1"], "--type decodex:Nothing"),
        (["check", "--schema", "no/such.json", "--text", "1"], "no/such.json: cannot be read"),
        (["check", "--schema", "a\0b", "--text", "1"], "is not the name of a file"),
    ],
)
def test_bad_constraint_options(run: Any, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert "Try 'decodex check --help'." in result.stderr


def test_missing_core_says_what_to_do(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("decodex.compiling", "decodex.matching"))]:
        monkeypatch.delitem(sys.modules, name)
    real_import = __import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "decodex._core":
            raise ModuleNotFoundError("No module named 'decodex._core'", name="decodex._core")
        return real_import(name, *rest)

    monkeypatch.setattr("builtins.__import__", refuse)
    result = run("check", "--choice", "a", "--text", "a")
    assert result.exit_code == 2
    assert "the native core of decodex is not built" in result.stderr


def test_import_is_light() -> None:
    code = (
        "import sys, decodex.cli.app; "
        "print([m for m in ('torch', 'transformers', 'numba', 'jsonschema') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_module_and_exit_codes_of_the_process(process: Any) -> None:
    accepted = process("check", "--choice", "ja", "--choice", "nein", stdin=b"nein\n")
    assert (accepted.returncode, accepted.stderr) == (0, b"")
    refused = process("check", "--choice", "ja", stdin=b"jo")
    assert refused.returncode == 1
    broken = process("check", "--choice", "ja", "--text", "ja", "file.txt")
    assert broken.returncode == 2
    assert broken.stderr.startswith(b"error: ")
    assert all(
        b"\x1b" not in output for done in (accepted, refused, broken) for output in (done.stdout, done.stderr)
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a named pipe shows when the process has begun to read")
def test_interrupt_is_quiet(tmp_path: Path) -> None:
    fifo = tmp_path / "text"
    os.mkfifo(fifo)
    command = [sys.executable, "-m", "decodex", "check", "--choice", "a", str(fifo)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    try:
        writing = open_when_read(fifo, child)
        child.send_signal(signal.SIGINT)
        os.close(writing)  # a signal just before the system call would be noticed only when that returns
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (child.returncode, out, err) == (130, b"", b"")


def open_when_read(fifo: Path, child: subprocess.Popen[bytes]) -> int:
    """Open the pipe for writing once the child reads from it; fails, and does not wait, if it never will."""
    for _ in range(3000):
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads yet
                raise
        assert child.poll() is None, child.communicate()
        time.sleep(0.02)
    raise AssertionError("the command does not read its file")


@pytest.mark.parametrize(
    "arguments", [["check", "--choice", "a", "--text", "a"], ["info", "--json"], ["--version"]]
)
def test_closed_pipe_is_quiet(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "decodex", *arguments]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=ROOT, check=False, timeout=120)
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode != 0
