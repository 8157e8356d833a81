"""Resampling schemes: right expected numbers of copies, the promised variance, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from decodex.errors import DecodexError
from decodex.sampling.resampling import SCHEMES, resampling_scheme

WEIGHTS = np.array([0.0, 0.37, 0.08, 0.0, 0.25, 0.3, 0.0])
RUNS = 20_000


def _copies(name: str, weights: np.ndarray, count: int, runs: int = RUNS) -> np.ndarray:
    rng = np.random.default_rng(11)
    scheme = SCHEMES[name]
    return np.array([np.bincount(scheme(weights, rng, count), minlength=len(weights)) for _ in range(runs)])


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("count", [1, 5, 7])
def test_expected_copies(name: str, count: int) -> None:
    """Within 4.5 standard errors; the seed is fixed."""
    copies = _copies(name, WEIGHTS, count)
    error = np.maximum(copies.std(axis=0) / RUNS**0.5, 1e-12)
    assert (copies.sum(axis=1) == count).all()
    assert (np.abs(copies.mean(axis=0) - count * WEIGHTS) <= 4.5 * error).all()
    assert (copies[:, WEIGHTS == 0] == 0).all()


def test_how_far_copies_are_from_their_expected_number() -> None:
    expected = 7 * WEIGHTS
    copies = {name: _copies(name, WEIGHTS, 7, 2_000) for name in SCHEMES}
    assert (np.abs(copies["systematic"] - expected) < 1).all()
    assert (np.abs(copies["stratified"] - expected) < 2).all()
    assert (copies["residual"] >= np.floor(expected)).all()
    assert (np.abs(copies["multinomial"] - expected) > 2).any()
    variance = {name: counts.var(axis=0).sum() for name, counts in copies.items()}
    assert max(variance["residual"], variance["stratified"], variance["systematic"]) < variance["multinomial"]


@pytest.mark.parametrize("name", SCHEMES)
def test_repeatable_and_ascending(name: str) -> None:
    runs = [[SCHEMES[name](WEIGHTS, np.random.default_rng(seed), 40).tolist() for seed in range(9)] for _ in range(2)]
    assert runs[0] == runs[1]
    assert all(parents == sorted(parents) for parents in runs[0])
    assert len({tuple(parents) for parents in runs[0]}) > 1


@pytest.mark.parametrize("name", ["stratified", "systematic", "residual"])
def test_equal_weights_keep_every_particle(name: str) -> None:
    for size in (1, 3, 7, 10, 49):
        parents = SCHEMES[name](np.full(size, 1 / size), np.random.default_rng(0))
        assert name == "residual" or parents.tolist() == list(range(size))
        assert len(parents) == size


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_points_at_the_ends_of_the_interval(name: str, scale: float) -> None:
    class Ends:
        def __init__(self, value: float) -> None:
            self.value = value

        def random(self, size: int | None = None) -> float | np.ndarray:
            return self.value if size is None else np.full(size, self.value)

    for point in (0.0, np.nextafter(1.0, 0.0)):
        parents = SCHEMES[name](WEIGHTS * scale, Ends(point), 6)  # type: ignore[arg-type]
        assert (WEIGHTS[parents] > 0).all()


@pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0, -0.1], [np.nan, 1.0], [np.inf, 1.0], [], [[1.0]]])
def test_weights_that_are_none(weights: list[float]) -> None:
    with pytest.raises(DecodexError, match="weights to resample by"):
        SCHEMES["residual"](np.array(weights), np.random.default_rng(0))


def test_unknown_scheme() -> None:
    with pytest.raises(DecodexError, match="no resampling scheme 'lottery'; there are multinomial, stratified"):
        resampling_scheme("lottery")
