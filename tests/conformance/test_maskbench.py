"""A part of the public MaskBench pack: no invalid instance is accepted, and nearly all valid ones are.

Formats are asserted and keys come in any order, as the pack's labels have it. DECODEX_MASKBENCH_EVERY=1 takes it whole.
"""

from __future__ import annotations

import json
import os

from support.packs import lines
from support.vocabularies import byte_vocabulary

import decodex as dx

EVERY = int(os.environ.get("DECODEX_MASKBENCH_EVERY", "10"))


def test_labels() -> None:
    vocab = byte_vocabulary()
    schemas = refused = valid = wrongly_refused = 0
    wrongly_accepted: list[tuple[str, str]] = []
    for row in lines("maskbench_public.jsonl.gz")[::EVERY]:
        schemas += 1
        try:
            compiled = dx.compile(dx.json_schema(row["schema"], property_order="any"), vocab)
        except dx.DecodexError:
            refused += 1
            continue
        for test in row["tests"]:
            verdict = bool(compiled.check(json.dumps(test["data"], ensure_ascii=False)))
            valid += test["valid"]
            wrongly_refused += test["valid"] and not verdict
            if verdict and not test["valid"]:
                wrongly_accepted.append((row["id"], test["description"]))
    assert not wrongly_accepted
    assert wrongly_refused <= 0.005 * valid, (wrongly_refused, valid)
    assert refused <= 0.01 * schemas, (refused, schemas)
