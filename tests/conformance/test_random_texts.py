"""Texts drawn from the masks, uniform over the allowed tokens and within a budget, are valid under two validators.

Schemas of the public MaskBench pack, in both property orders, on a real vocabulary of 131,072 tokens.
DECODEX_RANDOM_SCHEMAS=500 takes more of them.
"""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np
import pytest
from support.judges import complaints, parsed
from support.packs import lines
from support.tokenizers import tekken_tiktoken

import decodex as dx

SCHEMAS = int(os.environ.get("DECODEX_RANDOM_SCHEMAS", "60"))
BUDGET = 200


def write(compiled: dx.CompiledConstraint, vocab: dx.Vocabulary, rng: random.Random) -> bytes:
    """A text of at most BUDGET tokens."""
    matcher = compiled.matcher(max_tokens=BUDGET)
    tokens: list[int] = []
    while not matcher.is_finished:
        allowed = matcher.allowed_tokens()
        assert len(allowed), f"a dead end after {vocab.decode_bytes(tokens)!r}"
        token = int(np.asarray(allowed)[rng.randrange(len(allowed))])
        assert matcher.advance(token)
        tokens.append(token)
    assert len(tokens) <= BUDGET + 1
    return vocab.decode_bytes(tokens)


@pytest.mark.slow
@pytest.mark.parametrize("order", ["schema", "any"])
def test_what_masks_allow_is_valid(order: str) -> None:
    vocab = dx.Vocabulary.from_tiktoken(tekken_tiktoken())
    rows: list[Any] = lines("maskbench_public.jsonl.gz")
    rng = random.Random(11)
    failures = []
    texts = stopped = 0
    for row in rng.sample(rows, SCHEMAS):
        try:
            compiled = dx.compile(dx.json_schema(row["schema"], property_order=order), vocab, max_tokens=BUDGET)
        except dx.DecodexError:
            continue  # refused, or longer than BUDGET at its shortest
        for _ in range(2):
            try:
                text = write(compiled, vocab, rng).decode()
            except dx.LimitError:  # uniqueItems over long random strings: every word is a state of its own
                stopped += 1
                continue
            texts += 1
            failures += [(row["id"], complaint, text) for complaint in complaints(parsed(text), row["schema"])]
    assert texts > SCHEMAS
    assert stopped <= 0.01 * texts, (stopped, texts)
    assert not failures, failures[:5]
