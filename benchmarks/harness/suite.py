"""Which benchmarks are there, which options do all of them take, and how is one run?

Every benchmark is a module with ``main(arguments)``, which hands its measuring function to ``run_benchmark``:
options in, a table on standard output, ``NAME.json`` and ``NAME.svg`` in the folder of ``--out``. ``run_all`` runs
several, each in a process of its own, and gathers their targets. Exit code 0 says that it ran, not that a target
was met; 2 is bad usage or missing data.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness.data import DataUnavailable, Problem, load_problems
from benchmarks.harness.engines import ENGINES
from benchmarks.harness.figures import MET, NOT_MET, Measure, Report
from benchmarks.harness.statistics import number, print_table
from benchmarks.harness.vocabularies import LOADERS, BenchmarkVocabulary, Encode, VocabularyUnavailable, load

BENCHMARKS = (
    "mask_time",
    "first_mask",
    "operations",
    "batch",
    "apply",
    "device",
    "sample_first",
    "preparation",
    "artefacts",
    "combinations",
    "generation",
    "lengths",
    "rei",
    "particles",
    "beam",
    "memory",
    "growth",
    "checks_per_token",
    "token_samplers",
    "mask_or_rejection",
)
PEERS = ("llguidance", "xgrammar")
"""Whom a benchmark compares with unless told otherwise: those that the targets name."""
INTERRUPTED = 130  # as a shell says it
RESULTS = Path(__file__).resolve().parents[1] / "results"


@dataclass(frozen=True)
class Options:
    """What every benchmark can be told."""

    quick: bool
    out: Path
    engines: tuple[str, ...]
    vocab: str | None
    data: str | None
    limit: int | None
    seed: int
    time_limit_s: float
    memory_limit: int
    """Bytes that a worker may hold."""

    def count(self, full: int, quick: int) -> int:
        """How many: what ``--limit`` says, or one of these."""
        return self.limit if self.limit is not None else quick if self.quick else full

    def choose(self, full: Any, quick: Any) -> Any:
        """The value for a full run or a quick one."""
        return quick if self.quick else full

    def problems(self, full: int, quick: int, report: Report) -> list[Problem]:
        """The schemas drawn by the seed; a note when they are only the built-in sample."""
        source, problems = load_problems(self.data, self.count(full, quick), self.seed)
        report.about["data"] = f"{len(problems)} of {source}"
        if source == "built-in sample":
            report.notes.append("the schemas are the built-in sample: the MaskBench pack was not found (--data)")
        return problems

    def vocabulary(self, report: Report) -> tuple[BenchmarkVocabulary, Encode]:
        """The vocabulary of ``--vocab``; without it Tekken, or bytes where Tekken cannot be made here."""
        name = self.vocab or "tekken"
        try:
            loaded = load(name)
        except VocabularyUnavailable as error:
            if self.vocab is not None:
                raise
            report.notes.append(f"{error}; bytes serve as tokens instead, and nothing here compares with other runs")
            loaded = load("bytes")
        report.about["vocabulary"] = f"{loaded[0].name}, {loaded[0].size:,} tokens"
        return loaded

    def installed(self, report: Report, of: Sequence[str] | None = None) -> list[str]:
        """decodex, and the engines asked for that can run here; a note for each that cannot."""
        wanted = [name for name in self.engines if of is None or name in of]
        found = [name for name in wanted if ENGINES[name].available()]
        for name in wanted:
            if name not in found:
                report.notes.append(f"{name} is not installed (needs {', '.join(ENGINES[name].modules)})")
        report.about["versions"] |= {name: ENGINES[name].version() for name in found}
        return found


def run_benchmark(name: str, doc: str, measure: Measure, arguments: Sequence[str] | None) -> int:
    """The ``main`` of a benchmark: ``doc`` begins with its question."""
    question = doc.strip().splitlines()[0]
    options = parse(f"python -m benchmarks.{name}", question, arguments)
    if not ENGINES["decodex"].available():
        print(f"{name}: decodex's core is not built; run `pip install -e .` in the checkout", file=sys.stderr)
        return 2
    report = Report(name, question, circumstances(options))
    try:
        options.out.mkdir(parents=True, exist_ok=True)  # before the work, not after it
        measure(options, report)
    except FileExistsError:
        print(f"{name}: --out {options.out} is a file; name a folder", file=sys.stderr)
        return 2
    except (DataUnavailable, VocabularyUnavailable) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{name}: interrupted; nothing is reported", file=sys.stderr)
        return INTERRUPTED
    report.about["load_after"] = load_average()
    report.about["seconds"] = round(time.time() - report.about["started_at"], 1)
    report.print()
    for path in report.write(options.out):
        print(f"written: {path}", file=sys.stderr)
    return 0


def run_all(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks that are named, or all, one after the other; then show every target in one table."""
    parser = _parser("python -m benchmarks", __doc__ or "")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)} (default: all)")
    given = parser.parse_intermixed_args(arguments)
    unknown = [name for name in given.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    options = _options(parser, given)
    passed = _as_arguments(options)
    failed: list[str] = []
    ran: list[str] = []
    try:
        for name in given.names or BENCHMARKS:
            if importlib.util.find_spec(f"benchmarks.{name}") is None:
                print(f"{name}: not in this version", file=sys.stderr)
                continue
            failed.append(name)  # until it has ended well
            print(f"\n== {name}", file=sys.stderr, flush=True)
            code = _wait(subprocess.Popen([sys.executable, "-m", f"benchmarks.{name}", *passed]))
            if code == 0:
                ran.append(failed.pop())
            elif code in (INTERRUPTED, -signal.SIGINT):
                break
    except KeyboardInterrupt:  # outside the waiting: what ran is told all the same
        pass
    _print_targets(options.out, ran)
    for name in failed:
        print(f"{name}: did not finish", file=sys.stderr)
    return 1 if failed else 0


def _wait(process: subprocess.Popen[bytes]) -> int:
    """The exit code; Ctrl-C meets both, and the benchmark is left to end by itself."""
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            return process.wait()


def _print_targets(folder: Path, names: Sequence[str]) -> None:
    rows = []
    for name in names:
        path = folder / f"{name}.json"
        document = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        for figure in document.get("figures", []):
            if figure["target"] is not None:
                shown = "-" if figure["judged"] is None else number(figure["judged"])
                peer = figure["peer"] if figure["target"].endswith("peer") else "-"
                rows.append((name, figure["name"], peer, shown, figure["target"], figure["verdict"]))
    if rows:
        verdicts = [row[-1] for row in rows]
        met, missed = verdicts.count(MET), verdicts.count(NOT_MET)
        note = f"{met} met, {missed} not met, {len(rows) - met - missed} not judged"
        print_table("Targets", ("benchmark", "figure", "peer", "measured", "target", "verdict"), rows, note)


def parse(program: str, description: str, arguments: Sequence[str] | None) -> Options:
    """The common options; ends the program with a message on an unknown engine or vocabulary."""
    parser = _parser(program, description)
    return _options(parser, parser.parse_args(arguments))


def _parser(program: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description=description.strip().splitlines()[0],
        epilog="Peers that are not installed are left out; benchmarks/requirements.txt lists them.",
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="a small run that shows that everything works, not what it costs")
    add("--out", type=Path, default=RESULTS, metavar="FOLDER", help="for JSON and plots (default: benchmarks/results)")
    add(
        "--engines",
        default=",".join(PEERS),
        metavar="A,B,...",
        help=f"beside decodex, which always runs, of {', '.join(ENGINES)} (default: %(default)s)",
    )
    add("--vocab", choices=sorted(LOADERS), help="vocabulary of all engines (default: tekken)")
    add(
        "--data",
        metavar="PATH",
        help="the MaskBench pack or its folder (default: $DECODEX_DATA, then ../shared/data), or `sample`",
    )
    add("--limit", type=positive, metavar="N", help="schemas to run on, drawn by the seed")
    add("--seed", type=int, default=0, help="choice and order of the schemas (default: 0)")
    add("--time-limit", type=positive_real, metavar="S", help="seconds per schema and engine (default: 30, quick 5)")
    add("--memory-limit", type=positive_real, default=8.0, metavar="GIB", help="of a worker, resident (default: 8)")
    return parser


def _options(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Options:
    named = [name.strip() for name in given.engines.split(",") if name.strip()]
    unknown = [name for name in named if name not in ENGINES]
    if unknown:
        parser.error(f"--engines: unknown {', '.join(unknown)}; choose from {', '.join(ENGINES)}")
    engines = tuple(dict.fromkeys(["decodex", *named]))
    limit_s = given.time_limit if given.time_limit is not None else 5.0 if given.quick else 30.0
    memory = int(given.memory_limit * 2**30)
    drawn = (given.vocab, given.data, given.limit, given.seed)
    return Options(given.quick, given.out, engines, *drawn, limit_s, memory)


def _as_arguments(options: Options) -> list[str]:
    """The command line that says the same."""
    said = ["--out", str(options.out), "--engines", ",".join(options.engines), "--seed", str(options.seed)]
    said += ["--time-limit", f"{options.time_limit_s:g}", "--memory-limit", f"{options.memory_limit / 2**30:g}"]
    said += ["--quick"] if options.quick else []
    for name in ("vocab", "data", "limit"):
        value = getattr(options, name)
        said += [] if value is None else [f"--{name}", str(value)]
    return said


def positive(text: str) -> int:
    """A count from the command line."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive count")
    return value


def positive_real(text: str) -> float:
    """Seconds or gibibytes from the command line."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def circumstances(options: Options) -> dict[str, Any]:
    """Under which a run takes place: command, machine, versions, load."""
    return {
        "command": " ".join(["python", "-m", "benchmarks." + Path(sys.argv[0]).stem, *sys.argv[1:]]),
        "quick": options.quick,
        "seed": options.seed,
        **machine(),
        "started_at": round(time.time(), 1),
        "versions": {name: _version(name) for name in ("numpy", "numba", "torch", "transformers")},
        "load_before": load_average(),
    }


def machine() -> dict[str, Any]:
    """The facts of the machine and the interpreter."""
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": usable_cores(),
    }


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_average() -> float:
    """Processes that wanted a core in the last minute; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
