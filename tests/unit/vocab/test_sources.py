"""Constructors on tokenizers made here: byte-level BPE, Unigram with byte fallback, WordPiece, SentencePiece,
tiktoken."""

from __future__ import annotations

import io
import pickle
import random
from typing import Any

import pytest

from decodex.errors import VocabularyError
from decodex.vocab import Vocabulary
from decodex.vocab.byte_alphabet import alphabet
from decodex.vocab.self_check import check_against_decoder
from decodex.vocab.table import build_table

tokenizers = pytest.importorskip("tokenizers")
models, decoders, pre_tokenizers = tokenizers.models, tokenizers.decoders, tokenizers.pre_tokenizers

MARK = "\u2581"


def byte_level() -> Any:
    """256 bytes, two merges, a special token and an added one that is not special."""
    vocab = {character: byte for byte, character in enumerate(alphabet())} | {
        "th": 256,
        "the": 257,
        "Ġthe": 258,
    }
    backend = tokenizers.Tokenizer(models.BPE(vocab, [("t", "h"), ("th", "e"), ("Ġ", "the")]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(["</s>"])
    backend.add_tokens(["<tool>", "\n\n"])
    return backend


def unigram() -> Any:
    """Pieces with a space mark, all 256 bytes as ``<0xNN>``, an unknown token that no one declares
    special."""
    pieces = ["<unk>", "</s>", MARK, f"{MARK}the", "the", "c", "a", "t", f"{MARK}{MARK}", "é"]
    scored = [(piece, -1.0 - k / 100) for k, piece in enumerate(pieces)]
    scored += [(f"<0x{byte:02X}>", -9.0) for byte in range(256)]
    backend = tokenizers.Tokenizer(models.Unigram(scored, unk_id=0, byte_fallback=True))
    backend.normalizer = tokenizers.normalizers.Sequence(
        [tokenizers.normalizers.Prepend(MARK), tokenizers.normalizers.Replace(" ", MARK)]
    )
    steps = [decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    backend.decoder = decoders.Sequence(steps)
    backend.add_special_tokens(["</s>"])
    return backend


def metaspace() -> Any:
    backend = unigram()
    backend.normalizer = None
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    return backend


def wordpiece(*, cleanup: bool = True) -> Any:
    words = ["[UNK]", "[SEP]", "the", "cat", "##s", "##", ".", "n't", "a"]
    backend = tokenizers.Tokenizer(
        models.WordPiece({word: k for k, word in enumerate(words)}, unk_token="[UNK]")
    )
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece(cleanup=cleanup)
    backend.add_special_tokens(["[SEP]"])
    return backend


def word_level() -> Any:
    words = {word: k for k, word in enumerate(["[UNK]", "[SEP]", "the", "cat"])}
    backend = tokenizers.Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    return backend


MADE = [
    (byte_level, "</s>"),
    (unigram, "</s>"),
    (metaspace, "</s>"),
    (wordpiece, "[SEP]"),
    (lambda: wordpiece(cleanup=False), "[SEP]"),
    (word_level, "[SEP]"),
]
NAMES = ["byte-level", "unigram", "metaspace", "wordpiece", "wordpiece-untidy", "word-level"]


@pytest.mark.parametrize(("make", "end"), MADE, ids=NAMES)
def test_bytes_are_those_of_the_decoder(make: Any, end: str) -> None:
    backend = make()
    vocab = Vocabulary.from_hf(backend, eos_token_ids=backend.token_to_id(end))
    ids = [i for i, token in enumerate(vocab.tokens) if token is not None]
    rng = random.Random(11)
    compared = 0
    for _ in range(3000):
        sequence = rng.choices(ids, k=rng.randint(1, 6))
        try:
            text = vocab.decode_bytes(sequence).decode()
        except UnicodeDecodeError:
            continue
        assert backend.decode(sequence) == text, sequence
        compared += 1
    assert compared > 50


@pytest.mark.parametrize(("make", "end"), MADE, ids=NAMES)
def test_encoding_is_the_tokenizer_s_own(make: Any, end: str) -> None:
    backend = make()
    vocab = Vocabulary.from_hf(backend, eos_token_ids=backend.token_to_id(end))
    assert vocab.encode is not None
    for text in ["the", "the cat", "the the", "the cats."]:
        assert vocab.encode(text) == backend.encode(text, add_special_tokens=False).ids
    copy = pickle.loads(pickle.dumps(vocab))
    assert copy == vocab
    assert copy.encode("the") == vocab.encode("the")


def test_byte_level() -> None:
    backend = byte_level()
    vocab = Vocabulary.from_hf(backend, vocab_size=300, eos_token_ids=259)
    assert vocab.tokens[:256] == [bytes([byte]) for byte in range(256)]
    assert vocab.tokens[256:] == [b"th", b"the", b" the"] + [None] * 41
    assert vocab.special_token_ids == (259,)
    assert vocab.canonical_tokens("the the</s>") == [
        257,
        258,
        *b"</s>",
    ]  # a special token in the text is text


def test_added_tokens_are_text_only_when_named() -> None:
    vocab = Vocabulary.from_hf(byte_level(), eos_token_ids=259, text_token_ids=[261])
    assert vocab.tokens[259:] == [None, None, b"\n\n"]
    for ids, words in (([5], "no added token"), ([259], "special token '</s>'")):
        with pytest.raises(VocabularyError, match=words):
            Vocabulary.from_hf(byte_level(), eos_token_ids=259, text_token_ids=ids)


def test_unigram_with_byte_fallback() -> None:
    vocab = Vocabulary.from_hf(unigram(), eos_token_ids=1)
    assert vocab.tokens[:10] == [None, None, b" ", b" the", b"the", b"c", b"a", b"t", b"  ", "é".encode()]
    assert vocab.tokens[10:] == [bytes([byte]) for byte in range(256)]
    assert vocab.start_tokens == {2: b"", 3: b"the", 8: b" ", 10 + 0x20: b""}


def test_metaspace_drops_every_mark_of_the_first_token() -> None:
    vocab = Vocabulary.from_hf(metaspace(), eos_token_ids=1)
    assert {i: vocab.start_tokens[i] for i in (2, 3, 8)} == {2: b"", 3: b"the", 8: b""}


def test_wordpiece() -> None:
    vocab = Vocabulary.from_hf(wordpiece(), eos_token_ids=1)
    assert vocab.tokens == [None, None, b" the", b" cat", b"s", b"", b".", b"n't", b" a"]
    assert vocab.start_tokens == {2: b"the", 3: b"cat", 4: b"##s", 5: b"##", 8: b"a"}


def test_holes_between_ids() -> None:
    backend = tokenizers.Tokenizer(models.WordLevel({"a": 0, "b": 3, "c": 9}, unk_token="c"))
    vocab = Vocabulary.from_hf(backend, eos_token_ids=1)
    assert vocab.tokens == [b" a", None, None, b" b", *[None] * 6]


def test_end_tokens_of_a_transformers_tokenizer() -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=byte_level(), eos_token="</s>")
    assert Vocabulary.from_hf(tokenizer).eos_token_ids == (259,)
    assert Vocabulary.from_hf(tokenizer, eos_token_ids=[259, 260]).eos_token_ids == (259, 260)
    assert Vocabulary.from_hf(tokenizer, eos_token_ids=[0]).tokens[0] is None
    without = transformers.PreTrainedTokenizerFast(tokenizer_object=byte_level())
    with pytest.raises(VocabularyError, match="no end token"):
        Vocabulary.from_hf(without)


def test_what_from_hf_refuses() -> None:
    with pytest.raises(VocabularyError, match="from_hf cannot read object"):
        Vocabulary.from_hf(object())
    with pytest.raises(VocabularyError, match="vocab_size=100 is smaller than the 262 ids"):
        Vocabulary.from_hf(byte_level(), 100, eos_token_ids=259)
    backend = byte_level()
    backend.decoder = decoders.CTC()
    with pytest.raises(VocabularyError, match="CTC"):
        Vocabulary.from_hf(backend, eos_token_ids=259)


def trained_sentencepiece(**options: Any) -> bytes:
    sentencepiece = pytest.importorskip("sentencepiece")
    text = ["the cat sat on the mat", "a dog ran to the cat", "naïve café, the end."] * 20
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text), model_writer=model, vocab_size=320, minloglevel=2, **options
    )
    return model.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {"byte_fallback": True, "model_type": "bpe", "remove_extra_whitespaces": False},
        {
            "byte_fallback": True,
            "model_type": "bpe",
            "add_dummy_prefix": False,
            "remove_extra_whitespaces": False,
        },
        {"byte_fallback": True, "model_type": "unigram", "hard_vocab_limit": False},
    ],
    ids=["dummy-prefix", "no-prefix", "defaults"],
)
def test_sentencepiece(options: dict[str, Any]) -> None:
    model = trained_sentencepiece(**options)
    processor = pytest.importorskip("sentencepiece").SentencePieceProcessor(model_proto=model)
    vocab = Vocabulary.from_sentencepiece(model)
    assert vocab.eos_token_ids == (processor.eos_id(),)
    assert [vocab.tokens[i] for i in (processor.unk_id(), processor.bos_id(), processor.eos_id())] == [
        None
    ] * 3
    ids = [i for i, token in enumerate(vocab.tokens) if token is not None]
    visible = [i for i in ids if vocab.decode([i]) not in ("", " ")]
    rng = random.Random(12)
    for _ in range(2000):
        # the first token is one that writes something: see the note on lone space marks in from_sentencepiece
        sequence = [rng.choice(visible), *rng.choices(ids, k=rng.randint(0, 5))]
        try:
            text = vocab.decode_bytes(sequence).decode()
        except UnicodeDecodeError:
            continue
        assert processor.decode(sequence) == text
    assert vocab.canonical_tokens("the cat") == processor.encode("the cat")


