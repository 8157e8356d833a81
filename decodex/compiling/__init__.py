"""From a constraint and a vocabulary to something that makes masks."""

from decodex.compiling.compiled import CompiledConstraint, Limits, compile

__all__ = ["CompiledConstraint", "Limits", "compile"]
