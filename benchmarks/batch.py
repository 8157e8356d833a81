"""How much faster are the masks of a batch on more threads?

    python -m benchmarks.batch [--quick]

In: 64 schemas of the MaskBench pack with one text each, which every engine accepts. Out: the time that a step's 64
masks take on 1, 2, 4, ... threads, and the speed-up over one thread, for masks that are made for the first time and
for masks that were made before. Floor: one thread's time divided by the threads; for the speed-up, what the machine
itself gives to as many threads that share nothing (``hashlib`` over bytes). Every engine is called with its own
batch function; engines and numbers of threads take turns, each with freshly compiled schemas. The rest of a text is
no part of the time: tokens are committed between the steps by one thread.
"""

from __future__ import annotations

import functools
import hashlib
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from benchmarks.harness.data import Problem
from benchmarks.harness.engines import ENGINES, Engine, EngineOptions
from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import medians, quiet, rotations
from benchmarks.harness.vocabularies import BenchmarkVocabulary, Encode

ROWS = 64
TARGET = Target(1.7, "value", at_least=True)
FRESH, KNOWN = "masks made for the first time", "masks made before"


@dataclass(frozen=True)
class Row:
    """A text of the batch; shorter than the batch's steps, it waits at its end."""

    schema: str
    tokens: list[int]


def measure(options: Options, report: Report) -> None:
    vocab, encode = options.vocabulary(report)
    names = options.installed(report, tuple(_BATCHES))
    threads = _thread_counts(report.about["cores"])
    if len(threads) == 1:
        report.notes.append("only one core can be used here, so two threads are not judged")
    steps, rounds = options.choose((24, 7), (6, 1))
    rows = _rows(options, report, names, vocab, encode, steps)
    if not rows:
        report.notes.append("no schema with a long enough text that all engines accept")
        return
    report.floor = "one thread's time by the threads; for a speed-up, that of hashlib over bytes on as many threads"
    report.about["rows"] = len(rows)
    taken: dict[tuple[str, int, str], list[float]] = {}
    variants = [(name, count) for name in names for count in threads]
    for order in rotations([f"{name} {count}" for name, count in variants], rounds):
        for label in order:
            name, count = label.rsplit(" ", 1)
            batch = _BATCHES[name](vocab, rows, int(count))
            with quiet():
                for kind in (FRESH, KNOWN):
                    taken.setdefault((name, int(count), kind), []).append(_step_us(batch, rows, steps))
    middle = {key: median(times) for key, times in taken.items()}
    for kind in (FRESH, KNOWN):
        _add_figures(report, kind, names, threads, middle)
    report.data = {
        "steps": steps,
        "us_per_step": [{"engine": e, "threads": n, "masks": kind, "rounds": t} for (e, n, kind), t in taken.items()],
    }
    report.draw = Draw(lambda *panels: _paint(panels, names, threads, middle), panels=2)


def _add_figures(
    report: Report, kind: str, names: Sequence[str], threads: Sequence[int], middle: dict[tuple[str, int, str], float]
) -> None:
    for count in threads:
        values = {name: middle[name, count, kind] for name in names}
        floor = middle["decodex", 1, kind] / count
        report.add(f"{kind}: a step, {_threads(count)}", "µs", values, floor=floor)
    for count in threads[1:] or [2]:
        speed_ups = {
            name: middle[name, 1, kind] / middle[name, count, kind] if count in threads else None for name in names
        }
        target = TARGET if count == 2 else None
        floor = _machine_speed_up(count) if count in threads else None
        report.add(f"{kind}: speed-up on {_threads(count)}", "x", speed_ups, floor=floor, target=target)


@functools.cache
def _machine_speed_up(threads: int) -> float:
    """What as many threads that neither share nor wait for anything gain here."""
    data = bytes(4_000_000)

    def work() -> None:
        hashlib.blake2b(data).digest()

    def one_after_the_other() -> None:
        for _ in range(threads):
            work()

    with ThreadPoolExecutor(threads) as pool:

        def at_once() -> None:
            for done in [pool.submit(work) for _ in range(threads)]:
                done.result()

        times = medians({"one": one_after_the_other, "many": at_once}, rounds=15)
    return times["one"] / times["many"]


def _paint(panels: Sequence[Any], names: Sequence[str], threads: Sequence[int], middle: dict[Any, float]) -> None:
    for axes, kind in zip(panels, (FRESH, KNOWN), strict=True):
        series = {name: [middle[name, count, kind] for count in threads] for name in names}
        bars(axes, [_threads(count) for count in threads], series, yscale="log", ylabel="per step (µs)", title=kind)


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _thread_counts(cores: int) -> list[int]:
    counts = [1]
    while counts[-1] * 2 <= min(cores, 16):
        counts.append(counts[-1] * 2)
    return counts


def _step_us(batch: Batch, rows: Sequence[Row], steps: int) -> float:
    """The mean time of a step's masks."""
    batch.begin()
    spent = 0
    for step in range(steps):
        begin = time.perf_counter_ns()
        batch.fill()
        spent += time.perf_counter_ns() - begin
        for index, row in enumerate(rows):
            if step < len(row.tokens):
                batch.commit(index, row.tokens[step])
    return spent / steps / 1e3


