"""Counts of tokens, taken out of a constraint: they are no property of a text's characters, so the automaton knows
nothing of them, and the matcher counts.

A text is a sequence of phases, each a part of the constraint with a number of tokens of its own. Only what stands at
the top can be counted: the whole constraint, or the parts that ``+`` joins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from decodex.constraints.base import AllOf, Constraint, Sequence, term_of
from decodex.constraints.lengths import Length
from decodex.constraints.patterns import Text
from decodex.errors import ConstraintError, UnsupportedError

if TYPE_CHECKING:
    from decodex._core import Term

__all__ = ["Phase", "core_terms", "without_counts"]


@dataclass(frozen=True)
class Phase:
    """A part of a text, and how many tokens it takes."""

    constraint: Constraint
    min: int = 0
    max: int | None = None

    @property
    def counts(self) -> bool:
        return self.min > 0 or self.max is not None


def core_terms(constraint: Constraint) -> tuple[Term, list[tuple[Term, int, int | None]]]:
    """What the core compiles: the term of a constraint without its counts, and its phases, none where none are counted.

    Raises ``UnsupportedError`` for a count that stands inside another constraint, ``LimitError`` for deep nesting.
    """
    phases = _phases(constraint)
    if not any(phase.counts for phase in phases):
        return term_of(_joined(phases)), []
    return term_of(_joined(phases)), [(term_of(phase.constraint), phase.min, phase.max) for phase in phases]


def without_counts(constraint: Constraint) -> Phase:
    """A conjunction without the counts of tokens in it, and what they ask for together."""
    parts = constraint.parts if isinstance(constraint, AllOf) else (constraint,)
    counts = [part for part in parts if isinstance(part, Length) and part.unit == "tokens"]
    others = tuple(part for part in parts if part not in counts)
    least = max((count.min for count in counts), default=0)
    most = min((count.max for count in counts if count.max is not None), default=None)
    if most is not None and most < least:
        raise ConstraintError(f"at least {least} and at most {most} tokens are asked for, which no text has")
    return Phase(Text() if not others else others[0] if len(others) == 1 else AllOf(others), least, most)


def _phases(constraint: Constraint) -> list[Phase]:
    whole = without_counts(constraint)
    if not isinstance(whole.constraint, Sequence):
        return [whole]
    parts = [without_counts(part) for part in whole.constraint.parts]
    if not any(part.counts for part in parts):
        return [whole]
    if whole.counts:
        raise UnsupportedError(
            "the tokens of a text and those of its parts cannot be counted at once; give the whole a budget, max_tokens"
        )
    phases: list[Phase] = []
    for part in parts:  # what is not counted joins what stands before it, if that is not counted either
        if phases and not part.counts and not phases[-1].counts:
            phases[-1] = Phase(Sequence((phases[-1].constraint, part.constraint)))
        else:
            phases.append(part)
    return phases


def _joined(phases: list[Phase]) -> Constraint:
    return phases[0].constraint if len(phases) == 1 else Sequence(tuple(phase.constraint for phase in phases))
