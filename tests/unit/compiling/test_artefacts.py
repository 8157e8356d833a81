"""Saved constraints make the masks of fresh ones, wherever a text leads; every file that is not whole is refused."""

from __future__ import annotations

import itertools
import json
import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.schemas import SCHEMAS
from support.vocabularies import byte_vocabulary, random_text, random_vocabulary

import decodex as dx
from decodex.constraints.data import from_data, to_data

VOCAB = random_vocabulary(4)
STARTS = dx.Vocabulary.from_tokens(
    [bytes([b]) for b in range(256)] + [b" the", b" a", None], eos_token_ids=[258]
)
POOR = dx.Vocabulary.from_tokens([b"a", b"b", b"ab", b"1", b"2", b"yes", b"no", b"-", None], eos_token_ids=[8])

KINDS = {
    "literal": dx.regex("x") + "é",
    "sequence": dx.regex("[ab]+") + "-" + dx.choice(["yes", "no"]),
    "either": dx.regex("[0-9]{1,3}") | dx.choice(["ab", "abc"]),
    "both": dx.regex("[ab]{2,9}") & dx.regex("a.*b"),
    "not": ~dx.regex("(?s).*ab.*") & dx.regex("[a-c]{0,12}"),
    "repeat": dx.repeat(dx.choice(["yes", "no"]), 1, 4, separator=", "),
    "optional": dx.optional("x") + dx.regex("y*"),
    "regex flags": dx.regex("(?:a|b).", flags=18),
    "look-around": dx.regex(r"(?=.{3,6}$)(?:(?!no)[a-z])+\b"),
    "text": dx.text(),
    "text until": dx.text(stop="\n\n"),
    "type": dx.type_(dict[str, int]),
    "date": dx.type_(__import__("datetime").date),
    "json value": dx.json_value(whitespace="compact", max_digits=4),
    "options": dx.json_schema(
        {"type": "object", "properties": {"a": {"$ref": "urn:x"}}},
        registry={"urn:x": {"type": "integer"}},
        property_order="any",
    ),
    "contains": dx.contains("ab", ("c", "cd"), ordered=True, whole_words=False) & dx.regex("[a-d ]{0,20}"),
    "length": dx.length("words", min=1, max=3) & dx.regex("[a-c ]{0,20}"),
    "words of a value": dx.json_schema({"type": "string", "maxLength": 15}) & dx.contains("ab", whole_words=False),
    "closed": dx.json_schema({"required": ["a"], "properties": {"a": {"enum": ["x", 1]}}}, additional_properties=False),
}
_limits = iter(range(40_000, 50_000))


def fresh(constraint: dx.Constraint, vocab: dx.Vocabulary, **options: Any) -> dx.CompiledConstraint:
    """Compiled with an automaton of its own, so that nothing is shared."""
    return dx.compile(constraint, vocab, limits=dx.Limits(search_states=next(_limits)), **options)


def texts_of(constraint: dx.Constraint, vocab: dx.Vocabulary, count: int, seed: int) -> list[list[int]]:
    rng = random.Random(seed)
    compiled = fresh(constraint, vocab)
    found = []
    for _ in range(count):
        matcher, tokens = compiled.matcher(), []
        for _ in range(40):
            allowed = [int(i) for i in matcher.allowed_tokens() if i not in vocab.eos_token_ids]
            if not allowed:
                break
            tokens.append(rng.choice(allowed))
            assert matcher.advance(tokens[-1])
        found.append(tokens)
    return found


