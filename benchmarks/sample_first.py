"""How many choices need a mask when the model's own one is tried first, and what does that save?

    python -m benchmarks.sample_first [--quick]

In: valid texts of the MaskBench pack with scores that are made up, of which the text's own token is the best, or, as
often as is said, another one at random; the embedded model in a loop by hand, greedy and drawing by Gumbel noise,
under a few constraints. Out: microseconds of CPU time per choice (from scores to a token that was read), by
``SampleFirst`` and by a mask for each choice (``tries=0``), at places met for the first time and again, and the share
that needed a mask. Both must choose the same tokens, or the run fails. Floor: the same choices by masking.
"""

from __future__ import annotations

import importlib.util
import itertools
import sys
import time
import warnings
from collections.abc import Sequence
from statistics import mean
from typing import Any

import numpy as np

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, lines
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import one_thread, quiet

AGREEMENTS = (1.0, 0.99, 0.9, 0.5, 0.0)
MASKING, TRYING = 0, 1
NO_DEARER = Target(1.05, "floor")
CHEAPER = Target(1 / 2, "floor")
CONSTRAINTS = {
    "JSON": '{"type":"array","items":{"type":"object","properties":{"name":{"type":"string","maxLength":30},"age":'
    '{"type":"integer"}},"required":["name","age"],"additionalProperties":false},"minItems":200}',
    "letters": "[a-z ,.]{2000,}",
    "phrases": "(?:the (?:red|blue) (?:train|house) is (?:old|new)[,.] )+",
}

Times = dict[int, float]
"""Microseconds per choice, by ``tries``."""