def _rows(
    options: Options, report: Report, names: Sequence[str], vocab: BenchmarkVocabulary, encode: Encode, steps: int
) -> list[Row]:
    """Schemas with their longest text, such that every engine makes the masks that the text needs."""
    engines = [ENGINES[name](EngineOptions()) for name in names]
    for engine in engines:
        engine.prepare(vocab)
    wanted = options.choose(ROWS, 8)
    rows: list[Row] = []
    for problem in options.problems(4 * ROWS, 6, report):
        tokens = max((encode(instance.text) for instance in problem.instances if instance.valid), key=len, default=[])
        if len(tokens) >= 8 and all(_reads(engine, problem, tokens[:steps]) for engine in engines):
            rows.append(Row(problem.schema, tokens[:steps]))
        if len(rows) == wanted:
            break
    return [rows[index % len(rows)] for index in range(wanted)] if rows else []  # the built-in sample is small


def _reads(engine: Engine, problem: Problem, tokens: Sequence[int]) -> bool:
    try:
        engine.start(engine.compile(problem.schema))
        for token in tokens:
            engine.fill()
            if not engine.allows(token):
                return False
            engine.commit(token)
    except Exception:  # a schema that an engine refuses is no row
        return False
    return True


class Batch(ABC):
    """An engine's own way to make many masks at once."""

    @abstractmethod
    def __init__(self, vocab: BenchmarkVocabulary, rows: Sequence[Row], threads: int) -> None:
        """Compile all rows so that nothing of an earlier batch is known."""

    @abstractmethod
    def begin(self) -> None:
        """Set all rows to the start of their texts, what they have learnt is kept."""

    @abstractmethod
    def fill(self) -> None:
        """Make the masks of all rows."""

    @abstractmethod
    def commit(self, row: int, token: int) -> None:
        """Read one token in a row."""


class DecodexBatch(Batch):
    """``fill_bitmasks``; a vocabulary of its own, since masks are shared by all constraints of one."""

    def __init__(self, vocab: BenchmarkVocabulary, rows: Sequence[Row], threads: int) -> None:
        engine = ENGINES["decodex"](EngineOptions())
        engine.prepare(vocab)
        self._compiled = [engine.compile(row.schema) for row in rows]
        import decodex as dx

        self._fill, self._threads = dx.fill_bitmasks, threads
        self._mask = dx.allocate_bitmask(len(rows), vocab.size)

    def begin(self) -> None:
        self._matchers = [compiled.matcher() for compiled in self._compiled]

    def fill(self) -> None:
        self._fill(self._matchers, self._mask, self._threads)

    def commit(self, row: int, token: int) -> None:
        self._matchers[row].advance(token)


class LLGuidanceBatch(Batch):
    """``LLExecutor``; the matchers are reset between texts, so that their lexers stay built."""

    _engines: dict[int, Engine] = {}  # noqa: RUF012  (the vocabulary is read once; matchers share nothing else)

    def __init__(self, vocab: BenchmarkVocabulary, rows: Sequence[Row], threads: int) -> None:
        import llguidance

        engine = self._engines.get(id(vocab))
        if engine is None:
            engine = self._engines[id(vocab)] = ENGINES["llguidance"](EngineOptions())
            engine.prepare(vocab)
        self._matchers = [engine.compile(row.schema)["matcher"] for row in rows]
        self._executor = llguidance.LLExecutor(num_threads=threads)
        self._mask = np.zeros((len(rows), (vocab.size + 31) // 32), dtype=np.int32)
        self._pairs = [(matcher, index) for index, matcher in enumerate(self._matchers)]

    def begin(self) -> None:
        for matcher in self._matchers:
            matcher.reset()

    def fill(self) -> None:
        rows, words = self._mask.shape
        self._executor.unsafe_compute_mask_ptr(self._pairs, self._mask.ctypes.data, words * 4, rows)

    def commit(self, row: int, token: int) -> None:
        self._matchers[row].consume_token(token)


class XGrammarBatch(Batch):
    """``BatchGrammarMatcher``; what XGrammar prepares it prepares at compile, so that is done once."""

    _compiled: dict[tuple[int, str], Any] = {}  # noqa: RUF012
    _engines: dict[int, Engine] = {}  # noqa: RUF012

    def __init__(self, vocab: BenchmarkVocabulary, rows: Sequence[Row], threads: int) -> None:
        import xgrammar

        engine = self._engines.get(id(vocab))
        if engine is None:
            engine = self._engines[id(vocab)] = ENGINES["xgrammar"](EngineOptions())
            engine.prepare(vocab)
        self._matchers = []
        for row in rows:
            known = (id(vocab), row.schema)
            if known not in self._compiled:
                self._compiled[known] = engine.compile(row.schema)
            self._matchers.append(xgrammar.GrammarMatcher(self._compiled[known]))
        self._batch = xgrammar.BatchGrammarMatcher(max_threads=threads)
        self._mask = xgrammar.allocate_token_bitmask(len(rows), vocab.size)

    def begin(self) -> None:
        for matcher in self._matchers:
            matcher.reset()

    def fill(self) -> None:
        self._batch.batch_fill_next_token_bitmask(self._matchers, self._mask)

    def commit(self, row: int, token: int) -> None:
        self._matchers[row].accept_token(token)


_BATCHES: dict[str, type[Batch]] = {
    "decodex": DecodexBatch,
    "llguidance": LLGuidanceBatch,
    "xgrammar": XGrammarBatch,
}


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("batch", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