def same_masks(one: dx.CompiledConstraint, other: dx.CompiledConstraint, seed: int, **budget: int) -> None:
    """Walk both by random allowed tokens; every mask, budget and answer is the same."""
    rng = random.Random(seed)
    for _ in range(4):
        a, b = one.matcher(**budget), other.matcher(**budget)
        for _ in range(60):
            allowed = a.allowed_tokens()
            np.testing.assert_array_equal(allowed, b.allowed_tokens())
            assert (a.is_accepting, a.tokens_to_finish()) == (b.is_accepting, b.tokens_to_finish())
            refused = rng.randrange(len(one.vocab))
            assert a.allows(refused) == b.allows(refused)
            token = int(allowed[rng.randrange(len(allowed))])
            assert a.advance(token)
            assert b.advance(token)
            if a.is_finished:
                break


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("vocab", [VOCAB, byte_vocabulary(), STARTS], ids=["tokens", "bytes", "starts"])
def test_round_trip_of_every_kind(name: str, vocab: dx.Vocabulary, tmp_path: Path) -> None:
    constraint = KINDS[name]
    samples = texts_of(constraint, vocab, 3, seed=1)
    fresh(constraint, vocab).save(tmp_path / "artefact", warm=samples)
    for seed in range(2):
        loaded = dx.load(tmp_path / "artefact", vocab, limits=dx.Limits(search_states=next(_limits)))
        assert loaded.constraint == constraint
        same_masks(loaded, fresh(constraint, vocab), seed)


@pytest.mark.parametrize("index", range(len(SCHEMAS)))
def test_round_trip_of_schemas(index: int, tmp_path: Path) -> None:
    constraint = dx.json_schema(SCHEMAS[index])
    fresh(constraint, VOCAB).save(tmp_path / "artefact", warm=texts_of(constraint, VOCAB, 3, seed=index))
    loaded = dx.load(tmp_path / "artefact", VOCAB, limits=dx.Limits(search_states=next(_limits)))
    plain = fresh(constraint, VOCAB)
    same_masks(loaded, plain, seed=index)
    needed = plain.matcher().tokens_to_finish()
    same_masks(loaded, plain, seed=index, max_tokens=needed + 3)


def test_words_that_the_vocabulary_cannot_spell(tmp_path: Path) -> None:
    constraint = dx.regex("[ab]{0,3}-(?:yes|no|[0-9]q)")
    fresh(constraint, POOR).save(tmp_path / "artefact", warm=["ab-yes", "b-no"])
    loaded = dx.load(tmp_path / "artefact", POOR, limits=dx.Limits(search_states=next(_limits)))
    for seed in range(5):
        same_masks(loaded, fresh(constraint, POOR), seed)


def test_a_sentencepiece_like_start(tmp_path: Path) -> None:
    from decodex.vocab.table import TokenSource, build_table

    pieces = [bytes([b]) for b in range(256)] + [b" yes", b" no", b" "]
    start = {256: b"yes", 257: b"no", 258: b""}
    vocab = dx.Vocabulary(TokenSource("tokens", build_table(260, list(range(259)), pieces, start), (259,), ()))
    constraint = dx.repeat(dx.choice(["yes", "no"]), 1, 5, separator=" ")
    fresh(constraint, vocab).save(tmp_path / "artefact", warm=[[256, 257], [258, *b"yes", 257]])
    loaded = dx.load(tmp_path / "artefact", vocab, limits=dx.Limits(search_states=next(_limits)))
    for seed in range(5):
        same_masks(loaded, fresh(constraint, vocab), seed)


def test_nothing_is_built_on_the_way_of_the_samples(tmp_path: Path) -> None:
    text = '{"name": "Ada", "born": 1815, "free": [true]}'
    properties = {"name": {"type": "string"}, "born": {"type": "integer"}}
    constraint = dx.json_schema({"type": "object", "properties": properties})
    fresh(constraint, VOCAB).save(tmp_path / "artefact", warm=[text])
    limits = dx.Limits(search_states=next(_limits))
    loaded = dx.load(tmp_path / "artefact", VOCAB, limits=limits)
    matcher = loaded.matcher()
    for token in VOCAB.native.longest_tokens(text.encode()):
        matcher.allowed_tokens()
        assert matcher.advance(token)
    assert matcher.is_accepting
    stats = loaded.stats()
    assert (stats["walks"], stats["lexeme_tables"]) == (0, 0)
    assert not loaded.check('{"name": 1}').accepted
    assert loaded.check('{"other": 1}').accepted
    assert loaded.stats()["states"] > stats["states"]


