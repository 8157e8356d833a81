"""Random grammars, the same in Lark's language and in GBNF, and a slow, obvious judge of them.

The judge reads the definition: a rule's spans of a text are those of its body, and are collected until no more are
found. It knows nothing of left recursion, empty rules or ambiguity.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TypeAlias

Spans: TypeAlias = "set[tuple[int, int]]"


@dataclass(frozen=True)
class Word:
    """A terminal: a literal text, or a pattern with the way GBNF writes it."""

    text: str
    pattern: str | None = None
    gbnf: str | None = None


@dataclass(frozen=True)
class Ref:
    name: str


@dataclass(frozen=True)
class All:
    items: tuple[Body, ...]


@dataclass(frozen=True)
class Any:
    arms: tuple[Body, ...]


@dataclass(frozen=True)
class Many:
    item: Body
    min: int
    max: int | None


Body: TypeAlias = "Word | Ref | All | Any | Many"

PATTERNS = (
    Word("", "a+", "[a]+"),
    Word("", "[ab]b?", '[ab] "b"?'),
    Word("", "b(?:ab)*", '"b" ("ab")*'),
    Word("", "[^b]", "[^b]"),
)


@dataclass(frozen=True)
class RandomGrammar:
    """Rules by name; the first is ``start``. ``ignored``: characters that may stand around terminals."""

    rules: dict[str, Body]
    ignored: str = ""

    def lark(self) -> str:
        lines = [f"{name}: {_lark(body)}" for name, body in self.rules.items()]
        return "\n".join([*lines, *(f'%ignore "{character}"' for character in self.ignored)])

    def gbnf(self) -> str:
        return "\n".join(f"{name} ::= {_gbnf(body)}" for name, body in self.rules.items())

    def accepts(self, text: str) -> bool:
        return (0, len(text)) in self.spans(text)

    def spans(self, text: str) -> Spans:
        """Where a text of ``start`` stands in the text, what is ignored around it included."""
        n = len(text)
        blank = {(i, j) for i in range(n + 1) for j in range(i, n + 1) if set(text[i:j]) <= set(self.ignored)}
        words: dict[Word, Spans] = {}
        known: dict[str, Spans] = {name: set() for name in self.rules}

        def join(a: Spans, b: Spans) -> Spans:
            after: dict[int, list[int]] = {}
            for i, j in b:
                after.setdefault(i, []).append(j)
            return {(i, k) for i, j in a for k in after.get(j, ())}

        def of(body: Body) -> Spans:
            if isinstance(body, Word):
                if body not in words:
                    pattern = re.compile(re.escape(body.text) if body.pattern is None else body.pattern)
                    found = {(i, j) for i in range(n + 1) for j in range(i, n + 1) if pattern.fullmatch(text[i:j])}
                    words[body] = join(found, blank)
                return words[body]
            if isinstance(body, Ref):
                return known[body.name]
            if isinstance(body, All):
                out = {(i, i) for i in range(n + 1)}
                for item in body.items:
                    out = join(out, of(item))
                return out
            if isinstance(body, Any):
                return set().union(*(of(arm) for arm in body.arms))
            one, turn = of(body.item), {(i, i) for i in range(n + 1)}
            total: Spans = set() if body.min else set(turn)
            most = body.min + n + 1 if body.max is None else body.max
            for count in range(1, most + 1):
                turn = join(turn, one)
                if count >= body.min:
                    total |= turn
            return total

        while True:
            before = sum(map(len, known.values()))
            for name, body in self.rules.items():
                known[name] = known[name] | of(body)
            if sum(map(len, known.values())) == before:
                return join({(i, j) for i, j in blank if i == 0}, known["start"])


def random_grammar(rng: random.Random, ignored: str = "") -> RandomGrammar:
    """Up to four rules, most of them recursive, many left-recursive, empty or ambiguous."""
    names = ["start", "x", "y", "z"][: rng.randint(1, 4)]

    def body(depth: int) -> Body:
        kind = rng.random()
        if depth == 0 or kind < 0.3:
            if rng.random() < 0.45:
                return Ref(rng.choice(names))
            return rng.choice(PATTERNS) if rng.random() < 0.3 else Word(rng.choice(["a", "b", "ab"]))
        if kind < 0.6:
            return All(tuple(body(depth - 1) for _ in range(rng.randint(0 if rng.random() < 0.2 else 1, 3))))
        if kind < 0.85:
            return Any(tuple(body(depth - 1) for _ in range(rng.randint(2, 3))))
        low, high = rng.choice([(0, None), (1, None), (0, 1), (2, 2), (1, 3)])
        return Many(body(depth - 1), low, high)

    rules: dict[str, Body] = {name: body(3) for name in names}
    if rng.random() < 0.8:  # most should have a text
        rules["start"] = Any((rules["start"], Word(rng.choice("ab"))))
    return RandomGrammar(rules, ignored)


def _lark(body: Body) -> str:
    if isinstance(body, Word):
        return f'"{body.text}"' if body.pattern is None else f"/{body.pattern}/"
    if isinstance(body, Ref):
        return body.name
    if isinstance(body, All):
        return "(" + " ".join(map(_lark, body.items)) + ")"
    if isinstance(body, Any):
        return "(" + " | ".join(map(_lark, body.arms)) + ")"
    sign = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((body.min, body.max), f"~{body.min}..{body.max}")
    return f"({_lark(body.item)}){sign}"


def _gbnf(body: Body) -> str:
    if isinstance(body, Word):
        return f'"{body.text}"' if body.pattern is None else f"({body.gbnf})"
    if isinstance(body, Ref):
        return body.name
    if isinstance(body, All):
        return "(" + " ".join(map(_gbnf, body.items)) + ")"
    if isinstance(body, Any):
        return "(" + " | ".join(map(_gbnf, body.arms)) + ")"
    return f"({_gbnf(body.item)}){{{body.min},{'' if body.max is None else body.max}}}"
