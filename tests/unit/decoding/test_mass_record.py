"""The mass that the processor takes down is the one that an independent sum over the allowed tokens gives."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.tiny_models import END, random_llama, tokenizer

import decodex as dx
from decodex.errors import DecodexError

torch = pytest.importorskip("torch", reason="scores are tensors")
pytest.importorskip("transformers", reason="generate is a method of transformers' models")
from decodex.hf import ConstraintLogitsProcessor, MassRecord, generate, vocabulary  # noqa: E402  # needs torch


@pytest.fixture(scope="module")
def model() -> Any:
    return random_llama(spread=0.5)


def _softmax(scores: Any) -> np.ndarray:
    scores = scores.double().numpy()
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def test_the_sum_over_refused_tokens_at_each_step(model: Any) -> None:
    vocab = vocabulary(model, tokenizer())
    compiled = dx.compile(dx.regex("(ab|yes|é){2,4}"), vocab)
    record = MassRecord()
    prompt = torch.tensor([[5, 9, 11], [7, 8, 200]])
    torch.manual_seed(0)
    output = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        do_sample=True,
        max_new_tokens=12,
        pad_token_id=END,
        logits_processor=[ConstraintLogitsProcessor([compiled, None], record=record)],
    )
    steps = output.shape[1] - 3
    table = record.table()
    assert table.shape == (steps, 2) and (table[:, 1] == 0).all()
    matcher = compiled.matcher()
    for step in range(steps):
        if matcher.is_finished:
            break
        with torch.no_grad():
            shares = _softmax(model(output[:1, : 3 + step]).logits[0, -1])
        assert table[step, 0] == pytest.approx(1 - shares[matcher.allowed_tokens()].sum(), abs=1e-6)
        assert matcher.advance(int(output[0, 3 + step]))
    assert step > 2 and table[:3, 0].max() > 0.5
    record.clear()
    assert record.table().shape == (0, 0)


def test_nothing_is_changed_by_a_record(model: Any) -> None:
    vocab = vocabulary(model, tokenizer())
    compiled = dx.compile(dx.regex("[a-f]+"), vocab)
    scores = torch.randn(1, vocab.vocab_size)
    record = MassRecord()
    ids = torch.tensor([[5]])
    plain = ConstraintLogitsProcessor(compiled)(ids, scores)
    assert torch.equal(ConstraintLogitsProcessor(compiled, record=record)(ids, scores), plain)
    assert record.removed[0][0] == pytest.approx(1 - _softmax(scores[0])[torch.isfinite(plain[0]).numpy()].sum())


def test_nothing_refused_and_everything_refused_before() -> None:
    record = MassRecord()
    scores = torch.zeros(2, 3)
    record.add(scores, scores)
    record.add(torch.full((1, 3), -torch.inf), torch.full((1, 3), -torch.inf))
    record.add(torch.zeros(1, 4), torch.tensor([[0.0, -torch.inf, -torch.inf, -torch.inf]]))
    np.testing.assert_allclose(record.table(), [[0, 0], [0, np.nan], [0.75, np.nan]])


def test_jumps_over_forced_text_take_no_step(model: Any) -> None:
    vocab = vocabulary(model, tokenizer())
    record = MassRecord()
    processor = ConstraintLogitsProcessor(dx.compile(dx.regex("abcabc[12]"), vocab), record=record)
    from decodex.hf import jump_forward

    prompt = torch.tensor([[5, 9]])
    model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=20,
        pad_token_id=END,
        logits_processor=[processor],
        custom_generate=jump_forward,
    )
    assert 1 <= len(record.removed) <= 2
    assert (record.table() > 0).all()
    assert generate(model, tokenizer(), "a", dx.regex("ab")) == "ab"


def test_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the plot is drawn by matplotlib")
    record = MassRecord()
    record.removed = [np.array([0.1, 0.9]), np.array([0.2])]
    axes = record.plot(tmp_path / "mass.svg")
    assert axes.lines[0].get_ydata().tolist() == [0.1, 0.2]
    assert (tmp_path / "mass.svg").read_text().lstrip().startswith("<?xml")
    assert record.plot(axes=axes) is axes and len(axes.lines) == 4


def test_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(DecodexError, match="pip install matplotlib"):
        MassRecord().plot()
