"""Sequential Monte Carlo: many texts written side by side, weighted so that together they follow the model's own
distribution among the texts that a condition allows.

In: rows of a model, a condition, a token sampler. Out: ``Particles``, weighted texts. At each step every particle
draws a token and its weight grows by the sampler's; where the weights have become uneven, particles are resampled in
proportion to them. Invariant: for every function ``f`` of texts, the expected mean of ``weight * f(text)`` is the sum
over the allowed texts within the budget of ``P(text) * critic(text) * f(text)``; with ``f = 1``, the mean weight
estimates the normaliser without bias. A text that is at its budget gets the end token, with the probability of it as
weight. Particles with the same text share their condition and their row of the model. Cost: a row of the model per
distinct text and step, and what the token sampler asks.

Sources: Lew et al., "Sequential Monte Carlo Steering of Large Language Models", 2023; Loula et al., "Syntactic and
Semantic Control of Large Language Models via Sequential Monte Carlo", 2025; Lipkin et al., 2025 (arXiv 2504.05410).
"""

from __future__ import annotations

import codecs
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from decodex.errors import BudgetError, DecodexError
from decodex.sampling.conditions import Condition
from decodex.sampling.masking import MaskSampler
from decodex.sampling.metrics import (
    Metrics,
    effective_sample_size,
    log_mean_exp,
    log_sum_exp,
    relative_variance,
)
from decodex.sampling.rejection import AdaptiveRejectionSampler
from decodex.sampling.resampling import Scheme, resampling_scheme
from decodex.sampling.token_samplers import Draw, TokenSampler

__all__ = [
    "Critic",
    "Particles",
    "Population",
    "Rows",
    "default_sampler",
    "log_softmax",
    "normalised",
    "readable",
    "sequential_monte_carlo",
]

Critic = Callable[[str, bool], float]
"""``critic(text, ended)``: the logarithm of a factor. Of a text that has ended it is part of the target; before, a
guess of it that guides resampling and is taken back at the next step. A character that is cut is left out."""

DEFAULT_PARTICLES = 16
DEFAULT_ESS_THRESHOLD = 0.5
ROUNDING = 1e-9


class Rows(Protocol):
    """What writes the texts: ``decodex.decoding.model_rows.ModelRows``, or a distribution made by hand."""

    def __len__(self) -> int: ...

    def logits(self) -> Any:
        """Scores of the next token of each row, ``[rows, V]``, a NumPy array or a torch tensor."""

    def append(self, token_ids: Any) -> None:
        """Append a token to each row."""

    def reorder(self, parents: Any) -> None:
        """Row ``i`` becomes a copy of row ``parents[i]``."""


@dataclass(frozen=True, eq=False)
class Particles:
    """Weighted texts.

    ``log_weights``: float64 ``[N]``, minus infinity for a text that was lost on the way; of such a one ``texts`` holds
    the beginning.
    """

    token_ids: list[list[int]]
    """The tokens of each text, with its end token."""
    data: list[bytes]
    """The bytes of each text."""
    log_weights: NDArray[np.float64]
    log_probs: NDArray[np.float64]
    """The log-probability of each text under the model; float64 ``[N]``."""
    log_critic: NDArray[np.float64]
    """What the critic has said of each text, 0 without one; float64 ``[N]``."""
    chosen: int | None
    """The number of one text, drawn by the weights; ``None`` where all are lost."""
    metrics: Metrics

    def __len__(self) -> int:
        return len(self.data)

    @property
    def texts(self) -> list[str]:
        """The texts; bytes that spell no character become U+FFFD."""
        return [data.decode("utf-8", "replace") for data in self.data]

    @property
    def text(self) -> str:
        """The chosen text. Raises ``DecodexError`` where all are lost."""
        if self.chosen is None:
            raise DecodexError(
                f"none of the {len(self)} particles has found a text that the constraint allows; use more particles, a "
                "sampler that looks for allowed tokens (MaskSampler), or a larger budget"
            )
        return self.texts[self.chosen]

    @property
    def log_normaliser(self) -> float:
        """The estimate of the logarithm of the mass of all allowed texts; its exponential is unbiased."""
        return log_mean_exp(self.log_weights)

    @property
    def ess(self) -> float:
        """The effective sample size of the weights."""
        return effective_sample_size(self.log_weights)

    @cached_property
    def posterior(self) -> dict[str, float]:
        """The estimated probability of each text, the likeliest first; weights of equal texts are summed."""
        return normalised(zip(self.texts, self.log_weights, strict=True))


