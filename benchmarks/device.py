"""What do masks and weighted draws cost where the model runs on a CUDA device?

    python -m benchmarks.device [--quick]

In: a Llama of random weights (16 layers of 2,048, in bfloat16, with a row for each token of the vocabulary) on the
device, and a schema that its texts never finish. Out: the time per step of transformers' ``generate``, batch 1 and
32, without a constraint, with the logits processor, and with ``jump_forward``, which makes masks while the device still
runs the pass; the time to apply masks that lie in pinned memory, beside a copy of the logits on the device; and the
time of a weighted draw by rejection from scores on the device, beside the same with the scores fetched first. The
variants take turns; a ratio of rates is the median over the rounds of the ratios within a round. Without a CUDA device
nothing is measured.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np

from benchmarks.generation import OPEN, generating, rates_in_turns
from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import medians

BATCHES = (1, 32)
ROWS = (1, 64)
NAMES = ("logits processor", "jump_forward")
LOSS = Target(1 / 0.97, "floor")


def measure(options: Options, report: Report) -> None:
    try:
        import torch
        import transformers
    except ImportError as error:
        report.notes.append(f"nothing was measured: {error}")
        return
    if not torch.cuda.is_available():
        report.notes.append("nothing was measured: there is no CUDA device")
        return
    import decodex as dx

    report.about["device"] = torch.cuda.get_device_name()
    report.about["versions"] |= {module.__name__: module.__version__ for module in (torch, transformers)}
    loaded, _ = options.vocabulary(report)
    vocab = dx.Vocabulary.from_tokens(loaded.tokens, eos_token_ids=[loaded.eos_id])
    report.floor = "generate without a constraint; a copy of the logits on the device; the scores fetched first"
    _generation(options, report, vocab)
    _masks(options, report, vocab.vocab_size)
    _draws(options, report, vocab)


def _generation(options: Options, report: Report, vocab: Any) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    import decodex as dx
    from decodex.hf import ConstraintLogitsProcessor

    tokens, rounds = options.choose((96, 7), (8, 2))
    layers, width = options.choose((16, 2048), (2, 64))
    torch.manual_seed(options.seed)
    config = LlamaConfig(
        vocab_size=vocab.vocab_size,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        num_key_value_heads=max(width // 256, 1),
        max_position_embeddings=1024,
        bos_token_id=None,
        eos_token_id=None,
    )
    with torch.device("cuda"):
        model = LlamaForCausalLM(config).to(torch.bfloat16).eval()
    compiled = dx.compile(dx.json_schema(OPEN), vocab)
    rates: dict[str, list[float]] = {}
    for batch in BATCHES:
        prompt = torch.randint(0, 1000, (batch, 16), device="cuda")

        sampled = {"do_sample": True, "top_k": 0}
        runs = {"no constraint": generating(model, prompt, tokens, lambda: [], **sampled)}
        for name in NAMES:
            jump = name == "jump_forward"
            runs[name] = generating(
                model, prompt, tokens, lambda: [ConstraintLogitsProcessor(compiled)], jump=jump, **sampled
            )
        steps = rates_in_turns(runs, tokens, rounds)
        found = {name: [1000 / rate for rate in per_second] for name, per_second in steps.items()}
        alone = median(found["no constraint"])
        for name in NAMES:
            ratio = median(mine / floor for mine, floor in zip(found[name], found["no constraint"], strict=True))
            figure = f"generate, batch {batch}, {name}: per step"
            report.add(figure, "ms", {"decodex": ratio * alone}, floor=alone, target=LOSS)
        for name, values in found.items():
            rates.setdefault(name, []).append(1000 * batch / median(values))
    report.data["tokens_per_second"] = rates
    labels = {"ylabel": "tokens per second", "yscale": "log", "title": "A model on a CUDA device"}
    report.draw = Draw(lambda axes: bars(axes, [f"batch {batch}" for batch in BATCHES], rates, **labels))


def _masks(options: Options, report: Report, size: int) -> None:
    import torch

    import decodex as dx

    rounds, repeats = options.choose((30, 20), (3, 3))
    random = np.random.default_rng(options.seed)
    for rows in ROWS:
        scores = torch.randn(rows, size, device="cuda")
        other = torch.empty_like(scores)
        words = random.integers(-(2**31), 2**31, (rows, -(-size // 32)), dtype=np.int64)
        pinned = torch.from_numpy(words.astype(np.int32)).pin_memory()
        calls = {
            "floor": _finished(lambda a=other, b=scores: a.copy_(b)),
            "decodex": _finished(lambda a=scores, b=pinned: dx.apply_bitmask(a, b)),
        }
        times = {name: ns / 1e3 for name, ns in medians(calls, rounds, repeats).items()}
        report.add(f"masks of {rows} rows applied", "µs", {"decodex": times["decodex"]}, floor=times["floor"])


def _finished(call: Callable[[], object]) -> Callable[[], None]:
    """The call, and the device is through with it."""
    import torch

    def run() -> None:
        call()
        torch.cuda.synchronize()

    return run


def _draws(options: Options, report: Report, vocab: Any) -> None:
    import torch

    import decodex as dx
    from decodex.sampling import AdaptiveRejectionSampler, condition_of

    rounds, repeats = options.choose((30, 3), (2, 1))
    compiled = dx.compile(dx.regex("[a-z]+( [a-z]+)*"), vocab)
    for rows in ROWS:
        start = condition_of(compiled, vocab)
        conditions = [start.fork() for _ in range(rows)]
        scores = torch.randn(rows, vocab.vocab_size, device="cuda") * 3
        here, there = (AdaptiveRejectionSampler(masks="never", seed=options.seed) for _ in "ab")
        calls = {
            "floor": lambda s=scores, c=conditions, sampler=there: sampler.sample_rows(s.cpu(), c),
            "decodex": lambda s=scores, c=conditions, sampler=here: sampler.sample_rows(s, c),
        }
        times = {name: ns / 1e3 / rows for name, ns in medians(calls, rounds, repeats).items()}
        report.add(f"draws of {rows} rows, per row", "µs", {"decodex": times["decodex"]}, floor=times["floor"])


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("device", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
