"""Bytes of real vocabularies against the decoders of the tokenizers themselves, on random token sequences.

Property: start bytes of the first token and middle bytes of the others, read as UTF-8, are the tokenizer's
own text. Sequences whose bytes are no whole UTF-8 are left out, since libraries disagree on where replacement
characters go; for tokens that are no whole characters the bytes are compared where the library gives bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from support import tokenizers as real

from decodex.vocab import Vocabulary

TEXTS = [
    "The quick brown fox",
    '{"name": "Zoë", "tags": ["α", "日本語"], "n": -1.5e3}',
    "  two spaces, then\ttab\nand  lines\r\n\r\n",
    "naïve café — “quotes” … 🎉👩‍👩‍👧",
    "def f(x):\n    return x + 1\n",
    "<s>[INST] not special </s>",
    "1234567890 0x7f",
]

Decode = Callable[[list[int]], str]


def text_ids(vocab: Vocabulary) -> list[int]:
    return [token_id for token_id, token in enumerate(vocab.tokens) if token is not None]


def compare_random(
    vocab: Vocabulary, decode: Decode, *, seed: int, rounds: int = 2000, whole: bool = True
) -> None:
    """Random sequences, and for each a walk to whole characters so that most of them can be compared."""
    rng = random.Random(seed)
    ids = text_ids(vocab)
    if whole:
        ids = [i for i in ids if is_whole(vocab.decode_bytes([i])) and is_whole(vocab.tokens[i] or b"")]
    compared = 0
    for _ in range(rounds):
        sequence = rng.choices(ids, k=rng.randint(1, 8))
        data = vocab.decode_bytes(sequence)
        if is_whole(data):
            assert decode(sequence) == data.decode(), sequence
            compared += 1
    assert compared > rounds // (2 if whole else 50)


def is_whole(data: bytes) -> bool:
    try:
        return "\ufffd" not in data.decode()
    except UnicodeDecodeError:
        return False


def compare_every_token(
    vocab: Vocabulary, decode_many: Callable[[list[list[int]]], list[str]], anchor: int
) -> None:
    """Each token alone and behind another one."""
    ids = [
        i for i in text_ids(vocab) if is_whole(vocab.tokens[i] or b"") and is_whole(vocab.decode_bytes([i]))
    ]
    rows = [[i] for i in ids] + [[anchor, i] for i in ids]
    wrong = [
        (row, vocab.decode(row), text)
        for row, text in zip(rows, decode_many(rows), strict=True)
        if vocab.decode(row) != text
    ]
    assert not wrong, wrong[:5]


def compare_texts(vocab: Vocabulary, encode: Callable[[str], list[int]]) -> None:
    """The canonical encoding is the tokenizer's own, spells the text, and is made of tokens with text."""
    for text in TEXTS:
        assert vocab.canonical_tokens(text) == encode(text), text
        assert vocab.decode(encode(text)) == text


@pytest.fixture(scope="module")
def tekken() -> Any:
    return real.tekken_131k()


@pytest.fixture(scope="module")
def tekken_vocab(tekken: Any) -> Vocabulary:
    return Vocabulary.from_mistral(tekken)


def test_tekken(tekken: Any, tekken_vocab: Vocabulary) -> None:
    vocab = tekken_vocab
    assert (len(vocab), vocab.eos_token_ids, len(vocab.special_token_ids)) == (131072, (2,), 1000)
    assert vocab.tokens[:1000] == [None] * 1000
    assert vocab.tokens[1000:] == [tekken.id_to_byte_piece(i) for i in range(1000, 131072)]
    assert vocab.start_tokens == {}
    compare_random(vocab, tekken.decode, seed=1)
    compare_random(vocab, tekken.decode, seed=2, whole=False)
    compare_texts(vocab, lambda text: tekken.encode(text, bos=False, eos=False))


def test_tekken_as_fast_tokenizer(tekken_vocab: Vocabulary) -> None:
    tokenizer = real.tekken_hf()
    vocab = Vocabulary.from_hf(tokenizer)
    assert vocab == tekken_vocab  # the same bytes by two ways: the GPT-2 alphabet here, ranks there
    assert vocab.fingerprint == tekken_vocab.fingerprint
    compare_random(vocab, tokenizer.decode, seed=3)
    compare_texts(vocab, tekken_vocab.encode or (lambda _: []))
    for text in TEXTS:
        if "<s>" not in text:
            assert tokenizer.encode(text, add_special_tokens=False) == vocab.canonical_tokens(text)


def test_tekken_as_tiktoken(tekken_vocab: Vocabulary) -> None:
    encoding = real.tekken_tiktoken()
    vocab = Vocabulary.from_tiktoken(encoding)
    assert vocab.eos_token_ids == vocab.special_token_ids == (130072,)
    assert vocab.tokens[:-1] == tekken_vocab.tokens[1000:]
    compare_random(vocab, encoding.decode, seed=4)
    compare_texts(vocab, encoding.encode_ordinary)


