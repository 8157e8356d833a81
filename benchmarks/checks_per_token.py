"""How many checks does a weighted token take, with the size of the vocabulary and with the model's agreement?

    python -m benchmarks.checks_per_token [--quick]

In: scores like those of a model (normal, spread 3) for 2k to 131k tokens, and conditions that allow a random set of
tokens, which has a given share of the mass: the model's agreement with the constraint. Out: mean checks per token of
each estimator; in the JSON file also the standard deviation of its weights over their mean. Floor: one over the
agreement, the checks of rejection with replacement; the other end is a mask, which checks the whole vocabulary.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.harness.figures import Report
from benchmarks.harness.plots import Draw
from benchmarks.harness.suite import Options, run_benchmark

SIZES = (2_000, 8_000, 32_000, 131_072)
AGREEMENTS = (0.99, 0.9, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
ESTIMATORS = ("improper", "recursive", "adaptive", "geometric")
AT = 0.5
"""The agreement at which the size of the vocabulary is varied, and the size at which the agreement is: the largest."""


class _Allowed:
    """A condition by a table: nothing but checks."""

    def __init__(self, valid: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        self.valid = valid
        self.checks = 0
        self.is_accepting = self.is_finished = False
        self.text = b""

    def allows(self, token_id: int) -> bool:
        self.checks += 1
        return bool(self.valid[token_id])

    def mask(self) -> None:
        return None

    def advance(self, token_id: int) -> None:
        raise NotImplementedError

    def fork(self) -> _Allowed:
        return _Allowed(self.valid)


def measure(options: Options, report: Report) -> None:
    sizes = options.choose(SIZES, (500, 2_000))
    agreements = options.choose(AGREEMENTS, (0.9, 0.1))
    cases, draws = options.choose((40, 10), (3, 3))
    report.floor = "1 / agreement"
    by_size: dict[str, list[tuple[float, float]]] = {name: [] for name in ESTIMATORS}
    by_agreement: dict[str, list[tuple[float, float]]] = {name: [] for name in ESTIMATORS}
    deviations: dict[str, float] = {}
    points = [(size, AT) for size in sizes] + [(sizes[-1], agreement) for agreement in agreements]
    for number, (size, agreement) in enumerate(points):
        for name in ESTIMATORS:
            checks, deviation = _mean_checks(name, size, agreement, cases, draws, options.seed + number)
            where = f"{size:,} tokens, agreement {agreement:g}"
            report.add(f"{where}: {name}", "checks", {"decodex": checks}, floor=1 / agreement)
            deviations[f"{where}: {name}"] = deviation
            of_size = number < len(sizes)
            (by_size if of_size else by_agreement)[name].append((size if of_size else agreement, checks))
    report.data = {"by_size": by_size, "by_agreement": by_agreement, "agreement": AT, "size": sizes[-1]}
    report.data["deviations"] = deviations
    report.draw = Draw(lambda left, right: _paint(left, right, by_size, by_agreement, sizes[-1]), panels=2)


def _mean_checks(
    method: Any, size: int, agreement: float, cases: int, draws: int, seed: int
) -> tuple[float, float]:
    """Over random cases, the same for every method: checks per token, and the deviation of weights over their mean."""
    from decodex.sampling import AdaptiveRejectionSampler

    rng = np.random.default_rng(seed)
    sampler = AdaptiveRejectionSampler(method=method, seed=seed)
    deviations = []
    for _ in range(cases):
        scores = rng.normal(size=size) * 3
        valid = np.zeros(size, np.bool_)
        valid[rng.permutation(size)[: max(1, round(size * agreement))]] = True
        mass = np.exp(scores)  # moved so that what is allowed has exactly the share
        scores[valid] += np.log(agreement / (1 - agreement) * mass[~valid].sum() / mass[valid].sum())
        condition = _Allowed(valid)
        found = sampler.sample_rows(np.tile(scores, (draws, 1)), [condition.fork() for _ in range(draws)])
        weights = np.exp(found.log_weights)
        deviations.append(weights.std() / weights.mean() if weights.mean() > 0 else 0.0)
    return sampler.counters.checks_per_token, float(np.mean(deviations))


def _paint(left: Any, right: Any, by_size: Any, by_agreement: Any, size: int) -> None:
    for axes, series in ((left, by_size), (right, by_agreement)):
        for name, points in series.items():
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
    for axes, at in ((left, [AT] * len(by_size["improper"])), (right, [x for x, _ in by_agreement["improper"]])):
        xs = [x for x, _ in (by_size if axes is left else by_agreement)["improper"]]
        axes.plot(xs, [1 / a for a in at], "--", linewidth=1.2, color="#666666", label="1 / agreement")
    left.set(xscale="log", ylim=(0, None), xlabel="tokens in the vocabulary", ylabel="checks per token")
    left.set(title=f"With the vocabulary, agreement {AT:g}")
    right.set(xscale="log", yscale="log", xlabel="agreement: allowed share of the mass", ylabel="checks per token")
    right.set(title=f"With the agreement, {size:,} tokens")
    left.legend(frameon=False)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("checks_per_token", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
