"""The user's words: immutable constraint values and their operators; no algorithm lives here."""

from decodex.constraints.base import Constraint, as_constraint, optional, repeat
from decodex.constraints.copying import copy_of
from decodex.constraints.grammar import grammar
from decodex.constraints.items import numbered
from decodex.constraints.json import json_schema, json_value
from decodex.constraints.lengths import length
from decodex.constraints.lexical import contains, contains_any, excludes
from decodex.constraints.patterns import choice, regex, text
from decodex.constraints.positions import at, ends_with, starts_with
from decodex.constraints.predicates import predicate
from decodex.constraints.rei import rei
from decodex.constraints.tags import after, tagged, thinking
from decodex.constraints.templates import Template, template
from decodex.constraints.tools import tool_calls
from decodex.constraints.types import type_

__all__ = [
    "Constraint",
    "Template",
    "after",
    "as_constraint",
    "at",
    "choice",
    "contains",
    "contains_any",
    "copy_of",
    "ends_with",
    "excludes",
    "grammar",
    "json_schema",
    "json_value",
    "length",
    "numbered",
    "optional",
    "predicate",
    "regex",
    "rei",
    "repeat",
    "starts_with",
    "tagged",
    "template",
    "text",
    "thinking",
    "tool_calls",
    "type_",
]
