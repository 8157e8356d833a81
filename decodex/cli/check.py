"""``decodex check``: is a text in a constraint's language, and where does it leave it if not?

In: a constraint and a text from a file, standard input or the command line. Out: a verdict with line,
column and a caret, or one JSON object; exit code 0 accepted, 1 refused, 2 bad usage or a broken constraint.
It needs no model: the vocabulary is the 256 bytes.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from decodex.cli.console import print_json, write
from decodex.cli.excerpt import excerpt
from decodex.cli.failures import BadUsage, ExitCode, naming
from decodex.cli.inputs import STDIN, one_reader, read_bytes, shown_name
from decodex.cli.options import (
    ChoiceOption,
    ConstraintOption,
    GrammarOption,
    JsonHow,
    JsonValueOption,
    PropertyOrderOption,
    RegexOption,
    SchemaOption,
    TypeOption,
    UnsupportedOption,
    WhitespaceOption,
    one_constraint,
)
from decodex.cli.vocabularies import byte_vocabulary

if TYPE_CHECKING:
    from decodex.matching import CheckResult

__all__ = ["check"]


def check(
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="The text; - or nothing is standard input.", show_default=False),
    ] = None,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="The text itself.")] = None,
    schema: SchemaOption = None,
    regex: RegexOption = None,
    grammar: GrammarOption = None,
    choice: ChoiceOption = None,
    json_value: JsonValueOption = False,
    type_: TypeOption = None,
    constraint: ConstraintOption = None,
    property_order: PropertyOrderOption = None,
    whitespace: WhitespaceOption = None,
    unsupported: UnsupportedOption = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Keep the line break that ends a file; it is left out otherwise.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing; the exit code tells.")] = False,
) -> None:
    """Check that a text satisfies a constraint, and show where it does not.

    \b
    Examples:
      decodex check --regex '[0-9]{3}' --text 12x
      decodex check --schema person.json answer.json
      decodex check --grammar sql_select.lark --text "select a from b"
      echo yes | decodex check --choice yes --choice no

    \b
    Exit codes: 0 accepted, 1 refused, 2 bad usage or a broken constraint.
    """
    if file is not None and text is not None:
        raise BadUsage("FILE and --text cannot go together; give one of them")
    if quiet and as_json:
        raise BadUsage("--quiet and --json cannot go together; give one of them")
    reads_stdin = text is None and file in (None, STDIN)
    one_reader(**{"--schema": schema == STDIN, "--grammar": grammar == STDIN, "the text": reads_stdin})
    if reads_stdin and file is None and sys.stdin.isatty():
        raise BadUsage("there is no text to check; give FILE, --text TEXT, or - to type it")
    how = JsonHow(property_order, whitespace, unsupported)
    wanted = one_constraint(schema, regex, grammar, choice, json_value, type_, how, constraint)

    from decodex.compiling import compile

    with naming(wanted.name):
        compiled = compile(wanted.constraint, byte_vocabulary())
    name, data = _text(file, text, exact)
    result = compiled.check(data)
    if as_json:
        print_json(_as_json(result, data))
    elif not quiet:
        _print_verdict(name, result, data)
    raise typer.Exit(ExitCode.DONE if result.accepted else ExitCode.NEGATIVE)


def _text(file: str | None, text: str | None, exact: bool) -> tuple[str, bytes]:
    """The name and the bytes of the text, without the line break with which an editor or ``echo`` ends it."""
    if text is not None:
        return "--text", text.encode("utf-8", "surrogateescape")
    source = file or STDIN
    data = read_bytes(source)
    if not exact:
        data = data.removesuffix(b"\n").removesuffix(b"\r") if data.endswith(b"\n") else data
    return shown_name(source), data


def _print_verdict(name: str, result: CheckResult, data: bytes) -> None:
    if result.accepted:
        write(f"{name}: satisfies the constraint")
    else:
        line, caret = excerpt(data, result.position)
        write(f"{name}: refused: {result.message}")
        write(f"  {line}\n  {caret}")
    if result.violation is not None:
        where = result.violation.instance or "the document itself"
        write(f"  {where}: {result.violation.message}\n  by the schema's {result.violation.keyword}")
    if not result.parts:
        return
    satisfied = sum(part.accepted for part in result.parts)
    write(f"{satisfied} of {len(result.parts)} parts are satisfied ({result.rate:.0%}):")
    for part in result.parts:
        write(f"  {'yes' if part.accepted else 'no '}  {part.part}{'' if part.accepted else ': ' + part.message}")


def _as_json(result: CheckResult, data: bytes) -> dict[str, object]:
    verdict: dict[str, object] = {"accepted": result.accepted, "message": result.message}
    if not result.accepted:
        line, caret = excerpt(data, result.position)
        verdict |= {"position": result.position, "line": result.line, "column": result.column}
        verdict |= {"excerpt": line, "caret": caret}
        if result.violation is not None:
            verdict["violation"] = asdict(result.violation)
    if result.parts:
        verdict["rate"] = result.rate
        verdict["parts"] = [
            {"part": str(part.part), "spans": part.spans, **_as_json(part, data)} for part in result.parts
        ]
    return verdict