def test_saving_again_keeps_what_was_saved_and_adds(tmp_path: Path) -> None:
    constraint = dx.json_schema(SCHEMAS[0])
    first, second = ('{"name": "A", "age": 1}', '{"name": "Bo", "age": 23}')
    dx.compile(constraint, VOCAB).save(tmp_path / "a", warm=[first])
    dx.load(tmp_path / "a", VOCAB).save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    dx.load(tmp_path / "a", VOCAB).save(tmp_path / "c", warm=[second])
    dx.compile(constraint, VOCAB).save(tmp_path / "d", warm=[first, second])
    assert (tmp_path / "c").read_bytes() == (tmp_path / "d").read_bytes()


def test_the_same_file_from_warm_and_cold_automata(tmp_path: Path) -> None:
    constraint = dx.json_schema(SCHEMAS[1])
    rng = random.Random(0)
    used = fresh(constraint, VOCAB)
    for _ in range(5):
        random_text(used.matcher(), VOCAB, rng)
    used.save(tmp_path / "used")
    again = dx.compile(constraint, VOCAB, limits=used.limits)
    again.save(tmp_path / "again")
    assert (tmp_path / "used").read_bytes() == (tmp_path / "again").read_bytes()


def test_budget_limits_and_unenforced_are_kept(tmp_path: Path) -> None:
    constraint = dx.json_schema({"type": "integer", "x-unknown": 1, "format": "nonsense"}, unsupported="ignore")
    compiled = dx.compile(constraint, VOCAB, max_tokens=9, limits=dx.Limits(nesting=77))
    compiled.save(tmp_path / "artefact")
    loaded = dx.load(tmp_path / "artefact", VOCAB)
    assert (loaded.max_tokens, loaded.limits.nesting) == (9, 77)
    assert loaded.unenforced == compiled.unenforced
    assert loaded.matcher().max_tokens == 9
    assert dx.load(tmp_path / "artefact", VOCAB, max_tokens=5).matcher().max_tokens == 5
    with pytest.raises(dx.BudgetError):
        dx.load(tmp_path / "artefact", VOCAB, max_tokens=0)


def test_warm_in_memory() -> None:
    constraint = dx.choice(["ab", "cd"])
    compiled = fresh(constraint, VOCAB, warm=["ab", b"c", [VOCAB.native.longest_tokens(b"cd")[0]]])
    assert compiled.stats()["masks"] >= 3


@pytest.mark.parametrize("text", ["abx", "b", "a\ud800", b"\xff", [999_999], [2**40], [-1], [1.5], [None]])
def test_samples_that_are_none(text: Any, tmp_path: Path) -> None:
    compiled = dx.compile(dx.regex("ab+"), byte_vocabulary())
    with pytest.raises(dx.DecodexError) as caught:
        compiled.save(tmp_path / "artefact", warm=["ab", text])
    assert not list(tmp_path.iterdir())
    if text == "abx":
        assert caught.value.location == "warm[1], token 2"
        assert "'ab'" in str(caught.value) and "'x'" in str(caught.value)


def test_one_text_is_no_list_of_texts(tmp_path: Path) -> None:
    with pytest.raises(dx.ConstraintError, match=r"write warm=\[text\]"):
        dx.compile(dx.text(), VOCAB).save(tmp_path / "artefact", warm="text")
    with pytest.raises(dx.ConstraintError, match="warm is a list of texts"):
        dx.compile(dx.text(), VOCAB).save(tmp_path / "artefact", warm=3)


@pytest.mark.parametrize("path", [None, 3, 1.5, ["a"], "", "a\0b", "a\ud800"])
def test_paths_that_are_none(path: Any) -> None:
    compiled = dx.compile(dx.regex("ab+"), byte_vocabulary())
    for use in (compiled.save, VOCAB.save, dx.Vocabulary.load, dx.ArtefactCache, lambda path: dx.load(path, VOCAB)):
        with pytest.raises(dx.ArtefactError, match="path"):
            use(path)


