"""Reading what a command works on: files, and standard input under the name ``-``.

In: a path or ``-``. Out: bytes or text, with the name that messages use. Refuses, as ``BadUsage``: what
cannot be read, what is no UTF-8 where text is needed, and two readers of standard input.
"""

from __future__ import annotations

import sys
from pathlib import Path

from decodex.cli.failures import BadUsage

__all__ = ["STDIN", "one_reader", "read_bytes", "read_text", "shown_name"]

STDIN = "-"


def shown_name(path: str) -> str:
    """What messages call the input."""
    return "standard input" if path == STDIN else path


def read_bytes(path: str) -> bytes:
    """The content of a file or of standard input."""
    if path == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadUsage(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a null character in the name
        raise BadUsage(f"{path!r} is not the name of a file: {error}") from error


def read_text(path: str) -> str:
    """The content as UTF-8 text, without a byte-order mark."""
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadUsage(
            f"{shown_name(path)}: line {line} is not UTF-8 "
            f"(byte {data[error.start]:#04x} at offset {error.start}); convert the file to UTF-8"
        ) from None


def one_reader(**inputs: bool) -> None:
    """Refuse a command line in which more than one input is standard input."""
    readers = [name for name, reads in inputs.items() if reads]
    if len(readers) > 1:
        raise BadUsage(
            f"standard input can be read once, but {' and '.join(readers)} ask for it; name a file for one"
        )
