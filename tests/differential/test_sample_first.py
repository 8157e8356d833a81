"""Sample-first inside of transformers: the tokens of ``generate`` with a mask at every step, and of the same draws.

The constraints force no text, so ``jump_forward`` takes the steps that ``generate`` takes.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import pytest
from support.tiny_models import generated, random_llama, tokenizer

import decodex as dx
from decodex.decoding import SampleFirst

torch = pytest.importorskip("torch", reason="generate runs on torch")
transformers = pytest.importorskip("transformers", reason="generate is a method of transformers' models")
from decodex import hf  # noqa: E402  # needs torch
from decodex.hf import ConstraintLogitsProcessor, jump_forward  # noqa: E402

PATTERNS = (r"(?:[abc]{1,3} ){2,9}[0-9]+", r"(?s:.{5,60})", r"[^ab]*(?:yes|no)[a-m]*")


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model() -> Any:
    return random_llama(spread=0.3)


def written(model: Any, compiled: list[Any], method: Any, seed: int, **options: Any) -> Any:
    prompt = tokenizer()(["ab", "hello there", "c"][: len(compiled)], return_tensors="pt", padding=True)
    torch.manual_seed(seed)
    output = model.generate(
        **prompt,
        logits_processor=[ConstraintLogitsProcessor(compiled, max_tokens=40)],
        custom_generate=method,
        max_new_tokens=41,
        **options,
    )
    for one, text in zip(compiled, generated(output, prompt["input_ids"].shape[1]), strict=True):
        assert one is None or one.check(text)
    return output


@pytest.mark.parametrize("rows", [1, 3])
def test_greedy_search_writes_the_tokens_of_masking(model: Any, rows: int) -> None:
    vocab = hf.vocabulary(model, tokenizer())
    for pattern in PATTERNS:
        compiled = [dx.compile(dx.regex(pattern), vocab) if row != 1 else None for row in range(rows)]
        masked = written(model, compiled, None, 0, do_sample=False)
        for tries in (0, 1, 3):
            first = SampleFirst(vocab, tries=tries)
            method = functools.partial(jump_forward, sample_first=first)
            assert torch.equal(written(model, compiled, method, 0, do_sample=False), masked)
            assert first.counts.choices > 0
            assert first.counts.masks == first.counts.choices if tries == 0 else first.counts.mask_share < 1
        assert torch.equal(written(model, compiled, jump_forward, 0, do_sample=False), masked)


@pytest.mark.parametrize("rows", [1, 3])
def test_sampling_writes_the_tokens_of_masking_by_the_same_noise(model: Any, rows: int) -> None:
    vocab = hf.vocabulary(model, tokenizer())
    compiled = [dx.compile(dx.regex(PATTERNS[0]), vocab)] * rows
    texts = set()
    for seed in range(6):
        outputs = []
        for tries in (0, 1, 4):
            method = functools.partial(jump_forward, sample_first=SampleFirst(vocab, tries=tries))
            outputs.append(written(model, compiled, method, seed, do_sample=True, top_k=0, temperature=1.7))
        assert torch.equal(outputs[0], outputs[1]) and torch.equal(outputs[0], outputs[2])
        texts.add(str(outputs[0].tolist()))
    assert len(texts) > 1


def test_what_has_to_see_masked_scores_sees_them(model: Any) -> None:
    vocab = hf.vocabulary(model, tokenizer())
    compiled = [dx.compile(dx.regex(PATTERNS[0]), vocab)]
    for options in ({"top_k": 2}, {"top_k": 0, "top_p": 0.3}):
        first = SampleFirst(vocab)
        method = functools.partial(jump_forward, sample_first=first)
        output = written(model, compiled, method, 1, do_sample=True, **options)
        assert first.counts.choices == 0
        assert torch.equal(output, written(model, compiled, None, 1, do_sample=True, **options))


def test_a_processor_behind_the_constraint_sees_the_mask(model: Any) -> None:
    vocab = hf.vocabulary(model, tokenizer())
    compiled = dx.compile(dx.regex(r"[ab]{4}[0-9]?"), vocab)
    seen = []

    class Watcher(transformers.LogitsProcessor):  # type: ignore[misc, unused-ignore]
        def __call__(self, input_ids: Any, scores: Any) -> Any:
            seen.append(int(scores.isfinite().sum()))
            return scores

    prompt = tokenizer()("hello", return_tensors="pt")
    output = model.generate(
        **prompt,
        logits_processor=[ConstraintLogitsProcessor(compiled), Watcher()],
        custom_generate=jump_forward,
        max_new_tokens=20,
        do_sample=False,
    )
    assert seen and max(seen) < len(vocab)
    assert re.fullmatch(rb"[ab]{4}[0-9]?", generated(output, prompt["input_ids"].shape[1])[0])
