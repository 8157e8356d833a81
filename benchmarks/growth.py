"""How do first mask and mask time grow with the vocabulary, the size of the schema and the length of the output?

    python -m benchmarks.growth [--quick]

In: three series, each through one worker per engine and vocabulary, in turns.
* vocabulary: schemas of the MaskBench pack with 32k, 131k and 200k tokens, the same texts cut by each tokenizer.
  32k is the beginning of Tekken, 200k is o200k where ``DECODEX_O200K`` names its ranks, else Tekken made larger
  (``vocabularies.py``);
* schema: an object with 10 to 2,000 properties of mixed types, and a document that has them all;
* output: one array of records, 8,000 tokens long, in eighths.
Out: per engine, the times at each point and the last over the first. Floor: no growth, which is 1.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from statistics import mean, median
from typing import Any

from benchmarks.harness.data import Instance, Problem
from benchmarks.harness.engines import EngineOptions
from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, lines
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.vocabularies import BenchmarkVocabulary, Encode, VocabularyUnavailable, load
from benchmarks.harness.workers import OK, Replayed, Worker
from benchmarks.maskbench import Run, run_workers

GROWTH = Target(1.5, "value")
"""Of the mean mask, from the smallest vocabulary to the largest."""
WINDOWS = 8
_KINDS: tuple[tuple[dict[str, Any], Any], ...] = (
    ({"type": "string", "maxLength": 40}, "some words of text"),
    ({"type": "integer", "minimum": 0, "maximum": 100_000}, 4711),
    ({"enum": ["open", "paid", "void"]}, "paid"),
    ({"type": "boolean"}, True),
    ({"type": "array", "items": {"type": "number"}, "maxItems": 5}, [1, 2.5]),
)

Curves = dict[str, list[tuple[float, float]]]
"""Points by engine."""


def measure(options: Options, report: Report) -> None:
    names = options.installed(report, ("decodex", "llguidance", "xgrammar"))
    vocab, encode = options.vocabulary(report)
    by_vocabulary = _vocabularies(options, report, names)
    first, by_schema = _schemas(options, report, names, vocab, encode)
    by_output = _output(options, report, names, vocab, encode)
    report.floor = "no growth"
    report.data = {"vocabulary": by_vocabulary, "schema_first": first, "schema": by_schema, "output": by_output}
    report.draw = Draw(lambda *panels: _paint(panels, by_vocabulary, first, by_schema, by_output), panels=4)


def _run(workers: Sequence[Worker], problems: Sequence[Problem], encode: Any, options: Options, report: Report) -> Run:
    run = Run(report.about)
    run_workers(run, workers, problems, encode, options.time_limit_s)
    report.notes += [f"{label}: {reason}" for label, reason in run.absent.items()]
    return run


# With the vocabulary


def _vocabularies(options: Options, report: Report, names: Sequence[str]) -> Curves:
    """Mean µs per mask by the number of tokens, over the texts that every worker accepts."""
    loaded = _load_sizes(options, report)
    if len(loaded) < 2:
        return {}
    problems = options.problems(60, 3, report)
    workers = [
        Worker(name, EngineOptions(), vocab, options.memory_limit, f"{name} {vocab.name}")
        for vocab, _ in loaded
        for name in names
    ]
    encoders = {f"{name} {vocab.name}": encode for vocab, encode in loaded for name in names}
    run = _run(workers, problems, encoders, options, report)
    masks: dict[str, list[int]] = {label: [] for label in run.records}
    for records in zip(*run.records.values(), strict=True):
        for replays in zip(*(record.replays for record in records), strict=False):
            if all(replayed.accepted for replayed in replays):
                for label, replayed in zip(run.records, replays, strict=True):
                    masks[label] += replayed.masks_ns
    curves = {
        name: [
            (vocab.size, mean(taken) / 1e3)
            for vocab, _ in loaded
            if (taken := masks.get(f"{name} {vocab.name}"))
        ]
        for name in names
    }
    none = dict.fromkeys(names)
    for index, (vocab, _) in enumerate(loaded):
        values = {name: curve[index][1] for name, curve in curves.items() if len(curve) == len(loaded)}
        report.add(f"mean mask, {vocab.name} ({vocab.size:,} tokens)", "µs", none | values)
    grown = {name: curve[-1][1] / curve[0][1] for name, curve in curves.items() if len(curve) == len(loaded)}
    small, large = loaded[0][0].size, loaded[-1][0].size
    target = GROWTH if large >= 200_000 else None
    report.add(f"mean mask, {large:,} over {small:,} tokens", "x", none | grown, floor=1.0, target=target)
    return curves


def _load_sizes(options: Options, report: Report) -> list[tuple[BenchmarkVocabulary, Encode]]:
    largest = "o200k" if os.environ.get("DECODEX_O200K") else "tekken-200k"
    if options.quick and largest == "tekken-200k":  # it takes ten seconds to make
        report.notes.append("a quick run goes up to 131k tokens only, unless DECODEX_O200K names the ranks of o200k")
        wanted = ["tekken-32k", "tekken"]
    else:
        report.notes.append(f"200k tokens: {largest}")
        wanted = ["tekken-32k", largest] if options.quick else ["tekken-32k", "tekken", largest]
    try:
        return [load(name) for name in wanted]
    except VocabularyUnavailable as error:
        report.notes.append(f"growth with the vocabulary was not measured: {error}")
        return []


# With the schema


def _wide(properties: int) -> Problem:
    """An object with so many properties, and a document that has them all."""
    kinds = [(f"property_{number}", *_KINDS[number % len(_KINDS)]) for number in range(properties)]
    schema = {
        "type": "object",
        "properties": {key: schema for key, schema, _ in kinds},
        "required": [key for key, _, _ in kinds],
        "additionalProperties": False,
    }
    text = json.dumps({key: value for key, _, value in kinds})
    return Problem(f"{properties} properties", json.dumps(schema), (Instance(text, True),))


def _schemas(
    options: Options, report: Report, names: Sequence[str], vocab: BenchmarkVocabulary, encode: Encode
) -> tuple[Curves, Curves]:
    """Milliseconds to the first mask and mean µs per mask by the number of properties.

    One schema before them makes what all of them share.
    """
    sizes = options.choose((10, 50, 200, 500, 1000, 2000), (10, 50))
    workers = [Worker(name, EngineOptions(), vocab, options.memory_limit) for name in names]
    run = _run(workers, [_wide(size) for size in (9, *sizes)], encode, options, report)
    first: Curves = {name: [] for name in names}
    masks: Curves = {name: [] for name in names}
    for name, records in run.records.items():
        for size, record in zip(sizes, records[1:], strict=True):
            if record.compiled.outcome != OK:
                report.notes.append(f"{name}, {size} properties: {record.compiled.message}")
                continue
            first[name].append((size, record.compiled.first_mask_ns / 1e6))
            if record.replays and record.replays[0].accepted:
                masks[name].append((size, mean(record.replays[0].masks_ns) / 1e3))
            else:
                report.notes.append(f"{name}, {size} properties: {_ended(record.replays)}")
    for title, unit, curves in (("first mask", "ms", first), ("mean mask", "µs", masks)):
        for size in (sizes[0], sizes[-1]):
            values = {name: dict(curve).get(size) for name, curve in curves.items()}
            report.add(f"{title}, {size:,} properties", unit, values)
    return first, masks


def _ended(replays: Sequence[Replayed]) -> str:
    if not replays:
        return "no text was read"
    return replays[0].message or f"the text was refused at token {replays[0].refused_at}"


# With the output


def _output(
    options: Options, report: Report, names: Sequence[str], vocab: BenchmarkVocabulary, encode: Encode
) -> Curves:
    """Median µs per mask by the tokens before it, in windows, behind a warm-up by the same text."""
    record = {key: value for key, (_, value) in zip("abcde", _KINDS, strict=True)}
    item = {
        "type": "object",
        "properties": {key: schema for key, (schema, _) in zip("abcde", _KINDS, strict=True)},
        "required": list("abcde"),
        "additionalProperties": False,
    }
    length = options.choose(8000, 400)
    count = max(length // len(encode(json.dumps(record) + ", ")), 1)
    text = json.dumps([record] * count)
    problem = Problem("array of records", json.dumps({"type": "array", "items": item}), (Instance(text, True),) * 2)
    workers = [Worker(name, EngineOptions(), vocab, options.memory_limit) for name in names]
    run = _run(workers, [problem], encode, options, report)
    curves: Curves = {name: [] for name in names}
    for name, records in run.records.items():
        replays = records[0].replays
        if len(replays) < 2 or not replays[1].accepted:
            report.notes.append(f"{name}, long output: {_ended(replays[-1:])}")
            continue
        masks = replays[1].masks_ns
        width = len(masks) // WINDOWS
        for window in range(WINDOWS):
            part = masks[window * width : (window + 1) * width]
            curves[name].append(((window + 1) * width, median(part) / 1e3))
    for window in (0, WINDOWS - 1):
        values = {name: curve[window][1] if curve else None for name, curve in curves.items()}
        place = "first" if window == 0 else "last"
        report.add(f"median mask, {place} eighth of {length:,} tokens", "µs", values)
    return curves


def _paint(panels: Sequence[Any], vocabulary: Curves, first: Curves, schema: Curves, output: Curves) -> None:
    log = {"xscale": "log", "yscale": "log"}
    thousands = {name: [(size / 1000, us) for size, us in curve] for name, curve in vocabulary.items()}
    size = "tokens in the vocabulary (thousands)"
    lines(panels[0], thousands, xlabel=size, ylabel="mean mask (µs)", title="Vocabulary")
    panels[0].set_ylim(bottom=0)
    lines(panels[1], first, xlabel="properties", ylabel="first mask (ms)", title="Schema: first mask", **log)
    lines(panels[2], schema, xlabel="properties", ylabel="mean mask (µs)", title="Schema: masks", **log)
    lines(panels[3], output, xlabel="tokens written", ylabel="median mask (µs)", title="Length of the output")
    panels[3].set_ylim(bottom=0)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("growth", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
