"""Forced text as tokens: what must come next, cut as the tokenizer itself would cut it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decodex._core import Matcher

Tokenize = Callable[[str], Sequence[int]]


def forced_tokens(matcher: Matcher, tokenize: Tokenize | None = None) -> list[int]:
    """Tokens that may be appended without asking the model.

    The forced bytes are cut by ``tokenize`` (text to ids, no special tokens). Tokens at the end are left out while what
    follows could still merge with them, that is, all that end within the last word; the rest is what the tokenizer
    would make of any text that goes on from here. Without ``tokenize`` nothing is known of the canonical cut and the
    list is empty. The matcher does not move.
    """
    if tokenize is None:
        return []
    text = matcher.forced_bytes().decode("utf-8", "ignore")
    if not text:
        return []
    ids = list(tokenize(text))
    # The last token may be cut differently once the text goes on; two are dropped to be on the safe side of merges.
    ids = ids[: max(len(ids) - 2, 0)]
    return ids[: matcher.validate(ids)]
