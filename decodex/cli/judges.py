"""Verdicts on a text by programs other than decodex.

In: what was wanted and a text. Out: a ``Verdict`` with the judge's name. Invariant: no judge here asks the
engine, except where there is no other, and then it says so. Cost: bounded for patterns by a time limit.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decodex.cli.options import Wanted
    from decodex.compiling import CompiledConstraint

__all__ = ["Verdict", "judge", "judge_by_choice", "judge_by_json", "judge_by_re", "judge_by_schema"]

PATTERN_SECONDS = 5.0


@dataclass(frozen=True)
class Verdict:
    """What a judge says of a text."""

    valid: bool
    judge: str
    message: str = ""


def judge(wanted: Wanted, compiled: CompiledConstraint, text: str) -> Verdict:
    """The verdict of an independent judge, or of decodex itself where there is none for this constraint."""
    verdict = None
    if wanted.kind == "schema":
        verdict = judge_by_schema(wanted.source, text)
    elif wanted.kind == "regex":
        verdict = _judge_by_regex(wanted.source, text)
    elif wanted.kind == "choice":
        verdict = judge_by_choice(wanted.choices, text)
    elif wanted.kind == "json":
        verdict = judge_by_json(text)
    if verdict is not None:
        return verdict
    result = compiled.check(text)
    return Verdict(result.accepted, "decodex", "" if result.accepted else result.message)


def judge_by_json(text: str) -> Verdict:
    """Is it JSON? By the standard library."""
    try:
        _loads(text)
    except (ValueError, RecursionError) as error:
        return Verdict(False, "json", str(error))
    return Verdict(True, "json")


def judge_by_schema(schema: Any, text: str) -> Verdict | None:
    """Is it JSON that is valid under the schema (JSON text or a value)? By jsonschema.

    None where jsonschema is missing or has no opinion.
    """
    try:
        from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
        from jsonschema.exceptions import SchemaError, ValidationError  # type: ignore[import-untyped]
        from jsonschema.validators import validator_for  # type: ignore[import-untyped]
        from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
        from referencing.exceptions import Unresolvable
    except ImportError:
        return None
    written = judge_by_json(text)
    if not written.valid:
        return written
    try:
        schema = json.loads(schema) if isinstance(schema, str) else schema
        kind = validator_for(schema, default=Draft202012Validator)
        # the registry of the specifications alone: nothing is fetched
        kind(schema, registry=REGISTRY, format_checker=kind.FORMAT_CHECKER).validate(_loads(text))
    except ValidationError as error:
        return Verdict(False, "jsonschema", f"{error.json_path}: {error.message}")
    except (SchemaError, Unresolvable, ValueError, RecursionError, re.error):
        return None
    return Verdict(True, "jsonschema")


def judge_by_re(pattern: str, text: str) -> Verdict:
    """Does the whole pattern match? By Python's ``re``, without a time limit."""
    return _matched(re.fullmatch(pattern, text) is not None, "re.fullmatch")


def judge_by_choice(choices: Any, text: str) -> Verdict:
    """Is it one of the texts?"""
    return Verdict(text in choices, "comparison", "" if text in choices else "it is none of the choices")


def _judge_by_regex(pattern: str, text: str) -> Verdict | None:
    import regex  # type: ignore[import-untyped]

    try:
        return _matched(regex.fullmatch(pattern, text, timeout=PATTERN_SECONDS) is not None, "regex")
    except (regex.error, TimeoutError):
        return None


def _matched(valid: bool, name: str) -> Verdict:
    return Verdict(valid, name, "" if valid else "the pattern does not match the whole text")


def _loads(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
