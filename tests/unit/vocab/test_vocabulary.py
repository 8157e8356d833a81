"""``Vocabulary`` itself: what it holds, its fingerprint, what it refuses and in which words."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from decodex import errors
from decodex.errors import VocabularyError
from decodex.vocab import Vocabulary
from decodex.vocab.table import TokenSource, build_table

TOKENS: list[bytes | None] = [b"a", b"b", b"ab", b"\xc3", b"\xa9", None, b"</s>", b"<pad>"]


def small(**changes: Any) -> Vocabulary:
    arguments = {"tokens": TOKENS, "eos_token_ids": [6], "special_token_ids": [7], **changes}
    return Vocabulary.from_tokens(arguments.pop("tokens"), **arguments)


def with_start() -> Vocabulary:
    """Ids 0 and 1 lose their space at the start; 1 adds nothing there; 2 adds something only there."""
    start = {0: b"x", 1: b"", 2: b"##"}
    return Vocabulary(
        TokenSource("made", build_table(5, [0, 1, 2, 3], [b" x", b" ", b"", b"y"], start), (4,), (4,))
    )


def test_what_it_holds() -> None:
    vocab = small(vocab_size=10)
    assert vocab.tokens == [*TOKENS[:6], None, None, None, None]
    assert len(vocab) == vocab.vocab_size == 10
    assert (vocab.eos_token_ids, vocab.special_token_ids) == ((6,), (7,))
    assert vocab.start_tokens == {}
    assert vocab.encode is None
    assert vocab.canonical_tokens("ab") is None
    assert vocab.tokens is vocab.tokens


def test_text_of_tokens() -> None:
    vocab = small()
    assert vocab.decode([2, 3, 4, 6]) == "abé"
    assert vocab.decode([3]) == "\ufffd"
    assert vocab.decode_bytes([]) == b""
    with pytest.raises(VocabularyError, match=r"token id 8 .* 0\.\.7"):
        vocab.decode([8])
    with pytest.raises(VocabularyError, match="token id -1"):
        vocab.decode([-1])


def test_start_of_the_text() -> None:
    vocab = with_start()
    assert vocab.tokens == [b" x", b" ", b"", b"y", None]
    assert vocab.start_tokens == {0: b"x", 1: b"", 2: b"##"}
    assert vocab.decode([0, 0, 1, 3]) == "x x y"
    assert vocab.decode([1, 0]) == " x"  # the silent mark was the first token
    assert vocab.decode([4, 0]) == "x"  # a token without text does not begin the text
    assert vocab.decode([2, 2]) == "##"
    assert vocab.decode_bytes([0], at_start=False) == b" x"


def test_a_token_of_no_bytes_has_no_text() -> None:
    assert small(tokens=[b"a", b"", b"c"], eos_token_ids=2, special_token_ids=()).tokens == [b"a", None, None]


def test_ids_may_be_numpy_integers_and_repeat() -> None:
    vocab = small(eos_token_ids=np.array([6, 5, 6]), special_token_ids=np.array([7, 7]))
    assert (vocab.eos_token_ids, vocab.special_token_ids) == ((5, 6), (7,))
    assert small(eos_token_ids=np.int64(6)) == small(eos_token_ids=6)


def test_fingerprint_tells_vocabularies_apart() -> None:
    base = small()
    assert base.fingerprint == small().fingerprint
    assert base == small()
    assert hash(base) == hash(small())
    assert base != "vocabulary"
    others = [
        small(vocab_size=9),
        small(eos_token_ids=[5]),
        small(special_token_ids=[]),
        small(tokens=[b"b", b"a", *TOKENS[2:]]),
        small(tokens=[None, b"ab", b"ab", *TOKENS[3:]]),
        with_start(),
    ]
    prints = {vocab.fingerprint for vocab in [base, *others]}
    assert len(prints) == len(others) + 1
    assert all(len(text) == 64 for text in prints)


def test_repr_says_where_it_is_from_and_how_large() -> None:
    assert repr(small()) == "Vocabulary(tokens: 8 ids, 5 with text of up to 2 bytes, end tokens [6])"
    assert "3 differ at the start" in repr(with_start())


def test_pickle_keeps_all_but_the_caches() -> None:
    vocab = with_start()
    _ = vocab.tokens
    copy = pickle.loads(pickle.dumps(vocab))
    assert copy == vocab
    assert copy.tokens == vocab.tokens


def test_importing_loads_no_tokenizer_library() -> None:
    heavy = "{'torch', 'transformers', 'tokenizers', 'sentencepiece', 'tiktoken', 'mistral_common', 'numba'}"
    code = f"import sys, decodex.vocab; print(sorted({heavy} & set(sys.modules)))"
    root = Path(errors.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "[]"


def test_native_gets_the_packed_arrays_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []

    def native(*arguments: Any) -> object:
        calls.append(arguments)
        return object()

    fake = types.ModuleType("decodex._core")
    fake.Vocabulary = native  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "decodex._core", fake)
    vocab = with_start()
    assert vocab.native is vocab.native
    assert len(calls) == 1
    blob, offsets, has_text, start_ids, start_blob, start_offsets, eos = calls[0]
    assert (blob, start_blob, eos) == (b" x y", b"x##", [4])
    assert (offsets.tolist(), offsets.dtype) == ([0, 2, 3, 3, 4, 4], np.int64)
    assert (has_text.tolist(), has_text.dtype) == ([1, 1, 1, 1, 0], np.uint8)
    assert (start_ids.tolist(), start_ids.dtype) == ([0, 1, 2], np.int32)
    assert (start_offsets.tolist(), start_offsets.dtype) == ([0, 1, 1, 3], np.int64)


def test_native_of_the_built_core() -> None:
    try:
        importlib.import_module("decodex._core")
    except ImportError:
        pytest.skip("the extension decodex._core is not built")
    assert with_start().native is not None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tokens": []}, "empty"),
        ({"tokens": [b"a", "b"]}, r"tokens\[1\] is 'b' of type str.*token\.encode"),
        ({"tokens": [b"a", 7]}, r"tokens\[1\] is 7 of type int"),
        ({"tokens": b"abc"}, "list of bytes.*not bytes"),
        ({"tokens": {0: b"a"}}, "not dict"),
        ({"vocab_size": 7}, "vocab_size=7 is smaller than the 8 ids"),
        ({"vocab_size": 2.5}, "vocab_size must be an integer"),
        ({"vocab_size": 1 << 31}, "limit"),
        ({"eos_token_ids": []}, "no end token.*eos_token_ids="),
        ({"eos_token_ids": None}, "no end token"),
        ({"eos_token_ids": [8]}, r"eos_token_ids has the id 8.*0\.\.7"),
        ({"eos_token_ids": [-1]}, "eos_token_ids has the id -1"),
        ({"eos_token_ids": ["</s>"]}, "eos_token_ids must be an integer or a list of integers"),
        ({"eos_token_ids": 1.0}, "eos_token_ids must be an integer"),
        ({"special_token_ids": [99]}, "special_token_ids has the id 99"),
    ],
)
def test_what_it_refuses(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(VocabularyError, match=words):
        small(**changes)
