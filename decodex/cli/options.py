"""The options that say a constraint, the same for every command, and the constraint they say.

In: the values of the options. Out: a ``Wanted``: the constraint, the name that messages give it, and what
an independent judge needs. Invariant: exactly one source; an option that would have no effect is refused,
never ignored. Refuses, as ``BadUsage``: none or several sources, JSON options without JSON; the
constraint's own errors get the input's name.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from decodex.cli.failures import BadUsage, naming
from decodex.cli.inputs import read_text, shown_name

if TYPE_CHECKING:
    from decodex.constraints import Constraint

__all__ = [
    "ChoiceOption",
    "ConstraintOption",
    "GrammarOption",
    "JsonHow",
    "JsonValueOption",
    "MaxTokensOption",
    "PropertyOrder",
    "PropertyOrderOption",
    "RegexOption",
    "SchemaOption",
    "TypeOption",
    "Unsupported",
    "UnsupportedOption",
    "Wanted",
    "WhitespaceOption",
    "one_constraint",
    "wanted_choice",
    "wanted_grammar",
    "wanted_regex",
    "wanted_schema",
]

_PANEL = "Constraint"
_JSON_PANEL = "How JSON is written"


class PropertyOrder(str, Enum):
    """In which order an object's properties come."""

    schema = "schema"
    any = "any"


class Unsupported(str, Enum):
    """What to do with a keyword that cannot be enforced."""

    refuse = "refuse"
    ignore = "ignore"


SchemaOption = Annotated[
    str | None,
    typer.Option(
        "--schema",
        metavar="FILE",
        help="JSON valid under this schema; - is standard input.",
        rich_help_panel=_PANEL,
    ),
]
RegexOption = Annotated[
    str | None,
    typer.Option(
        "--regex", metavar="PATTERN", help="Text that the whole pattern matches.", rich_help_panel=_PANEL
    ),
]
GrammarOption = Annotated[
    str | None,
    typer.Option(
        "--grammar",
        metavar="FILE",
        help="Text of this grammar: GBNF in *.gbnf, otherwise Lark; - is standard input.",
        rich_help_panel=_PANEL,
    ),
]
ChoiceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--choice", metavar="TEXT", help="One of these texts; repeat the option.", rich_help_panel=_PANEL
    ),
]
JsonValueOption = Annotated[
    bool, typer.Option("--json-value", help="Any JSON document.", rich_help_panel=_PANEL)
]
TypeOption = Annotated[
    str | None,
    typer.Option(
        "--type",
        metavar="NAME",
        help="A value of a Python type: int, float, bool, str, date, time, datetime, uuid, or module:Name.",
        rich_help_panel=_PANEL,
    ),
]
ConstraintOption = Annotated[
    str | None,
    typer.Option(
        "--constraint",
        metavar="MODULE:NAME",
        help="A constraint made in Python.",
        rich_help_panel=_PANEL,
    ),
]
PropertyOrderOption = Annotated[
    PropertyOrder | None,
    typer.Option(
        "--property-order",
        help="Properties as the schema writes them, or in any order.",
        rich_help_panel=_JSON_PANEL,
    ),
]
WhitespaceOption = Annotated[
    str | None,
    typer.Option(
        "--whitespace",
        metavar="HOW",
        help="flexible, compact, pretty, any, or a pattern.",
        rich_help_panel=_JSON_PANEL,
    ),
]
UnsupportedOption = Annotated[
    Unsupported | None,
    typer.Option(
        "--unsupported",
        help="Refuse keywords that cannot be enforced, or ignore them.",
        rich_help_panel=_JSON_PANEL,
    ),
]
MaxTokensOption = Annotated[
    int | None,
    typer.Option("--max-tokens", min=0, metavar="N", help="The text must be complete within so many tokens."),
]


@dataclass(frozen=True)
class JsonHow:
    """How JSON is written and a schema read; None is the default of :func:`decodex.json_schema`."""

    property_order: PropertyOrder | None = None
    whitespace: str | None = None
    unsupported: Unsupported | None = None

    def options(self) -> dict[str, Any]:
        """Those that were given, as keyword arguments."""
        given = {
            "property_order": self.property_order and self.property_order.value,
            "whitespace": self.whitespace,
            "unsupported": self.unsupported and self.unsupported.value,
        }
        return {name: value for name, value in given.items() if value is not None}

    def refuse(self) -> None:
        """Refuse the options where no JSON is written."""
        for name in self.options():
            raise BadUsage(
                f"--{name.replace('_', '-')} is about JSON; it needs --schema, --json-value or --type"
            )


