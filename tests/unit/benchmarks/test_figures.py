"""Figures, targets and their verdicts; the report as a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.harness import plots
from benchmarks.harness.figures import MET, NOT_JUDGED, NOT_MET, Figure, Report, Target
from benchmarks.tables import markdown


@pytest.mark.parametrize(
    ("figure", "judged", "verdict"),
    [
        (Figure("mask", "µs", 1.0, "peer", 8.0, None, Target(1 / 8)), 0.125, MET),
        (Figure("mask", "µs", 1.1, "peer", 8.0, None, Target(1 / 8)), 1.1 / 8, NOT_MET),
        (Figure("mask", "µs", 1.0, "peer", None, None, Target(1 / 8)), None, NOT_JUDGED),
        (Figure("mask", "µs", None, "peer", 8.0, None, Target(1 / 8)), None, NOT_JUDGED),
        (Figure("copy", "µs", 4.0, "peer", 1.0, 2.0, Target(3, "floor")), 2.0, MET),
        (Figure("copy", "µs", 7.0, "peer", 9.0, 2.0, Target(3, "floor")), 3.5, NOT_MET),
        (Figure("speed-up", "x", 1.8, "peer", 1.9, None, Target(1.7, "value", at_least=True)), 1.8, MET),
        (Figure("speed-up", "x", 1.6, "peer", 1.0, None, Target(1.7, "value", at_least=True)), 1.6, NOT_MET),
        (Figure("worst", "µs", 1999.0, target=Target(2000, "value")), 1999.0, MET),
        (Figure("worst", "µs", 1999.0), None, ""),
    ],
)
def test_verdicts(figure: Figure, judged: float | None, verdict: str) -> None:
    assert figure.judged == (None if judged is None else pytest.approx(judged))
    assert figure.verdict == verdict


def test_how_targets_are_told() -> None:
    told = [Target(1 / 8), Target(1 / 0.97, "floor"), Target(1.7, "value", at_least=True), Target(1, "floor")]
    assert [target.shown() for target in told] == ["<= 1/8 peer", "<= 1.031 floor", ">= 1.7", "<= 1 floor"]


def _report() -> Report:
    about = {"load_before": 0.0, "load_after": 0.0, "cores": 2, "quick": False}
    report = Report("example", "How fast?", about, floor="a copy")
    targets = {"llguidance": Target(0.5), "xgrammar": Target(0.2)}
    report.add("mask", "µs", {"decodex": 1.0, "llguidance": 4.0}, floor=0.5, targets=targets)
    report.add("fork", "µs", {"decodex": 0.2})
    return report


def test_a_peer_with_a_target_has_a_row_even_when_it_is_missing() -> None:
    rows = {(figure.name, figure.peer): figure.verdict for figure in _report().figures}
    assert rows == {("mask", "llguidance"): MET, ("mask", "xgrammar"): NOT_JUDGED, ("fork", ""): ""}


def test_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = _report()
    report.draw = plots.Draw(lambda axes: plots.lines(axes, {"decodex": [(1.0, 2.0), (2.0, 3.0)]}, title="t"))
    report.print()
    written = report.write(tmp_path)
    document = json.loads(written[0].read_text("utf-8"))
    assert [figure["verdict"] for figure in document["figures"]] == [MET, NOT_JUDGED, ""]
    assert document["figures"][0]["over_peer"] == 0.25
    shown = capsys.readouterr().out
    assert "0.25x" in shown
    assert "2.00x" in shown
    assert (tmp_path / "example.svg").is_file() or "pip install matplotlib" in shown


def test_no_plot_without_matplotlib(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots.importlib.util, "find_spec", lambda name: None)
    report = _report()
    report.draw = plots.Draw(lambda axes: axes.plot([1], [1]))
    assert report.write(tmp_path) == [tmp_path / "example.json"]
    assert "pip install matplotlib" in capsys.readouterr().out


@pytest.mark.parametrize("count", [1, 7, 2000, 250_000])
def test_thinning_keeps_both_ends_and_the_order(count: int) -> None:
    kept = plots._thinned(count)
    assert kept[0] == 0
    assert kept[-1] == count - 1
    assert (kept[1:] > kept[:-1]).all()
    assert len(kept) <= 2001


def test_markdown_has_a_row_per_figure_and_a_column_per_engine() -> None:
    report = _report()
    document = {
        "benchmark": report.name,
        "question": report.question,
        "about": {"command": "python -m benchmarks.example"},
        "floor": report.floor,
        "notes": ["a note"],
        "figures": [figure.as_dict() for figure in report.figures],
    }
    table = [line for line in markdown(document) if line.startswith("|")]
    assert table == [
        "|  | decodex | llguidance | xgrammar | floor | target |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
        "| mask (µs) | 1.00 | 4.00 |  | 0.50 | <= 1/2 llguidance: 0.25, met; <= 1/5 xgrammar: not judged |",
        "| fork (µs) | 0.20 |  |  |  |  |",
    ]