def test_sentencepiece_user_symbols_are_text_and_controls_are_not() -> None:
    model = trained_sentencepiece(
        byte_fallback=True, model_type="bpe", user_defined_symbols=["<mark>"], control_symbols=["<turn>"]
    )
    vocab = Vocabulary.from_sentencepiece(model)
    assert b"<mark>" in vocab.tokens
    assert b"<turn>" not in vocab.tokens
    assert len(vocab.special_token_ids) == 4


def test_what_from_sentencepiece_refuses(tmp_path: Any) -> None:
    pytest.importorskip("sentencepiece")
    broken = tmp_path / "broken.model"
    broken.write_bytes(b"no model")
    for source, words in (
        (tmp_path / "absent.model", r"absent\.model' cannot be read"),
        (broken, r"broken\.model' cannot be read"),
        (b"no model", "the bytes given cannot be read"),
        (17, "not int"),
    ):
        with pytest.raises(VocabularyError, match=words):
            Vocabulary.from_sentencepiece(source)  # type: ignore[arg-type]


def test_tiktoken() -> None:
    tiktoken = pytest.importorskip("tiktoken")
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"th": 256, b"the": 257}
    encoding = tiktoken.Encoding(
        "made",
        pat_str=r"\w+|\W",
        mergeable_ranks=ranks,
        special_tokens={"<|endoftext|>": 260, "<|im_end|>": 261},
    )
    vocab = Vocabulary.from_tiktoken(encoding)
    assert (vocab.eos_token_ids, vocab.special_token_ids) == ((260,), (260, 261))
    assert vocab.tokens[256:] == [b"th", b"the", None, None, None, None]
    assert vocab.canonical_tokens("the<|im_end|>") == encoding.encode_ordinary("the<|im_end|>")
    assert Vocabulary.from_tiktoken(encoding, eos_token_ids=261, vocab_size=512).vocab_size == 512
    bare = tiktoken.Encoding("bare", pat_str=r"\w+|\W", mergeable_ranks=ranks, special_tokens={})
    with pytest.raises(VocabularyError, match="no end token"):
        Vocabulary.from_tiktoken(bare)
    with pytest.raises(VocabularyError, match=r"needs a tiktoken\.Encoding, not str"):
        Vocabulary.from_tiktoken("o200k_base")


