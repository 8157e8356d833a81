"""``decodex check``: verdicts by ``re`` and ``jsonschema``, the caret, sources of the text, exit codes."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 1}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.fixture
def schema(tmp_path: Path) -> str:
    path = tmp_path / "person.json"
    path.write_text(json.dumps(SCHEMA))
    return str(path)


@pytest.mark.parametrize("pattern", [r"[0-9]{3}", r"(ab)*c?", r"\w+-\d", "ä|ö+", ""])
@pytest.mark.parametrize("text", ["", "123", "12x", "1234", "abab", "ababc", "x-1", "ä", "öö", "öä"])
def test_agrees_with_re(run: Any, pattern: str, text: str) -> None:
    result = run("check", "--regex", pattern, "--text", text)
    assert result.exit_code == (0 if re.fullmatch(pattern, text) else 1)
    assert result.stderr == ""


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Ann"}',
        '{"name":"Ann","age":3}',
        '{"name": ""}',
        "{}",
        '{"name": "Ann", "age": -1}',
        '{"name": 1}',
        "[]",
    ],
)
def test_agrees_with_jsonschema(run: Any, schema: str, text: str) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="the independent judge of JSON")
    valid = jsonschema.Draft202012Validator(SCHEMA).is_valid(json.loads(text))
    assert run("check", "--schema", schema, "--text", text).exit_code == (0 if valid else 1)


def test_refused_text_is_shown_with_a_caret(run: Any) -> None:
    result = run("check", "--regex", "[0-9]{3}", "--text", "12x")
    assert result.exit_code == 1
    head, line, caret = result.stdout.splitlines()
    assert "refused" in head
    assert "line 1, column 3" in head
    assert (line, caret) == ("  12x", "    ^")


def test_caret_on_a_later_line(run: Any) -> None:
    result = run("check", "--choice", "one\nzwölf", "--text", "one\nzwöxlf")
    head, line, caret = result.stdout.splitlines()
    assert "line 2, column 4" in head
    assert (line, caret) == ("  zwöxlf", "     ^")


def test_incomplete_text(run: Any) -> None:
    result = run("check", "--choice", "yes", "--text", "ye")
    assert result.exit_code == 1
    assert "incomplete" in result.stdout
    assert result.stdout.splitlines()[1:] == ["  ye", "    ^"]


def test_text_from_a_file_and_from_standard_input(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "answer.txt"
    file.write_bytes(b"yes\r\n")
    assert run("check", "--choice", "yes", str(file)).exit_code == 0
    assert run("check", "--choice", "yes", "--exact", str(file)).exit_code == 1
    for arguments in (["-"], []):
        assert run("check", "--choice", "yes", *arguments, stdin="yes\n").exit_code == 0
    assert run("check", "--choice", "yes", stdin="yes\n\n").exit_code == 1
    assert run("check", "--choice", "yes", "--exact", stdin="yes\n").exit_code == 1
    assert run("check", "--choice", "yes", stdin=b"y\xffs").exit_code == 1


def test_schema_from_standard_input(run: Any) -> None:
    result = run("check", "--schema", "-", "--text", "3", stdin='{"type": "integer"}')
    assert result.exit_code == 0


def test_one_reader_of_standard_input(run: Any) -> None:
    for arguments in (["-"], []):
        result = run("check", "--schema", "-", *arguments, stdin="{}")
        assert result.exit_code == 2
        assert "standard input can be read once" in result.stderr


def test_nothing_to_read_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    import decodex.cli.check as module

    monkeypatch.setattr(module.sys, "stdin", Terminal())
    with pytest.raises(module.BadUsage, match="there is no text to check"):
        module.check(choice=["a"])


def test_json(run: Any) -> None:
    result = run("check", "--choice", "yes", "--text", "yep", "--json")
    assert result.exit_code == 1
    verdict = json.loads(result.stdout)
    message = verdict.pop("message")
    assert "'p'" in message
    assert verdict == {
        "accepted": False,
        "position": 2,
        "line": 1,
        "column": 3,
        "excerpt": "yep",
        "caret": "  ^",
    }
    result = run("check", "--choice", "yes", "--text", "yes", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["accepted"] is True


def test_quiet(run: Any) -> None:
    assert run("check", "--choice", "a", "--text", "a", "-q").stdout == ""
    result = run("check", "--choice", "a", "--text", "b", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "")


@pytest.mark.parametrize(
    "arguments",
    [["file.txt", "--text", "a"], ["--text", "a", "--quiet", "--json"], ["no/such/file.txt"]],
)
def test_bad_usage(run: Any, arguments: list[str]) -> None:
    result = run("check", "--choice", "a", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")


def test_broken_pattern_names_its_place(run: Any) -> None:
    result = run("check", "--regex", "ab[0-9", "--text", "a")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: --regex: ")
    assert "column" in result.stderr or "^" in result.stderr


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ('{"properties": {"a": {"type": "strin"}}}', "/properties/a"),
        ('{"type": "object",}', "line 1"),
        ('{"allOf": [{"type": "string"}, {"type": "null"}]}', ""),
    ],
)
def test_broken_schema_names_file_and_place(run: Any, tmp_path: Path, schema: str, place: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(schema)
    result = run("check", "--schema", str(path), "--text", "1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {path}: ")
    assert place in result.stderr


def test_schema_that_is_no_text(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "latin.json"
    path.write_bytes(b'{\n"title": "caf\xe9"}')
    result = run("check", "--schema", str(path), "--text", "1")
    assert result.exit_code == 2
    assert "line 2 is not UTF-8" in result.stderr
    path.write_bytes(b'\xef\xbb\xbf{"type": "integer"}')
    assert run("check", "--schema", str(path), "--text", "1").exit_code == 0


def test_json_options(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "pair.json"
    path.write_text('{"properties": {"a": true, "b": true}, "type": "object"}')
    swapped = ["check", "--schema", str(path), "--text", '{"b": 1, "a": 2}']
    assert run(*swapped).exit_code == 1
    assert run(*swapped, "--property-order", "any").exit_code == 0
    assert run(*swapped, "--property-order", "any", "--whitespace", "compact").exit_code == 1
    assert run("check", "--json-value", "--whitespace", "compact", "--text", '{"b":1}').exit_code == 0
    result = run("check", "--json-value", "--whitespace", "(", "--text", "1")
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [("int", "12", "x"), ("bool", "true", "yes"), ("date", "2024-02-29", "2023-02-29"), ("str", '"a"', "a")],
)
def test_types(run: Any, name: str, good: str, bad: str) -> None:
    assert run("check", "--type", name, "--text", good).exit_code == 0
    assert run("check", "--type", name, "--text", bad).exit_code == 1


def test_type_of_a_module(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "colours_of_the_test.py").write_text(
        "import enum\nclass Colour(enum.Enum):\n    RED = 'red'\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert run("check", "--type", "colours_of_the_test:Colour", "--text", "red").exit_code == 0
    assert run("check", "--type", "colours_of_the_test:Colour", "--text", "blue").exit_code == 1


@pytest.mark.parametrize(
    ("name", "source"), [("word.lark", 'start: "a" start | "b"'), ("word.gbnf", 'root ::= "a" root | "b"')]
)
def test_grammars(run: Any, tmp_path: Path, name: str, source: str) -> None:
    path = tmp_path / name
    path.write_text(source)
    for text in ("b", "aab", "", "ba"):
        result = run("check", "--grammar", str(path), "--text", text)
        assert result.exit_code == (0 if re.fullmatch("a*b", text) else 1)
    path.write_text(source + '\nx "')
    result = run("check", "--grammar", str(path), "--text", "b")
    assert result.exit_code == 2 and "line 2, column 3" in result.stderr and name in result.stderr
def test_the_parts_of_a_constraint_made_in_python(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "check_rules.py").write_text(
        "import decodex as dx\n"
        "rule = dx.json_schema({'type': 'object'}, where={'/a': dx.regex('[a-z]+') & dx.length('chars', max=3)})\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    arguments = ["check", "--constraint", "check_rules:rule", "--text"]
    assert run(*arguments, '{"a": "abc"}').exit_code == 0
    result = run(*arguments, '{"a": "abcd"}')
    assert result.exit_code == 1
    assert "2 of 3 parts are satisfied (67%)" in result.stdout
    assert [line[2:5] for line in result.stdout.splitlines()[4:]] == ["yes", "yes", "no "]
    verdict = json.loads(run(*arguments, '{"a": "abcd"}', "--json").stdout)
    assert [part["accepted"] for part in verdict["parts"]] == [True, True, False]
    assert verdict["rate"] == pytest.approx(2 / 3)
    assert verdict["parts"][2]["spans"] == [[6, 12]]
