"""How long does it take to prepare the vocabulary of a transformers tokenizer?

    python -m benchmarks.preparation [--quick]

In: the 131k Tekken vocabulary as a fast tokenizer of transformers, loaded before. Out: the time from that tokenizer
to what masks can be made with, imports done, each engine by its own documented call, in turns. Floor: asking the
tokenizer for its pieces (``get_vocab``), which every engine has to. Without transformers or mistral-common there is
nothing to measure, and the report says so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import rounds_of
from benchmarks.harness.vocabularies import VocabularyUnavailable, load_tekken_hf

TARGETS = {"llguidance": Target(1 / 3)}


def measure(options: Options, report: Report) -> None:
    try:
        tokenizer = load_tekken_hf()
    except VocabularyUnavailable as error:
        report.notes.append(f"nothing was measured: {error}")
        return
    report.about["vocabulary"] = f"tekken, {len(tokenizer):,} tokens, as a fast tokenizer of transformers"
    report.floor = "tokenizer.get_vocab()"
    names = options.installed(report, ("decodex", "llguidance", "xgrammar"))
    calls: dict[str, Callable[[], object]] = {"floor": tokenizer.get_vocab}
    calls |= {name: _CALLS[name](tokenizer) for name in names}
    times = {name: [ns / 1e9 for ns in taken] for name, taken in rounds_of(calls, options.choose(15, 1)).items()}
    middle = {name: median(taken) for name, taken in times.items()}
    values = {name: middle[name] for name in names}
    report.add("vocabulary ready", "s", values, floor=middle["floor"], targets=TARGETS)
    report.data = {"seconds": times}
    labels = {"ylabel": "seconds", "title": f"A vocabulary of {len(tokenizer):,} tokens from its tokenizer"}
    report.draw = Draw(lambda axes: bars(axes, [""], {name: [value] for name, value in middle.items()}, **labels))


def _decodex(tokenizer: Any) -> Callable[[], object]:
    import decodex as dx

    return lambda: dx.Vocabulary.from_hf(tokenizer)


def _llguidance(tokenizer: Any) -> Callable[[], object]:
    from llguidance.hf import from_tokenizer

    return lambda: from_tokenizer(tokenizer)


def _xgrammar(tokenizer: Any) -> Callable[[], object]:
    import xgrammar

    return lambda: xgrammar.TokenizerInfo.from_huggingface(tokenizer)


_CALLS = {"decodex": _decodex, "llguidance": _llguidance, "xgrammar": _xgrammar}


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("preparation", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
