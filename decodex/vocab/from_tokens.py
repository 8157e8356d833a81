"""A vocabulary from a plain list of byte strings, one per id.

In: ``list[bytes | None]``, index = id. Out: a ``TokenSource``. Refuses an empty list, an element that is
neither bytes nor ``None`` (with its index), ids out of range, and a list without an end token.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from decodex.errors import VocabularyError, shown
from decodex.vocab.checks import TokenIds, resolve_eos, resolve_size, resolve_special
from decodex.vocab.table import TokenSource, build_table

__all__ = ["load_tokens"]


def _check_elements(tokens: Sequence[bytes | None]) -> None:
    for token_id, token in enumerate(tokens):
        if token is not None and not isinstance(token, bytes):
            hint = ": encode it, for instance token.encode()" if isinstance(token, str) else ""
            raise VocabularyError(
                f"tokens[{token_id}] is {shown(token)} of type {type(token).__name__}; every token must be bytes, "
                f"or None for an id without text{hint}"
            )


def load_tokens(
    tokens: Sequence[bytes | None],
    eos_token_ids: TokenIds,
    special_token_ids: Iterable[int],
    vocab_size: int | None,
) -> TokenSource:
    """Read a list of tokens; the bytes of special tokens and end tokens are dropped, they never match
    text."""
    if isinstance(tokens, (str, bytes)) or not isinstance(tokens, Sequence):
        raise VocabularyError(f"tokens must be a list of bytes, index = id, not {type(tokens).__name__}")
    size = resolve_size(vocab_size, len(tokens))
    _check_elements(tokens)
    eos = resolve_eos(eos_token_ids, None, size)
    special = resolve_special(special_token_ids, size)
    silent = {*eos, *special}
    ids = [i for i, token in enumerate(tokens) if token is not None and i not in silent]
    pieces = [token for i, token in enumerate(tokens) if token is not None and i not in silent]
    texts = {i: tokens[i] for i in special if i < len(tokens)}
    written = {i: text for i, text in texts.items() if text}
    return TokenSource("tokens", build_table(size, ids, pieces), eos, special, special_texts=written)
