"""Checks of what every constructor of a vocabulary takes: the width of the logits, end tokens, special
tokens.

In: the user's arguments beside what the tokenizer declares. Out: plain ints and sorted tuples. Refuses with a
``VocabularyError`` that names the value, the range it had to be in, and the argument to pass instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import index

from decodex.errors import VocabularyError, shown

__all__ = ["TokenIds", "id_list", "listed_ids", "resolve_eos", "resolve_size", "resolve_special"]

TokenIds = int | Iterable[int] | None

MAX_SIZE = 1 << 30  # the core keeps ids in 32 bits


def id_list(ids: TokenIds, what: str) -> list[int]:
    """``ids`` as a list: nothing, one id, or several."""
    if ids is None:
        return []
    try:
        return [index(ids)]  # type: ignore[arg-type]  # a single id, of any integer type
    except TypeError:
        return listed_ids(ids, what, "an integer or a list of integers")  # type: ignore[arg-type]


def listed_ids(ids: Iterable[int], what: str, wanted: str = "a list of integers") -> list[int]:
    """``ids``, of any integer type, as a list of plain ints."""
    try:
        return [index(token_id) for token_id in ids]
    except TypeError as error:
        raise VocabularyError(f"{what} must be {wanted}, not {shown(ids)}") from error


def resolve_size(vocab_size: int | None, ids_needed: int) -> int:
    """The number of ids: ``vocab_size`` (the width of the logits) or as many as the tokenizer has."""
    if ids_needed <= 0:
        raise VocabularyError("the vocabulary is empty: pass at least one token")
    if vocab_size is None:
        size = ids_needed
    else:
        try:
            size = index(vocab_size)
        except TypeError as error:
            raise VocabularyError(f"vocab_size must be an integer, not {shown(vocab_size)}") from error
    if size < ids_needed:
        raise VocabularyError(
            f"vocab_size={shown(size)} is smaller than the {ids_needed} ids of the tokenizer: pass the width of the "
            "model's logits; if the model really has fewer, use Vocabulary.from_tokens with the tokens it has"
        )
    if size > MAX_SIZE:
        raise VocabularyError(f"vocab_size={shown(size)} is above the limit of {MAX_SIZE} ids")
    return size


def _in_range(ids: list[int], size: int, what: str) -> tuple[int, ...]:
    for token_id in ids:
        if not 0 <= token_id < size:
            raise VocabularyError(f"{what} has the id {shown(token_id)}, outside of the vocabulary's 0..{size - 1}")
    return tuple(sorted(set(ids)))


def resolve_eos(given: TokenIds, declared: TokenIds, size: int) -> tuple[int, ...]:
    """The end tokens: exactly those the user gave, else those the tokenizer declares; at least one."""
    ids = id_list(declared if given is None else given, "eos_token_ids")
    if not ids:
        raise VocabularyError(
            "the vocabulary has no end token, so no text could ever be finished: pass eos_token_ids=[...], "
            "for instance model.generation_config.eos_token_id"
        )
    return _in_range(ids, size, "eos_token_ids")


def resolve_special(ids: TokenIds, size: int) -> tuple[int, ...]:
    """The special tokens, sorted and without repeats."""
    return _in_range(id_list(ids, "special_token_ids"), size, "special_token_ids")
