"""``decodex explain`` with the embedded model: refused tokens and why, JSON, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import decodex.cli.explain as command
from decodex.cli.writing import Writer, load_writer
from decodex.model import DEFAULT_MODEL

RULES = """
import decodex as dx

schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
trip = dx.json_schema(schema, where={"/city": dx.regex("[A-Z][a-z]*") & dx.excludes("Rome")})
number = 3
"""


@pytest.fixture(scope="module")
def embedded() -> Writer:
    pytest.importorskip("transformers", reason="the model is loaded by transformers")
    pytest.importorskip("torch", reason="the model runs on torch")
    return load_writer(DEFAULT_MODEL)


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch, embedded: Writer) -> Writer:
    """The embedded model, loaded once for all tests."""
    monkeypatch.setattr(command, "load_writer", lambda name: embedded)
    return embedded


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    (tmp_path / "explain_rules.py").write_text(RULES)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "explain_rules"


@pytest.mark.usefixtures("writer")
@pytest.mark.parametrize(("token", "code"), [("4", 0), ("y", 1), ("", 1)])
def test_a_token_by_its_text(run: Any, token: str, code: int) -> None:
    result = run("explain", "It is ", "--regex", "It is [0-9]+", "--token", token)
    assert (result.exit_code, result.stderr) == (code, "")
    assert "after 'It is '" in result.stdout
    assert ("is allowed" if code == 0 else "is refused") in result.stdout
    if code:
        assert "'0'-'9'" in result.stdout


def test_the_likeliest_refused_tokens_are_those_of_the_model(run: Any, writer: Writer) -> None:
    pattern = "[0-9]+"
    result = run("explain", "--regex", pattern, "--prompt", "Once upon a time there was ", "--top", "7", "--json")
    assert result.exit_code == 0
    shown = json.loads(result.stdout)["tokens"]
    probabilities = writer.next_probabilities(writer.prompt_ids("Once upon a time there was ", chat=False), [])
    refused = [
        int(token)
        for token in (-probabilities).argsort(kind="stable")
        if not re.fullmatch(pattern, writer.vocab.decode([int(token)]))
    ]
    assert [token["token_id"] for token in shown] == refused[:7]
    assert [token["probability"] for token in shown] == [round(float(probabilities[token]), 6) for token in refused[:7]]
    assert not any(token["allowed"] for token in shown)


@pytest.mark.usefixtures("writer")
def test_the_part_and_its_place_are_named(run: Any, rules: str) -> None:
    result = run("explain", '{"city": "Rom', "--constraint", f"{rules}:trip", "--token", "1", "--json")
    assert result.exit_code == 1
    (token,) = json.loads(result.stdout)["tokens"]
    (refusal,) = token["refusals"]
    assert refusal["place"] == "/city" and "[A-Z][a-z]*" in refusal["part"] and "'a'-'z'" in refusal["expected"]
    text = run("explain", '{"city": "Rom', "--constraint", f"{rules}:trip", "--token", "1").stdout
    assert "/city: " in text


@pytest.mark.usefixtures("writer")
def test_a_text_that_is_refused_itself(run: Any) -> None:
    result = run("explain", "It was 5", "--regex", "It is [0-9]+", "--token", "5")
    assert result.exit_code == 1
    assert "rest of the text is refused" in result.stdout


@pytest.mark.usefixtures("writer")
def test_a_budget_is_a_reason(run: Any) -> None:
    result = run("explain", "a", "--regex", "a(b|ccccccccccccccccccc)", "--token", "c", "--max-tokens", "4")
    assert result.exit_code == 1
    assert "token budget" in result.stdout


@pytest.mark.usefixtures("writer")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "say what the text must be"),
        (["--regex", "a", "--token", "a", "--token-id", "3"], "cannot go together"),
        (["--regex", "a", "--token", "a", "--top", "3"], "cannot go together"),
        (["--regex", "a", "--token", "no such token at all"], "no token of the model"),
        (["--regex", "a", "--token-id", "99999999"], "outside the vocabulary"),
        (["--regex", "a("], "--regex"),
        (["--constraint", "nowhere"], "module:Name"),
        (["--constraint", "no_such_module:x"], "no_such_module"),
        (["--regex", "a", "--constraint", "x:y"], "cannot go together"),
        (["--constraint", "explain_rules:number"], "expected a constraint"),
    ],
)
def test_bad_usage(run: Any, rules: str, arguments: list[str], says: str) -> None:
    assert rules
    result = run("explain", "a", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
