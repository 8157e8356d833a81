"""What do phrases and lengths add to the masks of a schema?

    python -m benchmarks.combinations [--quick]

In: one schema, alone and in conjunction with phrases to mention or to avoid and with a limit of words; a document that
satisfies all of them is read token by token, once with nothing known and once again. Out: the time to the first mask,
the mean mask and the repeated one, and how often they are the schema's own. Every conjunction starts from a fresh
vocabulary, so that nothing was met before. No peer takes such conjunctions.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from statistics import mean, median
from time import perf_counter_ns

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark

SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "summary": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "rating": {"type": "integer", "minimum": 1, "maximum": 5},
        "meta": {
            "type": "object",
            "properties": {"author": {"type": "string"}, "year": {"type": "integer"}},
            "required": ["author", "year"],
        },
    },
    "required": ["title", "summary", "tags", "rating", "meta"],
}
DOCUMENT = {
    "title": "A day in Berlin",
    "summary": "We took the train to Berlin and walked along the river. It was sunny, and the museum was open late. "
    "Nobody was in a hurry: coffee and cake, music and rain, the old bridge and a small garden.",
    "tags": ["travel", "city life", "train", "museum"],
    "rating": 4,
    "meta": {"author": "Anna Example", "year": 2024},
}
PHRASES = ("Berlin", "train", "museum", "river", "coffee", "cake", "music", "rain", "bridge", "garden")
FIRST_MASK_MS = 10.0


def measure(options: Options, report: Report) -> None:
    import decodex as dx

    vocabulary, encode = options.vocabulary(report)
    tokens = encode(json.dumps(DOCUMENT))
    bitmask = dx.allocate_bitmask(1, vocabulary.size)
    schema = dx.json_schema(SCHEMA)

    def avoided(count: int) -> dx.Constraint:
        return dx.excludes(*(f"cheap offer {k}" for k in range(count)))

    cases = {
        "schema": schema,
        "mentions 1": schema & dx.contains(PHRASES[0]),
        "mentions 10": schema & dx.contains(*PHRASES),
        "mentions 10, 100 words": schema & dx.contains(*PHRASES) & dx.length("words", max=100),
        "avoids 10": schema & avoided(10),
        "avoids 1,000": schema & avoided(1000),
    }
    rounds = options.choose(5, 1)
    figures: dict[str, dict[str, float]] = {}
    for name, constraint in cases.items():
        first, cold, known = [], [], []
        for _ in range(rounds):
            vocab = dx.Vocabulary.from_tokens(
                list(vocabulary.tokens),
                eos_token_ids=[vocabulary.eos_id],
                special_token_ids=vocabulary.special_ids,
                vocab_size=vocabulary.size,
            )
            dx.compile(dx.choice(["a"]), vocab)  # the vocabulary's own preparation is not asked about
            began = perf_counter_ns()
            compiled = dx.compile(constraint, vocab)
            compiled.matcher().fill_bitmask(bitmask)
            first.append((perf_counter_ns() - began) / 1e6)
            for times in (cold, known):
                matcher = compiled.matcher()
                for token in tokens:
                    began = perf_counter_ns()
                    matcher.fill_bitmask(bitmask)
                    matcher.advance(token)
                    times.append((perf_counter_ns() - began) / 1e3)
        figures[name] = {"first": median(first), "cold": mean(cold), "known": mean(known)}
        report.add(
            f"{name}: first mask", "ms", {"decodex": figures[name]["first"]}, target=Target(FIRST_MASK_MS, "value")
        )
        of_schema = None if name == "schema" else Target(3, "floor")
        own = figures["schema"]["cold"]
        report.add(f"{name}: mean mask", "µs", {"decodex": figures[name]["cold"]}, floor=own, target=of_schema)
        report.add(f"{name}: mean mask, again", "µs", {"decodex": figures[name]["known"]})
    ten, many = figures["avoids 10"]["cold"], figures["avoids 1,000"]["cold"]
    report.add("avoids 1,000, over avoids 10: mean mask", "µs", {"decodex": many}, floor=ten, target=Target(2, "floor"))
    report.floor = "the schema's own mean mask"
    report.data = figures
    shown = {kind: [figures[name][kind] for name in cases] for kind in ("cold", "known")}
    labels = {"ylabel": "mask and advance, mean (µs)", "yscale": "log", "title": "A schema with phrases and lengths"}
    report.draw = Draw(lambda axes: bars(axes, list(cases), shown, **labels))


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("combinations", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
