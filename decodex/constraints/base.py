"""Constraints: what a user may ask of a text. Immutable values with operators; no algorithm lives here.

Every constraint denotes a set of texts. ``term()`` says it to the core; everything else is done there.
"""

from __future__ import annotations

import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from decodex.constraints.describing import braces, counted, listed, quoted
from decodex.errors import ConstraintError, LimitError, UnsupportedError, shown

if TYPE_CHECKING:
    from decodex._core import Term


class Constraint(ABC):
    """A set of texts. Combine with ``&`` (both), ``|`` (either), ``~`` (not) and ``+`` (one after the other)."""

    @abstractmethod
    def term(self) -> Term:
        """The constraint as the core takes it. Cheap; nothing is compiled yet."""

    def describe(self) -> str:
        """What is asked of a text, in words.

        >>> (as_constraint("yes") | "no").describe()
        "'yes' or 'no'"
        """
        return repr(self)

    def as_regex(self) -> str:
        """A pattern of ``re`` whose full matches are the texts; of the package ``regex`` where it has ``\\p{...}``.

        ``UnsupportedError`` where none is known, naming the part.

        >>> repeat(as_constraint("a+b"), 2).as_regex()
        '(?:a\\\\+b){2,}'
        """
        with _nested():
            return self._pattern(alone=True)

    def _pattern(self, *, alone: bool) -> str:  # noqa: ARG002
        """The pattern; ``alone``: nothing stands before or behind it, so that it may look as far as it likes."""
        raise UnsupportedError(f"no regular expression is known for: {self.describe()}")

    def _describe_not(self) -> str:
        return f"not ({self.describe()})"

    def __and__(self, other: Constraint | str) -> Constraint:
        return AllOf(_flat(AllOf, self) + _flat(AllOf, as_constraint(other)))

    def __or__(self, other: Constraint | str) -> Constraint:
        return AnyOf(_flat(AnyOf, self) + _flat(AnyOf, as_constraint(other)))

    def __ror__(self, other: str) -> Constraint:
        return as_constraint(other) | self

    def __invert__(self) -> Constraint:
        return self.inner if isinstance(self, Complement) else Complement(self)

    def __add__(self, other: Constraint | str) -> Constraint:
        return Sequence(_flat(Sequence, self) + _flat(Sequence, as_constraint(other)))

    def __radd__(self, other: str) -> Constraint:
        return as_constraint(other) + self


@dataclass(frozen=True)
class Literal(Constraint):
    """Exactly this text."""

    text: str

    def term(self) -> Term:
        from decodex._core import Term

        return Term.literal(encodable(self.text))

    def describe(self) -> str:
        return quoted(self.text)

    def _pattern(self, *, alone: bool) -> str:  # noqa: ARG002
        return re.escape(self.text)


@dataclass(frozen=True)
class AllOf(Constraint):
    """Texts that satisfy every part."""

    parts: tuple[Constraint, ...]

    def term(self) -> Term:
        from decodex._core import Term

        return Term.conj([part.term() for part in self.parts])

    def describe(self) -> str:
        return " and ".join(map(_grouped, self.parts))

    def _pattern(self, *, alone: bool) -> str:
        if not alone:
            return super()._pattern(alone=alone)
        *others, last = (part._pattern(alone=True) for part in self.parts)
        return "".join(rf"(?=(?:{other})\Z)" for other in others) + f"(?:{last})"


@dataclass(frozen=True)
class AnyOf(Constraint):
    """Texts that satisfy at least one part."""

    parts: tuple[Constraint, ...]

    def term(self) -> Term:
        from decodex._core import Term

        return Term.alt([part.term() for part in self.parts])

    def describe(self) -> str:
        return listed(_grouped(part) for part in self.parts)

    def _pattern(self, *, alone: bool) -> str:
        return f"(?:{'|'.join(part._pattern(alone=alone) for part in self.parts)})"


@dataclass(frozen=True)
class Sequence(Constraint):
    """A text of the first part, then one of the second, and so on."""

    parts: tuple[Constraint, ...]

    def term(self) -> Term:
        from decodex._core import Term

        return Term.concat([part.term() for part in self.parts])

    def describe(self) -> str:
        return ", then ".join(map(_grouped, self.parts))

    def _pattern(self, *, alone: bool) -> str:
        alone = alone and len(self.parts) == 1
        return "".join(part._pattern(alone=alone) for part in self.parts)


@dataclass(frozen=True)
class Complement(Constraint):
    """Every text that does not satisfy the inner constraint."""

    inner: Constraint

    def term(self) -> Term:
        from decodex._core import Term

        return Term.complement(self.inner.term())

    def describe(self) -> str:
        return self.inner._describe_not()

    def _pattern(self, *, alone: bool) -> str:
        if not alone:
            return super()._pattern(alone=alone)
        return rf"(?!(?:{self.inner._pattern(alone=True)})\Z)(?s:.*)"


