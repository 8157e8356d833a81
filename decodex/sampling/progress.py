"""A progress bar for samplers: steps, tokens per second, effective sample size, on standard error."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from decodex.sampling.metrics import Metrics

__all__ = ["ProgressBar"]


class ProgressBar:
    """A bar of at most ``max_tokens`` steps; a context manager that takes the bar away at the end."""

    def __init__(self, max_tokens: int, console: Console | None = None) -> None:
        self._progress = Progress(
            TextColumn("sampling"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            console=Console(stderr=True) if console is None else console,
            transient=True,
        )
        self._task = self._progress.add_task("sampling", total=max_tokens + 1, figures="")

    def show(self, metrics: Metrics) -> None:
        """Show where a run stands."""
        figures = (
            f"{metrics.tokens_per_second:.0f} tokens/s, "
            f"ESS {metrics.ess[-1] if metrics.ess else 0.0:.1f} of {metrics.particles}"
        )
        self._progress.update(self._task, completed=metrics.steps, figures=figures)

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
