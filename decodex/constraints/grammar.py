"""Texts of a context-free grammar."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from decodex.constraints.base import Constraint, encodable
from decodex.constraints.describing import quoted
from decodex.errors import ConstraintError, shown
from decodex.syntax.gbnf import parse_gbnf
from decodex.syntax.grammar import Grammar as ParsedGrammar
from decodex.syntax.grammar import to_term
from decodex.syntax.lark import parse_lark

if TYPE_CHECKING:
    from decodex._core import Term

_PARSERS = {"lark": (parse_lark, "start"), "gbnf": (parse_gbnf, "root")}


@dataclass(frozen=True)
class Grammar(Constraint):
    """Texts of a grammar, from its rule ``start``."""

    source: str
    syntax: str
    start: str

    def term(self) -> Term:
        return to_term(_parsed(self.source, self.syntax, self.start))

    def describe(self) -> str:
        return f"text of the rule {quoted(self.start)} of the grammar {quoted(self.source)}"


@lru_cache(maxsize=64)
def _parsed(source: str, syntax: str, start: str) -> ParsedGrammar:
    return _PARSERS[syntax][0](source, start)


def grammar(source: str, syntax: Literal["lark", "gbnf"] = "lark", start: str | None = None) -> Constraint:
    """Texts of a context-free grammar, in Lark's language or in GBNF, that of llama.cpp.

    ``start`` names the rule that a whole text is one of; if not given, ``start`` in Lark and ``root`` in GBNF. The
    text may be cut into terminals in any way, as with Lark's Earley parser and ``lexer="dynamic_complete"``;
    priorities change nothing. Rules may be left-recursive and ambiguous. ``%json {...}`` in a rule is a JSON document
    that is valid under the schema.

    Raises ``ConstraintError`` with line and column (``location``) where the grammar is broken, ``UnsupportedError`` for
    what cannot be enforced; compiling raises ``UnsatisfiableError``, naming the rule, where no text has an end.

    >>> grammar('start: "yes" | "no" "!"~1..3').start
    'start'
    """
    if not isinstance(source, str):
        raise ConstraintError(f"a grammar is a str, not {type(source).__name__}")
    if not isinstance(syntax, str) or syntax not in _PARSERS:
        raise ConstraintError(f"syntax={shown(syntax)} is not known; use {' or '.join(map(repr, _PARSERS))}")
    if start is not None and not isinstance(start, str):
        raise ConstraintError(f"start is the name of a rule, not {type(start).__name__}")
    made = Grammar(encodable(source), syntax, _PARSERS[syntax][1] if start is None else encodable(start))
    _parsed(made.source, made.syntax, made.start)
    return made
