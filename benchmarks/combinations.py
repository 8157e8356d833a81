"""What do phrases and lengths add to the masks of a schema?

    python -m benchmarks.combinations [--quick]

In: one schema, alone and in conjunction with phrases to mention or to avoid and with a limit of words; a document that
satisfies all of them is read token by token, once with nothing known and once again. Out: the time to the first mask,
the mean mask and the repeated one, and how often they are the schema's own. Every conjunction starts from a fresh
vocabulary, so that nothing was met before. No peer takes such conjunctions.

Then the same for public schemas, one after the other over one vocabulary, as a server meets them: each with ten words
of a valid document to mention, and a limit of words beside them.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Callable, Sequence
from statistics import mean, median
from time import perf_counter_ns
from typing import TYPE_CHECKING

from benchmarks.harness.data import load_problems
from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark

if TYPE_CHECKING:
    import decodex as dx
    from benchmarks.harness.vocabularies import BenchmarkVocabulary

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
LENGTHS = 200, 4_000
"""Characters of the documents that are read of public schemas."""


def fresh(vocabulary: BenchmarkVocabulary) -> dx.Vocabulary:
    """The vocabulary with nothing met before."""
    import decodex as dx

    vocab = dx.Vocabulary.from_tokens(
        list(vocabulary.tokens),
        eos_token_ids=[vocabulary.eos_id],
        special_token_ids=vocabulary.special_ids,
        vocab_size=vocabulary.size,
    )
    dx.compile(dx.choice(["a"]), vocab)  # the vocabulary's own preparation is not asked about
    return vocab


def public_schemas(
    options: Options, report: Report, vocabulary: BenchmarkVocabulary, encode: Callable[[str], list[int]]
) -> None:
    """New masks of public schemas, alone and with phrases: each conjunction's mean, and what could not be judged."""
    import decodex as dx

    _, problems = load_problems(options.data, None, options.seed)
    documents = []
    for problem in problems:
        for instance in problem.instances:
            words = sorted(set(re.findall(r"\b[A-Za-z]{4,}\b", instance.text)))
            if instance.valid and len(words) >= len(PHRASES) and LENGTHS[0] < len(instance.text) < LENGTHS[1]:
                documents.append((problem.schema, instance.text, words))
                break
    documents = documents[: options.limit or options.choose(40, 3)]
    bitmask = dx.allocate_bitmask(1, vocabulary.size)

    def phrases(schema: dx.Constraint, text: str, words: list[str]) -> dx.Constraint:
        return schema & dx.contains(*random.Random(text).sample(words, len(PHRASES)))

    cases: dict[str, Callable[[dx.Constraint, str, list[str]], dx.Constraint]] = {
        "alone": lambda schema, _text, _words: schema,
        "mention 10": phrases,
        "mention 10, few words": lambda schema, text, words: (
            phrases(schema, text, words) & dx.length("words", max=len(text.split()) + 20)
        ),
    }
    own = None
    for name, join in cases.items():
        vocab, times, refused = fresh(vocabulary), [], 0
        for schema, text, words in documents:
            try:
                matcher = dx.compile(join(dx.json_schema(schema), text, words), vocab).matcher()
                for token in encode(text):
                    began = perf_counter_ns()
                    matcher.fill_bitmask(bitmask)
                    allowed = matcher.advance(token)
                    times.append((perf_counter_ns() - began) / 1e3)
                    if not allowed:  # words that stand within other words are not mentioned by the document
                        break
            except dx.DecodexError:
                refused += 1
        if not times:
            report.notes.append(f"public schemas {name}: none of {len(documents)} could be judged")
            continue
        own = own or mean(times)
        target = None if name == "alone" else Target(3, "floor")
        report.add(f"public schemas {name}: mean mask", "µs", {"decodex": mean(times)}, floor=own, target=target)
        report.add(f"public schemas {name}: median mask", "µs", {"decodex": median(times)})
        report.notes.append(f"public schemas {name}: {len(documents) - refused} of {len(documents)} without an error")


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
            vocab = fresh(vocabulary)
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
    public_schemas(options, report, vocabulary, encode)
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
