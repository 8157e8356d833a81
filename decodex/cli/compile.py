"""``decodex compile``: what constraints cost, and what of them is enforced.

In: schemas, patterns, grammars, choices, or folders of schemas. Out: a report per constraint (time to compile, time
to the first mask, states and bytes that it adds to those before it, tokens to finish, what is not
enforced), as a list for one, a table for several, or one JSON object per line. Exit code 0, 1 when a
constraint fails, 2 for bad usage.
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
from decodex.cli.failures import BadUsage, ExitCode
from decodex.cli.inputs import STDIN, one_reader
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
    max_tokens: MaxTokensOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per constraint.")] = False,
) -> None:
    """Compile constraints, and report what they cost and what of them is enforced.

    \b
    Examples:
      decodex compile person.json
      decodex compile schemas/ --model decodex-tiny --json
      decodex compile --regex '[a-z]{2,10}' --max-tokens 20

    States and memory are what a constraint adds to those compiled before it.
    """
    if model is not None and use_bytes:
        raise BadUsage("--model and --bytes cannot go together; give one of them")
    how = JsonHow(property_order, whitespace, unsupported)
    sources = _sources([*(paths or ()), *(schema or ())], regex or [], grammar or [], choice or [], how)
    vocab = byte_vocabulary() if model is None else tokenizer_vocabulary(model)
    _ = vocab.native  # made on first use; no constraint should be charged for it
    reports = []
    for report in _progress(_reports(sources, vocab, max_tokens), len(sources), shown=len(sources) > 1):
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


def _reports(sources: list[Source], vocab: Vocabulary, max_tokens: int | None) -> Iterator[Report]:
    before: dict[str, Any] = {}
    for name, make in sources:
        report, before = _report(name, make, vocab, max_tokens, before)
        yield report


def _report(
    name: str, make: Callable[[], Wanted], vocab: Vocabulary, max_tokens: int | None, before: dict[str, Any]
) -> tuple[Report, dict[str, Any]]:
    """Compile one constraint; also the vocabulary's figures after it, from which the next are measured."""
    from decodex.compiling import compile
    from decodex.matching import allocate_bitmask

    try:
        wanted = make()
        begin = time.perf_counter()
        compiled = compile(wanted.constraint, vocab, max_tokens=max_tokens)
        compile_seconds = time.perf_counter() - begin
        bitmask = allocate_bitmask(1, len(vocab))
        begin = time.perf_counter()
        matcher = compiled.matcher()
        matcher.fill_bitmask(bitmask)
        mask_seconds = time.perf_counter() - begin
        tokens = matcher.tokens_to_finish()
        after = compiled.stats()
    except DecodexError as error:
        return _failed(name, error), before
    return Report(
        name,
        True,
        compile_seconds=compile_seconds,
        mask_seconds=mask_seconds,
        states=_added(before, after, "states"),
        memory_bytes=_added(before, after, "automaton_bytes") + _added(before, after, "mask_bytes"),
        tokens_to_finish=tokens,
        unenforced=tuple(compiled.unenforced),
    ), after


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
    write(f"{len(done)} of {plural(len(reports), 'constraint')} compiled")


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
