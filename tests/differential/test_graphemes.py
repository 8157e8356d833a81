"""Grapheme clusters against ``\\X`` of ``regex``: on random texts of the characters that its rules are about, on
characters of all blocks, and byte by byte inside of characters.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator

import pytest
import regex
from support.vocabularies import byte_vocabulary

import decodex as dx
from decodex._core import Matcher

VOCAB = byte_vocabulary()
# At least one of each class, and more where sequences are longer: emoji with modifiers and joiners, flags, jamo and
# syllables, conjuncts, vowel signs, what stands before its number, controls.
LETTERS = (
    "a é\r\n\0\u0308\u0300\ufe0f\u200c\u200d\u00ad👩👧❤🏽🇩🇪\u0600\u0d4e"
    "\u1100\u1161\u11a8\uac00\uac01\u0915\u0937\u094d\u093c\u0903\u0e33\u1cf5\U00011a3a"
)
SEQUENCES = [
    "👩🏽\u200d👧\u200d👧",
    "🇩🇪🇫",
    "❤\ufe0f\u200d🔥",
    "क्षत्रिय",
    "\u0915\u093c\u200d\u094d\u0937",
    "각\u1100\u1161\u11a8",
    "\r\n",
    "e\u0301\u0323",
]

pytestmark = pytest.mark.skipif(
    len(regex.findall(r"\X", "a\u094d\u0915")) != 1, reason="this regex has the rules of an older Unicode"
)


def clusters(text: str) -> int:
    return len(regex.findall(r"\X", text))


def matcher(low: int, high: int | None) -> Matcher:
    return Matcher(dx.compile(dx.length("graphemes", low, high), VOCAB).native)


def texts(rng: random.Random, count: int) -> Iterator[str]:
    pieces = [*LETTERS, *SEQUENCES]
    for _ in range(count):
        yield "".join(rng.choices(pieces, k=rng.randint(0, 15)))


def test_pairs() -> None:
    """As Unicode's GraphemeBreakTest is made: all pairs of samples, with and without what extends the first."""
    for first, between, second in itertools.product(LETTERS, ("", "\u0308"), LETTERS):
        text = first + between + second
        accepted = [count for count in (1, 2, 3) if matcher(count, count).read_bytes(text.encode())[1]]
        assert accepted == [clusters(text)], ascii(text)


def test_random_texts() -> None:
    for text in texts(random.Random(1), 10_000):
        count = clusters(text)
        assert matcher(count, count).read_bytes(text.encode())[1], (ascii(text), count)


def test_code_points() -> None:
    """Characters of all blocks between those that tell their class: what they join, and what joins them."""
    contexts = "a\r\n\u0308\u200d\u0600\u1100\u1161\u11a8🇩👩\u0915\u094d"
    rng = random.Random(2)
    blocks = [range(0x3100), range(0x11000, 0x12000), range(0x1F000, 0x20000), range(0xE0000, 0xE0200)]
    code_points = [*(c for block in blocks for c in block), *rng.sample(range(0x3100, 0xD800), 5000)]
    code_points += rng.sample(range(0xE000, 0x110000), 10_000)
    exactly = {count: dx.compile(dx.length("graphemes", count, count), VOCAB).native for count in (1, 2, 3)}
    for c in code_points:
        text = rng.choice(contexts) + chr(c) + rng.choice(contexts)
        accepted = [count for count, native in exactly.items() if Matcher(native).read_bytes(text.encode())[1]]
        assert accepted == [clusters(text)], ascii(text)


def test_inside_of_characters() -> None:
    """What may follow the first bytes of a character: those of the characters with which there is not one too many."""
    rng = random.Random(3)
    for text in texts(rng, 600):
        if not text or len(text[-1].encode()) < 3:
            continue
        high = max(0, clusters(text[:-1]) + rng.randint(-1, 1))
        read = text[-1].encode()[:-1]
        expected = set()
        for byte in range(0x80, 0xC0):
            character = (read + bytes([byte])).decode("utf-8", "ignore")
            if character and clusters(text[:-1] + character) <= high:
                expected.add(byte)
        compiled = dx.compile(dx.length("graphemes", 0, high), VOCAB)
        m = compiled.matcher()
        taken = all(m.advance(byte) for byte in text[:-1].encode() + read)
        assert taken == bool(expected), (ascii(text), high)
        if taken:
            assert set(m.allowed_tokens().tolist()) == expected, (ascii(text), high)


def test_decoded_text_of_json() -> None:
    """What is counted is the string, not how it is escaped."""
    rng = random.Random(4)
    for text in texts(rng, 300):
        count = clusters(text)
        where = {"": dx.length("graphemes", count, count)}
        for ascii_only in (False, True):
            options = {"escapes": "any"} if ascii_only else {}
            compiled = dx.compile(dx.json_schema({"type": "string"}, where=where, **options), VOCAB)
            document = json.dumps(text, ensure_ascii=ascii_only)
            assert compiled.check(document).accepted, (document, count)
            assert not compiled.check(document[:-1] + 'b c"').accepted, (document, count)
