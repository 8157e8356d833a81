"""GBNF, the grammar language of llama.cpp, to a grammar.

In: the text. Out: a ``Grammar``. As llama.cpp has it, and besides: rules may be left-recursive, ``|`` may begin a line,
``_`` may stand in names. Refused, with line and column: tokens (``<[1]>``, ``<think>``), a rule that is defined twice.
Cost: linear in the text.

The language has no terminals, so what is made of characters alone and repeats something becomes one pattern: it is a
lexeme of the automaton, whose masks are shared. Rules stay apart, except those that are one character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from decodex.syntax import patterns
from decodex.syntax.grammar import Choice, Grammar, Name, Node, Pattern, Rule, Sequence, Text, Times
from decodex.syntax.source import Source, did_you_mean

__all__ = ["parse_gbnf"]

DEEPEST = 100
"""Parentheses inside one another."""
MOST_TIMES = 1_000_000
LONGEST_COUNT = 20
"""Digits of a count."""
_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_SPACE = re.compile(r"(?:[ \t\r]|#[^\n]*)*")
_SPACE_AND_LINES = re.compile(r"(?:\s|#[^\n]*)*")
_LINE_AND_BAR = re.compile(r"(?:\s|#[^\n]*)*\|")
_COUNT = re.compile(r"\{\s*(\d+)\s*(?:(,)\s*(\d+)?\s*)?\}")
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n"}
_HEX = {"x": 2, "u": 4, "U": 8}


@dataclass(frozen=True)
class _Chars(Pattern):
    """A pattern of characters, while the grammar is read."""

    single: bool = False
    """It is one character."""
    repeats: bool = False


def parse_gbnf(text: str, start: str = "root") -> Grammar:
    """The grammar of a GBNF text. Raises ``ConstraintError`` with line and column."""
    return _Parser(text).parse(start)


class _Parser:
    def __init__(self, text: str) -> None:
        self.source = Source(text)
        self.text = text
        self.at = 0
        self.depth = 0
        self.bodies: dict[str, Node] = {}
        self.places: dict[str, str] = {}
        self.used: dict[str, int] = {}

    def parse(self, start: str) -> Grammar:
        self.skip(_SPACE_AND_LINES)
        while self.at < len(self.text):
            self.rule()
            self.skip(_SPACE_AND_LINES)
        for name, at in self.used.items():
            if name not in self.bodies:
                hint = did_you_mean(name, self.bodies)
                raise self.source.error(at, f"the rule {name!r} is not defined{hint}", f"define it: {name} ::= ...")
        if start not in self.bodies:
            raise self.source.error(
                0, f"there is no rule {start!r}, with which a text begins", f"add one: {start} ::= ..."
            )
        singles = {name: body for name in self.bodies if (body := self.single(name))}
        rules = {name: Rule(_fused(body, singles), self.places[name]) for name, body in self.bodies.items()}
        return Grammar(rules, start)

    # ---- reading ----

    def rule(self) -> None:
        begin = self.at
        name = self.name()
        self.skip(_SPACE)
        if not self.take("::="):
            raise self.source.error(self.at, f"expected '::=' after the name {name!r}")
        if name in self.bodies:
            raise self.source.error(begin, f"the rule {name!r} is defined twice", "join the two with '|'")
        self.skip(_SPACE_AND_LINES)
        self.places[name] = self.source.place(begin)
        self.bodies[name] = self.choice(lines=False)
        if self.at < len(self.text) and self.text[self.at] != "\n":
            raise self.source.error(
                self.at,
                f"expected an item, '|' or the end of the line, not {self.text[self.at]!r}",
                "an item is a \"text\", a [class], a name, '.' or (...)",
            )

    def name(self) -> str:
        found = _NAME.match(self.text, self.at)
        if not found:
            met = repr(self.text[self.at]) if self.at < len(self.text) else "the end"
            raise self.source.error(self.at, f"expected the name of a rule, not {met}")
        self.at = found.end()
        return found[0]

    def choice(self, lines: bool) -> Node:
        arms = [self.sequence(lines)]
        while True:
            bar = _LINE_AND_BAR.match(self.text, self.at)
            if not bar:
                return arms[0] if len(arms) == 1 else Choice(tuple(arms))
            self.at = bar.end()
            self.skip(_SPACE_AND_LINES)
            arms.append(self.sequence(lines))

    def sequence(self, lines: bool) -> Node:
        space = _SPACE_AND_LINES if lines else _SPACE
        items: list[Node] = []
        while True:
            self.skip(space)
            item = self.item()
            if item is None:
                return items[0] if len(items) == 1 else Sequence(tuple(items))
            self.skip(space)
            items.append(self.repeated(item, space))

    def item(self) -> Node | None:
        begin = self.at
        character = self.text[begin : begin + 1]
        if character == '"':
            return Text(self.string())
        if character == "[":
            return self.char_class()
        if character == ".":
            self.at += 1
            return _Chars(patterns.one_of((), negated=True), single=True)
        if character == "(":
            self.at += 1
            self.depth += 1
            if self.depth > DEEPEST:
                raise self.source.error(
                    begin, f"more than {DEEPEST} parentheses inside one another", "give an inner part a rule of its own"
                )
            inner = self.choice(lines=True)
            self.skip(_SPACE_AND_LINES)
            if not self.take(")"):
                raise self.source.error(begin, "the parenthesis is never closed", "add ')'")
            self.depth -= 1
            return inner
        if character and character in "<!":
            raise self.source.error(
                begin, "tokens cannot be named in a grammar", 'write the text that they stand for, such as "..."'
            )
        if character and character in "*+?{":
            raise self.source.error(begin, f"there is nothing before {character!r} to repeat", "put an item before it")
        if _NAME.match(self.text, begin):
            name = self.name()
            self.used.setdefault(name, begin)
            return Name(name, begin)
        return None

    def count(self, begin: int, digits: str) -> int:
        if len(digits) > LONGEST_COUNT or int(digits) > MOST_TIMES:
            raise self.source.error(begin, f"a count is at most {MOST_TIMES}", "leave the upper one out")
        return int(digits)

    def repeated(self, item: Node, space: re.Pattern[str]) -> Node:
        while self.at < len(self.text) and self.text[self.at] in "*+?{":
            begin = self.at
            if self.text[begin] == "{":
                count = _COUNT.match(self.text, begin)
                if not count:
                    raise self.source.error(begin, "expected a count", "write {3}, {3,} or {3,5}")
                low = self.count(begin, count[1])
                high = self.count(begin, count[3]) if count[3] else None if count[2] else low
                if high is not None and high < low:
                    raise self.source.error(begin, f"{{{low},{high}}} has its counts the wrong way round")
                self.at = count.end()
            else:
                low = 1 if self.text[begin] == "+" else 0
                high = 1 if self.text[begin] == "?" else None
                self.at += 1
            item = Times(item, low, high)
            self.skip(space)
        return item

    def string(self) -> str:
        begin = self.at
        self.at += 1
        out = []
        while self.text[self.at : self.at + 1] != '"':
            if self.at >= len(self.text) or self.text[self.at] == "\n":
                raise self.source.error(begin, "the string is never closed", "add '\"'; a line break is written \\n")
            out.append(self.character())
        self.at += 1
        return "".join(out)

    def char_class(self) -> Node:
        begin = self.at
        self.at += 1
        negated = self.take("^")
        ranges: list[tuple[str, str]] = []
        while self.text[self.at : self.at + 1] != "]":
            if self.at >= len(self.text) or self.text[self.at] == "\n":
                raise self.source.error(begin, "the class is never closed", "add ']'; a line break is written \\n")
            low_at, low = self.at, self.character()
            high = low
            if self.text[self.at : self.at + 1] == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self.character()
            if high < low:
                raise self.source.error(low_at, f"the range {low}-{high} is the wrong way round")
            ranges.append((low, high))
        self.at += 1
        if not ranges and not negated:
            raise self.source.error(begin, "the class has no characters", 'for no text at all write ""')
        name = f"{self.source.place(begin)}: the class {self.text[begin : self.at]}"
        return _Chars(patterns.one_of(ranges, negated), name, single=True)

    def character(self) -> str:
        begin = self.at
        self.at += 1
        if self.text[begin] != "\\":
            return self.text[begin]
        letter = self.text[self.at : self.at + 1]
        self.at += 1
        if letter in _HEX:
            digits = self.text[self.at : self.at + _HEX[letter]]
            if not re.fullmatch(r"[0-9a-fA-F]+", digits) or len(digits) < _HEX[letter]:
                raise self.source.error(begin, f"\\{letter} is followed by {_HEX[letter]} hexadecimal digits")
            self.at += _HEX[letter]
            code = int(digits, 16)
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:
                raise self.source.error(begin, f"U+{code:04X} is not a character that a text can contain")
            return chr(code)
        if letter and letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter and letter in '\\"[]-^':
            return letter
        raise self.source.error(
            begin, f"the escape \\{letter} is not known", 'use \\n \\r \\t \\\\ \\" \\[ \\] \\xNN \\uNNNN'
        )

    def skip(self, space: re.Pattern[str]) -> None:
        found = space.match(self.text, self.at)
        if found:
            self.at = found.end()

    def take(self, text: str) -> bool:
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def single(self, name: str) -> _Chars | None:
        """The characters of a rule that is one of them."""
        body = self.bodies[name]
        arms = body.arms if isinstance(body, Choice) else (body,)
        chars = [_lexical(arm) for arm in arms if not isinstance(arm, Name)]
        found = [c for c in chars if c is not None and c.single]
        if len(found) < len(arms):
            return None
        return _Chars(patterns.choice(c.pattern for c in found), f"{self.places[name]}: the rule {name!r}", single=True)


# ---- patterns instead of characters ----


def _lexical(node: Node) -> _Chars | None:
    if isinstance(node, Text):
        return _Chars(patterns.literal(node.text), single=len(node.text) == 1)
    return node if isinstance(node, _Chars) else None


def _fused(node: Node, singles: dict[str, _Chars]) -> Node:
    """The same with patterns for what is made of characters alone."""
    if isinstance(node, Name):
        return singles.get(node.name, node)
    if isinstance(node, Times):
        item = _fused(node.item, singles)
        chars = _lexical(item)
        if chars is None:
            return Times(item, node.min, node.max)
        return _Chars(
            patterns.times(chars.pattern, node.min, node.max), chars.name, repeats=chars.repeats or node.max != 1
        )
    if isinstance(node, Choice):
        arms = tuple(_fused(arm, singles) for arm in node.arms)
        parts = [_lexical(arm) for arm in arms]
        if all(isinstance(arm, Text) for arm in arms) or any(part is None for part in parts):
            return Choice(arms)
        lexical = [part for part in parts if part is not None]
        return _Chars(
            patterns.choice(part.pattern for part in lexical),
            next((part.name for part in lexical if part.name), ""),
            single=all(part.single for part in lexical),
            repeats=any(part.repeats for part in lexical),
        )
    if isinstance(node, Sequence):
        items: list[Node] = []
        run: list[Node] = []
        for item in (_fused(item, singles) for item in node.items):
            if _lexical(item) is not None:
                run.append(item)
            else:
                items += [*_fused_run(run), item]
                run = []
        items += _fused_run(run)
        return items[0] if len(items) == 1 else Sequence(tuple(items))
    return node


def _fused_run(run: list[Node]) -> list[Node]:
    parts = [part for item in run if (part := _lexical(item)) is not None]
    if len(run) < 2 or not any(part.repeats for part in parts):
        return run
    name = next((part.name for part in parts if part.name), "")
    return [_Chars(patterns.sequence(part.pattern for part in parts), name, repeats=True)]
