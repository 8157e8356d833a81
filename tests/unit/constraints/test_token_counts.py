"""Texts of so many tokens: judged by counting what was generated, and by every cut of a text of few characters."""

from __future__ import annotations

import itertools
import json
import random
import re

import pytest

import decodex as dx

PIECES = ["a", "b", "c", "<", ">", "aa", "ab", "bb", "aab", "abab", "<a", "b>", "bb>"]
TOKENS: list[bytes | None] = [*(bytes([b]) for b in range(256)), *(piece.encode() for piece in PIECES[5:]), None]
VOCAB = dx.Vocabulary.from_tokens(TOKENS, eos_token_ids=[len(TOKENS) - 1])
END = len(TOKENS) - 1


def generate(matcher: dx.Matcher, rng: random.Random, end_early: float = 0.3) -> list[int]:
    out: list[int] = []
    while True:
        allowed = matcher.allowed_tokens().tolist()
        assert allowed, f"a dead end after {b''.join(TOKENS[token] or b'' for token in out)!r}"
        assert all(matcher.allows(token) for token in allowed)
        if END in allowed and (allowed == [END] or rng.random() < end_early):
            return out
        token = rng.choice([token for token in allowed if token != END])
        assert matcher.advance(token)
        out.append(token)


def text_of(tokens: list[int]) -> str:
    return b"".join(TOKENS[token] or b"" for token in tokens).decode()


@pytest.mark.parametrize(("low", "high"), [(0, 1), (3, 3), (1, 4), (5, 9), (20, 20), (300, 301), (2, None), (40, None)])
@pytest.mark.parametrize("pattern", ["[abc]*", "(ab)*c", "a{3,}b*", "(a|bb)+c{0,2}"])
def test_patterns(pattern: str, low: int, high: int | None) -> None:
    constraint = dx.regex(pattern) & dx.length("tokens", low, high)
    try:
        compiled = dx.compile(constraint, VOCAB)
    except dx.BudgetError:
        assert (pattern, high) == ("a{3,}b*", 1)
        return
    rng = random.Random(f"{pattern} {low}")
    for _ in range(20):
        tokens = generate(compiled.matcher(), rng)
        assert low <= len(tokens) and (high is None or len(tokens) <= high)
        assert re.fullmatch(pattern, text_of(tokens))
        assert compiled.check(text_of(tokens)).accepted


def cuts(text: str) -> set[int]:
    """All numbers of tokens that a text can be cut into."""
    counts: list[set[int]] = [{0}] + [set() for _ in text]
    for end in range(1, len(text) + 1):
        for begin in range(end):
            if text[begin:end] in PIECES:
                counts[end] |= {count + 1 for count in counts[begin]}
    return counts[-1]


@pytest.mark.parametrize("words", [("ab", "bb"), ("aab", "abab"), ("a", "abab", "aabb"), ("abc", "bb>")])
def test_choices_by_every_cut(words: tuple[str, ...]) -> None:
    for low in range(1, 6):
        for high in range(low, 6):
            exists = any(low <= count <= high for word in words for count in cuts(word))
            constraint = dx.choice(list(words)) & dx.length("tokens", low, high)
            try:
                compiled = dx.compile(constraint, VOCAB)
            except (dx.BudgetError, dx.UnsatisfiableError):
                assert not exists
                continue
            assert exists
            for word in words:
                right = any(low <= count <= high for count in cuts(word))
                assert compiled.check(word).accepted == right, (word, low, high)
            for seed in range(5):
                tokens = generate(compiled.matcher(), random.Random(seed))
                assert low <= len(tokens) <= high and text_of(tokens) in words


def test_every_way_is_allowed() -> None:
    compiled = dx.compile(dx.regex("[ab]{4}") & dx.length("tokens", 2, 3), VOCAB)
    ids = {piece: TOKENS.index(piece.encode()) for piece in PIECES}
    for count in range(1, 5):
        for pieces in itertools.product(["a", "b", "aa", "ab", "bb", "aab", "abab"], repeat=count):
            if len("".join(pieces)) != 4:
                continue
            matcher = compiled.matcher()
            read = all(matcher.advance(ids[piece]) for piece in pieces) and matcher.is_accepting
            assert read == (2 <= count <= 3), pieces


