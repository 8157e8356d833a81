"""Lark's grammar language to a grammar.

In: the text. Out: a ``Grammar`` whose language is that of Lark's Earley parser with
``lexer="dynamic_complete"``: a text may be cut into terminals in any way. So terminals become patterns, what
``%ignore`` names may stand before the first terminal and after every one, templates are written out, and
priorities, aliases and the marks ``? ! _`` change nothing.
Refused, with line and column: names that are not defined, terminals that use rules or themselves, templates that never
end. Cost: linear in the text and in the templates written out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from decodex.errors import ConstraintError, UnsupportedError
from decodex.syntax import patterns
from decodex.syntax.grammar import Choice, Grammar, Json, Name, Node, Pattern, Rule, Sequence, Text, Times
from decodex.syntax.lark_common import COMMON
from decodex.syntax.lark_parser import Definition, Definitions, LarkNode, Regex, Use, is_terminal, parse_definitions
from decodex.syntax.source import did_you_mean

__all__ = ["parse_lark"]

LONGEST_PATTERN = 100_000
"""Characters of the pattern that a terminal becomes."""
MOST_INSTANCES = 5_000
LONGEST_INSTANCE = 200
"""Templates with different arguments, and characters of one such."""
DEEPEST_ARGUMENT = 200
LARGEST_ARGUMENTS = 200_000
"""Nodes of a template's argument inside one another, and of all arguments together."""
_LAZY = re.compile(r"[*+?}]\?")
_IGNORED = "%ignore"
_START = "the text"


def parse_lark(text: str, start: str = "start") -> Grammar:
    """The grammar of a text in Lark's language. Raises ``ConstraintError`` with line and column."""
    definitions = parse_definitions(text)
    _add_imports(definitions)
    _change(definitions)
    return _Builder(definitions).build(start)


def _add_imports(definitions: Definitions) -> None:
    """``common`` under names that no grammar can have, and what is imported as an alias of them."""
    if not definitions.imports:
        return
    common = parse_definitions(COMMON).named
    for wanted in definitions.imports:
        if wanted.name not in common:
            hint = did_you_mean(wanted.name, common)
            raise definitions.source.error(
                wanted.at, f"Lark's 'common' has no terminal {wanted.name!r}{hint}", f"it has {', '.join(common)}"
            )
        known = definitions.named.get(wanted.alias)
        if known is not None:
            raise definitions.source.error(
                wanted.at, f"{wanted.alias!r} is defined and imported", f"import it as another: -> MY_{wanted.alias}"
            )
        definitions.named[wanted.alias] = Definition(wanted.alias, wanted.at, Name(f"common.{wanted.name}"))
    for name, definition in common.items():
        definitions.named[f"common.{name}"] = Definition(f"common.{name}", 0, _moved(definition.body))


def _moved(node: LarkNode) -> LarkNode:
    if isinstance(node, Name):
        return Name(f"common.{node.name}")
    if isinstance(node, Sequence):
        return Sequence(tuple(_moved(item) for item in node.items))  # type: ignore[misc]
    if isinstance(node, Choice):
        return Choice(tuple(_moved(arm) for arm in node.arms))  # type: ignore[misc]
    if isinstance(node, Times):
        return Times(_moved(node.item), node.min, node.max)  # type: ignore[arg-type]
    return node


def _change(definitions: Definitions) -> None:
    """``%override`` and ``%extend``, in the order in which they are written."""
    for how, change in definitions.changes:
        known = definitions.named.get(change.name)
        if known is None:
            raise definitions.source.error(
                change.at, f"there is no {change.name!r} to {how}", "define it without %" + how
            )
        if known.parameters != change.parameters:
            raise definitions.source.error(change.at, f"{change.name!r} has other parameters where it is defined")
        if how == "extend":
            change.body = Choice((known.body, change.body))  # type: ignore[arg-type]
        definitions.named[change.name] = change


