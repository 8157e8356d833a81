"""Caches keep within their limits, what is read stays in them, and what nobody uses any more is given back."""

from __future__ import annotations

import gc
import itertools
import random
import threading
from functools import cache

import numpy as np

import decodex as dx

POOL_BYTES = 4 << 20
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SMALL_CACHES = ("absorption", "cost", "capture_mask")


@cache
def vocabulary() -> dx.Vocabulary:
    """Wide enough for masks of some size: every letter, pair and triple, and random longer strings."""
    rng = random.Random(0)
    texts = {"".join(letters) for n in (1, 2, 3) for letters in itertools.product(LETTERS, repeat=n)}
    while len(texts) < 60_000:
        texts.add("".join(rng.choices(LETTERS, k=rng.randint(4, 8))))
    tokens = sorted(text.encode() for text in texts)
    others = [bytes([b]) for b in range(256) if chr(b) not in LETTERS]
    return dx.Vocabulary.from_tokens([*tokens, *others, None], eos_token_ids=[len(tokens) + len(others)])


DASH = vocabulary().tokens.index(b"-")


def fresh() -> dx.Vocabulary:
    """The same with caches of its own."""
    return dx.Vocabulary.from_tokens(list(vocabulary().tokens), eos_token_ids=vocabulary().eos_token_ids)


def classes(seed: int) -> str:
    """A pattern of many sets of letters, each with a mask of its own."""
    rng = random.Random(seed)
    return "".join(f"[{''.join(sorted(rng.sample(LETTERS, 20)))}]{{2,}}-" for _ in range(10))


def walk(matcher: dx.Matcher, mask: np.ndarray, rng: random.Random) -> None:
    """A few tokens, with the masks on the way."""
    for _ in range(40):
        matcher.fill_bitmask(mask)
        allowed = matcher.allowed_tokens()
        token = DASH if matcher.allows(DASH) else int(rng.choice(allowed))
        if not len(allowed) or not matcher.advance(token):
            return


def test_masks_stay_within_their_limit_and_those_that_are_read_stay() -> None:
    vocab, limits = fresh(), dx.Limits(pool_bytes=POOL_BYTES)
    rng = random.Random(1)
    mask = np.zeros((1, -(-len(vocab) // 32)), np.int32)
    hot = dx.compile(dx.regex(f"[{LETTERS[:15]}]{{3,}}"), vocab, limits=limits)
    matcher = hot.matcher()
    matcher.fill_bitmask(mask)
    expected = mask.copy()
    kept = made_again = 0
    for seed in range(60):
        walk(dx.compile(dx.regex(classes(seed)), vocab, limits=limits).matcher(), mask, rng)
        before = hot.stats()
        matcher.fill_bitmask(mask)  # of this pool, even when new constraints begin in another one
        assert (mask == expected).all()
        if hot.matcher().state == matcher.state:
            after = hot.stats()
            made_again += after["masks_made"] - before["masks_made"]
            kept += 1
            assert after["mask_bytes"] + after["lexeme_table_bytes"] < POOL_BYTES / 2 + 200_000
            assert all(after[f"{name}_bytes"] < POOL_BYTES / 8 for name in SMALL_CACHES)
    stats = vocab.stats()
    assert stats["evictions"] > 2
    assert stats["masks_dropped"] > 10
    assert stats["masks"] > 0
    assert kept > 30
    assert made_again == 0, "a mask that is read all the time was dropped"


def test_a_mask_made_again_is_the_same() -> None:
    vocab, limits = fresh(), dx.Limits(pool_bytes=POOL_BYTES)
    plain = vocabulary()
    for seed in (*range(3, 25), 3, 4, 3):
        walks = []
        for where, bounds in ((vocab, limits), (plain, dx.Limits())):
            matcher = dx.compile(dx.regex(classes(seed)), where, limits=bounds).matcher()
            rng, masks = random.Random(seed), []
            for _ in range(25):
                masks.append(matcher.allowed_tokens().tolist())
                matcher.advance(DASH if matcher.allows(DASH) else int(rng.choice(masks[-1])))
            walks.append(masks)
        assert walks[0] == walks[1]
    assert vocab.stats()["evictions"] > 0
    assert plain.stats()["evictions"] == 0


def test_constraints_that_are_kept_do_not_keep_their_pools() -> None:
    vocab, limits = fresh(), dx.Limits(pool_bytes=1 << 20)
    mask = np.zeros((1, -(-len(vocab) // 32)), np.int32)
    kept = []
    for number in range(60):
        kept.append(dx.compile(dx.choice([f"{number} {i**9}" for i in range(400)]), vocab, limits=limits))
        kept[-1].matcher().fill_bitmask(mask)
    assert vocab.stats()["generations"] == 1
    assert vocab.stats()["automaton_bytes"] < 2 << 20
    waiting = kept[0].matcher()
    assert waiting.validate([vocab.tokens.index(b"0"), vocab.tokens.index(b" ")]) == 2
    for constraint in kept * 2:
        constraint.matcher().fill_bitmask(mask)
    assert vocab.stats()["generations"] == 2  # the newest, and the one that a matcher still uses
    assert waiting.validate([vocab.tokens.index(b"0"), vocab.tokens.index(b" ")]) == 2
    del waiting
    gc.collect()
    assert vocab.stats()["generations"] == 1


def test_limits_asked_for_last_keep_their_pool() -> None:
    vocab = fresh()
    first = dx.Limits(nesting=100)
    state = dx.compile("abc", vocab, limits=first).matcher().state
    for nesting in (101, 102, 103, 104, 105):
        dx.compile(dx.choice(["x", "y"]), vocab, limits=dx.Limits(nesting=nesting))
        assert dx.compile("abc", vocab, limits=first).matcher().state == state
        assert vocab.stats()["generations"] <= 4


def test_hits_and_misses_are_told() -> None:
    vocab = fresh()
    compiled = dx.compile(dx.regex("[a-f]+"), vocab)
    matcher = compiled.matcher()
    mask = np.zeros((1, -(-len(vocab) // 32)), np.int32)
    for _ in range(10):
        matcher.fill_bitmask(mask)
    stats = compiled.stats()
    assert (stats["masks_made"], stats["mask_hits"]) == (1, 9)
    assert stats["lexeme_table_bytes"] + stats["mask_bytes"] > 0
    assert vocab.stats()["vocabulary_bytes"] > sum(len(token or b"") for token in vocab.tokens)


def test_readers_go_on_while_masks_are_dropped() -> None:
    vocab, limits = fresh(), dx.Limits(pool_bytes=POOL_BYTES)
    hot = dx.compile(dx.regex(f"[{LETTERS[:15]}]{{3,}}"), vocab, limits=limits)
    expected = hot.matcher().allowed_tokens().tolist()
    wrong: list[int] = []
    done = threading.Event()

    def read() -> None:
        matcher = hot.matcher()
        while not done.is_set():
            wrong.extend([1] * (matcher.allowed_tokens().tolist() != expected))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    mask = np.zeros((1, -(-len(vocab) // 32)), np.int32)
    for seed in range(15):
        walk(dx.compile(dx.regex(classes(seed)), vocab, limits=limits).matcher(), mask, random.Random(seed))
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert vocab.stats()["masks_dropped"] > 0
