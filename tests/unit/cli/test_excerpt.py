"""The line with a caret: where the caret stands, what is cut, and that control characters are spelled out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from decodex.cli.console import printable
from decodex.cli.excerpt import CUT, excerpt


def test_examples() -> None:
    assert excerpt(b"", 0) == ("", "^")
    assert excerpt(b"abc", 1) == ("abc", " ^")
    assert excerpt(b"abc", 3) == ("abc", "   ^")
    assert excerpt(b"one\ntwo\nthree", 5) == ("two", " ^")
    assert excerpt(b"one\r\ntwo", 4) == ("one\\r", "     ^")
    assert excerpt(b"one\r\ntwo", 1) == ("one", " ^")
    assert excerpt("日本x".encode(), 6) == ("日本x", "    ^")
    assert excerpt("日本".encode(), 4) == ("日本", "  ^")
    assert excerpt(b"a\x1b[31mb", 6) == ("a\\x1b[31mb", "         ^")
    assert excerpt(b"a\tb", 2) == ("a\\tb", "   ^")


def test_long_lines_are_cut_around_the_place() -> None:
    data = b"x" * 10_000 + b"!" + b"y" * 10_000
    line, caret = excerpt(data, 10_000, width=30)
    assert line == CUT + "x" * 20 + "!" + "y" * 9 + CUT
    assert line[caret.index("^")] == "!"


@given(st.text(), st.integers(0, 40), st.integers(9, 30))
def test_caret_is_under_the_character(text: str, index: int, width: int) -> None:
    index = min(index, len(text))
    data = text.encode("utf-8", "replace")
    position = len(text[:index].encode("utf-8", "replace"))
    line, caret = excerpt(data, position, width)
    assert caret.strip() == "^"
    assert line == printable(line)
    rest = text[index:].encode("utf-8", "replace").decode().partition("\n")[0]
    before = caret.index("^")
    prefix = next(line[:cut] for cut in range(len(line) + 1) if cell_len(line[:cut]) == before)
    shown = line[len(prefix) :].removesuffix(CUT)
    assert not rest.rstrip("\r") or printable(rest).startswith(shown) or cell_len(rest[0]) == 0


@given(st.binary(), st.integers(0, 60))
def test_any_bytes(data: bytes, position: int) -> None:
    line, caret = excerpt(data, min(position, len(data)))
    assert line == printable(line)
    assert cell_len(caret) - 1 <= cell_len(line)
