"""The vocabularies of the benchmarks: sizes that are what they say, a file of ranks that a user fetched."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from benchmarks.harness.vocabularies import BenchmarkVocabulary, VocabularyUnavailable, load


def _available(name: str) -> tuple[BenchmarkVocabulary, object]:
    try:
        return load(name)
    except VocabularyUnavailable as error:
        pytest.skip(str(error))


def test_the_small_tekken_is_the_beginning_of_the_whole() -> None:
    small, _ = _available("tekken-32k")
    whole, _ = _available("tekken")
    assert (small.size, whole.size) == (32_768, 131_072)
    assert small.tokens == whole.tokens[: small.size]


@pytest.mark.slow
def test_the_large_tekken_goes_on_from_the_whole() -> None:
    large, encode = _available("tekken-200k")
    whole, _ = _available("tekken")
    assert large.size == 200_000
    assert large.tokens[: whole.size] == whole.tokens
    assert len(set(large.tokens[1000:])) == large.size - 1000
    text = "import collections\n\ndef name(self): return [1, 2, 'Göteborg']"
    assert b"".join(large.tokens[i] or b"" for i in encode(text)).decode() == text  # type: ignore[operator]


def test_ranks_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tiktoken", reason="the tokenizer of the ranks")
    tokens = [*(bytes([b]) for b in range(256)), b"ab", b"abc"]
    ranks = "! 0 " + " ".join(base64.b64encode(token).decode() for token in tokens)
    file = tmp_path / "ranks.js"
    file.write_text("export default " + json.dumps({"pat_str": r"\w+|\W+", "bpe_ranks": ranks}) + ";\n", "utf-8")
    monkeypatch.setenv("DECODEX_O200K", str(file))
    vocab, encode = load("o200k")
    assert vocab.tokens[: len(tokens)] == tuple(tokens)
    assert (vocab.size, vocab.tokens[vocab.eos_id]) == (200_019, None)
    assert encode("abc d") == [257, ord(" "), ord("d")]


@pytest.mark.parametrize("content", [None, "", "nothing", "{}", '{"bpe_ranks": "! 0 %%%", "pat_str": "x"}'])
def test_a_file_that_is_no_ranks_is_refused(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ranks.js"
    if content is not None:
        file.write_text(content, "utf-8")
    monkeypatch.setenv("DECODEX_O200K", str(file))
    with pytest.raises(VocabularyUnavailable, match="DECODEX_O200K"):
        load("o200k")
    monkeypatch.delenv("DECODEX_O200K")
    with pytest.raises(VocabularyUnavailable, match="npm pack js-tiktoken"):
        load("o200k")
