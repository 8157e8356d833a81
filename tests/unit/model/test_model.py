"""The embedded model loads, is small, keeps every byte, continues a prompt; its training text is
deterministic."""

from __future__ import annotations

import importlib
import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import decodex.model as embedded
from decodex.errors import DecodexError

TOOLS = Path(__file__).parents[3] / "tools"
DATA = Path(embedded.__file__).parent / "data"
FILES = {
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
}
SIZE_LIMIT = 8_000_000


@pytest.fixture(scope="module")
def loaded() -> tuple[Any, Any]:
    pytest.importorskip("transformers", reason="the embedded model is loaded by transformers")
    pytest.importorskip("torch", reason="the embedded model runs on torch")
    return embedded.load_default()


@pytest.fixture(scope="module")
def corpus() -> Any:
    if not (TOOLS / "corpus").is_dir():
        pytest.skip("the text generator is in tools/, which this installation does not carry")
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module("corpus")
    finally:
        sys.path.remove(str(TOOLS))


def continuation(loaded: tuple[Any, Any], prompt: str, count: int) -> str:
    model, tokenizer = loaded
    ids = tokenizer(prompt, return_tensors="pt")
    out = model.generate(**ids, max_new_tokens=count, do_sample=False)
    return str(tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True))


def test_files_and_size() -> None:
    assert {f.name for f in DATA.iterdir()} == FILES
    assert sum(f.stat().st_size for f in DATA.iterdir()) <= SIZE_LIMIT


def test_model_is_ready_to_use(loaded: tuple[Any, Any]) -> None:
    import torch

    model, tokenizer = loaded
    assert not model.training
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert model.config.vocab_size == len(tokenizer)
    assert model.config.eos_token_id == model.generation_config.eos_token_id == tokenizer.eos_token_id
    assert tokenizer.pad_token_id not in (None, tokenizer.eos_token_id)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Hello, world!",
        '{"a": [1, 2.5e-3, null]}\n',
        "  two  spaces\t\r\n",
        "naïve café 東京 🙂 \u0000\u007f",
        "12345 , . 's",
    ],
)
def test_tokenizer_round_trip(loaded: tuple[Any, Any], text: str) -> None:
    tokenizer = loaded[1]
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_every_byte_is_a_token(loaded: tuple[Any, Any]) -> None:
    from tokenizers import pre_tokenizers

    vocabulary = loaded[1].get_vocab()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    assert len(alphabet) == 256
    assert set(alphabet) <= set(vocabulary)


def test_digits_stay_alone(loaded: tuple[Any, Any]) -> None:
    tokenizer = loaded[1]
    several = [t for t in tokenizer.get_vocab() if sum(c in "0123456789" for c in t) > 1]
    assert several == []
    assert len(tokenizer("2026")["input_ids"]) == 4


def test_special_tokens_and_chat_template(loaded: tuple[Any, Any]) -> None:
    tokenizer = loaded[1]
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True
    )
    assert text == "<|user|>\nHi\n<|assistant|>\n"
    ids = tokenizer(text)["input_ids"]
    assert ids.count(tokenizer.convert_tokens_to_ids("<|user|>")) == 1
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Bye"},
    ]
    assert tokenizer.apply_chat_template(turns, tokenize=False) == (
        "<|user|>\nHi\n<|assistant|>\nHello<|endoftext|>\n<|user|>\nBye\n"
    )


def test_json_prompt_continues(loaded: tuple[Any, Any]) -> None:
    text = continuation(loaded, "Write a JSON person record: ", 80)
    assert text.strip()
    assert "{" in text


def test_load_by_name_and_by_folder(loaded: tuple[Any, Any]) -> None:
    by_name = embedded.load(embedded.DEFAULT_MODEL)
    by_folder = embedded.load(DATA)
    prompt = '{"name": "'
    assert (
        continuation(by_name, prompt, 8)
        == continuation(by_folder, prompt, 8)
        == continuation(loaded, prompt, 8)
    )


def test_missing_folder_is_named(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="models are loaded by transformers")
    with pytest.raises(DecodexError, match="no such folder"):
        embedded.load(tmp_path / "nowhere")
    with pytest.raises(DecodexError, match="cannot load the model"):
        embedded.load(tmp_path)


def test_import_is_light() -> None:
    code = "import sys, decodex.model; print([m for m in ('torch', 'transformers') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_text_generator_is_deterministic(corpus: Any) -> None:
    first = list(itertools.islice(corpus.documents(3), 300))
    assert first == list(itertools.islice(corpus.documents(3), 300))
    assert first != list(itertools.islice(corpus.documents(4), 300))
    code = (
        "import corpus, itertools, json; print(json.dumps(list(itertools.islice(corpus.documents(3), 300))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TOOLS)
    assert json.loads(done.stdout) == [list(d) for d in first]


def test_documents_end_and_records_match_their_schema(corpus: Any) -> None:
    from random import Random

    jsonschema = pytest.importorskip("jsonschema", reason="the independent judge of the inferred schemas")
    records = importlib.import_module("corpus.records")
    for document in itertools.islice(corpus.documents(0), 300):
        assert document[-1] == corpus.END
    r = Random(0)
    for _ in range(200):
        value = json.loads(records.dumps(r, records.record(r)[1]))
        jsonschema.validate(value, records.schema_of(value))
