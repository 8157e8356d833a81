"""A matcher in plain Python over a finite set of texts: slow, obvious, and counted.

It has the face of the native matcher as far as the logits processor uses it, so that the bookkeeping of texts
can be tested alone, and it tells how often it was copied and advanced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from decodex.errors import VocabularyError

__all__ = ["FakeMatcher"]


class FakeMatcher:
    """Reads tokens (one character each, by number: ``letters[id]``) of any of ``words``; ``letters[0]`` ends
    them.
    """

    def __init__(self, words: Iterable[str], letters: str, calls: Counter[str] | None = None) -> None:
        self.words = frozenset(words)
        self.letters = letters
        self.read: list[int] = []
        self.is_finished = False
        self.calls: Counter[str] = Counter() if calls is None else calls

    @property
    def text(self) -> str:
        return "".join(self.letters[token] for token in self.read)

    def allows(self, token: int) -> bool:
        if not 0 <= token < len(self.letters):
            raise VocabularyError(f"there is no token {token}")
        if token == 0:
            return self.is_finished or self.text in self.words
        return not self.is_finished and any(
            word.startswith(self.text + self.letters[token]) for word in self.words
        )

    def advance(self, token: int) -> bool:
        self.calls["advance"] += 1
        if not self.allows(token) or self.is_finished:
            return False
        if token == 0:
            self.is_finished = True
        else:
            self.read.append(token)
        return True

    def fork(self) -> FakeMatcher:
        self.calls["fork"] += 1
        copy = FakeMatcher(self.words, self.letters, self.calls)
        copy.read, copy.is_finished = list(self.read), self.is_finished
        return copy

    @staticmethod
    def ids(text: str, letters: str) -> Sequence[int]:
        return [letters.index(letter) for letter in text]
