"""Rows of a model say what the model says about each text alone, whatever they went through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the models run on torch")
transformers = pytest.importorskip("transformers", reason="the models are those of transformers")

from support.tiny_models import random_llama  # noqa: E402

from decodex.decoding.model_rows import ModelRows  # noqa: E402
from decodex.errors import DecodexError  # noqa: E402

SIZES = {"hidden_size": 32, "num_hidden_layers": 2}
TOLERANCE = 1e-4


def _seeded(make: Any) -> Any:
    state = torch.random.get_rng_state()
    torch.manual_seed(5)
    try:
        return make().eval()
    finally:
        torch.random.set_rng_state(state)


def _gpt2() -> Any:
    config = transformers.GPT2Config(vocab_size=50, n_embd=32, n_layer=2, n_head=2, n_positions=64)
    return _seeded(lambda: transformers.GPT2LMHeadModel(config))


def _sliding() -> Any:
    config = transformers.MistralConfig(
        vocab_size=50, **SIZES, intermediate_size=64, num_attention_heads=2, num_key_value_heads=2, sliding_window=4
    )
    return _seeded(lambda: transformers.MistralForCausalLM(config))


def _mamba() -> Any:  # its cache cannot be reordered in every version, and holds no keys
    config = transformers.MambaConfig(vocab_size=50, **SIZES, state_size=4)
    return _seeded(lambda: transformers.MambaForCausalLM(config))


MODELS = {"llama": random_llama, "gpt2": _gpt2, "sliding window": _sliding, "mamba": _mamba}


def _alone(model: Any, prompt: list[int], tokens: list[int]) -> Any:
    """What the model itself says about one whole text: no cache, no padding, no neighbours."""
    with torch.no_grad():
        return model(torch.tensor([prompt + tokens]), use_cache=False).logits[0, -1].float()


def _check(model: Any, rows: ModelRows, prompts: list[list[int]], texts: list[list[int]]) -> None:
    scores = rows.logits()
    assert scores.dtype == torch.float32 and rows.token_ids.tolist() == texts
    for row, (prompt, text) in enumerate(zip(prompts, texts, strict=True)):
        torch.testing.assert_close(scores[row], _alone(model, prompt, text), atol=TOLERANCE, rtol=TOLERANCE)


@pytest.mark.parametrize("name", MODELS)
def test_random_walks_agree_with_whole_texts(name: str) -> None:
    model = MODELS[name]()
    rng = np.random.default_rng(3)
    prompt = [7, 3, 9]
    rows = ModelRows(model, prompt, rows=3)
    texts: list[list[int]] = [[], [], []]
    for _ in range(12):
        _check(model, rows, [prompt] * len(texts), texts)
        tokens = rng.integers(4, 50, size=(len(texts), rng.integers(1, 4)))
        rows.append(tokens)
        texts = [text + new for text, new in zip(texts, tokens.tolist(), strict=True)]
        parents = rng.integers(0, len(texts), size=rng.integers(1, 6))  # also before the model has seen the tokens
        rows.reorder(parents)
        texts = [texts[parent] for parent in parents]
    _check(model, rows, [prompt] * len(texts), texts)


@pytest.mark.parametrize("name", sorted({*MODELS} - {"mamba"}))  # whose states take in the padding
def test_prompts_padded_on_the_left(name: str) -> None:
    model = MODELS[name]()
    prompts = [[9], [4, 5, 6, 7]]
    rows = ModelRows(model, [[0, 0, 0, 9], prompts[1]], attention_mask=[[0, 0, 0, 1], [1] * 4], rows=2)
    _check(model, rows, [prompts[0]] * 2 + [prompts[1]] * 2, [[]] * 4)
    rows.append([11, 12, 13, 14])
    rows.reorder([3, 0, 1])
    rows.append([[20, 21], [22, 23], [24, 25]])
    _check(model, rows, [prompts[1], prompts[0], prompts[0]], [[14, 20, 21], [11, 22, 23], [12, 24, 25]])


def test_encoder_and_decoder() -> None:
    config = transformers.T5Config(
        vocab_size=60, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=2, decoder_start_token_id=0
    )
    model = _seeded(lambda: transformers.T5ForConditionalGeneration(config))
    prompts = [[9, 8, 7], [6, 5]]
    rows = ModelRows(model, [prompts[0], [*prompts[1], 0]], attention_mask=[[1, 1, 1], [1, 1, 0]], rows=2)
    rows.append([21, 22, 23, 24])
    rows.logits()
    rows.reorder([2, 1, 3])
    rows.append([31, 32, 33])
    scores = rows.logits()
    for row, (prompt, text) in enumerate([(1, [23, 31]), (0, [22, 32]), (1, [24, 33])]):
        with torch.no_grad():
            whole = model(input_ids=torch.tensor([prompts[prompt]]), decoder_input_ids=torch.tensor([[0, *text]]))
        torch.testing.assert_close(scores[row], whole.logits[0, -1], atol=TOLERANCE, rtol=TOLERANCE)


def test_the_prompt_runs_once_and_tokens_wait_for_the_scores() -> None:
    rows = ModelRows(random_llama(), [[5, 6], [7, 8]], rows=8)
    assert (rows.passes, rows.rows_run, len(rows)) == (1, 2, 16)
    rows.append([9] * 16)
    rows.reorder([0, 8])
    rows.append([10, 11])
    assert rows.passes == 1
    rows.logits()
    assert (rows.passes, rows.rows_run) == (2, 4)


def test_scores_are_the_callers_own() -> None:
    rows = ModelRows(random_llama(), [5, 6])
    scores = rows.logits()
    scores.fill_(0)
    assert rows.logits().std() > 0


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda rows: rows.append([1, 2, 3]), "each of the 2 rows"),
        (lambda rows: rows.reorder([2]), "numbers of the 2 rows"),
        (lambda rows: rows.reorder([-1]), "numbers of the 2 rows"),
        (lambda rows: rows.reorder([]), "at least one"),
        (lambda rows: ModelRows(random_llama(), []), "at least one token"),
        (lambda rows: ModelRows(random_llama(), [1], attention_mask=[1, 1]), "attention mask"),
        (lambda rows: ModelRows(random_llama(), [1], rows=0), "at least 1"),
        (lambda rows: (rows.append([[5] * 600] * 2), rows.logits()), "context 512"),
    ],
)
def test_what_does_not_fit_is_named(act: Any, message: str) -> None:
    rows = ModelRows(random_llama(), [5, 6], rows=2)
    with pytest.raises(DecodexError, match=message):
        act(rows)
