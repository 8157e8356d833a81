"""What does an exactly weighted token cost, and how much do its weights vary, beside genlm-control's sampler?

    python -m benchmarks.token_samplers [--quick]

In: places along one text, with scores like those of a model that agrees with the constraint more or less (``SHARES``),
for the vocabulary of ``--vocab``. Two conditions that say the same: a Python function (partial matching by the package
``regex``), which both sides call, and an automaton, decodex's and genlm-control's own. Both sides draw in one process,
in turns, from the same scores at the same places. Out: checks per token, the variance of the weights over the square of
their mean, and microseconds of processor time per token, of which the target is a fifth of the peer's. decodex takes
masks of the automaton where its rule says so, which count as no checks; the last rows are its rejection alone. (There
the peer searches fewer tokens: it leaves out those with bytes outside of ASCII, which its automaton cannot read.)
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from statistics import mean, median
from typing import Any

import numpy as np

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import one_thread, quiet, rotations

PATTERN = r'(\{"name": "[A-Za-z ]{1,40}", "year": [0-9]{1,4}\} ?)+'
TEXT = '{"name": "Ada Lovelace", "year": 1815} {"name": "Alan Turing", "year": 1912}'
SHARES = (0.95, 0.8, 0.5, 0.2, 0.05)
"""What the token that the text goes on with has of the mass, place by place."""
FIFTH = Target(0.2, "peer")
NO_MORE = Target(1.05, "peer")
"""Within what two runs of the same sampler differ by."""
PEER = "genlm-control"

Sample = Callable[[], tuple[float, int]]
"""One draw: weight and checks."""


def measure(options: Options, report: Report) -> None:
    one_thread()
    import decodex as dx

    vocabulary, encode = options.vocabulary(report)
    tokens = [token for token in vocabulary.tokens if token is not None]
    at = {token: i for i, token in enumerate(tokens)}
    text = [at[vocabulary.tokens[i] or b""] for i in encode(TEXT)]
    vocab = dx.Vocabulary.from_tokens([*tokens, None], eos_token_ids=[len(tokens)])
    places = _places(text, len(tokens) + 1, options.count(15, 3), options.seed)
    draws, rounds = options.choose((200, 9), (5, 2))
    peers = _Peer(tokens, places) if importlib.util.find_spec("genlm") else None
    if peers is None:
        report.notes.append("genlm-control is not installed (pip install genlm-control)")
    found: dict[str, dict[str, list[float]]] = {}
    for kind in ("predicate", "automaton"):
        samplers = {"decodex": _own(kind, vocab, text, places, "auto")}
        if peers is not None:
            samplers[PEER] = peers.samplers(kind, text)
        found[kind] = _measured(samplers, draws, rounds)
    found["automaton, no masks"] = _measured(
        {"decodex": _own("automaton", vocab, text, places, "never")}, draws, rounds
    )
    for kind, values in found.items():
        for name, unit, target in (
            ("checks per token", "checks", NO_MORE),
            ("variance of weights / mean²", "", NO_MORE),
            ("per token", "µs", FIFTH),
        ):
            shown = {label.partition(": ")[0]: v[0] for label, v in values.items() if label.endswith(name)}
            targets = {PEER: target} if PEER in shown else {}
            report.add(f"{kind}: {name}", unit, shown, targets=targets)
    report.data = found
    kinds = [kind for kind in found if kind in ("predicate", "automaton")]
    series = {
        name: [found[kind].get(f"{name}: per token", [None])[0] for kind in kinds]  # type: ignore[list-item]
        for name in ("decodex", PEER)
        if any(f"{name}: per token" in found[kind] for kind in kinds)
    }
    labels = {"ylabel": "per token (µs)", "yscale": "log", "title": f"One weighted token, {len(tokens):,} tokens"}
    report.draw = Draw(lambda axes: bars(axes, kinds, series, **labels))


def _places(text: Sequence[int], size: int, count: int, seed: int) -> list[tuple[int, np.ndarray[Any, Any]]]:
    """(how much of the text has been read, scores float32 [V]): normal noise, and the next token with its share."""
    rng = np.random.default_rng(seed)
    out = []
    for number, read in enumerate(np.linspace(0, len(text) - 1, count).astype(int)):
        scores = rng.normal(size=size) * 3
        share = SHARES[number % len(SHARES)]
        others = np.exp(np.delete(scores, text[read])).sum()
        scores[text[read]] = np.log(others * share / (1 - share))
        scores -= np.log(np.exp(scores).sum())
        out.append((int(read), scores.astype(np.float32)))
    return out


def _matches() -> Callable[[bytes], Any]:
    import regex

    pattern = regex.compile(PATTERN.encode())
    return lambda data: pattern.fullmatch(data, partial=True)


def _own(kind: str, vocab: Any, text: Sequence[int], places: Sequence[tuple[int, Any]], masks: Any) -> list[Sample]:
    import decodex as dx
    from decodex.sampling import AdaptiveRejectionSampler, condition_of

    matches = _matches()
    predicate = dx.predicate(
        lambda data: matches(data) is not None,
        lambda data: (found := matches(data)) is not None and not found.partial,
        as_bytes=True,
    )
    start = condition_of(predicate if kind == "predicate" else dx.regex(PATTERN), vocab)
    sampler = AdaptiveRejectionSampler(masks=masks, seed=0)
    samples = []
    for read, scores in places:
        condition = start.fork()
        for token in text[:read]:
            condition.advance(token)

        def sample(condition: Any = condition, scores: Any = scores) -> tuple[float, int]:
            draw = sampler.sample(scores, condition.fork())
            return float(np.exp(draw.log_weight)), draw.checks

        samples.append(sample)
    return samples


class _Peer:
    """genlm-control's AWRS over potentials that return the scores of the places."""

    def __init__(self, tokens: Sequence[bytes], places: Sequence[tuple[int, Any]]) -> None:
        from genlm.control.potential import Potential

        class Model(Potential):  # type: ignore[misc]
            """Scores that were made before, by the length of the context."""

            async def complete(self, context: Any) -> float:
                return float(self.scores[len(context)][-1])

            async def prefix(self, context: Any) -> float:  # noqa: ARG002
                return 0.0

            async def logw_next(self, context: Any) -> Any:
                return self.lazy[len(context)]

        self.tokens = tokens
        self.places = places
        self.model = Model(list(tokens))
        self.model.scores = dict(places)
        self.model.lazy = {read: self.model.make_lazy_weights(scores) for read, scores in places}

    def samplers(self, kind: str, text: Sequence[int]) -> list[Sample]:
        from genlm.control import AWRS, BoolFSA
        from genlm.control.potential import Potential

        matches = _matches()

        class Predicate(Potential):  # type: ignore[misc]
            async def complete(self, context: Any) -> float:
                found = matches(b"".join(context))
                return 0.0 if found is not None and not found.partial else float("-inf")

            async def prefix(self, context: Any) -> float:
                return 0.0 if matches(b"".join(context)) is not None else float("-inf")

        if kind == "predicate":
            condition = Predicate(list(self.tokens))
        else:
            condition = BoolFSA.from_regex(PATTERN).coerce(self.model, f=b"".join)
        sampler = AWRS(self.model, condition, seed=0, autobatch=False)
        checks, asked = [0], sampler._accept

        async def counted(*arguments: Any) -> Any:
            checks[0] += 1
            return await asked(*arguments)

        sampler._accept = counted
        loop = asyncio.new_event_loop()
        samples = []
        for read, _ in self.places:
            context = [self.tokens[i] for i in text[:read]]

            def sample(context: Any = context) -> tuple[float, int]:
                before = checks[0]
                _, log_weight, _ = loop.run_until_complete(sampler.sample(context))
                return float(np.exp(log_weight)), checks[0] - before

            samples.append(sample)
        return samples


def _measured(samplers: dict[str, list[Sample]], draws: int, rounds: int) -> dict[str, list[float]]:
    """Per sampler the mean over all places: checks, relative variance; and the processor time of a draw, in turns."""
    out: dict[str, list[float]] = {}
    for name, samples in samplers.items():
        seen = [[sample() for _ in range(draws)] for sample in samples]
        out[f"{name}: checks per token"] = [mean(checks for place in seen for _, checks in place)]
        varied = []
        for place in seen:
            weights = np.array([weight for weight, _ in place])
            varied.append(float(weights.var() / max(weights.mean(), 1e-300) ** 2))
        out[f"{name}: variance of weights / mean²"] = [mean(varied), *varied]
    times: dict[str, list[float]] = {name: [] for name in samplers}
    with quiet():
        for names in rotations(list(samplers), rounds):
            for name in names:
                begin = time.process_time_ns()
                for sample in samplers[name]:
                    sample()
                times[name].append((time.process_time_ns() - begin) / len(samplers[name]) / 1e3)
    for name, taken in times.items():
        out[f"{name}: per token"] = [median(taken)]
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("token_samplers", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
