"""``MassRecord``: how much probability a constraint takes from the model at each step.

In: the scores of each step before and after the mask. Out: for each step and row the mass of the refused tokens, and
a plot of it. A row without a constraint loses nothing. Where much is removed, masking distorts the distribution over
texts most, and the samplers of ``decodex.sampling`` are worth their price.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decodex.errors import DecodexError

__all__ = ["MassRecord"]


class MassRecord:
    """The probability mass removed at each step; for ``ConstraintLogitsProcessor(compiled, record=MassRecord())``.

    Steps are the calls of the processor, over all generations since ``clear()``; text that is appended without asking
    the model takes none. Cost: two passes over the scores of each step, and a copy of ``rows`` numbers to the CPU.
    """

    def __init__(self) -> None:
        self.removed: list[NDArray[np.float64]] = []
        """For each step, the mass removed from each row; float64 ``[rows]``, between 0 and 1."""

    def clear(self) -> None:
        """Forget all steps."""
        self.removed = []

    def add(self, scores: Any, masked: Any) -> None:
        """Take down a step: its scores before and after the mask, tensors ``[rows, V]``."""
        if masked is scores:
            self.removed.append(np.zeros(len(scores)))
            return
        before, after = scores.double().logsumexp(dim=1), masked.double().logsumexp(dim=1)
        kept = (after - before).clamp(max=0.0).nan_to_num(nan=0.0, neginf=-np.inf)
        self.removed.append(-np.expm1(kept.cpu().numpy()))

    def table(self) -> NDArray[np.float64]:
        """The mass removed, float64 ``[steps, rows]``; NaN where a step had fewer rows."""
        rows = max((len(step) for step in self.removed), default=0)
        table = np.full((len(self.removed), rows), np.nan)
        for number, step in enumerate(self.removed):
            table[number, : len(step)] = step
        return table

    def plot(self, path: str | Path | None = None, *, axes: Any = None) -> Any:
        """Draw the mass removed at each step, a line per row, and return the axes.

        ``path``: a file to write the picture to, of a type that its name tells (``.svg``, ``.png``, ``.pdf``).
        ``axes``: axes of matplotlib to draw on. Raises ``DecodexError`` where matplotlib is missing.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise DecodexError(
                "MassRecord.plot draws with matplotlib, which cannot be imported: pip install matplotlib; the "
                "numbers are in .table()"
            ) from error
        if axes is None:
            axes = Figure(figsize=(7, 3), layout="constrained").subplots()
        for row, line in enumerate(self.table().T):
            axes.plot(np.arange(1, len(line) + 1), line, marker=".", linewidth=1, label=f"row {row}")
        axes.set(xlabel="step", ylabel="probability mass removed", ylim=(-0.02, 1.02))
        if path is not None:
            axes.figure.savefig(path)
        return axes
