"""Python types as constraints: the JSON (or, for scalars and dates, the plain text) that denotes a value of the type.

A Pydantic model gives its own JSON schema; dataclasses, TypedDicts, enums, literals, unions and containers are turned
into one here.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import inspect
import types
import typing
import uuid
from typing import Any, TypeVar

from decodex.constraints.base import Constraint
from decodex.constraints.json import json_schema
from decodex.constraints.patterns import choice
from decodex.errors import UnsupportedError, shown

Schema = dict[str, Any]
Entry = TypeVar("Entry")

_FORMATS = {
    datetime.datetime: "date-time",
    datetime.date: "date",
    datetime.time: "time",
    datetime.timedelta: "duration",
    uuid.UUID: "uuid",
}


def type_(annotation: Any, **options: Any) -> Constraint:
    """Texts that denote a value of a Python type.

    ``str``, numbers, ``bool``, containers, dataclasses, TypedDicts, NamedTuples, Pydantic models and a function's
    signature are written as JSON; dates, times and UUIDs, enums and literals of strings as plain text, as
    ``int("3")``, ``date.fromisoformat("2024-02-29")`` or ``Color("red")`` read them. ``options`` are those of
    :func:`decodex.json_schema`. Raises ``UnsupportedError`` for a type that has no such form.
    """
    text_format = _looked_up(_FORMATS, annotation)
    if text_format is not None:
        return _unquoted_format(text_format)
    texts = _plain_texts(annotation)
    if texts is not None:
        return choice(texts)
    schema = _pydantic_schema(annotation)
    return json_schema(_own_schema(annotation) if schema is None else schema, **options)


def signature_schema(function: Any) -> Schema:
    """The schema of an object with the arguments of a call. ``UnsupportedError`` names the parameter without one."""
    return _own_schema(function)


def _own_schema(annotation: Any) -> Schema:
    builder = _SchemaBuilder()
    schema = builder.schema(annotation, "")
    return {**schema, "$defs": builder.definitions} if builder.definitions else schema


def _looked_up(table: dict[Any, Entry], annotation: Any) -> Entry | None:
    """The entry of an annotation; None where there is none, as for all that cannot be hashed."""
    try:
        return table.get(annotation)
    except TypeError:
        return None


def _unquoted_format(name: str) -> Constraint:
    from decodex.constraints.formats import Format

    return Format(name)


def _plain_texts(annotation: Any) -> list[str] | None:
    """The texts of a literal or enum whose values are all strings; None for any other type."""
    if typing.get_origin(annotation) is typing.Literal:
        values = typing.get_args(annotation)
    elif inspect.isclass(annotation) and issubclass(annotation, enum.Enum):
        values = tuple(member.value for member in annotation)
    else:
        return None
    return list(values) if values and all(isinstance(value, str) for value in values) else None


def _pydantic_schema(annotation: Any) -> Schema | None:
    if hasattr(annotation, "model_json_schema"):
        return typing.cast(Schema, annotation.model_json_schema())
    if hasattr(annotation, "__pydantic_fields__") and dataclasses.is_dataclass(annotation):
        from pydantic import TypeAdapter

        return TypeAdapter(annotation).json_schema()
    return None


class _SchemaBuilder:
    """Turns annotations into a schema; classes become ``$defs`` so that recursive ones end."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self.names: dict[Any, str] = {}

    def schema(self, annotation: Any, place: str) -> Schema:
        simple: dict[Any, Schema] = {
            int: {"type": "integer"},
            float: {"type": "number"},
            decimal.Decimal: {"type": "number"},
            bool: {"type": "boolean"},
            str: {"type": "string"},
            None: {"type": "null"},
            type(None): {"type": "null"},
            Any: {},
            object: {},
            dict: {"type": "object"},
            list: {"type": "array"},
            tuple: {"type": "array"},
            set: {"type": "array", "uniqueItems": True},
        }
        plain = _looked_up(simple, annotation)
        if plain is not None:
            return dict(plain)
        text_format = _looked_up(_FORMATS, annotation)
        if text_format is not None:
            return {"type": "string", "format": text_format}
        if typing.get_origin(annotation) is not None:
            return self._generic(annotation, place)
        pydantic = _pydantic_schema(annotation)
        if pydantic is not None:
            return self._embedded(annotation, pydantic)
        if inspect.isclass(annotation):
            return self._class(annotation, place)
        if inspect.isfunction(annotation) or inspect.ismethod(annotation):
            return self._signature(annotation, place)
        if isinstance(annotation, typing.NewType):
            return self.schema(annotation.__supertype__, place)
        raise UnsupportedError(
            f"{shown(annotation)} has no JSON form here; use a scalar, a container, a dataclass, TypedDict, "
            "NamedTuple, Enum, Literal or Pydantic model, or write the schema yourself with decodex.json_schema(...)",
            location=place or None,
        )

    def _generic(self, annotation: Any, place: str) -> Schema:
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            return self.schema(args[0], place)
        if getattr(origin, "_name", None) in ("Required", "NotRequired", "ReadOnly"):
            return self.schema(args[0], place)
        if origin is typing.Literal:
            return {"enum": [value.value if isinstance(value, enum.Enum) else value for value in args]}
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.schema(arg, place) for arg in args]}
        if origin in (list, collections.abc.Sequence, collections.abc.Iterable, set, frozenset):
            unique = {"uniqueItems": True} if origin in (set, frozenset) else {}
            return {"type": "array", "items": self.schema(args[0], f"{place}/items"), **unique}
        if origin is tuple:
            if len(args) == 2 and args[1] is Ellipsis:
                return {"type": "array", "items": self.schema(args[0], f"{place}/items")}
            items = [self.schema(arg, f"{place}/{index}") for index, arg in enumerate(args)]
            return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
        if origin in (dict, collections.abc.Mapping):
            if args[0] is not str:
                raise UnsupportedError(
                    f"the keys of a JSON object are strings, not {shown(args[0])}", location=place or None
                )
            return {"type": "object", "additionalProperties": self.schema(args[1], f"{place}/*")}
        raise UnsupportedError(f"{shown(annotation)} has no JSON form here", location=place or None)

    def _class(self, cls: type, place: str) -> Schema:
        if issubclass(cls, enum.Enum):
            return {"enum": [member.value for member in cls]}
        if cls in self.names:
            return {"$ref": f"#/$defs/{self.names[cls]}"}
        if not (dataclasses.is_dataclass(cls) or typing.is_typeddict(cls) or hasattr(cls, "_fields")):
            raise UnsupportedError(
                f"the class {cls.__name__} has no JSON form here; make it a dataclass, TypedDict, NamedTuple or "
                "Pydantic model",
                location=place or None,
            )
        name = self.names[cls] = self._free_name(cls.__name__)
        hints = typing.get_type_hints(cls, include_extras=True)
        if dataclasses.is_dataclass(cls):
            fields = [field for field in dataclasses.fields(cls) if field.init]
            names = [field.name for field in fields]
            missing = dataclasses.MISSING
            required = [f.name for f in fields if f.default is missing and f.default_factory is missing]
        elif typing.is_typeddict(cls):
            names = list(hints)
            required = [field for field in names if field in cls.__required_keys__]  # type: ignore[attr-defined]
        else:
            names = list(cls._fields)  # type: ignore[attr-defined]
            required = [field for field in names if field not in cls._field_defaults]  # type: ignore[attr-defined]
        self.definitions[name] = {
            "type": "object",
            "properties": {field: self.schema(hints.get(field, Any), f"{place}/{field}") for field in names},
            "required": required,
            "additionalProperties": False,
        }
        return {"$ref": f"#/$defs/{name}"}

    def _signature(self, function: Any, place: str) -> Schema:
        hints = typing.get_type_hints(function, include_extras=True)
        properties: dict[str, Schema] = {}
        required = []
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise UnsupportedError(
                    f"the parameter {parameter} of {function.__name__} takes any number of arguments; name them",
                    location=f"{place}/{parameter.name}",
                )
            properties[parameter.name] = self.schema(
                hints.get(parameter.name, Any), f"{place}/{parameter.name}"
            )
            if parameter.default is parameter.empty:
                required.append(parameter.name)
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def _embedded(self, model: Any, schema: Schema) -> Schema:
        """A Pydantic model inside something else: its own definitions are renamed to stay apart."""
        if model in self.names:
            return {"$ref": f"#/$defs/{self.names[model]}"}
        name = self.names[model] = self._free_name(getattr(model, "__name__", "Model"))
        own = schema.pop("$defs", {})
        renamed = {old: self._free_name(f"{name}_{old}") for old in own}
        self.definitions[name] = _rename_references(schema, renamed)
        for old, new in renamed.items():
            self.definitions[new] = _rename_references(own[old], renamed)
        return {"$ref": f"#/$defs/{name}"}

    def _free_name(self, wanted: str) -> str:
        name, count = wanted, 2
        while name in self.definitions or name in self.names.values():
            name, count = f"{wanted}_{count}", count + 1
        return name


def _rename_references(schema: Any, renamed: dict[str, str]) -> Any:
    if isinstance(schema, dict):
        return {
            key: f"#/$defs/{renamed[value[8:]]}"
            if key == "$ref"
            and isinstance(value, str)
            and value.startswith("#/$defs/")
            and value[8:] in renamed
            else _rename_references(value, renamed)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_rename_references(item, renamed) for item in schema]
    return schema