def measure(options: Options, report: Report) -> None:
    one_thread()
    report.floor = "the same choices with a mask for each"
    options.installed(report, ("decodex",))
    shares, times = _pack(options, report)
    for agreement in AGREEMENTS:
        share = mean(shares[agreement]) if shares[agreement] else None
        report.add(f"masks, agreement {agreement:.0%}", "%", {"decodex": share and 100 * share})
        for place in ("new", "known"):
            taken = times[agreement, place]
            mine, floor = (mean([one[tries] for one in taken]) if taken else None for tries in (TRYING, MASKING))
            target = CHEAPER if agreement >= 0.99 else NO_DEARER
            name = f"choice at {place} places, {agreement:.0%}"
            report.add(name, "µs", {"decodex": mine}, floor=floor, target=target)
    missing = [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        report.notes.append(f"no model was run: {' and '.join(missing)} not installed")
    else:
        _models(options, report)
    report.data = {"shares": {str(key): value for key, value in shares.items()}}
    report.data["times"] = {f"{agreement} {place}": value for (agreement, place), value in times.items()}
    report.draw = Draw(lambda axes: _paint(axes, times))


def _pack(
    options: Options, report: Report
) -> tuple[dict[float, list[float]], dict[tuple[float, str], list[Times]]]:
    """Shares of choices that needed a mask, by agreement; times by agreement and place; one entry per schema."""
    import decodex as dx

    plain, encode = options.vocabulary(report)
    vocab = dx.Vocabulary.from_tokens(
        list(plain.tokens), eos_token_ids=[plain.eos_id], special_token_ids=plain.special_ids, vocab_size=plain.size
    )
    shares: dict[float, list[float]] = {agreement: [] for agreement in AGREEMENTS}
    times: dict[tuple[float, str], list[Times]] = {
        (agreement, place): [] for agreement in AGREEMENTS for place in ("new", "known")
    }
    limits = itertools.count(70_001)  # a constraint whose limits no other had has states and masks of its own
    tokens_per_text = options.choose(100, 20)
    for problem, agreement in itertools.product(options.problems(100, 4, report), AGREEMENTS):
        texts = [encode(instance.text)[:tokens_per_text] for instance in problem.instances if instance.valid][:2]
        found: dict[int, list[tuple[float, list[int], float]]] = {}
        for tries in (MASKING, TRYING):
            try:
                own = dx.Limits(search_states=next(limits))
                compiled = dx.compile(dx.json_schema(problem.schema), vocab, limits=own)
            except dx.DecodexError as error:
                report.notes.append(f"left out: {problem.name}: {str(error).splitlines()[0]}")
                break
            # what compiles or is imported at the first choice is not charged to it
            dx.SampleFirst(vocab, tries=0).pick(np.zeros((1, len(vocab)), np.float32), [compiled.matcher()])
            with quiet():
                found[tries] = [_choices(vocab, compiled, texts, agreement, tries) for _ in range(2)]
        if len(found) < 2 or not found[TRYING][0][1]:
            continue
        for place, masked, tried in zip(("new", "known"), found[MASKING], found[TRYING], strict=True):
            if masked[1] != tried[1]:
                raise RuntimeError(f"{problem.name}: sample-first chose other tokens than masking")
            times[agreement, place].append({MASKING: masked[0], TRYING: tried[0]})
        shares[agreement].append(found[TRYING][0][2])
    return shares, times


def _choices(
    vocab: Any, compiled: Any, texts: Sequence[Sequence[int]], agreement: float, tries: int
) -> tuple[float, list[int], float]:
    """Microseconds of a choice along the texts, the tokens chosen, and the share that needed a mask."""
    import decodex as dx

    rng = np.random.default_rng(0)
    logits = rng.normal(size=(1, len(vocab))).astype(np.float32)
    first = dx.SampleFirst(vocab, tries=tries)
    chosen: list[int] = []
    spent = 0.0
    for text in texts:
        matcher = compiled.matcher()
        for token in text:
            scores = logits.copy()
            scores[0, token] += 20
            if rng.random() >= agreement:
                scores[0, rng.integers(len(vocab))] += 40
            begin = time.thread_time()
            chosen += first.pick(scores, [matcher])
            accepted = matcher.advance(token)
            spent += time.thread_time() - begin
            if not accepted:
                break
    return 1e6 * spent / max(len(chosen), 1), chosen, first.counts.mask_share


def _models(options: Options, report: Report) -> None:
    """The embedded model: the share of masks and the time of a choice, greedy and drawn."""
    import torch
    from transformers.utils import logging

    import decodex as dx
    from decodex.hf import vocabulary
    from decodex.model import load_default

    warnings.simplefilter("ignore", FutureWarning)  # of transformers, about names that older versions need
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    model, tokenizer = load_default()
    vocab = vocabulary(model, tokenizer)
    tokens = options.choose(200, 20)
    for (name, source), drawn in itertools.product(CONSTRAINTS.items(), (False, True)):
        constraint = dx.json_schema(source) if source.startswith("{") else dx.regex(source)
        compiled = dx.compile(constraint, vocab)
        prompt = tokenizer(f"Write {name}: ", return_tensors="pt")["input_ids"]
        found = {tries: _write(model, prompt, compiled, tokens, drawn, tries) for tries in (MASKING, TRYING)}
        if found[MASKING][1] != found[TRYING][1]:
            raise RuntimeError(f"{name}: sample-first chose other tokens than masking")
        how = "drawn" if drawn else "greedy"
        report.add(f"embedded model, {name}, {how}: masks", "%", {"decodex": 100 * found[TRYING][2]})
        report.add(
            f"embedded model, {name}, {how}: choice", "µs", {"decodex": found[TRYING][0]}, floor=found[MASKING][0]
        )


def _write(
    model: Any, prompt: Any, compiled: Any, tokens: int, drawn: bool, tries: int
) -> tuple[float, list[int], float]:
    """As ``_choices``, along what the model itself writes; the noise is not counted, both need it."""
    import torch

    import decodex as dx

    first, matcher = dx.SampleFirst(compiled.vocab, tries=tries), compiled.matcher()
    generator = torch.Generator().manual_seed(0)
    cache, pending, chosen, spent = None, prompt, [], 0.0
    with torch.inference_mode():
        while len(chosen) < tokens and not matcher.is_finished:
            output = model(pending, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache, logits = output.past_key_values, output.logits[:, -1]
            noise = dx.gumbel_like(logits, generator) if drawn else None
            begin = time.thread_time()
            picked = first.pick(logits, [matcher], noise=noise)
            matcher.advance(picked[0])
            spent += time.thread_time() - begin
            chosen += picked
            pending = torch.tensor([picked])
    return 1e6 * spent / len(chosen), chosen, first.counts.mask_share


def _paint(axes: Any, times: dict[tuple[float, str], list[Times]]) -> None:
    def line(place: str, tries: int) -> list[tuple[float, float]]:
        taken = {agreement: times[agreement, place] for agreement in AGREEMENTS}
        return [(100 * key, mean([one[tries] for one in of])) for key, of in taken.items() if of]

    shown = {
        f"{how}, {place} places": line(place, tries)
        for place in ("new", "known")
        for how, tries in (("sample first", TRYING), ("masking", MASKING))
    }
    labels = {"xlabel": "choices that agree with the constraint, %", "ylabel": "µs of CPU time per choice, mean"}
    lines(axes, shown, title="Sample first and masking", **labels)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("sample_first", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
