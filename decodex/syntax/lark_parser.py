"""Lark's grammar language to its definitions: what is written, before names are looked up.

In: the text. Out: ``Definitions``. Refused, with line and column: what the language does not have, what
decodex does not enforce (``%declare``, imports of files). Cost: linear in the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from decodex.errors import UnsupportedError
from decodex.syntax.grammar import Choice, Json, Name, Node, Sequence, Text, Times
from decodex.syntax.source import Source

__all__ = ["Definition", "Definitions", "LarkNode", "Regex", "Use", "parse_definitions"]

DEEPEST = 100
"""Brackets inside one another."""
MOST_TIMES = 1_000_000
LONGEST_COUNT = 20
"""Digits of a count."""


@dataclass(frozen=True)
class Regex:
    """A pattern as it is written, or a string or range made one, with its flags."""

    pattern: str
    flags: str = ""
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Use:
    """A template with its arguments."""

    name: str
    arguments: tuple[LarkNode, ...]
    at: int = field(default=0, compare=False)


LarkNode: TypeAlias = "Node | Regex | Use"


@dataclass
class Definition:
    """A rule (a template where it has parameters) or a terminal."""

    name: str
    at: int
    body: LarkNode
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Import:
    """``%import module.name -> alias``."""

    module: str
    name: str
    alias: str
    at: int


@dataclass
class Definitions:
    """All that a text says."""

    source: Source
    named: dict[str, Definition] = field(default_factory=dict)
    ignored: list[tuple[LarkNode, int]] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    changes: list[tuple[str, Definition]] = field(default_factory=list)
    """``override`` or ``extend``, and with what."""


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""(?P<space>[ \t\f]+|\\[ ]*\r?\n)
    |(?P<comment>//[^\n]*|\#[^\n]*)
    |(?P<line>(?:\r?\n)+)
    |(?P<string>"(?:\\[^\n]|[^"\\\n])*"(?:i(?![a-zA-Z_0-9]))?)
    |(?P<regex>/(?!/)(?:\\.|[^/\\])*/[a-z]*)
    |(?P<name>[a-zA-Z_][a-zA-Z_0-9]*)
    |(?P<number>[+-]?\d+)
    |(?P<directive>%[a-z_]*)
    |(?P<sign>->|\.\.|[:|()\[\]{},.~*+?!])""",
    re.VERBOSE | re.DOTALL,
)
_OPEN, _CLOSE = "([{", ")]}"


def is_terminal(name: str) -> bool:
    """Upper case: a terminal; lower case: a rule."""
    return name.isupper()


