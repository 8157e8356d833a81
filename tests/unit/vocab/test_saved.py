"""Saved vocabularies are the vocabularies, with their tables; every file that is not whole is refused."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.vocabularies import byte_vocabulary, random_vocabulary

import decodex as dx
from decodex import storage
from decodex.vocab.table import TokenSource, build_table

PIECES = [*(bytes([b]) for b in range(256)), b"\xe2\x82", b" a", b"ab", b" "]
SOURCE = TokenSource(
    "tokens",
    build_table(300, list(range(260)), PIECES, {257: b"a", 259: b""}),
    (299,),
    (298, 299),
)


def vocabularies() -> dict[str, dx.Vocabulary]:
    poor = dx.Vocabulary.from_tokens([b"a", b"ab", None], eos_token_ids=[2])
    return {"bytes": byte_vocabulary(), "tokens": random_vocabulary(2), "starts": dx.Vocabulary(SOURCE), "poor": poor}


@pytest.mark.parametrize("name", vocabularies())
def test_round_trip(name: str, tmp_path: Path) -> None:
    vocab = vocabularies()[name]
    vocab.save(tmp_path / "file")
    loaded = dx.Vocabulary.load(tmp_path / "file")
    assert loaded == vocab
    assert (loaded.tokens, loaded.start_tokens) == (vocab.tokens, vocab.start_tokens)
    assert (loaded.eos_token_ids, loaded.special_token_ids) == (vocab.eos_token_ids, vocab.special_token_ids)
    assert repr(loaded) == repr(vocab)
    np.testing.assert_array_equal(loaded.native.order, vocab.native.order)
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "file").read_bytes()


def test_encoding_is_given_again(tmp_path: Path) -> None:
    byte_vocabulary().save(tmp_path / "file")
    assert dx.Vocabulary.load(tmp_path / "file").encode is None
    loaded = dx.Vocabulary.load(tmp_path / "file", encode=lambda text: list(text.encode()))
    assert loaded.canonical_tokens("ab") == [97, 98]


CONSTRAINTS = [
    dx.json_value(),
    dx.json_schema({"type": "array", "items": {"type": "string", "maxLength": 30}}),
    dx.json_schema({"type": "object", "additionalProperties": {"type": "number"}}, whitespace="any"),
    dx.regex(r"(?s)(?:(?!no).)*"),
    dx.text(stop="\n"),
]


@pytest.mark.parametrize("index", range(len(CONSTRAINTS)))
def test_tables_of_a_file_make_the_masks_of_made_ones(index: int, tmp_path: Path) -> None:
    vocab = random_vocabulary(7, count=3000)
    compiled = dx.compile(CONSTRAINTS[index], vocab)
    walk(compiled, compiled, seed=0)  # makes tables, which the file then has
    vocab.save(tmp_path / "file")
    loaded = dx.compile(CONSTRAINTS[index], dx.Vocabulary.load(tmp_path / "file"))
    fresh = dx.compile(CONSTRAINTS[index], random_vocabulary(7, count=3000))
    for seed in range(6):
        walk(loaded, fresh, seed)


def walk(one: dx.CompiledConstraint, other: dx.CompiledConstraint, seed: int) -> None:
    rng = random.Random(seed)
    a, b = one.matcher(), other.matcher()
    for _ in range(80):
        allowed = a.allowed_tokens()
        np.testing.assert_array_equal(allowed, b.allowed_tokens())
        token = int(allowed[rng.randrange(len(allowed))])
        assert a.advance(token) and b.advance(token)
        if a.is_finished:
            break


def test_common_tables_are_in_the_file(tmp_path: Path) -> None:
    vocab = random_vocabulary(3)
    vocab.save(tmp_path / "file")
    _, arrays, _ = storage.read(tmp_path / "file", "vocabulary", "")
    assert len(arrays["table.row"]) > 10


def test_longest_tokens() -> None:
    vocab = dx.Vocabulary.from_tokens([b"a", b"ab", b"abc", b"b", None], eos_token_ids=[4])
    assert vocab.native.longest_tokens(b"abcabaab") == [2, 1, 0, 1]
    assert vocab.native.longest_tokens(b"") == []
    with pytest.raises(dx.VocabularyError, match="byte 99 at position 1"):
        vocab.native.longest_tokens(b"ac")
    assert dx.Vocabulary(SOURCE).native.longest_tokens(b"aba") == [258, 97]


def test_refusals(tmp_path: Path) -> None:
    path = tmp_path / "file"
    byte_vocabulary().save(path)
    data = path.read_bytes()
    for length in (0, 5, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(dx.ArtefactError, match="from_hf"):
            dx.Vocabulary.load(path)
    with pytest.raises(dx.ArtefactError, match="No such file"):
        dx.Vocabulary.load(tmp_path / "nothing")


def change(name: str, value: Any) -> Any:
    return lambda arrays: {**arrays, name: value(arrays[name])}


def one_exit(arrays: Any, node: int) -> Any:
    ends = [0] * (len(arrays["table.row"]) - 1) + [1]
    return {"table.exits": np.array([node], np.uint32), "table.exits_end": np.array(ends, np.uint32)}


CHANGES = {
    "no offsets": lambda arrays: {k: v for k, v in arrays.items() if k != "offsets"},
    "offsets down": change("offsets", lambda a: a[::-1]),
    "fewer offsets": change("offsets", lambda a: a[:-3]),
    "shorter blob": change("blob", lambda a: a[:-1]),
    "no ids": change("has_text", lambda a: a[:0]),
    "start ids": change("start_ids", lambda a: np.array([5, 3], np.int32)),
    "ids of tables": change("table.ids", lambda a: a + 10_000),
    "rows of tables": change("table.row", lambda a: a * 0 + 999),
    "bits of tables": change("table.rows", lambda a: a | np.uint32(0xFFFFFFFF)),
    "ends of lists": change("table.ids_end", lambda a: a[::-1]),
    "remainders": change("table.remainder_length", lambda a: a * 0 + 9),
    "exits": lambda arrays: {**arrays, **one_exit(arrays, 10**6)},
    "fewer flags": change("table.flags", lambda a: a[1:]),
    "half a hash": change("table.hash", lambda a: a[1:]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_arrays_that_do_not_hold_together(name: str, tmp_path: Path) -> None:
    vocab = random_vocabulary(3, count=3000)
    vocab.save(tmp_path / "file")
    about, arrays, _ = storage.read(tmp_path / "file", "vocabulary", "")
    storage.write(tmp_path / "file", "vocabulary", about, CHANGES[name](arrays))
    with pytest.raises(dx.ArtefactError, match="file"):
        dx.Vocabulary.load(tmp_path / "file")


def test_a_wrong_order_costs_time_only(tmp_path: Path) -> None:
    vocab = random_vocabulary(3)
    vocab.save(tmp_path / "file")
    about, arrays, _ = storage.read(tmp_path / "file", "vocabulary", "")
    for order in (arrays["order"][::-1], arrays["order"][:5], arrays["order"] * 0 + 7, arrays["order"] + 10**6):
        storage.write(tmp_path / "file", "vocabulary", about, {**arrays, "order": order})
        np.testing.assert_array_equal(dx.Vocabulary.load(tmp_path / "file").native.order, arrays["order"])
