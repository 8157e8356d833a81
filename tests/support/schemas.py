"""Fifty small schemas of many shapes, and what a document must satisfy beyond `jsonschema`: nothing."""

from __future__ import annotations

from typing import Any

STR = {"type": "string", "maxLength": 24}
INT = {"type": "integer", "minimum": 0, "maximum": 999}


def obj(properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
        **more,
    }


def arr(items: Any, low: int = 0, high: int = 4) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": low, "maxItems": high}


SCHEMAS: list[Any] = [
    obj({"name": STR, "age": INT}),
    obj({"name": STR, "age": INT, "email": {"type": "string", "format": "email", "maxLength": 30}}, ["name"]),
    obj({"title": STR, "price": {"type": "number", "minimum": 0, "maximum": 100}}),
    obj({"id": {"type": "string", "format": "uuid"}}),
    obj({"when": {"type": "string", "format": "date"}}),
    obj({"at": {"type": "string", "format": "date-time"}, "what": STR}),
    obj({"tags": arr({"enum": ["red", "green", "blue"]}, 1, 3)}),
    obj({"ok": {"type": "boolean"}, "note": {"type": ["string", "null"], "maxLength": 10}}),
    obj({"size": {"enum": ["S", "M", "L", "XL"]}, "count": {"type": "integer", "minimum": 1, "maximum": 5}}),
    obj({"point": {"type": "array", "prefixItems": [INT, INT], "minItems": 2, "items": False}}),
    arr(INT, 3, 3),
    arr(obj({"k": STR, "v": INT}), 1, 2),
    {"type": "integer", "minimum": -5, "maximum": 5},
    {"type": "number", "multipleOf": 0.5, "minimum": 0, "maximum": 10},
    {"type": "integer", "multipleOf": 7, "minimum": 1, "maximum": 700},
    {"enum": ["a", 1, None, True, [1, 2], {"x": 1}]},
    {"const": {"fixed": [1, "two", None]}},
    {"type": "string", "minLength": 3, "maxLength": 6},
    {"type": "string", "pattern": "^[A-Z]{2}[0-9]{4}$"},
    {"type": "string", "pattern": "ab+c", "maxLength": 12},
    {"type": "string", "format": "ipv4"},
    {"type": "string", "format": "time"},
    {"anyOf": [INT, {"type": "string", "maxLength": 5}]},
    {"oneOf": [obj({"cat": STR}), obj({"dog": STR})]},
    {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 9}]},
    {"not": {"type": ["object", "array", "string", "number"]}},
    {"allOf": [{"type": "string", "maxLength": 8}, {"pattern": "^x"}, {"pattern": "y$"}]},
    obj({"a": {"$ref": "#/$defs/word"}, "b": {"$ref": "#/$defs/word"}}, **{"$defs": {"word": {"type": "string", "pattern": "^[a-z]{1,8}$"}}}),
    obj({"value": INT, "next": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}),
    {"type": "object", "patternProperties": {"^x_": INT}, "additionalProperties": False},
    {"type": "object", "properties": {"a": INT}, "patternProperties": {"^[b-d]$": STR}, "additionalProperties": False},
    {"type": "object", "additionalProperties": INT, "required": ["total"]},
    {"type": "object", "properties": {"kind": {"const": "circle"}, "r": INT}, "required": ["kind", "r"], "additionalProperties": False},
    obj({f"field_{i}": INT for i in range(6)}, ["field_5"]),
    obj({"outer": obj({"inner": obj({"deep": {"type": "boolean"}})})}),
    obj({"matrix": arr(arr({"type": "integer", "minimum": 0, "maximum": 9}, 2, 2), 2, 2)}),
    obj({"phone": {"type": "string", "pattern": r"^\+[0-9]{2} [0-9]{3} [0-9]{4}$"}}),
    obj({"lat": {"type": "number", "minimum": -90, "maximum": 90}, "lon": {"type": "number", "minimum": -180, "maximum": 180}}),
    obj({"percent": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}}),
    obj({"url": {"type": "string", "format": "uri", "maxLength": 40}}),
    obj({"host": {"type": "string", "format": "hostname", "maxLength": 20}}),
    obj({"duration": {"type": "string", "format": "duration", "maxLength": 12}}),
    {"type": ["boolean", "null"]},
    {"type": "array", "items": {"anyOf": [{"type": "null"}, {"type": "boolean"}, INT]}, "minItems": 2, "maxItems": 5},
    obj({"äöü": STR, 'quo"te': INT, "": {"type": "null"}}),
    obj({"status": {"enum": ["open", "closed"]}, "items": arr(obj({"sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{2}$"}, "qty": INT}), 1, 2)}),
    obj({"yes": {"const": True}, "no": {"const": False}, "nothing": {"type": "null"}}),
    {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "ipv6"}]},
    obj({"first": STR, "last": STR, "middle": STR}, ["last"]),
    {"type": "string", "enum": ["alpha", "beta", "gamma", "delta"]},
]
