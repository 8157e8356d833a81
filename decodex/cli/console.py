"""Where output goes: rich on a terminal, plain text everywhere else.

In: texts, rows, values. Out: standard output and standard error as they are at the time of the call.
Invariants: nothing but plain text leaves when the stream is no terminal; text that a model or a file
brought reaches a terminal without its control characters. Colours obey ``NO_COLOR``. Refuses nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = [
    "console",
    "is_terminal",
    "plural",
    "print_json",
    "print_table",
    "printable",
    "seconds",
    "size",
    "write",
]


class _Console(Console):
    """A console that leaves a closed pipe to the caller."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(stream: TextIO | None = None) -> Console:
    """A rich console on a stream, standard output by default, that reads no markup and guesses nothing."""
    return _Console(file=stream or sys.stdout, markup=False, highlight=False, emoji=False)


def is_terminal(stream: TextIO | None = None) -> bool:
    """Does the stream, standard output by default, show text to a person?"""
    return console(stream).is_terminal


def write(text: str, *, end: str = "\n", stream: TextIO | None = None) -> None:
    """Write text at once, harmless to a terminal; what the stream cannot encode is escaped."""
    stream = stream or sys.stdout
    shown = (printable(text, keep="\n\t") if is_terminal(stream) else text) + end
    try:
        stream.write(shown)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(shown.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def print_json(value: Any) -> None:
    """Write a value as one line of JSON, in ASCII."""
    sys.stdout.write(json.dumps(value, allow_nan=False) + "\n")
    sys.stdout.flush()


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> None:
    """Write rows under their headers; all but the first ``left`` columns are aligned to the right."""
    rows = [[printable(cell) for cell in row] for row in rows]
    if is_terminal():
        table = Table(header_style="bold")
        for column, header in enumerate(headers):
            table.add_column(header, justify="left" if column < left else "right", overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        console().print(table)
        return
    widths = [max(len(row[column]) for row in [headers, *rows]) for column in range(len(headers))]
    for row in [headers, *rows]:
        cells = (
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        write("  ".join(cells).rstrip())


def printable(text: str, keep: str = "") -> str:
    r"""The text with control characters other than those of ``keep`` spelled out: ``\n``, ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(
        c if c in keep or not _is_control(c) else c.encode("unicode_escape").decode() for c in text
    )


def _is_control(character: str) -> bool:
    """Controls, and the marks that turn the direction of writing; both can change what a terminal shows."""
    code = ord(character)
    return code < 0x20 or 0x7F <= code < 0xA0 or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069


def plural(count: int, noun: str) -> str:
    """``1 token``, ``2 tokens``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def seconds(value: float) -> str:
    """A duration in the unit that suits it."""
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1e3:.1f} ms" if value < 1 else f"{value:.2f} s"


def size(count: int) -> str:
    """A number of bytes in the unit that suits it."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.1f} KiB" if count < 1024**2 else f"{count / 1024**2:.1f} MiB"
