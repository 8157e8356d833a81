"""Regular Expression Instruction: the small language of Zheng et al. (2023) for keywords, their order and position,
lengths and alternatives in a generated text.

In: an expression. Out: a pattern for ``regex`` and, with a length, a count of words. Read as the paper has it, made
strict where its own checker is not: a full match, keywords escaped and whole words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from decodex.constraints.base import AllOf, Constraint, checked_flag, encodable
from decodex.constraints.describing import quoted
from decodex.constraints.lengths import length
from decodex.constraints.patterns import Regex
from decodex.errors import ConstraintError

if TYPE_CHECKING:
    from decodex._core import Term

_PIECE = re.compile(
    r"""
      <mask_(?P<mask>\d+)>
    | <length=(?P<length>\d+)>
    | <(?P<close>/?)options>
    | <(?P<close_choice>/?)choice_(?P<choice>\d+)>
    | (?P<tag><[^<>]*>?)
    | (?P<word>[^\s<>()]+)\(\d+\)
    | (?P<text>[(]|[^<\s]+)
    | (?P<space>\s+)
    """,
    re.VERBOSE,
)
_ANYTHING = r"[^\n]*"


@dataclass(frozen=True)
class Rei(Constraint):
    """Texts that an expression describes."""

    expression: str
    meaning: Constraint

    def term(self) -> Term:
        return self.meaning.term()

    def describe(self) -> str:
        return f"text by the expression {quoted(self.expression)}"

    def _pattern(self, *, alone: bool) -> str:
        return self.meaning._pattern(alone=alone)


def rei(expression: str, *, ordered: bool = True) -> Constraint:
    """Texts that an expression of Regular Expression Instruction describes.

    ``<mask_k>`` is any text on one line, with the blanks around it. ``word(i)`` is a keyword: a whole word, and next to
    a mask one that stands alone but for punctuation, so that two keywords are two words. Other text stands for itself.
    ``<options><choice_0>A</choice_0><choice_1>B</choice_1></options>`` is one of the alternatives, each an expression
    in turn; directly followed by ``<length=N>``, N of them in a row with or without a blank behind each. Any other
    ``<length=N>`` says that the whole has exactly N words between white space. With ``<expression>`` and
    ``</expression>``, what is outside is context and not generated. ``ordered=False``: an expression of keywords, masks
    and a length asks for the keywords in any order.

    ``ConstraintError`` names the column. The texts of an expression that asks too much are none: compiling raises
    ``UnsatisfiableError``.

    >>> rei("<mask_0> stood(0) <mask_1> field(1) <mask_2> <length=10>").as_regex() is not None
    True
    """
    if not isinstance(expression, str):
        raise ConstraintError(f"an expression is a text, not {type(expression).__name__}")
    start, stop = _inside(encodable(expression))
    parser = _Parser(expression, start, stop)
    pattern = parser.sequence(choice=None)
    parts: list[Constraint] = [Regex(pattern or _ANYTHING) if parser.lengths else Regex(pattern)]
    if not checked_flag("ordered", ordered):
        if parser.fixed:
            raise _wrong("ordered=False is for keywords, masks and a length alone", expression, parser.fixed[0])
        keywords = [_keyword(word, True, True) for word in dict.fromkeys(parser.keywords)]
        parts = [Regex(f"{_ANYTHING}{keyword}{_ANYTHING}") for keyword in keywords] or [Regex(_ANYTHING)]
    parts += [length("words", count, count) for count in parser.lengths]
    return Rei(expression, parts[0] if len(parts) == 1 else AllOf(tuple(parts)))


def _inside(expression: str) -> tuple[int, int]:
    """Where the generated part begins and ends."""
    begins = [m.start() for m in re.finditer("<expression>", expression)]
    ends = [m.start() for m in re.finditer("</expression>", expression)]
    if not begins and not ends:
        return 0, len(expression)
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        place = (begins[1:] or ends[1:] or begins or ends)[0]
        raise _wrong("there is one <expression> and behind it one </expression>", expression, place)
    return begins[0] + len("<expression>"), ends[0]


class _Piece(NamedTuple):
    kind: str
    text: str
    """The pattern; of a keyword, the word."""


class _Parser:
    """Reads an expression from left to right into a pattern."""

    def __init__(self, expression: str, start: int, stop: int) -> None:
        self.expression, self.at, self.stop = expression, start, stop
        self.keywords: list[str] = []
        self.lengths: list[int] = []
        self.fixed: list[int] = []   # places of what is neither keyword, mask nor length
        self.depth = 0

    def sequence(self, choice: str | None) -> str:
        """The pattern up to the end, or to the end of the choice. Blanks at its edges and around masks are dropped."""
        out: list[_Piece] = []
        begin = self.at
        while self.at < self.stop:
            place, piece = self.at, self._next()
            if piece["space"]:
                out.append(_Piece("blank", " "))
            elif piece["mask"]:
                out.append(_Piece("mask", _ANYTHING))
            elif piece["word"]:
                self.keywords.append(piece["word"])
                out.append(_Piece("keyword", piece["word"]))
            elif piece["text"]:
                self.fixed.append(place)
                out.append(_Piece("text", re.escape(piece["text"])))
            elif piece["length"]:
                if choice is not None:
                    raise _wrong("a length stands behind the options, not inside of one", self.expression, place)
                self.lengths.append(self._count(piece["length"]))
                out.append(_Piece("length", ""))
            elif piece["choice"]:
                if piece["close_choice"] and piece["choice"] == choice:
                    return _joined(out)
                raise _wrong(f"{piece[0]} is not expected here", self.expression, place)
            elif piece["tag"] or piece["close"]:
                raise _wrong(f"{piece[0]} is not expected here", self.expression, place)
            else:
                self.fixed.append(place)
                out.append(_Piece("options", self._options(place)))
        if choice is not None:
            raise _wrong(f"</choice_{choice}> is missing", self.expression, begin)
        return _joined(out)

    def _options(self, begin: int) -> str:
        """What follows <options>, up to and with its end and a length directly behind."""
        self.depth += 1
        if self.depth > 50:
            raise _wrong("options are nested more than 50 deep", self.expression, begin)
        arms: list[str] = []
        while True:
            self._skip_space()
            place = self.at
            if place >= self.stop:
                raise _wrong("</options> is missing", self.expression, begin)
            piece = self._next()
            if piece[0] == "</options>":
                break
            if not piece["choice"] or piece["close_choice"]:
                raise _wrong(f"inside <options> comes <choice_k> or </options>, not {piece[0]}", self.expression, place)
            arms.append(self.sequence(piece["choice"]))
        if not arms:
            raise _wrong("<options> has no choice in it", self.expression, begin)
        self.depth -= 1
        one = "|".join(arms)
        behind = re.compile(r"\s*<length=(\d+)>").match(self.expression, self.at, self.stop)
        if not behind or self.depth:
            return f"(?:{one})"
        times = self._count(behind[1])
        self.at = behind.end()
        return f"(?:(?:{one}) ?){{{times}}}"

    def _next(self) -> re.Match[str]:
        piece = _PIECE.match(self.expression, self.at, self.stop)
        if piece is None:
            raise _wrong(f"{self.expression[self.at]!r} is not expected here", self.expression, self.at)
        if piece["length"]:
            self._count(piece["length"])
        self.at = piece.end()
        return piece

    def _count(self, digits: str) -> int:
        if len(digits) > 20 or int(digits) > 100_000:
            raise _wrong("a length is at most 100,000 words", self.expression, self.at)
        return int(digits)

    def _skip_space(self) -> None:
        while self.at < self.stop and self.expression[self.at].isspace():
            self.at += 1


def _joined(pieces: list[_Piece]) -> str:
    """The pieces without the blanks at the edges, and next to masks and lengths."""
    swallows = {"mask", "length", "edge"}
    edge = _Piece("edge", "")
    edged = [edge, *pieces, edge]
    kept = [
        piece
        for left, piece, right in zip(edged, pieces, edged[2:], strict=False)
        if piece.kind != "length" and (piece.kind != "blank" or not {left.kind, right.kind} & swallows)
    ]
    edged = [edge, *kept, edge]
    return "".join(
        _keyword(piece.text, left.kind == "mask", right.kind == "mask") if piece.kind == "keyword" else piece.text
        for left, piece, right in zip(edged, kept, edged[2:], strict=False)
    )


def _keyword(word: str, free_before: bool, free_behind: bool) -> str:
    """The pattern of a keyword: next to a mask it stands alone, but for punctuation; elsewhere it is a whole word."""
    before = r"(?<!\S)[^\w\s]*" if free_before else r"(?<!\w)"
    behind = r"[^\w\s]*(?!\S)" if free_behind else r"(?!\w)"
    return before + re.escape(word) + behind


def _wrong(message: str, expression: str, at: int) -> ConstraintError:
    return ConstraintError(message, location=f"column {at + 1} of {quoted(expression)}")
