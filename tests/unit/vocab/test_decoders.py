"""Bytes of pieces under decoders, against the decoders of ``tokenizers`` themselves on random piece
sequences."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decodex.errors import VocabularyError
from decodex.vocab.byte_alphabet import alphabet, piece_bytes, pieces_bytes
from decodex.vocab.decoders import decode_pieces

decoders = pytest.importorskip("tokenizers.decoders")

MARK = "\u2581"
PIECES = st.one_of(
    st.sampled_from(
        [
            MARK,
            MARK * 2,
            f"{MARK}the",
            f"a{MARK}b",
            "the",
            "##s",
            "s##",
            "##",
            ".",
            "n't",
            "'m",
            "do not",
            " ",
            "  x",
            "<0x41>",
            "<0x20>",
            "<0xC3>",
            "<0xa9>",
            "<0xZZ>",
            "Ġword",
            "ÃĹ",
            "日本",
        ]
    ),
    st.text(alphabet=st.sampled_from(f"ab.#'{MARK} Ġé"), min_size=1, max_size=4),
)
STEPS = st.sampled_from(
    [
        {"type": "Replace", "pattern": {"String": MARK}, "content": " "},
        {"type": "Replace", "pattern": {"String": "ab"}, "content": "c"},
        {"type": "Replace", "pattern": {"Regex": "a"}, "content": "xy"},
        {"type": "ByteFallback"},
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        {"type": "Strip", "content": "a", "start": 2, "stop": 0},
        {"type": "WordPiece", "prefix": "##", "cleanup": True},
        {"type": "WordPiece", "prefix": "##", "cleanup": False},
        {"type": "Metaspace", "replacement": MARK, "prepend_scheme": "always", "split": True},
        {"type": "Metaspace", "replacement": MARK, "prepend_scheme": "never", "split": True},
    ]
)


def native_decoder(spec: dict[str, Any]) -> Any:
    """The decoder of ``tokenizers`` for the same JSON."""
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    document = json.loads(tokenizer.to_str())
    document["decoder"] = spec
    return tokenizers.Tokenizer.from_str(json.dumps(document)).decoder


def our_bytes(pieces: list[str], spec: dict[str, Any] | None) -> bytes:
    """The bytes of a sequence: the start bytes of its first piece and the middle bytes of the others."""
    blob, lengths, start = decode_pieces(pieces, spec)
    ends = lengths.cumsum().tolist()
    texts = [blob[end - length : end] for end, length in zip(ends, lengths.tolist(), strict=True)]
    return b"".join([start.get(0, texts[0]), *texts[1:]])


@given(st.lists(STEPS, min_size=1, max_size=4), st.lists(PIECES, min_size=1, max_size=5))
@settings(max_examples=1500)
def test_every_accepted_decoder_agrees(steps: list[dict[str, Any]], pieces: list[str]) -> None:
    spec = {"type": "Sequence", "decoders": steps} if len(steps) > 1 else steps[0]
    try:
        data = our_bytes(pieces, spec)
        text = data.decode()
    except (VocabularyError, UnicodeDecodeError):
        return
    assert native_decoder(spec).decode(pieces) == text


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "Sequence", "decoders": [{"type": "Sequence", "decoders": [{"type": "Fuse"}]}]},
        {"type": "Sequence", "decoders": []},
    ],
)
def test_nested_and_empty_sequences(spec: dict[str, Any]) -> None:
    pieces = ["a", f"{MARK}b"]
    assert our_bytes(pieces, spec).decode() == native_decoder(spec).decode(pieces)


def test_strip_at_both_ends_of_each_piece() -> None:
    # not among the random steps: the decoder of tokenizers panics where the ends meet
    spec = {"type": "Strip", "content": "a", "start": 1, "stop": 2}
    pieces = ["aabaaa", "b", "xa"]
    assert our_bytes(pieces, spec).decode() == native_decoder(spec).decode(pieces) == "abab" + "x"
    assert our_bytes(["a", "", "aa"], spec) == b""


def test_without_a_decoder_tokens_are_joined_by_spaces() -> None:
    assert our_bytes(["a", "b", "c"], None) == b"a b c"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"type": "BPEDecoder", "suffix": "</w>"}, "BPEDecoder"),
        ({"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": True}, "CTC"),
        ({"type": "Newer"}, "Newer"),
        ({"type": "Replace", "pattern": {"Regex": " +"}, "content": " "}, "Replace"),
        (
            {
                "type": "Sequence",
                "decoders": [{"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 0, "stop": 1}],
            },
            "Strip",
        ),
        (
            {
                "type": "Sequence",
                "decoders": [
                    {"type": "Fuse"},
                    {"type": "Replace", "pattern": {"String": "ab"}, "content": ""},
                ],
            },
            "Replace",
        ),
        (
            {
                "type": "Sequence",
                "decoders": [{"type": "Fuse"}, {"type": "WordPiece", "prefix": "##", "cleanup": True}],
            },
            "WordPiece",
        ),
    ],
)
def test_decoders_without_bytes_per_token_are_refused(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(VocabularyError, match=words) as caught:
        decode_pieces(["a"], spec)
    assert "Vocabulary.from_tokens" in str(caught.value)


def test_the_alphabet_is_the_published_one() -> None:
    pre_tokenizers = pytest.importorskip("tokenizers.pre_tokenizers")
    assert set(alphabet()) == set(pre_tokenizers.ByteLevel.alphabet())
    assert len(set(alphabet())) == 256
    decode = decoders.ByteLevel().decode
    for byte in range(128):
        assert decode([alphabet()[byte]]) == chr(byte)


@given(st.lists(st.binary(min_size=1, max_size=6), min_size=1, max_size=5))
def test_the_alphabet_goes_both_ways(tokens: list[bytes]) -> None:
    pieces = ["".join(alphabet()[byte] for byte in token) for token in tokens]
    blob, lengths = pieces_bytes(pieces)
    assert blob == b"".join(tokens)
    assert lengths.tolist() == [len(token) for token in tokens]


@pytest.mark.parametrize("piece", ["two words", "日本", "\u00ad", "Ġ ok", "\u0144"])
def test_pieces_outside_of_the_alphabet_stand_for_themselves(piece: str) -> None:
    blob, lengths = pieces_bytes(["Ġa", piece, "b"])
    assert blob == b" a" + piece_bytes(piece) + b"b"
    assert lengths.tolist() == [2, len(piece_bytes(piece)), 1]
    assert decoders.ByteLevel().decode(["Ġa", piece, "b"]) == blob.decode("utf-8", "replace")
