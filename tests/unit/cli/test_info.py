"""``decodex info``: it answers with and without what is optional, as text and as JSON."""

from __future__ import annotations

import json
import platform
import struct
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import decodex
import decodex.cli.info as info


def test_json(run: Any) -> None:
    result = run("info", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    facts = json.loads(result.stdout)
    assert facts["decodex"] == decodex.__version__
    assert facts["python"].startswith(platform.python_version())
    assert facts["packages"]["numpy"] == metadata.version("numpy")
    assert facts["core"]["built"] is True
    assert isinstance(facts["cuda"], bool)
    assert facts["kernels"]["CPU"]


def test_text(run: Any) -> None:
    result = run("info")
    assert result.exit_code == 0
    labels = [line[:14].strip() for line in result.stdout.splitlines()]
    packages = ["numpy", "numba", "torch", "transformers"]
    assert labels == [
        "decodex",
        "python",
        *packages,
        "core",
        "CUDA",
        "Triton",
        "kernel CPU",
        "kernel CUDA",
        "model",
    ]


def test_parameters_are_those_of_the_loaded_model() -> None:
    pytest.importorskip("transformers", reason="loads the embedded model for comparison")
    pytest.importorskip("torch", reason="loads the embedded model for comparison")
    from decodex.model import load_default

    known = info.gather()["model"]
    assert known["present"] is True
    assert known["parameters"] == sum(weights.numel() for weights in load_default()[0].parameters())


def test_what_is_missing_is_said(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(package: str) -> str:
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(info.metadata, "version", missing)
    monkeypatch.setattr(info, "embedded_folder", lambda: tmp_path)
    monkeypatch.setattr(info, "_kernel", lambda device: None)
    result = run("info")
    assert result.exit_code == 0
    assert "torch         not installed" in result.stdout
    assert f"not in this installation ({tmp_path})" in result.stdout
    assert "kernel CPU    not available" in result.stdout


@pytest.mark.parametrize(
    "weights",
    [
        b"",
        b"1234",
        struct.pack("<Q", 2**60),
        struct.pack("<Q", 9) + b"not JSON!",
        struct.pack("<Q", 2) + b"[]",
    ],
)
def test_broken_weights_are_no_model(tmp_path: Path, weights: bytes) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(weights)
    assert info._embedded_model(tmp_path)["present"] is False
