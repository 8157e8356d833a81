"""The public sampler: the same laws by simulation through every way a row can take; counters, proposals, errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import decodex as dx
from decodex.errors import ConstraintError, MaskError, VocabularyError
from decodex.sampling import AdaptiveRejectionSampler, Condition, condition_of
from decodex.sampling.rejection import CHUNK

DRAWS = 10_000
LETTERS = [bytes([c]) for c in range(97, 97 + 25)]
VOCAB = dx.Vocabulary.from_tokens([*LETTERS, None, None], eos_token_ids=[25])  # 26: no text, never allowed
SIZE = VOCAB.vocab_size


def _letters(valid: np.ndarray[Any, Any]) -> str:
    return "".join(chr(97 + i) for i in np.flatnonzero(valid))


def _condition(kind: str, valid: np.ndarray[Any, Any]) -> Condition:
    allowed = _letters(valid)
    if kind == "automaton":
        return condition_of(dx.regex(f"[{allowed}]{{1,9}}"), VOCAB)
    predicate = dx.predicate(lambda text: all(c in allowed for c in text), lambda text: len(text) > 0)
    if kind == "predicate":
        return condition_of(predicate, VOCAB)
    return condition_of(dx.regex(f"[{allowed}xyz]+") & predicate, VOCAB)


def _case(rng: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    scores = np.append(rng.normal(size=SIZE - 1) * rng.uniform(0.3, 3), 1.0)
    valid = rng.random(25) < rng.uniform(0.1, 0.9)
    valid[rng.integers(25)] = True
    return scores, valid


def _mass(scores: Any, valid: Any) -> np.ndarray[Any, Any]:
    return np.where(np.append(valid, [False, False]), np.exp(scores), 0.0)


def _assert_proper(draws: Any, mass: np.ndarray[Any, Any], within: float = 4.5) -> None:
    """The mean weight, and the mean weight of the likeliest allowed token, within so many standard errors."""
    weights = np.exp(draws.log_weights)
    top = int(mass.argmax())
    for values, wanted in ((weights, mass.sum()), (weights * (draws.token_ids == top), mass[top])):
        error = values.std() / math.sqrt(len(values))
        assert abs(values.mean() - wanted) <= within * error + 1e-9 * wanted
    assert not (weights * (mass[draws.token_ids] == 0)).any()


KINDS = {"automaton": range(12), "predicate": range(4), "both": range(4)}


@pytest.mark.parametrize(("kind", "seed"), [(kind, seed) for kind, seeds in KINDS.items() for seed in seeds])
def test_geometric_is_proper(kind: str, seed: int) -> None:
    """Random distributions, conditions, caps, temperatures, proposals; ids without text are pruned in each."""
    rng = np.random.default_rng([seed, 7])
    scores, valid = _case(rng)
    accepts, cap = int(rng.integers(2, 6)), [None, 2, 3, 4, 5][seed % 5]
    temperature = 1.0 if seed % 2 else 0.7
    sampler = AdaptiveRejectionSampler(
        method="geometric", max_accepts=accepts, max_rejects=cap, temperature=temperature, masks="never", seed=seed
    )
    start = _condition(kind, valid)
    proposal = scores + rng.normal(size=SIZE) * 0.5 if seed % 4 >= 2 else None
    draws = sampler.sample_rows(
        np.tile(scores, (DRAWS, 1)),
        [start.fork() for _ in range(DRAWS)],
        proposals=None if proposal is None else np.tile(proposal, (DRAWS, 1)),
    )
    tempered = scores / temperature
    tempered += np.log(np.exp(scores).sum()) - np.log(np.exp(tempered).sum())  # the mass stays the same
    _assert_proper(draws, _mass(tempered, valid), within=4.0)


@pytest.mark.parametrize("cap", [None, 1, 3])
@pytest.mark.parametrize("masks", ["auto", "always", "never"])
@pytest.mark.parametrize("method", ["auto", "adaptive", "recursive", "geometric"])
@pytest.mark.parametrize("kind", ["automaton", "predicate", "both"])
def test_every_way_is_proper(kind: str, method: Any, masks: Any, cap: int | None) -> None:
    rng = np.random.default_rng(11)
    scores, valid = _case(rng)
    start = _condition(kind, valid)
    sampler = AdaptiveRejectionSampler(method=method, masks=masks, max_rejects=cap, seed=3)
    draws = sampler.sample_rows(np.tile(scores, (2000, 1)), [start.fork() for _ in range(2000)])
    _assert_proper(draws, _mass(scores, valid))


def test_a_mask_weighs_exactly() -> None:
    scores, valid = _case(np.random.default_rng(2))
    sampler = AdaptiveRejectionSampler(_condition("automaton", valid), masks="always", seed=0)
    draw = sampler.sample(scores)
    assert draw.log_weight == pytest.approx(math.log(_mass(scores, valid).sum()), abs=1e-12)
    assert draw.checks == 0 and sampler.counters.masks == 1 and sampler.counters.mask_share == 1


def test_improper_is_the_masked_distribution_without_a_weight() -> None:
    scores, valid = _case(np.random.default_rng(5))
    sampler = AdaptiveRejectionSampler(_condition("automaton", valid), method="improper", masks="never", seed=0)
    draws = sampler.sample_rows(np.tile(scores, (DRAWS, 1)), [sampler.start] * DRAWS)
    assert not draws.log_weights.any()
    wanted = _mass(scores, valid)
    wanted = wanted / wanted.sum()
    counts = np.bincount(draws.token_ids, minlength=SIZE)
    seen = wanted > 0
    chi2 = (((counts - DRAWS * wanted) ** 2)[seen] / (DRAWS * wanted)[seen]).sum()
    assert counts[~seen].sum() == 0 and chi2 < (seen.sum() - 1) + 5 * math.sqrt(2 * (seen.sum() - 1))


@pytest.mark.parametrize("method", ["adaptive", "recursive", "geometric", "improper"])
def test_what_can_be_found_is_found(method: Any) -> None:
    """One allowed token of probability e^-60 among a thousand; no cap, so the weight is never zero."""
    size = 1000
    tokens = [f"{i:04}".encode() for i in range(size)]
    vocab = dx.Vocabulary.from_tokens([*tokens, None], eos_token_ids=[size])
    scores = np.append(np.zeros(size), -5.0)
    scores[417] = -60.0
    predicate = dx.predicate(lambda text: text in ("", "0417"), lambda text: text == "0417")
    for constraint in (dx.choice(["0417"]), predicate):
        sampler = AdaptiveRejectionSampler(constraint, vocab, method=method, masks="never", seed=1)
        draws = [sampler.sample(scores) for _ in range(20)]
        assert {draw.token_id for draw in draws} == {417}
        assert all(math.isfinite(draw.log_weight) for draw in draws)
        if method == "recursive":
            assert all(abs(draw.log_weight + 60) < 1e-9 for draw in draws)


def test_a_token_that_is_not_allowed_weighs_nothing_and_is_no_end() -> None:
    scores = np.log(np.full(SIZE, 1 / SIZE))
    never = condition_of(dx.predicate(lambda text: text == "", lambda text: False), VOCAB)
    for method in ("adaptive", "recursive", "geometric", "improper", "auto"):
        sampler = AdaptiveRejectionSampler(never, method=method, seed=0)
        draws = [sampler.sample(scores) for _ in range(30)]
        assert {draw.log_weight for draw in draws} == {-math.inf}
        assert all(draw.checks == 0 or draw.token_id < 26 for draw in draws)
        assert sampler.counters.lost == 30


def test_no_probability_anywhere() -> None:
    for constraint in (dx.regex("a+"), dx.predicate(lambda text: True)):
        draw = AdaptiveRejectionSampler(constraint, VOCAB).sample(np.full(SIZE, -np.inf))
        assert draw.log_weight == -math.inf


def test_checks_are_counted() -> None:
    asked: list[str] = []

    def says(text: str) -> bool:
        asked.append(text)
        return text in ("", "b")

    scores = np.log(np.full(SIZE, 1 / SIZE))
    sampler = AdaptiveRejectionSampler(dx.predicate(says, lambda text: False), VOCAB, method="recursive", seed=4)
    asked.clear()
    condition = sampler.start.fork()
    draw = sampler.sample(scores, condition)
    assert draw.checks == condition.checks == sampler.counters.checks
    assert len(asked) in (draw.checks, draw.checks - 1)  # the end token asks the other function
    assert sampler.counters.checks_per_token == draw.checks and sampler.counters.tokens == 1
    capped = AdaptiveRejectionSampler(sampler.start, method="recursive", max_rejects=3, seed=0)
    draws = capped.sample_rows(np.tile(scores, (200, 1)), [capped.start.fork() for _ in range(200)])
    assert draws.checks.max() <= 4


def test_each_token_is_checked_once() -> None:
    """Geometric runs see tokens again; the function is not asked again."""
    asked: list[str] = []

    def says(text: str) -> bool:
        asked.append(text)
        return True

    scores = np.full(SIZE, -30.0)
    scores[:2] = 0.0
    start = condition_of(dx.predicate(says, lambda text: False), VOCAB)
    for seed in range(50):
        asked.clear()
        AdaptiveRejectionSampler(method="geometric", max_accepts=5, seed=seed).sample(scores, start.fork())
        assert len(asked) == len(set(asked))


def test_seeds() -> None:
    scores = np.log(np.full(SIZE, 1 / SIZE))
    condition = condition_of(dx.regex("[a-y]+"), VOCAB)

    def some(**options: Any) -> list[int]:
        sampler = AdaptiveRejectionSampler(**options)
        return [sampler.sample(scores, condition).token_id for _ in range(30)]

    assert some(seed=5) == some(seed=5) != some(seed=6)
    assert some() != some()
    sampler = AdaptiveRejectionSampler(seed=1)
    first = sampler.sample(scores, condition, np.random.default_rng(9))
    assert first == AdaptiveRejectionSampler().sample(scores, condition, np.random.default_rng(9))


def test_batches_of_any_size_and_kind() -> None:
    """More rows than are held in memory at a time; automata, functions and both side by side; wider scores."""
    width = 1 << 15
    rows = CHUNK // width + 3
    scores = np.full((rows, width), -50.0)
    scores[:, :SIZE] = 0.0
    starts = [_condition(kind, np.arange(25) < 3) for kind in ("automaton", "predicate", "both")]
    conditions = [starts[row % 3].fork() for row in range(rows)]
    draws = AdaptiveRejectionSampler(seed=2).sample_rows(scores, conditions)
    assert set(draws.token_ids) <= {0, 1, 2} and np.isfinite(draws.log_weights).all()
    for token, condition in zip(draws.token_ids, conditions, strict=True):
        condition.advance(int(token))


def test_the_ledger_takes_a_mask_where_checks_add_up() -> None:
    scores = np.log(np.full(SIZE, 1 / SIZE))
    start = condition_of(dx.regex("a{1,50}"), VOCAB)  # one token in 27 is allowed
    sampler = AdaptiveRejectionSampler(start, seed=0)
    sampler.sample_rows(np.tile(scores, (400, 1)), [start.fork() for _ in range(400)])
    assert sampler.counters.mask_share > 0.8
    often = condition_of(dx.regex("[a-y]{1,50}"), VOCAB)
    lucky = AdaptiveRejectionSampler(often, seed=0)
    lucky.sample(scores)
    assert lucky.counters.masks == 0


def test_scores_that_are_none() -> None:
    sampler = AdaptiveRejectionSampler(dx.regex("a"), VOCAB)
    for bad in (math.nan, math.inf):
        scores = np.zeros(SIZE)
        scores[3] = bad
        with pytest.raises(MaskError, match="finite or minus infinity"):
            sampler.sample(scores)


def test_refusals() -> None:
    scores = np.zeros(SIZE)
    with pytest.raises(ConstraintError, match="greedily"):
        AdaptiveRejectionSampler(temperature=0)
    with pytest.raises(ConstraintError, match="max_accepts is a count from 2"):
        AdaptiveRejectionSampler(max_accepts=1)
    with pytest.raises(ConstraintError, match="max_rejects is a count from 1"):
        AdaptiveRejectionSampler(max_rejects=0)
    with pytest.raises(ConstraintError, match="'recursive'"):
        AdaptiveRejectionSampler(method="best")  # type: ignore[arg-type]
    with pytest.raises(ConstraintError, match="no constraint"):
        AdaptiveRejectionSampler().sample(scores)
    with pytest.raises(VocabularyError, match="vocab="):
        AdaptiveRejectionSampler(dx.regex("a"))
    sampler = AdaptiveRejectionSampler(dx.regex("a"), VOCAB)
    with pytest.raises(MaskError, match="one row of scores"):
        sampler.sample_rows(np.zeros((2, SIZE)), [sampler.start])
    for wrong in (np.zeros((2, SIZE)), [0.0] * SIZE):
        with pytest.raises(MaskError, match=r"log_probs is an array \[V\]"):
            sampler.sample(wrong)
    with pytest.raises(MaskError, match=r"\[rows, V\], not list"):
        sampler.sample_rows([scores], [sampler.start])
    proposal = scores.copy()
    proposal[4] = -np.inf
    with pytest.raises(MaskError, match="never proposes token 4"):
        sampler.sample(scores, proposal=proposal)
    with pytest.raises(MaskError, match="the proposals are an array"):
        sampler.sample_rows(scores[None], [sampler.start], proposals=np.zeros((1, 3)))