def parse_definitions(text: str) -> Definitions:
    """What a text in Lark's language defines. Raises ``ConstraintError`` with line and column."""
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.source = Source(text)
        self.text = text
        self.tokens = list(self.joined_lines())
        self.next = 0
        self.depth = 0
        self.out = Definitions(self.source)

    # ---- tokens ----

    def raw_tokens(self) -> Iterator[_Token]:
        at = 0
        while at < len(self.text):
            found = _TOKEN.match(self.text, at)
            if not found:
                raise self.bad_character(at)
            kind = str(found.lastgroup)
            if kind == "directive" and found[0] == "%json":
                token = self.json_token(at)
                yield token
                at += len(token.text)
                continue
            if kind not in ("space", "comment"):
                yield _Token(kind, found[0], at)
            at = found.end()

    def joined_lines(self) -> Iterator[_Token]:
        """The tokens, without the ends of lines inside brackets and before '|'."""
        depth = 0
        line: _Token | None = None
        for token in self.raw_tokens():
            if token.kind == "line":
                line = line or token
                continue
            if line and depth == 0 and token.text != "|":
                yield line
            line = None
            depth += (token.kind == "sign") * ((token.text in _OPEN) - (token.text in _CLOSE))
            depth = max(depth, 0)
            yield token
        yield _Token("line", "\n", len(self.text))
        yield _Token("end", "", len(self.text))

    def bad_character(self, at: int) -> Exception:
        character = self.text[at]
        if character == '"':
            return self.source.error(at, "the string is never closed", "add '\"'; a line break is written \\n")
        if character == "/":
            return self.source.error(at, "the pattern is never closed", "add '/'; a slash inside is written \\/")
        if character == "'":
            return self.source.error(at, "strings are written in double quotes", 'write "..."')
        if character == "<":
            return self.source.error(
                at, "tokens cannot be named in a grammar", 'write the text that they stand for, such as "..."'
            )
        return self.source.error(at, f"{character!r} means nothing here", 'text is written in quotes: "..."')

    def json_token(self, at: int) -> _Token:
        begin = at + len("%json")
        while begin < len(self.text) and self.text[begin].isspace():
            begin += 1
        try:
            _, end = json.JSONDecoder().raw_decode(self.text, begin)
        except json.JSONDecodeError as error:
            raise self.source.error(error.pos, f"%json is followed by a JSON schema: {error.msg}") from None
        except RecursionError:
            raise self.source.error(begin, "the JSON schema is nested too deeply") from None
        return _Token("json", self.text[at:end], at)

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def take(self, text: str) -> bool:
        if self.token.kind != "sign" or self.token.text != text:
            return False
        self.next += 1
        return True

    def expect(self, kind: str, what: str, text: str | None = None) -> _Token:
        token = self.token
        if token.kind != kind or (text is not None and token.text != text):
            raise self.unexpected(what)
        self.next += 1
        return token

    def unexpected(self, what: str) -> Exception:
        token = self.token
        at = token.at
        met = {"line": "the end of the line", "end": "the end"}.get(token.kind, repr(token.text))
        advice = ""
        if token.text == "=" or token.text == "::=":
            advice = "a rule is written name: ..."
        elif token.text in ("*", "+", "?", "~"):
            advice = "put what is repeated into parentheses: (...)" + token.text
        return self.source.error(at, f"expected {what}, not {met}", advice)

    # ---- statements ----

    def parse(self) -> Definitions:
        while self.token.kind != "end":
            if self.token.kind == "line":
                self.next += 1
            elif self.token.kind == "directive":
                self.directive()
            else:
                self.define(self.definition())
        return self.out

    def define(self, definition: Definition) -> None:
        if definition.name in self.out.named:
            kind = "terminal" if is_terminal(definition.name) else "rule"
            raise self.source.error(
                definition.at,
                f"the {kind} {definition.name!r} is defined twice",
                "join the two with '|', or use %extend",
            )
        self.out.named[definition.name] = definition

    def definition(self) -> Definition:
        while self.take("?") or self.take("!"):  # what a tree looks like is of no concern here
            pass
        name = self.name("a rule, a terminal or a directive")
        parameters: list[str] = []
        if self.take("{"):
            while True:
                parameters.append(self.name("the name of a parameter").text)
                if not self.take(","):
                    break
            self.expect("sign", "',' or '}'", "}")
        if self.take("."):
            self.expect("number", "a priority, which is a number")
        self.expect("sign", "':'", ":")
        body = self.choice()
        self.expect("line", "an item, '|' or the end of the line")
        return Definition(name.text, name.at, body, tuple(parameters))

    def name(self, what: str) -> _Token:
        token = self.expect("name", what)
        if not token.text.isupper() and not token.text.islower():
            raise self.source.error(
                token.at,
                f"the name {token.text!r} mixes upper and lower case",
                "a rule is written in lower case, a terminal in upper case",
            )
        return token

    def directive(self) -> None:
        token = self.token
        self.next += 1
        if token.text == "%ignore":
            self.out.ignored.append((self.choice(), token.at))
        elif token.text == "%import":
            self.import_()
        elif token.text in ("%override", "%extend"):
            self.out.changes.append((token.text[1:], self.definition()))
            return
        elif token.text == "%declare":
            raise self.source.error(
                token.at,
                "%declare names terminals without saying what they look like",
                "write a pattern for each instead: NAME: /.../",
                UnsupportedError,
            )
        else:
            raise self.source.error(
                token.at,
                f"the directive {token.text} is not known",
                "use %ignore, %import, %override or %extend, or %json {...} inside of a rule",
                UnsupportedError,
            )
        self.expect("line", "the end of the line")

    def import_(self) -> None:
        at = self.token.at
        relative = self.take(".")
        path = [self.expect("name", "a module, as in common.WS")]
        while self.take("."):
            path.append(self.expect("name", "a name, as in common.WS"))
        names = [path[-1]]
        aliases = [path[-1]]
        if self.take("("):
            names = [self.expect("name", "a name")]
            while self.take(","):
                names.append(self.expect("name", "a name"))
            self.expect("sign", "',' or ')'", ")")
            aliases = names
        else:
            path.pop()
            if self.take("->"):
                aliases = [self.name("the name that it gets here")]
        module = ".".join(part.text for part in path)
        if relative or module != "common":
            raise self.source.error(
                at,
                "only the terminals of Lark's 'common' can be imported",
                "write %import common.NAME, or copy the rules into this grammar",
                UnsupportedError,
            )
        for name, alias in zip(names, aliases, strict=True):
            self.out.imports.append(Import(module, name.text, alias.text, name.at))

    # ---- bodies ----

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.source.error(
                self.token.at,
                f"more than {DEEPEST} brackets inside one another",
                "give an inner part a rule of its own",
            )

    def choice(self) -> LarkNode:
        self.deeper()
        arms = [self.sequence()]
        while self.take("|"):
            arms.append(self.sequence())
        self.depth -= 1
        return arms[0] if len(arms) == 1 else Choice(tuple(arms))  # type: ignore[arg-type]

    def sequence(self) -> LarkNode:
        items = []
        while (item := self.item()) is not None:
            items.append(self.repeated(item))
        if self.take("->"):
            self.expect("name", "the name of an alias")
        return items[0] if len(items) == 1 else Sequence(tuple(items))  # type: ignore[arg-type]

    def item(self) -> LarkNode | None:
        token = self.token
        if token.kind == "string":
            self.next += 1
            if self.take(".."):
                return self.character_range(token, self.expect("string", "the last character of the range"))
            text = self.string(token)
            return Regex(re.escape(text), "i", token.at) if token.text.endswith("i") else Text(text)
        if token.kind == "regex":
            self.next += 1
            return self.regex(token)
        if token.kind == "json":
            self.next += 1
            return Json(token.text[len("%json") :].strip(), f"{self.source.place(token.at)}: in %json")
        if token.kind == "name":
            self.name("a name")
            if not is_terminal(token.text) and self.take("{"):
                arguments = [self.argument()]
                while self.take(","):
                    arguments.append(self.argument())
                self.expect("sign", "',' or '}'", "}")
                return Use(token.text, tuple(arguments), token.at)
            return Name(token.text, token.at)
        for opening, closing in ("()", "[]"):
            if self.take(opening):
                inner = self.choice()
                if not self.take(closing):
                    if self.token.kind in ("line", "end"):
                        raise self.source.error(token.at, f"{opening!r} is never closed", f"add {closing!r}")
                    raise self.unexpected(f"an item, '|' or {closing!r}")
                return inner if opening == "(" else Times(inner, 0, 1)  # type: ignore[arg-type]
        return None

    def argument(self) -> LarkNode:
        self.deeper()
        item = self.item()
        self.depth -= 1
        if item is None:
            raise self.unexpected("an argument: a name or a text")
        return item

    def repeated(self, item: LarkNode) -> LarkNode:
        if self.take("~"):
            begin = self.token.at
            low = high = self.count()
            if self.take(".."):
                high = self.count()
            if high < low:
                raise self.source.error(begin, f"{low}..{high} has its counts the wrong way round")
            return Times(item, low, high)  # type: ignore[arg-type]
        for sign, low, most in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self.take(sign):
                return Times(item, low, most)  # type: ignore[arg-type]
        return item

    def count(self) -> int:
        token = self.expect("number", "a count")
        if len(token.text) > LONGEST_COUNT or not 0 <= int(token.text) <= MOST_TIMES:
            raise self.source.error(token.at, f"a count is between 0 and {MOST_TIMES}")
        return int(token.text)

    def string(self, token: _Token) -> str:
        body = token.text[1 : token.text.rindex('"')]

        def one(found: re.Match[str]) -> str:
            escape = found[0]
            letter = escape[1]
            if letter in "nrtf":
                return {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}[letter]
            if letter in "xuU":
                if len(escape) == 2:
                    raise self.source.error(
                        token.at + 1 + found.start(), f"{escape} lacks its hexadecimal digits", "write \\x41 or \\u0041"
                    )
                code = int(escape[2:], 16)
                if code > 0x10FFFF or 0xD800 <= code < 0xE000:
                    raise self.source.error(
                        token.at + 1 + found.start(), f"U+{code:04X} is not a character that a text can contain"
                    )
                return chr(code)
            return letter if letter in '"\\' else escape  # as Lark: a backslash before anything else stands for itself

        return re.sub(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", one, body)

    def character_range(self, first: _Token, last: _Token) -> LarkNode:
        from decodex.syntax.patterns import one_of

        low, high = self.string(first), self.string(last)
        if len(low) != 1 or len(high) != 1 or first.text.endswith("i") or last.text.endswith("i"):
            raise self.source.error(first.at, "a range goes from one character to another", 'write it as "a".."z"')
        if high < low:
            raise self.source.error(first.at, f"the range {first.text}..{last.text} is the wrong way round")
        return Regex(one_of([(low, high)]), at=first.at)

    def regex(self, token: _Token) -> Regex:
        from decodex._core import check_terminal
        from decodex.errors import ConstraintError

        end = token.text.rindex("/")
        pattern, flags = token.text[1:end], token.text[end + 1 :]
        for flag in flags:
            if flag not in "imsux":
                raise self.source.error(
                    token.at + end + 1, f"the flag {flag!r} is not supported", "use i, m, s, u or x", UnsupportedError
                )
        try:
            check_terminal(pattern, "".join(set(flags) - {"u"}), part=True)
        except ConstraintError as error:
            column = re.match(r"column (\d+): ", str(error))
            what, _, rest = str(error).partition("\n")
            advice = rest.split("^\n", 1)[1] if "^\n" in rest else ""
            at = token.at + (int(column[1]) if column else 1)
            raise self.source.error(at, what[column.end() :] if column else what, advice, type(error)) from None
        return Regex(pattern, flags, token.at)
