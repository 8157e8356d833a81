"""How many tokens per second does a model write under a constraint, beside the same model without one?

    python -m benchmarks.generation [--quick]

In: the embedded model, greedy, on one CPU thread. Out: tokens per second, by four questions.

* ``generate`` of transformers with decodex's logits processor, and with XGrammar's own one, beside ``generate``
  alone: the same prompt and the same number of tokens (nothing ends early), so the model does the same work.
* The same with ``jump_forward``, where the text is forced: by a schema of which nearly every byte follows.
* A loop by hand over the model's cache, the same with and without masks: what is lost where nothing is hidden.
* The same loop with ``forced_tokens``, which go through the model in one pass: what is gained where the text is
  forced.

Floor: the time per token without a constraint. The variants take turns; a ratio is the median over the rounds of
the ratios within a round, so that slow spells of the machine meet both sides.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import quiet, rotations
from benchmarks.harness.writing import embedded_model

PROMPT = "Write a list of people as JSON: "
_PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 30},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "email": {"type": "string", "maxLength": 40},
    },
    "required": ["name", "age", "email"],
    "additionalProperties": False,
}
OPEN = json.dumps({"type": "array", "items": _PERSON, "minItems": 200})
"""More than the model writes in any run, so that no text ends early."""
_RECORD = {
    "type": "object",
    "properties": {
        "document_type": {"const": "quarterly inventory of the warehouse"},
        "responsible_department": {"const": "logistics and procurement"},
        "in_stock": {"type": "boolean"},
    },
    "required": ["document_type", "responsible_department", "in_stock"],
    "additionalProperties": False,
}
FORCED = json.dumps({"type": "array", "items": _RECORD, "minItems": 200})
"""Nearly every byte follows from the schema."""
LOSS = Target(1 / 0.97, "floor")
GAIN = Target(1.0, "floor")


def measure(options: Options, report: Report) -> None:
    embedded = embedded_model(report)
    if embedded is None:
        return
    model, tokenizer = embedded
    names = options.installed(report, ("decodex", "xgrammar"))
    tokens, rounds = options.choose((256, 15), (24, 2))
    report.floor = "the same without a constraint"
    prompt = tokenizer(PROMPT, return_tensors="pt")["input_ids"]
    processors = {name: _PROCESSORS[name](model, tokenizer) for name in names}
    loops = _loops(model, tokenizer, prompt, tokens)
    model.generation_config.eos_token_id = None  # no text ends early
    runs = {"generate, no constraint": generating(model, prompt, tokens, lambda: [])}
    runs |= {f"generate, {name}": generating(model, prompt, tokens, processors[name]) for name in names}
    forced = _forced_processors(model, tokenizer)
    runs["generate, forced text"] = generating(model, prompt, tokens, forced, jump=True)
    runs |= loops
    rates = rates_in_turns(runs, tokens, rounds)
    _add_figures(report, rates, names)
    report.data = {"tokens": tokens, "tokens_per_second": rates}
    groups = {key.replace(", ", "\n"): median(values) for key, values in rates.items()}
    labels = {"ylabel": "tokens per second", "title": "The embedded model with and without constraints"}
    report.draw = Draw(lambda axes: _paint(axes, groups, labels))


def rates_in_turns(runs: dict[str, Callable[[], int]], tokens: int, rounds: int) -> dict[str, list[float]]:
    """Steps per second of each run, one entry per round."""
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for order in rotations(list(runs), rounds):
        for name in order:
            with quiet():
                begin = time.perf_counter()
                written = runs[name]()
                spent = time.perf_counter() - begin
            if written < tokens:
                raise RuntimeError(f"{name} wrote {written} of {tokens} tokens: the texts must not end early")
            rates[name].append(written / spent)
    return rates


def _add_figures(report: Report, rates: dict[str, list[float]], names: Sequence[str]) -> None:
    def per_token(name: str, base: str) -> tuple[float, float]:
        """Milliseconds per token of the base, and of the other by the median of the ratios within the rounds."""
        alone = 1000 / median(rates[base])
        return alone * median(b / a for a, b in zip(rates[name], rates[base], strict=True)), alone

    alone = "generate, no constraint"
    mine, floor = per_token("generate, decodex", alone)
    theirs = {name: per_token(f"generate, {name}", alone)[0] for name in names if name != "decodex"}
    report.add("generate(), per token", "ms", {"decodex": mine, **theirs}, floor=floor, target=LOSS)
    mine, floor = per_token("generate, forced text", alone)
    report.add("generate(), forced text, per token", "ms", {"decodex": mine}, floor=floor, target=GAIN)
    mine, floor = per_token("loop, masks", "loop, no constraint")
    report.add("loop by hand, per token", "ms", {"decodex": mine}, floor=floor, target=LOSS)
    mine, floor = per_token("loop, forced text", "loop, no constraint")
    report.add("loop by hand, forced text, per token", "ms", {"decodex": mine}, floor=floor, target=GAIN)
    for name, values in rates.items():
        report.add(name, "tokens/s", {"decodex": median(values)})


def generating(
    model: Any, prompt: Any, tokens: int, processors: Callable[[], list[Any]], *, jump: bool = False, **options: Any
) -> Callable[[], int]:
    """A call of transformers' ``generate`` that returns how many tokens it wrote; greedy unless ``options`` differ."""
    import torch

    from decodex.hf import jump_forward

    def run() -> int:
        output = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            logits_processor=processors(),
            custom_generate=jump_forward if jump else None,
            max_new_tokens=tokens,
            pad_token_id=0,
            **{"do_sample": False, **options},
        )
        return int(output.shape[1] - prompt.shape[1])

    return run


