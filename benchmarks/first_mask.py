"""How long does a new schema wait for its first mask, beside the peers?

    python -m benchmarks.first_mask [--quick]

In: schemas of the MaskBench pack, none twice; per schema, compile, begin a text, fill one mask, with the vocabulary
ready. Out: mean and percentiles over the schemas that decodex and the peer both compile, and the distribution as a
survival plot. Floor: parsing the schema's text with ``json.loads``, which is the least that anyone does with it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence

from benchmarks.harness.figures import Report
from benchmarks.harness.maskbench_report import compare, first_masks
from benchmarks.harness.plots import Draw, survival
from benchmarks.harness.statistics import Summary, summarize
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.workers import OK
from benchmarks.mask_time import add_summaries, replay

TARGETS = {
    "llguidance": {"mean": 1 / 3, "p50": 1 / 3, "p99": 1 / 3},
    "xgrammar": {"mean": 1 / 50, "p50": 1 / 4},
}


def measure(options: Options, report: Report) -> None:
    run = replay(options, report, 600, 8, texts=False)
    floors = summarize([[_parsing_ns(problem.schema) for problem in run.problems]])
    report.floor = "json.loads of the schema"
    for pair in (compare(run, "decodex", name) for name in run.records if name != "decodex"):
        mine, theirs = pair.first_mask["decodex"], pair.first_mask[pair.peer]
        report.notes.append(f"{pair.peer}: {mine.count:,} schemas that both compile")
        add_summaries(report, "first mask", "ms", 1e6, mine, pair.peer, theirs, floors, TARGETS)
    mine = first_masks(run, "decodex")
    add_summaries(report, "first mask, all that decodex takes", "ms", 1e6, mine, "", Summary(), floors, {})
    times = {}
    for name, records in run.records.items():
        fresh = [record.compiled for record, again in zip(records, run.repeated, strict=True) if not again]
        times[name] = [compiled.first_mask_ns / 1e6 for compiled in fresh if compiled.outcome == OK]
        report.data[name] = sorted(compiled.first_mask_ns for compiled in fresh if compiled.outcome == OK)
        report.notes.append(f"{name} compiled {len(times[name])} of {len(fresh)} schemas")
    title = "First masks that take longer, over what each compiles"
    report.draw = Draw(lambda axes: survival(axes, times, "time to first mask (ms)", title))


def _parsing_ns(schema: str) -> int:
    begin = time.perf_counter_ns()
    json.loads(schema)
    return time.perf_counter_ns() - begin


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("first_mask", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
