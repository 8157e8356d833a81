"""What does it cost to apply a mask to the logits of a step, beside a copy of them?

    python -m benchmarks.apply [--quick]

In: one row of 131,072 float32 logits and masks that allow few, most or nearly all of the ids. Out: the time to set
the refused ones to minus infinity in place, beside the peers' own functions on the same buffers. Floor: a copy of
the logits. Each engine is called as its documentation says for the CPU: decodex and XGrammar on torch tensors where
torch is installed, llguidance on arrays; all calls take turns, on one thread.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import medians, one_thread

WIDTH = 131_072
TARGET = Target(1, "floor")


def masks(seed: int) -> dict[str, Any]:
    """int32 words ``[1, WIDTH / 32]`` of three masks, their allowed ids spread by chance."""
    random = np.random.default_rng(seed)
    allowed = {"few (16)": 16, "most (90 %)": WIDTH * 9 // 10, "nearly all (all but 1,000)": WIDTH - 1000}
    made = {}
    for name, count in allowed.items():
        bits = np.zeros(WIDTH, dtype=np.uint8)
        bits[random.choice(WIDTH, count, replace=False)] = 1
        made[name] = np.packbits(bits, bitorder="little").view(np.int32).reshape(1, -1)
    return made


def measure(options: Options, report: Report) -> None:
    one_thread()
    names = options.installed(report, ("decodex", "llguidance", "xgrammar"))
    rounds, repeats = options.choose((60, 20), (5, 3))
    report.floor = f"a copy of {WIDTH:,} float32 logits into another buffer, by NumPy"
    report.about["vocabulary"] = f"{WIDTH:,} ids, no tokenizer"
    shown: dict[str, list[float | None]] = {}
    found = masks(options.seed)
    for place, mask in found.items():
        logits, other = (np.random.default_rng(options.seed).normal(size=(1, WIDTH)).astype(np.float32) for _ in "ab")
        calls: dict[str, Callable[[], object]] = {"floor": lambda a=other, b=logits: np.copyto(a, b)}
        calls |= {name: _CALLS[name](logits.copy(), mask) for name in names}
        times = {name: ns / 1e3 for name, ns in medians(calls, rounds, repeats).items()}
        values = {name: times[name] for name in names}
        report.add(f"allowed: {place}", "µs", values, floor=times["floor"], target=TARGET)
        for name, value in times.items():
            shown.setdefault(name, []).append(value)
    report.data = {"masks": list(found), "us": shown}
    labels = {"ylabel": "per row of 131,072 logits (µs)", "yscale": "log", "title": "Applying a mask in place"}
    groups = [place.replace(" (", "\n(") for place in found]
    report.draw = Draw(lambda axes: bars(axes, groups, shown, **labels))


def _decodex(logits: Any, mask: Any) -> Callable[[], object]:
    import decodex as dx

    if importlib.util.find_spec("torch") is not None:
        import torch

        logits, mask = torch.from_numpy(logits), torch.from_numpy(mask)
    return lambda: dx.apply_bitmask(logits, mask)


def _llguidance(logits: Any, mask: Any) -> Callable[[], object]:
    from llguidance.numpy import apply_token_bitmask_inplace

    return lambda: apply_token_bitmask_inplace(logits, mask)


def _xgrammar(logits: Any, mask: Any) -> Callable[[], object]:
    import torch
    import xgrammar

    scores, words = torch.from_numpy(logits), torch.from_numpy(mask)
    return lambda: xgrammar.apply_token_bitmask_inplace(scores, words)


_CALLS = {"decodex": _decodex, "llguidance": _llguidance, "xgrammar": _xgrammar}


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("apply", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
