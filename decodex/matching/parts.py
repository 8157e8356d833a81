"""The parts of a conjunction, each as a constraint of its own on the whole text, so that each can be judged alone.

``a & b`` has the parts of a and of b; a JSON schema with ``where`` has the schema and, for every pointer, the parts of
what is wanted there. Anything else is one part. A text satisfies the whole if and only if it satisfies every part.
Cost: a part is compiled when it is first asked for, for the same vocabulary, and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from decodex._core import Compiled, Limits, Matcher
from decodex.constraints.base import AllOf, Constraint
from decodex.constraints.json import JsonOptions, JsonSchema
from decodex.constraints.phases import core_terms

if TYPE_CHECKING:
    from decodex._core import Vocabulary

__all__ = ["Part", "Parts"]

_ANY_JSON = JsonOptions(property_order="any", white_space="any", escapes="any", max_digits=None)


@dataclass
class Part:
    """One part, as the user said it."""

    said: Constraint
    pointer: str | None
    """Where in a JSON document: ``None`` for the whole text."""
    whole: Constraint = field(repr=False)
    """The same as a constraint on the whole text."""
    native: Compiled | None = field(default=None, repr=False)

    def __str__(self) -> str:
        place = "" if self.pointer is None else f" at {self.pointer or 'the root'}"
        return f"{_shown(self.said)}{place}"


class Parts:
    """The parts of one constraint, for one vocabulary."""

    def __init__(self, constraint: Constraint, vocabulary: Vocabulary, limits: Limits) -> None:
        self.constraint = constraint
        self.vocabulary = vocabulary
        self.limits = limits
        self._list: list[Part] | None = None

    def __iter__(self) -> Iterator[Part]:
        if self._list is None:
            self._list = list(_parts(self.constraint))
        return iter(self._list)

    def matcher(self, part: Part) -> Matcher:
        """A matcher of the part alone, at the start of a text."""
        if part.native is None:
            term, phases = core_terms(part.whole)
            part.native = Compiled(self.vocabulary, term, self.limits, phases)
        return Matcher(part.native)


def _parts(constraint: Constraint) -> Iterator[Part]:
    for said in _conjuncts(constraint):
        if isinstance(said, JsonSchema) and said.where:
            alone = replace(said, where=())
            yield Part(alone, None, alone)
            for pointer, wanted in said.where:
                for inner in _conjuncts(wanted):
                    yield Part(inner, pointer, JsonSchema("true", _ANY_JSON, ((pointer, inner),)))
        else:
            yield Part(said, None, said)


def _conjuncts(constraint: Constraint) -> Iterator[Constraint]:
    stack = [constraint]
    while stack:
        top = stack.pop()
        if isinstance(top, AllOf):
            stack.extend(reversed(top.parts))
        else:
            yield top


def _shown(constraint: Constraint) -> str:
    if isinstance(constraint, JsonSchema):
        return "the JSON schema"
    try:
        text = constraint.describe()
    except RecursionError:
        return "a deeply nested constraint"
    return text if len(text) <= 100 else text[:97] + "..."