def test_devices_and_pipes_are_neither_read_nor_replaced(tmp_path: Path) -> None:
    compiled = dx.compile(dx.regex("ab+"), byte_vocabulary())
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for use in (compiled.save, VOCAB.save, dx.Vocabulary.load, lambda path: dx.load(path, VOCAB)):
        with pytest.raises(dx.ArtefactError, match="no regular file"):
            use(pipe)
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]
    with pytest.raises(dx.ArtefactError, match="no regular file"):
        dx.load("/dev/zero", VOCAB)


def test_limits_that_are_none(tmp_path: Path) -> None:
    dx.compile(dx.regex("ab+"), VOCAB).save(tmp_path / "artefact")
    with pytest.raises(dx.ConstraintError, match=r"limits is a decodex\.Limits"):
        dx.load(tmp_path / "artefact", VOCAB, limits=3)


@dataclass(frozen=True)
class Own(dx.Constraint):
    inner: dx.Constraint

    def term(self) -> Any:
        return self.inner.term()


def test_a_class_of_ones_own_is_refused(tmp_path: Path) -> None:
    compiled = dx.compile(dx.regex("a") + Own(dx.regex("b")), VOCAB)
    with pytest.raises(dx.ArtefactError, match=r"parts\[1\] is a Own"):
        compiled.save(tmp_path / "artefact")


@pytest.mark.parametrize("name", KINDS)
def test_constraints_are_json_and_back(name: str) -> None:
    data = to_data(KINDS[name])
    assert from_data(json.loads(json.dumps(data))) == KINDS[name]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {},
        {"kind": "os.system", "command": "true"},
        {"kind": "base.Literal"},
        {"kind": "base.Literal", "text": "a", "more": 1},
        {"kind": "base.Repeat", "inner": {"kind": "base.Literal", "text": "a"}, "min": "x"},
        {"kind": "json.JsonOptions"},
        {"kind": "base.Constraint"},
        {"kind": ["base.Literal"]},
        {"kind": "bytes"},
    ],
)
def test_data_that_is_no_constraint(data: Any) -> None:
    with pytest.raises(dx.DecodexError):
        from_data(data)


def test_data_that_is_nested_without_end() -> None:
    constraint: dx.Constraint = dx.regex("a")
    for _ in range(5000):
        constraint = dx.repeat(constraint, 0, 2)
    with pytest.raises(dx.ArtefactError, match="too deeply"):
        to_data(constraint)


