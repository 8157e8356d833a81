"""Grammars against the package ``lark``: its Earley parser with ``lexer="dynamic_complete"`` accepts the same texts."""

from __future__ import annotations

import contextlib
import itertools
import random

import pytest
from support.grammars import RandomGrammar, random_grammar
from support.vocabularies import byte_vocabulary

import decodex as dx
from decodex.errors import UnsatisfiableError

lark = pytest.importorskip("lark")

VOCAB = byte_vocabulary()
GIVEN = [
    'start: start start | "a" | "b"',
    'start: x "a" | "b"\nx: start "b" | "a" start | x x | "a"',
    'start: "a" start "b" | "a" start | "b"',
    'start: A B | B A+\nA: "a"+\nB: /b+a?/',
    'start: _sep{x, "b"}\n_sep{item, by}: item (by item)*\nx: "a" x? | [x] "a"~2',
    'start: (A | "b")~2..3\nA.3: "a" "b"?\n%ignore " "',
    'start: "A"i x\nx: "b".."c" | x "a"\n%ignore " "',
    'start: a\n?a: a "b" c -> one | c\n!c: "a" | "b" a "b"',
    'start: WORD ("b" WORD)*\nWORD: /a[ab]*/',
]


def agree(source: str, alphabet: str, longest: int) -> int:
    """How many texts both accept; they agree on all."""
    try:
        judge = lark.Lark(source, parser="earley", lexer="dynamic_complete")
    except lark.exceptions.GrammarError:
        return 0
    texts = ["".join(t) for n in range(longest + 1) for t in itertools.product(alphabet, repeat=n)]
    accepted = set()
    for text in texts:
        with contextlib.suppress(lark.exceptions.UnexpectedInput):
            judge.parse(text)
            accepted.add(text)
    try:
        compiled = dx.compile(dx.grammar(source), VOCAB)
    except UnsatisfiableError:
        assert not accepted, source
        return 0
    assert {text for text in texts if compiled.check(text)} == accepted, source
    return len(accepted)


@pytest.mark.parametrize("source", GIVEN)
def test_given(source: str) -> None:
    assert agree(source, "abc " if "ignore" in source else "ab", 4 if "ignore" in source else 6) > 3


@pytest.mark.parametrize("part", range(5))
def test_random(part: int) -> None:
    total = 0
    for seed in range(20 * part, 20 * part + 20):
        grammar: RandomGrammar = random_grammar(random.Random(seed))
        total += agree(grammar.lark(), "ab", 4)
    assert total > 20