@dataclass(frozen=True)
class Repeat(Constraint):
    """``min`` to ``max`` texts of the inner constraint, with ``separator`` between them."""

    inner: Constraint
    min: int = 0
    max: int | None = None
    separator: Constraint | None = None

    def __post_init__(self) -> None:
        checked_counts(self.min, self.max, 1_000_000_000)

    def term(self) -> Term:
        from decodex._core import Term

        one = self.inner.term()
        if self.separator is None:
            return Term.repeat(one, self.min, self.max)
        if self.max == 0:
            return Term.literal("")
        more = Term.concat([self.separator.term(), one])
        some = Term.concat(
            [one, Term.repeat(more, max(self.min - 1, 0), None if self.max is None else self.max - 1)]
        )
        return some if self.min > 0 else Term.alt([Term.literal(""), some])

    def describe(self) -> str:
        if (self.min, self.max) == (0, 1):
            return f"optionally {_grouped(self.inner)}"
        times = f"{_grouped(self.inner)}, {counted(self.min, self.max, 'times')}"
        return times if self.separator is None else f"{times}, separated by {_grouped(self.separator)}"

    def _pattern(self, *, alone: bool) -> str:  # noqa: ARG002
        one = self.inner._pattern(alone=False)
        if self.separator is None:
            return f"(?:{one}){braces(self.min, self.max)}"
        if self.max == 0:
            return ""
        more = f"(?:{self.separator._pattern(alone=False)}{one})"
        some = f"{one}{more}{braces(max(self.min - 1, 0), None if self.max is None else self.max - 1)}"
        return some if self.min > 0 else f"(?:{some})?"


def term_of(constraint: Constraint) -> Term:
    """``constraint.term()``; a ``LimitError`` where it is nested too deeply to be walked."""
    with _nested():
        return constraint.term()


@contextmanager
def _nested() -> Iterator[None]:
    """Name the limit that a walk over a deeply nested constraint meets."""
    try:
        yield
    except RecursionError:
        raise LimitError(
            f"the constraint is nested too deeply for Python's recursion limit of {sys.getrecursionlimit()}; make it "
            "flatter (parts joined by one operator are), use a grammar whose rules recurse, or raise the limit with "
            "sys.setrecursionlimit"
        ) from None


def repeat(
    constraint: Constraint | str,
    min: int = 0,
    max: int | None = None,
    separator: Constraint | str | None = None,
) -> Constraint:
    """``min`` to ``max`` (``None``: any number) texts of ``constraint``, with ``separator`` between them."""
    between = None if separator is None else as_constraint(separator)
    return Repeat(as_constraint(constraint), min, max, between)


def optional(constraint: Constraint | str) -> Constraint:
    """A text of ``constraint``, or nothing."""
    return Repeat(as_constraint(constraint), 0, 1)


def as_constraint(value: Constraint | str) -> Constraint:
    """A constraint as it is; a string as exactly that text. Anything else is a ``ConstraintError``."""
    if isinstance(value, Constraint):
        return value
    if isinstance(value, str):
        return Literal(value)
    raise ConstraintError(
        f"expected a constraint or a string, not {type(value).__name__}; for a JSON schema use "
        "decodex.json_schema(...), for a Python type decodex.type_(...)"
    )


def checked_counts(low: int, high: int | None, most: int, names: tuple[str, str] = ("min", "max")) -> None:
    """Raise ``ConstraintError`` unless ``0 <= low <= high <= most``, all integers; ``high`` may be ``None``."""
    for name, value in zip(names, (low, high), strict=True):
        wrong = isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most
        if wrong and (value is not None or name == names[0]):
            raise ConstraintError(f"{name} is a count up to {most:,}, not {shown(value)}")
    if high is not None and high < low:
        raise ConstraintError(f"{names[1]}={high} is less than {names[0]}={low}")


def checked_flag(name: str, value: bool) -> bool:
    """The flag itself; a ``ConstraintError`` when it is neither ``True`` nor ``False``."""
    if not isinstance(value, bool):
        raise ConstraintError(f"{name} is True or False, not {shown(value)}")
    return value


def encodable(text: str) -> str:
    """The text itself; lone surrogates, which no UTF-8 text contains, are a ``ConstraintError``."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConstraintError(
            f"the text has a lone surrogate at position {error.start}, which no UTF-8 text can contain",
            location=f"position {error.start}",
        ) from None
    return text


def _grouped(constraint: Constraint) -> str:
    words = constraint.describe()
    return f"({words})" if isinstance(constraint, (AllOf, AnyOf, Sequence, Repeat)) else words


def _flat(kind: type[AllOf] | type[AnyOf] | type[Sequence], constraint: Constraint) -> tuple[Constraint, ...]:
    return constraint.parts if isinstance(constraint, kind) else (constraint,)
