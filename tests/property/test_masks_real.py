"""On real vocabularies, masks equal brute force over every token through an independent oracle, bit for bit.

The constraints are patterns whose automata interegular builds; the JSON ones are patterns of the same language as a
schema. Each is entered by random walks, and at each place every id of the vocabulary is judged byte by byte.
"""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest
from support.oracles import PatternOracle
from support.tokenizers import sentencepiece_path, tekken_131k

import decodex as dx

STRING = r'"([^"\\\x00-\x1f]|\\["\\bfnrt]|\\u00(0[0-7be]|1[0-9a-f]))*"'
NUMBER = r"-?(0|[1-9][0-9]{0,31})"

PATTERNS = [
    r"[a-z]+",
    r"[A-Z][a-z]{2,8}( [A-Z][a-z]{2,8}){0,2}",
    r"(yes|no|maybe not)",
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    r"[^\n]{0,40}\n",
    r"([^,\n]*,){2}[^,\n]*",
    r"(\+[0-9]{1,3} )?[0-9 ]{6,12}",
    r"[a-z0-9._]{1,20}@[a-z0-9-]{1,20}\.(com|org|net)",
    r"(.|\n)*stop",
    r"é+[à-ü]*",
    r"[一-龥]{1,6}。",
    r".{3,5}",
    r"(ab|a)(c|bcd)*",
    r"#[0-9a-fA-F]{6}",
    r'\{"name": ' + STRING + r', "age": [0-9]{1,3}\}',
    r'\[("[a-z]{1,5}"(, "[a-z]{1,5}"){0,3})?\]',
]


@cache
def vocabulary(name: str) -> dx.Vocabulary:
    if name == "tekken":
        return dx.Vocabulary.from_mistral(tekken_131k())
    return dx.Vocabulary.from_sentencepiece(sentencepiece_path().read_bytes())


def brute_force(oracle: PatternOracle, vocab: dx.Vocabulary, prefix: bytes, at_start: bool) -> np.ndarray:
    words = np.zeros((len(vocab) + 31) // 32, np.uint32)
    ends = set(vocab.eos_token_ids)
    for token, text in enumerate(vocab.tokens):
        if token in ends:
            allowed = oracle.accepts(prefix)
        elif text is None:
            allowed = False
        else:
            spelled = vocab.start_tokens.get(token, text) if at_start else text
            # a token that is silent at the start of a text moves nothing but is allowed
            allowed = oracle.allows(prefix, spelled) if spelled else at_start and bool(text)
        if allowed:
            words[token >> 5] |= np.uint32(1 << (token & 31))
    return words


def compare(vocab: dx.Vocabulary, pattern: str, places: int, seed: int) -> int:
    rng = random.Random(seed)
    oracle = PatternOracle(pattern)
    compiled = dx.compile(dx.regex(pattern), vocab)
    mask = np.asarray(dx.allocate_bitmask(1, len(vocab)))
    done = 0
    while done < places:
        matcher, prefix = compiled.matcher(), b""
        for step in range(rng.randint(0, 6)):
            choices = [int(t) for t in matcher.allowed_tokens() if t not in vocab.eos_token_ids]
            if not choices:
                break
            token = rng.choice(choices)
            assert matcher.advance(token)
            prefix += vocab.start_tokens.get(token, vocab.tokens[token]) if step == 0 else vocab.tokens[token]
        mask.fill(0)
        matcher.fill_bitmask(mask)
        expected = brute_force(oracle, vocab, prefix, matcher.tokens_read == 0)
        wrong = np.flatnonzero(mask[0].view(np.uint32) != expected)
        assert not len(wrong), (pattern, prefix, [(int(w), hex(int(expected[w]))) for w in wrong[:4]])
        done += 1
    return done


@pytest.mark.slow
@pytest.mark.parametrize(("name", "places"), [("tekken", 4), ("sentencepiece", 9)])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_masks_equal_brute_force(name: str, places: int, pattern: str) -> None:
    assert compare(vocabulary(name), pattern, places, seed=len(pattern)) == places


def test_one_mask_equals_brute_force() -> None:
    assert compare(vocabulary("sentencepiece"), r"[A-Z][a-z]+, [0-9]{2}", 2, seed=1) == 2
