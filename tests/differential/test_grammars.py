"""Random grammars against their definition, read off the text span by span, and against Lark's Earley parser."""

from __future__ import annotations

import itertools
import random

import pytest
from support.grammars import RandomGrammar, random_grammar
from support.vocabularies import byte_vocabulary

import decodex as dx
from decodex.errors import UnsatisfiableError

VOCAB = byte_vocabulary()


def texts(alphabet: str, longest: int) -> list[str]:
    return ["".join(t) for n in range(longest + 1) for t in itertools.product(alphabet, repeat=n)]


def completion(matcher: dx.Matcher) -> bytes:
    """A shortest way to the end: after each byte of it, fewer bytes are needed."""
    out = b""
    while not matcher.is_accepting:
        left = matcher.tokens_to_finish()
        for token in matcher.allowed_tokens():
            assert matcher.advance(int(token))
            if matcher.tokens_to_finish() == left - 1:
                out += bytes([token])
                break
            matcher.rollback(1)
        else:
            raise AssertionError("no token leads nearer to the end")
    return out


def compare(grammar: RandomGrammar, source: str, syntax: str, start: str, longest: int) -> None:
    alphabet = "ab" + grammar.ignored
    accepted = {text for text in texts(alphabet, longest) if grammar.accepts(text)}
    constraint = dx.grammar(source, syntax, start=start)  # type: ignore[arg-type]
    try:
        compiled = dx.compile(constraint, VOCAB)
    except UnsatisfiableError:
        assert not accepted, source
        return
    live_prefixes = {text[:n] for text in accepted for n in range(len(text) + 1)}
    for text in texts(alphabet, longest):
        matcher = compiled.matcher()
        live = all(matcher.advance(byte) for byte in text.encode())
        assert (live and matcher.is_accepting) == (text in accepted), (source, text)
        if text in live_prefixes:
            assert live, (source, text)
        elif live and len(text) < longest:
            whole = text + completion(matcher).decode()
            assert grammar.accepts(whole), (source, text, whole)


@pytest.mark.parametrize("seed", range(60))
def test_lark_syntax_by_definition(seed: int) -> None:
    rng = random.Random(seed)
    grammar = random_grammar(rng, ignored=" " if seed % 4 == 0 else "")
    compare(grammar, grammar.lark(), "lark", "start", 4 if grammar.ignored else 5)


@pytest.mark.parametrize("seed", range(60, 100))
def test_gbnf_by_definition(seed: int) -> None:
    grammar = random_grammar(random.Random(seed))
    compare(grammar, grammar.gbnf(), "gbnf", "start", 5)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_many_by_definition(part: int) -> None:
    limited = 0  # grammars so ambiguous that their states outgrow the limit of memory
    for seed in range(1_000 + 100 * part, 1_100 + 100 * part):
        grammar = random_grammar(random.Random(seed), ignored=" " if seed % 5 == 0 else "")
        try:
            compare(grammar, grammar.lark(), "lark", "start", 4)
        except dx.LimitError:
            limited += 1
    assert limited <= 1
