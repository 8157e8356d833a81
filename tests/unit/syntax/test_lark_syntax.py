"""Lark's grammar language: what each part of it means, and what is said of broken grammars."""

from __future__ import annotations

import pytest
from support.vocabularies import byte_vocabulary

import decodex as dx
from decodex.errors import ConstraintError, LimitError, UnsatisfiableError, UnsupportedError

VOCAB = byte_vocabulary()


def language(source: str, *texts: str, start: str | None = None) -> list[str]:
    """Those of the texts that are the grammar's."""
    compiled = dx.compile(dx.grammar(source, start=start), VOCAB)
    return [text for text in texts if compiled.check(text)]


@pytest.mark.parametrize(
    ("source", "accepted", "refused"),
    [
        ('start: "a"? "b"* "c"+', ["c", "abbc", "ccc"], ["", "ab", "aac"]),
        ('start: ["a"] ("b" | "c" "d") "e"', ["abe", "cde"], ["ae", "ace"]),
        ('start: "a"~2 "b"~1..3', ["aab", "aabbb"], ["ab", "aabbbb", "aa"]),
        ('start: "select"i "\\n\\t\\x41\\u00e9\\"\\\\\\d"', ['SeLeCt\n\tAé"\\\\d'], ['select\n\tAé"\\d']),
        ('start: "a".."c" "\\u00e0".."\\u00ff"', ["aé", "cÿ"], ["dé", "ae"]),
        ("start: /[a-z]+/i /./s", ["ABC\n"], ["1x"]),
        ("start: /a b # c\n/x", ["ab"], ["a b"]),
        ('start: A B -> pair\nA.2: "a" | /b/ "c"?\nB: A~2', ["aaa", "bbcb"], ["aa", "c"]),
        ('?start.3: _x | y\n_x: "x"\n!y: "y"', ["x", "y"], ["xy"]),
        ('start: "a"\n     | "b"\n\n     | "c" // why\n# and more\n', ["a", "b", "c"], ["ab"]),
        ('start: ("a"\n  "b"\n)', ["ab"], ["a"]),
        ('start: "a" |', ["a", ""], ["b"]),
        ('start: _sep{word, ","} ";"\n_sep{x, y}: x (y x)*\nword: "w"+', ["w;", "w,ww;"], ["w,;"]),
        ('start: pair{pair{"a"}}\npair{x}: "(" x x ")"', ["((aa)(aa))"], ["(aa)", "((aa)a)"]),
        ('start: nest{"a"}\nnest{x}: x | "[" nest{x} "]"', ["a", "[[a]]"], ["[a"]),
        ('start: A A\nA: "a"\n%ignore " "\n%ignore /#[^\\n]*\\n/', ["aa", " a #x\n a  "], ["a", "a # a"]),
        ("start: NUMBER WORD\n%import common (NUMBER, WORD)", ["1.5e3abc"], ["abc"]),
        ("start: N\n%import common.INT -> N", ["12"], ["1.2"]),
        ('start: INT\n%import common.INT\n%override INT: "x"', ["x"], ["1"]),
        ('start: x\nx: "a"\n%extend x: "b" x', ["a", "ba", "bba"], ["b"]),
        ("start: ESCAPED_STRING\n%import common.ESCAPED_STRING", ['"a\\"b"', '""'], ['"a"b"', '"\\"']),
        ("start: C_COMMENT\n%import common.C_COMMENT", ["/* a * b **/"], ["/* */ */", "/* *"]),
        (r"start: /\/\*(.|\n)*?\*\//", ["/* a\n */", "/***/"], ["/* */ */"]),
        (r'start: S "b"' + '\nS: "\\"" /.*?/ "\\""', ['"a"b'], ['"a"b"b']),
        (r"start: NAME" + "\nNAME: /(?!(if|else)$)[a-z]+/", ["iff", "i"], ["if", "else"]),
        (
            'start: %json {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]} "!"',
            ['{"a": 1}!'],
            ["{}!"],
        ),
    ],
)
def test_meaning(source: str, accepted: list[str], refused: list[str]) -> None:
    assert language(source, *accepted, *refused) == accepted


