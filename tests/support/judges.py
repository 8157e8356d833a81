"""Two independent validators for a JSON document under a schema, formats asserted."""

from __future__ import annotations

import json
import re
import warnings
from decimal import Decimal
from typing import Any

import pytest

jsonschema = pytest.importorskip("jsonschema")
jsonschema_rs = pytest.importorskip("jsonschema_rs")

# `time` is left to the second judge, as the first one's check of it wants no offset, against RFC 3339.
_FORMATS = [name for name in jsonschema.FormatChecker.checkers if name != "time"]


def complaints(document: Any, schema: Any) -> list[str]:
    """What either validator has against the document; a validator that cannot read the schema has nothing to say."""
    found = []
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        warnings.simplefilter("ignore", FutureWarning)  # of `re`, on patterns of another dialect
        judge = kind(_for_python(schema), format_checker=jsonschema.FormatChecker(_FORMATS))
        error = next(judge.iter_errors(document), None)
        if error is not None:
            found.append(f"jsonschema: {error.json_path}: {error.message[:200]}")
    except (re.error, jsonschema.exceptions.SchemaError, RecursionError, ValueError, OverflowError):
        pass
    except Exception as error:
        if "Unresolvable" not in type(error).__name__ and "WrappedReferencingError" not in type(error).__name__:
            raise
    if "Infinity" in json.dumps(document):  # a number beyond a double's range, which the second judge cannot hold
        return found
    try:
        second = jsonschema_rs.validator_for(schema, validate_formats=True)
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
        return found
    if not second.is_valid(document):
        first = next(second.iter_errors(document))
        found.append(f"jsonschema_rs: {list(first.instance_path)}: {first.message[:200]}")
    return found


def _for_python(schema: Any) -> Any:
    """With the dots of its patterns as ECMA-262 has them: to `re`, a carriage return is no end of a line."""
    if isinstance(schema, list):
        return [_for_python(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: value if key in ("const", "enum") else _for_python(value) for key, value in schema.items()}
    if isinstance(out.get("pattern"), str):
        out["pattern"] = _dots(out["pattern"])
    if isinstance(out.get("patternProperties"), dict):
        out["patternProperties"] = {_dots(pattern): value for pattern, value in out["patternProperties"].items()}
    return out


def _dots(pattern: str) -> str:
    piece = re.compile(r"\\.|\[(?:\\.|[^\]])*\]|\.", re.DOTALL)
    return piece.sub(lambda found: r"[^\n\r\u2028\u2029]" if found[0] == "." else found[0], pattern)


def parsed(text: str) -> Any:
    """The document of a text; a doubled key is an error."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        out = dict(pairs)
        assert len(out) == len(pairs), f"a doubled key in {text!r}"
        return out

    def number(text: str) -> float | int:
        value = Decimal(text)  # 1.0 is an integer (draft 4 leaves that open), and long ones are exact
        return int(value) if value == value.to_integral_value() else float(value)

    return json.loads(text, object_pairs_hook=members, parse_float=number)
