"""``decodex compile``: reports for one and for many, folders, failures, JSON, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

FIGURES = ("compile_seconds", "mask_seconds", "states", "memory_bytes", "tokens_to_finish")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.json").write_text('{"type": "integer"}')
    (tmp_path / "inner" / "b.json").write_text(
        '{"type": "array", "items": {"type": "string"}, "minItems": 2}'
    )
    (tmp_path / "notes.txt").write_text("not a schema")
    return tmp_path


def test_one(run: Any) -> None:
    result = run("compile", "--choice", "yes", "--choice", "no")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "--choice"
    labels = [line[2:15].strip() for line in lines[1:]]
    assert labels == ["compile", "first mask", "states", "memory", "finishes in", "not enforced"]
    assert "all of it is enforced" in lines[-1]


def test_tokens_to_finish_are_those_of_the_shortest_text(run: Any) -> None:
    result = run("compile", "--regex", "a{3,9}", "--json")
    assert json.loads(result.stdout)["tokens_to_finish"] == 3  # the tokens are bytes


def test_many_in_a_table(run: Any, folder: Path) -> None:
    result = run("compile", str(folder), "--regex", "a+")
    assert (result.exit_code, result.stderr) == (0, "")
    header, *rows, last = result.stdout.splitlines()
    assert re.split(r"\s{2,}", header) == [
        "constraint",
        "compile",
        "first mask",
        "states",
        "memory",
        "tokens",
        "not enforced",
    ]
    assert [re.split(r"\s{2,}", row)[0] for row in rows] == [
        str(folder / "a.json"),
        str(folder / "inner" / "b.json"),
        "--regex a+",
    ]
    assert last == "3 of 3 constraints compiled"


def test_json_is_one_object_per_constraint(run: Any, folder: Path) -> None:
    result = run("compile", str(folder), "--choice", "x", "--json")
    assert result.exit_code == 0
    reports = [json.loads(line) for line in result.stdout.splitlines()]
    assert [report["ok"] for report in reports] == [True] * 3
    for report in reports:
        assert all(report[figure] >= 0 for figure in FIGURES)
        assert report["error"] is None
        assert report["unenforced"] == []


def test_failures_are_listed_and_exit_1(run: Any, folder: Path) -> None:
    (folder / "broken.json").write_text('{"properties": {"a": {"type": "strin"}}}')
    (folder / "never.json").write_text('{"allOf": [{"type": "string"}, {"type": "null"}]}')
    result = run("compile", str(folder))
    assert (result.exit_code, result.stderr) == (1, "")
    assert "2 of 4 constraints compiled" in result.stdout
    failed = [line for line in result.stdout.splitlines() if ": failed: " in line]
    assert [line.partition(": failed: ")[0] for line in failed] == [
        str(folder / "broken.json"),
        str(folder / "never.json"),
    ]
    assert "/properties/a" in failed[0]
    lines = run("compile", str(folder), "--json").stdout.splitlines()
    broken = next(report for line in lines if (report := json.loads(line))["name"].endswith("broken.json"))
    assert broken["ok"] is False
    assert broken["location"].startswith("/properties/a")
    assert str(folder) not in broken["error"]


def test_one_failure(run: Any) -> None:
    result = run("compile", "--regex", "a(")
    assert (result.exit_code, result.stderr) == (1, "")
    assert "failed: " in result.stdout


def test_budget_too_small(run: Any) -> None:
    assert run("compile", "--choice", "four", "--max-tokens", "4").exit_code == 0
    result = run("compile", "--choice", "four", "--max-tokens", "3")
    assert result.exit_code == 1
    assert "failed: " in result.stdout


def test_what_is_not_enforced(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "lenient.json"
    path.write_text('{"type": "string", "format": "no-such-format"}')
    report = json.loads(run("compile", str(path), "--json").stdout)
    assert len(report["unenforced"]) == 1
    shown = run("compile", str(path)).stdout
    assert report["unenforced"][0] in shown
    assert "all of it" not in shown
    table = run("compile", str(path), "--choice", "a").stdout
    assert f"{path}: not enforced: {report['unenforced'][0]}" in table


def test_schema_from_standard_input(run: Any) -> None:
    result = run("compile", "--schema", "-", stdin="true")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say what to compile"),
        (["no/such/folder"], "no such file or folder"),
        (["--regex", "a", "--bytes", "--model", "decodex-tiny"], "cannot go together"),
        (["--regex", "a", "--whitespace", "any"], "is about JSON"),
        (["-", "-"], "standard input can be read once"),
    ],
)
def test_bad_usage(run: Any, arguments: list[str], message: str) -> None:
    result = run("compile", *arguments, stdin="{}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_empty_folder(run: Any, tmp_path: Path) -> None:
    result = run("compile", str(tmp_path))
    assert result.exit_code == 2
    assert "no *.json" in result.stderr


def test_vocabulary_of_a_model(run: Any) -> None:
    pytest.importorskip("transformers", reason="the tokenizer is one of transformers")
    result = run("compile", "--regex", "(hello ){4}", "--model", "decodex-tiny", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["tokens_to_finish"] < len("hello " * 4)


def test_unknown_model(run: Any, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the tokenizer is one of transformers")
    result = run("compile", "--choice", "a", "--model", str(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot load the tokenizer" in result.stderr


def test_grammars(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "sum.lark"
    path.write_text('start: start "+" start | /[0-9]{2}/')
    result = run("compile", "--grammar", str(path), "--json")
    report = json.loads(result.stdout)
    assert (report["name"], report["ok"], report["tokens_to_finish"]) == (str(path), True, 2)


@pytest.mark.parametrize("jobs", [1, 2])
def test_artefacts_of_a_folder(run: Any, folder: Path, tmp_path_factory: pytest.TempPathFactory, jobs: int) -> None:
    import decodex as dx
    from decodex.cli.vocabularies import byte_vocabulary

    out, samples = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("samples")
    (samples / "inner").mkdir()
    (samples / "inner" / "b.jsonl").write_text('["x", "y"]\r\n\n["z"', encoding="utf-8")
    (folder / "broken.json").write_text('{"type": "nonsense"}')
    result = run("compile", str(folder), "-o", str(out), "--warm", str(samples), "--jobs", str(jobs))
    assert result.exit_code == 1
    assert "2 of 3 constraints compiled, 2 saved" in result.stdout
    assert "broken.json: failed" in result.stdout
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.*")) == ["a.decodex", "inner/b.decodex"]
    loaded = dx.load(out / "inner" / "b.decodex", byte_vocabulary())
    assert [bytes(text) for text in loaded.warm_texts] == [b'["x", "y"]', b'["z"']
    assert loaded.check('["x", "y"]').accepted
    assert not loaded.check('["x"]').accepted


def test_reports_of_several_processes_are_those_of_one(run: Any, folder: Path) -> None:
    def reports(jobs: str) -> list[tuple[Any, ...]]:
        lines = run("compile", str(folder), "--regex", "a(", "--jobs", jobs, "--json").stdout.splitlines()
        return [(r["name"], r["ok"], r["tokens_to_finish"], r["location"]) for r in map(json.loads, lines)]

    assert reports("3") == reports("1")


def test_artefact_of_one_file_is_told(run: Any, folder: Path, tmp_path: Path) -> None:
    result = run("compile", str(folder / "a.json"), "-o", str(tmp_path / "new"))
    assert result.exit_code == 0
    assert str(tmp_path / "new" / "a.decodex") in result.stdout
    assert (tmp_path / "new" / "a.decodex").is_file()


def test_vocabulary_of_a_file(run: Any, tmp_path: Path) -> None:
    import decodex as dx

    vocab = dx.Vocabulary.from_tokens([b"a", b"aa", None], eos_token_ids=[2])
    vocab.save(tmp_path / "vocabulary")
    result = run("compile", "--regex", "a{8}", "--vocab", str(tmp_path / "vocabulary"), "--json")
    assert json.loads(result.stdout)["tokens_to_finish"] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--regex", "a", "-o", "out"], "artefacts of schema files"),
        (["a.json", "--warm", "."], "say where with -o"),
        (["a.json", "-o", "out", "--warm", "nowhere"], "no such folder"),
        (["a.json", "-o", "notes.txt"], "name a folder"),
        (["a.json", "a.json", "-o", "out"], "would both be written"),
        (["-", "--jobs", "2"], "cannot be shared"),
        (["a.json", "--jobs", "0"], "jobs"),
        (["a.json", "--vocab", "nowhere"], "cannot read nowhere"),
        (["a.json", "--vocab", "notes.txt", "--jobs", "2"], "cut short"),
        (["a.json", "--vocab", "x", "--bytes"], "cannot go together"),
    ],
)
def test_bad_usage_of_artefacts(
    run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(folder)
    result = run("compile", *arguments, stdin="{}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