def test_start_is_chosen() -> None:
    assert language('start: "a"\nother: "b"', "a", "b", start="other") == ["b"]


@pytest.mark.parametrize(
    "source",
    [
        's: s s | "a"',
        's: s s s | s s | "a"',
        's: "a" | t\nt: s | u "a"\nu: s',
        's: n s "a" | "a"\nn: "x"*',
        's: (s)* "a"',
        's: e s | "a" s?\ne: e e |',
    ],
)
def test_left_recursion_and_cycles(source: str) -> None:
    texts = ["a" * n for n in range(6)]
    assert language("start: s\n" + source, *texts) == texts[1:]


@pytest.mark.parametrize(
    ("source", "error", "location", "message"),
    [
        ("start: wort\nword: /a/", ConstraintError, "line 1, column 8", "'wort' is not defined; did you mean 'word'"),
        ("start: WS", ConstraintError, "line 1, column 8", "%import common.WS"),
        ('start: "abc', ConstraintError, "line 1, column 8", "never closed"),
        ("start: /abc", ConstraintError, "line 1, column 8", "never closed"),
        ('start: ("a" | "b"\nx: "c"', ConstraintError, "line 2, column 2", "not ':'"),
        ('start: ("a"', ConstraintError, "line 1, column 8", "'(' is never closed"),
        ('start: "a")', ConstraintError, "line 1, column 11", "not ')'"),
        ("start: /a[/", ConstraintError, "line 1, column 10", "class"),
        ("start: 'a'", ConstraintError, "line 1, column 8", "double quotes"),
        ('start = "a"', ConstraintError, "line 1, column 7", "means nothing"),
        ('Start: "a"', ConstraintError, "line 1, column 1", "mixes"),
        ('a: "a"', ConstraintError, "line 1, column 1", "no rule 'start'"),
        ('start: "a"\nstart: "b"', ConstraintError, "line 2, column 1", "twice"),
        ("start: A\nA: b\nb: /x/", ConstraintError, "line 2, column 4", "not of the rule 'b'"),
        ('start: A\nA: "a" A?', ConstraintError, "line 2, column 1", "uses itself"),
        ('start: "a"~3..1', ConstraintError, "line 1, column 12", "wrong way"),
        ('start: "z".."a"', ConstraintError, "line 1, column 8", "wrong way"),
        ('start: t{"a"}\nt{x, y}: x y', ConstraintError, "line 1, column 8", "takes 2 arguments"),
        ("start: t\nt{x}: x", ConstraintError, "line 1, column 8", "is a template"),
        ('start: t{"a"}\nt{x}: x | t{t{x}}', ConstraintError, "line 2", "without end"),
        ('start: t{"a"}\nt{x}: x | "b" t{(x x)}', ConstraintError, "line 2", "without end"),
        ('start: t{"a"}\nt{x}: x | "b" t{(x "c")}', ConstraintError, "line 2", "without end"),
        ("start: " + "t{" * 200 + '"a"' + "}" * 200 + "\nt{x}: x", ConstraintError, "line 1", "inside one another"),
        ('start: "a"~' + "9" * 5_000, ConstraintError, "line 1, column 12", "a count is between"),
        ('start: "a"~000000000000' + "9" * 5_000, ConstraintError, "line 1, column 12", "a count is between"),
        ("start: A\nA: B C\nC: B\nB: /x/ C", ConstraintError, "line 4, column 1", "the terminal B uses itself"),
        ('start: %json {"type": }', ConstraintError, "line 1, column 23", "JSON"),
        ("start: X\n%import common.XX -> X", ConstraintError, "line 2, column 16", "no terminal 'XX'"),
        ("start: x\n%import .other.x", UnsupportedError, "line 2, column 9", "only the terminals"),
        ("start: A\n%declare A", UnsupportedError, "line 2, column 1", "%declare"),
        ("start: A\n%regex A", UnsupportedError, "line 2, column 1", "%regex is not known"),
        ("start: <think>", ConstraintError, "line 1, column 8", "tokens cannot be named"),
        (r"start: /if\b/", UnsupportedError, "line 1, column 8", "looks outside"),
        (r"start: A" + "\nA: /a(?!b)/", UnsupportedError, "line 2, column 1", "looks outside"),
        (r"start: /(a)\1/", UnsupportedError, "line 1, column 12", "back-reference"),
        ("start: /a/l", UnsupportedError, "line 1, column 11", "flag 'l'"),
        ("start: " + "(" * 200, ConstraintError, "line 1", "brackets inside one another"),
    ],
)
def test_errors(source: str, error: type[ConstraintError], location: str, message: str) -> None:
    with pytest.raises(error) as caught:
        dx.grammar(source)
    assert type(caught.value) is error
    assert caught.value.location is not None and caught.value.location.startswith(location), str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('start: a\na: b\nb: "x" a', "line 3, column 1: the rule 'b' has no finite text"),
        ("start: /[^\\s\\S]/", "line 1, column 8: the pattern: no text matches it"),
        ("start: A\nA: /a(?=b)c/", "line 2, column 1: the terminal A: no text matches it"),
        ('start: %json {"type": "string", "enum": [1]}', "line 1, column 8: in %json"),
    ],
)
def test_no_text(source: str, message: str) -> None:
    with pytest.raises(UnsatisfiableError) as caught:
        dx.compile(dx.grammar(source), VOCAB)
    assert message in str(caught.value)


