"""Forced tokens are the tokenizer's own cut of the whole text, whichever text it becomes.

The judge is the tokenizer: several texts that begin alike are a choice, each is cut as a whole, and wherever tokens
are forced on the way through that cut they must be the ones that come next in it. ``crossings`` is judged by trying
every token of a small vocabulary at every place.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from support import tokenizers as real
from support.vocabularies import random_vocabulary

import decodex as dx

PIECES = [
    *(" ", "  ", "\n", "\n\n  ", "\t", ".", ", ", '": "', '{"', '"}', "'s", "'", "-", "__", "://", "\r\n"),
    *("name", "names", " the", " other", "ing", "12", "3456", "7", "CamelCase", "snake_case", "ab", "abc", "aaaa"),
    *("é", "Zoë", "日本", "語", "🎉", "👩‍👩‍👧", "naïve", " “", "”"),
]
WORDS = [" the", " name", "s", " other", "ing", " house", "hold", " warehouse", " 12", "34"]  # of one spelling
SCHEMA = {
    "type": "object",
    "properties": {
        "document_type": {"const": "quarterly report"},
        "departments": {"type": "array", "items": {"enum": ["logistics", "logic", "law"]}, "minItems": 1},
        "total_value": {"type": "integer"},
        "remark": {"type": "string"},
    },
    "required": ["document_type", "departments", "total_value", "remark"],
    "additionalProperties": False,
}
TOKENIZERS = {
    "tekken": real.tekken_hf,
    "sentencepiece": real.sentencepiece_hf,
    "wordpiece": real.wordpiece_30k,
}


@cache
def loaded(name: str) -> tuple[dx.Vocabulary, Callable[[str], list[int]]]:
    tokenizer: Any = TOKENIZERS[name]()
    end = tokenizer.sep_token_id if tokenizer.eos_token_id is None else tokenizer.eos_token_id
    vocab = dx.Vocabulary.from_hf(tokenizer, eos_token_ids=[end])
    return vocab, lambda text: list(tokenizer(text, add_special_tokens=False)["input_ids"])


def forced_on_the_way(
    compiled: dx.CompiledConstraint, ids: list[int], tokenize: Callable[[str], list[int]]
) -> int:
    """Walks along the tokens, and returns how many of them were forced; they must be those of the walk."""
    matcher = compiled.matcher()
    count = 0
    for place, token in enumerate(ids):
        forced = matcher.forced_tokens(tokenize)
        assert forced == ids[place : place + len(forced)], ids
        count += bool(forced)
        assert matcher.advance(token)
    assert matcher.is_accepting
    return count


@pytest.mark.parametrize("name", TOKENIZERS)
def test_texts_that_begin_alike(name: str) -> None:
    vocab, tokenize = loaded(name)
    pieces = WORDS if name == "wordpiece" else PIECES
    rng = random.Random(7)
    read = forced = 0
    for _ in range(120):
        start = "".join(rng.choices(pieces, k=rng.randint(0, 8)))
        texts = [start + "".join(rng.choices(pieces, k=rng.randint(0, 6))) for _ in range(rng.randint(1, 4))]
        spelled = [text for text in texts if text and vocab.decode(tokenize(text)) == text]
        if not spelled:
            continue  # by this tokenizer
        compiled = dx.compile(dx.choice(spelled), vocab)
        for text in spelled:
            ids = tokenize(text)
            read += len(ids)
            forced += forced_on_the_way(compiled, ids, tokenize)
    assert forced > read / 4 > 50


@pytest.mark.parametrize("name", ["tekken", "sentencepiece"])
@pytest.mark.parametrize("whitespace", ["compact", "flexible"])
def test_documents_of_a_schema(name: str, whitespace: str) -> None:
    vocab, tokenize = loaded(name)
    compiled = dx.compile(dx.json_schema(SCHEMA, whitespace=whitespace), vocab)
    separators = (",", ":") if whitespace == "compact" else None
    read = forced = 0
    for departments, value, remark in itertools.product(
        (["law"], ["logic", "logistics"], ["law", "law", "law"]), (7, 12345678), ("", "  x", "“Zoë's” 日本")
    ):
        document = {
            "document_type": "quarterly report",
            "departments": departments,
            "total_value": value,
            "remark": remark,
        }
        ids = tokenize(json.dumps(document, separators=separators, ensure_ascii=False))
        read += len(ids)
        forced += forced_on_the_way(compiled, ids, tokenize)
    assert forced > read / (4 if whitespace == "compact" else 8)


@pytest.mark.parametrize("name", ["tekken", "sentencepiece"])
def test_behind_another_cut_only_tokens_of_the_own_cut_are_forced(name: str) -> None:
    vocab, tokenize = loaded(name)
    text = "The quarterly inventory of the warehouse, Zoë's 日本語 notes: 12345678 units   left."
    spans = set(itertools.pairwise(ends_of(vocab, tokenize(text))))
    compiled = dx.compile(text, vocab)
    rng = random.Random(3)
    forced_once = 0
    for _ in range(30):
        matcher, end = compiled.matcher(), 0
        while not matcher.is_accepting:
            forced = matcher.forced_tokens(tokenize)
            ends = [end + e for e in ends_of(vocab, forced, at_start=end == 0)]
            assert spans.issuperset(itertools.pairwise(ends))
            forced_once += bool(forced)
            token = rng.choice([t for t in matcher.allowed_tokens().tolist() if vocab.tokens[t]])
            end += ends_of(vocab, [token], at_start=end == 0)[-1]
            assert matcher.advance(token)
    assert forced_once > 100


def ends_of(vocab: dx.Vocabulary, ids: list[int], *, at_start: bool = True) -> list[int]:
    """Where each token ends in the bytes of the text, and 0 in front."""
    ends = [0]
    for number, token in enumerate(ids):
        spelled = vocab.tokens[token] or b""
        if at_start and number == 0:
            spelled = vocab.start_tokens.get(token, spelled)
        ends.append(ends[-1] + len(spelled))
    return ends


def test_no_more_is_forced_than_what_every_text_shares() -> None:
    vocab, tokenize = loaded("tekken")
    for texts in (["internal", "international"], ["a  b", "a   b"], ["12", "123"], ["don't", "don"]):
        compiled = dx.compile(dx.choice(texts), vocab)
        cuts = [tokenize(text) for text in texts]
        shared = [a for a, b in zip(*cuts, strict=False) if a == b]
        assert len(compiled.matcher().forced_tokens(tokenize)) <= len(shared)


def test_what_is_no_whole_character_or_another_tokenizer_forces_nothing() -> None:
    vocab, tokenize = loaded("tekken")
    matcher = dx.compile(dx.choice(["é", "è"]), vocab).matcher()
    assert matcher.forced_bytes() == b"\xc3"
    assert matcher.forced_tokens(tokenize) == []
    matcher = dx.compile("hello", vocab).matcher()
    assert matcher.forced_tokens(lambda text: [*tokenize(text), 10**9]) == []
    assert matcher.forced_tokens(lambda text: tokenize("other" + text)) != tokenize("other")
    assert matcher.forced_tokens(lambda _: []) == []


@pytest.mark.parametrize("seed", range(3))
def test_crossings_are_found_by_trying_every_token(seed: int) -> None:
    vocab = random_vocabulary(seed, count=2000, letters="aAb0 1.,")
    rng = random.Random(seed)
    spelled = {text for text in vocab.tokens if text}
    found = 0
    for _ in range(80):
        texts = ["".join(rng.choices("aAb0 1.,", k=rng.randint(1, 9))) for _ in range(3)]
        start = texts[0][: rng.randint(0, len(texts[0]))]
        texts[1] = start + texts[1]
        matcher = dx.compile(dx.choice(texts), vocab).matcher()
        alike = [text.encode() for text in texts if text.startswith(start)]
        expected = [
            place
            for place in range(len(start))
            if any(
                len(token) > len(start) - place and text[place:].startswith(token)
                for token in spelled
                for text in alike
            )
        ]
        assert matcher.crossings(start.encode()) == expected
        found += len(expected)
    assert found > 20
