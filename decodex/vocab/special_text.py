"""Special tokens that count as the text they are written as, so that a marker such as ``</think>`` may be one of them.

In: a source and the special tokens that the user chose, by id or as they are written. Out: a source in which they have
text, and whose encoding uses them. Refuses what is no special token, one that has no written form, and end tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from decodex.errors import VocabularyError, shown
from decodex.vocab.checks import listed_ids
from decodex.vocab.table import Encode, TokenSource, with_texts

__all__ = ["SpecialTokens", "with_text_of_special"]

SpecialTokens = Iterable[int | str]


def with_text_of_special(source: TokenSource, chosen: SpecialTokens) -> TokenSource:
    """The source in which the chosen special tokens match their text."""
    if isinstance(chosen, str) or not isinstance(chosen, Iterable):
        raise VocabularyError(f"text_of_special is a list of ids or texts of special tokens; write [{shown(chosen)}]")
    texts = {token_id: source.special_texts[token_id] for token_id in (_id_of(source, one) for one in chosen)}
    if not texts:
        return source
    return replace(
        source,
        table=with_texts(source.table, texts),
        special_token_ids=tuple(i for i in source.special_token_ids if i not in texts),
        encode=None if source.encode is None else _Encode(source.encode, texts),
    )


def _id_of(source: TokenSource, chosen: int | str) -> int:
    known = source.special_texts
    if isinstance(chosen, str):
        found = next((i for i, text in known.items() if text == chosen.encode("utf-8", "replace")), None)
    else:
        [given] = listed_ids([chosen], "an item of text_of_special", "an id or a text")
        found = given if given in known else None
    if found is None:
        texts = ", ".join(repr(text.decode("utf-8", "replace")) for text in list(known.values())[:8]) or "none"
        raise VocabularyError(
            f"text_of_special has {shown(chosen)}, which is no special token that is written as text; there are {texts}"
        )
    if found in source.eos_token_ids:
        raise VocabularyError(f"text_of_special has {shown(chosen)}, an end token, which never matches text")
    return int(found)


class _Encode:
    """The encoding of a source, with special tokens where the text has them."""

    def __init__(self, encode: Encode, texts: dict[int, bytes]) -> None:
        self._encode = encode
        self._ids = {text.decode(): token_id for token_id, text in texts.items()}
        longest_first = sorted(self._ids, key=len, reverse=True)
        self._markers = re.compile(f"({'|'.join(map(re.escape, longest_first))})")

    def __call__(self, text: str) -> list[int]:
        ids: list[int] = []
        for index, part in enumerate(self._markers.split(text)):
            if part:
                ids += [self._ids[part]] if index % 2 else self._encode(part)
        return ids
