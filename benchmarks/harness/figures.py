"""What did a benchmark find, against whom, how far from the floor, and was that the target?

A ``Report`` gathers ``Figure``s, prints them as one table and writes them as JSON with the facts of the machine,
beside a plot where matplotlib is installed. A figure is what decodex needs, what a peer needs for the same work,
and the floor: what any engine would have to spend, measured in the same run. A ratio is decodex over the peer, or
over the floor where there is no peer. A target is judged only where what it is about was measured; it never ends a
run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.harness.plots import Draw, save
from benchmarks.harness.statistics import number, print_table

MET, NOT_MET, NOT_JUDGED = "met", "NOT MET", "not judged"
_COLUMNS = ("figure", "unit", "decodex", "peer", "peer's", "floor", "/ peer", "/ floor", "target", "verdict")


@dataclass(frozen=True)
class Target:
    """A bound on the ratio to the peer, on the ratio to the floor, or on decodex's own value."""

    bound: float
    of: str = "peer"
    at_least: bool = False

    def shown(self) -> str:
        sign = ">=" if self.at_least else "<="
        subject = {"peer": "peer", "floor": "floor"}.get(self.of, "")
        inverse = 1 / self.bound
        share = f"1/{inverse:.0f}" if inverse >= 2 and abs(inverse - round(inverse)) < 1e-9 else f"{self.bound:.4g}"
        return f"{sign} {share} {subject}".rstrip()


@dataclass(frozen=True)
class Figure:
    """One measured quantity; ``None`` where there was nothing to measure."""

    name: str
    unit: str
    decodex: float | None
    peer: str = ""
    theirs: float | None = None
    floor: float | None = None
    target: Target | None = None

    @property
    def over_peer(self) -> float | None:
        return _ratio(self.decodex, self.theirs)

    @property
    def over_floor(self) -> float | None:
        return _ratio(self.decodex, self.floor)

    @property
    def judged(self) -> float | None:
        """What the target bounds; ``None`` without a target, or where that was not measured."""
        if self.target is None:
            return None
        return {"peer": self.over_peer, "floor": self.over_floor, "value": self.decodex}[self.target.of]

    @property
    def verdict(self) -> str:
        """Was the target met? Empty where there is none."""
        if self.target is None:
            return ""
        if self.judged is None:
            return NOT_JUDGED
        bound = self.target.bound
        return MET if (self.judged >= bound if self.target.at_least else self.judged <= bound) else NOT_MET

    def row(self) -> list[str]:
        values = [_shown(self.decodex), self.peer or "-", _shown(self.theirs), _shown(self.floor)]
        ratios = [_times(self.over_peer), _times(self.over_floor)]
        target = self.target.shown() if self.target is not None else "-"
        return [self.name, self.unit, *values, *ratios, target, self.verdict or "-"]

    def as_dict(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "over_peer": self.over_peer,
            "over_floor": self.over_floor,
            "target": self.target.shown() if self.target is not None else None,
            "judged": self.judged,
            "verdict": self.verdict,
        }


@dataclass
class Report:
    """What one benchmark found, while it finds it."""

    name: str
    question: str
    about: dict[str, Any]
    floor: str = ""
    """What the floor is, in words."""
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a reader has to know: what was missing, which vocabulary was used."""
    data: dict[str, Any] = field(default_factory=dict)
    """What the plot is drawn from, and other numbers for the JSON file."""
    draw: Draw | None = None

    def add(
        self,
        name: str,
        unit: str,
        values: Mapping[str, float | None],
        *,
        floor: float | None = None,
        target: Target | None = None,
        targets: Mapping[str, Target] | None = None,
    ) -> None:
        """A row per peer in ``values`` (by engine) and in ``targets`` (of the ratios to peers), or one by itself.

        ``target``, of decodex's own value or of its ratio to the floor, stands in the first row alone.
        """
        wanted = dict(targets or {})
        compared = {**dict.fromkeys(wanted), **values}
        mine = compared.pop("decodex", None)
        for peer, theirs in (compared or {"": None}).items():
            self.figures.append(Figure(name, unit, mine, peer, theirs, floor, wanted.get(peer, target)))
            target = None

    def print(self) -> None:
        """The table and the notes, to standard output."""
        floor = f"floor: {self.floor}" if self.floor else ""
        print_table(f"{self.name}: {self.question}", _COLUMNS, [figure.row() for figure in self.figures], floor)
        if self.about["quick"]:
            self.notes.append("a quick run shows that everything works; its figures judge nothing")
        if self.busy():
            before, after = self.about["load_before"], self.about["load_after"]
            self.notes.append(
                f"the machine was busy (load {before:.1f} before, {after:.1f} after, {self.about['cores']} cores): "
                "long tails may be waits for a core"
            )
        for note in self.notes:
            print(f"  note: {note}")

    def busy(self) -> bool:
        """Did others want the cores too?"""
        load = max(self.about["load_before"], self.about.get("load_after", 0.0) - 1)
        return bool(load >= self.about["cores"])

    def write(self, folder: Path) -> list[Path]:
        """The JSON file and the plot in ``folder``; the files that were written."""
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / f"{self.name}.json"]
        if self.draw is not None:
            plot = folder / f"{self.name}.svg"
            missing = save(self.draw, plot)
            if missing:
                print(f"  note: no plot: {missing}")
            else:
                written.append(plot)
        document = {
            "benchmark": self.name,
            "question": self.question,
            "about": self.about,
            "floor": self.floor,
            "figures": [figure.as_dict() for figure in self.figures],
            "notes": self.notes,
            "data": self.data,
        }
        written[0].write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        return written


Measure = Callable[[Any, Report], None]


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def _shown(value: float | None) -> str:
    return "-" if value is None else number(value)


def _times(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}x" if value < 0.1 else f"{number(value)}x"
