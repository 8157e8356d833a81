"""The user's words: immutable constraint values and their operators; no algorithm lives here."""

from decodex.constraints.base import Constraint, as_constraint, optional, repeat
from decodex.constraints.grammar import grammar
from decodex.constraints.json import json_schema, json_value
from decodex.constraints.lengths import length
from decodex.constraints.lexical import contains, contains_any, excludes
from decodex.constraints.patterns import choice, regex, text
from decodex.constraints.types import type_

__all__ = [
    "Constraint",
    "as_constraint",
    "choice",
    "contains",
    "contains_any",
    "excludes",
    "grammar",
    "json_schema",
    "json_value",
    "length",
    "optional",
    "regex",
    "repeat",
    "text",
    "type_",
]
