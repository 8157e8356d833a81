"""The sampler inside of transformers' ordinary ``generate``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="generate() is torch's")
pytest.importorskip("transformers", reason="generate() is that of transformers")

from support.tiny_models import END, generated, random_llama, token_bytes, tokenizer  # noqa: E402

import decodex as dx  # noqa: E402
from decodex.errors import ConstraintError  # noqa: E402
from decodex.sampling import AdaptiveRejectionSampler  # noqa: E402


def _parts(seed: int = 0, spread: float = 0.1) -> tuple[Any, Any]:
    model = random_llama(seed, spread=spread)
    return model, dx.Vocabulary.from_hf(tokenizer(), vocab_size=model.config.vocab_size)


def _generate(model: Any, processor: Any, prompt: Any, **options: Any) -> Any:
    options = {"do_sample": True, "max_new_tokens": 12, **options}
    return model.generate(prompt, attention_mask=torch.ones_like(prompt), logits_processor=[processor], **options)


PROMPT = torch.tensor([[1, 100, 101, 102]])


@pytest.mark.parametrize("options", [{}, {"temperature": 0.3, "top_p": 0.5, "top_k": 2}, {"do_sample": False}])
@pytest.mark.parametrize("constraint", ["automaton", "predicate", "both"])
def test_texts_obey_and_weights_are_their_own(constraint: str, options: dict[str, Any]) -> None:
    """What generate() does to scores after the processor changes nothing."""
    model, vocab = _parts()
    predicate = dx.predicate(lambda data: b"ab" not in data and set(data) <= set(b"abc"), as_bytes=True)
    condition = {
        "automaton": dx.regex("[abc]{2,6}"),
        "predicate": predicate,
        "both": dx.regex("[abc]{2,6}") & predicate,
    }[constraint]
    sampler = AdaptiveRejectionSampler(condition, vocab, max_tokens=11, seed=4)
    output = _generate(model, sampler, PROMPT.repeat(6, 1), **options)
    texts = generated(output, PROMPT.shape[1])
    weights = sampler.log_weights
    assert weights.shape == (6,) and torch.isfinite(weights).all()
    for text, state in zip(texts, sampler.conditions, strict=True):
        assert text == state.text and set(text.decode()) <= set("abc")
        if constraint != "automaton":
            assert b"ab" not in text
    again = AdaptiveRejectionSampler(condition, vocab, max_tokens=11, seed=4)
    assert torch.equal(_generate(model, again, PROMPT.repeat(6, 1)), output)
    assert torch.equal(again.log_weights, weights)
    assert len({tuple(row) for row in output.tolist()}) > 1


def test_the_mean_weight_is_the_mass_of_the_constraint() -> None:
    """One or two tokens by brute force over the model's own probabilities, at a temperature."""
    model, vocab = _parts(3)
    words = ["a", "b", "ab", "ca"]
    tokens = token_bytes()

    def log_probs(ids: list[int]) -> Any:
        with torch.inference_mode():
            logits = model(torch.tensor([[*PROMPT[0].tolist(), *ids]])).logits[0, -1]
        return torch.log_softmax(logits.double() / 1.5, 0)

    wanted, pending = 0.0, [((), b"", 0.0)]
    while pending:
        ids, text, total = pending.pop()
        following = log_probs(list(ids))
        if text.decode() in words:
            wanted += math.exp(total + following[END])
        for i, token in enumerate(tokens):
            if token and any(word.encode().startswith(text + token) for word in words):
                pending.append(((*ids, i), text + token, total + float(following[i])))
    sampler = AdaptiveRejectionSampler(dx.choice(words), vocab, temperature=1.5, masks="never", seed=0)
    weights = []
    for _ in range(8):
        _generate(model, sampler, PROMPT.repeat(250, 1), max_new_tokens=4)
        weights.append(sampler.log_weights.exp().numpy())
    means = np.concatenate(weights)
    assert abs(means.mean() - wanted) <= 4.5 * means.std() / math.sqrt(len(means))


def test_torch_seed_makes_an_unseeded_sampler_reproducible() -> None:
    model, vocab = _parts()
    sampler = AdaptiveRejectionSampler(dx.regex("[a-z]{4,8}"), vocab)

    def some() -> list[list[int]]:
        return _generate(model, sampler, PROMPT).tolist()  # type: ignore[no-any-return]

    torch.manual_seed(3)
    first = some()
    other = some()
    torch.manual_seed(3)
    assert some() == first != other


def test_generations_one_after_the_other() -> None:
    """Another prompt, another number of rows, the same prompt again: each begins anew."""
    model, vocab = _parts()
    sampler = AdaptiveRejectionSampler(dx.regex("[ab]{3}"), vocab, seed=0)
    for prompt in (PROMPT, PROMPT, PROMPT.repeat(3, 1), PROMPT[:, :2], torch.tensor([[5, 6], [7, 8]])):
        output = _generate(model, sampler, prompt)
        assert all(len(text) == 3 for text in generated(output, prompt.shape[1]))
        assert len(sampler.log_weights) == len(prompt) and all(c.is_finished for c in sampler.conditions)


def test_a_lost_row_ends_and_weighs_nothing() -> None:
    model, vocab = _parts()
    never = dx.predicate(lambda text: len(text) < 2, lambda text: False)
    sampler = AdaptiveRejectionSampler(never, vocab, seed=0)
    output = _generate(model, sampler, PROMPT.repeat(2, 1), max_new_tokens=20)
    assert output.shape[1] <= PROMPT.shape[1] + 10
    assert (sampler.log_weights == -math.inf).all()


def test_beams_are_refused() -> None:
    model, vocab = _parts()
    for options in ({"do_sample": False}, {"do_sample": True}):
        sampler = AdaptiveRejectionSampler(dx.regex("[ab]+"), vocab)
        with pytest.raises(ConstraintError, match="beam search"):
            _generate(model, sampler, PROMPT, num_beams=3, **options)


def test_a_row_that_goes_another_way_is_refused() -> None:
    _, vocab = _parts()
    sampler = AdaptiveRejectionSampler(dx.regex("[ab]+"), vocab, seed=0)
    scores = torch.zeros(1, vocab.vocab_size)
    chosen = int(sampler(PROMPT, scores).argmax())
    assert scores.abs().sum() == 0  # the scores given are not changed
    other = torch.cat([PROMPT, torch.tensor([[chosen + 1]])], 1)
    with pytest.raises(ConstraintError, match=f"token {chosen} was sampled, but the row goes on with {chosen + 1}"):
        sampler(other, scores)
    sampler.reset()
    sampler(other, scores)


def test_a_sampler_without_a_constraint_is_no_processor() -> None:
    with pytest.raises(ConstraintError, match="needs its constraint"):
        AdaptiveRejectionSampler()(PROMPT, torch.zeros(1, 5))
