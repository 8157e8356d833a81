"""The metaschemas of JSON Schema's drafts, for schemas that refer to them: URI and schema text."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources

_REFERENCE = re.compile(r'"\$(?:ref|dynamicRef|recursiveRef)"\s*:\s*"[^"]*json-schema\.org/')
_BASE = re.compile(r'"(?:\$id|id)"\s*:\s*"[^"]*json-schema\.org/')


def metaschemas_for(*texts: str) -> tuple[tuple[str, str], ...]:
    """All metaschemas when one of the schema texts may refer to one of them, else none."""
    return _metaschemas() if any(_REFERENCE.search(text) or _BASE.search(text) for text in texts) else ()


@cache
def _metaschemas() -> tuple[tuple[str, str], ...]:
    text = resources.files(__package__).joinpath("metaschemas.json").read_text(encoding="utf-8")
    return tuple((uri, json.dumps(schema)) for uri, schema in json.loads(text).items())