def normalised(log_weighted: Iterator[tuple[str, float]] | Sequence[tuple[str, float]]) -> dict[str, float]:
    """Probabilities of texts from their log weights, the likeliest first; those of equal texts are summed."""
    sums: dict[str, float] = {}
    pairs = [(text, float(weight)) for text, weight in log_weighted if weight > -math.inf]
    top = max((weight for _, weight in pairs), default=0.0)
    for text, weight in pairs:
        sums[text] = sums.get(text, 0.0) + math.exp(weight - top)
    total = math.fsum(sums.values())
    return {text: mass / total for text, mass in sorted(sums.items(), key=lambda item: (-item[1], item[0]))}


def sequential_monte_carlo(
    rows: Rows,
    condition: Condition,
    *,
    end_token_ids: Sequence[int],
    max_tokens: int,
    sampler: TokenSampler | None = None,
    particles: int = DEFAULT_PARTICLES,
    ess_threshold: float = DEFAULT_ESS_THRESHOLD,
    resampling: str | Scheme = "systematic",
    critic: Critic | None = None,
    temperature: float = 1.0,
    seed: int | np.random.Generator | None = None,
    on_step: Callable[[Population], None] | None = None,
) -> Particles:
    """Weighted texts of at most ``max_tokens`` tokens, the end token not counted, that the condition allows.

    ``rows``: one row, that of the prompt (``ModelRows(model, prompt_ids)``); it is used up, and so is the condition.
    ``sampler``: ``default_sampler(condition)`` unless given. ``ess_threshold``: particles are resampled where the
    effective sample size is below this part of their number; 0 is importance sampling, with the critic at the end
    alone. ``resampling``: "systematic", "stratified", "residual" or "multinomial". ``temperature``: of the model whose
    distribution is kept. ``seed``: an int makes the run repeatable. ``on_step``: called with the population after each
    step. Raises ``DecodexError`` for arguments out of range, for scores that are no numbers, and for a critic's answer
    that is none or infinitely large.
    """
    population = Population(
        rows,
        condition,
        end_token_ids=end_token_ids,
        max_tokens=max_tokens,
        sampler=sampler,
        particles=particles,
        ess_threshold=ess_threshold,
        resampling=resampling,
        critic=critic,
        temperature=temperature,
        seed=seed,
    )
    while not population.is_finished:
        population.step()
        if on_step is not None:
            on_step(population)
    return population.result()


@dataclass(eq=False)
class _Text:
    """What one or more particles have written."""

    condition: Condition
    token_ids: tuple[int, ...]
    row: int
    """Its row in the model; of the text one token shorter until the model has seen that."""
    log_prob: float = 0.0
    """Its log-probability under the model."""
    log_twist: float = 0.0
    """What the critic says of it."""
    is_open: bool = True


