"""What does one call cost at a place that was met before, beside a copy of the mask?

    python -m benchmarks.operations [--quick]

In: a schema at three places (before a key, inside a free string, inside a number), all masks made. Out: the
repeated mask beside the peers' and beside the floor; advance with rollback, and a fork, by themselves. Floor:
``np.copyto`` of the words of one mask. All calls take turns in one process, from Python.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.harness.engines import ENGINES, Engine, EngineOptions
from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import medians

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"city": {"type": "string"}, "inhabitants": {"type": "integer", "minimum": 0}},
        "required": ["city", "inhabitants"],
        "additionalProperties": False,
    }
)
PLACES = {"before a key": "{", "in a string": '{"city": "Ham', "in a number": '{"city": "Hamburg", "inhabitants": 19'}
TARGET = Target(3, "floor")


def measure(options: Options, report: Report) -> None:
    vocab, encode = options.vocabulary(report)
    names = options.installed(report, ("decodex", "llguidance", "llguidance-compact", "xgrammar"))
    engines = {name: ENGINES[name](EngineOptions()) for name in names}
    for engine in engines.values():
        engine.prepare(vocab)
    rounds, repeats = options.choose((60, 200), (5, 20))
    words = np.zeros((vocab.size + 31) // 32, dtype=np.int32)
    source = words.copy()
    report.floor = f"np.copyto of {words.nbytes:,} bytes"
    shown: dict[str, list[float | None]] = {}
    for place, text in PLACES.items():
        calls: dict[str, Callable[[], object]] = {"floor": lambda: np.copyto(words, source)}
        for name, engine in engines.items():
            _go_to(engine, encode(text))
            calls[name] = engine.fill
        times = {name: ns / 1e3 for name, ns in medians(calls, rounds, repeats).items()}
        values = {name: times[name] for name in names}
        report.add(f"repeated mask, {place}", "µs", values, floor=times["floor"], target=TARGET)
        for name, value in times.items():
            shown.setdefault(name, []).append(value)
    _single_calls(report, rounds, repeats)
    report.data = {"places": list(PLACES), "us": shown}
    labels = {"ylabel": "per call, from Python (µs)", "yscale": "log", "title": "A mask that was made before"}
    report.draw = Draw(lambda axes: bars(axes, list(PLACES), shown, **labels))


def _go_to(engine: Engine, tokens: Sequence[int]) -> None:
    engine.start(engine.compile(SCHEMA))
    for token in tokens:
        engine.fill()
        engine.commit(token)
    engine.fill()


def _single_calls(report: Report, rounds: int, repeats: int) -> None:
    """A token read and taken back, and a copy of the matcher."""
    import decodex as dx

    vocab = dx.Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [None], eos_token_ids=[256])
    matcher = dx.compile(dx.json_schema(SCHEMA), vocab).matcher()
    matcher.advance(ord("{"))
    token = int(matcher.allowed_tokens()[0])

    def there_and_back() -> None:
        matcher.advance(token)
        matcher.rollback(1)

    times = medians({"advance and rollback": there_and_back, "fork": matcher.fork}, rounds, repeats)
    for name, ns in times.items():
        report.add(name, "µs", {"decodex": ns / 1e3})


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("operations", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
