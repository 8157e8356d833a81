"""Random combinations of small constraints against brute force over all short texts: membership, the allowed tokens at
every prefix, and that what is allowed can be completed.

Every constraint comes with a predicate in plain Python; a combination's predicate is the same combination of those. The
texts are all those of up to eight characters of a small alphabet. Where the engine says that a prefix goes on, some
text of the predicate must go on so, be it a longer one that the engine completes and the predicate judges. As a
context-free part, nested arrays are judged by ``json.loads``.

``DECODEX_COMBINATIONS`` is the number of combinations (default 150).
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from support.scanners import counts_of_tags

import decodex as dx
from decodex._core import Matcher

COUNT = int(os.environ.get("DECODEX_COMBINATIONS", "150"))
LONGEST = 8
MORE = dx.Limits(search_states=2_000_000)   # one in thousands of combinations needs more than the default
Predicate = Callable[[str], bool]


@dataclass(frozen=True)
class Case:
    constraint: dx.Constraint
    holds: Predicate
    name: str


def regular(rng: random.Random, letters: str) -> Case:
    """One constraint that is a regular language."""
    if rng.random() < 0.35:
        return positional(rng, letters)
    kind = rng.choice(("regex", "contains", "excludes", "count", "ordered", "length", "words", "choice"))
    whole = rng.random() < 0.4
    phrase = "".join(rng.choices(letters, k=rng.randint(1, 3)))
    other = "".join(rng.choices(letters, k=rng.randint(1, 2)))
    low = rng.randint(0, 3)
    high = rng.choice((None, low, low + rng.randint(0, 3)))
    if kind == "regex":
        a, b = re.escape(letters[0]), re.escape(letters[1])
        any_ = f"[{re.escape(letters)}]"
        pattern = rng.choice(
            (
                f"({a}|{b})*",
                f"{any_}*{a}{any_}{{2}}",
                f"({a}{b})*{a}?",
                f"(?!{a}{a}){any_}*",
                f"{any_}{{2,5}}",
                f"({any_}{any_})*",
            )
        )
        return Case(dx.regex(pattern), lambda t: re.fullmatch(pattern, t) is not None, pattern)
    if kind == "choice":
        options = ["".join(rng.choices(letters, k=rng.randint(0, 4))) for _ in range(3)]
        return Case(dx.choice(options), lambda t: t in options, f"choice {options}")
    if kind == "length":
        return Case(
            dx.length("chars", low, high),
            lambda t: low <= len(t) <= (99 if high is None else high),
            f"chars {low}-{high}",
        )
    if kind == "words":
        return Case(
            dx.length("words", low, high),
            lambda t: low <= len(t.split()) <= (99 if high is None else high),
            f"words {low}-{high}",
        )
    if kind == "contains":
        return Case(
            dx.contains(phrase, whole_words=whole),
            lambda t: count(phrase, whole, t) > 0,
            f"contains {phrase!r} {whole}",
        )
    if kind == "excludes":
        return Case(
            dx.excludes(phrase, whole_words=whole),
            lambda t: count(phrase, whole, t) == 0,
            f"excludes {phrase!r} {whole}",
        )
    if kind == "ordered":
        both = re.compile(pattern_of(phrase, whole) + ".*?" + pattern_of(other, whole), re.DOTALL)
        return Case(
            dx.contains(phrase, other, ordered=True, whole_words=whole),
            lambda t: both.search(t) is not None,
            f"ordered {phrase!r} {other!r} {whole}",
        )
    low, high = (low, low + 1) if low else (0, 2)
    return Case(
        dx.contains(phrase, whole_words=whole, min_count=low, max_count=high),
        lambda t: low <= count(phrase, whole, t) <= high,
        f"{low}-{high} times {phrase!r} {whole}",
    )


def positional(rng: random.Random, letters: str) -> Case:
    """One constraint on where things stand."""
    kind = rng.choice(("at", "starts", "ends", "tagged", "after", "copy"))
    phrase = "".join(rng.choices(letters, k=rng.randint(1, 3)))
    options = ["".join(rng.choices(letters, k=rng.randint(0, 3))) for _ in range(2)]
    chosen = dx.choice(options)
    if kind == "at":
        position = rng.choice((1, 2, -1, -2))
        index = position - 1 if position > 0 else position

        def holds(text: str) -> bool:
            words = text.split()
            return len(words) >= abs(position) and phrase in words[index]

        content = dx.contains(phrase, whole_words=False)
        return Case(dx.at("words", position, content), holds, f"at {position} {phrase!r}")
    if kind == "starts":
        return Case(dx.starts_with(chosen), lambda t: t.startswith(tuple(options)), f"starts with {options}")
    if kind == "ends":
        return Case(dx.ends_with(chosen), lambda t: t.endswith(tuple(options)), f"ends with {options}")
    if kind == "tagged":
        end, low, high = rng.choice(letters), rng.randint(0, 1), rng.choice((None, 1, 2))
        tags = [(phrase, "|".join(map(re.escape, options)), end)]

        def tagged(text: str) -> bool:
            counts = counts_of_tags(text, tags, [phrase])
            return any(low <= n <= (99 if high is None else high) for n in counts)

        return Case(dx.tagged(phrase, chosen, end, min=low, max=high), tagged, f"tagged {tags} {low}-{high}")
    if kind == "after":
        good = {phrase + option for option in options}
        return Case(
            dx.after(phrase, chosen),
            lambda t: phrase in t and t[t.index(phrase) :] in good,
            f"after {phrase!r} {options}",
        )
    source = "".join(rng.choices(letters, k=6))
    return Case(dx.copy_of(source, 1, 4), lambda t: 1 <= len(t) <= 4 and t in source, f"copy of {source!r}")


def pattern_of(phrase: str, whole: bool) -> str:
    before = r"(?<!\w)" if whole and re.match(r"\w", phrase[0]) else ""
    behind = r"(?!\w)" if whole and re.match(r"\w", phrase[-1]) else ""
    return before + re.escape(phrase) + behind


def count(phrase: str, whole: bool, text: str) -> int:
    return len(re.findall(pattern_of(phrase, whole), text))


def is_nested(text: str) -> bool:
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return " " not in text and only_arrays(value)


def only_arrays(value: object) -> bool:
    return isinstance(value, list) and all(only_arrays(item) for item in value)


NESTED = Case(
    dx.json_schema({"$id": "urn:n", "type": "array", "items": {"$ref": "urn:n"}}, whitespace="compact"),
    is_nested,
    "nested arrays",
)


def combine(rng: random.Random, letters: str, depth: int, context_free: bool) -> Case:
    if context_free and depth > 0:
        regular_part = combine(rng, letters, depth - 1, False)
        which = rng.randrange(4)
        if which == 0:
            return Case(
                NESTED.constraint & ~regular_part.constraint,
                lambda t: NESTED.holds(t) and not regular_part.holds(t),
                f"nested & ~({regular_part.name})",
            )
        if which == 1:
            return Case(
                NESTED.constraint | regular_part.constraint,
                lambda t: NESTED.holds(t) or regular_part.holds(t),
                f"nested | {regular_part.name}",
            )
        return Case(
            NESTED.constraint & regular_part.constraint,
            lambda t: NESTED.holds(t) and regular_part.holds(t),
            f"nested & {regular_part.name}",
        )
    if depth == 0:
        return NESTED if context_free else regular(rng, letters)
    left, right = (combine(rng, letters, depth - 1, False) for _ in range(2))
    which = rng.randrange(6)
    if which <= 2:
        return Case(
            left.constraint & right.constraint,
            lambda t: left.holds(t) and right.holds(t),
            f"({left.name}) & ({right.name})",
        )
    if which <= 4:
        return Case(
            left.constraint | right.constraint,
            lambda t: left.holds(t) or right.holds(t),
            f"({left.name}) | ({right.name})",
        )
    return Case(~left.constraint, lambda t: not left.holds(t), f"~({left.name})")


def texts(letters: str, longest: int) -> list[str]:
    return ["".join(t) for n in range(longest + 1) for t in itertools.product(letters, repeat=n)]


def completion(matcher: Matcher, allowed_bytes: bytes) -> bytes | None:
    """What the engine writes to finish soon, byte by byte: at every place one after which least is left."""
    out = b""
    while not matcher.is_accepting:
        if len(out) > 200:
            return None
        choices = []
        for byte in allowed_bytes:
            fork = matcher.fork()
            if fork.advance(byte):
                choices.append((fork.tokens_to_finish(), byte, fork))
        assert choices, "a dead end"
        _, byte, matcher = min(choices, key=lambda choice: choice[:2])
        out += bytes([byte])
    return out


@pytest.mark.parametrize("context_free", [False, True], ids=["regular", "context-free"])
def test_combinations(context_free: bool) -> None:
    letters = "[]," if context_free else "ab "
    multi = ["".join(t) for n in (2, 3) for t in itertools.product(letters, repeat=n)][:20]
    tokens: list[bytes | None] = [bytes([b]) for b in range(256)] + [m.encode() for m in multi] + [None]
    vocab = dx.Vocabulary.from_tokens(tokens, eos_token_ids=[len(tokens) - 1])
    byte_vocab = dx.Vocabulary.from_tokens([*tokens[:256], None], eos_token_ids=[256])
    everything = texts(letters, LONGEST)
    short = [t for t in everything if len(t) <= 3]
    rng = random.Random(7 + context_free)
    for index in range(COUNT):
        case = combine(rng, letters, rng.randint(1, 3), context_free)
        members = {t for t in everything if case.holds(t)}
        prefixes = {t[:n] for t in members for n in range(len(t) + 1)}
        where = f"combination {index}: {case.name}"
        try:
            compiled = dx.compile(case.constraint, vocab, limits=MORE)
            spelled_out = dx.compile(case.constraint, byte_vocab, limits=MORE)
        except dx.UnsatisfiableError:
            assert not members, where
            continue
        for text in rng.sample(everything, min(400, len(everything))):
            assert compiled.check(text).accepted == (text in members), f"{where}: {text!r}"
        for text in rng.sample(short, min(25, len(short))):
            matcher = compiled.matcher()
            if not all(matcher.advance(b) for b in text.encode()):
                assert text not in prefixes, f"{where}: the prefix {text!r} is live"
                continue
            assert matcher.is_accepting == (text in members), f"{where}: {text!r}"
            allowed = set(matcher.allowed_tokens().tolist())
            for token, spelled in enumerate(tokens[:-1]):
                assert spelled is not None
                if not set(spelled) <= set(letters.encode()):
                    continue
                longer = text + spelled.decode()
                if longer in prefixes:
                    assert token in allowed, f"{where}: {spelled!r} after {text!r} can go on"
                elif token in allowed:
                    fork = matcher.fork()
                    assert fork.advance(token), where
                    spelling = spelled_out.matcher()
                    assert all(spelling.advance(b) for b in longer.encode()), where
                    rest = completion(spelling, letters.encode() + b" cd.\n")
                    assert rest is not None, f"{where}: no end after {longer!r}"
                    assert case.holds(longer + rest.decode()), f"{where}: {longer!r} was completed by {rest!r}"
