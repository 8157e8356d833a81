"""Sequential Monte Carlo against brute force: normalisers, distributions, budgets, critics.

Seeds are fixed. A mean is within 4 standard errors of the truth in all but one of 16,000 runs of another seed.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare
from support.languages import END, PATTERN, SYMBOLS, exact, table, total_variation
from support.toy_rows import ToyRows

import decodex as dx
from decodex.sampling import (
    AdaptiveRejectionSampler,
    MaskSampler,
    ModelSampler,
    Particles,
    condition_of,
    enumerate_texts,
    sequential_monte_carlo,
)
from decodex.sampling.resampling import SCHEMES

VOCAB = dx.Vocabulary.from_tokens([*(symbol.encode() for symbol in SYMBOLS), None], eos_token_ids=[END])
COMPILED = dx.compile(dx.regex(PATTERN), VOCAB)
BUDGET = 3
RUNS = 3_000


_PREFIXES = {known[:end] for known in exact(BUDGET)[1] for end in range(len(known) + 1)}


def _prefix(text: str) -> bool:
    """May the text become one of the language? For a condition without masks."""
    return text in _PREFIXES


AUTOMATON = COMPILED
PREDICATE = dx.predicate(_prefix, lambda text: re.fullmatch(PATTERN, text) is not None)


def _sample(seed: int, constraint: Any = COMPILED, max_tokens: int = BUDGET, **options: Any) -> Particles:
    options = {"particles": 5, **options}
    condition = condition_of(constraint, VOCAB, max_tokens=max_tokens)
    return sequential_monte_carlo(
        ToyRows(table), condition, end_token_ids=[END], max_tokens=max_tokens, seed=seed, **options
    )


def _judge(runs: list[Particles], mass: float, truth: dict[str, float], *, tolerance: float = 0.02) -> dict[str, float]:
    """The mean of weight times indicator of each text is the text's mass, and their sum the normaliser."""
    normalisers = np.array([math.exp(run.log_normaliser) for run in runs])
    error = normalisers.std() / len(runs) ** 0.5
    assert error < mass / 10, "too few runs to tell"
    assert abs(normalisers.mean() - mass) < 4 * error + 1e-12
    sums: Counter[str] = Counter()
    for run in runs:
        for text, weight in zip(run.texts, np.exp(run.log_weights), strict=True):
            sums[text] += float(weight) if weight > 0 else 0.0
    total = math.fsum(sums.values())
    posterior = {text: weight / total for text, weight in sums.items()}
    assert total_variation(posterior, truth) < tolerance
    return posterior


def test_the_language_tells_masking_from_the_truth() -> None:
    mass, truth = exact(BUDGET)
    found = enumerate_texts(
        ToyRows(table), condition_of(COMPILED, max_tokens=BUDGET), end_token_ids=[END], max_tokens=BUDGET
    )
    assert math.exp(found.log_normaliser) == pytest.approx(mass, rel=1e-12)
    assert found.posterior == pytest.approx(truth, rel=1e-12)
    assert total_variation(found.masked, truth) > 0.15
    sampled = Counter(_sample(seed, particles=1).texts[0] for seed in range(2_000))
    masked = {text: count / 2_000 for text, count in sampled.items()}
    assert total_variation(masked, truth) > 0.15
    assert total_variation(masked, found.masked) < 0.05


@pytest.mark.parametrize(
    ("resampling", "ess_threshold"),
    [
        pytest.param(scheme, part, marks=() if (scheme, part) == ("systematic", 0.5) else pytest.mark.slow)
        for scheme in SCHEMES
        for part in (0.0, 0.5, 1.0)
    ],
)
def test_normaliser_and_posterior(resampling: str, ess_threshold: float) -> None:
    runs = [_sample(seed, resampling=resampling, ess_threshold=ess_threshold) for seed in range(RUNS)]
    assert any(run.metrics.resamplings for run in runs) == (ess_threshold > 0)
    _judge(runs, *exact(BUDGET))


@pytest.mark.slow
@pytest.mark.parametrize("constraint", [AUTOMATON, PREDICATE], ids=["automaton", "predicate"])
@pytest.mark.parametrize(
    "sampler",
    [
        *(MaskSampler(), ModelSampler(), AdaptiveRejectionSampler(), AdaptiveRejectionSampler(masks="never")),
        AdaptiveRejectionSampler(method="geometric", max_accepts=3, masks="never"),
    ],
    ids=["mask", "model", "auto", "recursive", "geometric"],
)
def test_token_samplers(constraint: Any, sampler: Any) -> None:
    runs = [_sample(seed, constraint, sampler=sampler, particles=10) for seed in range(RUNS)]
    _judge(runs, *exact(BUDGET))


@pytest.mark.slow
def test_the_text_drawn_from_many_particles_follows_the_posterior() -> None:
    _, truth = exact(BUDGET)
    drawn = Counter(_sample(seed, particles=100).text for seed in range(2_000))
    observed = [drawn.get(text, 0) for text in truth]
    assert sum(observed) == 2_000
    assert chisquare(observed, [2_000 * share for share in truth.values()]).pvalue > 1e-3


