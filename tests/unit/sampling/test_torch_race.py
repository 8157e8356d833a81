"""The path for scores on a device, run on CPU tensors: the same laws, the same refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="scores on a device are torch tensors")

import decodex as dx  # noqa: E402
from decodex.errors import MaskError  # noqa: E402
from decodex.sampling import AdaptiveRejectionSampler, condition_of  # noqa: E402
from decodex.sampling import rejection as module  # noqa: E402
from decodex.sampling.torch_race import FIRST, races_on_device  # noqa: E402

VOCAB = dx.Vocabulary.from_tokens([bytes([c]) for c in range(97, 109)] + [None], eos_token_ids=[12])


@pytest.fixture(params=["cpu", "cuda"])
def device(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """CUDA where there is one; CPU tensors are sent the same way."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    monkeypatch.setattr(module, "is_on_device", lambda scores: hasattr(scores, "device"))
    return str(request.param)


@pytest.mark.parametrize("constraint", ["automaton", "predicate", "both"])
@pytest.mark.parametrize("method", ["auto", "adaptive", "recursive", "geometric"])
@pytest.mark.parametrize("masks", ["never", "auto", "always"])
def test_weights_are_proper(device: str, constraint: str, method: Any, masks: Any) -> None:
    rng = np.random.default_rng(8)
    scores = rng.normal(size=13) * 2
    predicate = dx.predicate(lambda text: set(text) <= set("bdk"), lambda text: False)
    start = condition_of(
        {"automaton": dx.regex("[bdk]"), "predicate": predicate, "both": dx.regex("[bdkl]+") & predicate}[constraint],
        VOCAB,
    )
    rows = 2000
    sampler = AdaptiveRejectionSampler(method=method, masks=masks, temperature=1.3, seed=1)
    tensor = torch.tensor(np.tile(scores, (rows, 1)), device=device)
    proposal = torch.tensor(np.tile(scores * 0.8, (rows, 1)), device=device)
    tempered = scores / 1.3
    mass = np.exp(tempered) * np.exp(scores).sum() / np.exp(tempered).sum()
    wanted = mass[[1, 3, 10]].sum()
    for proposals in (None, proposal):
        draws = sampler.sample_rows(tensor, [start.fork() for _ in range(rows)], proposals=proposals)
        weights = np.exp(draws.log_weights)
        assert set(draws.token_ids[weights > 0]) <= {1, 3, 10}
        assert abs(weights.mean() - wanted) <= 4.5 * weights.std() / math.sqrt(rows) + 1e-9


def test_walks_beyond_the_first_keys(device: str) -> None:
    """Every token of a row comes once, in the order of its key; the mass is right to the last."""
    size = 4 * FIRST
    scores = torch.linspace(-60, 0, size, dtype=torch.float64, device=device)[None]
    (race,), _ = races_on_device(scores, torch.ones_like(scores, dtype=torch.bool), np.array([5], np.uint64))
    seen, probabilities = [], torch.softmax(scores[0], 0).cpu().numpy().copy()
    while (token := race.next()) is not None:
        seen.append(token)
        race.reject(token)
        probabilities[token] = 0.0
        assert race.mass == pytest.approx(probabilities.sum(), rel=1e-6, abs=1e-300)
    assert sorted(seen) == list(range(size))


def test_seeds_and_refusals(device: str) -> None:
    scores = torch.zeros(4, 13, device=device)
    start = condition_of(dx.regex("[a-l]+"), VOCAB)

    def some(seed: int | None) -> list[int]:
        sampler = AdaptiveRejectionSampler(seed=seed)
        return np.concatenate([sampler.sample_rows(scores, [start] * 4).token_ids for _ in range(10)]).tolist()

    assert some(1) == some(1) != some(2)
    assert some(None) != some(None)
    proposals = scores.clone()
    proposals[1, 2] = -math.inf
    with pytest.raises(MaskError, match="row 1: the proposal never proposes token 2"):
        AdaptiveRejectionSampler().sample_rows(scores, [start] * 4, proposals=proposals)
    scores[2, 3] = math.nan
    with pytest.raises(MaskError, match="finite or minus infinity"):
        some(1)
    lost = AdaptiveRejectionSampler(seed=0).sample_rows(torch.full((1, 13), -math.inf, device=device), [start])
    assert lost.log_weights[0] == -math.inf
