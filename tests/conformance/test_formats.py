"""The official JSON Schema test suite's cases of ``format``.

What it calls invalid is never accepted, and what it calls valid is accepted but for the few kinds that
csrc/schema/formats.h names.
"""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import decodex as dx
from tests.support.vocabularies import byte_vocabulary, random_text

PACK = "json_schema_test_suite.jsonl.gz"
FOLDER = Path(os.environ.get("DECODEX_DATA") or Path(__file__).parents[2] / ".." / "shared" / "data")
needs_pack = pytest.mark.skipif(
    not (FOLDER / PACK).exists(), reason=f"{PACK} not found; set DECODEX_DATA to its folder"
)

FORMATS = [
    *("date-time", "date", "time", "duration"),
    *("email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6"),
    *("uri", "uri-reference", "iri", "iri-reference", "uri-template"),
    *("uuid", "json-pointer", "relative-json-pointer", "regex"),
]

# Valid texts of the suite that are refused: ASCII forms of international labels, a long international
# label, a reference to a group.
LEFT_OUT = {"hostname": 15, "idn-hostname": 5, "regex": 1}


def suite_cases() -> dict[str, list[tuple[str, bool]]]:
    """Format -> (text, valid), each pair once."""
    cases: dict[str, dict[tuple[str, bool], None]] = {name: {} for name in FORMATS}
    with gzip.open(FOLDER / PACK, "rt", encoding="utf-8") as lines:
        for line in lines:
            group = json.loads(line)
            name = group["schema"].get("format") if isinstance(group["schema"], dict) else None
            if not group["file"].startswith("optional/format/") or name not in cases:
                continue
            for test in group["tests"]:
                if isinstance(test["data"], str) and not any(
                    0xD800 <= ord(c) <= 0xDFFF for c in test["data"]
                ):
                    cases[name][test["data"], test["valid"]] = None
    return {name: list(pairs) for name, pairs in cases.items()}


def compiled(name: str, **options: Any) -> dx.CompiledConstraint:
    return dx.compile(dx.json_schema({"type": "string", "format": name}, **options), byte_vocabulary())


def spellings(text: str) -> Iterator[tuple[str, bool]]:
    """JSON texts of a string, and whether the canonical escape policy writes it so."""
    yield json.dumps(text, ensure_ascii=False), True
    every = "".join(f"\\u{unit:04x}" for unit in units(text))
    yield f'"{every}"', every == json.dumps(text, ensure_ascii=False)[1:-1]


def units(text: str) -> Iterator[int]:
    data = text.encode("utf-16-be")
    for i in range(0, len(data), 2):
        yield data[i] << 8 | data[i + 1]


@needs_pack
@pytest.mark.parametrize("name", FORMATS)
def test_official_suite(name: str) -> None:
    canonical, every = compiled(name), compiled(name, escapes="any")
    refused = set()
    for text, valid in suite_cases()[name]:
        for spelled, is_canonical in spellings(text):
            accepted = every.check(spelled).accepted
            assert valid or not accepted, f"{name} accepts {spelled}"
            if valid and not accepted:
                refused.add(text)
            assert canonical.check(spelled).accepted == (accepted and is_canonical), spelled
    assert len(refused) <= LEFT_OUT.get(name, 0), f"{name} refuses {sorted(refused)}"


@pytest.mark.parametrize("name", FORMATS)
def test_random_texts_are_valid(name: str) -> None:
    """Whatever random tokens end in is valid for an independent checker."""
    checker = jsonschema_rs.Draft202012Validator({"type": "string", "format": name}, validate_formats=True)
    constraint, vocab = compiled(name), byte_vocabulary()
    rng = random.Random(name)
    ended = 0
    for _ in range(60):
        text = random_text(constraint.matcher(), vocab, rng, limit=600)
        if text is None:
            continue
        ended += 1
        assert checker.is_valid(json.loads(text)), text
    assert ended > 0


def test_unknown_formats_are_listed() -> None:
    constraint = compiled("colour")
    assert constraint.check('"red"').accepted
    assert any("colour" in entry for entry in constraint.unenforced)
