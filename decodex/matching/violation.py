"""By which keyword of its schema a JSON document is refused. The engine has judged already; the package ``jsonschema``
says why, because it evaluates schemas keyword by keyword, which automata do not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decodex.constraints.json import JsonSchema


@dataclass(frozen=True)
class Violation:
    """The keyword that a document does not satisfy."""

    instance: str
    """JSON Pointer of the value in the document."""
    keyword: str
    """JSON Pointer of the keyword in the schema, through the references that lead there."""
    message: str


def first_violation(constraint: JsonSchema, text: str | bytes) -> Violation | None:
    """The most telling violation; ``None`` where there is none (what is refused is then the order of the properties, a
    doubled key or the spelling), where the text is no JSON, or without the package ``jsonschema``."""
    try:
        from jsonschema.exceptions import best_match  # type: ignore[import-untyped]
        from jsonschema.validators import validator_for  # type: ignore[import-untyped]
        from referencing import Registry, Resource
    except ImportError:
        return None
    options = constraint.options
    try:
        document = json.loads(text)
        schema = json.loads(constraint.schema)
        kind = validator_for({"$schema": _draft_uri(options.draft)} if options.draft else schema)
        specification = Resource.from_contents(kind.META_SCHEMA).id()
        registry: Registry[Any] = Registry().with_resources(
            (uri, _resource(json.loads(registered), specification)) for uri, registered in options.registry
        )
        checker = kind.FORMAT_CHECKER if options.formats == "assert" else None
        error = best_match(kind(schema, registry=registry, format_checker=checker).iter_errors(document))
    except Exception:  # whatever an odd schema makes of it: the verdict stands without a reason
        return None
    if error is None:
        return None
    return Violation(_pointer(error.absolute_path), _pointer(error.absolute_schema_path), error.message)


def _resource(schema: Any, draft: str | None) -> Any:
    from referencing import Resource
    from referencing.jsonschema import DRAFT202012, specification_with

    return Resource.from_contents(schema, default_specification=specification_with(draft) if draft else DRAFT202012)


def _draft_uri(draft: str) -> str:
    if draft in ("4", "6", "7"):
        return f"http://json-schema.org/draft-0{draft}/schema#"
    return f"https://json-schema.org/draft/{draft}/schema"


def _pointer(path: Any) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
