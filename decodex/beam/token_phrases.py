"""Phrases of token ids: constraints on the tokens of a text instead of on its characters.

A token id is written as one character, four bytes long, so phrases of ids are phrases of text, and the automata that
read text read tokens too: nothing here is a second implementation. ``token_vocabulary`` is the vocabulary in which each
id spells its character. Refuses: end tokens in phrases (no text goes on behind one), ids outside of the vocabulary, and
vocabularies of more than a million ids.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from decodex.constraints import Constraint, contains, excludes, regex
from decodex.errors import ConstraintError, VocabularyError
from decodex.vocab import Vocabulary

__all__ = [
    *("TokenConstraint", "contains_tokens", "excludes_tokens"),
    *("check_token_ids", "token_vocabulary", "written_tokens"),
]

TokenForms: TypeAlias = "Sequence[int] | Sequence[Sequence[int]]"
"""A phrase, or several forms of which any will do: ``[5, 6]``, ``[[5, 6], [7]]``."""

FIRST = 0x10000
"""The character of token 0; from here on all characters have four bytes."""
MOST = 0x110000 - FIRST


@dataclass(frozen=True)
class TokenConstraint:
    """A constraint on the token ids of a text, each written as the character ``chr(FIRST + id)``."""

    constraint: Constraint
    token_ids: frozenset[int]


def contains_tokens(
    *phrases: TokenForms, ordered: bool = False, min_count: int = 1, max_count: int | None = None
) -> TokenConstraint:
    """Texts with every phrase of token ids among their tokens; the rest as in :func:`decodex.contains`.

    >>> contains_tokens([5, 6], [[7], [8, 9]]).token_ids == {5, 6, 7, 8, 9}
    True
    """
    forms, used = _written("contains_tokens", phrases)
    counts = {"ordered": ordered, "min_count": min_count, "max_count": max_count}
    return TokenConstraint(contains(*forms, whole_words=False, **counts), used)  # type: ignore[arg-type]


def excludes_tokens(*phrases: TokenForms) -> TokenConstraint:
    """Texts in whose tokens none of the phrases occurs."""
    forms, used = _written("excludes_tokens", phrases)
    return TokenConstraint(excludes(*forms, whole_words=False), used)


@functools.lru_cache(maxsize=4)
def token_vocabulary(size: int, eos_token_ids: tuple[int, ...]) -> Vocabulary:
    """The vocabulary in which each of ``size`` ids spells its own character, but for those that end a text.

    Behind them there are ids that no model has: one for each byte, so that every text can be spelled, and an end.
    """
    if size > MOST:
        raise VocabularyError(f"the vocabulary has {size:,} ids; phrases of token ids can tell {MOST:,} apart")
    tokens: list[bytes | None] = [chr(FIRST + token).encode() for token in range(size)]
    for token in eos_token_ids:
        tokens[token] = None
    tokens += [bytes([byte]) for byte in range(256)]
    return Vocabulary.from_tokens([*tokens, None], eos_token_ids=[*eos_token_ids, len(tokens)])


def written_tokens(size: int) -> Constraint:
    """Texts of the characters of token ids, and no others."""
    return regex(f"[{chr(FIRST)}-{chr(FIRST + size - 1)}]*")


def check_token_ids(constraint: TokenConstraint, size: int, eos_token_ids: tuple[int, ...]) -> None:
    """A ``ConstraintError`` when its phrases have end tokens or ids that the model does not have."""
    for token in sorted(constraint.token_ids):
        if token >= size:
            raise ConstraintError(f"token id {token} is outside of the model's 0..{size - 1}")
        if token in eos_token_ids:
            raise ConstraintError(
                f"token id {token} of a phrase ends a text, and nothing is written behind it; leave it out"
            )


def _written(name: str, phrases: Iterable[TokenForms]) -> tuple[list[tuple[str, ...]], frozenset[int]]:
    """Each phrase as the texts of its forms, and all ids in them."""
    out = []
    used: set[int] = set()
    for index, phrase in enumerate(phrases):
        items: list[Any] = list(phrase) if isinstance(phrase, Iterable) and not isinstance(phrase, (str, bytes)) else []
        several = bool(items) and all(isinstance(one, Iterable) for one in items)
        forms: list[list[Any]] = [list(form) for form in items] if several else [items]
        for form in forms:
            if not form or not all(_is_id(token) for token in form):
                raise ConstraintError(
                    f"{name} takes phrases of token ids, or lists of such forms, none of them empty; item {index} is "
                    f"{phrase!r}",
                    location=f"item {index}",
                )
            used.update(map(int, form))
        out.append(tuple("".join(chr(FIRST + int(token)) for token in form) for form in forms))
    return out, frozenset(used)


def _is_id(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool) and 0 <= int(value) < MOST
