"""The bytes of pieces under a decoder of ``tokenizers``, without running it piece by piece.

In: the decoder's own JSON (``{"type": "Sequence", "decoders": [...]}``) and the pieces of a vocabulary. Out:
what each piece adds in the middle of a text and what as its first token. Method: the decoder's steps are
applied to two readings of each piece, one per place. A byte that is no UTF-8 by itself travels in the strings
as a surrogate escape.

Invariant: the text of a token sequence is the first reading of its first piece and the middle reading of the
others. Decoders for which no such bytes exist are refused with their kind: those that look at the end of the
text, at neighbours or at repeats (``BPEDecoder``, ``CTC``, ``Strip`` at the right of a whole text, a
``Replace`` that spans pieces or is a pattern). Cost: a few list passes; the plain byte-level decoder takes
one pass in NumPy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from decodex.errors import VocabularyError
from decodex.vocab.byte_alphabet import piece_bytes, pieces_bytes

__all__ = ["decode_pieces"]

Spec = Mapping[str, Any]
Decoded = tuple[bytes, npt.NDArray[np.int64], dict[int, bytes]]

BYTE_PIECE = re.compile("<0x([0-9A-Fa-f]{2})>")
PATTERN_CHARACTERS = frozenset("\\.^$*+?{}[]|()")

# What the WordPiece decoder tidies inside of one piece and the space before it, in its order.
WORDPIECE_TIDY = (
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (" do not", " don't"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
)


@dataclass(slots=True)
class _Readings:
    """Each piece as it reads in the middle of a text and as its first, after the steps so far."""

    middle: list[str]
    first: list[str]
    whole: bool = False  # later steps see the whole text as one piece
    raw: bool = False  # pieces may be parts of a character, and later steps see runs of them as one piece

    def change(self, step: Callable[[str], str]) -> None:
        """Apply a step that treats every place alike."""
        same = self.first is self.middle
        self.middle = [step(piece) for piece in self.middle]
        self.first = self.middle if same else [step(piece) for piece in self.first]


def _refuse(kind: str, reason: str) -> VocabularyError:
    return VocabularyError(
        f"the tokenizer's decoder uses {kind}, {reason}: its tokens have no bytes of their own that "
        "decodex could constrain; if you know the bytes of each token, pass them to Vocabulary.from_tokens"
    )


def _need_pieces(readings: _Readings, kind: str) -> None:
    if readings.whole or readings.raw:
        raise _refuse(f"{kind} behind a step that joins pieces", "so that it sees more than one token")


def _as_string(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _byte_level(readings: _Readings, _spec: Spec) -> None:
    _need_pieces(readings, "ByteLevel")
    readings.change(lambda piece: _as_string(piece_bytes(piece)))
    readings.whole = readings.raw = True


def _byte_fallback(readings: _Readings, _spec: Spec) -> None:
    _need_pieces(readings, "ByteFallback")

    def step(piece: str) -> str:
        found = BYTE_PIECE.fullmatch(piece) if len(piece) == 6 else None
        return _as_string(bytes([int(found[1], 16)])) if found else piece

    readings.change(step)
    readings.raw = True


def _replace(readings: _Readings, spec: Spec) -> None:
    pattern, content = spec["pattern"], spec["content"]
    old = pattern.get("String", pattern.get("Regex"))
    if not old or ("String" not in pattern and not PATTERN_CHARACTERS.isdisjoint(old)):
        raise _refuse(f"Replace with the pattern {old!r}", "which is not a plain string")
    if (readings.whole and len(old) > 1) or (readings.raw and len(old.encode()) > 1):
        raise _refuse(
            f"Replace of {old!r} behind a step that joins pieces", "which may lie across two tokens"
        )
    readings.change(lambda piece: piece.replace(old, content))


def _fuse(readings: _Readings, _spec: Spec) -> None:
    readings.whole = True


def _strip_ends(piece: str, content: str, left: int, right: int) -> str:
    begin = 0
    while begin < min(left, len(piece)) and piece[begin] == content:
        begin += 1
    end = len(piece)
    while end > begin and len(piece) - end < right and piece[end - 1] == content:
        end -= 1
    return piece[begin:end]


def _strip(readings: _Readings, spec: Spec) -> None:
    content, left, right = spec["content"], spec.get("start", 0), spec.get("stop", 0)
    if not readings.whole:
        _need_pieces(readings, "Strip")
        readings.change(lambda piece: _strip_ends(piece, content, left, right))
        return
    if right:
        raise _refuse("Strip at the end of the whole text", "which takes away what the last token wrote")
    silent = any(not a and b for a, b in zip(readings.first, readings.middle, strict=True))
    if left > 1 or (left and (silent or (readings.raw and not content.isascii()))):
        raise _refuse(f"Strip of {left} {content!r} off the whole text", "which may reach the second token")
    readings.first = [_strip_ends(piece, content, left, 0) for piece in readings.first]


def _metaspace(readings: _Readings, spec: Spec) -> None:
    _need_pieces(readings, "Metaspace")
    mark = spec.get("replacement", "\u2581")
    scheme = spec.get("prepend_scheme", "always" if spec.get("add_prefix_space", True) else "never")
    first, middle = readings.first, readings.middle
    readings.middle = [piece.replace(mark, " ") for piece in middle]
    if str(scheme).lower() != "never":
        readings.first = [piece.replace(mark, "") for piece in first]
    else:
        readings.first = readings.middle if first is middle else [piece.replace(mark, " ") for piece in first]


def _wordpiece(readings: _Readings, spec: Spec) -> None:
    _need_pieces(readings, "WordPiece")
    prefix, tidy = spec.get("prefix", "##"), spec.get("cleanup", True)
    first = readings.first
    readings.middle = [
        piece[len(prefix) :] if piece.startswith(prefix) else f" {piece}" for piece in readings.middle
    ]
    readings.first = list(first)
    if tidy:
        readings.change(_tidy)


def _tidy(piece: str) -> str:
    if " " in piece:
        for old, new in WORDPIECE_TIDY:
            piece = piece.replace(old, new)
    return piece


def _join_with_spaces(readings: _Readings) -> None:
    """A tokenizer without a decoder puts a space between any two tokens."""
    readings.first = readings.middle
    readings.middle = [f" {piece}" for piece in readings.middle]


STEPS: dict[str, Callable[[_Readings, Spec], None]] = {
    "ByteLevel": _byte_level,
    "ByteFallback": _byte_fallback,
    "Replace": _replace,
    "Fuse": _fuse,
    "Strip": _strip,
    "Metaspace": _metaspace,
    "WordPiece": _wordpiece,
}
REASONS = {
    "BPEDecoder": "which drops the space behind the last token of a text only",
    "CTC": "which merges repeated tokens",
}


def _steps(decoder: Spec) -> list[Spec]:
    """The decoder's steps in order, nested sequences laid flat."""
    flat: list[Spec] = []
    pending = [decoder]
    while pending:
        spec = pending.pop()
        if spec.get("type") == "Sequence":
            pending.extend(reversed(spec["decoders"]))
        else:
            flat.append(spec)
    return flat


