"""The exit codes, and the errors that only the command line raises.

Invariant: 0 is done, 1 a negative answer (the text is refused, a constraint of several does not compile), 2
bad usage or a broken constraint, 130 an interrupt, 141 a reader that went away; the last two are silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from decodex.errors import DecodexError

__all__ = ["BadUsage", "ExitCode", "Failure", "naming"]


class ExitCode(IntEnum):
    """What a command leaves to the shell."""

    DONE = 0
    NEGATIVE = 1
    ERROR = 2
    INTERRUPTED = 130
    PIPE_CLOSED = 141


class Failure(DecodexError):
    """A command cannot do what it was asked; the message names the input it is about."""


class BadUsage(Failure):
    """Options that do not go together, or one that is missing; the message says what to type."""


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Put the name of the input, a file or an option, in front of the errors that are raised inside."""
    try:
        yield
    except Failure:
        raise
    except DecodexError as error:
        raise Failure(f"{name}: {error}") from error
