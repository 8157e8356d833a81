"""Patterns, choices and free text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from decodex.constraints.base import Constraint, encodable
from decodex.constraints.describing import listed, quoted
from decodex.errors import ConstraintError, UnsupportedError, shown

if TYPE_CHECKING:
    from decodex._core import Term

_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x", re.ASCII: "a"}
_INLINE_FLAGS = re.compile(r"\(\?([aimsux]+)\)")
_LOOKS_AROUND = re.compile(r"[\^$]|\\[bBAZ]|\(\?<?[=!]")   # or may: a false alarm refuses to print, no more


@dataclass(frozen=True)
class Regex(Constraint):
    """Texts that the whole pattern matches."""

    pattern: str
    flags: str = ""
    """Letters of ``imsxa``."""

    def term(self) -> Term:
        from decodex._core import Term

        return Term.regex(encodable(self.pattern), "python", self.flags)

    def describe(self) -> str:
        return f"text that matches /{self.pattern}/{self.flags}"

    def _pattern(self, *, alone: bool) -> str:
        if not alone and _LOOKS_AROUND.search(self.pattern):
            return super()._pattern(alone=alone)
        inline = _INLINE_FLAGS.match(self.pattern)
        flags = "".join(sorted({*self.flags, *(inline[1] if inline else "")} - {"u"}))
        body = self.pattern[inline.end() :] if inline else self.pattern
        return f"(?{flags}:{body}{chr(10) if 'x' in flags else ''})"


@dataclass(frozen=True)
class Choice(Constraint):
    """One of the texts."""

    options: tuple[str, ...]

    def term(self) -> Term:
        from decodex._core import Term

        return Term.words(list(self.options))

    def describe(self) -> str:
        return listed(map(quoted, self.options))

    def _pattern(self, *, alone: bool) -> str:  # noqa: ARG002
        return f"(?:{'|'.join(map(re.escape, self.options))})"


@dataclass(frozen=True)
class Text(Constraint):
    """Any text; with ``stop``, any text up to and with the first occurrence of ``stop``."""

    stop: str | None = None

    def term(self) -> Term:
        from decodex._core import Term

        return Term.text(self.stop or "")

    def describe(self) -> str:
        return "any text" if self.stop is None else f"any text up to the first {quoted(self.stop)}"

    def _pattern(self, *, alone: bool) -> str:  # noqa: ARG002
        if self.stop is None:
            return "(?s:.*)"
        stop = re.escape(self.stop)
        return f"(?s:(?:(?!{stop}).)*){stop}"


def regex(pattern: str | re.Pattern[str], flags: int | re.RegexFlag = 0) -> Constraint:
    r"""Texts that the whole pattern matches, as ``re.fullmatch`` has it.

    The syntax is that of Python's ``re`` with the ``\p{...}`` classes of the ``regex`` package; look-around and ``\b``
    are exact. Back-references raise ``UnsupportedError``, a broken pattern ``ConstraintError``, both with the column.

    >>> regex(r"\d{4}-\d{2}").pattern
    '\\d{4}-\\d{2}'
    """
    if not isinstance(flags, int):
        raise ConstraintError(f"flags are those of re, such as re.IGNORECASE, not {shown(flags)}")
    if isinstance(pattern, re.Pattern):
        flags = re.RegexFlag(flags) | (pattern.flags & ~re.UNICODE)
        pattern = pattern.pattern
    if not isinstance(pattern, str):
        raise ConstraintError(f"a pattern is a str or a compiled str pattern, not {type(pattern).__name__}")
    left = re.RegexFlag(flags) & ~re.UNICODE
    letters = ""
    for flag, letter in _FLAGS.items():
        if left & flag:
            letters += letter
            left &= ~flag
    if left:
        raise UnsupportedError(
            f"the flag {left!r} is not supported; use IGNORECASE, MULTILINE, DOTALL, VERBOSE or ASCII"
        )
    return Regex(encodable(pattern), letters)


def choice(options: Iterable[str]) -> Constraint:
    """Exactly one of the given texts.

    >>> choice(["yes", "no"]).options
    ('yes', 'no')
    """
    if isinstance(options, str):
        raise ConstraintError(f"choice takes a list of texts, not one string; write choice([{shown(options)}])")
    if not isinstance(options, Iterable):
        raise ConstraintError(f"choice takes a list of texts, not {shown(options)}")
    texts = tuple(options)
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise ConstraintError(
                f"choice takes texts; item {index} is a {type(text).__name__}", location=f"item {index}"
            )
        encodable(text)
    if not texts:
        raise ConstraintError("choice needs at least one text")
    return Choice(texts)


def text(stop: str | None = None) -> Constraint:
    """Any text; with ``stop``, any text up to and with the first occurrence of ``stop``."""
    if stop is not None and (not isinstance(stop, str) or not stop):
        raise ConstraintError("stop is a non-empty string")
    return Text(None if stop is None else encodable(stop))
