"""``decodex compile``: what constraints cost, what of them is enforced, and artefacts to load them from.

In: schemas, patterns, grammars, choices, or folders of schemas. Out: a report per constraint (time to compile, time
to the first mask, states and bytes that it adds to those before it, tokens to finish, what is not
enforced), as a list for one, a table for several, or one JSON object per line; with ``-o``, an artefact per
schema. ``--jobs`` processes share the work. Exit code 0, 1 when a constraint fails, 2 for bad usage.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from decodex.cli.console import console, is_terminal, plural, print_json, print_table, seconds, size, write
from decodex.cli.failures import BadUsage, ExitCode, Failure
from decodex.cli.inputs import STDIN, one_reader, read_text
from decodex.cli.options import (
    ChoiceOption,
    JsonHow,
    MaxTokensOption,
    PropertyOrderOption,
    UnsupportedOption,
    Wanted,
    WhitespaceOption,
    wanted_choice,
    wanted_grammar,
    wanted_regex,
    wanted_schema,
)
from decodex.cli.vocabularies import byte_vocabulary, tokenizer_vocabulary
from decodex.errors import DecodexError

if TYPE_CHECKING:
    from decodex.vocab import Vocabulary

__all__ = ["compile_"]

Source = tuple[str, Callable[[], Wanted]]


@dataclass(frozen=True)
class Report:
    """One constraint: what it cost, or why it failed."""

    name: str
    ok: bool
    error: str | None = None
    location: str | None = None
    compile_seconds: float = 0.0
    mask_seconds: float = 0.0
    states: int = 0
    memory_bytes: int = 0
    tokens_to_finish: int = 0
    unenforced: tuple[str, ...] = ()
    artefact: str | None = None


def compile_(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATHS", help="Schema files, or folders of *.json.", show_default=False),
    ] = None,
    schema: Annotated[
        list[str] | None,
        typer.Option(
            "--schema", metavar="FILE", help="A schema file; repeat the option. - is standard input."
        ),
    ] = None,
    regex: Annotated[
        list[str] | None, typer.Option("--regex", metavar="PATTERN", help="A pattern; repeat the option.")
    ] = None,
    grammar: Annotated[
        list[str] | None,
        typer.Option("--grammar", metavar="FILE", help="A grammar, Lark or *.gbnf; repeat the option."),
    ] = None,
    choice: ChoiceOption = None,
    property_order: PropertyOrderOption = None,
    whitespace: WhitespaceOption = None,
    unsupported: UnsupportedOption = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="NAME", help="Compile for the vocabulary of this model; no weights are loaded."
        ),
    ] = None,
    use_bytes: Annotated[
        bool, typer.Option("--bytes", help="Compile for the 256 bytes as tokens; the default.")
    ] = False,
    vocab_file: Annotated[
        str | None,
        typer.Option("--vocab", metavar="FILE", help="Compile for the vocabulary that Vocabulary.save wrote."),
    ] = None,
    max_tokens: MaxTokensOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="FOLDER", help="Write an artefact per schema there, for decodex.load."
        ),
    ] = None,
    warm: Annotated[
        Path | None,
        typer.Option(
            "--warm",
            metavar="FOLDER",
            help="With -o: sample texts, in FOLDER/NAME.jsonl one a line, whose states and masks are saved too.",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", metavar="N", min=1, help="Processes to compile in.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per constraint.")] = False,
) -> None:
    """Compile constraints, and report what they cost and what of them is enforced.

    \b
    Examples:
      decodex compile person.json
      decodex compile schemas/ --model decodex-tiny --json
      decodex compile schemas/ --model decodex-tiny -o artefacts/ --warm samples/ --jobs 4
      decodex compile --regex '[a-z]{2,10}' --max-tokens 20

    States and memory are what a constraint adds to those compiled before it, in the same process.
    """
    if sum((model is not None, use_bytes, vocab_file is not None)) > 1:
        raise BadUsage("--model, --bytes and --vocab cannot go together; give one of them")
    if warm is not None and out is None:
        raise BadUsage("--warm is about what is saved; say where with -o FOLDER")
    if jobs > 1 and STDIN in [*(paths or ()), *(schema or ())]:
        raise BadUsage("standard input cannot be shared by processes; name a file, or leave out --jobs")
    how = JsonHow(property_order, whitespace, unsupported)
    sources = _sources([*(paths or ()), *(schema or ())], regex or [], grammar or [], choice or [], how)
    tasks = _tasks(sources, paths or [], out, warm)
    work = _Work(max_tokens, model, vocab_file)
    reports = []
    for report in _progress(_reports(tasks, work, min(jobs, len(tasks))), len(tasks), shown=len(tasks) > 1):
        reports.append(report)
        if as_json:
            print_json(asdict(report))
    if not as_json:
        _print_one(reports[0]) if len(reports) == 1 else _print_many(reports)
    raise typer.Exit(ExitCode.DONE if all(report.ok for report in reports) else ExitCode.NEGATIVE)


def _sources(
    paths: list[str], patterns: list[str], grammars: list[str], choices: list[str], how: JsonHow
) -> list[Source]:
    """What to compile, each under its name. ``BadUsage`` when it is nothing."""
    files = list(_schema_files(paths))
    if not files:
        how.refuse()
    sources: list[Source] = [(path, partial(wanted_schema, path, how)) for path in files]
    sources += [(f"--regex {pattern}", partial(wanted_regex, pattern)) for pattern in patterns]
    sources += [(path, partial(wanted_grammar, path)) for path in grammars]
    if choices:
        sources.append(("--choice", partial(wanted_choice, choices)))
    if not sources:
        raise BadUsage(
            "say what to compile: a schema file, a folder of *.json, --regex PATTERN, --grammar FILE or --choice TEXT"
        )
    return sources


def _schema_files(paths: list[str]) -> Iterator[str]:
    """The files, with those in folders instead of the folders."""
    one_reader(**{f"schema {index + 1}": path == STDIN for index, path in enumerate(paths)})
    for path in paths:
        if path == STDIN:
            yield path
        elif Path(path).is_dir():
            found = sorted(str(file) for file in Path(path).rglob("*.json") if file.is_file())
            if not found:
                raise BadUsage(f"{path}: there is no *.json in this folder")
            yield from found
        elif Path(path).is_file():
            yield path
        else:
            raise BadUsage(f"{path}: there is no such file or folder")


@dataclass(frozen=True)
class _Task:
    """One constraint to compile; where its artefact and its sample texts are, if it has any."""

    name: str
    make: Callable[[], Wanted]
    artefact: Path | None = None
    samples: Path | None = None


@dataclass(frozen=True)
class _Work:
    """What all of them are compiled for."""

    max_tokens: int | None
    model: str | None
    vocab_file: str | None

    def vocabulary(self) -> Vocabulary:
        if self.vocab_file is not None:
            from decodex.vocab import Vocabulary

            return Vocabulary.load(self.vocab_file)
        return byte_vocabulary() if self.model is None else tokenizer_vocabulary(self.model)


def _tasks(sources: list[Source], roots: list[str], out: Path | None, warm: Path | None) -> list[_Task]:
    """The sources with the places of their files: as in the folder that was named, below ``out`` and ``warm``."""
    from decodex.compiling.cache import SUFFIX

    if out is None:
        return [_Task(*source) for source in sources]
    if not all(Path(name).is_file() for name, _ in sources):
        raise BadUsage("-o writes artefacts of schema files; leave out --regex, --choice and -")
    if warm is not None and not warm.is_dir():
        raise BadUsage(f"--warm {warm}: there is no such folder")
    folders = [Path(root) for root in roots if Path(root).is_dir()]
    tasks: dict[Path, _Task] = {}
    for name, make in sources:
        path = Path(name)
        folder = next((folder for folder in folders if path.is_relative_to(folder)), path.parent)
        place = path.relative_to(folder)
        samples = None if warm is None else warm / place.with_suffix(".jsonl")
        artefact = out / place.with_suffix(SUFFIX)
        if artefact in tasks:
            raise BadUsage(f"{name} and {tasks[artefact].name} would both be written to {artefact}; use two folders")
        tasks[artefact] = _Task(name, make, artefact, samples if samples is not None and samples.is_file() else None)
    try:
        for artefact in tasks:
            artefact.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadUsage(f"-o {out}: {error.strerror or error}; name a folder") from error
    return list(tasks.values())


def _reports(tasks: list[_Task], work: _Work, jobs: int) -> Iterator[Report]:
    """One report per task, in their order, from this process or from several."""
    if jobs > 1:
        yield from _reports_of_processes(tasks, work, jobs)
        return
    worker = _Worker(work)
    for task in tasks:
        yield worker.report(task)


def _reports_of_processes(tasks: list[_Task], work: _Work, jobs: int) -> Iterator[Report]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    _ = work.vocabulary()  # what is wrong with it is told once, from here
    with ProcessPoolExecutor(jobs, get_context("spawn"), _start, (work,)) as pool:
        try:
            yield from pool.map(_report_there, tasks)
        except BrokenProcessPool:
            raise Failure("a process was ended from outside; --jobs 1 shows at which constraint") from None
        finally:
            pool.shutdown(cancel_futures=True)


_worker: _Worker | None = None
"""In a process of ``--jobs``: its own."""


def _start(work: _Work) -> None:
    global _worker
    _worker = _Worker(work)


def _report_there(task: _Task) -> Report:
    assert _worker is not None  # _start ran
    return _worker.report(task)


class _Worker:
    """Compiles one constraint after the other, and knows by how much each has made the core grow."""

    def __init__(self, work: _Work) -> None:
        self._vocab = work.vocabulary()
        _ = self._vocab.native  # made on first use; no constraint should be charged for it
        self._max_tokens = work.max_tokens
        self._before: dict[str, Any] = {}

    def report(self, task: _Task) -> Report:
        """Compile, and save where that is asked for."""
        try:
            return self._report(task)
        except DecodexError as error:
            return _failed(task.name, error)

    def _report(self, task: _Task) -> Report:
        from decodex.compiling import compile
        from decodex.matching import allocate_bitmask

        wanted = task.make()
        begin = time.perf_counter()
        compiled = compile(wanted.constraint, self._vocab, max_tokens=self._max_tokens)
        compile_seconds = time.perf_counter() - begin
        bitmask = allocate_bitmask(1, len(self._vocab))
        begin = time.perf_counter()
        matcher = compiled.matcher()
        matcher.fill_bitmask(bitmask)
        mask_seconds = time.perf_counter() - begin
        tokens = matcher.tokens_to_finish()
        before, after = self._before, compiled.stats()
        if task.artefact is not None:
            compiled.save(task.artefact, warm=_samples(task.samples))
        self._before = compiled.stats()
        return Report(
            task.name,
            True,
            compile_seconds=compile_seconds,
            mask_seconds=mask_seconds,
            states=_added(before, after, "states"),
            memory_bytes=_added(before, after, "automaton_bytes") + _added(before, after, "mask_bytes"),
            tokens_to_finish=tokens,
            unenforced=tuple(compiled.unenforced),
            artefact=None if task.artefact is None else str(task.artefact),
        )


def _samples(path: Path | None) -> list[str]:
    """The lines of a file of sample texts."""
    lines = [] if path is None else read_text(str(path)).split("\n")
    return [line.removesuffix("\r") for line in lines if line.strip()]


def _failed(name: str, error: DecodexError) -> Report:
    """The report of an error, without the name of the input that it may carry already."""
    inner = error.__cause__ if isinstance(error.__cause__, DecodexError) else error
    return Report(name, False, str(inner).removeprefix(f"{name}: "), getattr(inner, "location", None))


def _added(before: dict[str, Any], after: dict[str, Any], figure: str) -> int:
    """What a figure has grown by; all of it when the core has started afresh in between."""
    old, new = int(before.get(figure, 0)), int(after[figure])
    return new - old if new >= old else new


def _progress(reports: Iterable[Report], total: int, shown: bool) -> Iterator[Report]:
    """The reports, with a bar on standard error while they come."""
    if not shown or not is_terminal(sys.stderr):
        yield from reports
        return
    from rich.progress import track

    yield from track(reports, "compiling", total=total, console=console(sys.stderr), transient=True)


def _print_one(report: Report) -> None:
    write(report.name)
    if not report.ok:
        write(f"  failed: {_indented(report.error or '')}")
        return
    lines = {
        "compile": seconds(report.compile_seconds),
        "first mask": seconds(report.mask_seconds),
        "states": f"{report.states:,}",
        "memory": size(report.memory_bytes),
        "finishes in": plural(report.tokens_to_finish, "token"),
        "not enforced": "nothing: all of it is enforced" if not report.unenforced else "",
        **({} if report.artefact is None else {"artefact": report.artefact}),
    }
    for label, value in lines.items():
        write(f"  {label:<13} {value}".rstrip())
    for entry in report.unenforced:
        write(f"    {entry}")


def _print_many(reports: list[Report]) -> None:
    done = [report for report in reports if report.ok]
    rows = [
        [
            report.name,
            seconds(report.compile_seconds),
            seconds(report.mask_seconds),
            f"{report.states:,}",
            size(report.memory_bytes),
            str(report.tokens_to_finish),
            str(len(report.unenforced)),
        ]
        for report in done
    ]
    if rows:
        print_table(
            ["constraint", "compile", "first mask", "states", "memory", "tokens", "not enforced"], rows
        )
    for report in done:
        for entry in report.unenforced:
            write(f"{report.name}: not enforced: {entry}")
    for report in reports:
        if not report.ok:
            write(f"{report.name}: failed: {_indented(report.error or '')}")
    saved = sum(report.artefact is not None for report in done)
    write(f"{len(done)} of {plural(len(reports), 'constraint')} compiled" + (f", {saved} saved" if saved else ""))


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
