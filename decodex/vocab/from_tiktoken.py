"""A vocabulary from a ``tiktoken.Encoding``.

In: the encoding. Out: a ``TokenSource``; its ranks are byte strings already, so nothing is derived. The end
token is ``<|endoftext|>`` where the encoding has it; chat models end with another one, which the user passes.
Refuses anything that is no encoding.
"""

from __future__ import annotations

from typing import Any

from decodex.errors import VocabularyError
from decodex.vocab.checks import TokenIds, resolve_eos, resolve_size
from decodex.vocab.self_check import check_against_decoder
from decodex.vocab.table import TokenSource, build_table

__all__ = ["load_tiktoken"]

END_OF_TEXT = "<|endoftext|>"


def _ranks(encoding: Any) -> tuple[dict[bytes, int], dict[str, int]]:
    """Ordinary tokens and special tokens with their ids."""
    ordinary = getattr(encoding, "_mergeable_ranks", None)
    special = getattr(encoding, "_special_tokens", None)
    if isinstance(ordinary, dict) and isinstance(special, dict):
        return ordinary, special
    try:
        special = {name: encoding.encode_single_token(name) for name in encoding.special_tokens_set}
        names = {name.encode() for name in special}
        ordinary = {
            token: encoding.encode_single_token(token)
            for token in encoding.token_byte_values()
            if token not in names
        }
    except (AttributeError, KeyError) as error:
        raise VocabularyError(
            f"from_tiktoken needs a tiktoken.Encoding, not {type(encoding).__name__}: pass "
            "tiktoken.get_encoding(name)"
        ) from error
    return ordinary, special


def load_tiktoken(encoding: Any, vocab_size: int | None, eos_token_ids: TokenIds) -> TokenSource:
    """Read an encoding's ranks."""
    ordinary, special = _ranks(encoding)
    needed = 1 + max(max(ordinary.values(), default=-1), max(special.values(), default=-1))
    size = resolve_size(vocab_size, needed)
    eos = resolve_eos(eos_token_ids, special.get(END_OF_TEXT), size)
    silent = {*eos, *special.values()}
    pairs = sorted((rank, token) for token, rank in ordinary.items() if rank not in silent)
    table = build_table(size, [rank for rank, _ in pairs], [token for _, token in pairs])
    check_against_decoder(table, lambda rows: [encoding.decode(row) for row in rows], "the tiktoken encoding")
    written = {token_id: name.encode() for name, token_id in special.items()}
    ids = tuple(sorted(special.values()))
    return TokenSource("tiktoken", table, eos, ids, encoding.encode_ordinary, written)
