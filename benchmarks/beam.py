"""What do more constraints cost a beam search: how many model rows per step, and how much time?

    python -m benchmarks.beam [--quick]

In: the embedded model on one CPU thread, a prompt, and 1 to 10 words that the text must contain. Nothing ends early, so
that every search takes the same number of steps. Out: for dynamic beam allocation, its striped form and grid beam
search the rows that go through the model per step (the first steps, which begin with one row, left out), and the time
of the processor per step (waits for a core do not count) with 10 constraints over that with 1, by the median over
rounds of the ratios within a round, when the automata are known, and in the first search of a process. Floor: the same
search without constraints. There is no peer: transformers has no constrained beam search since its version 5.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import one_thread, quiet, rotations

PROMPT = "The weather in"
WORDS = ("Berlin", "train", "weather", "river", "mountain", "apple", "garden", "window", "market", "winter")
STEPS = 40
SAME_ROWS, SLOWDOWN = Target(1, "value"), Target(1.3, "value")
METHODS = {"dynamic": "#c8372d", "striped": "#2f6db5", "grid": "#2f8f5b"}


def measure(options: Options, report: Report) -> None:
    one_thread()
    import torch

    torch.set_num_threads(1)
    report.floor = "the same search without constraints"
    counts = options.choose(tuple(range(1, 11)), (1, 10))
    rounds = options.choose(5, 1)
    rows: dict[str, list[float]] = {name: [] for name in METHODS}
    times: dict[str, list[float]] = {name: [] for name in METHODS}
    for num_beams in options.choose((10, 20), (10,)):
        searches = {
            (name, count): Search(name, count, num_beams)
            for name in METHODS
            for count in (counts if num_beams == 10 or name == "dynamic" else ())
        }
        free = Search("dynamic", 0, num_beams)
        spent = _rounds({("none", 0): free, **searches}, rounds)
        floor = median(spent["none", 0])
        for name in METHODS if num_beams == 10 else ("dynamic",):
            few, many = (name, counts[0]), (name, counts[-1])
            label = f"{name}, {num_beams} beams: "
            grown = searches[many].rows_per_step / searches[few].rows_per_step
            slower = median(b / a for a, b in zip(spent[few], spent[many], strict=True))
            targets = (SAME_ROWS, SLOWDOWN) if name == "dynamic" else (None, None)
            report.add(label + "rows per step, 10 constraints over 1", "x", {"decodex": grown}, target=targets[0])
            report.add(label + "time per step, 10 constraints over 1", "x", {"decodex": slower}, target=targets[1])
            report.add(label + "time per step, 10 constraints", "ms", {"decodex": median(spent[many])}, floor=floor)
            if num_beams == 10:
                rows[name] = [searches[name, count].rows_per_step for count in counts]
                times[name] = [median(spent[name, count]) for count in counts]
    first = [median(_first(count) for _ in range(options.choose(3, 1))) for count in (1, 10)]
    cold = {"decodex": first[1] / first[0]}
    report.add("dynamic, 10 beams: first search of a process, 10 constraints over 1", "x", cold)
    report.data = {"constraints": list(counts), "rows_per_step": rows, "ms_per_step": times, "first_ms_per_step": first}
    report.draw = Draw(lambda *panels: _paint(panels, counts, rows, times), panels=2)


class Search:
    """A search with the first words as constraints; called, it runs."""

    def __init__(self, method: str, count: int, num_beams: int) -> None:
        from decodex.beam.demands import Ids, demands
        from decodex.beam.lexical import settings
        from decodex.hf import vocabulary
        from decodex.model import load_default

        if not _loaded:
            _loaded.extend(load_default())
        self._model, tokenizer = _loaded
        vocab = vocabulary(self._model, tokenizer)
        self._ends = list(vocab.eos_token_ids)
        self._prompt = tokenizer(PROMPT, return_tensors="pt").input_ids
        self._width = vocab.vocab_size
        self._demands = lambda: demands(WORDS[:count], Ids(vocab.vocab_size, vocab.eos_token_ids, vocab))
        self._settings = settings(num_beams, 1, STEPS, vocab.eos_token_ids, method, 1.0, False)
        self.rows_per_step = 0.0

    def __call__(self) -> float:
        """Milliseconds of the processor per step."""
        from decodex.beam.model_scores import ModelScores
        from decodex.beam.search import Beam, search
        from decodex.decoding.model_rows import ModelRows

        with quiet():
            begin = time.process_time()
            rows = ModelRows(self._model, self._prompt)
            scores = Counted(ModelScores(rows, self._width, self._without_ends))
            found = search(scores, [Beam(self._demands(), self._settings)])
            spent = time.process_time() - begin
        if len(scores.widths) != STEPS or not found[0]:
            raise RuntimeError(f"the search took {len(scores.widths)} of {STEPS} steps: it must not end early")
        self.rows_per_step = sum(scores.widths[2:]) / (STEPS - 2)
        return spent * 1000 / STEPS

    def _without_ends(self, _: Any, scores: Any) -> Any:
        scores[:, self._ends] = -float("inf")
        return scores


_loaded: list[Any] = []
"""The model and its tokenizer, once they are."""


class Counted:
    """Rows that count themselves at each step."""

    def __init__(self, scores: Any) -> None:
        self._scores = scores
        self.widths: list[int] = []
        self.reorder, self.append = scores.reorder, scores.append

    def log_probs(self) -> Any:
        out = self._scores.log_probs()
        self.widths.append(len(out))
        return out


def _rounds(searches: dict[Any, Search], rounds: int) -> dict[Any, list[float]]:
    """Milliseconds per step of each search, one entry per round; in a round before them automata are made."""
    for search in searches.values():
        search()
    spent: dict[Any, list[float]] = {name: [] for name in searches}
    for names in rotations(list(searches), rounds):
        for name in names:
            spent[name].append(searches[name]())
    return spent


def _first(count: int) -> float:
    """Milliseconds per step of the first search of a process with so many constraints, the model being warm."""
    code = (
        "import torch; torch.set_num_threads(1)\n"
        "from benchmarks.beam import Search\n"
        f"Search('dynamic', 0, 10)(); print(Search('dynamic', {count}, 10)())"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=600
    )
    return float(done.stdout.split()[-1])


def _paint(panels: Sequence[Any], counts: Sequence[int], rows: Any, times: Any) -> None:
    for axes, series, label, title in (
        (panels[0], rows, "model rows per step", "Rows, 10 beams"),
        (panels[1], times, "time per step (ms)", "Time, 10 beams"),
    ):
        for name, values in series.items():
            axes.plot(counts, values, color=METHODS[name], marker="o", markersize=3, label=name)
        axes.set(xlabel="constraints", ylabel=label, title=title)
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, labelcolor="linecolor")


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("beam", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
