"""``decodex generate`` with the embedded model: texts, budgets, JSON, the demo, exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import decodex.cli.generate as command
from decodex.cli.options import JsonHow, one_constraint
from decodex.cli.writing import Sampling, Writer, load_writer
from decodex.model import DEFAULT_MODEL

ROOT = Path(__file__).parents[3]
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer"},
        "ok": {"type": "boolean"},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}


@cache
def embedded() -> Writer:
    return load_writer(DEFAULT_MODEL)


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> Writer:
    """The embedded model, loaded once for all tests."""
    pytest.importorskip("transformers", reason="the model is loaded by transformers")
    pytest.importorskip("torch", reason="the model runs on torch")
    monkeypatch.setattr(command, "load_writer", lambda name: embedded())
    return embedded()


@pytest.fixture
def schema(tmp_path: Path) -> str:
    path = tmp_path / "person.json"
    path.write_text(json.dumps(SCHEMA))
    return str(path)


@pytest.mark.usefixtures("writer")
@pytest.mark.parametrize("seed", range(3))
def test_schema(run: Any, schema: str, seed: int) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="the independent judge of JSON")
    result = run("generate", "A person: ", "--schema", schema, "--max-tokens", "40", "--seed", str(seed))
    assert result.exit_code == 0
    jsonschema.validate(json.loads(result.stdout), SCHEMA)
    assert re.match(
        r"\d+ tokens? in .* tokens/s\), \d+ masks? made, seed \d+, valid by jsonschema\n$", result.stderr
    )


@pytest.mark.usefixtures("writer")
def test_regex_samples_and_json(run: Any) -> None:
    pattern = r"\d{3}-\d{4}"
    arguments = [
        "generate",
        "Call: ",
        "--regex",
        pattern,
        "-n",
        "3",
        "--seed",
        "5",
        "--json",
        "--temperature",
        "1.5",
    ]
    result = run(*arguments, "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    samples = [json.loads(line) for line in result.stdout.splitlines()]
    assert [sample["seed"] for sample in samples] == [5, 6, 7]
    for sample in samples:
        assert set(sample) == {"text", "tokens", "seconds", "valid", "judge", "seed"}
        assert re.fullmatch(pattern, sample["text"])
        assert sample["valid"] is True
        assert sample["judge"] == "regex"
        assert sample["tokens"] <= len(sample["text"])
    again = [json.loads(line)["text"] for line in run(*arguments, "--quiet").stdout.splitlines()]
    assert again == [sample["text"] for sample in samples]


@pytest.mark.usefixtures("writer")
def test_choice_and_greedy(run: Any) -> None:
    texts = {
        run("generate", "--choice", "tea", "--choice", "toast", "--greedy", "-q").stdout for _ in range(2)
    }
    assert len(texts) == 1
    assert texts <= {"tea\n", "toast\n"}
    result = run("generate", "Hello", "--choice", "tea", "--temperature", "0", "--json", "-q")
    assert json.loads(result.stdout)["seed"] is None


@pytest.mark.usefixtures("writer")
@pytest.mark.parametrize("max_tokens", [4, 5, 8, 13])
def test_text_is_complete_within_the_budget(run: Any, max_tokens: int) -> None:
    limit = ["--max-tokens", str(max_tokens), "--seed", "1", "--temperature", "3", "--json", "-q"]
    result = run("generate", "Write: ", "--json-value", "--whitespace", "compact", *limit)
    sample = json.loads(result.stdout)
    json.loads(sample["text"])
    assert sample["tokens"] <= max_tokens


@pytest.mark.usefixtures("writer")
def test_penalty_and_ramp(run: Any) -> None:
    """The model is fond of one word; a penalty that remembers longer than a word takes it away from it."""

    def written(pattern: str, *options: str) -> list[str]:
        how = ["--regex", pattern, "--greedy", "--max-tokens", "60", "-q"]
        text = run("generate", "Write: ", *how, *options).stdout
        assert re.fullmatch(pattern, text[:-1])
        return text.split()

    nine, many = "(?:(?:red|blue|old|new) ){9}", "(?:(?:red|blue|old|new) ){3,}"
    assert set(written(nine)) == {"blue"}
    penalised = written(nine, "--repetition-penalty", "2")
    assert len(set(penalised)) > 1
    assert written(nine, "--repetition-penalty", "2", "--penalty-window", "1") != penalised
    assert len(written(many, "--end-ramp", "5")) < len(written(many))


@pytest.mark.usefixtures("writer")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--penalty-window", "3"), "--penalty-window has no effect without --repetition-penalty"),
        (("--repetition-penalty", "0"), "--repetition-penalty is a finite number above 0, not 0.0"),
        (("--repetition-penalty", "nan"), "--repetition-penalty is a finite number above 0, not nan"),
    ],
)
def test_refused_nudges(run: Any, options: tuple[str, ...], message: str) -> None:
    result = run("generate", "x", "--json-value", *options)
    assert result.exit_code == 2 and message in result.stderr


@pytest.mark.usefixtures("writer")
def test_json_is_not_penalised_for_its_structure(run: Any, schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exempt = []
    write = Writer.write
    monkeypatch.setattr(Writer, "write", lambda self, *rest: exempt.append(rest[2].exempt) or write(self, *rest))
    for source in (["--schema", schema], ["--regex", "[{}]{3}"]):
        assert run("generate", "x", *source, "--repetition-penalty", "1.5", "-q").exit_code == 0
    texts = [[embedded().vocab.tokens[token] for token in some] for some in exempt]
    assert b'"' in texts[0] and all(set(text) <= set(b'{}[]:," \t\r\n') for text in texts[0]) and texts[1] == []


@pytest.mark.usefixtures("writer")
def test_empty_text_and_empty_prompt(run: Any) -> None:
    result = run("generate", "", "--choice", "", "--max-tokens", "0", "--json", "-q")
    assert result.exit_code == 0
    assert (json.loads(result.stdout)["text"], json.loads(result.stdout)["tokens"]) == ("", 0)


@pytest.mark.usefixtures("writer")
def test_budget_too_small_is_an_error(run: Any, schema: str) -> None:
    result = run("generate", "x", "--schema", schema, "--max-tokens", "3")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {schema}: ")


@pytest.mark.usefixtures("writer")
def test_prompts(run: Any) -> None:
    for prompt, chat in ((["Say it: "], []), (["-"], []), ([], []), (["Hi"], ["--chat"])):
        result = run("generate", *prompt, "--choice", "yes", *chat, "-q", stdin="Say it: ")
        assert (result.exit_code, result.stdout) == (0, "yes\n")


def test_prompt_too_long_for_the_context(run: Any, writer: Writer) -> None:
    context = writer.model.config.max_position_embeddings
    result = run("generate", "1" * context, "--choice", "yes")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "shorten the prompt" in result.stderr
    result = run("generate", "1" * (context - 10), "--choice", "yes")
    assert result.exit_code == 2
    assert "use --max-tokens 10 or less" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say what the text must be"),
        (["--greedy", "--temperature", "1", "--choice", "a"], "--greedy and --temperature"),
        (["--greedy", "-n", "2", "--choice", "a"], "leave out -n"),
        (["--temperature", "inf", "--choice", "a"], "finite number"),
        (["-", "--schema", "-"], "standard input can be read once"),
        (["--demo", "--choice", "a"], "--demo brings its own"),
        (["--demo", "--json"], "--demo brings its own"),
        (["--choice", "a", "--model", "./no/such/model"], "no such folder"),
    ],
)
def test_bad_usage(run: Any, arguments: list[str], message: str) -> None:
    if "--model" in arguments:
        pytest.importorskip("transformers", reason="models are loaded by transformers")
    result = run("generate", *arguments, stdin="{}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_without_torch(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "transformers", "transformers.utils"):
        monkeypatch.setitem(sys.modules, name, None)
    result = run("generate", "--choice", "a")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "torch and transformers" in result.stderr


@pytest.mark.usefixtures("writer")
def test_refused_by_the_judge_exits_1(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "judge", lambda *_: command.Verdict(False, "nobody", "no reason"))
    result = run("generate", "--choice", "a")
    assert result.exit_code == 1
    assert "NOT VALID by nobody: no reason" in result.stderr


@pytest.mark.usefixtures("writer")
def test_demo_is_valid(run: Any) -> None:
    result = run("generate", "--demo")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert result.stdout.count("  alone ") == result.stdout.count("  constrained ") == 3
    assert result.stdout.count("valid, says") >= 3


@pytest.mark.slow
@pytest.mark.usefixtures("writer")
def test_demo_is_repeatable(run: Any) -> None:
    figures = re.compile(r" in [\d.]+ \S+$", re.MULTILINE)
    first, second = (figures.sub("", run("generate", "--demo", "--greedy").stdout) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ('{"type": "object"}', 'Write JSON for this schema: {"type": "object"}'),
        (json.dumps({"title": "person", "enum": ["x" * 600]}), "Write person as JSON."),
        (json.dumps({"enum": ["x" * 600]}), "Write a JSON object."),
    ],
)
def test_default_prompt_of_a_schema(tmp_path: Path, schema: str, expected: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(schema)
    wanted = one_constraint(str(path), None, None, None, False, None, JsonHow())
    assert command.default_prompt(wanted) == expected


def test_pieces_make_up_the_text(writer: Writer) -> None:
    import decodex as dx

    compiled = dx.compile(dx.choice(["日本語 é"]), writer.vocab)
    pieces: list[str] = []
    sample = writer.write(writer.prompt_ids("x", chat=False), compiled, Sampling(40, 0.9, 0), pieces.append)
    assert "".join(pieces) == sample.text == "日本語 é"
    assert sample.ended
    assert writer.vocab.decode(sample.token_ids) == sample.text


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_terminal_gets_the_text_and_no_control_characters() -> None:
    pytest.importorskip("transformers", reason="the model is loaded by transformers")
    import pty

    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "NO_COLOR": "1"}
    command_line = [
        sys.executable,
        "-m",
        "decodex",
        "generate",
        "Hi",
        "--choice",
        "a\x1bb",
        "--seed",
        "1",
        "-q",
    ]
    done = subprocess.run(
        command_line, stdout=follower, stderr=subprocess.PIPE, cwd=ROOT, env=environment, check=False
    )
    os.close(follower)
    shown = os.read(leader, 10_000)
    os.close(leader)
    assert (done.returncode, done.stderr) == (0, b"")
    assert shown == b"a\\x1bb\r\n"


@pytest.mark.usefixtures("writer")
@pytest.mark.parametrize("method", ["smc", "importance", "best_of", "mask"])
def test_methods_that_weigh_texts(run: Any, method: str) -> None:
    pattern = "(red|green|blue) (box|lamp)"
    arguments = ["generate", "The ", "--regex", pattern, "--seed", "3", "--method", method, "--max-tokens", "8"]
    result = run(*arguments, "--particles", "5", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert re.fullmatch(pattern, told["text"]) and told["valid"]
    assert told["method"] == method and told["particles"] == 5
    assert 1 <= told["ess"] <= 5 and told["log_normaliser"] < 0
    shown = run(*arguments)
    particles = 8 if method == "best_of" else 1 if method == "mask" else 16
    assert re.fullmatch(pattern, shown.stdout.strip())
    assert f"{method} with {particles} particle" in shown.stderr


def test_methods_are_those_of_the_library() -> None:
    from decodex.sampling import METHODS

    assert set(METHODS) == set(re.findall("[a-z_]+", command.METHODS)) - {"or"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--particles", "4"], "--particles goes with --method"),
        (["--method", "magic"], "there is no method 'magic'; there are smc"),
        (["--method", "smc", "--greedy"], "greedy decoding samples nothing"),
        (["--method", "smc", "--demo"], "--demo brings its own"),
    ],
)
def test_methods_in_bad_company(run: Any, arguments: list[str], message: str) -> None:
    constraint = [] if "--demo" in arguments else ["--regex", "a"]
    result = run("generate", *constraint, *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
