"""Everything the embedded model writes under fifty schemas parses and validates, greedy and sampled, batch 1 and 8."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from support.schemas import SCHEMAS

import decodex as dx

jsonschema = pytest.importorskip("jsonschema")
jsonschema_rs = pytest.importorskip("jsonschema_rs")
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

BUDGET = 220


@cache
def model() -> tuple[Any, Any, dx.Vocabulary]:
    from decodex.model import load_default

    torch.set_num_threads(1)
    net, tokenizer = load_default()
    return net, tokenizer, dx.Vocabulary.from_hf(tokenizer)


def validate(text: str, schema: Any) -> None:
    """Two judges; `time` is left to the second, as the first one's check of it wants no offset, against RFC 3339."""
    document = json.loads(text)
    formats = [name for name in jsonschema.FormatChecker.checkers if name != "time"]
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker(formats))
    errors = list(validator.iter_errors(document))
    assert not errors, (text, errors[0].message)
    assert jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(document), text


def generate(schema: Any, prompts: list[str], **how: Any) -> list[str]:
    from decodex.hf import ConstraintLogitsProcessor

    net, tokenizer, vocab = model()
    compiled = dx.compile(dx.json_schema(schema), vocab, max_tokens=BUDGET)
    tokenizer.padding_side = "left"
    inputs = tokenizer(prompts, return_tensors="pt", padding=True)
    output = net.generate(
        **inputs, max_new_tokens=BUDGET + 1, logits_processor=[ConstraintLogitsProcessor(compiled)], **how
    )
    new = output[:, inputs["input_ids"].shape[1] :]
    return [
        tokenizer.decode(row, skip_special_tokens=True, clean_up_tokenization_spaces=False) for row in new
    ]


def test_there_are_fifty_schemas() -> None:
    assert len(SCHEMAS) == 50


@pytest.mark.slow
@pytest.mark.parametrize("index", range(50))
def test_what_the_model_writes_is_valid(index: int) -> None:
    schema = SCHEMAS[index]
    torch.manual_seed(index)
    prompt = "Write a record as JSON: "
    for text in generate(schema, [prompt], do_sample=False):
        validate(text, schema)
    for text in generate(schema, [prompt], do_sample=True, top_k=0, temperature=1.2):
        validate(text, schema)
    prompts = [prompt, "JSON", "A person:", "Order 7: ", "x", "List:", "The city of", "Answer: "]
    for text in generate(schema, prompts, do_sample=True, top_k=0):
        validate(text, schema)
    if index % 5 == 0:
        for text in generate(schema, prompts, do_sample=False):
            validate(text, schema)
