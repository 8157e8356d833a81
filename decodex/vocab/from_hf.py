"""A vocabulary from a tokenizer of transformers, or from a bare ``tokenizers.Tokenizer``.

In: a fast tokenizer of any model type, a slow one that holds a SentencePiece model, or transformers' wrapper
around mistral-common. Out: a ``TokenSource``. The bytes are those of the tokenizer's decoder; transformers'
own tidying of the decoded text is not part of them: read generated text with ``decode(...,
clean_up_tokenization_spaces=False)``.

Added tokens, special or not, never match text, and neither does the unknown token. Cost: one call for the
pieces, one for the added tokens, never one per token; the merges are not read. Refuses other types, and
decoders under which tokens have no bytes of their own (see ``decoders.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from decodex.errors import VocabularyError
from decodex.vocab.checks import TokenIds, id_list, resolve_eos, resolve_size, resolve_special
from decodex.vocab.decoders import decode_pieces
from decodex.vocab.from_mistral import load_mistral
from decodex.vocab.from_sentencepiece import load_slow_tokenizer
from decodex.vocab.self_check import check_against_decoder
from decodex.vocab.table import TokenSource, TokenTable, table_from_blob

__all__ = ["encode_plain", "load_hf"]

UNIGRAM_UNKNOWN = re.compile(rb'"unk_id":\s*(\d+)')


def encode_plain(backend: Any, text: str) -> list[int]:
    """The ids of ``text`` as a fast tokenizer splits it, without added tokens and without the template's
    special tokens.

    The stages are called one by one because ``encode`` would match added tokens in the text, and would cut
    and pad it where the tokenizer is set so; changing those settings for a moment is not safe when other
    threads encode.
    """
    if backend.normalizer is not None:
        text = backend.normalizer.normalize_str(text)
    words = (
        [text]
        if backend.pre_tokenizer is None
        else [word for word, _ in backend.pre_tokenizer.pre_tokenize_str(text)]
    )
    model = backend.model
    return [token.id for word in words for token in model.tokenize(word)]


def _backend(tokenizer: Any) -> Any | None:
    """The ``tokenizers.Tokenizer`` of a fast tokenizer, or the tokenizer itself if it is one."""
    backend = getattr(tokenizer, "backend_tokenizer", None) or tokenizer
    needed = ("get_vocab", "get_added_tokens_decoder", "decode_batch", "decoder", "model")
    return backend if all(hasattr(backend, name) for name in needed) else None


def _decoder_spec(backend: Any) -> Any:
    """The decoder as JSON, or ``None``; its pickled state is that JSON, and spares writing out the whole
    tokenizer."""
    if backend.decoder is None:
        return None
    return json.loads(backend.decoder.__getstate__())


def _pieces(backend: Any, added: Iterable[int]) -> list[str | None]:
    """The pieces in the order of their ids, ``None`` at holes, up to the last id of an ordinary or added
    token."""
    count = backend.get_vocab_size(with_added_tokens=True)
    pieces: list[str | None] = [backend.id_to_token(token_id) for token_id in range(count)]
    if None not in pieces:
        return pieces
    ids: dict[str, int] = backend.get_vocab(with_added_tokens=True)
    pieces = [None] * (1 + max([*ids.values(), *added]))
    for piece, token_id in ids.items():
        pieces[token_id] = piece
    return pieces


def _unknown_ids(tokenizer: Any, backend: Any) -> set[int]:
    name = getattr(backend.model, "unk_token", None)
    ids: set[int | None] = {
        getattr(tokenizer, "unk_token_id", None),
        None if name is None else backend.token_to_id(name),
    }
    if type(backend.model).__name__ == "Unigram":  # names its unknown token by id, in its pickled JSON alone
        found = UNIGRAM_UNKNOWN.search(backend.model.__getstate__())
        ids.add(int(found[1]) if found else None)
    return {token_id for token_id in ids if token_id is not None}


def _text_ids(ids: Iterable[int], added: dict[int, Any]) -> set[int]:
    """The added tokens that the user declares to be text."""
    chosen = id_list(list(ids), "text_token_ids")
    for token_id in chosen:
        if token_id not in added:
            raise VocabularyError(
                f"text_token_ids has the id {token_id}, which is no added token of the tokenizer"
            )
        if added[token_id].special:
            raise VocabularyError(
                f"text_token_ids has the id {token_id} of the special token {added[token_id].content!r}; "
                "special tokens never match text"
            )
    return set(chosen)


def _table(backend: Any, size: int, pieces: list[str | None]) -> TokenTable:
    ids = [token_id for token_id, piece in enumerate(pieces) if piece is not None]
    texts = [piece for piece in pieces if piece is not None]
    blob, lengths, start = decode_pieces(texts, _decoder_spec(backend))
    table = table_from_blob(size, ids, blob, lengths, {ids[place]: text for place, text in start.items()})
    decode = partial(backend.decode_batch, skip_special_tokens=True)
    check_against_decoder(table, decode, "the transformers tokenizer")
    return table


def _load_fast(
    tokenizer: Any,
    backend: Any,
    vocab_size: int | None,
    eos_token_ids: TokenIds,
    text_token_ids: Iterable[int],
) -> TokenSource:
    added: dict[int, Any] = backend.get_added_tokens_decoder()
    pieces = _pieces(backend, added)
    size = resolve_size(vocab_size, len(pieces))
    eos = resolve_eos(eos_token_ids, getattr(tokenizer, "eos_token_id", None), size)
    special = resolve_special(
        [*(i for i, token in added.items() if token.special), *getattr(tokenizer, "all_special_ids", ())],
        size,
    )
    texts = _text_ids(text_token_ids, added)
    for token_id in {*eos, *special, *added, *_unknown_ids(tokenizer, backend)}:
        if token_id < len(pieces) and (token_id not in texts or token_id in eos):
            pieces[token_id] = None
    kind = f"transformers {type(backend.model).__name__}"
    written = {i: token.content.encode() for i, token in added.items() if token.special or i in special}
    encode = partial(encode_plain, backend)
    return TokenSource(kind, _table(backend, size, pieces), eos, special, encode, written)


def load_hf(
    tokenizer: Any, vocab_size: int | None, eos_token_ids: TokenIds, text_token_ids: Iterable[int]
) -> TokenSource:
    """Read a tokenizer of transformers."""
    backend = _backend(tokenizer)
    if backend is not None:
        return _load_fast(tokenizer, backend, vocab_size, eos_token_ids, text_token_ids)
    chosen = list(text_token_ids)
    if chosen:
        raise VocabularyError("text_token_ids is for fast tokenizers; this one is not: drop the argument")
    if hasattr(tokenizer, "sp_model"):
        return load_slow_tokenizer(tokenizer, vocab_size, eos_token_ids)
    wrapped = getattr(tokenizer, "tokenizer", None)
    if hasattr(wrapped, "instruct_tokenizer"):
        return load_mistral(wrapped, vocab_size, eos_token_ids)
    raise VocabularyError(
        f"from_hf cannot read {type(tokenizer).__name__}: pass a fast tokenizer "
        "(AutoTokenizer.from_pretrained(name, use_fast=True)) or a slow one with a SentencePiece model, or "
        "give the bytes to Vocabulary.from_tokens"
    )
