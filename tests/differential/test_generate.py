"""The logits processor in transformers' ``generate``, in each of its modes, against a processor of plain
Python.

The plain one tries every token: it appends the token's bytes to the text and asks ``regex`` whether that is
the beginning of a match. Scores must be equal bit for bit, and texts must satisfy ``re`` or ``jsonschema``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from support.tiny_models import END, generated, random_llama, token_bytes, tokenizer

import decodex as dx
from decodex.errors import BudgetError, ConstraintError, MaskError, VocabularyError

torch = pytest.importorskip("torch", reason="generate runs on torch")
transformers = pytest.importorskip("transformers", reason="generate is a method of transformers' models")
from support.reference_processor import Contrast, TryEveryToken  # noqa: E402  # needs torch

from decodex.hf import ConstraintLogitsProcessor, vocabulary  # noqa: E402  # needs torch

WORDS = ["yes", "yes, maybe", "no", "é", "true"]
CASES: dict[str, tuple[Callable[[], Any], str]] = {
    "choice": (lambda: dx.choice(WORDS), "yes(?:, maybe)?|no|é|true"),
    "repeat": (lambda: dx.repeat(dx.choice(["ab", "c", "é"]), 2, 6), "(?:ab|c|é){2,6}"),
    "list": (
        lambda: dx.repeat(dx.choice(["10", "12", "3"]), 1, 4, ", "),
        "(?:10|12|3)(?:, (?:10|12|3)){0,3}",
    ),
    "one text": (lambda: dx.choice(["abcabc10"]), "abcabc10"),
    "regex": (lambda: dx.regex(r"[a-c]{1,5}(?:-[0-9]{2}){1,3}"), r"[a-c]{1,5}(?:-[0-9]{2}){1,3}"),
}
MODES: dict[str, dict[str, Any]] = {
    "greedy": {},
    "sampling": {"do_sample": True, "num_return_sequences": 5},
    "warped": {"do_sample": True, "temperature": 0.7, "top_k": 3, "top_p": 0.9, "num_return_sequences": 3},
    "beams": {"num_beams": 4, "num_return_sequences": 2},
    "beams, all returned": {"num_beams": 3, "num_return_sequences": 3, "length_penalty": 0.0},
    "beams, early": {"num_beams": 2, "early_stopping": True, "repetition_penalty": 1.2},
    "prompt look-up": {"prompt_lookup_num_tokens": 3},
    "no cache": {"use_cache": False},
}
LONGEST = 24
PROMPTS = ["abcabc10, ab", "yes no", "1"]


class Force(transformers.LogitsProcessor):  # type: ignore[misc]
    """Another processor that insists on a token at one step."""

    def __init__(self, width: int, token: int) -> None:
        self.width, self.token = width, token

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        if input_ids.shape[1] != self.width:
            return scores
        out = torch.full_like(scores, -torch.inf)
        out[:, self.token] = 0
        return out


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model() -> Any:
    return random_llama(spread=0.3)


@pytest.fixture(scope="module")
def vocab(model: Any) -> Any:
    return vocabulary(model, tokenizer())


def inputs_of(*prompts: str) -> dict[str, Any]:
    encoded = tokenizer()(list(prompts), return_tensors="pt", padding=True)
    return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}


def run(model: Any, processors: Any, *prompts: str, seed: int = 0, **options: Any) -> list[bytes]:
    """The new texts of all rows."""
    inputs = inputs_of(*prompts)
    torch.manual_seed(seed)
    several = processors if isinstance(processors, list) else [processors]
    options = {"do_sample": False, "max_new_tokens": LONGEST, **options}
    output = model.generate(**inputs, logits_processor=several, **options)
    return generated(output, inputs["input_ids"].shape[1])


def satisfies(pattern: str, text: bytes) -> bool:
    return re.fullmatch(pattern, text.decode()) is not None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES)
def test_modes(model: Any, vocab: Any, case: str, mode: str) -> None:
    make, pattern = CASES[case]
    processor = ConstraintLogitsProcessor(dx.compile(make(), vocab))
    for seed, prompt in enumerate(PROMPTS):
        contrast = Contrast(processor, TryEveryToken([pattern], inputs_of(prompt)["input_ids"].shape[1]))
        texts = run(model, contrast, prompt, seed=seed, **MODES[mode])
        assert contrast.calls
        for text in texts:
            # A beam search that finds fewer texts than it has to return fills up with empty ones.
            assert satisfies(pattern, text) or (not text and len(texts) > 1 and "beams" in mode), (
                prompt,
                text,
            )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(4))
def test_beam_sampling_carries_lost_beams(model: Any, vocab: Any, case: str, seed: int) -> None:
    make, pattern = CASES[case]
    processor = ConstraintLogitsProcessor(dx.compile(make(), vocab))
    (text,) = run(model, processor, PROMPTS[0], seed=seed, do_sample=True, num_beams=4)
    assert satisfies(pattern, text)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("sample", [False, True])
def test_assisted(model: Any, vocab: Any, case: str, sample: bool) -> None:
    make, pattern = CASES[case]
    compiled = dx.compile(make(), vocab)
    for seed, assistant in enumerate((random_llama(7, spread=0.3), model)):
        length = inputs_of(PROMPTS[0])["input_ids"].shape[1]
        contrast = Contrast(ConstraintLogitsProcessor(compiled), TryEveryToken([pattern], length))
        options = {"assistant_model": assistant, "do_sample": sample}
        (text,) = run(model, contrast, PROMPTS[0], seed=seed, **options)
        assert satisfies(pattern, text)
        if not sample:
            assert [text] == run(model, ConstraintLogitsProcessor(compiled), PROMPTS[0])


@pytest.mark.parametrize("case", CASES)
def test_assisted_by_a_model_with_another_tokenizer(model: Any, vocab: Any, case: str) -> None:
    """The assistant shows the same processor ids of another kind: no effect on the text, or an error."""
    make, pattern = CASES[case]
    compiled = dx.compile(make(), vocab)
    assistant = random_llama(1, spread=0.3, width=len(tokenizer(merged=False)))
    options = {
        "assistant_model": assistant,
        "tokenizer": tokenizer(),
        "assistant_tokenizer": tokenizer(merged=False),
    }
    for prompt in PROMPTS:
        try:
            texts = run(model, ConstraintLogitsProcessor(compiled), prompt, **options)
        except ConstraintError:
            continue
        assert satisfies(pattern, texts[0])
        assert texts == run(model, ConstraintLogitsProcessor(compiled), prompt)


def test_two_generations_in_turns(model: Any, vocab: Any) -> None:
    compiled = dx.compile(CASES["list"][0](), vocab)
    want = [run(model, ConstraintLogitsProcessor(compiled), prompt)[0] for prompt in PROMPTS[:2]]
    processor = ConstraintLogitsProcessor(compiled)
    texts = [inputs_of(prompt)["input_ids"] for prompt in PROMPTS[:2]]
    lengths = [ids.shape[1] for ids in texts]
    for _ in range(LONGEST):
        for i, ids in enumerate(texts):
            with torch.no_grad():
                token = processor(ids, model(ids).logits[:, -1]).argmax(-1)
            texts[i] = torch.cat([ids, token[None]], dim=-1)
    assert [generated(ids, length)[0] for ids, length in zip(texts, lengths, strict=True)] == want


def test_drafts_made_without_the_processor(model: Any, vocab: Any) -> None:
    """A loop of its own: drafts of any tokens are verified as transformers does, on views of one tensor."""
    make, pattern = CASES["repeat"]
    compiled = dx.compile(make(), vocab)
    want = run(model, ConstraintLogitsProcessor(compiled), PROMPTS[0])
    processor = ConstraintLogitsProcessor(compiled)
    ids = inputs_of(PROMPTS[0])["input_ids"]
    length = ids.shape[1]
    generator = torch.Generator().manual_seed(5)
    while END not in ids[0, length:].tolist():
        draft = torch.cat([ids, torch.randint(0, vocab.vocab_size, (1, 4), generator=generator)], dim=-1)
        with torch.no_grad():
            logits = model(draft).logits[:, -5:]
        for i in range(5):
            shown = draft[:, : ids.shape[1] + i]
            token = processor(shown, logits[:, i]).argmax(-1)
            if i == 4 or token != draft[0, ids.shape[1] + i]:
                break
        for j in range(i + 1, 5):  # all of the draft is shown, whatever was accepted
            processor(draft[:, : ids.shape[1] + j], logits[:, j])
        ids = torch.cat([draft[:, : ids.shape[1] + i], token[None]], dim=-1)
    assert generated(ids, length) == want
    assert satisfies(pattern, want[0])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_beams": 3},
        {"do_sample": True, "num_return_sequences": 2},
        {"num_beams": 2, "num_return_sequences": 2},
    ],
    ids=str,
)
def test_left_padded_batch_with_a_constraint_per_prompt(
    model: Any, vocab: Any, options: dict[str, Any]
) -> None:
    names = ["choice", "repeat", "list"]
    compiled = [dx.compile(CASES[name][0](), vocab) for name in names]
    patterns = [CASES[name][1] for name in names]
    length = inputs_of(*PROMPTS)["input_ids"].shape[1]
    contrast = Contrast(ConstraintLogitsProcessor(compiled), TryEveryToken(patterns, length))
    texts = run(model, contrast, *PROMPTS, **options)
    for row, text in enumerate(texts):
        assert satisfies(patterns[row * 3 // len(texts)], text) or ("num_beams" in options and not text)
    if not options:
        for name, prompt, text in zip(names, PROMPTS, texts, strict=True):
            assert satisfies(CASES[name][1], text), prompt


def test_free_rows_are_left_alone(model: Any, vocab: Any) -> None:
    compiled = [None, dx.compile(dx.choice(WORDS), vocab), None]
    free = run(model, [], *PROMPTS)
    length = inputs_of(*PROMPTS)["input_ids"].shape[1]
    contrast = Contrast(
        ConstraintLogitsProcessor(compiled), TryEveryToken([None, CASES["choice"][1], None], length)
    )
    texts = run(model, contrast, *PROMPTS)
    assert [texts[0], texts[2]] == [free[0], free[2]]
    assert texts[1].decode() in WORDS


@pytest.mark.parametrize("options", [{}, {"num_beams": 3}], ids=str)
def test_one_processor_for_many_calls(model: Any, vocab: Any, options: dict[str, Any]) -> None:
    """Prompts that are equal, longer by a token or more, shorter, wholly other, batches of other sizes."""
    make, pattern = CASES["repeat"]
    compiled = dx.compile(make(), vocab)
    processor = ConstraintLogitsProcessor(compiled)
    calls: list[list[str]] = [
        ["ab"],
        ["ab"],
        ["abx"],
        ["abxyz"],
        ["a"],
        ["b"],
        ["ab", "b"],
        ["ab"],
        ["abz"],
        ["hello"],
    ]
    for prompts in calls:
        assert run(model, processor, *prompts, **options) == run(
            model, ConstraintLogitsProcessor(compiled), *prompts, **options
        ), prompts
    for prompts in calls:  # and after a reset, whatever was shown
        processor.reset()
        assert all(satisfies(pattern, text) for text in run(model, processor, *prompts, **options))


def test_a_text_that_was_cut_is_continued(model: Any, vocab: Any) -> None:
    compiled = dx.compile(dx.repeat(dx.choice(["ab", "c"]), 6, 6), vocab)
    whole = run(model, ConstraintLogitsProcessor(compiled), "1")
    processor = ConstraintLogitsProcessor(compiled)
    ids = inputs_of("1")["input_ids"]
    for count in (1, 2, 3, LONGEST):
        mask = torch.ones_like(ids)
        ids = model.generate(
            ids, attention_mask=mask, max_new_tokens=count, do_sample=False, logits_processor=[processor]
        )
    assert generated(ids, 1) == whole


def test_fixed_prompt_length(model: Any, vocab: Any) -> None:
    make, pattern = CASES["repeat"]
    compiled = dx.compile(make(), vocab)
    for prompt in ("ab", "abc", "1"):
        inputs = inputs_of(prompt)
        length = inputs["input_ids"].shape[1]
        processor = ConstraintLogitsProcessor(compiled, prompt_length=length)
        contrast = Contrast(processor, TryEveryToken([pattern], length))
        for options in ({}, {"num_beams": 2}, {"prompt_lookup_num_tokens": 2}):
            assert satisfies(pattern, run(model, contrast, prompt, **options)[0])
    # A text is taken up wherever it stands.
    ids = torch.tensor([tokenizer()("xx").input_ids + tokenizer()("ab").input_ids])
    width = tokenizer()("xx", return_tensors="pt").input_ids.shape[1]
    processor = ConstraintLogitsProcessor(compiled, prompt_length=width)
    scores = torch.zeros(1, vocab.vocab_size)
    assert torch.equal(processor(ids, scores), TryEveryToken([pattern], width)(ids, scores))
    with pytest.raises(ConstraintError, match="prompt_length is 2, but only 1"):
        processor(ids[:, :1], scores)


@pytest.mark.parametrize("mode", ["greedy", "sampling", "beams", "prompt look-up"])
@pytest.mark.parametrize("budget", [3, 4, 7])
def test_never_cut_off(model: Any, vocab: Any, mode: str, budget: int) -> None:
    constraint = dx.repeat(dx.choice(["ab", "c", "é"]), 2, None) + dx.optional(", maybe")
    pattern = "(?:ab|c|é){2,}(?:, maybe)?"
    processor = ConstraintLogitsProcessor(dx.compile(constraint, vocab), max_tokens=budget)
    for seed in range(3):
        options = {**MODES[mode], "max_new_tokens": budget}
        for text in run(model, processor, PROMPTS[seed], seed=seed, **options):
            assert satisfies(pattern, text) or (not text and mode == "beams")


def test_a_budget_that_is_too_small_is_refused_at_once(vocab: Any) -> None:
    compiled = dx.compile(dx.choice(["abcabc10"]), vocab)
    with pytest.raises(BudgetError):
        ConstraintLogitsProcessor(compiled, max_tokens=1)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision_models(vocab: Any, dtype: Any) -> None:
    make, pattern = CASES["repeat"]
    half = random_llama(spread=0.3, dtype=dtype)
    contrast = Contrast(ConstraintLogitsProcessor(dx.compile(make(), vocab)), TryEveryToken([pattern], 1))
    for options in ({}, {"do_sample": True}, {"num_beams": 2}):
        assert satisfies(pattern, run(half, contrast, "1", **options)[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64], ids=str)
def test_scores_of_any_type(vocab: Any, dtype: Any) -> None:
    make, pattern = CASES["list"]
    compiled = dx.compile(make(), vocab)
    for extra in (0, 1, 100):
        contrast = Contrast(ConstraintLogitsProcessor(compiled), TryEveryToken([pattern], 2))
        scores = torch.randn(2, vocab.vocab_size + extra, generator=torch.Generator().manual_seed(3)).to(
            dtype
        )
        contrast(torch.tensor([[5, 6], [5, 7]]), scores)


def test_unlimited_text_refuses_ids_without_text(vocab: Any) -> None:
    """Where every token with text is allowed, special ids and those beyond the vocabulary still are not."""
    processor = ConstraintLogitsProcessor(dx.compile(dx.text(), vocab))
    scores = processor(torch.tensor([[5, 6]]), torch.zeros(1, vocab.vocab_size + 40))
    refused = scores[0].isneginf()
    assert refused[vocab.vocab_size :].all()
    assert refused[[0, 1]].all()
    assert not refused[3 : 3 + 128].any()


def test_ids_beyond_a_vocabulary_in_which_all_is_allowed() -> None:
    small = dx.Vocabulary.from_tokens([b"a", b"b", None], eos_token_ids=[2])
    processor = ConstraintLogitsProcessor([dx.compile(dx.text(), small), None])
    ids = torch.tensor([[0, 1], [1, 0]])
    assert processor(ids, torch.zeros(2, 3)).isfinite().all()
    wider = processor(ids, torch.zeros(2, 70))
    assert wider.isfinite().nonzero().tolist() == [[0, 0], [0, 1], [0, 2], *([1, i] for i in range(70))]


def test_output_logits_stay_raw(model: Any, vocab: Any) -> None:
    processor = ConstraintLogitsProcessor(dx.compile(dx.choice(WORDS), vocab))
    output = model.generate(
        **inputs_of("1"),
        max_new_tokens=LONGEST,
        do_sample=False,
        logits_processor=[processor],
        return_dict_in_generate=True,
        output_logits=True,
        output_scores=True,
    )
    assert all(logits.isfinite().all() for logits in output.logits)
    assert all(scores.isneginf().any() for scores in output.scores)


def test_an_overruled_token_is_an_error(model: Any, vocab: Any) -> None:
    processor = ConstraintLogitsProcessor(dx.compile(dx.choice(["abcabc10"]), vocab))
    width = inputs_of(*PROMPTS)["input_ids"].shape[1]
    z = tokenizer()("z").input_ids[0]
    for options in ({}, {"num_beams": 2}, {"do_sample": True, "num_return_sequences": 2}):
        processor.reset()
        with pytest.raises(ConstraintError) as error:
            run(model, [processor, Force(width, z)], *PROMPTS, **options)
        assert f"row 0: token {z} (b'z') was generated at position 0" in str(error.value)
        assert "'a' is expected" in str(error.value)
        assert error.value.location == "row 0, token 0"
    with pytest.raises(ConstraintError, match=r"row 0: token 278 was generated at position 0.*adds no text"):
        run(model, [processor, Force(width, 278)], *PROMPTS)
    assert run(model, processor, *PROMPTS) == [b"abcabc10"] * 3  # the error has left nothing behind


def test_nothing_left_by_another_processor_is_an_error(model: Any, vocab: Any) -> None:
    processor = ConstraintLogitsProcessor(dx.compile(dx.choice(["abcabc10"]), vocab))
    with pytest.raises(ConstraintError, match=r"left none of the \d allowed"):
        run(
            model,
            processor,
            "1",
            suppress_tokens=[i for i, t in enumerate(token_bytes()) if t and t[:1] == b"a"],
        )


def test_a_forced_text_in_the_tokenizers_own_cut(model: Any, vocab: Any) -> None:
    text = "abcabc10 yes true 0.12 maybe abcabc"
    compiled = dx.compile(dx.choice([text]), vocab)
    canonical = vocab.encode(text)
    for tokenize, same in ((None, False), (vocab.encode, True)):
        processor = ConstraintLogitsProcessor(compiled, tokenize=tokenize)
        inputs = inputs_of("1")
        output = model.generate(**inputs, max_new_tokens=50, do_sample=False, logits_processor=[processor])
        ids = output[0, inputs["input_ids"].shape[1] :].tolist()
        assert generated(output, inputs["input_ids"].shape[1]) == [text.encode()]
        if same:
            assert ids[: len(canonical) - 3] == canonical[: len(canonical) - 3]


def test_refusals(model: Any, vocab: Any) -> None:
    compiled = dx.compile(dx.choice(WORDS), vocab)
    with pytest.raises(ConstraintError, match="3 rows cannot be shared out among 2 constraints"):
        run(model, ConstraintLogitsProcessor([compiled, None]), *PROMPTS)
    with pytest.raises(ConstraintError, match="make one with decodex"):
        ConstraintLogitsProcessor([dx.choice(WORDS)])  # type: ignore[list-item]
    for nothing in ([], [None, None]):
        with pytest.raises(ConstraintError, match="there is no constraint"):
            ConstraintLogitsProcessor(nothing)
    with pytest.raises(ConstraintError, match="prompt_length is a count"):
        ConstraintLogitsProcessor(compiled, prompt_length=-1)
    other = dx.Vocabulary.from_tokens([b"yes", b"no", None], eos_token_ids=[2])
    with pytest.raises(VocabularyError, match="different vocabularies"):
        ConstraintLogitsProcessor([compiled, dx.compile(dx.choice(["no"]), other)])
    processor = ConstraintLogitsProcessor(compiled)
    with pytest.raises(MaskError, match="continuous batching"):
        processor(torch.tensor([5, 6]), torch.zeros(2, vocab.vocab_size))
    with pytest.raises(MaskError, match="ids wide"):
        processor(torch.tensor([[5, 6]]), torch.zeros(1, 100))
    assert ConstraintLogitsProcessor.supports_continuous_batching is False


SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 5},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 2},
    },
    "required": ["name", "age", "tags"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "options", [{}, {"do_sample": True, "num_return_sequences": 4}, {"num_beams": 2}], ids=str
)
def test_json_schema(model: Any, vocab: Any, options: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is the judge of JSON texts")
    compiled = dx.compile(dx.json_schema(SCHEMA), vocab)
    processor = ConstraintLogitsProcessor(compiled, max_tokens=80)
    for text in run(model, processor, PROMPTS[0], max_new_tokens=80, **options):
        jsonschema.validate(json.loads(text), SCHEMA)
