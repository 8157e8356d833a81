"""JSON documents: by a schema, or any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from decodex.constraints.base import Constraint, as_constraint, checked_counts, checked_flag, encodable
from decodex.constraints.describing import quoted
from decodex.constraints.metaschemas import metaschemas_for
from decodex.errors import ConstraintError, shown

if TYPE_CHECKING:
    from decodex._core import SchemaOptions, Term

_DRAFTS = {"4": 4, "6": 6, "7": 7, "2019-09": 2019, "2020-12": 2020}


@dataclass(frozen=True)
class JsonOptions:
    """How JSON may be written, and how a schema is read. The defaults are those of :func:`json_schema`."""

    property_order: Literal["schema", "any"] = "schema"
    white_space: str = "flexible"
    indent: int = 2
    escapes: Literal["canonical", "any"] = "canonical"
    formats: Literal["assert", "annotate"] = "assert"
    unsupported: Literal["refuse", "ignore"] = "refuse"
    additional_properties: bool = True
    numbers: Literal["any", "plain"] = "any"
    max_digits: int | None = 32
    draft: str | None = None
    registry: tuple[tuple[str, str], ...] = ()

    def native(self) -> SchemaOptions:
        from decodex._core import SchemaOptions

        options = SchemaOptions()
        options.order = _one_of(SchemaOptions.Order, "property_order", self.property_order)
        names = SchemaOptions.WhiteSpace.__members__
        if self.white_space in names and self.white_space != "pattern":
            options.white_space = names[self.white_space]
        else:
            options.white_space = SchemaOptions.WhiteSpace.pattern
            options.whitespace_pattern = self.white_space
        options.indent = self.indent
        options.escapes_any = _flag("escapes", self.escapes, "canonical", "any")
        options.formats_assert = not _flag("formats", self.formats, "assert", "annotate")
        options.unsupported_ignore = _flag("unsupported", self.unsupported, "refuse", "ignore")
        options.numbers_plain = _flag("numbers", self.numbers, "any", "plain")
        options.additional_properties_default = self.additional_properties
        options.max_digits = self.max_digits or 0
        if self.draft is not None:
            draft = self.draft if isinstance(self.draft, str) else shown(self.draft)
            if draft not in _DRAFTS:
                raise ConstraintError(f"draft={shown(self.draft)} is not known; use one of {', '.join(_DRAFTS)}")
            options.draft = _DRAFTS[draft]
        options.registry = list(self.registry)
        return options


@dataclass(frozen=True)
class JsonSchema(Constraint):
    """JSON documents that are valid under a schema."""

    schema: str
    """The schema as JSON text."""
    options: JsonOptions = JsonOptions()
    where: tuple[tuple[str, Constraint], ...] = ()
    """Constraints on the decoded text of the strings at a JSON Pointer of the document."""

    def term(self) -> Term:
        from decodex._core import Term

        options = self.options.native()
        options.registry += metaschemas_for(self.schema, *(text for _, text in self.options.registry))
        return Term.json_schema(self.schema, options, [(pointer, text.term()) for pointer, text in self.where])

    def describe(self) -> str:
        texts = "".join(f"; the text at {quoted(pointer)}: {text.describe()}" for pointer, text in self.where)
        return f"JSON that is valid under the schema {quoted(self.schema)}{texts}"


@dataclass(frozen=True)
class JsonValue(Constraint):
    """Any JSON document."""

    options: JsonOptions = JsonOptions()

    def term(self) -> Term:
        from decodex._core import Term

        return Term.json_value(self.options.native())

    def describe(self) -> str:
        return "any JSON document"


def json_schema(
    schema: Mapping[str, Any] | bool | str,
    where: Mapping[str, Constraint | str] | None = None,
    **options: Any,
) -> Constraint:
    """JSON documents that are valid under ``schema`` (a mapping, a Boolean, or JSON text).

    ``where`` maps JSON Pointers of the document to constraints on the decoded text of the string there; the step ``*``
    is every item of an array and every member of an object. Any regular constraint will do. A value there that is no
    string is not concerned, nor is one that is absent: say ``type`` and ``required`` in the schema.

    >>> summary = {"type": "object", "properties": {"summary": {"type": "string"}}, "required": ["summary"]}
    >>> json_schema(summary, where={"/summary": "yes"}).where
    (('/summary', Literal(text='yes')),)

    Options: ``property_order`` ("schema": as written, or "any"), ``whitespace`` ("flexible", "compact", "pretty",
    "any" or a pattern), ``indent`` for "pretty", ``escapes`` ("canonical" or "any"), ``formats`` ("assert" or
    "annotate"), ``unsupported`` ("refuse" or "ignore"), ``additional_properties`` (what an object allows that does
    not say), ``numbers`` ("any" or "plain"), ``max_digits``, ``draft``, ``registry`` (a ``referencing.Registry`` or a
    mapping from URI to schema).

    Raises ``ConstraintError`` with the JSON Pointer (``location``) of what is wrong, ``UnsupportedError`` for a
    keyword that cannot be enforced; compiling raises ``UnsatisfiableError`` when no document is valid, and for
    ``where`` ``ConstraintError`` when no string can be at the pointer, ``UnsupportedError`` when the constraint is not
    regular.
    """
    return JsonSchema(_schema_text(schema), _options(options), _where(where))


def json_value(**options: Any) -> Constraint:
    """Any JSON document; the options are those of :func:`json_schema`."""
    return JsonValue(_options(options))


def _where(where: Mapping[str, Constraint | str] | None) -> tuple[tuple[str, Constraint], ...]:
    if where is None:
        return ()
    if not isinstance(where, Mapping):
        raise ConstraintError(f"where is a mapping from JSON Pointer to constraint, not {type(where).__name__}")
    for pointer in where:
        if not isinstance(pointer, str) or not (pointer == "" or pointer.startswith("/")):
            raise ConstraintError(
                f'where has the key {shown(pointer)}, which is no JSON Pointer; write "/name" or "/items/*/name"'
            )
    return tuple((encodable(pointer), as_constraint(text)) for pointer, text in where.items())


def _options(given: dict[str, Any]) -> JsonOptions:
    given = dict(given)
    if "whitespace" in given:
        given["white_space"] = given.pop("whitespace")
    if "registry" in given:
        given["registry"] = _registry(given["registry"])
    known = JsonOptions.__dataclass_fields__
    for name in given:
        if name not in known:
            names = ", ".join("whitespace" if k == "white_space" else k for k in known)
            raise ConstraintError(f"unknown option {shown(name)}; the options are {names}")
    options = JsonOptions(**given)
    for name, value in (("property_order", options.property_order), ("whitespace", options.white_space)):
        if not isinstance(value, str):
            raise ConstraintError(f"{name} is a string, not {shown(value)}")
    encodable(options.white_space)
    checked_counts(options.indent, None, 64, ("indent", ""))
    checked_counts(0, options.max_digits, 1_000_000, ("", "max_digits"))
    checked_flag("additional_properties", options.additional_properties)
    return options


def _registry(registry: Any) -> tuple[tuple[str, str], ...]:
    try:
        if isinstance(registry, Mapping) and not hasattr(registry, "contents"):
            found = tuple(registry.items())
        elif isinstance(registry, tuple):
            found = registry
        else:
            found = tuple((uri, registry.contents(uri)) for uri in registry)
        return tuple((encodable(uri), _schema_text(schema)) for uri, schema in found)
    except ConstraintError:
        raise
    except (AttributeError, TypeError, ValueError):
        raise ConstraintError(
            f"registry is a referencing.Registry or a mapping from URI to schema, not {type(registry).__name__} or "
            "with other keys"
        ) from None


def _schema_text(schema: Any) -> str:
    if isinstance(schema, str):
        return encodable(schema)
    if not isinstance(schema, (Mapping, bool)):
        raise ConstraintError(
            f"a schema is a mapping, a Boolean or JSON text, not {type(schema).__name__}; for a Python type use "
            "decodex.type_(...)"
        )
    try:
        return encodable(json.dumps(schema, ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, ConstraintError):
            raise
        raise ConstraintError(f"the schema cannot be written as JSON: {error}") from None


def _flag(name: str, value: str, off: str, on: str) -> bool:
    if not isinstance(value, str) or value not in (off, on):
        raise ConstraintError(f"{name}={shown(value)} is not known; use {off!r} or {on!r}")
    return value == on


def _one_of(kind: Any, name: str, value: str) -> Any:
    if not isinstance(value, str) or value not in kind.__members__:
        raise ConstraintError(f"{name}={shown(value)} is not known; use one of {', '.join(kind.__members__)}")
    return kind.__members__[value]
