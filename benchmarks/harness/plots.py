"""How is a benchmark drawn? One look for all plots: a colour per engine, names at the lines, logarithms where needed.

In: a function that draws on the axes it is given. Out: an SVG file, the same bytes for the same numbers, or the
reason why there is none (matplotlib is not installed). Nothing is shown on a screen.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.statistics import number

COLOURS = {
    "decodex": "#c8372d",
    "llguidance": "#2f6db5",
    "xgrammar": "#2f8f5b",
    "outlines-core": "#8a5fb0",
    "lm-format-enforcer": "#b07a2f",
    "floor": "#8c8c8c",
}
_OTHER = "#555555"
_STYLE = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#999999",
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "lines.linewidth": 2,
    "svg.hashsalt": "decodex",
    "svg.fonttype": "none",
}


@dataclass(frozen=True)
class Draw:
    """``paint`` is called with one array of axes per panel."""

    paint: Callable[..., None]
    panels: int = 1


def save(draw: Draw, path: Path) -> str:
    """Draw into a file; empty, or why that is not possible."""
    if importlib.util.find_spec("matplotlib") is None:
        return "matplotlib is not installed (pip install matplotlib)"
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(1.5 + 5.5 * draw.panels, 4.4), layout="constrained")
        FigureCanvasSVG(figure)
        draw.paint(*figure.subplots(1, draw.panels, squeeze=False)[0])
        figure.savefig(path, metadata={"Date": None})
    return ""


def colour(name: str) -> str:
    """The colour of an engine or of the floor."""
    return COLOURS.get(name, _OTHER)


def survival(axes: Any, times: Mapping[str, Sequence[float]], unit: str, title: str) -> None:
    """The share of times that are longer than each: the whole distribution, its tail at full length."""
    for name, values in times.items():
        if not len(values):
            continue
        ascending = np.sort(np.asarray(values, dtype=np.float64))
        count = len(ascending)
        shares = 1 - np.arange(count) / count
        kept = _thinned(count)
        axes.step(ascending[kept], shares[kept], where="pre", color=colour(name), zorder=3 if name == "decodex" else 2)
        axes.plot(ascending[-1], shares[-1], "o", color=colour(name), markersize=4, zorder=4)
    axes.set(xscale="log", yscale="log", xlabel=unit, ylabel="share of them that take longer", title=title)
    for share, label in ((0.5, "p50"), (0.01, "p99"), (0.001, "p99.9")):
        if axes.get_ylim()[0] < share:
            axes.axhline(share, color="#bbbbbb", linewidth=0.8, linestyle=":")
            place = {"xycoords": ("axes fraction", "data"), "va": "bottom", "ha": "right"}
            axes.annotate(label, (1, share), color="#888888", **place)
    key(axes, times)


def lines(axes: Any, series: Mapping[str, Sequence[tuple[float, float]]], **names: Any) -> None:
    """A line per engine through its points, named at the end; ``names`` go to ``axes.set``."""
    for name, points in series.items():
        if points:
            xs, ys = zip(*points, strict=True)
            dashes = {"linestyle": "--", "linewidth": 1.2} if name == "floor" else {"marker": "o", "markersize": 3}
            axes.plot(xs, ys, color=colour(name), **dashes)
            label = axes.annotate(name, (xs[-1], ys[-1]), xytext=(6, 0), textcoords="offset points", va="center")
            label.set_color(colour(name))
    axes.set(**names)
    axes.margins(x=0.03)


def bars(axes: Any, groups: Sequence[str], series: Mapping[str, Sequence[float | None]], **names: Any) -> None:
    """Bars side by side, one group per name in ``groups``, with their values on top."""
    width = 0.8 / max(len(series), 1)
    for place, (name, values) in enumerate(series.items()):
        xs = np.arange(len(groups)) + (place - (len(series) - 1) / 2) * width
        heights = [0.0 if value is None else value for value in values]
        drawn = axes.bar(xs, heights, width * 0.92, color=colour(name))
        axes.bar_label(drawn, [_label(value) for value in values], fontsize=8, color="#444444", padding=2)
    axes.set_xticks(np.arange(len(groups)), groups)
    axes.grid(axis="x", visible=False)
    axes.set(**names)
    axes.margins(y=0.12)
    if axes.get_yscale() == "log":  # bars need a ground to stand on, below the shortest
        axes.set_ylim(bottom=min(value for values in series.values() for value in values if value) / 4)
    key(axes, series)


def key(axes: Any, names: Iterable[str]) -> None:
    """The names of the engines in their colours."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=colour(name), label=name, linewidth=4) for name in names]
    below = {"loc": "upper left", "bbox_to_anchor": (0, -0.14), "ncols": len(handles), "columnspacing": 1.2}
    axes.legend(handles=handles, frameon=False, labelcolor="linecolor", handlelength=0.8, borderaxespad=0, **below)


def _label(value: float | None) -> str:
    return "" if value is None else number(value)


def _thinned(count: int) -> Any:
    """Indices of at most a few thousand of ``count`` sorted times, all of the longest among them."""
    if count <= 2000:
        return np.arange(count)
    fromtop = np.unique(np.geomspace(1, count, 1500).astype(np.int64))
    return np.unique(np.concatenate([count - fromtop, [0]]))