def decode_pieces(pieces: Sequence[str], decoder: Spec | None) -> Decoded:
    """The bytes of all pieces, one after the other; their lengths; and by place in ``pieces`` what differs at
    the start.

    ``decoder`` is the JSON of the tokenizer's decoder, ``None`` where it has none. Raises ``VocabularyError``
    with the kind of a step under which tokens have no bytes of their own.
    """
    steps = _steps(decoder) if decoder is not None else []
    if [spec.get("type") for spec in steps] == ["ByteLevel"]:
        return *pieces_bytes(pieces), {}
    middle = list(pieces)
    readings = _Readings(middle, middle)
    if decoder is None:
        _join_with_spaces(readings)
    for spec in steps:
        kind = str(spec.get("type"))
        step = STEPS.get(kind)
        if step is None:
            raise _refuse(f"the step {kind}", REASONS.get(kind, "which is not known here"))
        step(readings, spec)
    texts = [text.encode("utf-8", "surrogateescape") for text in readings.middle]
    start: dict[int, bytes] = {}
    if readings.first is not readings.middle:
        both = zip(readings.first, readings.middle, strict=True)
        start = {k: a.encode("utf-8", "surrogateescape") for k, (a, b) in enumerate(both) if a != b}
    return b"".join(texts), np.fromiter(map(len, texts), np.int64, len(texts)), start
