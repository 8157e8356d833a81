"""Beam search on random models made by hand: as brute force says, never a violation, and as many rows as promised.

``DECODEX_BEAM_RUNS=10000`` is the full number of random models.
"""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np
import pytest
from support.table_rows import TableRows, all_texts, occurs, random_table

import decodex as dx
from decodex.errors import SearchError, UnsatisfiableError

pytest.importorskip("torch", reason="the package decodex.beam needs torch")
pytest.importorskip("transformers", reason="the package decodex.beam needs transformers")
from decodex.beam import METHODS, contains_tokens, excludes_tokens  # needs torch
from decodex.beam.demands import Demands, Ids, demands
from decodex.beam.search import Beam, Ended, Settings, search

RUNS = int(os.environ.get("DECODEX_BEAM_RUNS", "200"))
LETTERS = (b"a", b"b", b"ab", b"c")
END = len(LETTERS)
VOCAB = dx.Vocabulary.from_tokens([*LETTERS, None], eos_token_ids=[END])
IDS = Ids(END + 1, (END,), VOCAB)


class Task:
    """Phrases and what to avoid, of tokens or of text, with a judge that only looks for substrings."""

    def __init__(self, rng: random.Random) -> None:
        self.of_tokens = rng.random() < 0.5
        self.phrases = [self._phrase(rng) for _ in range(rng.randint(0, 3))]
        self.avoided = [self._phrase(rng) for _ in range(rng.randint(0, 1))]

    def _phrase(self, rng: random.Random) -> Any:
        if self.of_tokens:
            return tuple(rng.choices(range(END), k=rng.randint(1, 3)))
        return "".join(rng.choices("abc", k=rng.randint(1, 3)))

    @property
    def asked(self) -> list[Any]:
        if self.of_tokens:
            return [*(contains_tokens(p) for p in self.phrases), *(excludes_tokens(p) for p in self.avoided)]
        inside = {"whole_words": False}
        return [
            *(dx.contains(p, **inside) for p in self.phrases),
            *(dx.excludes(p, **inside) for p in self.avoided),
        ]

    def holds(self, tokens: tuple[int, ...]) -> bool:
        tokens = tuple(token for token in tokens if token != END)
        text = b"".join(LETTERS[token] for token in tokens).decode()

        def is_in(phrase: Any) -> bool:
            return occurs(phrase, tokens) if self.of_tokens else phrase in text

        return all(map(is_in, self.phrases)) and not any(map(is_in, self.avoided))


def run(
    asked: Demands, seed: int, length: int, num_beams: int, method: str, **how: Any
) -> tuple[list[Ended], list[int]]:
    rows = TableRows(random_table(seed, END + 1))
    settings = Settings(num_beams, length, (END,), METHODS[method], **how)
    return search(rows, [Beam(asked, settings)])[0], rows.widths


@pytest.mark.parametrize("method", METHODS)
def test_with_the_whole_space_as_beam_it_is_brute_force(method: str) -> None:
    length, found_some = 4, 0
    for seed in range(40):
        task = Task(random.Random(seed))
        penalty = random.Random(seed).choice([0.0, 0.6, 1.0, 2.0])
        table = random_table(seed, END + 1)
        wanted = sorted(
            ((text, score) for text, score in all_texts(table, END, length, penalty) if task.holds(text)),
            key=lambda one: -one[1],
        )
        try:
            found, _ = run(
                demands(task.asked, IDS), seed, length, 5**length, method, length_penalty=penalty
            )
        except (SearchError, UnsatisfiableError):
            assert wanted == [], (seed, task.phrases, task.avoided)
            continue
        assert [text.token_ids for text in found] == [text for text, _ in wanted]
        assert np.allclose([text.score for text in found], [score for _, score in wanted])
        found_some += 1
    assert found_some > 20


