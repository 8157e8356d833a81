"""How fast do weighted particles write, by how many checks and with what variance, beside genlm-control?

    python -m benchmarks.particles [--quick]

In: sequential Monte Carlo over a small language, 10 tokens at most, on one CPU thread; the condition
is a Python predicate (partial matches of the module ``regex``, the same function for both engines) or the same
language as an automaton. Two models: the embedded one, and a table of probabilities over its vocabulary that costs
nothing (Zipf's law, tokens of the language at the head), so that the engines alone are compared. Out: tokens per
second, and the floor of it, as if the model's passes were all that decodex does; what an engine takes beside the
model's passes; checks of single tokens per token; and the relative variance of the weights of a run's particles without
resampling, which the normaliser's estimate inherits. genlm-control samples tokens by its AWRS in every case; decodex
takes what it takes by default: rejection for the predicate, masks for the automaton. So with a predicate both draw by
the same estimators, and the variances differ by chance: they are judged equal within two standard errors of their
ratio. What genlm-control remembers of earlier runs is emptied before each. The engines take turns; a ratio of rates is
the median over the rounds of the ratios within a round.
"""

from __future__ import annotations

import asyncio
import functools
import importlib.metadata
import importlib.util
import itertools
import math
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

import numpy as np

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import one_thread, quiet, rotations

PEER = "genlm-control"
PROMPT = "Mary went to the "
PLACES, JOINTS, NAMES = ("market", "station", "school", "garden"), ("with", "and"), ("Tom", "Anna", "Paul")
PATTERN = rf"({'|'.join(PLACES)})( ({'|'.join(JOINTS)}) ({'|'.join(NAMES)}))?\."
MAX_TOKENS = 10
PARTICLES = {"embedded model": (16, 64), "table": (16,)}
CONDITIONS = ("predicate", "automaton")
MODELS = ("embedded model", "table")
TABLE_ROWS = 64
RESAMPLED = 0.5
RATE = Target(5.0, at_least=True)
NO_MORE = Target(1.0)


@dataclass
class Run:
    """What one run of a sampler came to."""

    tokens: int
    checks: int
    model_seconds: float
    """Spent in the model's passes."""
    log_weights: np.ndarray


class Stopwatch:
    """Counts the seconds that a torch model spends in its passes."""

    def __init__(self, model: Any) -> None:
        self.seconds = self._begin = 0.0
        model.register_forward_pre_hook(self._start)
        model.register_forward_hook(self._stop)

    def _start(self, *_: Any) -> None:
        self._begin = time.perf_counter()

    def _stop(self, *_: Any) -> None:
        self.seconds += time.perf_counter() - self._begin


Sampler = Callable[[int, float], Run]
"""Takes the number of particles and the threshold of their effective sample size."""


def measure(options: Options, report: Report) -> None:
    missing = [name for name in ("torch", "transformers", "regex") if importlib.util.find_spec(name) is None]
    if missing:
        report.notes.append(f"nothing was measured: {' and '.join(missing)} not installed")
        return
    one_thread()
    import torch
    from transformers.utils import logging

    warnings.simplefilter("ignore")  # of transformers and genlm, about names and prompts
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    report.about |= {"max_tokens": MAX_TOKENS, "pattern": PATTERN, "prompt": PROMPT}
    report.floor = "the passes of the model alone"
    sides = {"decodex": _decodex_samplers()}
    if importlib.util.find_spec("genlm") is None:
        report.notes.append(f"{PEER} is not installed, so decodex is measured alone")
    else:
        sides[PEER] = _genlm_samplers()
        report.about["versions"] |= {PEER: importlib.metadata.version(PEER)}
    rounds, weighed = options.choose((9, 40), (2, 3))
    rates: dict[str, dict[str, float]] = {}
    for condition, model in itertools.product(CONDITIONS, MODELS):
        samplers = {name: side[f"{condition}, {model}"] for name, side in sides.items()}
        for particles in PARTICLES[model]:
            case = f"{condition}, {model}, {particles} particles"
            rates[case] = _compare(report, case, particles, samplers, rounds)
        _compare_weights(report, f"{condition}, {model}", samplers, weighed)
    report.data = {"tokens_per_second": rates}
    report.draw = Draw(lambda axes: _paint(axes, rates))


