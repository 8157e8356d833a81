"""A check, at load, that the bytes derived for a vocabulary are those of the tokenizer's own decoder.

In: a table and the tokenizer's decode function. A few dozen ids, spread over the vocabulary, are decoded
alone (as the first token of a text) and behind another token, and compared. Only tokens of whole UTF-8
characters are taken: for the others the decoder answers with replacement characters, which tells nothing.
Cost: about eighty short decodes. Refuses with a ``VocabularyError``: to refuse is better than to constrain
the wrong text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from decodex.errors import VocabularyError
from decodex.vocab.table import TokenTable

__all__ = ["check_against_decoder"]

SAMPLES = 32  # ids taken evenly from all with text
START_SAMPLES = 8  # and from those that add other bytes at the start of a text
TRIES = 64  # ids looked at for each sample until one is whole UTF-8

DecodeMany = Callable[[list[list[int]]], list[str]]


def _is_text(data: bytes) -> bool:
    try:
        return "\ufffd" not in data.decode()
    except UnicodeDecodeError:
        return False


def _checkable(table: TokenTable, token_id: int) -> bool:
    return _is_text(table.middle(token_id)) and _is_text(table.start(token_id))


def _spread(table: TokenTable, ids: list[int], count: int) -> Iterator[int]:
    """About ``count`` checkable ids, evenly from ``ids``."""
    step = max(1, len(ids) // count)
    for first in range(0, len(ids), step):
        yield from [i for i in ids[first : first + min(step, TRIES)] if _checkable(table, i)][:1]


def _anchor(table: TokenTable, ids: list[int]) -> int | None:
    """A token of ASCII letters, to be put before the others."""
    for token_id in ids:
        text = table.start(token_id)
        if text.isascii() and text.isalpha():
            return token_id
    return None


def check_against_decoder(table: TokenTable, decode_many: DecodeMany, source: str) -> None:
    """Compare a sample of ``table`` with ``decode_many``, which decodes a list of token lists without special
    tokens."""
    ids = np.flatnonzero(table.has_text).tolist()
    samples = list(_spread(table, ids, SAMPLES))
    samples += _spread(table, [i for i in table.start_ids.tolist() if table.has_text[i]], START_SAMPLES)
    cases = [([token_id], table.start(token_id)) for token_id in samples]
    anchor = _anchor(table, ids)
    if anchor is not None:
        before = table.start(anchor)
        cases += [([anchor, token_id], before + table.middle(token_id)) for token_id in samples]
    if not cases:
        return
    for (token_ids, expected), answer in zip(cases, decode_many([case[0] for case in cases]), strict=True):
        if expected.decode() != answer:
            raise VocabularyError(
                f"the tokens {token_ids} were read from {source} as the text {expected.decode()!r}, but its "
                f"own decoder answers {answer!r}: the bytes of its tokens cannot be derived; give them with "
                "Vocabulary.from_tokens"
            )
