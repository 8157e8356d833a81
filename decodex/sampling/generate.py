"""``generate`` and ``stream``: text from a model of transformers by a method that keeps the model's distribution.

In: a model and its tokenizer, a prompt, a constraint. Out: ``Particles``, whose ``text`` is one text drawn by the
weights; or its pieces, as soon as all particles agree on them. Invariant: every text satisfies the constraint and is
complete within ``max_new_tokens``. Refuses: a method it does not know, with the names of those there are.
"""

from __future__ import annotations

import codecs
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from decodex.compiling import CompiledConstraint
from decodex.constraints import Constraint
from decodex.errors import DecodexError
from decodex.sampling.conditions import Condition, condition_of
from decodex.sampling.progress import ProgressBar
from decodex.sampling.resampling import Scheme
from decodex.sampling.smc import (
    DEFAULT_ESS_THRESHOLD,
    DEFAULT_PARTICLES,
    Critic,
    Particles,
    Population,
)
from decodex.sampling.token_samplers import TokenSampler

__all__ = ["METHODS", "Stream", "generate", "stream"]

DEFAULT_MAX_NEW_TOKENS = 256


@dataclass(frozen=True)
class Method:
    """A special case of sequential Monte Carlo."""

    help: str
    particles: int
    ess_threshold: float
    takes_best: bool = False


METHODS = {
    "smc": Method("particles, resampled where their weights are uneven", DEFAULT_PARTICLES, DEFAULT_ESS_THRESHOLD),
    "importance": Method("particles that are weighted and never resampled", DEFAULT_PARTICLES, 0.0),
    "best_of": Method("of several texts the one that the critic, or the model, likes best", 8, 0.0, takes_best=True),
    "mask": Method("one text, each token drawn among the allowed ones; the distribution is distorted", 1, 0.0),
}


def generate(
    model: Any,
    tokenizer: Any,
    prompt: Any,
    constraint: Constraint | CompiledConstraint | Condition | str,
    *,
    method: str = "smc",
    particles: int | None = None,
    max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS,
    sampler: TokenSampler | None = None,
    critic: Critic | None = None,
    temperature: float = 1.0,
    ess_threshold: float | None = None,
    resampling: str | Scheme = "systematic",
    seed: int | np.random.Generator | None = None,
    progress: bool = False,
) -> Particles:
    """Weighted texts that the model writes after the prompt under the constraint; ``.text`` is one of them.

    ``prompt``: a text, chat messages for the tokenizer's chat template, or token ids ``[1, length]``. ``constraint``: a
    constraint, compiled or not, a ``decodex.predicate``, both joined by ``&``, or a condition. ``method``: "smc",
    "importance", "best_of" or "mask" (``METHODS`` describes them). ``critic(text, ended)``: the logarithm of a factor
    that the model's distribution is multiplied by; "best_of" takes the text for which it is largest. ``seed``: an int
    makes the call repeatable. ``progress``: a bar on standard error. The other arguments are those of
    ``sequential_monte_carlo``. Raises ``BudgetError`` where ``max_new_tokens`` is too small for any text,
    ``DecodexError`` for arguments that do not fit.

    >>> generate(model, tokenizer, "Is water wet? ", dx.choice(["yes", "no"])).posterior  # doctest: +SKIP
    {'yes': 0.71, 'no': 0.29}
    """
    pieces = stream(
        model,
        tokenizer,
        prompt,
        constraint,
        method=method,
        particles=particles,
        max_new_tokens=max_new_tokens,
        sampler=sampler,
        critic=critic,
        temperature=temperature,
        ess_threshold=ess_threshold,
        resampling=resampling,
        seed=seed,
        progress=progress,
    )
    for _ in pieces:
        pass
    return pieces.result


def stream(
    model: Any,
    tokenizer: Any,
    prompt: Any,
    constraint: Constraint | CompiledConstraint | Condition | str,
    *,
    method: str = "smc",
    particles: int | None = None,
    max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS,
    sampler: TokenSampler | None = None,
    critic: Critic | None = None,
    temperature: float = 1.0,
    ess_threshold: float | None = None,
    resampling: str | Scheme = "systematic",
    seed: int | np.random.Generator | None = None,
    progress: bool = False,
) -> Stream:
    """The pieces of the text that ``generate`` would choose, each as soon as all particles agree on it; much of it may
    come late. Takes what ``generate`` takes; the iterator has what that returns as ``result`` when it is through.
    """
    if method not in METHODS:
        raise DecodexError(f"there is no method {method!r}; there are {', '.join(METHODS)}")
    how = METHODS[method]
    from decodex.decoding.model_inputs import encoded, vocabulary
    from decodex.decoding.model_rows import ModelRows

    vocab = vocabulary(model, tokenizer)
    condition = condition_of(constraint, vocab, max_tokens=max_new_tokens)
    inputs = encoded(model, tokenizer, prompt)
    population = Population(
        ModelRows(model, inputs["input_ids"], attention_mask=inputs.get("attention_mask")),
        condition,
        end_token_ids=vocab.eos_token_ids,
        max_tokens=max_new_tokens,
        sampler=sampler,
        particles=how.particles if particles is None else particles,
        ess_threshold=how.ess_threshold if ess_threshold is None else ess_threshold,
        resampling=resampling,
        critic=critic,
        temperature=temperature,
        seed=seed,
    )
    bar = ProgressBar(max_new_tokens) if progress else nullcontext()
    return Stream(_pieces(population, how, critic is not None, bar))


class Stream(Iterator[str]):
    """The pieces of a text; ``result`` is there when they have all been read."""

    result: Particles

    def __init__(self, pieces: Generator[str, None, Particles]) -> None:
        self._pieces = self._kept(pieces)

    def __next__(self) -> str:
        return next(self._pieces)

    def _kept(self, pieces: Generator[str, None, Particles]) -> Generator[str, None, None]:
        self.result = yield from pieces


def _pieces(
    population: Population, how: Method, has_critic: bool, bar: AbstractContextManager[Any]
) -> Generator[str, None, Particles]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    told = 0
    with bar as shown:
        while not population.is_finished:
            population.step()
            if shown is not None:
                shown.show(population.metrics)
            agreed = b"" if how.takes_best and not population.is_finished else population.agreed
            if piece := decoder.decode(agreed[told:]):
                yield piece
            told = max(told, len(agreed))
    result = population.result()
    if how.takes_best and result.chosen is not None:
        scores = result.log_critic if has_critic else result.log_probs
        lost = np.isneginf(result.log_weights)
        result = replace(result, chosen=int(np.argmax(np.where(lost, -np.inf, scores))))
    rest = result.data[result.chosen][told:] if result.chosen is not None else b""
    if piece := decoder.decode(rest, final=True):
        yield piece
    return result
