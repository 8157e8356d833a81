"""What does a mask cost in checks, and so when should a step of a sampler take one?

    python -m benchmarks.mask_or_rejection [--quick]

In: valid documents of the MaskBench schemas, token by token. Out: processor time of a mask, as the sampler takes it
(unpacked), and of checks, as the sampler makes them (of random tokens and of the one that comes next), where nothing
was met before and once again; their ratios are what the constants of ``decodex/sampling/choice.py`` should be. Then
the rule itself: whole steps of the sampler with ``masks`` never, always and auto, each in an engine of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import mean, median
from time import process_time_ns
from typing import Any

import numpy as np

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark

CHECKS = 16
"""Checks made at each place."""
RULE = Target(1.1, "floor")
SHARE = 0.7
"""Of the mass that the token of the document has; the rest is noise, hardly any of which is allowed."""


def measure(options: Options, report: Report) -> None:
    import decodex as dx
    from decodex.sampling import AdaptiveRejectionSampler, condition_of
    from decodex.sampling.choice import CHECKS_PER_MASK, CHECKS_PER_STEP

    vocabulary, encode = options.vocabulary(report)
    problems = options.problems(120, 4, report)
    rng = np.random.default_rng(options.seed)
    times: dict[str, list[float]] = {f"{what}, {state}": [] for what in ("mask", "check") for state in ("new", "known")}
    steps: dict[str, list[float]] = {"never": [], "always": [], "auto": []}
    counters: dict[str, list[float]] = {"checks": [], "masks": []}

    def fresh() -> Any:
        return dx.Vocabulary.from_tokens(
            list(vocabulary.tokens),
            eos_token_ids=[vocabulary.eos_id],
            special_token_ids=vocabulary.special_ids,
            vocab_size=vocabulary.size,
        )

    vocabs = {kind: fresh() for kind in ("mask", "check", *steps)}  # none profits from what another has met
    for vocab in vocabs.values():
        condition_of(dx.json_schema("true"), vocab).mask()  # what the vocabulary needs first is not asked about
    noise = (rng.normal(size=vocabulary.size) * 3).astype(np.float32)
    base = np.log(np.exp(noise).sum() * SHARE / (1 - SHARE))
    for problem in problems:
        texts = [instance.text for instance in problem.instances if instance.valid][:1]
        for text in texts:
            tokens = encode(text)[:200]
            try:
                constraint = dx.json_schema(problem.schema, whitespace="any", property_order="any", escapes="any")
                starts = {kind: condition_of(constraint, vocab) for kind, vocab in vocabs.items()}
            except dx.DecodexError:
                continue
            for state in ("new", "known"):
                for what in ("mask", "check"):
                    condition = starts[what].fork()
                    for token in tokens:
                        asked = [*rng.integers(vocabulary.size, size=CHECKS - 1).tolist(), token]
                        begin = process_time_ns()
                        if what == "mask":
                            condition.mask()
                        else:
                            for each in asked:
                                condition.allows(each)
                        spent = (process_time_ns() - begin) / 1e3
                        times[f"{what}, {state}"].append(spent if what == "mask" else spent / CHECKS)
                        if not condition.allows(token):
                            break
                        condition.advance(token)
            for masks, spent_by in steps.items():
                sampler = AdaptiveRejectionSampler(masks=masks, seed=0)  # type: ignore[arg-type]
                condition = starts[masks].fork()
                for token in tokens:
                    scores = noise.copy()
                    scores[token] = base
                    begin = process_time_ns()
                    sampler.sample(scores, condition)
                    spent_by.append((process_time_ns() - begin) / 1e3)
                    if not condition.allows(token):
                        break
                    condition.advance(token)
                if masks == "auto":
                    counters["checks"].append(sampler.counters.checks_per_token)
                    counters["masks"].append(sampler.counters.mask_share)
    if not times["mask, new"]:
        report.notes.append("nothing was measured: no schema could be compiled")
        return
    for name, values in times.items():
        report.add(name, "µs", {"decodex": mean(values)})
    for state in ("new", "known"):
        checks = mean(times[f"mask, {state}"]) / mean(times[f"check, {state}"])
        report.add(f"a mask at a {state} state, in checks", "checks", {"decodex": checks})
    step = median(steps["always"]) - mean(times["mask, known"])
    report.add("a step without its mask, in checks", "checks", {"decodex": step / mean(times["check, new"])})
    report.add("CHECKS_PER_MASK as it is", "checks", {"decodex": CHECKS_PER_MASK})
    report.add("CHECKS_PER_STEP as it is", "checks", {"decodex": CHECKS_PER_STEP})
    cheaper = min(mean(steps["never"]), mean(steps["always"]))
    for masks, values in steps.items():
        target = RULE if masks == "auto" else None
        report.add(f"a step, masks {masks}", "µs", {"decodex": mean(values)}, floor=cheaper, target=target)
        report.add(f"a step, masks {masks}: median", "µs", {"decodex": median(values)})
    report.add("masks auto: checks per token", "checks", {"decodex": mean(counters["checks"])})
    report.add("masks auto: share of steps by mask", "", {"decodex": mean(counters["masks"])})
    report.floor = "the cheaper of never and always"
    report.data = {"places": len(times["mask, new"]), "means": {name: mean(values) for name, values in times.items()}}
    shown = {"decodex": [mean(values) for values in times.values()]}
    labels = {"ylabel": "µs", "yscale": "log", "title": "A mask and a check"}
    report.draw = Draw(lambda axes: bars(axes, list(times), shown, **labels))


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("mask_or_rejection", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
