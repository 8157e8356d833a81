"""How long does a mask take, in the mean and at the worst, beside the peers on the same texts?

    python -m benchmarks.mask_time [--quick]

In: the MaskBench pack through ``maskbench``'s interleaved replay. Out: each percentile beside each peer, over
exactly the masks that both made, and the whole distribution as a survival plot over what all of them made. Floor: a
copy of one mask's words into the buffer, called from Python.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.harness.engines import EngineOptions
from benchmarks.harness.figures import Report, Target
from benchmarks.harness.maskbench_report import compare, masks
from benchmarks.harness.plots import Draw, survival
from benchmarks.harness.statistics import Summary
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import medians
from benchmarks.harness.workers import Worker
from benchmarks.maskbench import Run, run_workers

FIELDS = {"mean": "mean", "p50": "p50", "p99": "p99", "p99_9": "p99.9", "max": "worst"}
TARGETS = {
    "llguidance": {"mean": 1 / 8, "p50": 1 / 4, "p99": 1 / 8, "p99_9": 1 / 8, "max": 1 / 4},
    "xgrammar": {"mean": 1 / 5, "p50": 1 / 2, "p99": 1 / 5, "p99_9": 1 / 5, "max": 1 / 4},
    "": {"max": 2000.0},
}
"""Of the ratios to the peers; without a peer, of decodex's own value in µs."""


def replay(options: Options, report: Report, full: int, quick: int, *, texts: bool) -> Run:
    """The engines through the schemas, in turns; without ``texts`` only compile and first mask."""
    problems = options.problems(full, quick, report)
    vocab, encode = options.vocabulary(report)
    if not texts:
        problems = [type(problem)(problem.name, problem.schema, ()) for problem in problems]
    names = options.installed(report)
    workers = [Worker(name, EngineOptions(), vocab, options.memory_limit) for name in names]
    run = Run(report.about)
    run_workers(run, workers, problems, encode, options.time_limit_s)
    report.notes += [f"{name}: {reason}" for name, reason in run.absent.items()]
    return run


def measure_masks(options: Options, report: Report) -> None:
    run = replay(options, report, 300, 4, texts=True)
    words = np.zeros((options.vocabulary(report)[0].size + 31) // 32, dtype=np.int32)
    source = words.copy()
    floor_us = medians({"copy": lambda: np.copyto(words, source)}, rounds=20, calls_per_round=1000)["copy"] / 1e3
    report.floor = f"np.copyto of the {words.nbytes:,} bytes of a mask"
    for pair in (compare(run, "decodex", name) for name in run.records if name != "decodex"):
        mine, theirs = pair.mask["decodex"], pair.mask[pair.peer]
        report.notes.append(f"{pair.peer}: {mine.count:,} masks over {pair.instances:,} texts that both accept")
        add_summaries(report, "mask", "µs", 1e3, mine, pair.peer, theirs, Summary(1, *[floor_us * 1e3] * 5), TARGETS)
    mine = masks(run, "decodex")
    add_summaries(report, "mask, all that decodex takes", "µs", 1e3, mine, "", Summary(), Summary(), TARGETS)
    shared = _on_what_all_accept(run)
    report.data = {name: [int(ns) for ns in np.sort(times)] for name, times in shared.items()}
    report.draw = Draw(lambda axes: _paint(axes, shared))


def add_summaries(
    report: Report,
    name: str,
    unit: str,
    unit_ns: float,
    mine: Summary,
    peer: str,
    theirs: Summary,
    floor: Summary,
    targets: Mapping[str, Mapping[str, float]],
) -> None:
    """A figure for the mean and for each percentile."""

    def value(summary: Summary, field: str) -> float | None:
        return getattr(summary, field) / unit_ns if summary.count else None

    for field, shown in FIELDS.items():
        bound = targets.get(peer, {}).get(field)
        report.add(
            f"{name}, {shown}",
            unit,
            {"decodex": value(mine, field), **({peer: value(theirs, field)} if peer else {})},
            floor=value(floor, field),
            target=Target(bound, "value") if bound and not peer else None,
            targets={peer: Target(bound)} if bound and peer else None,
        )


def _on_what_all_accept(run: Run) -> dict[str, np.ndarray]:
    """The masks, in nanoseconds, of the texts that every engine accepts."""
    taken: dict[str, list[np.ndarray]] = {name: [] for name in run.records}
    for records in zip(*run.records.values(), strict=True):
        for replays in zip(*(record.replays for record in records), strict=False):
            if all(replayed.accepted for replayed in replays):
                for name, replayed in zip(run.records, replays, strict=True):
                    taken[name].append(np.asarray(replayed.masks_ns))
    return {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in taken.items()}


def _paint(axes: object, times: dict[str, np.ndarray]) -> None:
    shown = {name: values / 1e3 for name, values in times.items()}
    count = max((len(values) for values in times.values()), default=0)
    survival(axes, shown, "time per mask, from Python (µs)", f"Masks that take longer: {count:,} per engine")


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("mask_time", __doc__, measure_masks, arguments)


if __name__ == "__main__":
    sys.exit(main())