class Population:
    """The particles while they are written; see ``sequential_monte_carlo`` for what it takes."""

    def __init__(
        self,
        rows: Rows,
        condition: Condition,
        *,
        end_token_ids: Sequence[int],
        max_tokens: int,
        sampler: TokenSampler | None = None,
        particles: int = DEFAULT_PARTICLES,
        ess_threshold: float = DEFAULT_ESS_THRESHOLD,
        resampling: str | Scheme = "systematic",
        critic: Critic | None = None,
        temperature: float = 1.0,
        seed: int | np.random.Generator | None = None,
    ) -> None:
        _check(rows, end_token_ids, max_tokens, particles, ess_threshold, temperature)
        self._rows = rows
        self._ends = tuple(int(token) for token in end_token_ids)
        self._max_tokens = max_tokens
        self._sampler = default_sampler(condition) if sampler is None else sampler
        self._threshold = ess_threshold
        self._resample = resampling_scheme(resampling)
        self._critic = critic
        self._temperature = temperature
        self._rng = np.random.default_rng(seed)
        self._begin = time.perf_counter()
        self._texts = [_Text(condition, (), 0)] * particles
        self.log_weights = np.zeros(particles)
        self.metrics = Metrics(particles)

    @property
    def is_finished(self) -> bool:
        """Has every text ended, or been lost?"""
        return not self._open()

    @property
    def steps(self) -> int:
        """Tokens that the longest text has, its end token included."""
        return self.metrics.steps

    @property
    def agreed(self) -> bytes:
        """The bytes that all texts begin with, of those that are not lost."""
        texts = [text.condition.text for text in self._alive().values()]
        first, last = min(texts, default=b""), max(texts, default=b"")
        equal = (position for position, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
        return first[: next(equal, len(first))]

    def step(self) -> None:
        """Every open text gets a token; then the weights are judged."""
        log_probs = self._log_probs()
        members: dict[int, list[int]] = {}
        for particle in self._open():
            text = self._texts[particle]
            self.log_weights[particle] -= text.log_twist
            members.setdefault(text.row, []).append(particle)
        draws = self._draws(log_probs, members)
        self.metrics.tokens += len(draws)
        self.metrics.checks += sum(draw.checks for draw in draws.values())
        for row, particles in members.items():
            self._extend(particles, draws, log_probs[row])
        self.metrics.steps += 1
        self._twist()
        self.metrics.ess.append(effective_sample_size(self.log_weights))
        self.metrics.weight_variance.append(relative_variance(self.log_weights))
        if not self.is_finished:
            self._resample_if_uneven()
        if not self.is_finished:  # those that go on may have been resampled away
            self._advance_rows()
        self.metrics.seconds = time.perf_counter() - self._begin

    def result(self) -> Particles:
        """The weighted texts; one of them is chosen by the weights."""
        chosen = None
        if np.isfinite(self.log_weights).any():
            chosen = int(self._resample_one())
        return Particles(
            [list(text.token_ids) for text in self._texts],
            [text.condition.text for text in self._texts],
            self.log_weights.copy(),
            np.array([text.log_prob for text in self._texts]),
            np.array([text.log_twist for text in self._texts]),
            chosen,
            self.metrics,
        )

    # A step

    def _open(self) -> list[int]:
        """The particles that go on."""
        weights = self.log_weights
        return [i for i, text in enumerate(self._texts) if text.is_open and weights[i] > -np.inf]

    def _alive(self) -> dict[int, _Text]:
        """The distinct texts of particles that are not lost."""
        return {id(text): text for text, weight in zip(self._texts, self.log_weights, strict=True) if weight > -np.inf}

    def _log_probs(self) -> NDArray[np.float64]:
        """Of each row, the log-probabilities of its next token, float64 ``[rows, V]``."""
        log_probs = log_softmax(self._rows.logits(), self._temperature)
        if np.isnan(log_probs).any():
            raise DecodexError(
                f"the model's scores after {self.metrics.steps} tokens are no numbers (NaN, or nothing but minus "
                "infinity), so there is nothing to sample from"
            )
        return log_probs

    def _draws(self, log_probs: NDArray[np.float64], members: dict[int, list[int]]) -> dict[int, Draw]:
        """A token for each particle, given the particles of each row."""
        conditions = {row: self._texts[particles[0]].condition for row, particles in members.items()}
        many = getattr(self._sampler, "sample_many", None)
        batch = getattr(self._sampler, "sample_rows", None)
        draws: dict[int, Draw] = {}
        if batch is not None and many is None and self.metrics.steps < self._max_tokens:
            rows = [(row, particle) for row, particles in members.items() for particle in particles]
            numbers = [row for row, _ in rows]
            drawn = batch(log_probs[numbers], [conditions[row] for row in numbers], self._rng)
            for (_, particle), *draw in zip(rows, drawn.token_ids, drawn.log_weights, drawn.checks, strict=True):
                draws[particle] = Draw(int(draw[0]), float(draw[1]), int(draw[2]))
            return draws
        for row, particles in members.items():
            place = log_probs[row], conditions[row]
            if self.metrics.steps == self._max_tokens:
                drawn = [_end(*place, self._ends, self._rng) for _ in particles]
            elif many is not None:
                drawn = many(*place, len(particles), self._rng)
            else:
                drawn = [self._sampler.sample(*place, self._rng) for _ in particles]
            draws |= zip(particles, drawn, strict=True)
        return draws

    def _extend(self, particles: list[int], draws: dict[int, Draw], log_probs: NDArray[np.float64]) -> None:
        """Append their tokens to the particles that have the same text."""
        text = self._texts[particles[0]]
        heirs: dict[int, list[int]] = {}
        for particle in particles:
            draw = draws[particle]
            self.log_weights[particle] += draw.log_weight
            if draw.log_weight > -np.inf:
                heirs.setdefault(draw.token_id, []).append(particle)
        # The last heir may take the condition over, unless a lost particle still has the text.
        last = next(reversed(heirs), None) if sum(map(len, heirs.values())) == len(particles) else None
        for token, those in heirs.items():
            condition = text.condition if token == last else text.condition.fork()
            condition.advance(token)
            log_prob = text.log_prob + float(log_probs[token])
            longer = _Text(condition, (*text.token_ids, token), text.row, log_prob, is_open=token not in self._ends)
            for particle in those:
                self._texts[particle] = longer

    def _twist(self) -> None:
        """Ask the critic about every text that is new: for good of one that has ended, to be undone of the others."""
        if self._critic is None:
            return
        for text in self._alive().values():
            length = len(text.token_ids)
            if length == self.metrics.steps and (not text.is_open or self._threshold > 0):
                text.log_twist = _answer(self._critic, text)
        for particle, text in enumerate(self._texts):
            if len(text.token_ids) == self.metrics.steps:
                self.log_weights[particle] += text.log_twist

    def _resample_if_uneven(self) -> None:
        count = len(self._texts)
        if self.metrics.ess[-1] >= self._threshold * count * (1 - ROUNDING):
            return
        total = log_sum_exp(self.log_weights)
        parents = self._resample(np.exp(self.log_weights - total), self._rng)
        self._texts = [self._texts[parent] for parent in parents]
        self.log_weights = np.full(count, total - math.log(count))
        self.metrics.resamplings += 1

    def _advance_rows(self) -> None:
        """The model gets the texts that go on, each once."""
        going: dict[int, _Text] = {}
        for particle in self._open():
            going.setdefault(id(self._texts[particle]), self._texts[particle])
        self._rows.reorder([text.row for text in going.values()])
        self._rows.append([text.token_ids[-1] for text in going.values()])
        for row, text in enumerate(going.values()):
            text.row = row
        self.metrics.rows_run += len(going)

    def _resample_one(self) -> int:
        weights = np.exp(self.log_weights - log_sum_exp(self.log_weights))
        return int(resampling_scheme("multinomial")(weights, self._rng, 1)[0])


def default_sampler(condition: Condition) -> TokenSampler:
    """``MaskSampler`` where the condition has masks, which particles with the same text share and which leave no
    variance; ``AdaptiveRejectionSampler`` where tokens have to be checked one by one.
    """
    return AdaptiveRejectionSampler() if condition.mask() is None else MaskSampler()


def readable(data: bytes) -> str:
    """Bytes as text, without a character at the end that is cut; what spells no character becomes U+FFFD."""
    return codecs.getincrementaldecoder("utf-8")("replace").decode(data)


def _answer(critic: Critic, text: _Text) -> float:
    words = readable(text.condition.text)
    answer = float(critic(words, not text.is_open))
    if math.isnan(answer) or answer == math.inf:
        raise DecodexError(
            f"the critic answers {answer} about {words[-40:]!r}; it returns the logarithm of a factor: a finite "
            "number, or minus infinity for a text that must not be"
        )
    return answer


def _end(log_probs: NDArray[np.float64], condition: Condition, ends: Sequence[int], rng: np.random.Generator) -> Draw:
    """The end token, weighted by the probability that the text ends here."""
    before = condition.checks
    tokens = np.array([token for token in ends if condition.allows(token)], dtype=np.int64)
    checks = condition.checks - before
    log_weight = log_sum_exp(log_probs[tokens]) if len(tokens) else -math.inf
    if log_weight == -math.inf:
        return Draw(ends[0], -math.inf, checks)
    weights = np.exp(log_probs[tokens] - log_weight)
    chosen = 0 if len(tokens) == 1 else int(resampling_scheme("multinomial")(weights, rng, 1)[0])
    return Draw(int(tokens[chosen]), log_weight, checks)


def log_softmax(logits: Any, temperature: float) -> NDArray[np.float64]:
    """Log-probabilities of scores, a NumPy array or a torch tensor ``[rows, V]``; float64."""
    if hasattr(logits, "log_softmax"):  # a tensor; torch uses all cores
        scaled: NDArray[np.float64] = (logits.detach().cpu().double() / temperature).log_softmax(-1).numpy()
        return scaled
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = scaled - scaled.max(axis=-1, keepdims=True)
        result: NDArray[np.float64] = scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True))
    return result


def _check(
    rows: Rows,
    end_token_ids: Sequence[int],
    max_tokens: int,
    particles: int,
    ess_threshold: float,
    temperature: float,
) -> None:
    if len(rows) != 1:
        raise DecodexError(f"particles begin from one row, that of the prompt; these are {len(rows)} rows")
    if not end_token_ids:
        raise DecodexError("end_token_ids is empty: no text could ever end")
    if isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or max_tokens < 0:
        raise BudgetError(f"max_tokens is a count of tokens, not {max_tokens!r}")
    if isinstance(particles, bool) or not isinstance(particles, int) or particles < 1:
        raise DecodexError(f"particles is how many texts are written side by side, at least 1, not {particles!r}")
    if not 0 <= ess_threshold <= 1:
        raise DecodexError(f"ess_threshold is a part of the particles, between 0 and 1, not {ess_threshold!r}")
    if not 0 < temperature < math.inf:
        raise DecodexError(
            f"temperature is a number above 0, not {temperature!r}; for the likeliest text use greedy decoding"
        )
