"""Ramps of the end tokens against transformers' own, by hand, and beside masks and budgets."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from support import tiny_models

import decodex as dx
from decodex.errors import DecodexError

torch = pytest.importorskip("torch", reason="scores are torch tensors")
transformers = pytest.importorskip("transformers", reason="the processors are those of transformers")
from decodex import hf  # noqa: E402  # needs torch
from decodex.hf import ConstraintLogitsProcessor, EndRampLogitsProcessor  # noqa: E402

SIZE = 7


pytestmark = pytest.mark.usefixtures("one_thread")


def scores_of(seed: int, rows: int = 3) -> Any:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(rows, SIZE, generator=generator).mul(5)
    scores[torch.rand(scores.shape, generator=generator) < 0.2] = -torch.inf
    return scores


@pytest.mark.parametrize("factor", [1.0, 1.01, 1.5])
def test_exponential_is_the_decay_of_transformers(factor: float) -> None:
    for seed in range(30):
        prompt, start, width = seed % 3, seed % 5, seed % 13
        width = max(width, prompt)
        ids, scores = torch.zeros((3, width), dtype=torch.long), scores_of(seed)
        theirs = transformers.ExponentialDecayLengthPenalty((start, factor), [1, 4], prompt)(ids, scores)
        mine = EndRampLogitsProcessor([1, 4], start=start, factor=factor, prompt_length=prompt)(ids, scores)
        theirs.masked_fill_(theirs.isnan(), -torch.inf)  # what some versions make of a refused token
        assert torch.equal(mine, theirs)


def test_linear_by_hand() -> None:
    ramp = EndRampLogitsProcessor(2, start=3, slope=0.5, prompt_length=1)
    rises = []
    for width in range(1, 8):
        scores = torch.zeros((2, SIZE))
        out = ramp(torch.zeros((2, width), dtype=torch.long), scores)
        assert scores.eq(0).all() and out[:, [0, 1, 3, 4, 5, 6]].eq(0).all()
        rises.append(out[0, 2].item())
    assert rises == [0, 0, 0, 0, 0.5, 1.0, 1.5]


@pytest.mark.parametrize("how", [{"slope": 1e30}, {"factor": 10.0}], ids=str)
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32], ids=str)
def test_a_steep_ramp_raises_no_nan_and_no_refused_end(how: dict[str, float], dtype: Any) -> None:
    ramp = EndRampLogitsProcessor([1, 2, 3], start=0, prompt_length=0, **how)
    scores = torch.tensor([[5.0, 0.0, -torch.inf, 3.0]]).to(dtype)
    out = ramp(torch.zeros((1, 400), dtype=torch.long), scores)
    assert out[0, 2] == -torch.inf and not out.isnan().any()
    assert out[0, 3] > 5 or "slope" in how


CONSTRAINT = r"(?:[abc]{2} ){2,40}\."


@pytest.mark.parametrize("do_sample", [False, True])
@pytest.mark.parametrize("mask_last", [True, False])
def test_texts_are_shorter_and_never_cut_off(do_sample: bool, mask_last: bool) -> None:
    model, tokenizer = tiny_models.random_llama(spread=0.3), tiny_models.tokenizer()
    ending = dx.regex(CONSTRAINT[:-2] + r"(?:\.|)")  # where the text may end, it may also go on
    compiled = dx.compile(ending, hf.vocabulary(model, tokenizer))
    prompt = tokenizer(["abc", "hello"], return_tensors="pt", padding=True)
    lengths = {}
    for slope in (0.0, 5.0):
        ramp = EndRampLogitsProcessor(tiny_models.END, start=12, slope=slope)
        processors = [ramp, ConstraintLogitsProcessor(compiled, max_tokens=60)]
        torch.manual_seed(0)
        output = model.generate(
            **prompt,
            logits_processor=processors if mask_last else processors[::-1],
            max_new_tokens=61,
            do_sample=do_sample,
            top_k=0,
        )
        texts = [text.decode() for text in tiny_models.generated(output, prompt["input_ids"].shape[1])]
        assert all(re.fullmatch(CONSTRAINT[:-2] + r"\.?", text) for text in texts)
        lengths[slope] = sum(map(len, texts))
    assert lengths[5.0] < lengths[0.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slope": None}, "give one of the two"),
        ({"slope": 1.0, "factor": 1.1}, "give one of the two"),
        ({"slope": -1.0}, "slope is a finite number that is at least 0, not -1.0"),
        ({"factor": 0.9}, "factor is a finite number that is at least 1"),
        ({"factor": math.nan}, "factor is a finite number"),
        ({"slope": 1.0, "start": -1}, "start is a count of tokens, 0 or more, not -1"),
        ({"slope": 1.0, "eos_token_id": []}, "eos_token_id names no token"),
        ({"slope": 1.0, "eos_token_id": [True]}, "eos_token_id has True"),
    ],
    ids=str,
)
def test_refused_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DecodexError, match=re.escape(message)):
        EndRampLogitsProcessor(**{"eos_token_id": 1, "start": 2, **options})


def test_refused_end_tokens() -> None:
    ramp = EndRampLogitsProcessor([1, SIZE], start=0, factor=1.1, prompt_length=0)
    with pytest.raises(DecodexError, match="the end token 7 is outside of the 7 scores"):
        ramp(torch.zeros((3, 2), dtype=torch.long), scores_of(0))