def _compare(report: Report, case: str, particles: int, samplers: dict[str, Sampler], rounds: int) -> dict[str, float]:
    """Add rates and checks of one case; returns the tokens per second of each engine."""
    seconds: dict[str, list[float]] = {name: [] for name in samplers}
    runs: dict[str, list[Run]] = {name: [] for name in samplers}
    for run in samplers.values():
        run(particles, RESAMPLED)
    for order in rotations(list(samplers), rounds):
        for name in order:
            with quiet():
                begin = time.perf_counter()
                runs[name].append(samplers[name](particles, RESAMPLED))
                seconds[name].append(time.perf_counter() - begin)
    per_second = {
        name: [run.tokens / spent for run, spent in zip(runs[name], seconds[name], strict=True)] for name in samplers
    }
    rate = {name: median(values) for name, values in per_second.items()}
    if PEER in rate:  # slow spells of the machine meet both sides of a round
        pairs = zip(per_second["decodex"], per_second[PEER], strict=True)
        rate["decodex"] = rate[PEER] * median(mine / theirs for mine, theirs in pairs)
    share = sum(run.model_seconds for run in runs["decodex"]) / sum(seconds["decodex"])
    floor = rate["decodex"] / share if share else None
    report.add(f"{case}: rate", "tokens/s", rate, floor=floor, targets={PEER: RATE})
    tokens = {name: sum(run.tokens for run in done) for name, done in runs.items()}
    beside = {
        name: (sum(seconds[name]) - sum(run.model_seconds for run in done)) / tokens[name] * 1e6
        for name, done in runs.items()
    }
    report.add(f"{case}: beside the model", "us per token", beside, targets={PEER: Target(1 / RATE.bound)})
    per_token = {name: sum(run.checks for run in done) / tokens[name] for name, done in runs.items()}
    report.add(f"{case}: checks", "per token", per_token, targets={PEER: NO_MORE})
    return rate


def _compare_weights(report: Report, case: str, samplers: dict[str, Sampler], runs: int) -> None:
    """Add the variance of the weights, without resampling: the mean over the runs of what it is within one."""
    variances = {name: _variances(run, runs) for name, run in samplers.items()}
    mean = {name: fmean(values) if values else None for name, values in variances.items()}
    noise = math.hypot(*(stdev(values) / math.sqrt(len(values)) / fmean(values) for values in variances.values()))
    report.add(f"{case}: variance of the weights", "of mean²", mean, targets={PEER: Target(1 + 2 * noise)})


def _variances(run: Sampler, runs: int) -> list[float]:
    """Of the weights of each run's particles; runs of which all are lost are left out."""
    from decodex.sampling.metrics import relative_variance

    done = [relative_variance(run(PARTICLES["table"][0], 0.0).log_weights) for _ in range(runs)]
    return [value for value in done if not math.isnan(value)]


def _is_prefix(data: bytes) -> bool:
    return _matches(data, partial=True)


def _is_text(data: bytes) -> bool:
    return _matches(data, partial=False)


def _matches(data: bytes, partial: bool) -> bool:
    try:
        text = data.decode()
    except UnicodeDecodeError:  # the language is ASCII
        return False
    return _pattern().fullmatch(text, partial=partial) is not None


@functools.cache
def _pattern() -> Any:
    import regex

    return regex.compile(PATTERN)


def _table(words: Sequence[bytes]) -> np.ndarray:
    """Log-probabilities that fall as Zipf's law, in another order in each row: first the words that are part of a text
    of the language, then the others; the last id ends.
    """
    rng = np.random.default_rng(0)
    tails = ["", *(f" {joint} {name}" for joint, name in itertools.product(JOINTS, NAMES))]
    texts = [f"{place}{tail}.".encode() for place, tail in itertools.product(PLACES, tails)]
    outside = np.array([not any(word in text for text in texts) for word in words])
    rows = np.empty((TABLE_ROWS, len(words) + 1))
    for row in rows:
        row[np.lexsort((rng.random(len(words)), outside))] = 1 / np.arange(1, len(words) + 1)
        row[-1] = row[:-1].sum() * 0.1
    return np.log(rows / rows.sum(axis=1, keepdims=True))


def _row(length: int, last: bytes) -> int:
    return (7 * length + sum(last)) % TABLE_ROWS


def _words() -> list[bytes]:
    """The distinct tokens of the embedded model."""
    from decodex.hf import vocabulary
    from decodex.model import load_default

    vocab = vocabulary(*load_default())
    return sorted({token for token in vocab.tokens if token})


# decodex


class _TableRows:
    """The table as rows of a model."""

    def __init__(self, table: np.ndarray, tokens: list[bytes]) -> None:
        self._table, self._tokens = table, tokens
        self._texts: list[tuple[int, bytes]] = [(0, b"")]

    def __len__(self) -> int:
        return len(self._texts)

    def logits(self) -> np.ndarray:
        return self._table[[_row(length, last) for length, last in self._texts]]

    def append(self, token_ids: Sequence[int]) -> None:
        pairs = zip(self._texts, token_ids, strict=True)
        self._texts = [(length + 1, self._tokens[token]) for (length, _), token in pairs]

    def reorder(self, parents: Sequence[int]) -> None:
        self._texts = [self._texts[parent] for parent in parents]


