"""Drafts, as chains and as trees: each token judged by a copy of the matcher that reads what is in front of it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from support.vocabularies import byte_vocabulary, random_vocabulary

import decodex as dx
from decodex.errors import MaskError, VocabularyError

VOCAB = random_vocabulary(11, count=400)
END = VOCAB.eos_token_ids[0]
CONSTRAINTS = [
    dx.choice(["true", "false", "fur", "10.0", "10.01"]),
    dx.json_schema({"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}),
    dx.repeat(dx.choice(["ab", "0", "é"]), 1, 6, ", "),
    dx.regex("[0-9]{2,30}|[a-f]*"),
]


def drafted(matcher: dx.Matcher, rng: random.Random, count: int) -> tuple[list[int], list[int]]:
    """A tree of which most tokens are allowed: its tokens, and which one each follows."""
    tokens: list[int] = []
    parents: list[int] = []
    copies: list[dx.Matcher | None] = [matcher]
    for i in range(count):
        parent = rng.randrange(-1, i)
        copy = copies[parent + 1]
        allowed = [] if copy is None else copy.allowed_tokens().tolist()
        token = rng.choice(allowed) if allowed and rng.random() < 0.8 else rng.randrange(-1, len(VOCAB) + 1)
        after = None if copy is None else copy.fork()
        copies.append(after if after is not None and 0 <= token < len(VOCAB) and after.advance(token) else None)
        tokens.append(token)
        parents.append(parent)
    return tokens, parents


def judged(matcher: dx.Matcher, tokens: list[int], parents: list[int]) -> tuple[list[bool], np.ndarray]:
    """What is allowed, and the masks of all places, by one copy of the matcher for each."""
    masks = dx.allocate_bitmask(len(tokens) + 1, len(VOCAB))
    matcher.fill_bitmask(masks, 0)
    allowed = []
    for i in range(len(tokens)):
        path = [i]
        while parents[path[0]] >= 0:
            path.insert(0, parents[path[0]])
        copy = matcher.fork()
        allowed.append(all(0 <= tokens[k] < len(VOCAB) and copy.advance(tokens[k]) for k in path))
        if allowed[-1]:
            copy.fill_bitmask(masks, i + 1)
    return allowed, np.asarray(masks)


@pytest.mark.parametrize("budget", [None, 9])
@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=range(len(CONSTRAINTS)))
def test_trees_and_chains_are_judged_token_by_token(constraint: Any, budget: int | None) -> None:
    compiled = dx.compile(constraint, VOCAB)
    rng = random.Random(5)
    seen = set()
    for round_ in range(30):
        matcher = compiled.matcher(budget)
        for _ in range(rng.randrange(4)):
            matcher.advance(int(rng.choice(matcher.allowed_tokens())))
        tokens, parents = drafted(matcher, rng, rng.randrange(24))
        chain = round_ % 3 == 0
        if chain:
            parents = list(range(-1, len(tokens) - 1))
        before = matcher.state, matcher.tokens_read, matcher.is_finished
        expected, masks = judged(matcher, tokens, parents)
        bitmask = dx.allocate_bitmask(len(tokens) + 3, len(VOCAB))
        bitmask[:] = 5
        allowed = matcher.verify(tokens, None if chain else parents, bitmask=bitmask, row=1)
        assert allowed.dtype == bool
        assert allowed.tolist() == expected
        assert (np.asarray(bitmask)[1:-1] == masks).all()
        assert (np.asarray(bitmask)[[0, -1]] == 5).all()
        assert matcher.verify(np.array(tokens, np.int32), parents).tolist() == expected
        assert (matcher.state, matcher.tokens_read, matcher.is_finished) == before
        if chain:
            assert matcher.validate(tokens) == (expected + [False]).index(False)
        seen |= set(expected)
    assert seen == {True, False}


def test_behind_the_end_only_the_end_is_left() -> None:
    matcher = dx.compile("true", VOCAB).matcher()
    (token,) = [t for t, text in enumerate(VOCAB.tokens) if text == b"t"]
    rue = [VOCAB.tokens.index(byte) for byte in (b"r", b"u", b"e")]
    bitmask = dx.allocate_bitmask(6, len(VOCAB))
    draft = [token, *rue, END, END]
    assert matcher.verify(draft).tolist() == [True] * 5 + [False]
    matcher.verify(draft[:5], bitmask=bitmask)
    for row in (4, 5):
        words = np.asarray(bitmask)[row].view(np.uint32)
        assert [32 * w + k for w in range(len(words)) for k in range(32) if int(words[w]) >> k & 1] == [END]


def test_an_empty_draft_has_the_mask_of_the_place() -> None:
    vocab = byte_vocabulary()
    matcher = dx.compile("ab", vocab).matcher()
    bitmask, plain = dx.allocate_bitmask(1, len(vocab)), dx.allocate_bitmask(1, len(vocab))
    assert matcher.verify([], bitmask=bitmask).tolist() == []
    matcher.fill_bitmask(plain)
    assert (np.asarray(bitmask) == np.asarray(plain)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([97, 98], [-1]), "1 parents for a draft of 2 tokens"),
        (([97, 98], [-1, 1]), r"parents\[1\] is 1"),
        (([97, 98], [-2, 0]), r"parents\[0\] is -2"),
        (([97, 98], [-1.0, 0.5]), "whole numbers"),
        ((["a"],), "whole numbers"),
        ((None,), "whole numbers"),
        (([[97], [98]],), "dimensions"),
    ],
)
def test_what_is_no_draft_is_refused(arguments: Any, message: str) -> None:
    matcher = dx.compile("ab", byte_vocabulary()).matcher()
    with pytest.raises(VocabularyError, match=message):
        matcher.verify(*arguments)


def test_a_buffer_that_does_not_fit_is_refused_before_anything_is_written() -> None:
    vocab = byte_vocabulary()
    matcher = dx.compile("ab", vocab).matcher()
    bitmask = dx.allocate_bitmask(3, len(vocab))
    bitmask[:] = 5
    for row, message in ((1, "2 rows from row 1"), (-1, "row -1"), (3, "row 3")):
        with pytest.raises(MaskError, match=message):
            matcher.verify([97, 98], bitmask=bitmask, row=row)
    with pytest.raises(MaskError, match="words per row"):
        matcher.verify([97, 98], bitmask=dx.allocate_bitmask(3, 64))
    with pytest.raises(VocabularyError):
        matcher.verify([97, 98], [-1, 1], bitmask=bitmask)
    assert (np.asarray(bitmask) == 5).all()
