"""Generation that skips forced text, against the same generation with a step for each token.

Greedy search must write the same tokens, in fewer passes through the model. Sampled texts are judged by ``re``, and
how often each is written by the model's own probabilities.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from support.tiny_models import END, EXTRA_IDS, generated, random_llama, tokenizer

import decodex as dx
from decodex.errors import ConstraintError, DecodexError

torch = pytest.importorskip("torch", reason="generate runs on torch")
transformers = pytest.importorskip("transformers", reason="generate is a method of transformers' models")
from decodex.hf import ConstraintLogitsProcessor, generate, jump_forward, stream, vocabulary  # noqa: E402

FIXED = "abcabc10 yes true 0.12 maybe abcabc"
PATTERN = f"[ab]{{2}}{re.escape(FIXED)}[0-9]{{3}}: true yes maybe[ab]{{1,3}}"
WIDTH = 3 + 256 + 17 + EXTRA_IDS
IDS = {"vocab_size": WIDTH, "eos_token_id": END, "pad_token_id": 0, "bos_token_id": 1}
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}


def made(name: str, config: str, **options: Any) -> Any:
    torch.manual_seed(0)
    return getattr(transformers, name)(getattr(transformers, config)(**options, **IDS)).eval()


MODELS: dict[str, Callable[[], Any]] = {
    "llama": lambda: random_llama(spread=0.3),
    "positions": lambda: made("GPT2LMHeadModel", "GPT2Config", n_embd=32, n_layer=2, n_head=2, n_positions=256),
    "window": lambda: made("MistralForCausalLM", "MistralConfig", sliding_window=4, **SMALL),
    "own decoder": lambda: made(
        "T5ForConditionalGeneration",
        "T5Config",
        d_model=32,
        d_kv=16,
        d_ff=32,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
    ),
}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model() -> Any:
    return MODELS["llama"]()


@pytest.fixture(scope="module")
def vocab(model: Any) -> dx.Vocabulary:
    return vocabulary(model, tokenizer())


def inputs_of(*prompts: str) -> dict[str, Any]:
    encoded = tokenizer()(list(prompts), return_tensors="pt", padding=True)
    return {name: encoded[name] for name in ("input_ids", "attention_mask")}


def run(model: Any, compiled: Any, *prompts: str, jump: bool, **options: Any) -> tuple[Any, int]:
    """The output, and how often the model was asked."""
    passes = []
    handle = model.register_forward_pre_hook(lambda *_: passes.append(1))
    one = next(c for c in (compiled if isinstance(compiled, list) else [compiled]) if c is not None)
    processor = ConstraintLogitsProcessor(compiled, tokenize=one.vocab.encode)
    others = options.pop("others", [])
    options = {"max_new_tokens": 100, "do_sample": False} | options
    try:
        output = model.generate(
            **inputs_of(*prompts),
            logits_processor=[processor, *others],
            custom_generate=jump_forward if jump else None,
            **options,
        )
    finally:
        handle.remove()
    return output, len(passes)


def assert_same(model: Any, compiled: Any, *prompts: str, **options: Any) -> tuple[Any, int, int]:
    plain, steps = run(model, compiled, *prompts, jump=False, **options)
    jumped, passes = run(model, compiled, *prompts, jump=True, **options)
    assert jumped.tolist() == plain.tolist()
    return jumped, steps, passes


@pytest.mark.parametrize("prompts", [("hello",), ("hello there", "yes")], ids=["one", "padded batch"])
@pytest.mark.parametrize("name", MODELS)
def test_the_same_tokens_in_fewer_passes(name: str, prompts: tuple[str, ...]) -> None:
    model = MODELS[name]()
    compiled = dx.compile(dx.regex(PATTERN), vocabulary(model, tokenizer()))
    output, steps, passes = assert_same(model, compiled, *prompts)
    assert passes < steps / 2
    begin = 1 if name == "own decoder" else inputs_of(*prompts)["input_ids"].shape[1]
    for text in generated(output, begin):
        assert re.fullmatch(PATTERN, text.decode())


@pytest.mark.parametrize(
    "options",
    [
        {"use_cache": False},
        {"cache_implementation": "static"},
        {"repetition_penalty": 1.3},
        {"prefill_chunk_size": 4},
        {"num_return_sequences": 2, "do_sample": True, "top_k": 1},
        *({"max_new_tokens": count} for count in (1, 2, 7, 20)),
    ],
    ids=str,
)
def test_options(model: Any, vocab: dx.Vocabulary, options: dict[str, Any]) -> None:
    compiled = dx.compile(dx.regex(PATTERN), vocab)
    assert_same(model, compiled, "hello there", "yes", **options)


def test_rows_that_end_at_different_times_and_free_rows(model: Any, vocab: dx.Vocabulary) -> None:
    several = [dx.compile(text, vocab) for text in (FIXED, FIXED[:9], f"{FIXED} {FIXED}")]
    _, steps, passes = assert_same(model, several, "hello there", "yes", "1")
    assert passes < steps / 3
    several[1] = None  # type: ignore[call-overload]
    _, steps, passes = assert_same(model, several, "hello there", "yes", "1", max_new_tokens=30)
    assert passes == steps


def test_a_text_that_is_forced_to_its_end_asks_nothing(model: Any, vocab: dx.Vocabulary) -> None:
    output, steps, passes = assert_same(model, dx.compile(FIXED, vocab), "hello")
    assert (passes, output[0, -1]) == (0, END)
    assert steps > 10


def test_stop_strings_and_criteria_see_every_token(model: Any, vocab: dx.Vocabulary) -> None:
    compiled = dx.compile(dx.regex(PATTERN), vocab)
    stop = transformers.StopStringCriteria(tokenizer(), ["true"])
    output, _, _ = assert_same(model, compiled, "hello", stopping_criteria=[stop])
    assert generated(output, 5)[0].endswith(b"yes true")
    lengths: list[int] = []

    def watch(input_ids: Any, scores: Any, **_: Any) -> Any:
        lengths.append(input_ids.shape[1])
        return torch.zeros(len(input_ids), dtype=torch.bool)

    output, _ = run(model, compiled, "hello", jump=True, stopping_criteria=[watch])
    assert lengths == list(range(6, output.shape[1] + 1))


def test_streamers_see_every_token_in_turn(model: Any, vocab: dx.Vocabulary) -> None:
    class Seen(transformers.generation.streamers.BaseStreamer):  # type: ignore[misc]
        def __init__(self) -> None:
            self.tokens: list[int] = []
            self.ended = 0

        def put(self, value: Any) -> None:
            self.tokens += value.flatten().tolist()

        def end(self) -> None:
            self.ended += 1

    seen = Seen()
    processor = ConstraintLogitsProcessor(dx.compile(dx.regex(PATTERN), vocab))
    jumping = functools.partial(jump_forward, streamer=seen)
    options = {"logits_processor": [processor], "max_new_tokens": 100, "streamer": seen}
    output = model.generate(**inputs_of("hello"), **options, custom_generate=jumping)
    assert seen.tokens == output[0].tolist()
    assert seen.ended == 1


def test_sampled_texts_are_written_as_often_as_the_model_wants(model: Any, vocab: dx.Vocabulary) -> None:
    """Chi-squared over 4 texts with 3 degrees of freedom: a false alarm once in 10,000 seeds."""
    compiled = dx.compile(dx.regex("[ab]") + FIXED + dx.regex("[01]"), vocab)
    inputs = inputs_of("hello")["input_ids"]
    probabilities = {}
    with torch.inference_mode():
        for first in "ab":
            middle = [*vocab.encode(first), *vocab.encode(FIXED)]  # type: ignore[misc]
            ids = torch.cat([inputs, torch.tensor([middle])], dim=1)
            logits = model(ids).logits[0]
            at_first = logits[4][vocab.encode("a") + vocab.encode("b")].softmax(0)  # type: ignore[misc]
            at_last = logits[-1][vocab.encode("0") + vocab.encode("1")].softmax(0)  # type: ignore[misc]
            for number, last in enumerate("01"):
                probabilities[first + FIXED + last] = float(at_first["ab".index(first)] * at_last[number])
    torch.manual_seed(1)
    draws = 2000
    output, _ = run(model, compiled, "hello", jump=True, do_sample=True, top_k=0, num_return_sequences=draws)
    counts = Counter(text.decode() for text in generated(output, inputs.shape[1]))
    assert set(counts) <= set(probabilities)
    squares = sum((counts[t] - draws * p) ** 2 / (draws * p) for t, p in probabilities.items())
    assert math.isclose(sum(probabilities.values()), 1, rel_tol=1e-5)
    assert squares < 21.1


def test_what_cannot_jump_takes_every_step(model: Any, vocab: dx.Vocabulary) -> None:
    compiled = dx.compile(FIXED, vocab)
    inputs = inputs_of("hello")
    processor = ConstraintLogitsProcessor(compiled, tokenize=vocab.encode)
    detailed = {"return_dict_in_generate": True, "output_scores": True, "max_new_tokens": 50}
    output = model.generate(**inputs, logits_processor=[processor], custom_generate=jump_forward, **detailed)
    assert len(output.scores) == output.sequences.shape[1] - inputs["input_ids"].shape[1]
    plain = model.generate(**inputs, max_new_tokens=6, do_sample=False)
    assert model.generate(**inputs, custom_generate=jump_forward, max_new_tokens=6).tolist() == plain.tolist()
    stateful = made("MambaForCausalLM", "MambaConfig", hidden_size=32, num_hidden_layers=1, state_size=4)
    _, steps, passes = assert_same(stateful, dx.compile(FIXED, vocabulary(stateful, tokenizer())), "hello")
    assert passes == steps


def test_refusals(model: Any, vocab: dx.Vocabulary) -> None:
    compiled = dx.compile(dx.regex(PATTERN), vocab)
    for options in ({"num_beams": 2}, {"prompt_lookup_num_tokens": 2}):
        with pytest.raises(DecodexError, match="leave out custom_generate"):
            run(model, compiled, "hello", jump=True, **options)

    def insist(input_ids: Any, scores: Any) -> Any:
        return torch.full_like(scores, -torch.inf).index_fill_(1, torch.tensor([END]), 0)

    with pytest.raises(ConstraintError, match="position 0"):
        run(model, compiled, "hello", jump=True, others=[insist])


def test_generate_and_stream_jump(model: Any) -> None:
    passes: list[int] = []
    handle = model.register_forward_pre_hook(lambda *_: passes.append(1))
    try:
        constraint = dx.json_schema({"const": {"document_type": "quarterly", "total": "12"}}, whitespace="compact")
        text = generate(model, tokenizer(), "hello", constraint)
        assert json.loads(text) == {"document_type": "quarterly", "total": "12"}
        jumped = len(passes)
        assert generate(model, tokenizer(), "hello", constraint, custom_generate=None) == text
        assert jumped < (len(passes) - jumped) / 4
        assert "".join(stream(model, tokenizer(), "hello", constraint)) == text
        assert generate(model, tokenizer(), "hello", constraint, num_beams=2) == text
    finally:
        handle.remove()
