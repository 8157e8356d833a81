"""How fast and how right are decodex and its peers on real schemas, measured in the same run?

    python -m benchmarks.maskbench --limit 200 --engines decodex,llguidance,xgrammar

Replays the MaskBench pack: per schema, compile and make the first mask; per instance, tokenise the document
with the vocabulary's own tokenizer and feed it token by token, each of which the engine's mask must allow,
and the end token last. The engines take turns schema by schema, in rotated order, one thread busy at a time.
The verdict is compared with the instance's label. Prints tables (``maskbench_report.py``) and writes
everything as JSON.
"""

from __future__ import annotations

import argparse
import sys
import time
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.harness.data import DataUnavailable, Problem, load_problems
from benchmarks.harness.engines import DEFAULT_ENGINES, ENGINES, EngineOptions
from benchmarks.harness.statistics import progress
from benchmarks.harness.suite import load_average, machine, positive
from benchmarks.harness.vocabularies import LOADERS, Encode, VocabularyUnavailable, load
from benchmarks.harness.workers import OK, TIMED_OUT, Compiled, Replayed, Worker

QUICK_LIMIT = 20
QUICK_TIME_LIMIT_S = 5.0
TIME_LIMIT_S = 30.0
DEFAULT_OUT = Path(__file__).resolve().parent / "results" / "maskbench.json"


@dataclass
class SchemaRecord:
    """What one engine did with one problem; fewer ``replays`` than instances if the engine was stopped."""

    compiled: Compiled
    replays: list[Replayed] = field(default_factory=list)


@dataclass
class Run:
    """All that was measured, and under which circumstances."""

    about: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    """Those that every engine has been through, in the order of the run."""
    repeated: list[bool] = field(default_factory=list)
    """Was this very schema compiled before? Then a cache may answer; its time to first mask is left out."""
    records: dict[str, list[SchemaRecord]] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    """Engines that were asked for and did not run, and why."""


def measure(
    run: Run, problems: Sequence[Problem], encode: Encode | Mapping[str, Encode], time_limit_s: float
) -> None:
    """Take the workers through the problems; what is complete stays in ``run`` on Ctrl-C.

    ``encode``: the tokenizer of all of them, or that of each by its label.
    """
    names = list(run.workers)
    seen: set[str] = set()
    with progress(len(problems)) as advance:
        for index, problem in enumerate(problems):
            advance(problem.name)
            texts = [instance.text for instance in problem.instances]
            shared = None if isinstance(encode, Mapping) else [encode(text) for text in texts]
            turn = index % len(names)
            done: dict[str, SchemaRecord] = {}
            for name in [*names[turn:], *names[:turn]]:
                documents = shared if shared is not None else [encode[name](text) for text in texts]
                done[name] = take(run.workers[name], problem.schema, documents, time_limit_s)
            run.problems.append(problem)
            run.repeated.append(problem.schema in seen)
            seen.add(problem.schema)
            for name, record in done.items():
                run.records[name].append(record)


def take(worker: Worker, schema: str, documents: Sequence[list[int]], time_limit_s: float) -> SchemaRecord:
    """One engine on one problem, within the time limit for all of it."""
    worker.prepare()  # a restart is not the schema's time
    deadline = time.monotonic() + time_limit_s
    record = SchemaRecord(worker.compile(schema, time_limit_s))
    if record.compiled.outcome != OK:
        return record
    for number, tokens in enumerate(documents):
        left = deadline - time.monotonic()
        if left <= 0:
            record.replays.append(Replayed(TIMED_OUT, f"after {number} of {len(documents)} instances"))
            break
        replayed = worker.replay(tokens, left)
        if number == 0:
            _drop_first(replayed.masks_ns)
        record.replays.append(replayed)
        if not worker.running:
            break
    return record


def _drop_first(masks_ns: array[int]) -> None:
    """The first mask of a schema belongs to the time to the first mask; here it would be a cache hit."""
    if masks_ns:
        masks_ns.pop(0)


def start_workers(run: Run, workers: Sequence[Worker]) -> None:
    """Prepare the engines one after the other; those that fail are noted as absent."""
    for worker in workers:
        print(f"preparing {worker.label} ...", file=sys.stderr)
        ready = worker.prepare()
        if ready.outcome != OK:
            run.absent[worker.label] = f"could not be prepared: {ready.message}"
            continue
        run.workers[worker.label] = worker
        run.records[worker.label] = []