def test_no_text_violates_a_constraint() -> None:
    length, nothing_found = 7, 0
    for seed in range(RUNS):
        rng = random.Random(seed)
        task = Task(rng)
        method, num_beams = rng.choice(list(METHODS)), rng.randint(1, 6)
        try:
            found, _ = run(demands(task.asked, IDS), seed, length, num_beams, method)
        except UnsatisfiableError:
            nothing_found += 1
            assert not _possible(task, length), (seed, task.phrases, task.avoided)
            continue
        except SearchError:
            nothing_found += 1
            too_long = max(matcher.tokens_to_finish() for matcher in demands(task.asked, IDS).matchers()) > length
            assert too_long or not _possible(task, length), (seed, task.phrases, task.avoided)
            continue
        assert 1 <= len(found) <= num_beams
        assert len({text.token_ids for text in found}) == len(found)
        table = random_table(seed, END + 1)
        for text in found:
            assert task.holds(text.token_ids), (seed, text)
            steps = [table(text.token_ids[:at])[token] for at, token in enumerate(text.token_ids)]
            assert np.isclose(text.log_prob, sum(steps))
            assert np.isclose(text.score, text.log_prob / len(steps))
    assert nothing_found < RUNS / 5


def _possible(task: Task, length: int) -> bool:
    """Is there a text at all? A walk over all of them."""
    level: list[tuple[int, ...]] = [()]
    for _ in range(length + 1):
        if any(map(task.holds, level)):
            return True
        level = [(*text, token) for text in level for token in range(END)]
    return False


@pytest.mark.parametrize("method", METHODS)
def test_rows_per_step(method: str) -> None:
    """One beam however many constraints there are; for the grid as many as there are tokens to meet, and one."""
    vocab = dx.Vocabulary.from_tokens([*(bytes([97 + i]) for i in range(12)), None], eos_token_ids=[12])
    ids, num_beams = Ids(13, (12,), vocab), 6
    most = {}
    for count in range(11):
        rows = TableRows(random_table(count, 13))
        asked = demands([contains_tokens([token, (token + 1) % 12]) for token in range(count)], ids)
        found = search(rows, [Beam(asked, Settings(num_beams, 30, (12,), METHODS[method], early_stopping="never"))])[0]
        assert all(occurs([token, (token + 1) % 12], text.token_ids) for text in found for token in range(count))
        most[count] = max(rows.widths)
        if method != "grid":
            assert rows.widths[2:-1] == [num_beams] * (len(rows.widths) - 3)
    if method == "grid":
        assert all(num_beams * count < most[count] <= num_beams * (2 * count + 1) for count in range(1, 11))
    else:
        assert set(most.values()) == {num_beams}


def test_prompts_of_a_batch_do_not_meet() -> None:
    tasks = [Task(random.Random(seed)) for seed in (3, 4, 6, 7)]
    table = random_table(9, END + 1)
    settings = Settings(4, 6, (END,))
    asked = [demands(task.asked, IDS) for task in tasks]
    together = search(TableRows(table, beams=4), [Beam(one, settings) for one in asked])
    assert together == [search(TableRows(table), [Beam(one, settings)])[0] for one in asked]


def test_what_has_a_probability_of_zero_is_not_written() -> None:
    def table(text: tuple[int, ...]) -> np.ndarray:
        scores = np.log(np.full(END + 1, 0.25))
        scores[3] = -np.inf
        return scores

    asked = demands([contains_tokens([3])], IDS)
    with pytest.raises(SearchError, match=r"up to 5 tokens.*probability of zero"):
        search(TableRows(table), [Beam(asked, Settings(3, 5, (END,)))])
    found = search(TableRows(table), [Beam(demands([excludes_tokens([0])], IDS), Settings(40, 2, (END,)))])[0]
    assert {text.token_ids for text in found} == {(END,), (1, END), (2, END), (1, 1), (1, 2), (2, 1), (2, 2)}


def test_a_constraint_of_any_kind_holds_beside_the_phrases() -> None:
    asked = demands([dx.regex("(?:a|bc)*"), dx.contains("aa", whole_words=False)], IDS)
    for seed in range(20):
        for text in run(asked, seed, 6, 3, "dynamic")[0]:
            written = VOCAB.decode(token for token in text.token_ids if token != END)
            assert "aa" in written and set(written.replace("bc", "")) <= {"a"}
