"""Masks of batches on several threads: as one thread makes them, from many callers, and in the child of a fork."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.vocabularies import random_vocabulary

import decodex as dx

VOCAB = random_vocabulary(21, 3000)
WORDS = (len(VOCAB) + 31) // 32
ENOUGH = 1000  # rows of so few words that are worth a second thread
PATIENCE = 60  # seconds


def constraints() -> list[dx.CompiledConstraint]:
    """Several kinds; the last one has limits of its own, and so a pool of its own."""
    return [
        dx.compile(dx.text() & dx.regex("(?s).{0,40}"), VOCAB),
        dx.compile(dx.regex("[ab01]{2,30}"), VOCAB),
        dx.compile(dx.choice(["abba", "b00", "0110"]), VOCAB),
        dx.compile(dx.regex("(ab|0+)*"), VOCAB, limits=dx.Limits(search_states=90_003)),
    ]


def rows(compiled: Sequence[dx.CompiledConstraint], count: int, seed: int) -> list[dx.Matcher]:
    """Matchers that have read some tokens; every fifth has a budget."""
    chance = random.Random(seed)
    made = []
    for index in range(count):
        matcher = chance.choice(compiled).matcher(50 if index % 5 == 2 else None)
        for _ in range(chance.randrange(5)):
            allowed = matcher.allowed_tokens()
            if not matcher.is_finished and len(allowed):
                matcher.advance(int(chance.choice(allowed)))
        made.append(matcher)
    return made


def one_by_one(matchers: Sequence[dx.Matcher]) -> tuple[bytes, bool]:
    mask = np.zeros((len(matchers), WORDS), np.int32)
    restricted = [matcher.fill_bitmask(mask, row) for row, matcher in enumerate(matchers)]
    return mask.tobytes(), any(restricted)


def at_once(matchers: Sequence[dx.Matcher], threads: int | None) -> tuple[bytes, bool]:
    mask = np.zeros((len(matchers), WORDS), np.int32)
    restricted = dx.fill_bitmasks(matchers, mask, threads)
    return mask.tobytes(), restricted


@pytest.mark.parametrize("count", [1, 3, 64, ENOUGH])
def test_batches_equal_single_rows(count: int) -> None:
    for threads in (None, 0, 1, 2, 5, 1000):
        fresh, known = rows(constraints(), count, count), rows(constraints(), count, count)
        want = one_by_one(known)
        assert at_once(fresh, threads) == want, f"new masks, {threads} threads"
        assert at_once(fresh, threads) == want, f"known masks, {threads} threads"


def test_a_batch_that_allows_everything_says_so() -> None:
    free = dx.compile(dx.regex("[ab]*"), dx.Vocabulary.from_tokens([b"a", b"b", None], eos_token_ids=[2]))
    mask = np.zeros((40, 1), np.int32)
    matchers = [free.matcher() for _ in range(40)]
    assert dx.fill_bitmasks(matchers, mask, 2) is False
    assert (mask & 0b111 == 0b111).all()
    matchers[39].advance(2)
    assert dx.fill_bitmasks(matchers, mask, 2) is True


def test_many_callers_at_once() -> None:
    compiled = constraints()
    batches = [rows(compiled, ENOUGH if seed % 2 else 40, seed) for seed in range(8)]
    want = [one_by_one(rows(constraints(), len(batch), seed)) for seed, batch in enumerate(batches)]

    def work(seed: int) -> bool:
        return all(at_once(batches[seed], 3) == want[seed] for _ in range(20))

    with ThreadPoolExecutor(8) as callers:
        assert all(callers.map(work, range(8)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_the_child_of_a_fork_makes_batches() -> None:
    """The parent's threads are not in the child; it must not wait for them."""
    matchers = rows(constraints(), 64, 1)
    want = at_once(matchers, 3)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            fresh = rows(constraints(), ENOUGH, 2)
            at_once(fresh, 3)
            code = 0 if at_once(matchers, 3) == want and at_once(fresh, 3) == one_by_one(fresh) else 2
        finally:
            os._exit(code)
    for _ in range(PATIENCE * 100):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.01)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        pytest.fail("the child hangs")
    assert os.waitstatus_to_exitcode(status) == 0
    assert at_once(matchers, 3) == want, "the parent goes on"


PROGRAM = """
import sys, threading, numpy as np, decodex as dx
vocab = dx.Vocabulary.from_tokens([*(bytes([i]) for i in range(256)), b"<end>"], eos_token_ids=[256])
compiled = dx.compile(dx.regex("[a-z]*"), vocab)
matchers = [compiled.matcher() for _ in range(8000)]
def work():
    mask = np.zeros((8000, 9), np.int32)
    while True:
        dx.fill_bitmasks(matchers, mask, 4)
        started.set()
started = threading.Event()
threading.Thread(target=work, daemon=True).start()
assert started.wait(60)
sys.exit(7)
"""


def test_the_process_ends_while_a_batch_is_made() -> None:
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", PROGRAM], timeout=PATIENCE, check=False, capture_output=True)
        assert done.returncode == 7, done.stderr.decode()