@pytest.mark.parametrize("seed", range(12))
def test_phases(seed: int) -> None:
    thinking = dx.thinking(3, 6, "tokens", begin="", end="<>")
    constraint = thinking + (dx.regex("[abc]+") & dx.length("tokens", 2, 2))
    compiled = dx.compile(constraint, VOCAB)
    tokens = generate(compiled.matcher(), random.Random(seed))
    text = text_of(tokens)
    begin, answer = text.index("<>"), text[text.index("<>") + 2 :]
    starts = itertools.accumulate((len(TOKENS[token] or b"") for token in tokens[:-1]), initial=0)
    in_thinking = sum(start < len(text[: begin + 2].encode()) for start in starts)
    assert 3 <= in_thinking <= 6 and len(tokens) - in_thinking == 2
    assert re.fullmatch("[abc]+", answer)
    assert compiled.check(text).accepted


def test_phases_within_a_budget() -> None:
    compiled = dx.compile(dx.thinking(2, 30, "tokens", begin="<a") + dx.regex("[ab]{4}c"), VOCAB)
    with pytest.raises(dx.BudgetError):
        compiled.matcher(max_tokens=5)
    least = compiled.matcher().tokens_to_finish()
    for seed in range(10):
        matcher = compiled.matcher(max_tokens=least + seed)
        assert len(generate(matcher, random.Random(seed))) <= least + seed


def test_state_comes_and_goes() -> None:
    compiled = dx.compile(dx.regex("[ab]*") & dx.length("tokens", 2, 3), VOCAB)
    matcher = compiled.matcher()
    assert not matcher.is_accepting and not matcher.allows(END)
    assert matcher.advance(97) and matcher.fork().tokens_to_finish() == 1
    assert matcher.validate([98, 98, 98]) == 2
    assert matcher.advance(98) and matcher.is_accepting
    matcher.rollback(1)
    assert not matcher.is_accepting
    matcher.reset()
    assert matcher.tokens_to_finish() == 2
    assert matcher.verify([97, 98, END, 97]).tolist() == [True, True, True, False]


def test_schema_with_exactly_so_many() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "maxProperties": 1}
    compiled = dx.compile(dx.json_schema(schema) & dx.length("tokens", 40, 40), VOCAB)
    for seed in range(5):
        tokens = generate(compiled.matcher(), random.Random(seed))
        assert len(tokens) == 40 and isinstance(json.loads(text_of(tokens))["a"], str)


def test_saved(tmp_path) -> None:
    compiled = dx.compile(dx.regex("[ab]*") & dx.length("tokens", 2, 3), VOCAB)
    compiled.save(tmp_path / "c.decodex")
    again = dx.load(tmp_path / "c.decodex", VOCAB)
    assert again.constraint == compiled.constraint
    assert not again.matcher().allows(END) and len(generate(again.matcher(), random.Random(1))) in (2, 3)


def test_what_cannot_be_counted() -> None:
    count = dx.length("tokens", 1, 2)
    for constraint in (~count, count | dx.choice(["a"]), dx.repeat(count, 2)):
        with pytest.raises(dx.UnsupportedError, match="tokens are counted"):
            dx.compile(constraint, VOCAB)
    with pytest.raises(dx.UnsupportedError, match="part 1"):
        dx.compile((dx.regex("a+") & dx.length("tokens", max=3)) + dx.regex("b*"), VOCAB)
    with pytest.raises(dx.UnsupportedError, match="at once"):
        dx.compile(((dx.regex("a") & dx.length("tokens", max=3)) + dx.regex("b*")) & dx.length("tokens", 2), VOCAB)
    with pytest.raises(dx.ConstraintError, match="at least 3 and at most 2"):
        dx.compile(dx.length("tokens", 3) & dx.length("tokens", max=2), VOCAB)
    few = dx.Vocabulary.from_tokens([b"a", b"ab", None], eos_token_ids=[2])
    with pytest.raises(dx.UnsupportedError, match="spell every byte"):
        dx.compile(dx.regex("[ab]*") & dx.length("tokens", 2, 3), few)
    at_most = dx.compile(dx.regex("a(ba)*") & dx.length("tokens", max=3), few)
    assert at_most.matcher().allowed_tokens().tolist() == [0, 1]