class TestRefusals:
    """Every file that is not the one that was written is refused, with what to do."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        dx.compile(dx.json_schema(SCHEMAS[0]), VOCAB).save(tmp_path / "artefact", warm=['{"name": "A"'])
        return tmp_path / "artefact"

    def refused(self, path: Path, match: str, vocab: dx.Vocabulary = VOCAB) -> None:
        with pytest.raises(dx.ArtefactError, match=match) as caught:
            dx.load(path, vocab)
        assert str(path) in str(caught.value)

    def test_missing(self, tmp_path: Path) -> None:
        self.refused(tmp_path / "nothing", "No such file")
        self.refused(tmp_path, "Is a directory")
        with pytest.raises(dx.VocabularyError, match="from_hf"):
            dx.load(tmp_path / "nothing", object())  # type: ignore[arg-type]

    def test_cut_short(self, path: Path) -> None:
        data = path.read_bytes()
        for length in [*range(0, 600, 7), *range(600, len(data), 97), len(data) - 1]:
            path.write_bytes(data[:length])
            self.refused(path, "make it again with")

    def test_altered(self, path: Path) -> None:
        data = path.read_bytes()
        rng = random.Random(5)
        for _ in range(300):
            place = rng.randrange(len(data))
            path.write_bytes(data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :])
            self.refused(path, "decodex")
        path.write_bytes(data + b"more")
        self.refused(path, "altered")

    def test_another_version(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("decodex.storage.__version__", "0.9.9")
        self.refused(path, r"was written by decodex \S+ \(format 1\), and this is decodex 0\.9\.9")
        monkeypatch.undo()
        monkeypatch.setattr("decodex.storage.FORMAT", 2)
        self.refused(path, r"this is decodex \S+ \(format 2\)")

    def test_another_vocabulary(self, path: Path) -> None:
        self.refused(path, "compiled for another vocabulary", byte_vocabulary())

    def test_another_kind_of_file(self, path: Path, tmp_path: Path) -> None:
        VOCAB.save(tmp_path / "vocabulary")
        self.refused(tmp_path / "vocabulary", r"read it with decodex\.Vocabulary\.load")
        with pytest.raises(dx.ArtefactError, match=r"read it with decodex\.load"):
            dx.Vocabulary.load(path)

    def test_a_safetensors_file_of_something_else(self, tmp_path: Path) -> None:
        from safetensors.numpy import save_file

        save_file({"weights": np.zeros(3, np.float32)}, tmp_path / "model")
        self.refused(tmp_path / "model", "no file that decodex wrote")

    def test_a_place_that_cannot_be_written(self, tmp_path: Path) -> None:
        with pytest.raises(dx.ArtefactError, match="cannot write"):
            dx.compile(dx.text(), VOCAB).save(tmp_path / "no" / "such" / "folder")


def test_other_tools_can_read_the_file(tmp_path: Path) -> None:
    from safetensors import safe_open

    dx.compile(dx.regex("[ab]+"), VOCAB).save(tmp_path / "artefact", warm=["ab"])
    with safe_open(tmp_path / "artefact", framework="numpy") as file:
        about = json.loads(file.get_tensor("about").tobytes())
        assert about["constraint"] == {"kind": "patterns.Regex", "pattern": "[ab]+"}
        assert file.get_tensor("states").dtype == np.uint32


def test_endless_artefacts_stay_within_the_limit(tmp_path: Path) -> None:
    limits = dx.Limits(pool_bytes=1 << 20)
    vocab = byte_vocabulary()
    text = '{"name": "some name that is long", "age": 12}'
    for number in range(90):
        schema = {**SCHEMAS[0], "title": f"schema {number}"}
        dx.compile(dx.json_schema(schema), vocab).save(tmp_path / f"{number}", warm=[text])
    used = []
    for number in range(90):
        loaded = dx.load(tmp_path / f"{number}", vocab, limits=limits)
        matcher = loaded.matcher()
        assert all(matcher.advance(byte) for byte in text.encode())
        used.append(loaded.stats()["automaton_bytes"])
    assert max(used) < limits.pool_bytes
    assert sum(after < before for before, after in itertools.pairwise(used)) >= 2  # begun afresh


def test_one_file_loaded_many_times_is_in_memory_once(tmp_path: Path) -> None:
    text = '{"name": "some name that is long", "age": 12}'
    fresh(dx.json_schema(SCHEMAS[0]), VOCAB).save(tmp_path / "artefact", warm=[text])
    limits = dx.Limits(search_states=next(_limits))
    first = dx.load(tmp_path / "artefact", VOCAB, limits=limits)
    sizes = [dx.load(tmp_path / "artefact", VOCAB, limits=limits).stats()["automaton_bytes"] for _ in range(50)]
    assert set(sizes) == {first.stats()["automaton_bytes"]}
    assert first.matcher().state == dx.load(tmp_path / "artefact", VOCAB, limits=limits).matcher().state


def test_threads_share_a_loaded_constraint(tmp_path: Path) -> None:
    constraint = dx.json_schema(SCHEMAS[1])
    fresh(constraint, VOCAB).save(tmp_path / "artefact", warm=texts_of(constraint, VOCAB, 4, seed=3))
    plain = fresh(constraint, VOCAB)
    loaded = dx.load(tmp_path / "artefact", VOCAB, limits=dx.Limits(search_states=next(_limits)))
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(same_masks, loaded, plain, seed) for seed in range(8)]:
            done.result()