def _decodex_samplers() -> dict[str, Sampler]:
    import decodex as dx
    from decodex.decoding.model_inputs import encoded, vocabulary
    from decodex.decoding.model_rows import ModelRows
    from decodex.model import load_default
    from decodex.sampling import condition_of, sequential_monte_carlo

    model, tokenizer = load_default()
    ids = encoded(model, tokenizer, PROMPT)["input_ids"]
    words = _words()
    table = _table(words)
    vocabularies = {
        "embedded model": vocabulary(model, tokenizer),
        "table": dx.Vocabulary.from_tokens([*words, None], eos_token_ids=[len(words)]),
    }
    watch = Stopwatch(model)
    rows = {"embedded model": lambda: ModelRows(model, ids), "table": lambda: _TableRows(table, words)}

    def sampler(condition: str, name: str) -> Sampler:
        vocab = vocabularies[name]
        constraint = (
            dx.predicate(_is_prefix, _is_text, as_bytes=True) if condition == "predicate" else dx.regex(PATTERN)
        )
        known = dx.compile(constraint, vocab) if condition == "automaton" else constraint

        def run(particles: int, threshold: float) -> Run:
            before = watch.seconds
            done = sequential_monte_carlo(
                rows[name](),
                condition_of(known, vocab, max_tokens=MAX_TOKENS),
                end_token_ids=vocab.eos_token_ids,
                max_tokens=MAX_TOKENS,
                particles=particles,
                ess_threshold=threshold,
            )
            tokens = sum(map(len, done.token_ids))
            return Run(tokens, done.metrics.checks, watch.seconds - before, done.log_weights)

        return run

    return {f"{condition}, {name}": sampler(condition, name) for condition in CONDITIONS for name in MODELS}


# genlm-control


def _genlm_samplers() -> dict[str, Sampler]:
    from genlm.control import AWRS, SMC, BoolFSA, PromptedLLM
    from genlm.control.potential.base import Potential

    import decodex.model

    llm = PromptedLLM.from_name(str(Path(decodex.model.__file__).parent / "data"), backend="hf")
    llm.set_prompt_from_str(PROMPT)
    watch = Stopwatch(llm.model.model)
    words = _words()
    table = _table(words)
    loop = asyncio.new_event_loop()

    class Table(Potential):  # type: ignore[misc]
        async def prefix(self, context: Sequence[bytes]) -> float:
            return 0.0 if not context else math.nan

        async def complete(self, context: Sequence[bytes]) -> float:  # noqa: ARG002
            return math.nan

        async def logw_next(self, context: Sequence[bytes]) -> Any:
            return self.make_lazy_weights(table[_row(len(context), context[-1] if context else b"")])

    class Predicate(Potential):  # type: ignore[misc]
        async def prefix(self, context: Sequence[bytes]) -> float:
            return 0.0 if _is_prefix(b"".join(map(bytes, context))) else -math.inf

        async def complete(self, context: Sequence[bytes]) -> float:
            return 0.0 if _is_text(b"".join(map(bytes, context))) else -math.inf

    models = {"embedded model": llm, "table": Table(words)}

    def sampler(condition: str, name: str) -> Sampler:
        model = models[name]
        if condition == "predicate":
            awrs = AWRS(model, Predicate(model.vocab))
        else:
            awrs = AWRS(model, BoolFSA.from_regex(PATTERN).coerce(model, f=b"".join))
        counted, checks = awrs._accept, 0

        async def accept(*arguments: Any) -> bool:
            nonlocal checks
            checks += 1
            return bool(await counted(*arguments))

        awrs._accept = accept
        smc = SMC(awrs)

        def run(particles: int, threshold: float) -> Run:
            checked, watched = checks, watch.seconds
            llm.model.batch_size = particles  # it waits for as many before it runs the model
            llm.model.clear_cache()  # of earlier runs: a request is new
            llm.model.cache_kv(llm.prompt_ids)
            done = loop.run_until_complete(
                smc(n_particles=particles, ess_threshold=threshold, max_tokens=MAX_TOKENS + 1)
            )
            tokens = sum(map(len, done.contexts))
            return Run(tokens, checks - checked, watch.seconds - watched, np.asarray(done.log_weights))

        return run

    return {f"{condition}, {name}": sampler(condition, name) for condition in CONDITIONS for name in MODELS}


def _paint(axes: Any, rates: dict[str, dict[str, float]]) -> None:
    engines = list(next(iter(rates.values())))
    series = {engine: [rate[engine] for rate in rates.values()] for engine in engines}
    labels = {"ylabel": "tokens per second", "title": "Weighted particles under a constraint"}
    bars(axes, [case.replace(", ", "\n") for case in rates], series, **labels)
    axes.set_yscale("log")


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("particles", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
