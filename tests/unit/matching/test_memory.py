"""Caches keep within their limits, what is read stays in them, and what nobody uses any more is given back."""

from __future__ import annotations

import ctypes
import gc
import itertools
import random
import threading
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

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


# ---- many different constraints on one vocabulary ----


def word(number: int) -> str:
    return f"{LETTERS[number % 26]}{number * 7919 % 10007}x{number}"


KINDS: dict[str, Callable[[int], dx.Constraint]] = {
    "contains": lambda n: dx.contains(word(n)),
    "excludes": lambda n: dx.excludes([word(n), word(n + 1)]),
    "counted": lambda n: dx.length("words", max=n + 5) & dx.contains(word(n), max_count=2),
    "grammar": lambda n: dx.grammar(f'start: "{word(n)}" item*\nitem: "(" start ")" | /[0-9]{{{n % 7 + 1}}}/'),
    "schema": lambda n: dx.json_schema(
        {"type": "object", "properties": {word(n): {"type": "string", "maxLength": n}}, "required": [word(n)]}
    ),
    "registry": lambda n: dx.json_schema(
        {"$ref": "test:names"}, registry={"test:names": {"enum": [word(n) + word(k) for k in range(50)]}}
    ),
    "where": lambda n: dx.json_schema({"type": "string", "maxLength": 90}, where={"": dx.contains(word(n))}),
    "multiples": lambda n: dx.json_schema({"type": "number", "multipleOf": (n + 3) / 100, "maximum": 10**6}),
}


class Heap(ctypes.Structure):
    """What the C library says of its heap (``struct mallinfo2``)."""

    names = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    _fields_ = tuple((name, ctypes.c_size_t) for name in names)


def heap_bytes() -> int:
    """Bytes in use in this process, by the C library's own count; 0 where it has none (or a sanitizer's stands in)."""
    gc.collect()
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        return 0
    library.mallinfo2.restype = Heap
    heap = library.mallinfo2()
    return int(heap.uordblks + heap.hblkhd)


tells_heap = pytest.mark.skipif(heap_bytes() == 0, reason="this C library does not count what is in use")


def cache_bytes(vocab: dx.Vocabulary) -> int:
    return sum(size for name, size in vocab.stats().items() if name.endswith("_bytes") and name != "vocabulary_bytes")


def begin(constraint: dx.Constraint, vocab: dx.Vocabulary, limits: dx.Limits | None = None) -> None:
    """Compiles it, and reads two tokens."""
    matcher = dx.compile(constraint, vocab, limits=limits or dx.Limits()).matcher()
    for _ in range(2):
        matcher.advance(int(matcher.allowed_tokens()[0]))
    matcher.allowed_tokens()


@tells_heap
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_held_is_told(kind: str) -> None:
    vocab = fresh()
    begin(KINDS[kind](1000), vocab)
    used, told = heap_bytes(), cache_bytes(vocab)
    for number in range(60):
        begin(KINDS[kind](number), vocab)
    used, told = heap_bytes() - used, cache_bytes(vocab) - told
    assert told > 60 * 2000
    assert 0.4 * told < used < 1.3 * told + 100_000


@tells_heap
def test_many_different_constraints_stay_within_the_limit() -> None:
    vocab, limits = fresh(), dx.Limits(pool_bytes=POOL_BYTES)
    begin(dx.contains("x"), vocab)
    used = heap_bytes()
    for number in range(150):
        for kind in KINDS.values():
            begin(kind(number), vocab, limits)
    assert heap_bytes() - used < 2 * POOL_BYTES
    assert vocab.stats()["generations"] == 2   # of these limits, and of the usual ones


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "where"])   # whose conditions have no name
def test_equal_constraints_are_one(kind: str) -> None:
    vocab = fresh()
    first = dx.compile(KINDS[kind](3), vocab).matcher()
    begin(KINDS[kind](3), vocab)
    bytes_of_one = cache_bytes(vocab)
    for _ in range(5):
        begin(KINDS[kind](3), vocab)
    assert cache_bytes(vocab) == bytes_of_one
    assert dx.compile(KINDS[kind](3), vocab).matcher().state == first.state
    assert dx.compile(KINDS[kind](4), vocab).matcher().state != first.state


def test_schemas_that_differ_in_an_option_alone_are_not_one() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "test:a"}, "b": {"type": "number"}}}
    constants = {"test:a": {"const": 1}}
    options: list[dict[str, object]] = [
        {},
        {"whitespace": "compact"},
        {"whitespace": "pretty"},
        {"whitespace": "pretty", "indent": 4},
        {"property_order": "any"},
        {"escapes": "any"},
        {"numbers": "plain"},
        {"additional_properties": False},
        {"max_digits": 3},
        {"registry": {"test:a": {"const": 2}}},
    ]
    vocab = fresh()
    constraints = [dx.json_schema(schema, **{"registry": constants, **said}) for said in options]
    states = {dx.compile(constraint, vocab).matcher().state for constraint in constraints}
    assert len(states) == len(options)
