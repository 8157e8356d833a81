"""Does a server that meets new schemas without end stay flat, and how much does an engine hold per schema?

    python -m benchmarks.memory [--quick]

In: schemas made by chance, no two alike, and one text for each. Two runs per engine, each in a process of its own:
* endless: each schema is compiled, its text replayed, and the schema dropped, with 64 MiB for what may be kept
  (decodex's ``Limits.pool_bytes``, XGrammar's ``cache_limit_bytes``; llguidance keeps nothing between schemas);
* held: every compiled schema stays in memory, with the engine's defaults.
A run ends early after two minutes, a second if quick; the report says how far the engine came. Out: resident
memory against schemas compiled, its growth over the second half of the endless run, and the memory per schema held.
Floor: the resident memory when the vocabulary was ready; for the growth, 1.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.harness.engines import EngineOptions
from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, lines
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.vocabularies import Encode
from benchmarks.harness.workers import OK, Compiled, Replayed, Worker

KEPT_BYTES = 64 << 20
FLAT = Target(1.1, "value")
"""Of the memory at the end of an endless run, in that at its middle."""
_MIB = 2**20
_WORDS = ("name", "count", "state", "owner", "price", "note", "date", "items", "city", "weight", "kind", "code")


def problem(number: int, seed: int) -> tuple[str, str]:
    """The schema of that number, and a text that it accepts."""
    draw = random.Random(f"{seed} {number}")
    properties: dict[str, Any] = {}
    document: dict[str, Any] = {}
    for place in range(draw.randint(4, 9)):
        key = f"{draw.choice(_WORDS)}_{number}_{place}"
        properties[key], document[key] = _value(draw)
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return json.dumps(schema), json.dumps(document)


def _value(draw: random.Random) -> tuple[dict[str, Any], Any]:
    kind = draw.randrange(5)
    if kind == 0:
        longest = draw.randint(10, 200)
        return {"type": "string", "maxLength": longest}, "some words"
    if kind == 1:
        least = draw.randint(-1000, 1000)
        return {"type": "integer", "minimum": least, "maximum": least + draw.randint(1, 10**6)}, least + 1
    if kind == 2:
        values = [f"{draw.choice(_WORDS)} {draw.randrange(10**6)}" for _ in range(draw.randint(2, 8))]
        return {"enum": values}, draw.choice(values)
    if kind == 3:
        length = draw.randint(2, 12)
        return {"type": "string", "pattern": f"^[A-Z]{{{length}}}-[0-9]{{1,{length}}}$"}, "A" * length + "-7"
    return {"type": "array", "items": {"type": "boolean"}, "maxItems": draw.randint(3, 30)}, [True, False]


def measure(options: Options, report: Report) -> None:
    vocab, encode = options.vocabulary(report)
    names = options.installed(report, ("decodex", "llguidance", "xgrammar"))
    endless, held = options.count(4000, 30), min(options.count(500, 20), 500)
    report.about["data"] = f"{endless} and {held} schemas made by seed {options.seed}"
    report.floor = "resident when the vocabulary was ready (growth: none)"
    curves: dict[str, dict[str, list[tuple[int, float]]]] = {"endless": {}, "held": {}}
    for name in names:
        wanted = EngineOptions(cache_bytes=KEPT_BYTES)
        curves["endless"][name] = _run(name, wanted, endless, options, report, vocab, encode)
        curves["held"][name] = _run(name, EngineOptions(keep=True), held, options, report, vocab, encode)
    none = dict.fromkeys(names)
    ends = {name: curve[-1][1] for name, curve in curves["endless"].items() if curve}
    starts = {name: curve[0][1] for name, curve in curves["endless"].items() if curve}
    report.add("resident at the end of the endless run", "MiB", none | ends, floor=starts.get("decodex"))
    growth = {name: _growth(curve) for name, curve in curves["endless"].items() if len(curve) > 1}
    report.add("the same / at half of that run", "x", none | growth, floor=1.0, target=FLAT)
    each = {name: _slope(curve) * 1024 for name, curve in curves["held"].items() if len(curve) > 1}
    report.add(f"per schema held, of {held:,}", "KiB", none | each)
    report.data = curves
    report.draw = Draw(lambda *panels: _paint(panels, curves), panels=2)


def _run(
    name: str, wanted: EngineOptions, count: int, options: Options, report: Report, vocab: Any, encode: Encode
) -> list[tuple[int, float]]:
    """Resident MiB after so many schemas."""
    worker = Worker(name, wanted, vocab, options.memory_limit)
    refused = number = 0
    limit_s = options.choose(120.0, 1.0)
    try:
        ready = worker.prepare()
        if ready.outcome != OK:
            report.notes.append(f"{name} could not be prepared: {ready.message}")
            return []
        curve = [(0, worker.resident_bytes / _MIB)]
        every = max(count // 40, 1)
        deadline = time.monotonic() + limit_s
        for number in range(1, count + 1):
            schema, text = problem(number, options.seed)
            answer: Compiled | Replayed = worker.compile(schema, options.time_limit_s)
            if answer.outcome == OK:
                answer = worker.replay(encode(text), options.time_limit_s)
            refused += not (isinstance(answer, Replayed) and answer.accepted)
            if not worker.running:
                report.notes.append(f"{name} was stopped at schema {number}: {answer.message}")
                break
            late = time.monotonic() > deadline
            if number % every == 0 or number == count or late:
                curve.append((number, worker.resident_bytes / _MIB))
            if late and number < count:
                report.notes.append(f"{name} came to schema {number} of {count} in {limit_s:g} s")
                break
    finally:
        worker.stop()
    if refused:
        report.notes.append(f"{name} refused {refused} of {number} schemas or their texts")
    return curve


def _growth(curve: Sequence[tuple[int, float]]) -> float:
    """The memory at the end, in that at the middle."""
    return curve[-1][1] / curve[len(curve) // 2][1]


def _slope(curve: Sequence[tuple[int, float]]) -> float:
    """MiB per schema, from the vocabulary alone to the end."""
    return (curve[-1][1] - curve[0][1]) / curve[-1][0]


def _paint(panels: Sequence[Any], curves: dict[str, dict[str, list[tuple[int, float]]]]) -> None:
    titles = {"endless": "Endless new schemas, 64 MiB to keep", "held": "Every schema held"}
    for axes, (kind, title) in zip(panels, titles.items(), strict=True):
        lines(axes, curves[kind], xlabel="schemas compiled", ylabel="resident (MiB)", title=title)
        axes.set_ylim(bottom=0)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("memory", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