@dataclass(frozen=True)
class Wanted:
    """A constraint, and what was typed for it."""

    kind: Literal["schema", "regex", "grammar", "choice", "json", "type", "constraint"]
    name: str
    """What messages call it: the file's name, the pattern."""
    constraint: Constraint
    source: str = ""
    """The text of the schema or grammar, or the pattern."""
    choices: Sequence[str] = field(default=())


def one_constraint(
    schema: str | None,
    regex: str | None,
    grammar: str | None,
    choice: Sequence[str] | None,
    json_value: bool,
    type_: str | None,
    how: JsonHow,
    constraint: str | None = None,
) -> Wanted:
    """The constraint that the options say. ``BadUsage`` unless it is exactly one."""
    sources = {
        "--schema": schema is not None,
        "--regex": regex is not None,
        "--grammar": grammar is not None,
        "--choice": bool(choice),
        "--json-value": json_value,
        "--type": type_ is not None,
        "--constraint": constraint is not None,
    }
    given = [name for name, is_given in sources.items() if is_given]
    if not given:
        raise BadUsage(
            "say what the text must be: --schema FILE, --regex PATTERN, --grammar FILE, --choice TEXT, "
            "--json-value or --type NAME"
        )
    if len(given) > 1:
        raise BadUsage(f"{' and '.join(given)} cannot go together; give one of them")
    if schema is not None:
        return wanted_schema(schema, how)
    if json_value:
        return _wanted_json(how)
    if type_ is not None:
        return _wanted_type(type_, how)
    how.refuse()
    if grammar is not None:
        return wanted_grammar(grammar)
    if constraint is not None:
        return _wanted_constraint(constraint)
    return wanted_regex(regex) if regex is not None else wanted_choice(choice or ())


def wanted_schema(path: str, how: JsonHow) -> Wanted:
    """JSON valid under the schema in a file."""
    from decodex.constraints import json_schema

    text = read_text(path)
    with naming(shown_name(path)):
        return Wanted("schema", shown_name(path), json_schema(text, **how.options()), text)


def wanted_regex(pattern: str) -> Wanted:
    """Text that the whole pattern matches."""
    from decodex.constraints import regex

    with naming("--regex"):
        return Wanted("regex", "--regex", regex(pattern), pattern)


def wanted_grammar(path: str) -> Wanted:
    """Text of the grammar in a file: GBNF by its name, otherwise Lark's language."""
    from decodex.constraints import grammar

    text = read_text(path)
    with naming(shown_name(path)):
        made = grammar(text, "gbnf" if path.endswith(".gbnf") else "lark")
        return Wanted("grammar", shown_name(path), made, text)


def wanted_choice(choices: Sequence[str]) -> Wanted:
    """One of the texts."""
    from decodex.constraints import choice

    with naming("--choice"):
        return Wanted("choice", "--choice", choice(choices), choices=tuple(choices))


def _wanted_json(how: JsonHow) -> Wanted:
    from decodex.constraints import json_value

    if how.property_order is not None or how.unsupported is not None:
        raise BadUsage("--property-order and --unsupported are about a schema; they need --schema or --type")
    with naming("--json-value"):
        return Wanted("json", "--json-value", json_value(**how.options()))


def _wanted_type(name: str, how: JsonHow) -> Wanted:
    from decodex.constraints import type_

    with naming("--type"):
        return Wanted("type", f"--type {name}", type_(_python_type(name), **how.options()), name)


def _wanted_constraint(name: str) -> Wanted:
    from decodex.constraints import as_constraint

    if ":" not in name:
        raise BadUsage(f"--constraint {name} is not module:Name")
    with naming(f"--constraint {name}"):
        return Wanted("constraint", f"--constraint {name}", as_constraint(_imported("--constraint", name)), name)


def _python_type(name: str) -> Any:
    """The type of a name: a built-in one, or ``module:Name`` from what can be imported here."""
    import datetime
    import uuid

    known: dict[str, Any] = {kind.__name__: kind for kind in (int, float, bool, str, list, dict)}
    known |= {
        kind.__name__: kind for kind in (datetime.date, datetime.time, datetime.datetime, datetime.timedelta)
    }
    known["uuid"] = uuid.UUID
    if name in known:
        return known[name]
    module_name, separator, path = name.partition(":")
    if not separator or not module_name or not path:
        raise BadUsage(f"--type {name} is not known; use one of {', '.join(known)}, or module:Name")
    return _imported("--type", name)


def _imported(option: str, name: str) -> Any:
    """What ``module:Name`` is here."""
    module_name, _, path = name.partition(":")
    if os.getcwd() not in sys.path:  # the installed command does not start with the working directory on the path
        sys.path.insert(0, os.getcwd())
    try:
        value: Any = importlib.import_module(module_name)
        for part in path.split("."):
            value = getattr(value, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadUsage(f"{option} {name}: {error}") from error
    return value
