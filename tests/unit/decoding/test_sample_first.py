"""Choices by trying first, against the best of the allowed tokens found one by one, and against exact probabilities."""

from __future__ import annotations

import math
import random
import re
from typing import Any

import numpy as np
import pytest
import regex

import decodex as dx
from decodex.decoding import SampleFirst, gumbel_like, sample_first
from decodex.errors import ConstraintError, DecodexError, MaskError

torch = pytest.importorskip("torch", reason="tensors are tried beside arrays")

TOKENS = [b"a", b"b", b"c", b"ab", b"bc", b"ca", b"abc", b"1", b" ", b"1 a", None, None]
END = 10
WIDTH = 15  # wider than the vocabulary
PATTERN = r"(?:[ab]{1,3}c? ?){1,4}|1 (?:abc)+"
VOCAB = dx.Vocabulary.from_tokens(TOKENS, eos_token_ids=[END], special_token_ids=[END, END + 1])
COMPILED = dx.compile(dx.regex(PATTERN), VOCAB)


def places(seed: int, rows: int) -> list[Any]:
    """Matchers at random places of the pattern; every fourth row is free."""
    rng = random.Random(seed)
    out: list[Any] = []
    for row in range(rows):
        matcher = COMPILED.matcher()
        for _ in range(rng.randrange(6)):
            if not matcher.is_finished:
                matcher.advance(rng.choice(matcher.allowed_tokens().tolist()))
        out.append(None if row % 4 == 3 else matcher)
    return out



def allowed(matcher: Any) -> list[int]:
    """The ids with which the text can go on, by the package ``regex``: no text of this pattern is a dead end."""
    if matcher.is_finished:
        return [END]
    text = matcher.last_bytes(matcher.tokens_read).decode()
    read = {token: text + more.decode() for token, more in enumerate(TOKENS) if more}
    going_on = [token for token, longer in read.items() if regex.fullmatch(PATTERN, longer, partial=True)]
    return going_on + [END] * bool(re.fullmatch(PATTERN, text))


def best(scores: list[float], matcher: Any) -> int:
    """The allowed token with the highest score, the first of several."""
    tokens = range(len(scores)) if matcher is None else allowed(matcher)
    return max(tokens, key=lambda token: (scores[token], -token))


