"""Penalties against transformers' own, a plain loop over the tokens, and a language that runs in circles."""

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
from decodex.hf import ConstraintLogitsProcessor, PenaltyLogitsProcessor, structural_tokens  # noqa: E402

SIZE = 11


pytestmark = pytest.mark.usefixtures("one_thread")


def shown(seed: int, rows: int, width: int, dtype: Any = torch.float32) -> tuple[Any, Any]:
    """Tokens, some of them beyond the scores, and scores of both signs, with zeros and minus infinities."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(SIZE + 2, (rows, width), generator=generator)
    scores = torch.randn(rows, SIZE, generator=generator).mul(4)
    scores[torch.rand(scores.shape, generator=generator) < 0.1] = -torch.inf
    scores[torch.rand(scores.shape, generator=generator) < 0.1] = 0.0
    return ids, scores.to(dtype)


def same_bits(one: Any, other: Any) -> bool:
    return bool(one.dtype == other.dtype and torch.equal(one, other) and torch.equal(one.signbit(), other.signbit()))


def by_hand(row: list[int], scores: list[float], penalty: float, decay: float, exempt: set[int]) -> list[float]:
    """The scores after the tokens in memory, token by token."""
    out = list(scores)
    for token in set(row) - exempt:
        if token < len(scores):
            age = row[::-1].index(token)
            factor = penalty ** (decay**age)
            out[token] = scores[token] / factor if scores[token] >= 0 else scores[token] * factor
    return out


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("penalty", [1.3, 2.0, 0.7])
def test_a_window_as_long_as_the_text_is_the_penalty_of_transformers(penalty: float, dtype: Any) -> None:
    for seed in range(30):
        prompt, written = seed % 4, 1 + seed % 7
        ids, scores = shown(seed, 3, prompt + written, dtype)
        ids %= SIZE  # some versions refuse tokens beyond the scores
        theirs = transformers.RepetitionPenaltyLogitsProcessor(penalty, prompt_ignore_length=prompt)(ids, scores)
        for window in (None, written, written + 5):
            mine = PenaltyLogitsProcessor(penalty, window=window, prompt_length=prompt)
            before = scores.clone()
            assert same_bits(mine(ids, scores), theirs)
            assert same_bits(scores, before)


def test_with_the_prompt_it_is_what_generate_does_by_itself() -> None:
    model = tiny_models.random_llama(spread=0.3)
    prompt = tiny_models.tokenizer()("ab ab ab", return_tensors="pt")["input_ids"]
    options = {"do_sample": False, "max_new_tokens": 20, "eos_token_id": None, "return_dict_in_generate": True}
    options |= {"output_scores": True, "attention_mask": torch.ones_like(prompt), "pad_token_id": 0}
    theirs = model.generate(prompt, repetition_penalty=1.5, **options)
    processor = PenaltyLogitsProcessor(1.5, include_prompt=True)
    mine = model.generate(prompt, logits_processor=[processor], **options)
    assert torch.equal(mine.sequences, theirs.sequences)
    assert all(same_bits(a, b) for a, b in zip(mine.scores, theirs.scores, strict=True))


@pytest.mark.parametrize(
    "mode", [{}, {"do_sample": True}, {"num_beams": 3}, {"prompt_lookup_num_tokens": 3}], ids=str
)
def test_in_every_mode_the_texts_of_the_penalty_of_transformers(mode: dict[str, Any]) -> None:
    """Theirs is told how long the prompt is, mine finds out, also for a prompt that begins like the last one."""
    model, mine = tiny_models.random_llama(spread=0.3), PenaltyLogitsProcessor(1.6)
    for text in ("ab ab", "ab ab ab c", "10"):
        prompt = tiny_models.tokenizer()(text, return_tensors="pt")["input_ids"]
        theirs = transformers.RepetitionPenaltyLogitsProcessor(1.6, prompt_ignore_length=prompt.shape[1])
        outputs = []
        for processor in (theirs, mine):
            torch.manual_seed(0)
            options = {"max_new_tokens": 16, "attention_mask": torch.ones_like(prompt), "pad_token_id": 0, **mode}
            outputs.append(model.generate(prompt, logits_processor=[processor], **options))
        assert torch.equal(*outputs)


@pytest.mark.parametrize(
    "options", [{"penalty": 1}, {"penalty": 1.5, "window": 0}, {"length_penalty": 0, "penalty": 1.0}], ids=str
)
def test_identities(options: dict[str, Any]) -> None:
    ids, scores = shown(0, 2, 9)
    assert PenaltyLogitsProcessor(**options, prompt_length=2)(ids, scores) is scores


def test_what_is_exempt_keeps_its_score() -> None:
    ids, scores = shown(3, 2, 9)
    everything = PenaltyLogitsProcessor(2.0, exempt=range(SIZE + 2), prompt_length=0)
    assert same_bits(everything(ids, scores), scores)


def test_the_window_forgets() -> None:
    scores = torch.full((1, SIZE), 3.0)
    for age in range(1, 9):
        ids = torch.tensor([[5] + [0] * (age - 1)])
        for window in range(1, 9):
            out = PenaltyLogitsProcessor(1.5, window=window, prompt_length=0)(ids, scores)
            assert out[0, 5] == (2.0 if age <= window else 3.0), (age, window)


@pytest.mark.parametrize("decay", [1.0, 0.8, 0.0])
@pytest.mark.parametrize("include_prompt", [False, True])
def test_against_a_loop_over_the_tokens(decay: float, include_prompt: bool) -> None:
    for seed in range(40):
        prompt, width = seed % 4, 4 + seed % 9
        window = None if seed % 5 == 0 else 1 + seed % 6
        exempt = {seed % SIZE, 3}
        ids, scores = shown(seed, 3, width, torch.float64)
        mine = PenaltyLogitsProcessor(
            1.7, window=window, decay=decay, include_prompt=include_prompt, exempt=exempt, prompt_length=prompt
        )(ids, scores)
        for row in range(3):
            memory = ids[row, 0 if include_prompt else prompt :].tolist()
            expected = by_hand(memory if window is None else memory[-window:], scores[row].tolist(), 1.7, decay, exempt)
            assert mine[row].tolist() == pytest.approx(expected)


def test_the_length_penalty_fades_until_the_text_is_long_enough() -> None:
    processor = PenaltyLogitsProcessor(length_penalty=6.0, min_length=3, eos_token_id=[2, 4], prompt_length=2)
    shifts = []
    for width in range(2, 7):
        ids, scores = torch.zeros((1, width), dtype=torch.long), torch.zeros((1, SIZE))
        scores[0, 4] = -torch.inf
        out = processor(ids, scores)
        shifts.append(out[0, 2].item())
        assert out[0, 4] == -torch.inf and out[0, [0, 1, 3, 5]].eq(0).all()
    assert shifts == pytest.approx([-6, -4, -2, 0, 0])


def test_end_tokens_are_not_penalised_for_repetition() -> None:
    ids, scores = torch.tensor([[2, 5, 2]]), torch.ones((1, SIZE))
    out = PenaltyLogitsProcessor(2.0, eos_token_id=2, include_prompt=True)(ids, scores)
    assert out[0, [2, 5]].tolist() == [1.0, 0.5]


CIRCLE = 4  # the language goes round in a circle of so many words, unless the next word scores less than another


def circling(penalty: float, window: int | None, steps: int = 60) -> list[int]:
    """Greedy choices of a language in which the next word of a circle scores 3, leaving it 2, all else nothing."""
    processor = PenaltyLogitsProcessor(penalty, window=window, prompt_length=0)
    text: list[int] = [0]
    for _ in range(steps):
        scores = torch.full((1, SIZE), -5.0)
        last = text[-1]
        scores[0, (last + 1) % CIRCLE if last < CIRCLE else 0] = 3.0
        scores[0, CIRCLE + len(text) % (SIZE - CIRCLE)] = 2.0
        text.append(int(processor(torch.tensor([text]), scores).argmax()))
    return text


def test_a_circle_is_left_when_the_memory_is_long_enough_and_the_penalty_high_enough() -> None:
    circle = [place % CIRCLE for place in range(61)]
    assert circling(1.0, None) == circle
    assert circling(1.4, None) == circle  # 3 / 1.4 is more than 2
    assert circling(1.6, CIRCLE - 1) == circle  # the word is forgotten before it comes again
    for window in (CIRCLE, None):
        assert max(circling(1.6, window)) >= CIRCLE


CONSTRAINT = "abcabc(?:[abc]{3}, ){2,4}end"


@pytest.fixture(scope="module")
def loaded() -> tuple[Any, Any]:
    return tiny_models.random_llama(spread=0.3), tiny_models.tokenizer()


@pytest.mark.parametrize("do_sample", [False, True])
def test_with_a_constraint_in_either_order(loaded: tuple[Any, Any], do_sample: bool) -> None:
    model, tokenizer = loaded
    compiled = dx.compile(dx.regex(CONSTRAINT), hf.vocabulary(model, tokenizer))
    prompt = tokenizer(["abc", "hello"], return_tensors="pt", padding=True)
    texts = {}
    for mask_last in (True, False):
        processors = [
            PenaltyLogitsProcessor(2.0, window=8, length_penalty=3.0, min_length=9, eos_token_id=tiny_models.END),
            ConstraintLogitsProcessor(compiled),
        ]
        torch.manual_seed(0)
        output = model.generate(
            **prompt,
            logits_processor=processors if mask_last else processors[::-1],
            max_new_tokens=60,
            do_sample=do_sample,
            top_k=0,
        )
        texts[mask_last] = tiny_models.generated(output, prompt["input_ids"].shape[1])
        assert all(re.fullmatch(CONSTRAINT, text.decode()) for text in texts[mask_last])
    assert texts[True] == texts[False]


def test_forced_tokens_are_chosen_whatever_their_penalty(loaded: tuple[Any, Any]) -> None:
    text = "abcabcabcabcabc"
    strong = PenaltyLogitsProcessor(1e6, include_prompt=True)
    assert hf.generate(*loaded, text, text, logits_processor=[strong]) == text
    assert hf.generate(*loaded, text, text, logits_processor=[strong], custom_generate=None) == text


def test_jumps_over_forced_text_do_not_move_the_prompt(loaded: tuple[Any, Any]) -> None:
    """With jumps, where several tokens are appended at once, the same tokens as with a step for each."""
    model, tokenizer = loaded
    pattern = "abcabc10 yes[abc0-9 ]{14}: true yes maybe[abc]{1,9}"
    compiled = dx.compile(dx.regex(pattern), hf.vocabulary(model, tokenizer))
    prompt = tokenizer("hello", return_tensors="pt")["input_ids"]
    outputs = {}
    for jump in (hf.jump_forward, None):
        processors = [
            PenaltyLogitsProcessor(3.0, window=12),
            ConstraintLogitsProcessor(compiled, tokenize=compiled.vocab.encode),
        ]
        outputs[jump] = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            logits_processor=processors,
            custom_generate=jump,
            max_new_tokens=60,
            do_sample=False,
        )
    assert torch.equal(*outputs.values())
    unpenalised = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        logits_processor=[ConstraintLogitsProcessor(compiled, tokenize=compiled.vocab.encode)],
        max_new_tokens=60,
        do_sample=False,
    )
    assert not torch.equal(unpenalised, outputs[None])


def test_where_the_prompt_ends_is_told_from_what_is_shown() -> None:
    processor = PenaltyLogitsProcessor(2.0)

    def penalised(ids: list[int]) -> set[int]:
        out = processor(torch.tensor([ids]), torch.ones((1, SIZE)))
        return {token for token, score in enumerate(out[0].tolist()) if score != 1}

    assert penalised([1, 2]) == set()
    assert penalised([1, 2, 3]) == {3}
    assert penalised([1, 2, 3, 4]) == {3, 4}
    assert penalised([1, 2, 5]) == set()  # a longer prompt that begins like the last one
    assert penalised([1, 2, 5, 6]) == {6}
    assert penalised([1, 2, 3, 4, 7]) == {3, 4, 7}  # the generation before goes on
    processor.reset()
    assert penalised([1, 2, 3, 4, 7, 8]) == set()
    assert processor.after(1)(torch.tensor([[1, 2]]), torch.ones((1, SIZE)))[0, 2] == 0.5


def test_structural_tokens() -> None:
    tokens = [b"{", b'": "', b"a", b' "a', b" \n", b"", None, b"},{", b"\\"]
    vocab = dx.Vocabulary.from_tokens(tokens, eos_token_ids=[6])
    assert structural_tokens(vocab) == [0, 1, 4, 7]
    assert structural_tokens(vocab, "a") == [2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"penalty": 0}, "penalty is a finite number above 0, not 0"),
        ({"penalty": math.inf}, "penalty is a finite number above 0"),
        ({"penalty": "2"}, "penalty is a finite number"),
        ({"window": -1}, "window is a count of tokens, 0 or more, not -1"),
        ({"window": 2.5}, "window is a count"),
        ({"decay": 1.5}, "decay is at most 1"),
        ({"decay": -0.1}, "decay is a finite number that is at least 0"),
        ({"exempt": [1, "a"]}, "exempt has 'a', which is no token id"),
        ({"exempt": [-1]}, "exempt has -1"),
        ({"length_penalty": 2.0, "min_length": 5}, "give them as eos_token_id"),
        ({"length_penalty": 2.0, "eos_token_id": 1}, "only together"),
        ({"min_length": 2, "eos_token_id": 1}, "only together"),
        ({"prompt_length": -1}, "prompt_length is a count of tokens, 0 or more, not -1"),
    ],
    ids=str,
)
def test_refused_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DecodexError, match=re.escape(message)):
        PenaltyLogitsProcessor(**options)


def test_refused_calls() -> None:
    processor = PenaltyLogitsProcessor(2.0, length_penalty=1.0, min_length=3, eos_token_id=SIZE)
    with pytest.raises(DecodexError, match="the end token 11 is outside of the 11 scores"):
        processor(torch.zeros((1, 2), dtype=torch.long), torch.zeros((1, SIZE)))
    with pytest.raises(DecodexError, match="continuous batching"):
        processor(torch.zeros(2, dtype=torch.long), torch.zeros((2, SIZE)))
    with pytest.raises(DecodexError, match="prompt_length is 5, but only 2 tokens are shown"):
        processor.after(5)(torch.zeros((1, 2), dtype=torch.long), torch.zeros((1, SIZE)))
