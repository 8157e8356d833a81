"""``predicate``: a Python function that judges the text so far; for what no automaton can say.

A predicate has no term, so nothing can be compiled from it, and it makes no masks: samplers ask it about one token
after another (see ``decodex.sampling``). ``constraint & predicate`` is both at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from decodex.constraints.base import AllOf, Constraint
from decodex.errors import ConstraintError, UnsupportedError

if TYPE_CHECKING:
    from decodex._core import Term

__all__ = ["Predicate", "predicate", "split_predicates"]


@dataclass(frozen=True)
class Predicate(Constraint):
    """Texts that a function accepts. Made by :func:`predicate`."""

    may_go_on: Callable[[Any], bool]
    may_end: Callable[[Any], bool]
    as_bytes: bool = False

    def term(self) -> Term:
        raise UnsupportedError(
            f"{self.describe()} is Python code, which no automaton and so no mask can be compiled from; give it, alone "
            "or as `constraint & decodex.predicate(...)`, to a sampler of decodex.sampling (AdaptiveRejectionSampler, "
            "generate, condition_of). Inside of |, ~, + and other constraints it cannot be used at all",
            location=self.describe(),
        )

    def describe(self) -> str:
        return f"the predicate {getattr(self.may_go_on, '__qualname__', repr(self.may_go_on))}"


def predicate(
    may_go_on: Callable[[Any], bool],
    may_end: Callable[[Any], bool] | None = None,
    *,
    as_bytes: bool = False,
) -> Predicate:
    """Texts that a Python function accepts, judged while they are written.

    ``may_go_on(text)``: True when the text so far can still become a good one; it is asked for each token that is
    tried, so it should be fast, and it must be True for every beginning of a good text. ``may_end(text)``: True when
    the text is good as it stands; the same function unless given. The text is a ``str`` without a character at its end
    that is not complete, and then ``may_go_on`` has said yes to it before; bytes that are no UTF-8 are refused without
    being asked about. ``as_bytes``: the text is ``bytes`` as they are.

    For the samplers of ``decodex.sampling`` alone, as it is or as ``constraint & predicate``; compiling it raises
    ``UnsupportedError``.

    >>> balanced = predicate(
    ...     lambda text: all(text[:i].count("(") >= text[:i].count(")") for i in range(len(text) + 1)),
    ...     may_end=lambda text: text.count("(") == text.count(")"),
    ... )
    >>> balanced.may_go_on("(()"), balanced.may_end("(()")
    (True, False)
    """
    for function in (may_go_on, may_end):
        if function is not None and not callable(function):
            raise ConstraintError(f"a predicate is a function of the text so far, not {type(function).__name__}")
    return Predicate(may_go_on, may_go_on if may_end is None else may_end, as_bytes)


def split_predicates(constraint: Constraint) -> tuple[Constraint | None, tuple[Predicate, ...]]:
    """A conjunction as what can be compiled (``None``: nothing) and the predicates beside it."""
    parts = constraint.parts if isinstance(constraint, AllOf) else (constraint,)
    predicates = tuple(part for part in parts if isinstance(part, Predicate))
    rest = tuple(part for part in parts if not isinstance(part, Predicate))
    if not rest:
        return None, predicates
    return (rest[0] if len(rest) == 1 else AllOf(rest)), predicates
