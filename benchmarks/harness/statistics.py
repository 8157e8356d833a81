"""What do many measured times come to, and how is a table of them shown?

Percentiles are nearest-rank: always a time that was measured. Tables go through rich where it is installed
and are aligned text otherwise; both take the same rows of strings.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

_PERCENTILES = {"p50": 50.0, "p99": 99.0, "p99_9": 99.9}


@dataclass(frozen=True)
class Summary:
    """Times in nanoseconds; all zero when there were none."""

    count: int = 0
    mean: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    p99_9: float = 0.0
    max: float = 0.0

    def as_dict(self) -> dict[str, float]:
        return asdict(self)

    def shown(self, unit_ns: float, fields: Iterable[str]) -> list[str]:
        """The named fields as text in units of ``unit_ns``; dashes when nothing was measured."""
        return [number(getattr(self, name) / unit_ns) if self.count else "-" for name in fields]


def summarize(times_ns: Iterable[Sequence[int]] | Any) -> Summary:
    """The summary of all times in several sequences of them."""
    parts = [np.asarray(part, dtype=np.float64) for part in times_ns if len(part)]
    if not parts:
        return Summary()
    times = np.sort(np.concatenate(parts))
    ranks = {name: float(percentile(times, share)) for name, share in _PERCENTILES.items()}
    return Summary(count=len(times), mean=float(times.mean()), max=float(times[-1]), **ranks)


def percentile(ascending: Any, share: float) -> Any:
    """The smallest element that at least ``share`` percent of them do not exceed (nearest rank)."""
    rank = int(np.ceil(share / 100 * len(ascending)))
    return ascending[min(max(rank, 1), len(ascending)) - 1]


def ratio(above: float, below: float) -> str:
    """How many times ``below`` goes into ``above``."""
    return f"{number(above / below)}x" if above and below else "-"


def number(value: float) -> str:
    """Three digits or so, at most four behind the point, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 or not value else f"{value:.4f}"


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> None:
    """Write a table to standard output; the first column is text, the others are numbers."""
    if importlib.util.find_spec("rich") is not None:
        _print_rich(title, columns, rows, note)
    else:
        _print_plain(title, columns, rows, note)


def _print_rich(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, caption=note or None, title_justify="left", caption_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    terminal = sys.stdout.isatty()
    Console(width=None if terminal else 200, highlight=False).print(table)


def _print_plain(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str) -> None:
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    print(f"\n{title}")
    for row in [columns, ["-" * width for width in widths], *rows]:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True)),
        ]
        print("  ".join(cells).rstrip())
    if note:
        print(note)


class Advance(Protocol):
    """Called with what is being worked on when one more step begins."""

    def __call__(self, doing: str) -> None: ...


@contextmanager
def progress(total: int) -> Iterator[Advance]:
    """A bar on the terminal's standard error; nothing when that is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda doing: None  # noqa: ARG005
        return
    if importlib.util.find_spec("rich") is None:
        yield _plain_progress(total)
        print(file=sys.stderr)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=2, transient=True) as bar:
        task = bar.add_task("", total=total, completed=-1)
        yield lambda doing: bar.update(task, advance=1, description=doing)


def _plain_progress(total: int) -> Advance:
    done = 0

    def advance(doing: str) -> None:
        nonlocal done
        print(f"\r{done}/{total} {doing[:60]:60}", end="", file=sys.stderr, flush=True)
        done += 1

    return advance
