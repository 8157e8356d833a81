"""Every loop of the project with the model on a CUDA device: what it writes obeys, as judges outside of it say."""

from __future__ import annotations

import functools
import itertools
import json
import re
from typing import Any

import numpy as np
import pytest

import decodex as dx

torch = pytest.importorskip("torch", reason="the model runs on torch")
pytest.importorskip("transformers", reason="the loops are those of transformers' models")
jsonschema = pytest.importorskip("jsonschema", reason="a judge outside of the project")
if not torch.cuda.is_available():
    pytest.skip("there is no CUDA device", allow_module_level=True)

from decodex import beam, hf, sampling  # noqa: E402  # need torch
from decodex.model import load_default  # noqa: E402

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 20},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": True},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}
PROMPTS = ["Write a record as JSON: ", "JSON", "A person:", "Order 7: "]
PLACES = ("market", "station", "school", "garden")
PATTERN = rf"(?:{'|'.join(PLACES)})(?: with (?:Tom|Anna))?\."


@pytest.fixture(scope="module")
def loaded() -> tuple[Any, Any]:
    model, tokenizer = load_default()
    return model.to("cuda"), tokenizer


def check(text: str) -> None:
    jsonschema.validate(json.loads(text), SCHEMA)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("how", [{}, {"do_sample": True, "top_k": 0}, {"num_beams": 3}], ids=str)
def test_generate_of_transformers(loaded: tuple[Any, Any], how: dict[str, Any], dtype: Any) -> None:
    model, tokenizer = loaded
    model = model if dtype is torch.float32 else load_default()[0].to("cuda", dtype)
    tokenizer.padding_side = "left"
    inputs = tokenizer(PROMPTS, return_tensors="pt", padding=True).to("cuda")
    compiled = dx.compile(dx.json_schema(SCHEMA), hf.vocabulary(model, tokenizer))
    torch.manual_seed(0)
    output = model.generate(
        **inputs, max_new_tokens=80, logits_processor=[hf.ConstraintLogitsProcessor(compiled)], **how
    )
    for row in output[:, inputs["input_ids"].shape[1] :]:
        check(tokenizer.decode(row, skip_special_tokens=True, clean_up_tokenization_spaces=False))


@pytest.mark.parametrize("how", [{}, {"do_sample": True, "top_k": 0}, {"custom_generate": None}], ids=str)
def test_one_call(loaded: tuple[Any, Any], how: dict[str, Any]) -> None:
    torch.manual_seed(1)
    check(hf.generate(*loaded, PROMPTS[0], dx.json_schema(SCHEMA), max_new_tokens=80, **how))
    check("".join(hf.stream(*loaded, PROMPTS[0], dx.json_schema(SCHEMA), max_new_tokens=80, **how)))


def test_sample_first_writes_what_masking_writes(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    first = dx.SampleFirst(hf.vocabulary(model, tokenizer))
    lazy = functools.partial(hf.jump_forward, sample_first=first)
    written = [
        hf.generate(model, tokenizer, PROMPTS[0], dx.json_schema(SCHEMA), max_new_tokens=80, custom_generate=method)
        for method in (lazy, None)
    ]
    assert written[0] == written[1]
    assert 0 < first.counts.masks < first.counts.choices


@pytest.mark.parametrize(
    ("condition", "method"),
    [*itertools.product(["automaton", "predicate"], ["smc", "importance"]), ("automaton", "mask")],
)
def test_particles(loaded: tuple[Any, Any], condition: str, method: str) -> None:
    prefix = dx.predicate(
        lambda text: any(f"{place}.".startswith(text) for place in PLACES),
        lambda text: text in {f"{place}." for place in PLACES},
    )
    constraint = dx.regex(PATTERN) if condition == "automaton" else prefix
    run = sampling.generate(
        *loaded, "Mary went to the ", constraint, method=method, particles=16, max_new_tokens=12, seed=3
    )
    alive = np.isfinite(run.log_weights)
    assert alive.any()
    for text in np.array(run.texts)[alive]:
        assert re.fullmatch(PATTERN, text), text


def test_particles_weigh_as_on_the_cpu(loaded: tuple[Any, Any]) -> None:
    """The normaliser estimated on the device, against that of the CPU; 4 standard errors."""
    estimates = []
    for model, seeds in ((loaded[0], range(30)), (load_default()[0], range(100, 130))):
        runs = [
            sampling.generate(
                model, loaded[1], "Mary went to the ", dx.regex(PATTERN), particles=32, max_new_tokens=12, seed=seed
            )
            for seed in seeds
        ]
        estimates.append(np.exp([run.log_normaliser for run in runs]))
    (here, there), count = estimates, len(estimates[0])
    error = np.sqrt(here.var(ddof=1) / count + there.var(ddof=1) / count)
    assert abs(here.mean() - there.mean()) < 4 * error


def test_rejection_in_the_loop_of_transformers(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    inputs = tokenizer(["Mary went to the "] * 4, return_tensors="pt").to("cuda")
    vocab = hf.vocabulary(model, tokenizer)
    sampler = sampling.AdaptiveRejectionSampler(dx.compile(dx.regex(PATTERN), vocab, max_tokens=12), seed=5)
    output = model.generate(**inputs, max_new_tokens=13, do_sample=True, top_k=0, logits_processor=[sampler])
    for row in output[:, inputs["input_ids"].shape[1] :]:
        text = tokenizer.decode(row, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert re.fullmatch(PATTERN, text), text


def test_beams(loaded: tuple[Any, Any]) -> None:
    words = ["market", "friend"]
    found = beam.lexical_beam_search(
        *loaded, ["Mary went to the ", "Tom "], [dx.contains(word) for word in words], num_beams=6, max_new_tokens=24
    )
    for texts in found:
        assert all(word in texts[0].text for word in words)
