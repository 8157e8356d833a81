"""A vocabulary from a tokenizer of mistral-common: Tekken (byte ranks) or SentencePiece.

In: a ``MistralTokenizer``, or the ``Tekkenizer`` / ``SentencePieceTokenizer`` inside of one. Out: a
``TokenSource``. In Tekken the special tokens come first and the ranks follow, so a token's id is its rank
plus their number. Refuses other types.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from decodex.errors import VocabularyError
from decodex.vocab.checks import TokenIds, resolve_eos, resolve_size, resolve_special
from decodex.vocab.from_sentencepiece import load_processor
from decodex.vocab.self_check import check_against_decoder
from decodex.vocab.table import TokenSource, build_table

__all__ = ["load_mistral"]


def _tekken_pieces(tekken: Any) -> list[bytes]:
    """The bytes of the ordinary tokens in the order of their ranks."""
    ranks = getattr(tekken, "_tekken_token2id_nospecial", None)
    if isinstance(ranks, dict):
        return sorted(ranks, key=ranks.__getitem__)
    return [tekken.id_to_byte_piece(i) for i in range(tekken.num_special_tokens, tekken.n_words)]


def _load_tekken(tekken: Any, vocab_size: int | None, eos_token_ids: TokenIds) -> TokenSource:
    size = resolve_size(vocab_size, tekken.n_words)
    eos = resolve_eos(eos_token_ids, tekken.eos_id, size)
    special = resolve_special(range(tekken.num_special_tokens), size)
    pieces = _tekken_pieces(tekken)
    first = tekken.num_special_tokens
    for token_id in eos:
        if token_id >= first and token_id - first < len(pieces):
            pieces[token_id - first] = b""
    table = build_table(size, range(first, first + len(pieces)), pieces)
    check_against_decoder(table, lambda rows: [tekken.decode(row) for row in rows], "the Tekken tokenizer")
    written = {i: tekken.id_to_piece(i).encode() for i in special}
    return TokenSource("Tekken", table, eos, special, partial(tekken.encode, bos=False, eos=False), written)


def load_mistral(tokenizer: Any, vocab_size: int | None, eos_token_ids: TokenIds) -> TokenSource:
    """Read a tokenizer of mistral-common."""
    outer = getattr(tokenizer, "instruct_tokenizer", None)
    inner = tokenizer if outer is None else outer.tokenizer
    if hasattr(inner, "id_to_byte_piece") and hasattr(inner, "num_special_tokens"):
        return _load_tekken(inner, vocab_size, eos_token_ids)
    processor = getattr(inner, "_model", None)
    if processor is not None and hasattr(processor, "id_to_piece"):
        return load_processor(processor, vocab_size, eos_token_ids, "Mistral SentencePiece")
    raise VocabularyError(
        f"from_mistral cannot read {type(tokenizer).__name__}: pass a mistral_common MistralTokenizer, "
        "Tekkenizer or SentencePieceTokenizer, or use from_hf for a transformers tokenizer"
    )
