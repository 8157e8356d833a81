"""What the benchmarks of lengths and instructions call a match: each judge says yes and no by hand-made texts."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.lengths import GOALS, matched, words
from benchmarks.rei import BEGINNINGS, ENDINGS, TASKS, _between, _ends, _mentions, _mentions_all, _words


def test_lengths() -> None:
    assert [words(text) for text in ("", "It's 3.5", "a-b  c\n")] == [0, 4, 3]
    ten, eighty, more = GOALS[0], GOALS[3], GOALS[-1]
    assert [matched(n, ten.precise) for n in (0, 1, 20, 21)] == [False, True, True, False]
    assert [matched(n, eighty.precise) for n in (70, 71, 90, 91)] == [False, True, True, False]
    assert [matched(n, eighty.flexible) for n in (60, 61, 100, 101)] == [False, True, True, False]
    assert [matched(n, more.precise) for n in (800, 801, 10_000)] == [False, True, True]


def test_judges_of_instructions() -> None:
    both = ["dog", "rain"]
    assert [_mentions(both)(t) for t in ("A dog. Rain, rain!", "rain, dog", "dogs rain")] == [True, False, False]
    assert [_mentions_all(both)(t) for t in ("rain, dog", "rain", "dog rainy")] == [True, False, False]
    assert [_words(2)(t) for t in ("a b", "a-b", " a  b ")] == [True, False, True]
    assert [_between("ab", "ba")(t) for t in ("abba", "aba", "ab-")] == [True, False, False]
    assert [_ends(["x.", "y."])(t) for t in ("a x.", "y.", "y")] == [True, True, False]


@pytest.mark.parametrize("task", TASKS)
def test_no_instruction_is_followed_by_nothing(task: str) -> None:
    for seed in range(5):
        one = TASKS[task](Random(seed))
        assert not one.followed("")
        assert not one.followed(BEGINNINGS[0] + "\n" + ENDINGS[0])
