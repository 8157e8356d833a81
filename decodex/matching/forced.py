"""Forced text as tokens: what must come next, cut as the tokenizer itself would cut it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decodex._core import Matcher

Tokenize = Callable[[str], Sequence[int]]

_MARGIN = 2  # tokens at the end that more text could change


def forced_tokens(matcher: Matcher, tokenize: Tokenize | None = None) -> list[int]:
    """Tokens that may be appended without asking the model.

    The forced bytes are cut by ``tokenize`` (text to ids, no special tokens). Its last two tokens are left out,
    because the tokenizer may merge them with what follows: a margin that holds for ordinary merges, not a proof.
    Tokens that do not spell the forced bytes here, such as one with a space mark that ``tokenize`` puts in front,
    end the list; without ``tokenize`` nothing is known of the canonical cut and the list is empty. The matcher does
    not move.
    """
    if tokenize is None:
        return []
    text = matcher.forced_bytes().decode("utf-8", "ignore")
    if not text:
        return []
    ids = list(tokenize(text))
    ids = ids[: max(len(ids) - _MARGIN, 0)]
    return ids[: matcher.validate(ids)]
