"""GBNF: what each part of it means, and what is said of broken grammars."""

from __future__ import annotations

import pytest
from support.vocabularies import byte_vocabulary

import decodex as dx
from decodex.errors import ConstraintError, UnsatisfiableError

VOCAB = byte_vocabulary()

JSON = r"""
# llama.cpp's grammars/json.gbnf
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws

object ::=
  "{" ws (
            string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws

array  ::=
  "[" ws (
            value
    ("," ws value)*
  )? "]" ws

string ::=
  "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
  )* "\"" ws

number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws

# Optional space: by convention, applied in this grammar after literal chars when allowed
ws ::= | " " | "\n" [ \t]{0,20}
"""


@pytest.mark.parametrize(
    ("source", "accepted", "refused"),
    [
        ('root ::= "a"? "b"* "c"+', ["c", "abbc"], ["", "ab"]),
        ('root ::= ("a" | "b" "c") "d"', ["ad", "bcd"], ["abd"]),
        ('root ::= "ab"{2} "c"{1,} "d"{0,2}', ["ababc", "ababccdd"], ["abc", "ababcddd"]),
        (r'root ::= "\x41\u00e9\U0001F600\n\t\"\\"', ['Aé😀\n\t"\\'], ["A"]),
        (r"root ::= [a-c] [^a-c] [-x] [\]\\^]", ["ad-]", "b\nx\\", "cdx^"], ["aa-]", "ad-a"]),
        ("root ::= . .", ["a\n", "é😀"], ["a", "abc"]),
        ('root ::= a-b c_d\na-b ::= "x"\nc_d ::= "y" # end', ["xy"], ["x"]),
        ('root ::= "a" |\n  "b"\n  | "c"', ["a", "b", "c"], ["ab"]),
        (
            'root ::= word (" " word)*\nword ::= letter (letter | digit)*\nletter ::= [a-z]\ndigit ::= [0-9]',
            ["a1 b"],
            ["1", "a "],
        ),
        ('root ::= root "a" | "b"', ["b", "baa"], ["a", "ab"]),
        (JSON, ['{"a": [1, -2.5e3, {"b": "x\\n\\u00e9"}, []]}', "{}"], ['{"a": 01}', "[]", '{"a" 1}', '{"a": "\n"}']),
    ],
)
def test_meaning(source: str, accepted: list[str], refused: list[str]) -> None:
    compiled = dx.compile(dx.grammar(source, "gbnf"), VOCAB)
    assert [text for text in [*accepted, *refused] if compiled.check(text)] == accepted


@pytest.mark.parametrize(
    ("source", "location", "message"),
    [
        ("root ::= words\nword ::= [a]", "line 1, column 10", "'words' is not defined; did you mean 'word'"),
        ('word ::= "a"', "line 1, column 1", "no rule 'root'"),
        ('root ::= "a', "line 1, column 10", "never closed"),
        ("root ::= [a", "line 1, column 10", "never closed"),
        ('root ::= ("a"\n', "line 1, column 10", "never closed"),
        ("root ::= []", "line 1, column 10", "no characters"),
        ("root ::= [z-a]", "line 1, column 11", "wrong way"),
        ('root ::= "a"{2,1}', "line 1, column 13", "wrong way"),
        ('root ::= "a"{x}', "line 1, column 13", "expected a count"),
        ('root ::= "a"{' + "9" * 5_000 + "}", "line 1, column 13", "a count is at most"),
        (r'root ::= "\q"', "line 1, column 11", "escape"),
        (r'root ::= "\x4"', "line 1, column 11", "hexadecimal"),
        (r'root ::= "\uD800"', "line 1, column 11", "not a character"),
        ('root ::= * "a"', "line 1, column 10", "nothing before"),
        ('root = "a"', "line 1, column 6", "'::='"),
        ('root ::= "a"\nroot ::= "b"', "line 2, column 1", "twice"),
        ("root ::= <[1]>", "line 1, column 10", "tokens"),
        ('root ::= "a" )', "line 1, column 14", "not ')'"),
        ("root ::= " + "(" * 200, "line 1", "parentheses"),
    ],
)
def test_errors(source: str, location: str, message: str) -> None:
    with pytest.raises(ConstraintError) as caught:
        dx.grammar(source, "gbnf")
    assert caught.value.location is not None and caught.value.location.startswith(location), str(caught.value)
    assert message in str(caught.value)


def test_no_text() -> None:
    with pytest.raises(UnsatisfiableError, match="line 2, column 1: the rule 'a' has no finite text"):
        dx.compile(dx.grammar('root ::= a\na ::= "x" a', "gbnf"), VOCAB)