def test_padding_to_the_width_of_the_logits(tekken: Any, tekken_vocab: Vocabulary) -> None:
    padded = Vocabulary.from_mistral(tekken, vocab_size=131200)
    assert len(padded) == padded.vocab_size == 131200
    assert padded.tokens == tekken_vocab.tokens + [None] * 128
    assert padded != tekken_vocab


@pytest.mark.parametrize("large", [False, True], ids=["32000", "32768"])
def test_sentencepiece(large: bool) -> None:
    sentencepiece = pytest.importorskip("sentencepiece")
    path = real.sentencepiece_path(large=large)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    vocab = Vocabulary.from_sentencepiece(path)
    assert vocab == Vocabulary.from_sentencepiece(path.read_bytes())
    assert vocab.eos_token_ids == (processor.eos_id(),)
    assert {bytes([byte]) for byte in range(256)} <= {token for token in vocab.tokens if token is not None}
    mark, the = processor.piece_to_id("▁"), processor.piece_to_id("▁the")
    assert (vocab.tokens[mark], vocab.start_tokens[mark]) == (b" ", b"")
    assert (vocab.tokens[the], vocab.start_tokens[the]) == (b" the", b"the")
    compare_every_token(vocab, lambda rows: [processor.decode(row) for row in rows], the)
    compare_random(vocab, processor.decode, seed=5)
    compare_random(vocab, processor.decode, seed=6, whole=False)
    compare_texts(vocab, processor.encode)


def test_sentencepiece_inside_mistral() -> None:
    tokenizers = pytest.importorskip("mistral_common.tokens.tokenizers.mistral")
    vocab = Vocabulary.from_mistral(tokenizers.MistralTokenizer.from_file(str(real.sentencepiece_path())))
    assert vocab == Vocabulary.from_sentencepiece(real.sentencepiece_path())


def test_sentencepiece_as_fast_tokenizer() -> None:
    tokenizer = real.sentencepiece_hf()
    vocab = Vocabulary.from_hf(tokenizer)
    plain = Vocabulary.from_sentencepiece(real.sentencepiece_path())
    space = tokenizer.convert_tokens_to_ids("<0x20>")
    assert vocab.tokens == plain.tokens
    assert vocab.start_tokens == plain.start_tokens | {space: b""}  # the fast decoder strips this space too
    the = tokenizer.convert_tokens_to_ids("▁the")
    compare_every_token(vocab, tokenizer.backend_tokenizer.decode_batch, the)
    compare_random(vocab, tokenizer.decode, seed=8)
    compare_random(vocab, tokenizer.decode, seed=9, whole=False)
    for text in TEXTS:
        assert vocab.decode(vocab.canonical_tokens(text) or []) == text
        if "<s>" not in text:
            assert vocab.canonical_tokens(text) == tokenizer.encode(text, add_special_tokens=False)


def test_sentencepiece_inside_a_slow_tokenizer() -> None:
    vocab = Vocabulary.from_hf(real.sentencepiece_slow_hf())
    plain = Vocabulary.from_sentencepiece(real.sentencepiece_path())
    assert vocab.tokens == plain.tokens
    assert vocab.start_tokens == plain.start_tokens
    assert set(plain.special_token_ids) == set(vocab.special_token_ids)
    assert vocab.canonical_tokens("<s> is text") == plain.canonical_tokens("<s> is text")


def test_wordpiece() -> None:
    tokenizer = real.wordpiece_30k()
    vocab = Vocabulary.from_hf(tokenizer, eos_token_ids=tokenizer.sep_token_id)
    assert (len(vocab), vocab.eos_token_ids) == (30522, (tokenizer.sep_token_id,))
    the, s, stop = (tokenizer.convert_tokens_to_ids(piece) for piece in ("the", "##s", "."))
    assert (vocab.tokens[the], vocab.start_tokens[the]) == (b" the", b"the")
    assert (vocab.tokens[s], vocab.start_tokens[s]) == (b"s", b"##s")
    assert vocab.tokens[stop] == b"."  # the decoder itself takes the space away
    compare_every_token(vocab, tokenizer.backend_tokenizer.decode_batch, the)
    decode: Decode = lambda ids: tokenizer.decode(ids, clean_up_tokenization_spaces=False)  # noqa: E731
    compare_random(vocab, decode, seed=7)
    assert vocab.canonical_tokens("some words") == tokenizer.encode("some words", add_special_tokens=False)
    assert (
        vocab.canonical_tokens("Some Words") is None
    )  # the tokenizer lowers the case: that text cannot be spelled


def test_encoding_is_neither_cut_nor_padded() -> None:
    tokenizer = real.wordpiece_30k()
    vocab = Vocabulary.from_hf(tokenizer, eos_token_ids=tokenizer.sep_token_id)
    tokenizer.backend_tokenizer.enable_truncation(8)
    tokenizer.backend_tokenizer.enable_padding(length=8)
    try:
        assert len(vocab.canonical_tokens(" ".join(["word"] * 50)) or []) == 50
        assert len(vocab.canonical_tokens("word") or []) == 1
    finally:
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.no_padding()
