"""Forced text as tokens: what must come next, cut as the tokenizer itself would cut it.

In: a matcher, and what turns text into ids. Out: tokens that may be appended without asking the model. Invariant:
they are the tokenizer's own cut of the text, whatever comes after the forced part. Where a token crosses from the
forced text into what follows, the tokens in front of it are the cut of the text in front of it: that holds for
merges (BPE), for most likely pieces (Unigram) and for longest matches (WordPiece) alike. So the text is cut at each
place at which the vocabulary and the constraint let a token begin that crosses, and what all cuts share is certain.
The last tokens read take part, so that a token which would begin among them is seen; the text before the matcher's
start does not. Cost: a few calls of the tokenizer, none where nothing is forced. Rules that split words before the
tokenizer may look at one character that is no part of a token; they are met for white space, where they are common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from decodex.errors import VocabularyError, shown

if TYPE_CHECKING:
    from decodex._core import Matcher

Tokenize = Callable[[str], Sequence[int]]

_CONTEXT = 8  # tokens in front that are cut together with the forced text
_CONTINUATION = bytes(range(0x80, 0xC0))  # bytes of UTF-8 that begin no character


def forced_tokens(matcher: Matcher, tokenize: Tokenize | None = None) -> list[int]:
    """Tokens that may be appended without asking the model; the matcher does not move.

    ``tokenize``: text to ids, no special tokens. The list is empty where nothing is forced for certain: without
    ``tokenize``, where the text so far has been cut in another way than the tokenizer's, and where what follows
    could change the first token. Tokens that do not spell the forced bytes, as those of another tokenizer, end it.
    """
    if tokenize is None:
        return []
    if not callable(tokenize):
        raise VocabularyError(f"tokenize is a function from a text to token ids, not {shown(tokenize)}")
    forced = matcher.forced_bytes()
    if not forced:
        return []
    before = matcher.last_bytes(_CONTEXT).lstrip(_CONTINUATION)
    forced = forced[: _whole_characters(before + forced) - len(before)]
    ends = _ends(matcher, forced)
    if not ends or ends[0] == 0:
        return []
    certain = _cut(matcher, tokenize, before, forced[: ends[0]])
    for end in ends[1:]:
        if not certain:
            break
        certain = _shared(certain, _cut(matcher, tokenize, before, forced[:end]))
    return certain[: matcher.validate(certain)]


def _ends(matcher: Matcher, forced: bytes) -> list[int]:
    """Where the cut of the text may have to end because the next token begins there, ascending."""
    ends = {*matcher.crossings(forced), len(forced)}
    if forced[-1:].isspace() and matcher.bytes_after(forced):
        ends.add(len(forced) - 1)
    return sorted({_character_start(forced, end) for end in ends})


def _cut(matcher: Matcher, tokenize: Tokenize, before: bytes, forced: bytes) -> list[int]:
    """The tokenizer's tokens of the forced text behind ``before``; none if one begins before it."""
    try:
        text = (before + forced).decode()
    except UnicodeDecodeError:
        return []
    cut = tokenize(text)
    if not isinstance(cut, Iterable):
        raise VocabularyError(f"tokenize gives a list of token ids, not {shown(cut)}")
    ids = list(cut)
    count = matcher.spelling(ids, len(forced))
    return ids[len(ids) - count :] if count else []


def _shared(one: list[int], other: list[int]) -> list[int]:
    """The longest beginning that both have."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return one[:place]
    return one[: len(other)]


def _character_start(text: bytes, place: int) -> int:
    while 0 < place < len(text) and text[place] in _CONTINUATION:
        place -= 1
    return place


def _whole_characters(text: bytes) -> int:
    """The length of the text without a character at its end that is not complete."""
    start = _character_start(text, len(text) - 1)
    length = 1 if text[start] < 0xC0 else 2 if text[start] < 0xE0 else 3 if text[start] < 0xF0 else 4
    return len(text) if start + length <= len(text) else start
