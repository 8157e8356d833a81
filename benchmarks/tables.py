"""What do the results in a folder come to, as Markdown tables for the documentation?

    python -m benchmarks.tables [FOLDER]

In: the JSON files that benchmarks wrote (default: benchmarks/results). Out: per benchmark the command, the notes
and one table with a row per figure and a column per engine, on standard output.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness.statistics import number
from benchmarks.harness.suite import BENCHMARKS, RESULTS


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    folder = Path(given[0]) if given else RESULTS
    found = [folder / f"{name}.json" for name in BENCHMARKS if (folder / f"{name}.json").is_file()]
    if len(given) > 1 or not found:
        print(f"tables: {folder} has no results; run `python -m benchmarks --out {folder}`", file=sys.stderr)
        return 2
    for path in found:
        print("\n".join(markdown(json.loads(path.read_text(encoding="utf-8")))))
    return 0


def markdown(document: dict[str, Any]) -> list[str]:
    """The lines of one benchmark's section."""
    figures = document["figures"]
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for figure in figures:
        rows.setdefault((figure["name"], figure["unit"]), []).append(figure)
    peers = list(dict.fromkeys(figure["peer"] for figure in figures if figure["peer"]))
    floor = ["floor"] if any(figure["floor"] is not None for figure in figures) else []
    columns = ["", "decodex", *peers, *floor, "target"]
    command = re.sub(r" --out [^ ]+", "", document["about"]["command"])
    lines = [f"### {document['benchmark']}", "", document["question"], "", f"`{command}`", ""]
    if figures:
        lines += [_row(columns), _row(["---", *["---:"] * (len(columns) - 2), "---"])]
    for (name, unit), group in rows.items():
        theirs = {figure["peer"]: figure["theirs"] for figure in group}
        values = [group[0]["decodex"], *(theirs.get(peer) for peer in peers)]
        values += [group[0]["floor"]] if floor else []
        verdicts = [_verdict(figure) for figure in group if figure["target"]]
        lines.append(_row([f"{name} ({unit})", *map(_shown, values), "; ".join(verdicts)]))
    if document["floor"]:
        lines += ["", f"Floor: {document['floor']}."]
    lines += ["", *(f"* {note}" for note in document["notes"])] if document["notes"] else []
    return [*lines, ""]


def _verdict(figure: dict[str, Any]) -> str:
    target = figure["target"].replace("peer", figure["peer"])
    judged = figure["judged"]
    return f"{target}: {figure['verdict']}" if judged is None else f"{target}: {number(judged)}, {figure['verdict']}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _shown(value: float | None) -> str:
    return "" if value is None else number(value)


if __name__ == "__main__":
    sys.exit(main())
