"""Text from a model in one call: methods, streaming, seeds, progress, what is refused."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from support import tiny_models

import decodex as dx
from decodex import sampling
from decodex.errors import BudgetError, DecodexError
from decodex.sampling.metrics import Metrics
from decodex.sampling.progress import ProgressBar

torch = pytest.importorskip("torch", reason="the models run on torch")
pytest.importorskip("transformers", reason="the models are those of transformers")

PATTERN = "(?:ab|c|é){2,6}(?:, (?:ab|c|é){2,6}){0,2}"


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def loaded() -> tuple[Any, Any]:
    return tiny_models.random_llama(spread=0.3), tiny_models.tokenizer()


@pytest.mark.parametrize("method", sampling.METHODS)
def test_methods(loaded: tuple[Any, Any], method: str) -> None:
    options: dict[str, Any] = {"method": method, "max_new_tokens": 30, "seed": 3}
    run = sampling.generate(*loaded, "Say: ", dx.regex(PATTERN), **options)
    assert all(re.fullmatch(PATTERN, text) for text in run.texts)
    assert len(run) == sampling.METHODS[method].particles
    again = sampling.stream(*loaded, "Say: ", dx.regex(PATTERN), **options)
    pieces = list(again)
    assert "".join(pieces) == run.text == again.result.text
    assert again.result.texts == run.texts and "" not in pieces
    assert "\ufffd" not in "".join(pieces)
    if method == "mask":
        assert len(pieces) > 3
    if method == "best_of":
        assert run.chosen == np.argmax(run.log_probs)


def test_best_of_takes_what_the_critic_likes(loaded: tuple[Any, Any]) -> None:
    run = sampling.generate(
        *loaded,
        "Say: ",
        dx.regex("[abc]{1,9}"),
        method="best_of",
        particles=12,
        critic=lambda text, ended: text.count("c"),
        seed=1,
    )
    assert run.text.count("c") == max(text.count("c") for text in run.texts)
    assert len({text.count("c") for text in run.texts}) > 1


def test_seeds(loaded: tuple[Any, Any]) -> None:
    texts = [
        sampling.generate(*loaded, "Say: ", dx.regex("[a-z]{20}"), particles=2, seed=seed, max_new_tokens=20).text
        for seed in (1, 1, 2, None, None)
    ]
    assert texts[0] == texts[1] and len(set(texts)) == 4


def test_compiled_predicates_conditions_and_chats(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    from decodex.hf import vocabulary

    compiled = dx.compile(dx.regex("[ab]{3}"), vocabulary(model, tokenizer))
    odd = dx.predicate(lambda text: True, lambda text: text.count("a") % 2 == 1)
    for constraint, pattern in (
        (compiled, "[ab]{3}"),
        (sampling.condition_of(compiled), "[ab]{3}"),
        (dx.regex("[ab]{3}") & odd, "(?=b*ab*(ab*ab*)*$)[ab]{3}"),
    ):
        run = sampling.generate(
            model, tokenizer, [{"role": "user", "content": "Hi"}], constraint, particles=20, max_new_tokens=6, seed=1
        )
        ended = [text for text, weight in zip(run.texts, run.log_weights, strict=True) if weight > -np.inf]
        assert ended and all(re.fullmatch(pattern, text) for text in ended)


def test_encoder_decoder() -> None:
    import transformers

    config = transformers.T5Config(
        vocab_size=280, d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=2, decoder_start_token_id=0, eos_token_id=2
    )
    torch.manual_seed(0)
    model = transformers.T5ForConditionalGeneration(config).eval()
    run = sampling.generate(model, tiny_models.tokenizer(), "Say: ", dx.regex("[ab]{2,5}"), particles=4, seed=0)
    assert all(re.fullmatch("[ab]{2,5}", text) for text in run.texts)


def test_progress_is_drawn_and_taken_away(loaded: tuple[Any, Any]) -> None:
    from rich.console import Console

    out = io.StringIO()
    with ProgressBar(8, Console(file=out, force_terminal=True, width=100)) as bar:
        bar.show(Metrics(4, steps=3, tokens=12, seconds=2.0, ess=[2.5]))
    assert "3/9" in out.getvalue() and "6 tokens/s, ESS 2.5 of 4" in out.getvalue()
    run = sampling.generate(*loaded, "a", dx.regex("ab"), progress=True, particles=2)
    assert run.text == "ab"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"method": "magic"}, DecodexError, "no method 'magic'; there are smc, importance, best_of, mask"),
        ({"max_new_tokens": 1}, BudgetError, "token"),
        ({"particles": 0}, DecodexError, "particles"),
        ({"resampling": "magic"}, DecodexError, "resampling"),
    ],
)
def test_what_is_refused_before_the_model_is_asked(
    loaded: tuple[Any, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        sampling.stream(*loaded, "a", dx.regex("[a-c]{4}"), **options)


def test_importing_it_imports_no_torch() -> None:
    code = "import sys, decodex.sampling; assert not {'torch', 'transformers'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)
