"""From a constraint and a vocabulary to something that makes masks, in memory and as files."""

from decodex.compiling.artefacts import load
from decodex.compiling.cache import ArtefactCache
from decodex.compiling.compiled import CompiledConstraint, Limits, compile

__all__ = ["ArtefactCache", "CompiledConstraint", "Limits", "compile", "load"]
