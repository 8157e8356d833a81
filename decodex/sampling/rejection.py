"""``AdaptiveRejectionSampler``: the next token under a condition, by a few checks instead of a mask.

In: the model's scores for one text or a batch, and each text's condition. Out: tokens with log weights. Per row a race
(``race.py``) is walked by an estimator (``estimators.py``); ``batch.py`` says how, ``torch_race.py`` for scores on a
CUDA device, ``processor.py`` inside of transformers' ``generate``. Invariant: whichever way a row takes, its draw is
properly weighted. Refuses: scores that are none, beams, temperature zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from decodex.errors import ConstraintError, MaskError
from decodex.sampling.batch import (
    METHODS,
    Drawn,
    Settings,
    check_cover,
    draw_rows,
    in_memory,
)
from decodex.sampling.conditions import Condition, condition_of
from decodex.sampling.counters import Counters
from decodex.sampling.token_samplers import Draw

if TYPE_CHECKING:
    from decodex.compiling import CompiledConstraint
    from decodex.constraints import Constraint
    from decodex.vocab import Vocabulary

__all__ = ["AdaptiveRejectionSampler", "Draws"]

Method = Literal["auto", "improper", "adaptive", "recursive", "geometric"]
Masks = Literal["auto", "always", "never"]
CHUNK = 1 << 21
"""Weights in memory at a time."""


class Draws(NamedTuple):
    """One sampled token per row; arrays ``[rows]``."""

    token_ids: NDArray[np.int64]
    log_weights: NDArray[np.float64]
    """Minus infinity: the row is lost."""
    checks: NDArray[np.int64]


class AdaptiveRejectionSampler:
    """Samples tokens that a condition allows, each with the weight that makes the sample exact.

    ``constraint``: what every text must satisfy (a constraint, compiled or not, a predicate, or both); needed where the
    sampler is used as a logits processor, otherwise the condition of each call counts. ``vocab`` where it is not
    compiled. ``max_tokens``: the budget of its texts.

    ``method``: how a token is weighed.

    * ``"recursive"``: fewest checks; exact where one token is allowed.
    * ``"geometric"``: least variance where many unlikely tokens are allowed, less still with more ``max_accepts``.
    * ``"adaptive"``: the plain estimator between the two.
    * ``"improper"``: no weight (1); the distribution of masking token by token.
    * ``"auto"``: geometric for ``max_accepts`` over 2, and where checks are Python and one token has two thirds of the
      mass; recursive otherwise.

    ``max_rejects``: refused tokens at which a search is given up, with weight 0 when nothing was found; the mean weight
    stays right. ``temperature``: the scores are divided by it; their mass stays the same. ``masks``: whether a step may
    take the mask of an automaton, which weighs the token without any variance: ``"auto"`` where that is cheaper,
    ``"always"``, ``"never"``. ``seed``: makes a sampler reproducible; without, every sampler is different.

    >>> import decodex as dx
    >>> vocab = dx.Vocabulary.from_tokens([b"a", b"b", b"c", None], eos_token_ids=[3])
    >>> sampler = AdaptiveRejectionSampler(dx.choice(["ab", "ac"]), vocab, seed=0)
    >>> sampler.sample(np.log([0.5, 0.25, 0.125, 0.125])).token_id
    0
    """

    def __init__(
        self,
        constraint: Constraint | CompiledConstraint | Condition | str | None = None,
        vocab: Vocabulary | None = None,
        *,
        method: Method = "auto",
        max_accepts: int = 2,
        max_rejects: int | None = None,
        temperature: float = 1.0,
        masks: Masks = "auto",
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> None:
        _one_of("method", method, get_args(Method))
        _one_of("masks", masks, get_args(Masks))
        _count("max_accepts", max_accepts, 2, "a token is weighed by what is accepted after it")
        if max_rejects is not None:
            _count("max_rejects", max_rejects, 1, "None is no cap")
        if isinstance(temperature, bool) or not isinstance(temperature, (int, float)) or not 0 < temperature < math.inf:
            raise ConstraintError(
                f"temperature is a positive number, not {temperature!r}; to take the likeliest token that is allowed, "
                "decode greedily with decodex.hf.ConstraintLogitsProcessor"
            )
        self.start = None if constraint is None else condition_of(constraint, vocab, max_tokens=max_tokens)
        self.temperature = float(temperature)
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.counters = Counters()
        """What was sampled so far, and by how many checks and masks."""
        self._settings = Settings(METHODS[method], max_accepts, max_rejects, masks)
        self._is_proper = method != "improper"
        self._processor: Any = None

    def sample(
        self,
        log_probs: Any,
        condition: Condition | None = None,
        rng: np.random.Generator | None = None,
        *,
        proposal: Any = None,
    ) -> Draw:
        """A token for one text. The condition (without: the start of the sampler's own) is asked, not advanced.

        ``log_probs``: float ``[V]``, NumPy or torch, not necessarily normalised: the mean of ``exp(log_weight)`` is the
        mass of ``exp(log_probs)`` that is allowed. ``proposal``: other scores ``[V]`` to search by. Raises
        ``MaskError`` for scores that are none, and for a proposal that lacks a token which the model may choose.
        """
        if condition is None:
            if self.start is None:
                raise ConstraintError("the sampler has no constraint; give one to it, or a condition to sample()")
            condition = self.start
        for name, scores in (("log_probs", log_probs), ("proposal", proposal)):
            if getattr(scores, "ndim", None) != 1 and not (name == "proposal" and scores is None):
                raise MaskError(f"{name} is an array [V] with one score per id; sample_rows() takes [rows, V]")
        draws = self.sample_rows(
            log_probs[None], [condition], rng, proposals=None if proposal is None else proposal[None]
        )
        return Draw(int(draws.token_ids[0]), float(draws.log_weights[0]), int(draws.checks[0]))

    def sample_rows(
        self,
        log_probs: Any,
        conditions: Sequence[Condition],
        rng: np.random.Generator | None = None,
        *,
        proposals: Any = None,
    ) -> Draws:
        """A token for each text of a batch: ``log_probs`` and ``proposals`` as in ``sample``, but ``[rows, V]``."""
        shape = tuple(getattr(log_probs, "shape", ()))
        if len(shape) != 2 or shape[0] != len(conditions):
            raise MaskError(
                f"expected one row of scores for each of the {len(conditions)} conditions, as an array [rows, V], not "
                f"{f'the shape {shape}' if shape else type(log_probs).__name__}"
            )
        if proposals is not None and tuple(getattr(proposals, "shape", ())) != shape:
            raise MaskError(f"the proposals are an array of the scores' shape {shape}")
        rows, size = log_probs.shape
        seeds = (self.rng if rng is None else rng).integers(0, 2**64, size=rows, dtype=np.uint64)
        out = Draws(np.zeros(rows, np.int64), np.zeros(rows), np.zeros(rows, np.int64))
        step, masks = max(1, CHUNK // max(size, 1)), 0
        for begin in range(0, rows, step):
            part = slice(begin, begin + step)
            proposed = None if proposals is None else proposals[part]
            tokens, log_weights, drawn = self._draw(log_probs[part], proposed, conditions[part], seeds[part])
            out.token_ids[part], out.log_weights[part], out.checks[part] = tokens, log_weights, drawn.checks
            masks += drawn.masks
        self.counters.note(out.log_weights, out.checks, masks)
        return out

    def _draw(
        self, log_probs: Any, proposals: Any, conditions: Sequence[Condition], seeds: NDArray[np.uint64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], Drawn]:
        on_device = is_on_device(log_probs)
        draw = draw_rows
        if on_device:
            from decodex.sampling.torch_race import draw_on_device, pick

            draw = draw_on_device
        else:
            log_probs = in_memory(log_probs)
            proposals = None if proposals is None else in_memory(proposals)
        moved: Any = 0.0
        if self.temperature != 1.0:
            log_probs = log_probs.astype(np.float64) if isinstance(log_probs, np.ndarray) else log_probs.double()
            tempered = log_probs / self.temperature
            moved = _log_total(log_probs) - _log_total(tempered)
            log_probs = tempered
        if proposals is not None:
            check_cover(log_probs, proposals)
        searched = log_probs if proposals is None else proposals
        drawn = draw(searched, conditions, self._settings, seeds)
        tokens = np.maximum(drawn.tokens, 0)
        lost = drawn.found == 0
        with np.errstate(divide="ignore"):
            log_weights = np.log(drawn.found) + drawn.log_totals + moved
        if proposals is not None:
            read = pick if on_device else _pick
            log_weights = log_weights + read(log_probs, tokens) - read(proposals, tokens)
        if not self._is_proper:
            log_weights = np.zeros(len(tokens))
        log_weights[lost] = -math.inf
        return tokens, log_weights, drawn

    # The logits processor

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """As a logits processor of transformers' ``generate``: scores in which only the sampled token is left.

        The log weight of each row so far is in ``log_weights``. Texts begin behind the tokens of the first call. The
        sampler's own temperature applies; what ``generate`` does to the scores after it changes nothing. Raises
        ``ConstraintError`` for beams, and for a row that did not go on with the token that was sampled.
        """
        return self._rows()(input_ids, scores)

    @property
    def log_weights(self) -> Any:
        """As a logits processor: the log weight of each row of the last generation, a float64 tensor ``[rows]``."""
        return self._rows().log_weights

    @property
    def conditions(self) -> list[Condition]:
        """As a logits processor: where each row of the last generation stands."""
        conditions: list[Condition] = self._rows().conditions
        return conditions

    def reset(self) -> None:
        """As a logits processor: the next call begins a generation."""
        self._processor = None

    def _rows(self) -> Any:
        if self._processor is None:
            from decodex.sampling.processor import GeneratedRows

            if self.start is None:
                raise ConstraintError("as a logits processor a sampler needs its constraint when it is made")
            self._processor = GeneratedRows(self, self.start)
        return self._processor


def is_on_device(scores: Any) -> bool:
    """Do the scores lie where they should stay while they are searched? One row is sooner fetched than prepared there
    (``benchmarks/device.py``).
    """
    return getattr(getattr(scores, "device", None), "type", "cpu") == "cuda" and len(scores) > 1


def _log_total(scores: Any) -> NDArray[np.float64]:
    """The logarithm of each row's mass, float64 ``[rows]``; 0 for a row that has none."""
    if hasattr(scores, "detach"):
        total: NDArray[np.float64] = scores.double().logsumexp(1).nan_to_num(neginf=0.0).cpu().numpy()
        return total
    largest = scores.max(1, initial=-math.inf)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(scores - largest[:, None]).sum(1)) + largest
    return np.where(np.isfinite(total), total, 0.0)


def _pick(scores: NDArray[np.float64], tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    picked: NDArray[np.float64] = scores[np.arange(len(tokens)), tokens]
    return picked


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConstraintError(f"{name} is one of {', '.join(map(repr, known))}, not {value!r}")


def _count(name: str, value: object, least: int, why: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConstraintError(f"{name} is a count from {least} on ({why}), not {value!r}")
