"""Text from a model in one call: whole, in pieces, from chat messages, within the budget; what is refused."""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import threading
import weakref
from typing import Any

import pytest
from support import tiny_models

import decodex as dx
from decodex.errors import BudgetError, DecodexError

torch = pytest.importorskip("torch", reason="generate runs on torch")
pytest.importorskip("transformers", reason="generate is a method of transformers' models")
from decodex import hf  # noqa: E402  # needs torch

PATTERN = "(?:ab|c|é){2,6}(?:, (?:ab|c|é){2,6})*"


def constraint() -> Any:
    some = dx.repeat(dx.choice(["ab", "c", "é"]), 2, 6)
    return dx.repeat(some, 1, None, ", ")


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def loaded() -> tuple[Any, Any]:
    return tiny_models.random_llama(spread=0.3), tiny_models.tokenizer()


@pytest.fixture(scope="module")
def embedded() -> tuple[Any, Any]:
    from decodex.model import load_default

    try:
        return load_default()
    except DecodexError as error:
        pytest.skip(f"the embedded model is not here: {error}")


@pytest.mark.parametrize(
    "options", [{}, {"do_sample": True}, {"num_beams": 3}, {"prompt_lookup_num_tokens": 2}], ids=str
)
def test_generate(loaded: tuple[Any, Any], options: dict[str, Any]) -> None:
    for seed, budget in enumerate((2, 3, 9, 30)):
        torch.manual_seed(seed)
        text = hf.generate(*loaded, "hello", constraint(), max_new_tokens=budget, **options)
        assert re.fullmatch(PATTERN, text), text


def test_messages_go_through_the_chat_template(loaded: tuple[Any, Any]) -> None:
    messages = [{"role": "user", "content": "yes?"}]
    text = hf.generate(*loaded, messages, constraint())
    assert text == hf.generate(*loaded, "<user> yes?\n<assistant> ", constraint())


def test_compiled_constraints_and_texts_are_taken(loaded: tuple[Any, Any]) -> None:
    compiled = dx.compile(constraint(), hf.vocabulary(*loaded))
    assert hf.generate(*loaded, "hello", compiled) == hf.generate(*loaded, "hello", constraint())
    assert hf.generate(*loaded, "hello", "exactly so") == "exactly so"


@pytest.mark.parametrize("options", [{}, {"do_sample": True}, {"prompt_lookup_num_tokens": 2}], ids=str)
def test_stream_is_generate_in_pieces(loaded: tuple[Any, Any], options: dict[str, Any]) -> None:
    for seed in range(3):
        torch.manual_seed(seed)
        whole = hf.generate(*loaded, "hello", constraint(), max_new_tokens=20, **options)
        torch.manual_seed(seed)
        pieces = list(hf.stream(*loaded, "hello", constraint(), max_new_tokens=20, **options))
        assert "".join(pieces) == whole
        assert all(pieces)
        assert len(pieces) > 1


def test_pieces_hold_whole_characters(loaded: tuple[Any, Any]) -> None:
    text = "ñ€𝄞é"  # spelled byte by byte, but for the last
    assert list(hf.stream(*loaded, "hello", text)) == list(text)


def test_a_closed_stream_ends_its_thread(loaded: tuple[Any, Any]) -> None:
    pieces = hf.stream(*loaded, "hello", dx.choice(["abc" * 80]), max_new_tokens=250)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "decodex-stream"]


def test_errors_of_the_thread_arrive(loaded: tuple[Any, Any]) -> None:
    with pytest.raises(ValueError, match=r"(?i)beam"):
        list(hf.stream(*loaded, "hello", constraint(), num_beams=2))


def test_refusals(loaded: tuple[Any, Any]) -> None:
    with pytest.raises(BudgetError):
        hf.generate(*loaded, "hello", "far too long", max_new_tokens=3)
    with pytest.raises(BudgetError):
        hf.stream(*loaded, "hello", "far too long", max_new_tokens=3)
    with pytest.raises(DecodexError, match="num_return_sequences"):
        hf.generate(*loaded, "hello", constraint(), do_sample=True, num_return_sequences=2)
    for name in ("max_length", "min_length", "min_new_tokens"):
        with pytest.raises(DecodexError, match=name):
            hf.generate(*loaded, "hello", constraint(), **{name: 5})
    with pytest.raises(DecodexError, match="no tokens"):
        hf.generate(*loaded, "", constraint())


def test_vocabularies_live_as_long_as_their_tokenizers(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    assert hf.vocabulary(model, tokenizer) is hf.vocabulary(model, tokenizer)
    assert hf.vocabulary(model, tokenizer).vocab_size == model.config.vocab_size
    assert hf.vocabulary(model, tokenizer, [1, 2]).eos_token_ids == (1, 2)
    fresh = tiny_models.tokenizer.__wrapped__(False)
    known = weakref.ref(fresh)
    hf.vocabulary(model, fresh)
    del fresh
    gc.collect()
    assert known() is None


def test_users_processors_come_first(loaded: tuple[Any, Any]) -> None:
    seen: list[bool] = []

    def spy(input_ids: Any, scores: Any) -> Any:
        seen.append(bool(scores.isfinite().all()))
        return scores

    hf.generate(*loaded, "hello", constraint(), logits_processor=[spy])
    assert seen
    assert all(seen)


def test_without_torch_the_message_says_what_to_install() -> None:
    program = "import sys; sys.modules['torch'] = None\nimport decodex.hf"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "pip install 'decodex[hf]'" in done.stderr


def test_embedded_model(embedded: tuple[Any, Any]) -> None:
    for seed, budget in enumerate((3, 10, 40)):
        torch.manual_seed(seed)
        text = hf.generate(
            *embedded, "The colours are: ", constraint(), max_new_tokens=budget, do_sample=True
        )
        assert re.fullmatch(PATTERN, text), text
    messages = [{"role": "user", "content": "yes?"}]
    if embedded[1].chat_template:
        assert hf.generate(*embedded, messages, dx.choice(["yes", "no"])) in ("yes", "no")


def test_embedded_model_writes_json(embedded: tuple[Any, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is the judge of JSON texts")
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "minLength": 1}, "age": {"type": "integer", "minimum": 0}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    for options in ({}, {"do_sample": True}, {"num_beams": 2}):
        text = hf.generate(*embedded, "A person: ", dx.json_schema(schema), max_new_tokens=60, **options)
        jsonschema.validate(json.loads(text), schema)
