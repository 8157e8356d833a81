"""Small vocabularies made in code."""

from __future__ import annotations

import random

import decodex as dx


def byte_vocabulary() -> dx.Vocabulary:
    """One token per byte, id = byte; the end token is 256."""
    return dx.Vocabulary.from_tokens([bytes([b]) for b in range(256)] + [None], eos_token_ids=[256])


def random_vocabulary(
    seed: int, count: int = 800, letters: str = 'aAb0 1.,:"{}[]-eé√\\ntrufls'
) -> dx.Vocabulary:
    """Every byte, and random strings over ``letters``; the last id is the end token."""
    rng = random.Random(seed)
    tokens: dict[bytes, None] = {bytes([b]): None for b in range(256)}
    while len(tokens) < count:
        tokens["".join(rng.choice(letters) for _ in range(rng.randint(2, 6))).encode()] = None
    order = list(tokens)
    rng.shuffle(order)
    return dx.Vocabulary.from_tokens([*order, None], eos_token_ids=[len(order)])


def random_text(
    matcher: dx.Matcher, vocab: dx.Vocabulary, rng: random.Random, limit: int = 400
) -> bytes | None:
    """A text made by uniformly random allowed tokens; None when ``limit`` tokens did not end it."""
    ids: list[int] = []
    for _ in range(limit):
        allowed = matcher.allowed_tokens()
        assert len(allowed), "a dead end"
        token = int(allowed[rng.randrange(len(allowed))])
        assert matcher.advance(token)
        if matcher.is_finished:
            return vocab.decode_bytes(ids)
        ids.append(token)
    return None