@pytest.mark.parametrize("budget", [1, 3])
@pytest.mark.parametrize("foresight", [pytest.param(True, marks=pytest.mark.slow), False])
def test_texts_at_their_budget_end_with_the_weight_of_the_end(budget: int, foresight: bool) -> None:
    """Without foresight the condition knows nothing of the budget, so the end is what weighs, or loses, a text."""
    pattern = "[ab]+"
    compiled = dx.compile(dx.regex(pattern), VOCAB)
    mass, truth = exact(budget, pattern)
    runs = []
    for seed in range(RUNS):
        condition = condition_of(compiled, max_tokens=budget if foresight else None)
        runs.append(
            sequential_monte_carlo(
                ToyRows(table), condition, end_token_ids=[END], max_tokens=budget, seed=seed, particles=5
            )
        )
    _judge(runs, mass, truth)
    unfinished = [
        [len(ids) == budget + 1 for ids in run.token_ids] for run in runs
    ]  # texts that met the budget: without them, or without their end's weight, the mass would be another
    dropped = np.mean(
        [np.mean(np.where(met, 0.0, np.exp(run.log_weights))) for met, run in zip(unfinished, runs, strict=True)]
    )
    error = np.std([math.exp(run.log_normaliser) for run in runs]) / RUNS**0.5
    assert abs(dropped - mass) > 10 * error


def _likes_b(text: str, ended: bool) -> float:
    return 0.7 * text.count("b") - (0.3 if ended else 0.0)


def _guesses_wrongly(text: str, ended: bool) -> float:
    return _likes_b(text, True) if ended else 1.5 * text.count("a")


def _forbids_bb(text: str, ended: bool) -> float:
    return -math.inf if "bb" in text else 0.2


@pytest.mark.slow
@pytest.mark.parametrize("critic", [_likes_b, _guesses_wrongly, _forbids_bb])
@pytest.mark.parametrize("ess_threshold", [0.0, 0.9])
def test_what_a_critic_says_on_the_way_is_undone(critic: Callable[..., float], ess_threshold: float) -> None:
    mass, truth = exact(BUDGET)
    tilted = {text: share * mass * math.exp(critic(text, True)) for text, share in truth.items()}
    total = math.fsum(tilted.values())
    runs = [_sample(seed, critic=critic, ess_threshold=ess_threshold, particles=8) for seed in range(RUNS)]
    _judge(runs, total, {text: share / total for text, share in tilted.items()})


def test_temperature_is_part_of_the_target() -> None:
    cold = enumerate_texts(
        ToyRows(table), condition_of(COMPILED), end_token_ids=[END], max_tokens=BUDGET, temperature=0.5
    )
    assert total_variation(cold.posterior, exact(BUDGET)[1]) > 0.05
    runs = [_sample(seed, temperature=0.5) for seed in range(RUNS)]
    _judge(runs, math.exp(cold.log_normaliser), cold.posterior)


@pytest.fixture(scope="module")
def embedded() -> Any:
    torch = pytest.importorskip("torch", reason="the embedded model runs on torch")
    from decodex.model import load_default

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_default()
    torch.set_num_threads(threads)


@pytest.mark.slow
def test_embedded_model_against_enumeration(embedded: Any) -> None:
    from decodex.decoding.model_inputs import encoded, vocabulary
    from decodex.decoding.model_rows import ModelRows

    model, tokenizer = embedded
    vocab = vocabulary(model, tokenizer)
    compiled = dx.compile(dx.regex(r"(market|station|school|garden)( (with|and) Tom)?\."), vocab)
    ids = encoded(model, tokenizer, "Mary went to the ")["input_ids"]
    options: dict[str, Any] = {"end_token_ids": vocab.eos_token_ids, "max_tokens": 10}

    def condition() -> Any:
        return condition_of(compiled, max_tokens=10)

    truth = enumerate_texts(ModelRows(model, ids), condition(), **options)
    assert len(truth.posterior) == 12 and len(truth.token_ids) > 1_000
    draws = 250
    drawn: Counter[str] = Counter()
    normalisers = []
    for seed in range(draws):
        run = sequential_monte_carlo(ModelRows(model, ids), condition(), particles=150, seed=seed, **options)
        drawn[run.text] += 1
        normalisers.append(math.exp(run.log_normaliser - truth.log_normaliser))
    assert abs(np.mean(normalisers) - 1) < 4 * np.std(normalisers) / draws**0.5
    assert _chi_square(drawn, truth.posterior) > 1e-3
    assert _chi_square(drawn, truth.masked) < 1e-6


def _chi_square(drawn: Counter[str], shares: dict[str, float]) -> float:
    """The p-value of the draws; texts that are expected less than 5 times count as one."""
    draws = drawn.total()
    frequent = [text for text, share in shares.items() if share * draws >= 5]
    observed = [drawn[text] for text in frequent]
    expected = [draws * shares[text] for text in frequent]
    rest = draws - sum(expected)
    if rest >= 1:
        observed, expected = [*observed, draws - sum(observed)], [*expected, rest]
        return float(chisquare(observed, expected).pvalue)
    scale = sum(observed) / sum(expected)
    return float(chisquare(observed, [count * scale for count in expected]).pvalue)
