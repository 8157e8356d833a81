"""A context-free grammar as a value, whatever language it was written in, and the same as the core takes it.

Invariant: every name that a body uses is a rule of the grammar. White space that a language ignores, templates,
imports and the like are resolved before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from decodex._core import Grammar as NativeGrammar
    from decodex._core import Term

__all__ = ["Choice", "Grammar", "Json", "Name", "Node", "Pattern", "Rule", "Sequence", "Text", "Times", "to_term"]


@dataclass(frozen=True)
class Text:
    """Exactly this text."""

    text: str


@dataclass(frozen=True)
class Pattern:
    """A word that the whole pattern matches (the syntax of Python's ``re``)."""

    pattern: str
    name: str = field(default="", compare=False)
    """What messages call it, with its place."""


@dataclass(frozen=True)
class Json:
    """A JSON document that is valid under the schema."""

    schema: str
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class Name:
    """A text of the rule of that name."""

    name: str
    at: int = field(default=0, compare=False)
    """Where it stands in the source."""


@dataclass(frozen=True)
class Sequence:
    """One after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """Any one of the arms."""

    arms: tuple[Node, ...]


@dataclass(frozen=True)
class Times:
    """``min`` to ``max`` times in a row; ``None``: any number."""

    item: Node
    min: int
    max: int | None


Node: TypeAlias = "Text | Pattern | Json | Name | Sequence | Choice | Times"


@dataclass(frozen=True)
class Rule:
    """What a name stands for, and where that is said."""

    body: Node
    place: str = field(default="", compare=False)


@dataclass(frozen=True)
class Grammar:
    """The texts of the rule ``start``."""

    rules: Mapping[str, Rule]
    start: str


def to_term(grammar: Grammar) -> Term:
    """The grammar as the core takes it; rules that are not reached are left out."""
    from decodex._core import Grammar as NativeGrammar
    from decodex._core import Term

    writer = _Writer(grammar, NativeGrammar())
    start = writer.rule(grammar.start)
    writer.finish()
    return Term.grammar(writer.native, start)


class _Writer:
    def __init__(self, grammar: Grammar, native: NativeGrammar) -> None:
        self.grammar = grammar
        self.native = native
        self.rules: dict[str, int] = {}
        self.waiting: list[str] = []
        self.leaves: dict[Node, int] = {}

    def rule(self, name: str) -> int:
        if name not in self.rules:
            self.rules[name] = self.native.add_rule(name, self.grammar.rules[name].place)
            self.waiting.append(name)
        return self.rules[name]

    def finish(self) -> None:
        while self.waiting:
            name = self.waiting.pop()
            self.native.set_body(self.rules[name], self.body(self.grammar.rules[name].body))

    def body(self, node: Node) -> int:
        if isinstance(node, Name):
            return self.native.rule(self.rule(node.name))
        if isinstance(node, Sequence):
            return self.native.concat([self.body(item) for item in node.items])
        if isinstance(node, Choice):
            return self.native.alt([self.body(arm) for arm in node.arms])
        if isinstance(node, Times):
            return self.native.repeat(self.body(node.item), node.min, node.max)
        if isinstance(node, Text) and not node.text:
            return self.native.concat([])
        if node not in self.leaves:
            self.leaves[node] = self.leaf(node)
        return self.leaves[node]

    def leaf(self, node: Text | Pattern | Json) -> int:
        from decodex._core import SchemaOptions, Term

        if isinstance(node, Text):
            return self.native.leaf(Term.literal(node.text), repr(node.text))
        if isinstance(node, Pattern):
            return self.native.leaf(Term.terminal(node.pattern), node.name)
        return self.native.leaf(Term.json_schema(node.schema, SchemaOptions()), node.name)
