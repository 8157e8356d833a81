"""`where` beside schemas of the public MaskBench pack: at random pointers of documents that the schema allows, the
texts drawn from the masks are valid under two validators, and the strings there are as wanted, by plain Python.

DECODEX_RANDOM_SCHEMAS=500 takes more of them.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from support.judges import complaints, parsed
from support.packs import lines
from support.places import strings_of, values_at
from support.tokenizers import tekken_tiktoken
from support.vocabularies import random_text

import decodex as dx

SCHEMAS = int(os.environ.get("DECODEX_RANDOM_SCHEMAS", "60"))
BUDGET = 200
WANTED = [
    (dx.excludes("e", whole_words=False), lambda text: "e" not in text),
    (dx.contains("a", whole_words=False), lambda text: "a" in text),
    (dx.length("chars", min=2, max=12), lambda text: 2 <= len(text) <= 12),
    (dx.regex(r"(?s)[^\"\\]*"), lambda text: '"' not in text and "\\" not in text),
]


def random_pointer(document: Any, rng: random.Random) -> str | None:
    """The pointer of a string in the document, some of its steps made `*`."""
    pointers = [pointer for pointer, _ in strings_of(document)]
    if not pointers:
        return None
    steps = rng.choice(pointers).split("/")
    return "/".join("*" if i and rng.random() < 0.2 + 0.5 * step.isdigit() else step for i, step in enumerate(steps))


@pytest.mark.slow
@pytest.mark.parametrize("order", ["schema", "any"])
def test_random_texts_under_public_schemas(order: str) -> None:
    vocab = dx.Vocabulary.from_tiktoken(tekken_tiktoken())
    rows: list[Any] = lines("maskbench_public.jsonl.gz")
    rng = random.Random(17)
    texts = strings = unsatisfiable = stopped = 0
    failures = []
    for row in rng.sample(rows, SCHEMAS):
        schema = row["schema"]
        try:
            plain = dx.compile(dx.json_schema(schema, property_order=order), vocab, max_tokens=BUDGET)
            text = random_text(plain.matcher(), vocab, rng)
            pointer = text and random_pointer(parsed(text.decode()), rng)
            if pointer is None or text is None:
                continue
            wanted, holds = rng.choice(WANTED)
            constraint = dx.json_schema(schema, property_order=order, where={pointer: wanted})
            compiled = dx.compile(constraint, vocab, max_tokens=BUDGET)
        except dx.UnsatisfiableError:
            unsatisfiable += 1
            continue
        except (dx.BudgetError, dx.LimitError, dx.UnsupportedError):
            continue
        fine = all(holds(value) for value in values_at(parsed(text.decode()), pointer) if isinstance(value, str))
        if bool(compiled.check(text)) is not fine:
            failures.append((row["id"], pointer, f"check says {not fine}", text.decode()))
        for _ in range(2):
            try:
                drawn = random_text(compiled.matcher(), vocab, rng)
            except dx.LimitError:
                stopped += 1
                continue
            assert drawn is not None
            document = parsed(drawn.decode())
            found = [value for value in values_at(document, pointer) if isinstance(value, str)]
            texts += 1
            strings += len(found)
            failures += [
                (row["id"], pointer, f"{value!r} at it", drawn.decode()) for value in found if not holds(value)
            ]
            failures += [(row["id"], pointer, complaint, drawn.decode()) for complaint in complaints(document, schema)]
    assert not failures, failures[:5]
    assert texts > SCHEMAS and strings > SCHEMAS / 4, (texts, strings)
    assert stopped <= 0.02 * texts and unsatisfiable <= 0.3 * SCHEMAS, (stopped, unsatisfiable)