def run_workers(
    run: Run,
    workers: Sequence[Worker],
    problems: Sequence[Problem],
    encode: Encode | Mapping[str, Encode],
    time_limit_s: float,
) -> None:
    """Prepare the workers, take them through the problems, and stop them, whatever happens."""
    try:
        start_workers(run, workers)
        if run.workers:
            measure(run, problems, encode, time_limit_s)
    finally:
        for worker in workers:
            worker.stop()


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the program with a message on an unknown engine or vocabulary."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.maskbench",
        description="Replay MaskBench through decodex and its peers: time to first mask, per mask, verdicts.",
        epilog="Engines that are not installed are skipped; benchmarks/requirements.txt lists the peers. "
        "Without the pack, a small built-in sample runs.",
    )
    add = parser.add_argument
    add("--data", metavar="PATH", help="the pack or its folder (default: $DECODEX_DATA, then ../shared/data)")
    add("--limit", type=positive, metavar="N", help="run on N schemas drawn by the seed (default: all)")
    add("--seed", type=int, default=0, help="order and choice of the schemas (default: 0)")
    add(
        "--engines",
        default=",".join(DEFAULT_ENGINES),
        metavar="A,B,...",
        help=f"of {', '.join(ENGINES)} (default: %(default)s)",
    )
    add(
        "--vocab",
        default="tekken",
        choices=sorted(LOADERS),
        help="vocabulary of all engines (default: tekken)",
    )
    add(
        "--order",
        choices=("any", "schema"),
        default="any",
        help="order of properties in decodex: any, which is what JSON Schema means, or that of the schema, "
        "which is its own default and what most peers hold to (default: any)",
    )
    add(
        "--out",
        type=Path,
        default=DEFAULT_OUT,
        metavar="FILE",
        help="JSON file (default: benchmarks/results/maskbench.json)",
    )
    add("--quick", action="store_true", help=f"--limit {QUICK_LIMIT} --time-limit {QUICK_TIME_LIMIT_S:g}")
    add(
        "--time-limit",
        type=float,
        metavar="S",
        help=f"seconds per schema and engine (default: {TIME_LIMIT_S:g})",
    )
    add(
        "--memory-limit",
        type=float,
        default=8.0,
        metavar="GIB",
        help="resident memory of a worker (default: 8)",
    )
    options = parser.parse_args(arguments)
    options.engines = [name.strip() for name in options.engines.split(",") if name.strip()]
    unknown = [name for name in options.engines if name not in ENGINES]
    if unknown or not options.engines:
        parser.error(
            f"--engines: unknown {', '.join(unknown) or 'empty list'}; choose from {', '.join(ENGINES)}"
        )
    options.engines = list(dict.fromkeys(options.engines))
    if options.limit is None and options.quick:
        options.limit = QUICK_LIMIT
    if options.time_limit is None:
        options.time_limit = QUICK_TIME_LIMIT_S if options.quick else TIME_LIMIT_S
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    from benchmarks.harness.maskbench_report import print_report, write_json

    options = parse_arguments(arguments)
    try:
        source, problems = load_problems(options.data, options.limit, options.seed)
        vocab, encode = load(options.vocab)
    except (DataUnavailable, VocabularyUnavailable) as error:
        print(f"maskbench: {error}", file=sys.stderr)
        return 2
    run = Run(_circumstances(options, source))
    for name in options.engines:
        if not ENGINES[name].available():
            run.absent[name] = f"not installed (needs {', '.join(ENGINES[name].modules)})"
    memory_limit = int(options.memory_limit * 2**30)
    workers = [
        Worker(name, EngineOptions(options.order), vocab, memory_limit)
        for name in options.engines
        if name not in run.absent
    ]
    try:
        run_workers(run, workers, problems, encode, options.time_limit)
    except KeyboardInterrupt:
        run.about["interrupted"] = True
        print("interrupted; reporting what is complete", file=sys.stderr)
    run.about["load_after"] = load_average()
    print_report(run)
    write_json(run, options.out)
    print(f"written: {options.out}", file=sys.stderr)
    return 0 if run.workers else 1


def _circumstances(options: argparse.Namespace, source: str) -> dict[str, Any]:
    return {
        "data": source,
        "limit": options.limit,
        "seed": options.seed,
        "vocabulary": options.vocab,
        "order": options.order,
        "time_limit_s": options.time_limit,
        **machine(),
        "load_before": load_average(),
    }


if __name__ == "__main__":
    sys.exit(main())
