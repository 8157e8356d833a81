"""Many threads on one constraint: the same texts and masks as one thread makes."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from support.vocabularies import random_vocabulary

import decodex as dx


def walk(compiled: dx.CompiledConstraint, words: int, seed: int) -> list[bytes]:
    rng = random.Random(seed)
    matcher = compiled.matcher()
    out = []
    for _ in range(25):
        mask = np.zeros((1, words), np.int32)
        matcher.fill_bitmask(mask)
        out.append(mask.tobytes())
        if matcher.is_finished:
            break
        matcher.advance(int(rng.choice(matcher.allowed_tokens())))
    return out


def test_threads_see_what_one_thread_sees() -> None:
    vocab = random_vocabulary(11, 3000)
    words = (len(vocab) + 31) // 32

    def fresh() -> dx.CompiledConstraint:
        return dx.compile(
            dx.text() & ~dx.regex(".*(ab|0{3}).*") & dx.regex("(?s).{0,60}"),
            vocab,
            limits=dx.Limits(search_states=90_001),
        )

    alone = [walk(fresh(), words, seed) for seed in range(24)]
    shared = dx.compile(
        dx.text() & ~dx.regex(".*(ab|0{3}).*") & dx.regex("(?s).{0,60}"),
        vocab,
        limits=dx.Limits(search_states=90_002),
    )
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda seed: walk(shared, words, seed), range(24)))
    assert together == alone


def test_threads_may_compile_at_once() -> None:
    vocab = random_vocabulary(12)

    def work(seed: int) -> bool:
        compiled = dx.compile(dx.repeat(dx.choice([f"a{seed}", "b"]), 1, 3), vocab)
        return bool(compiled.check(f"a{seed}b")) and not compiled.check("c")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))


def test_memory_limits_are_kept_by_a_server_of_endless_constraints() -> None:
    vocab = random_vocabulary(13)
    limits = dx.Limits(pool_bytes=8 << 20)
    used = []
    for index in range(400):
        compiled = dx.compile(
            dx.repeat(dx.choice([f"x{index}", f"y{index * 7}"]), 1, 50), vocab, limits=limits
        )
        matcher = compiled.matcher()
        for byte in f"x{index}".encode():
            matcher.allowed_tokens()
            assert matcher.advance(vocab.tokens.index(bytes([byte])))
        used.append(compiled.stats()["automaton_bytes"] + compiled.stats()["mask_bytes"])
    assert max(used) < 8 << 20