KINDS = {
    "float64 array": lambda scores: scores,
    "float32 array": lambda scores: scores.astype(np.float32),
    "float32 tensor": lambda scores: torch.from_numpy(scores).float(),
    "bfloat16 tensor": lambda scores: torch.from_numpy(scores).bfloat16(),
    "strided tensor": lambda scores: torch.from_numpy(scores).float().repeat_interleave(2, 1)[:, ::2],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tries", [0, 1, 2, 5, 100])
def test_the_best_allowed_token(kind: str, tries: int) -> None:
    first = SampleFirst(VOCAB, tries=tries)
    needed = judged = 0
    for seed in range(60):
        matchers = places(seed, 1 + seed % 7)
        rng = np.random.default_rng(seed)
        logits = KINDS[kind](rng.integers(-4, 4, (len(matchers), WIDTH)).astype(np.float64))  # many are equal
        noise = None
        if seed % 2:
            noise = rng.integers(0, 3, logits.shape).astype(np.float64)
            noise = noise if isinstance(logits, np.ndarray) else torch.from_numpy(noise)
        before = logits.copy() if isinstance(logits, np.ndarray) else logits.clone()
        summed = (logits if noise is None else logits + noise).tolist()
        expected = [best(row, matcher) for row, matcher in zip(summed, matchers, strict=True)]
        read = [None if matcher is None else matcher.tokens_read for matcher in matchers]
        assert first.pick(logits, matchers, noise=noise) == expected
        assert (before == logits).all()
        assert read == [None if matcher is None else matcher.tokens_read for matcher in matchers]
        for row, matcher in zip(summed, matchers, strict=True):
            if matcher is not None:
                order = sorted(range(WIDTH), key=lambda token, row=row: (-row[token], token))
                rank = next(place for place, token in enumerate(order) if token in allowed(matcher))
                needed += rank >= tries
                judged += 1
    assert (first.counts.choices, first.counts.masks) == (judged, needed)
    assert first.counts.mask_share == needed / judged
    assert needed > 0 or tries == 100


def test_elsewhere_than_in_memory_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a tensor on another device goes through, here with one in memory."""
    kept = sample_first._in_memory
    for seed in range(60):
        matchers = places(seed, 1 + seed % 7)
        logits = torch.randint(-4, 4, (len(matchers), WIDTH), generator=torch.Generator().manual_seed(seed)).bfloat16()
        tokens = []
        for in_memory in (kept, lambda scores: scores):
            monkeypatch.setattr(sample_first, "_in_memory", in_memory)
            tokens.append(SampleFirst(VOCAB, tries=seed % 4).pick(logits, matchers))
        assert tokens[0] == tokens[1]


def test_draws_follow_the_masked_softmax() -> None:
    """A false alarm once in a million runs: a chi-square over the allowed tokens beyond its 1e-6 quantile."""
    matcher = places(0, 1)[0]
    matcher.reset()
    logits = np.random.default_rng(0).normal(size=(1, WIDTH)) * 1.5
    weights = {token: math.exp(logits[0, token]) for token in allowed(matcher)}
    total, draws = sum(weights.values()), 20_000
    assert len(weights) == 7
    for kind in ("numpy", "torch"):
        first, counts = SampleFirst(VOCAB), dict.fromkeys(weights, 0)
        shown = logits if kind == "numpy" else torch.from_numpy(logits)
        generator = np.random.default_rng(1) if kind == "numpy" else torch.Generator().manual_seed(1)
        for _ in range(draws):
            counts[first.pick(shown, [matcher], noise=gumbel_like(shown, generator))[0]] += 1
        expected = {token: draws * weight / total for token, weight in weights.items()}
        assert sum((counts[token] - expected[token]) ** 2 / expected[token] for token in weights) < 38.26
        assert 0.05 < first.counts.mask_share < 0.95


def test_noise() -> None:
    """Its mean is Euler's constant, its variance pi squared by six; seeded it repeats, unseeded it does not."""
    logits = np.zeros((4, 50_000), np.float32)
    for shown, seeded in (
        (logits, lambda: np.random.default_rng(3)),
        (torch.from_numpy(logits), lambda: torch.Generator().manual_seed(3)),
    ):
        noise = gumbel_like(shown, seeded())
        assert tuple(noise.shape) == logits.shape and str(noise.dtype).endswith("float64")
        assert bool((noise == gumbel_like(shown, seeded())).all())
        assert not bool((gumbel_like(shown) == gumbel_like(shown)).any())
        assert float(noise.mean()) == pytest.approx(0.5772, abs=0.02)
        assert float(noise.var()) == pytest.approx(math.pi**2 / 6, abs=0.05)


def test_no_allowed_token_has_a_score() -> None:
    matcher = places(0, 1)[0]
    matcher.reset()
    logits = np.full((1, WIDTH), -np.inf)
    logits[0, 8] = 0.0  # a blank
    for tries in (0, 1, 3):
        with pytest.raises(ConstraintError, match="row 0: none of the 7 allowed tokens has a score") as error:
            SampleFirst(VOCAB, tries=tries).pick(logits, [matcher])
        assert error.value.location == "row 0"


@pytest.mark.parametrize("tries", [-1, 1.0, True, None])
def test_refused_tries(tries: Any) -> None:
    with pytest.raises(MaskError, match=re.escape(f"not {tries!r}")):
        SampleFirst(VOCAB, tries=tries)


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        (np.zeros(WIDTH), "the logits are of shape (15,), not [rows, width]"),
        (np.zeros((2, WIDTH)), "the logits are of shape (2, 15), not [rows, width] with a row for each of 1 matchers"),
        ([[0.0]], "logits are a torch tensor or a NumPy array, not a list"),
        (np.zeros((1, WIDTH), int), "not int64, which is not masked"),
    ],
    ids=str,
)
def test_refused_logits(logits: Any, message: str) -> None:
    with pytest.raises(DecodexError, match=re.escape(message)):
        SampleFirst(VOCAB).pick(logits, places(0, 1))


def test_refused_noise() -> None:
    with pytest.raises(MaskError, match=re.escape("the noise is of shape (15,), the logits of (1, 15)")):
        SampleFirst(VOCAB).pick(np.zeros((1, WIDTH)), places(0, 1), noise=np.zeros(WIDTH))
