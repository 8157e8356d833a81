"""Under public schemas every text is complete and valid within its budget, though always the token is chosen that makes
the text longest: for budgets from the least that is accepted to four times as much.

Schemas of the public MaskBench pack on a real vocabulary of 131,072 tokens, judged by two validators.
DECODEX_BUDGET_SCHEMAS=500 takes more of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from support.judges import complaints, parsed
from support.packs import lines
from support.tokenizers import tekken_tiktoken

import decodex as dx

SCHEMAS = int(os.environ.get("DECODEX_BUDGET_SCHEMAS", "25"))


class Run(NamedTuple):
    schema: str
    least: int
    budget: int
    tokens: int
    text: bytes
    wrong: list[str]


def longest(compiled: dx.CompiledConstraint, lengths: Any, budget: int, rng: random.Random) -> list[int]:
    """The ids of a text, each the longest token that is allowed; the end token only where nothing else is."""
    matcher = compiled.matcher(max_tokens=budget)
    tokens: list[int] = []
    while not matcher.is_finished:
        allowed = np.asarray(matcher.allowed_tokens())
        assert len(allowed), "a dead end"
        grow = lengths[allowed]
        token = int(rng.choice(allowed[grow == grow.max()]))
        assert matcher.advance(token)
        if lengths[token]:
            tokens.append(token)
    return tokens


def runs(rows: list[Any], order: str, vocab: dx.Vocabulary, rng: random.Random) -> Iterator[Run]:
    lengths = np.array([len(token or b"") for token in vocab.tokens])
    for row in rows:
        try:
            compiled = dx.compile(dx.json_schema(row["schema"], property_order=order), vocab)
        except dx.DecodexError:
            continue
        least = compiled.matcher().tokens_to_finish()
        for budget in (least, rng.randint(least, 4 * least), 4 * least):
            tokens, text, wrong = [], b"", []
            try:
                tokens = longest(compiled, lengths, budget, rng)
                text = vocab.decode_bytes(tokens)
                if len(tokens) > budget:
                    wrong.append(f"{len(tokens)} tokens")
                wrong += complaints(parsed(text.decode()), row["schema"])
            except (AssertionError, ValueError, dx.DecodexError) as error:
                wrong.append(f"{type(error).__name__}: {error}")
            yield Run(row["id"], least, budget, len(tokens), text, wrong)


@pytest.mark.slow
@pytest.mark.parametrize("order", ["schema", "any"])
def test_complete_and_valid_within_the_budget(order: str) -> None:
    vocab = dx.Vocabulary.from_tiktoken(tekken_tiktoken())
    rng = random.Random(23)
    found = list(runs(rng.sample(lines("maskbench_public.jsonl.gz"), SCHEMAS), order, vocab, rng))
    assert len(found) >= 2 * SCHEMAS
    failures = [run for run in found if run.wrong]
    assert not failures, failures[:5]