class _Builder:
    def __init__(self, definitions: Definitions) -> None:
        self.source = definitions.source
        self.named = definitions.named
        self.ignored = definitions.ignored
        self.rules: dict[str, Rule] = {}
        self.patterns: dict[str, str] = {}
        self.instances: dict[Use, str] = {}
        self.argument_nodes = 0
        self.waiting: list[tuple[str, Definition, tuple[Node, ...]]] = []

    def build(self, start: str) -> Grammar:
        if start not in self.named or is_terminal(start):
            known = [name for name in self.named if name.islower() and "." not in name]
            hint = did_you_mean(start, known)
            raise self.source.error(
                0, f"there is no rule {start!r}, with which a text begins{hint}", f"add one: {start}: ..."
            )
        if self.named[start].parameters:
            raise self.source.error(self.named[start].at, f"a text cannot begin with a template; {start!r} is one")
        for definition in self.named.values():
            if not is_terminal(definition.name.rpartition(".")[2]) and not definition.parameters:
                self.waiting.append((definition.name, definition, ()))
            elif not definition.parameters and "." not in definition.name:
                self.terminal(Name(definition.name, definition.at))
        if self.ignored:
            self.rules[_IGNORED] = Rule(self.ignorable())
        while self.waiting:
            name, definition, arguments = self.waiting.pop()
            body = self.body(definition.body, dict(zip(definition.parameters, arguments, strict=True)))
            self.rules[name] = Rule(body, self.source.place(definition.at))
        self.check_unused_templates()
        if self.ignored:
            self.rules[_START] = Rule(Sequence((Name(_IGNORED), Name(start))), self.rules[start].place)
            return Grammar(self.rules, _START)
        return Grammar(self.rules, start)

    def check_unused_templates(self) -> None:
        """Names inside of templates that nobody uses are looked up, too."""
        used = {use.name for use in self.instances}
        for definition in list(self.named.values()):
            if definition.parameters and definition.name not in used:
                self.body(definition.body, {parameter: Text("") for parameter in definition.parameters})

    def ignorable(self) -> Node:
        """Any number of what is ignored: one pattern, unless a lazy repetition in it must be seen by itself."""
        found = [(self.pattern(node, at), at) for node, at in self.ignored]
        each = [self.checked(pattern, at, "what %ignore names") for pattern, at in found]
        if any(_LAZY.search(pattern) for pattern, _ in found):
            return Times(Choice(tuple(each)), 0, None)
        pattern = patterns.times(patterns.choice(pattern for pattern, _ in found), 0, None)
        return self.checked(pattern, found[0][1], "what %ignore names")

    # ---- rules ----

    def body(self, node: LarkNode, arguments: dict[str, Node]) -> Node:
        if isinstance(node, Sequence):
            return Sequence(tuple(self.body(item, arguments) for item in node.items))
        if isinstance(node, Choice):
            return Choice(tuple(self.body(arm, arguments) for arm in node.arms))
        if isinstance(node, Times):
            return Times(self.body(node.item, arguments), node.min, node.max)
        if isinstance(node, Use):
            return Name(self.instance(node, arguments), node.at)
        if isinstance(node, Name):
            if node.name in arguments:
                return arguments[node.name]
            definition = self.defined(node)
            if is_terminal(node.name):
                return self.spaced(self.terminal(node))
            if definition.parameters:
                raise self.source.error(
                    node.at, f"{node.name!r} is a template", f"write {node.name}{{{', '.join(definition.parameters)}}}"
                )
            return node
        if isinstance(node, Regex):
            return self.spaced(self.checked(self.pattern(node, node.at), node.at, "the pattern"))
        if isinstance(node, Text) and not node.text:
            return node
        return self.spaced(node)

    def spaced(self, node: Node) -> Node:
        """A terminal, and what may be ignored behind it."""
        return Sequence((node, Name(_IGNORED))) if self.ignored else node

    def defined(self, node: Name | Use) -> Definition:
        definition = self.named.get(node.name)
        if definition is None:
            kind = "terminal" if is_terminal(node.name) else "rule"
            hint = did_you_mean(node.name, (name for name in self.named if "." not in name))
            advice = f"define it: {node.name}: ..."
            if kind == "terminal" and f"\n{node.name}:" in COMMON:
                advice = f"add %import common.{node.name}"
            raise self.source.error(node.at, f"the {kind} {node.name!r} is not defined{hint}", advice)
        return definition

    def instance(self, use: Use, arguments: dict[str, Node]) -> str:
        definition = self.defined(use)
        if not definition.parameters:
            raise self.source.error(use.at, f"{use.name!r} is no template", f"write {use.name} without {{...}}")
        if len(use.arguments) != len(definition.parameters):
            raise self.source.error(
                use.at,
                f"the template {use.name!r} takes {len(definition.parameters)} arguments, not {len(use.arguments)}",
            )
        given = tuple(self.body(argument, arguments) for argument in use.arguments)
        self.check_arguments(use, given)
        key = Use(use.name, given)
        if key not in self.instances:
            name = f"{use.name}{{{', '.join(map(_shown, given))}}}"
            if len(name) > LONGEST_INSTANCE or len(self.instances) >= MOST_INSTANCES:
                raise self.endless(use)
            self.instances[key] = f"{name} #{len(self.instances)}"
            self.waiting.append((self.instances[key], definition, given))
        return self.instances[key]

    def check_arguments(self, use: Use, given: tuple[Node, ...]) -> None:
        """Refuse arguments that grow from use to use, before anything visits all of them."""
        left: list[tuple[LarkNode, int]] = [(node, 1) for node in given]
        while left:
            node, depth = left.pop()
            self.argument_nodes += 1
            if depth > DEEPEST_ARGUMENT or self.argument_nodes > LARGEST_ARGUMENTS:
                raise self.endless(use)
            left += [(part, depth + 1) for part in _parts(node)]

    def endless(self, use: Use) -> ConstraintError:
        return self.source.error(
            use.at,
            f"the template {use.name!r} is used with more and more arguments, without end",
            "a template may use itself, but with the same arguments",
        )

    # ---- terminals ----

    def terminal(self, node: Name) -> Node:
        body = self.named[node.name].body
        if isinstance(body, Text):
            return body
        pattern = self.pattern(node, node.at)
        return self.checked(pattern, self.named[node.name].at, f"the terminal {node.name}")

    def checked(self, pattern: str, at: int, what: str) -> Node:
        from decodex._core import check_terminal

        try:
            check_terminal(pattern)
        except UnsupportedError as error:
            message, _, rest = str(error).partition("\n")
            advice = rest.split("^\n", 1)[1] if "^\n" in rest else ""
            detail = message.partition(": ")[2] or message
            raise self.source.error(at, f"{what}: {detail}", advice, UnsupportedError) from None
        except ConstraintError as error:
            raise self.source.error(at, f"{what} becomes a pattern that is refused: {error}") from None
        return Pattern(pattern, f"{self.source.place(at)}: {what}")

    def pattern(self, node: LarkNode, at: int) -> str:
        """The pattern of a terminal or a part of one; ``at``: the terminal."""
        if isinstance(node, Text):
            return patterns.literal(node.text)
        if isinstance(node, Regex):
            return patterns.flagged(node.pattern, node.flags)
        if isinstance(node, Sequence):
            return self.short(patterns.sequence(self.pattern(item, at) for item in node.items), at)
        if isinstance(node, Choice):
            return self.short(patterns.choice(self.pattern(arm, at) for arm in node.arms), at)
        if isinstance(node, Times):
            return patterns.times(self.pattern(node.item, at), node.min, node.max)
        if isinstance(node, Name) and is_terminal(node.name.rpartition(".")[2]):
            self.spell(node)
            return self.patterns[node.name]
        where = node.at if isinstance(node, (Name, Use)) else at
        met = (
            "%json"
            if isinstance(node, Json)
            else f"the rule {node.name!r}"
            if isinstance(node, (Name, Use))
            else "this"
        )
        raise self.source.error(
            where, f"a terminal is made of texts, patterns and terminals, not of {met}", "make it a rule, in lower case"
        )

    def spell(self, terminal: Name) -> None:
        """Fill in the pattern of a terminal, behind those of the terminals that it uses."""
        if terminal.name in self.patterns:
            return
        unspelled = {terminal.name: _terminals(self.defined(terminal).body)}  # the last one is used by the one before
        while unspelled:
            name, uses = next(reversed(unspelled.items()))
            use = next((use for use in uses if use.name not in self.patterns), None)
            if use is None:
                definition = self.named[name]
                self.patterns[name] = patterns.choice([self.pattern(definition.body, definition.at)])
                del unspelled[name]
                continue
            definition = self.defined(use)
            if use.name in unspelled:
                raise self.source.error(
                    definition.at, f"the terminal {use.name} uses itself", "make it a rule, in lower case"
                )
            unspelled[use.name] = _terminals(definition.body)

    def short(self, pattern: str, at: int) -> str:
        if len(pattern) > LONGEST_PATTERN:
            raise self.source.error(
                at, f"the terminal becomes a pattern of more than {LONGEST_PATTERN} characters", "make it a rule"
            )
        return pattern


def _terminals(node: LarkNode) -> Iterator[Name]:
    """The terminals that a body names."""
    left = [node]
    while left:
        node = left.pop()
        if isinstance(node, Name) and is_terminal(node.name.rpartition(".")[2]):
            yield node
        left += reversed(_parts(node))


def _parts(node: LarkNode) -> tuple[LarkNode, ...]:
    """What a node is made of; nothing where it stands for itself."""
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Choice):
        return node.arms
    return (node.item,) if isinstance(node, Times) else ()


def _shown(node: Node) -> str:
    """An argument, in short."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Text):
        return repr(node.text)
    if isinstance(node, Pattern):
        return f"/{node.pattern}/"
    if isinstance(node, Sequence) and len(node.items) == 2 and node.items[1] == Name(_IGNORED):
        return _shown(node.items[0])
    return "..."