def test_from_mistral_refuses_other_types() -> None:
    with pytest.raises(VocabularyError, match="from_mistral cannot read dict"):
        Vocabulary.from_mistral({})


def test_self_check_names_the_tokens_that_disagree() -> None:
    table = build_table(3, [0, 1, 2], [b"a", b" b", b"\xff"])
    texts = ["a", " b", "\ufffd"]
    check_against_decoder(
        table, lambda rows: ["".join(texts[i] for i in row) for row in rows], "this tokenizer"
    )
    texts[1] = "b"
    with pytest.raises(VocabularyError, match=r"tokens \[1\] .*this tokenizer as the text ' b'.*answers 'b'"):
        check_against_decoder(
            table, lambda rows: ["".join(texts[i] for i in row) for row in rows], "this tokenizer"
        )


def test_text_of_special_tokens() -> None:
    tokens = [b"a", b"<", b"x", b">", b"<x>", b"<y>", None]
    plain = Vocabulary.from_tokens(tokens, eos_token_ids=5, special_token_ids=[4, 6])
    spoken = Vocabulary.from_tokens(tokens, eos_token_ids=5, special_token_ids=[4, 6], text_of_special=["<x>"])
    assert plain.tokens == [b"a", b"<", b"x", b">", None, None, None] and plain.special_token_ids == (4, 6)
    assert spoken.tokens == [b"a", b"<", b"x", b">", b"<x>", None, None] and spoken.special_token_ids == (6,)
    assert spoken.fingerprint != plain.fingerprint
    assert spoken == Vocabulary.from_tokens(tokens[:4] + [b"<x>", None, None], eos_token_ids=5, special_token_ids=[6])
    for chosen, message in ((["<z>"], "no special token"), ([6], "no special token"), ("<x>", r"write \['<x>'\]")):
        with pytest.raises(VocabularyError, match=message):
            Vocabulary.from_tokens(tokens, eos_token_ids=5, special_token_ids=[4, 6], text_of_special=chosen)
    with pytest.raises(VocabularyError, match="end token"):
        Vocabulary.from_tokens(tokens, eos_token_ids=5, special_token_ids=[4, 5], text_of_special=[5])


