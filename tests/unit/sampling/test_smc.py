"""The mechanics of particles: what is shared, what is undone, what is lost, what is refused."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.toy_rows import ToyRows, random_table

import decodex as dx
from decodex.errors import BudgetError, DecodexError
from decodex.sampling import AdaptiveRejectionSampler, MaskSampler, ModelSampler, condition_of, sequential_monte_carlo
from decodex.sampling.smc import Population, default_sampler, readable
from decodex.sampling.token_samplers import Draw

VOCAB = dx.Vocabulary.from_tokens(
    [b"a", b"b", b"c", "é".encode()[:1], "é".encode()[1:], None, None], eos_token_ids=[5, 6]
)
ENDS = (5, 6)


def _run(constraint: Any, *, max_tokens: int = 8, rows: Any = None, **options: Any) -> Any:
    return sequential_monte_carlo(
        ToyRows(random_table(1, len(VOCAB))) if rows is None else rows,
        condition_of(constraint, VOCAB, max_tokens=max_tokens),
        end_token_ids=ENDS,
        max_tokens=max_tokens,
        **{"seed": 0, **options},
    )


def test_seeds() -> None:
    constraint = dx.regex("[abc]+é?")
    runs = [_run(constraint, seed=seed) for seed in (4, 4, 5, None, None)]
    texts = [(run.data, run.log_weights.tolist(), run.chosen) for run in runs]
    assert texts[0] == texts[1]
    assert len({str(text) for text in texts[1:]}) == 4
    generator = _run(constraint, seed=np.random.default_rng(4))
    assert generator.data == runs[0].data


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_every_text_obeys_and_ends(threshold: float) -> None:
    import re

    for seed in range(20):
        run = _run(dx.regex("(ab|c)+é|b{3}"), seed=seed, ess_threshold=threshold, particles=12)
        for ids, text, weight in zip(run.token_ids, run.texts, run.log_weights, strict=True):
            assert weight > -math.inf and ids[-1] in ENDS and len(ids) <= 9
            assert re.fullmatch("(ab|c)+é|b{3}", text)
        assert sum(run.posterior.values()) == pytest.approx(1)
        assert list(run.posterior.values()) == sorted(run.posterior.values(), reverse=True)
        assert set(run.posterior) == set(run.texts)
        assert run.text in run.posterior


def test_one_row_for_equal_texts() -> None:
    """Forced text is one row however many particles there are."""
    rows = ToyRows(random_table(1, len(VOCAB)))
    run = _run(dx.regex("abcabc"), rows=rows, particles=50)
    assert run.texts == ["abcabc"] * 50 and run.metrics.tokens == 50 * 7
    assert run.metrics.rows_run == 6 and rows.rows_run == 7
    assert run.metrics.ess == [pytest.approx(50)] * 7 and run.metrics.resamplings == 0


def test_log_probs_are_the_models() -> None:
    table = random_table(1, len(VOCAB))
    run = _run(dx.regex("[abc]{2,5}"), particles=6)
    for ids, log_prob in zip(run.token_ids, run.log_probs, strict=True):
        assert log_prob == pytest.approx(sum(math.log(table(tuple(ids[:i]))[token]) for i, token in enumerate(ids)))


def test_a_budget_of_nothing() -> None:
    run = _run(dx.regex("a?"), max_tokens=0)
    table = random_table(1, len(VOCAB))
    assert set(run.texts) == {""}
    assert {tuple(ids) for ids in run.token_ids} == {(5,), (6,)}  # both ends are the model's
    assert math.exp(run.log_normaliser) == pytest.approx(table(())[5] + table(())[6])


def test_lost_particles_keep_their_beginning() -> None:
    run = _run(
        dx.predicate(lambda text: text in ("", "a", "ab")), sampler=ModelSampler(), particles=200, ess_threshold=0
    )
    lost = np.isneginf(run.log_weights)
    assert 0 < lost.sum() < 200
    for ids, data, gone in zip(run.token_ids, run.data, lost, strict=True):
        assert data == b"".join(VOCAB.tokens[i] or b"" for i in ids)
        assert gone != bool(ids and ids[-1] in ENDS)


def test_all_lost() -> None:
    run = _run(dx.predicate(lambda text: text == "", lambda text: False))
    assert run.chosen is None and run.posterior == {} and run.ess == 0
    assert run.log_normaliser == -math.inf
    with pytest.raises(DecodexError, match="none of the 16 particles"):
        _ = run.text


def test_the_critic_sees_whole_characters_and_the_end() -> None:
    seen: list[tuple[str, bool]] = []

    def critic(text: str, ended: bool) -> float:
        seen.append((text, ended))
        return 0.0

    _run(dx.choice(["é"]), critic=critic)
    assert seen == [("", False), ("é", False), ("é", True)] or seen == [
        ("", False),
        ("é", False),
        ("é", True),
        ("é", True),
    ]
    seen.clear()
    _run(dx.choice(["é"]), critic=critic, ess_threshold=0)
    assert {ended for _, ended in seen} == {True}


@pytest.mark.parametrize("answer", [math.nan, math.inf])
def test_a_critic_that_gives_no_number(answer: float) -> None:
    with pytest.raises(DecodexError, match=f"the critic answers {answer}"):
        _run(dx.regex("[ab]+"), critic=lambda text, ended: answer)


def test_what_all_agree_on_only_grows() -> None:
    population = Population(
        ToyRows(random_table(3, len(VOCAB))),
        condition_of(dx.regex("abca[bc]{3}a"), VOCAB),
        end_token_ids=ENDS,
        max_tokens=20,
        seed=1,
    )
    agreed = [population.agreed]
    while not population.is_finished:
        population.step()
        agreed.append(population.agreed)
    assert agreed[:5] == [b"", b"a", b"ab", b"abc", b"abca"]
    assert all(after.startswith(before) for before, after in pairwise(agreed))


class OneByOne:
    def sample(self, log_probs: Any, condition: Any, rng: Any) -> Draw:
        return MaskSampler().sample(log_probs, condition, rng)


class InBatches(OneByOne):
    def sample_rows(self, log_probs: Any, conditions: Any, rng: Any) -> Any:
        draws = [self.sample(row, condition, rng) for row, condition in zip(log_probs, conditions, strict=True)]
        token_ids, log_weights, checks = (np.array(column) for column in zip(*draws, strict=True))
        return SimpleNamespace(token_ids=token_ids, log_weights=log_weights, checks=checks)


def test_samplers_of_one_token_of_one_row_and_of_batches() -> None:
    """The same random numbers in the same order, so the same texts."""
    runs = [_run(dx.regex("[ab]{1,3}"), sampler=sampler()) for sampler in (MaskSampler, OneByOne, InBatches)]
    assert runs[0].data == runs[1].data == runs[2].data
    assert runs[0].log_weights == pytest.approx(runs[2].log_weights)


def test_checks_are_counted_once_for_equal_texts() -> None:
    asked: list[str] = []

    def function(text: str) -> bool:
        asked.append(text)
        return True

    vocab = dx.Vocabulary.from_tokens([b"a", b"b", None], eos_token_ids=[2])
    run = sequential_monte_carlo(
        ToyRows(lambda text: np.array([0.5, 0.5, 0.0]) if len(text) < 2 else np.array([0.0, 0.0, 1.0])),
        condition_of(dx.predicate(function), vocab),
        end_token_ids=[2],
        max_tokens=8,
        sampler=ModelSampler(),
        particles=64,
        seed=0,
    )
    assert run.metrics.tokens == 64 * 3
    assert run.metrics.checks == 2 + 4 + 4  # a and b, two after each, the end after each of the four
    assert run.metrics.checks_per_token == pytest.approx(10 / 192)
    assert set(asked) == {"", "a", "b", "aa", "ab", "ba", "bb"}
    assert "tokens/s" in str(run.metrics)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"particles": 0}, DecodexError, "at least 1, not 0"),
        ({"particles": 2.0}, DecodexError, "particles"),
        ({"ess_threshold": 1.5}, DecodexError, "between 0 and 1"),
        ({"temperature": 0}, DecodexError, "temperature is a number above 0"),
        ({"temperature": math.nan}, DecodexError, "temperature is a number above 0"),
        ({"resampling": "none"}, DecodexError, "no resampling scheme"),
        ({"rows": ToyRows(lambda text: np.array([np.nan] * 7))}, DecodexError, "no numbers"),
        ({"rows": ToyRows(lambda text: np.zeros(7))}, DecodexError, "no numbers"),
        ({"max_tokens": True}, BudgetError, "count of tokens"),
    ],
)
def test_what_is_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        _run(dx.predicate(lambda text: True), **options)


def test_rows_and_ends_are_needed() -> None:
    rows = ToyRows(random_table(1, 7))
    rows.reorder([0, 0])
    with pytest.raises(DecodexError, match="2 rows"):
        _run(dx.regex("a"), rows=rows)
    with pytest.raises(DecodexError, match="end_token_ids is empty"):
        sequential_monte_carlo(
            ToyRows(random_table(1, 7)), condition_of(dx.regex("a"), VOCAB), end_token_ids=[], max_tokens=1
        )


def test_readable() -> None:
    assert readable("né".encode()[:2]) == "n" and readable(b"\xffa") == "\ufffda"


def test_masks_where_there_are_some() -> None:
    assert isinstance(default_sampler(condition_of(dx.regex("a"), VOCAB)), MaskSampler)
    predicate = dx.predicate(lambda text: True)
    for constraint in (predicate, dx.regex("a+") & predicate):
        assert isinstance(default_sampler(condition_of(constraint, VOCAB)), AdaptiveRejectionSampler)