def test_arms_without_an_end_are_left_out() -> None:
    assert language('start: "a" | x\nx: "b" x', "a", "b", "ba") == ["a"]


def test_hostile_grammars_end_in_named_errors() -> None:
    doubled = "\n".join(["start: A30", 'A0: "a"', *(f"A{n}: A{n - 1} A{n - 1}" for n in range(1, 31))])
    with pytest.raises(ConstraintError, match="more than 100000 characters"):
        dx.grammar(doubled)
    rules = "\n".join(["start: a30", 'a0: "a"', *(f"a{n}: a{n - 1} a{n - 1}" for n in range(1, 31))])
    assert dx.compile(dx.grammar(rules), VOCAB).matcher().allows(ord("a"))
    dense = "\n".join(f"x{i}: " + " | ".join(f'x{j} "{i}"' for j in range(300)) + ' | "a"' for i in range(300))
    with pytest.raises(LimitError, match="begin with one another"):
        dx.compile(dx.grammar("start: x0\n" + dense), VOCAB)
    chain = "\n".join(["start: A0", *(f'A{n}: "a" A{n + 1}' for n in range(10_000)), 'A10000: "b"'])
    with pytest.raises(LimitError, match="nested"):
        dx.grammar(chain)
    for source in ("", "%", "start", "start: ?", "{}", "\\", "start: a{", "\0", "%import", "start: %json"):
        with pytest.raises(ConstraintError):
            dx.grammar(source)


def test_budgets() -> None:
    source = 'start: e\ne: e "+" e | "(" e ")" | /[0-9]{1,9}/'
    compiled = dx.compile(dx.grammar(source), VOCAB)
    matcher = compiled.matcher(max_tokens=9)
    for _ in range(4):
        assert matcher.advance(ord("("))
    assert not matcher.allows(ord("(")) and matcher.allows(ord("1"))
    assert matcher.tokens_to_finish() == 5
    with pytest.raises(dx.BudgetError):
        compiled.matcher(max_tokens=0)


def test_with_operators() -> None:
    number = dx.grammar("start: /[0-9]/+")
    compiled = dx.compile("n = " + number | dx.choice(["none"]), VOCAB)
    assert compiled.check("n = 12") and compiled.check("none") and not compiled.check("n = none")


def test_bad_arguments() -> None:
    with pytest.raises(ConstraintError, match="syntax='ebnf'"):
        dx.grammar("start: /a/", "ebnf")  # type: ignore[arg-type]
    with pytest.raises(ConstraintError, match="is not known"):
        dx.grammar("start: /a/", ["lark"])  # type: ignore[arg-type]
    with pytest.raises(ConstraintError, match="is a str"):
        dx.grammar(b"start: /a/")  # type: ignore[arg-type]
    with pytest.raises(ConstraintError, match="did you mean 'begin'"):
        dx.grammar("begin: /a/", start="begn")