def _decodex_processors(model: Any, tokenizer: Any) -> Callable[[], list[Any]]:
    import decodex as dx
    from decodex.hf import ConstraintLogitsProcessor, vocabulary

    compiled = dx.compile(dx.json_schema(OPEN), vocabulary(model, tokenizer))
    return lambda: [ConstraintLogitsProcessor(compiled)]


def _forced_processors(model: Any, tokenizer: Any) -> Callable[[], list[Any]]:
    import decodex as dx
    from decodex.hf import ConstraintLogitsProcessor, vocabulary

    compiled = dx.compile(dx.json_schema(FORCED, whitespace="compact"), vocabulary(model, tokenizer))
    return lambda: [ConstraintLogitsProcessor(compiled)]


def _xgrammar_processors(model: Any, tokenizer: Any) -> Callable[[], list[Any]]:
    import xgrammar
    from xgrammar.contrib.hf import LogitsProcessor

    info = xgrammar.TokenizerInfo.from_huggingface(
        tokenizer, vocab_size=model.config.vocab_size, stop_token_ids=[model.config.eos_token_id]
    )
    compiler = xgrammar.GrammarCompiler(info, max_threads=1)
    compiled = compiler.compile_json_schema(OPEN, any_whitespace=False, separators=(", ", ": "), strict_mode=False)
    return lambda: [LogitsProcessor(compiled)]


_PROCESSORS = {"decodex": _decodex_processors, "xgrammar": _xgrammar_processors}


def _loops(model: Any, tokenizer: Any, prompt: Any, tokens: int) -> dict[str, Callable[[], int]]:
    """The loop by hand: without a constraint, with masks, with masks and forced tokens."""
    import decodex as dx
    from decodex.hf import vocabulary

    vocab = vocabulary(model, tokenizer)
    writing = dx.compile(dx.json_schema(OPEN), vocab)
    forced = dx.compile(dx.json_schema(FORCED, whitespace="compact"), vocab)

    def tokenize(text: str) -> list[int]:
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])

    return {
        "loop, no constraint": lambda: _write(model, prompt, tokens, None, None),
        "loop, masks": lambda: _write(model, prompt, tokens, writing.matcher(), None),
        "loop, forced text": lambda: _write(model, prompt, tokens, forced.matcher(), tokenize),
    }


def _write(model: Any, prompt: Any, tokens: int, matcher: Any, tokenize: Callable[[str], list[int]] | None) -> int:
    """Greedy decoding over the model's own cache; returns how many tokens were written."""
    import torch

    import decodex as dx

    mask = dx.allocate_bitmask(1, model.config.vocab_size)
    cache, pending, written = None, prompt, 0
    with torch.inference_mode():
        while written < tokens:
            output = model(pending, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache, logits = output.past_key_values, output.logits[:, -1]
            if matcher is not None and matcher.fill_bitmask(mask):
                dx.apply_bitmask(logits, mask)
            following = [int(logits.argmax())]
            if matcher is not None and not matcher.advance(following[0]):
                raise RuntimeError("the mask allows a token that the matcher refuses")
            if tokenize is not None:
                following += [token for token in matcher.forced_tokens(tokenize) if matcher.advance(token)]
            written += len(following)
            pending = torch.tensor([following])
    return written


def _paint(axes: Any, groups: dict[str, float], labels: dict[str, str]) -> None:
    bars(axes, list(groups), {"tokens per second": list(groups.values())}, **labels)
    axes.get_legend().remove()
    axes.tick_params(axis="x", labelsize=7)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("generation", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
