"""Does a text have the length that was asked for, and what does that cost the model?

    python -m benchmarks.lengths [--quick] [--limit TEXTS]

In: the task of Target Length Generation (Li et al., "Ruler", 2024): targets from 10 to over 800 words, and for each the
range of lengths that is a precise match and the wider one of a flexible match. The embedded model is asked for a story
of so many words, and samples with decodex holding it to the precise range (``dx.length("word_runs", ...)``) and
without. Out: the share of matches, by a count of ``\\w+``; what the masks took of the model's probability, per text and
per word, in nats; the mean log-probability of a token. Floor: the same model without a constraint.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.statistics import progress
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.writing import Written, embedded_model, write


@dataclass(frozen=True)
class Goal:
    """A target, and the lengths that match it: more than the first and at most the second."""

    name: str
    precise: tuple[int, int | None]
    flexible: tuple[int, int | None]

    @property
    def most(self) -> int:
        """Tokens that a text may have: two for each word, where the model writes one and a half."""
        return 2 * (self.precise[1] or self.precise[0] * 5 // 4) + 40


GOALS = (
    Goal("10", (0, 20), (0, 20)),
    Goal("30", (20, 40), (20, 40)),
    Goal("50", (40, 60), (40, 60)),
    Goal("80", (70, 90), (60, 100)),
    Goal("150", (130, 170), (100, 200)),
    Goal("300", (280, 320), (200, 400)),
    Goal("500", (450, 550), (400, 600)),
    Goal("700", (630, 770), (600, 800)),
    Goal(">800", (800, None), (800, None)),
)
Found = dict[Goal, dict[str, list[Written]]]
ALL = Target(100, "value", at_least=True)


def measure(options: Options, report: Report) -> None:
    embedded = embedded_model(report)
    if embedded is None:
        return
    import decodex as dx
    from decodex.hf import vocabulary

    model, tokenizer = embedded
    vocab = vocabulary(model, tokenizer)
    texts, goals = options.count(8, 2), options.choose(GOALS, GOALS[:4])
    report.about["texts per target"] = texts
    report.floor = "the same model, asked the same, without a constraint"
    found: Found = {}
    with progress(2 * len(goals)) as advance:
        for goal in goals:
            compiled = dx.compile(dx.length("word_runs", goal.precise[0] + 1, goal.precise[1]), vocab)
            request = f"Tell me a story of {goal.name.replace('>', 'more than ')} words."
            found[goal] = {}
            for by, constraint in (("decodex", compiled), ("floor", None)):
                advance(f"{goal.name} words, {by}")
                found[goal][by] = write(model, tokenizer, request, texts, goal.most, options.seed, constraint)
    matches = {kind: _add_matches(report, kind, found) for kind in ("precise", "flexible")}
    for goal, both in found.items():
        _add_costs(report, goal, both)
        report.data[goal.name] = {by: [asdict(one) for one in wrote] for by, wrote in both.items()}
    per_word = [_per_word(both["decodex"]) for both in found.values()]
    groups = [goal.name for goal in found]
    report.draw = Draw(lambda left, right: _paint(left, right, groups, matches["precise"], per_word), panels=2)


def words(text: str) -> int:
    """As the task counts them."""
    return len(re.findall(r"\w+", text))


def matched(length: int, limits: tuple[int, int | None]) -> bool:
    low, high = limits
    return low < length and (high is None or length <= high)


def _add_matches(report: Report, kind: str, found: Found) -> dict[str, list[float | None]]:
    """Percent of the texts that the model ended and that have the length, by target."""
    shares: dict[str, list[float | None]] = {"decodex": [], "floor": []}
    target = ALL if kind == "precise" else None
    for goal, both in found.items():
        limits = goal.precise if kind == "precise" else goal.flexible
        for by, texts in both.items():
            shares[by].append(100 * mean(one.ended and matched(words(one.text), limits) for one in texts))
        mine, theirs = (shares[by][-1] for by in ("decodex", "floor"))
        report.add(f"{kind} match, {goal.name} words", "%", {"decodex": mine}, floor=theirs, target=target)
    mine, theirs = (mean(share or 0 for share in shares[by]) for by in ("decodex", "floor"))
    report.add(f"{kind} match, all targets", "%", {"decodex": mine}, floor=theirs, target=target)
    return shares


def _add_costs(report: Report, goal: Goal, both: dict[str, list[Written]]) -> None:
    mine, theirs = both["decodex"], both["floor"]

    def add(name: str, unit: str, value: float, floor: float | None = None) -> None:
        report.add(f"{goal.name} words: {name}", unit, {"decodex": value}, floor=floor)

    add("mean length", "words", *(mean(words(one.text) for one in texts) for texts in (mine, theirs)))
    add("paid per text", "nats", mean(one.paid for one in mine))
    add("paid per word", "nats", _per_word(mine))
    add("-log p per token", "nats", _per_token(mine), _per_token(theirs))


def _per_word(texts: Sequence[Written]) -> float:
    return sum(one.paid for one in texts) / max(1, sum(words(one.text) for one in texts))


def _per_token(texts: Sequence[Written]) -> float:
    tokens = sum(len(one.tokens) + one.ended for one in texts)
    return -sum(one.log_probability for one in texts) / max(1, tokens)


def _paint(
    left: Any, right: Any, groups: Sequence[str], matches: dict[str, list[float | None]], per_word: list[float]
) -> None:
    bars(left, groups, matches, ylabel="precise match (%)", title="Texts of so many words")
    bars(right, groups, {"decodex": per_word}, ylabel="nats per word", title="What it costs")


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("lengths", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