@pytest.mark.parametrize(("make", "end"), MADE, ids=NAMES)
def test_text_of_special_tokens_of_transformers(make: Any, end: str) -> None:
    backend = make()
    backend.add_special_tokens(["<tool>", "</tool>"])
    eos = backend.token_to_id(end)
    plain = Vocabulary.from_hf(backend, eos_token_ids=eos)
    begin, finish = backend.token_to_id("<tool>"), backend.token_to_id("</tool>")
    spoken = Vocabulary.from_hf(backend, eos_token_ids=eos, text_of_special=["</tool>"])
    expected = list(plain.tokens)
    assert expected[begin] is None and expected[finish] is None
    expected[finish] = b"</tool>"
    assert spoken.tokens == expected and spoken.encode is not None
    assert spoken.encode("the</tool>") == [*(plain.encode or list)("the"), finish]
    assert pickle.loads(pickle.dumps(spoken)).encode("</tool>") == [finish]


def test_text_of_special_tokens_of_other_libraries() -> None:
    model = trained_sentencepiece(byte_fallback=True, model_type="bpe", control_symbols=["<turn>"])
    spoken = Vocabulary.from_sentencepiece(model, text_of_special=["<turn>"])
    assert b"<turn>" in spoken.tokens and len(spoken.special_token_ids) == 3
    tiktoken = pytest.importorskip("tiktoken")
    encoding = tiktoken.Encoding(
        "made",
        pat_str=r"\w+|\W",
        mergeable_ranks={bytes([byte]): byte for byte in range(256)},
        special_tokens={"<|endoftext|>": 260, "<|im_end|>": 261},
    )
    vocab = Vocabulary.from_tiktoken(encoding, text_of_special=[261])
    assert vocab.tokens[261] == b"<|im_end|>" and vocab.canonical_tokens("a<|im_end|>") == [97, 261]
