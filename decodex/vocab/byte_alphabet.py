"""The printable alphabet of byte-level BPE: 256 characters that stand for the 256 bytes.

In: pieces written in that alphabet. Out: their bytes. A byte whose Latin-1 character is visible stands for
itself; the other 68, in ascending order, are the characters from U+0100 on. Published with GPT-2 (Radford et
al., 2019). A piece with a character outside of the alphabet stands for its own UTF-8, as the byte-level
decoder of ``tokenizers`` has it. Cost: one pass over all characters of all pieces in NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["alphabet", "piece_bytes", "pieces_bytes"]


@cache
def alphabet() -> tuple[str, ...]:
    """The character of each byte: ``alphabet()[byte]``."""
    visible = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = [byte for byte in range(256) if byte not in visible]
    stand_in = {byte: chr(0x100 + place) for place, byte in enumerate(hidden)}
    return tuple(stand_in.get(byte, chr(byte)) for byte in range(256))


@cache
def _byte_of_character() -> dict[str, int]:
    return {character: byte for byte, character in enumerate(alphabet())}


@cache
def _byte_of_code() -> npt.NDArray[np.int16]:
    """The byte of each code point; -1 outside of the alphabet, and the last entry stands for all higher
    ones."""
    table = np.full(max(map(ord, alphabet())) + 2, -1, np.int16)
    for byte, character in enumerate(alphabet()):
        table[ord(character)] = byte
    return table


def piece_bytes(piece: str) -> bytes:
    """The bytes of one piece."""
    byte_of = _byte_of_character()
    try:
        return bytes([byte_of[character] for character in piece])
    except KeyError:
        return piece.encode()


def pieces_bytes(pieces: Sequence[str]) -> tuple[bytes, npt.NDArray[np.int64]]:
    """The bytes of all pieces, one after the other, and the length of each in bytes."""
    codes = np.frombuffer("".join(pieces).encode("utf-32-le"), np.uint32)
    table = _byte_of_code()
    values = table[np.minimum(codes, len(table) - 1)]
    if (values < 0).any():
        texts = [piece_bytes(piece) for piece in pieces]
        return b"".join(texts), np.fromiter(map(len, texts), np.int64, len(texts))
    return values.astype(np.uint8).tobytes(), np.fromiter(map(len, pieces), np.int64, len(pieces))
