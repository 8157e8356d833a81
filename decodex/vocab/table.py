"""The bytes of every token as flat arrays, and what a tokenizer source hands over.

In: ids with the bytes they add in the middle of a text, and the ids that add something else as its first
token. Out: a ``TokenTable`` whose arrays go to the native core as they are. Invariant: ``offsets`` ascends
from 0 to ``len(blob)``; an id without text has no bytes anywhere; ``start_ids`` ascends. Cost: linear in the
bytes; a 131k vocabulary takes a few hundredths of a second. Checks of what users pass are in ``checks.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

__all__ = ["TokenSource", "TokenTable", "build_table", "table_from_blob", "with_texts"]

Int64s = npt.NDArray[np.int64]
Encode = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True, eq=False)
class TokenTable:
    """Bytes per token id, packed: token ``i`` is ``blob[offsets[i]:offsets[i + 1]]`` where ``has_text[i]`` is
    1."""

    blob: bytes
    offsets: Int64s
    has_text: npt.NDArray[np.uint8]
    start_ids: npt.NDArray[np.int32]
    start_blob: bytes
    start_offsets: Int64s

    def __len__(self) -> int:
        return len(self.has_text)

    def middle(self, token_id: int) -> bytes:
        """The bytes the token adds anywhere but at the start of a text; empty when it has no text."""
        return self.blob[self.offsets[token_id] : self.offsets[token_id + 1]]

    def start(self, token_id: int) -> bytes:
        """The bytes the token adds as the first token of a text; empty when it has no text."""
        place = int(np.searchsorted(self.start_ids, token_id))
        if place == len(self.start_ids) or self.start_ids[place] != token_id:
            return self.middle(token_id)
        return self.start_blob[self.start_offsets[place] : self.start_offsets[place + 1]]


@dataclass(frozen=True, slots=True)
class TokenSource:
    """All that a ``Vocabulary`` is made of, as one tokenizer library gave it."""

    kind: str
    table: TokenTable
    eos_token_ids: tuple[int, ...]
    special_token_ids: tuple[int, ...]
    encode: Encode | None = None
    special_texts: Mapping[int, bytes] = field(default_factory=dict)
    """How the special tokens that have no text are written."""


def _offsets(lengths: Int64s) -> Int64s:
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _lengths(pieces: Sequence[bytes]) -> Int64s:
    return np.fromiter(map(len, pieces), np.int64, len(pieces))


def table_from_blob(
    size: int, ids: npt.ArrayLike, blob: bytes, lengths: Int64s, start: Mapping[int, bytes] | None = None
) -> TokenTable:
    """A table of ``size`` ids in which ``ids`` (ascending) have the consecutive parts of ``blob`` as their
    bytes.

    ``start`` gives the ids that add other bytes at the start of a text. An id that adds nothing in either
    place is recorded as having no text.
    """
    where = np.asarray(ids, np.int64)
    spread = np.zeros(size, np.int64)
    spread[where] = lengths
    has_text = np.zeros(size, np.uint8)
    has_text[where] = lengths > 0
    start_ids = sorted(start) if start else []
    start_pieces = [start[token_id] for token_id in start_ids] if start else []
    for token_id, piece in zip(start_ids, start_pieces, strict=True):
        if piece:
            has_text[token_id] = 1
    return TokenTable(
        blob=blob,
        offsets=_offsets(spread),
        has_text=has_text,
        start_ids=np.array(start_ids, np.int32),
        start_blob=b"".join(start_pieces),
        start_offsets=_offsets(_lengths(start_pieces)),
    )


def build_table(
    size: int, ids: Sequence[int], pieces: Sequence[bytes], start: Mapping[int, bytes] | None = None
) -> TokenTable:
    """A table of ``size`` ids in which ``ids[k]`` (ascending) adds ``pieces[k]``; see ``table_from_blob``."""
    return table_from_blob(size, ids, b"".join(pieces), _lengths(pieces), start)


def with_texts(table: TokenTable, texts: Mapping[int, bytes]) -> TokenTable:
    """The table in which ids that have no text get one."""
    lengths, has_text = np.diff(table.offsets), table.has_text.copy()
    parts, done = [], 0
    for token_id in sorted(texts):
        place = int(table.offsets[token_id])
        parts += [table.blob[done:place], texts[token_id]]
        done = place
        lengths[token_id], has_text[token_id] = len(texts[token_id]), 1
    blob = b"".join([*parts, table.blob[done:]])
    return replace(table, blob=blob, offsets=_offsets(lengths), has_text=has_text)
