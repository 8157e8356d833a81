"""Patterns against the engines that everybody knows: ``re``, ``regex`` and, as recorded answers, ECMA-262."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.ecma_answers import FOUND, TEXTS

from decodex.errors import ConstraintError, LimitError, UnsupportedError

_core = pytest.importorskip("decodex._core")

FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE, "a": re.ASCII}


def each(text: str) -> list[str]:
    """The patterns of the text, separated by blanks."""
    return text.split()


def oracle(pattern: str, flags: str = "") -> re.Pattern[str] | regex.Pattern[str]:
    """The pattern in ``re``, or in ``regex`` where ``re`` lacks the syntax."""
    bits = 0
    for letter in flags:
        bits |= FLAGS[letter]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "[:" not in pattern:
            try:
                return re.compile(pattern, bits)
            except re.error:
                pass
        return regex.compile(pattern, int(bits))


def matches(pattern: str, text: str, flags: str = "", **options: object) -> bool:
    return bool(_core.pattern_matches(pattern, text.encode(), flags=flags, **options))


def compare(pattern: str, texts: Iterable[str], flags: str = "", search: bool = False) -> None:
    expected = oracle(pattern, flags)
    judge = expected.search if search else expected.fullmatch
    for text in texts:
        if text == "" and r"\B" in pattern:
            continue  # re before 3.14 says that nothing is not a boundary in an empty text
        want = judge(text) is not None
        assert matches(pattern, text, flags, search=search) == want, (pattern, flags, text, search)
        if want:
            data = text.encode()
            for n in range(len(data) + 1):
                live = _core.pattern_prefix_live(pattern, data[:n], flags=flags, search=search)
                assert live, (pattern, flags, text, n)


# ---- a table ----

# Separated by two blanks or a line break.
PATTERNS = r"""
abc  a.c  a\.c  [abc]+  [^abc]+  [a-c]*  []a]+  [^]a]+  [a\]]+  [a-]+  [-a]+  [\w-]+  [.*+]  [\d\s]+
[^\W\d_]+  \d  \D  \w+  \W+  \s  \S+  (?a)\d  (?a)\w+  (?a)\s  (?a)\W  .  (?s).  .*  (?s).*  (?s)a.b
a?b  a??b  a*  a*?b  a+  a+?  a{2}  a{2,}  a{,2}  a{1,2}  a{0}  a{2}?b  (?:ab){2}  (?:a|b){2,3}  (?:a*)*
(?:a?){3}  (?:)*  a{  a{b}  {1  (a|b)c  (?:a|)b  (?P<x>a)b  (?<x>a)b  (?#note)a  ()  (a)(b)
(?:a|ab)(?:c|bc)  a  (?:|a)+  ^a  a$  ^a$  ^$  ^^a$$  a^b  a$b  \Aa\Z  a\Z\n  (?m)^a$  (?m)a$\n^b
(?m)a\n^$  a$\n  (?:^a|b)+  (?m)(?:^a\n?)+  $  (?:$a)?  \bab\b  a\b  \ba  \b  a\Bb  a\bb
\b\w+\b \b\w+\b  \w+\b.  .\B.  (?a)\w\b\w  \Ba  (?:\b|-)a  (?:a\b)?.  \w\b\b(?:\B)?.?  (?=a)a  (?=a)b
(?!a).  (?=.*b)a.*  (?!.*b)a.*  a(?=b)b  a(?!b)  (?:(?!b).)*  (?=a|b)(?!b).  (?=(?=a).b)ab  (?!(?!a))a
(?=$)  a(?=$)  a(?<=a)b  (?<=b)a  (?<!b)a  .(?<!a)  .*(?<=b)  a(?<=^a)b  (?<=^)a  .(?<!^a)b?  ab(?<=a.)c
.{2}(?<!aa|bb)  (?<=\ba)b?  (?<=\bab)c  a*+a  a*+b  a++  a?+a  a{1,2}+a  (?>a)b  (?>a*)b  (?>a|ab)c
(?>ab|a)b  (?>a+?)a  (?:ab)++a?  [^b]*+b  (?>(?:a|b)+)c  (?>a?)a  (?>)a  (?i)ab  (?i)[a-c]  (?i)[^a]
(?i:a)b  (?i)a(?-i:b)  (?i)\u00e9  (?i)k  (?i)s  (?i)i  (?i)\u1e9e  (?i)[\u00e0-\u00f6]  (?ai)k
(?i)\u03c3  \t  \n  \x41  \u0041  \U00000041  \101  \0  [\b]  [\0-\x1f]  \a\f\v  \\  \-  \_  \ a  \u00e9
[\u00e9-\u00eb]  \U0001F600  [\U0001F600-\U0001F602]  (?x) a b  (?x)a\ b  (?x)[a b]  (?x)a #c
(?x)a + b  (?xi) A b  (?x:a b) a  (?s:.)(?-s:.)  (?m:^a$)\nb  \p{L}+  \p{Lu}  \P{L}  \p{^L}  \pL
\p{Greek}  \p{Script=Latin}  [\p{L}\d]+  [^\p{L}]  \p{Alphabetic}  \p{InGreek}  (?i)\p{Lu}  [[:alpha:]]+
[[:^digit:]]  [[:punct:]]  a|b  ^a|b$  ab|a|  (?i)a|B  |a  \w+@\w+\.\w+  ^(?!.*--)[a-z-]+$
(?:\d{1,3}\.){3}\d{1,3}  [^\n]*\n?  (a+)+b
"""
TABLE = ["", *PATTERNS.strip().replace("\n", "  ").split("  ")]

STRINGS = "|".join(
    [
        "|a|b|c|ab|ba|aa|aab|abb|abc|abab|aaab|bc|a b|ab ab|a-|-a|a.c|A|AB|aB|K|s|I|i|1|12|a1|_|-|]|a]|{1|a{",
        "\u212a|\u017f|\u0130|\u0131|\u00e9|\u00c9|\u00df|\u1e9e|\u03a3|\u03c2|\u03b1|\u0663|\u00a0|\u0301|\U0001f600",
        "a{b}| |\n|a\n|a\nb|a\n\n|\na|\t|\0|\x08|\x1f|\x07\x0c\x0b|\\|*|a@b.c|a-b|1.2.3.4|a--b",
    ]
).split("|")


@pytest.mark.parametrize("pattern", TABLE)
def test_table(pattern: str) -> None:
    compare(pattern, STRINGS)
    compare(pattern, STRINGS, search=True)


@pytest.mark.parametrize("flags", ["i", "m", "s", "a", "im", "ms", "ia"])
def test_flags_as_arguments(flags: str) -> None:
    for pattern in ["a.b", "^a$|^b", r"\w+", "[a-k]+$", r"(?m:^)a.?", r"\bk\B|k"]:
        compare(pattern, STRINGS, flags)
        compare(pattern, STRINGS, flags, search=True)


@pytest.mark.parametrize("pattern", FOUND)
def test_ecma(pattern: str) -> None:
    found = [i for i, text in enumerate(TEXTS) if matches(pattern, text, dialect="ecma", search=True)]
    assert found == FOUND[pattern]


# ---- random patterns ----

LETTERS = "aabb1_- \n\u00e9A"
ATOMS = st.sampled_from([*"aab1_-. ", *each(r"ab \. \w \d \s \W \D \S [ab] [^a] [a-b1] [^\w] [\s1]")])
EDGES = st.sampled_from(["^", "$", r"\b", r"\B", r"\A", r"\Z"])
COUNTS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,2}", "{,2}", "{2,}", "{0}"])
MODES = st.sampled_from(["", "", "?"])
GROUPS = st.sampled_from(["(", "(?:", "(?i:", "(?s:", "(?m:", "(?-i:"])


@st.composite
def items(draw: st.DrawFn, depth: int, behind: bool) -> str:
    kind = draw(st.integers(0, 9 if depth else 5))
    if kind <= 4:
        atom = draw(ATOMS)
        count = draw(COUNTS)
        atom = f"(?:{atom})" if count and len(atom) > 1 and atom[0] not in "[\\" else atom
    elif kind == 5:
        return draw(EDGES)
    elif kind <= 7:
        atom = draw(GROUPS) + draw(alternatives(depth - 1, behind)) + ")"
        count = draw(COUNTS)
    elif kind == 8 or behind:
        opening = draw(st.sampled_from(["(?<=", "(?<!"] if behind else ["(?=", "(?!", "(?<=", "(?<!"]))
        return opening + draw(alternatives(depth - 1, behind or "<" in opening)) + ")"
    else:
        return "(?>" + draw(alternatives(depth - 1, behind)) + ")"
    mode = draw(MODES if behind else st.sampled_from(["", "", "?", "+"])) if count else ""
    return atom + count + mode


@st.composite
def alternatives(draw: st.DrawFn, depth: int, behind: bool) -> str:
    arms = draw(st.integers(1, 2))
    return "|".join("".join(draw(st.lists(items(depth, behind), max_size=3))) for _ in range(arms))


def compare_random(pattern: str, flags: str, search: bool, texts: list[str]) -> None:
    try:
        matches(pattern, "", flags, search=search)
    except (UnsupportedError, LimitError):
        return  # which part could match first cannot be told, and the like; never a wrong answer
    expected = regex.compile(pattern, int(sum(FLAGS[letter] for letter in flags)))
    judge = expected.search if search else expected.fullmatch
    for text in texts:
        try:
            want = judge(text, timeout=2) is not None
        except TimeoutError:
            continue
        assert matches(pattern, text, flags, search=search) == want, (pattern, flags, text, search)


RANDOM = {
    "pattern": alternatives(3, False),
    "flags": st.sampled_from(["", "", "i", "m", "s", "im"]),
    "search": st.booleans(),
    "texts": st.lists(st.text(LETTERS, max_size=6), min_size=1, max_size=5),
}
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=150, suppress_health_check=QUIET)
@given(**RANDOM)
def test_random(pattern: str, flags: str, search: bool, texts: list[str]) -> None:
    compare_random(pattern, flags, search, texts)


@pytest.mark.slow
@settings(max_examples=2000, suppress_health_check=QUIET)
@given(**RANDOM)
def test_many_random(pattern: str, flags: str, search: bool, texts: list[str]) -> None:
    compare_random(pattern, flags, search, texts)


# ---- Unicode ----


@pytest.mark.slow
@pytest.mark.parametrize("pattern", each(r"\w \d \s (?a:\w) (?i:[a-z]) (?i:[^k-s]) (?i:[\u00c0-\u1fff])"))
def test_every_character(pattern: str) -> None:
    """All characters that Python's own Unicode tables know: the product's are newer."""
    expected = re.compile(pattern)
    known = [chr(c) for c in range(0x30000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
    inside = [c for c in known if expected.fullmatch(c)]
    text = "".join(inside)
    assert matches(f"(?:{pattern})*", text)
    assert not any(matches(pattern, c) for c in known[:: len(known) // 500] if not expected.fullmatch(c))
    outside = "".join(c for c in known if not expected.fullmatch(c))
    assert matches(f"(?s:(?!{pattern}).)*", outside)


def test_case_pairs() -> None:
    """Which characters are the same without case, over all of the basic plane that ``re`` knows."""
    plane = [chr(c) for c in range(0x10000) if unicodedata.category(chr(c)) != "Cs"]
    cased = [c for c in plane if c.swapcase() != c] + ["\u1e9e", "\u0131", "\u212a", "\u017f"]
    everything = "".join(dict.fromkeys(cased))
    for c in everything[::23] + "iIsSkK\u00df\u03c3\u0345\u01c5":
        same = set(re.findall(re.escape(c), everything, re.IGNORECASE))
        assert all(matches(re.escape(c), x, "i") for x in same), c
        assert matches(f"(?i)[^{re.escape(c)}]*", "".join(x for x in everything if x not in same)), c


# ---- refusals ----

BROKEN = each(
    r"""
( ) (a a) [ [a [^] * +a a** a*{2} ^* \b+ a{2,1} \ \q \x4 \u12 \U0011FFFF [z-a] [a-\d] (?P<1>a)
(?P<a>x)(?P<a>y) a(?i)b (?z)a \400 (?<a (? (?P (?P< (?: (?i (?i- (?-i)a (?au)a (a)\2 (?#
"""
)


@pytest.mark.parametrize("pattern", BROKEN)
def test_what_re_refuses(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(re.error):
            re.compile(pattern)
    with pytest.raises(ConstraintError, match=r"^column \d+: .*") as caught:
        matches(pattern, "")
    assert caught.value.location is not None
    assert caught.value.location.startswith("column ")


@pytest.mark.parametrize(
    "pattern", each(r"(a)\1 (?P<x>a)(?P=x) (a)?(?(1)b|c) \N{BULLET} (?>a*a)b (?<=(?=a))a (?R)a")
)
def test_what_is_not_supported(pattern: str) -> None:
    with pytest.raises(UnsupportedError, match=r"^column \d+: "):
        matches(pattern, "")
