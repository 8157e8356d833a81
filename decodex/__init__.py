"""decodex: constrained decoding for language models.

>>> import decodex as dx
>>> constraint = dx.regex(r"[a-z]+") | dx.choice(["42"])

Public names are found here and loaded when first used: importing decodex imports neither torch nor transformers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from decodex.version import __version__

_HOMES = {
    "decodex.errors": (
        "ArtefactError",
        "BudgetError",
        "ConstraintError",
        "DecodexError",
        "LimitError",
        "MaskError",
        "SearchError",
        "UnsatisfiableError",
        "UnsupportedError",
        "VocabularyError",
    ),
    "decodex.constraints": (
        "Constraint",
        "Template",
        "after",
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
    ),
    "decodex.vocab": ("Vocabulary",),
    "decodex.compiling": ("ArtefactCache", "CompiledConstraint", "Limits", "compile", "load"),
    "decodex.matching": ("CheckResult", "Explanation", "Matcher", "allocate_bitmask", "fill_bitmasks"),
    "decodex.decoding": ("SampleFirst", "apply_bitmask", "gumbel_like"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'decodex' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


if TYPE_CHECKING:
    from decodex.compiling import ArtefactCache, CompiledConstraint, Limits, compile, load
    from decodex.constraints import (
        Constraint,
        Template,
        after,
        at,
        choice,
        contains,
        contains_any,
        copy_of,
        ends_with,
        excludes,
        grammar,
        json_schema,
        json_value,
        length,
        numbered,
        optional,
        predicate,
        regex,
        rei,
        repeat,
        starts_with,
        tagged,
        template,
        text,
        thinking,
        tool_calls,
        type_,
    )
    from decodex.decoding import SampleFirst, apply_bitmask, gumbel_like
    from decodex.errors import (
        ArtefactError,
        BudgetError,
        ConstraintError,
        DecodexError,
        LimitError,
        MaskError,
        SearchError,
        UnsatisfiableError,
        UnsupportedError,
        VocabularyError,
    )
    from decodex.matching import CheckResult, Explanation, Matcher, allocate_bitmask, fill_bitmasks
    from decodex.vocab import Vocabulary
