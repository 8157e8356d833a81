"""Every benchmark runs in quick mode, with whatever peers are installed and without any, and says what it found.

Nothing here looks at a time: a target that is missed is not a failure.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness.figures import MET, NOT_JUDGED, NOT_MET
from benchmarks.harness.suite import BENCHMARKS

ROOT = Path(__file__).parents[2]
WRITTEN = [name for name in BENCHMARKS if importlib.util.find_spec(f"benchmarks.{name}") is not None]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.slow
def test_quick_run_of_all(tmp_path: Path) -> None:
    done = _run("--quick", "--vocab", "bytes", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    for name in WRITTEN:
        document = json.loads((tmp_path / f"{name}.json").read_text("utf-8"))
        assert document["figures"] or document["notes"], name
        verdicts = {figure["verdict"] for figure in document["figures"]}
        assert verdicts <= {"", MET, NOT_MET, NOT_JUDGED}, name
        if name in ("lengths", "rei"):  # what is judged there is no time
            judged = [figure["verdict"] for figure in document["figures"] if figure["verdict"]]
            assert set(judged) <= {MET}, name
        drawn = importlib.util.find_spec("matplotlib") is not None and document["figures"]
        assert (tmp_path / f"{name}.svg").is_file() == bool(drawn), name


@pytest.mark.slow
def test_decodex_alone_and_without_the_pack(tmp_path: Path) -> None:
    common = ("--quick", "--vocab", "bytes", "--engines", "", "--out", str(tmp_path))
    options = ("--data", "sample", "--limit", "3", *common)
    done = _run("mask_time", "first_mask", "batch", "memory", "growth", *options)
    assert done.returncode == 0, done.stderr
    masks = json.loads((tmp_path / "mask_time.json").read_text("utf-8"))
    assert masks["data"]["decodex"], "no mask was timed"
    assert any("built-in sample" in note for note in masks["notes"])
    assert _run("mask_time", "--data", str(tmp_path / "missing"), "--quick", "--out", str(tmp_path)).returncode == 1


def test_names_that_are_none() -> None:
    wrong = (["nonsense"], ["--engines", "decodex,nonsense"], ["--vocab", "nonsense"], ["--limit", "0"])
    for arguments in (*wrong, ["--time-limit", "-1"], ["--memory-limit", "inf"]):
        done = _run(*arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_a_folder_that_is_a_file_is_refused_before_the_work(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine", encoding="utf-8")
    done = _run("operations", "--quick", "--vocab", "bytes", "--engines", "", "--out", str(taken))
    assert done.returncode == 1
    assert "name a folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert taken.read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="an interrupt goes to a group of processes")
def test_an_interrupted_run_says_what_it_found(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "operations", "memory", "growth"]
    options = ["--vocab", "bytes", "--engines", "", "--quick", "--limit", "1000000", "--out", str(tmp_path)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([*command, *options], cwd=ROOT, start_new_session=True, **pipes)
    assert process.stderr is not None
    while "== memory" not in process.stderr.readline():
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Targets" in out
    assert "growth" not in err
    assert (tmp_path / "operations.json").is_file()
