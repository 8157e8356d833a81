"""Artefacts altered by somebody who computes the checksum again: refused, or used without a wrong access."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.schemas import SCHEMAS
from support.vocabularies import random_vocabulary

import decodex as dx
from decodex import storage

VOCAB = random_vocabulary(4)
WIDTH = len(VOCAB)


def altered(arrays: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """One array with a number changed, cut, doubled, or of another length."""
    out = dict(arrays)
    name = rng.choice([name for name in sorted(out) if len(out[name])])
    array = out[name].copy()
    place = rng.randrange(len(array))
    kind = rng.randrange(6)
    if kind < 3:
        largest = int(np.iinfo(array.dtype).max)
        numbers = [0, 1, 2, 255, 256, 65535, int(array[place]) + 1, largest - 1, largest]
        array[place] = rng.choice(numbers) % (largest + 1)
    elif kind == 3:
        array = array[:place]
    elif kind == 4:
        array = np.concatenate([array, array[place:]])
    else:
        array[place] ^= array.dtype.type(1 << rng.randrange(8 * array.dtype.itemsize - 1))  # the sign stays
    out[name] = array
    return out


def use(compiled: dx.CompiledConstraint, rng: random.Random) -> None:
    mask = np.zeros((1, (WIDTH + 31) // 32), np.int32)
    for budget in (None, 30):
        matcher = compiled.matcher(budget)
        for _ in range(25):
            matcher.fill_bitmask(mask)
            allowed = matcher.allowed_tokens()
            if not len(allowed) or matcher.is_finished:
                break
            assert allowed[0] >= 0 and allowed[-1] < WIDTH
            matcher.advance(int(allowed[rng.randrange(len(allowed))]))
            matcher.tokens_to_finish()
        matcher.forced_bytes()
        matcher.bytes_after(b"a")


@pytest.mark.parametrize("seed", range(8))
def test_altered_states(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    path = tmp_path / "artefact"
    constraint = dx.json_schema(SCHEMAS[rng.randrange(len(SCHEMAS))])
    samples = []
    compiled = dx.compile(constraint, VOCAB)
    for _ in range(3):
        matcher, tokens = compiled.matcher(), []
        for _ in range(30):
            allowed = [int(i) for i in matcher.allowed_tokens() if i not in VOCAB.eos_token_ids]
            if not allowed:
                break
            tokens.append(rng.choice(allowed))
            matcher.advance(tokens[-1])
        samples.append(tokens)
    compiled.save(path, warm=samples)
    about, arrays, _ = storage.read(path, "constraint", "")
    refused = 0
    for turn in range(150):
        storage.write(path, "constraint", about, altered(arrays, rng))
        try:
            use(dx.load(path, VOCAB, limits=dx.Limits(search_states=30_000 + turn, pool_bytes=1 << 26)), rng)
        except dx.DecodexError:
            refused += 1
    assert refused > 10


@pytest.mark.parametrize("seed", range(4))
def test_altered_vocabularies(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    path = tmp_path / "vocabulary"
    VOCAB.save(path)
    about, arrays, _ = storage.read(path, "vocabulary", "")
    for _ in range(60):
        storage.write(path, "vocabulary", about, altered(arrays, rng))
        with suppress(dx.DecodexError):
            vocab = dx.Vocabulary.load(path)
            matcher = dx.compile(dx.json_value(), vocab).matcher()
            for _ in range(20):
                allowed = matcher.allowed_tokens()
                if not len(allowed) or matcher.is_finished:
                    break
                matcher.advance(int(allowed[rng.randrange(len(allowed))]))


@pytest.mark.parametrize("seed", range(4))
def test_altered_bytes_with_the_right_checksum(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    path = tmp_path / "artefact"
    dx.compile(dx.json_schema(SCHEMAS[1]), VOCAB).save(path, warm=['{"name": "A", "age": 12'])
    data = path.read_bytes()
    checksum = data[data.index(b'checksum') :].split(b'\\"')[2].decode()
    for turn in range(300):
        changed = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        if checksum.encode() in changed:
            whole = bytes(changed)
            path.write_bytes(whole.replace(checksum.encode(), storage._checksum(whole, checksum).encode(), 1))
        else:
            path.write_bytes(changed)
        with suppress(dx.DecodexError):
            use(dx.load(path, VOCAB, limits=dx.Limits(search_states=20_000 + turn, pool_bytes=1 << 26)), rng)
