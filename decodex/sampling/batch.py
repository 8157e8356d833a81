"""The walks of one batch of scores in memory: which way each row takes, and what comes of it.

In: scores, conditions, settings. Out: a draw per row. Rows whose condition is an automaton are walked together in
compiled code, or take the automaton's mask where that is cheaper; the others one after the other, their checks being
Python. A mask that is part of a condition takes what it refuses out of the race before it begins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decodex._core import ALLOWS_ADDRESS
from decodex.errors import DecodexError, MaskError
from decodex.sampling import estimators
from decodex.sampling.conditions import Condition, ConstraintCondition, JointCondition
from decodex.sampling.estimators import Found
from decodex.sampling.kernel import (
    ADAPTIVE,
    AUTO,
    FAILED,
    GEOMETRIC,
    IMPROPER,
    RECURSIVE,
    UNDECIDED,
    walk_rows,
)
from decodex.sampling.race import Race, weights_of

__all__ = [
    "METHODS",
    "Drawn",
    "Settings",
    "book",
    "check_cover",
    "draw_rows",
    "estimate",
    "fitted",
    "in_memory",
    "mask_of",
    "never_allowed",
]

METHODS = {
    "auto": AUTO,
    "improper": IMPROPER,
    "adaptive": ADAPTIVE,
    "recursive": RECURSIVE,
    "geometric": GEOMETRIC,
}


@dataclass(frozen=True)
class Settings:
    """How a sampler draws; its arguments as they were given, checked."""

    method: int
    max_accepts: int
    max_rejects: int | None
    masks: str


@dataclass
class Drawn:
    """What came of each row of a batch."""

    tokens: NDArray[np.int64]
    """-1: no token has any probability."""
    found: NDArray[np.float64]
    """The weight relative to ``totals``; 0: lost."""
    log_totals: NDArray[np.float64]
    """The logarithm of the mass that took part: all of it, or what a mask left."""
    checks: NDArray[np.int64]
    masks: int = 0


def draw_rows(
    scores: NDArray[Any], conditions: Sequence[Condition], settings: Settings, seeds: NDArray[np.uint64]
) -> Drawn:
    """Draw a token for each row of scores ``[rows, V]``. The conditions are asked, not advanced."""
    rows, size = scores.shape
    weights, shifts, totals = np.empty((rows, size)), np.empty(rows), np.zeros(rows)
    tokens, found, checks = np.full(rows, -1), np.zeros(rows), np.zeros(rows, np.int64)
    methods, matchers, patience = np.full(rows, settings.method), np.zeros(rows, np.int64), np.full(rows, -1)
    ends = np.zeros(rows, np.int64)

    def run(which: list[int]) -> None:
        cap = math.inf if settings.max_rejects is None else float(settings.max_rejects)
        walk_rows(
            np.array(which, np.int64), weights, seeds, ALLOWS_ADDRESS, matchers, methods, settings.max_accepts, cap,
            patience, tokens, found, totals, checks, ends,
        )  # fmt: skip

    compiled: dict[int, ConstraintCondition] = {}
    masked = 0
    for row, condition in enumerate(conditions):
        mask = mask_of(condition, settings)
        masked += mask is not None
        shifts[row] = weights_of(scores[row], weights[row])
        if mask is None:
            weights[row, never_allowed(condition, size)] = 0.0
        else:
            weights[row] *= fitted(mask, size)
        if not isinstance(condition, ConstraintCondition):
            race = Race(weights[row], int(seeds[row]))
            totals[row] = race.total
            before = condition.checks
            end = estimate(race, condition, settings)
            checks[row] = condition.checks - before
            tokens[row], found[row] = -1 if end.token is None else end.token, end.weight
            book(condition, int(checks[row]), settings)
            continue
        compiled[row] = condition
        if mask is not None:
            methods[row] = IMPROPER
            continue
        matchers[row] = condition.matcher.address
        if settings.masks == "auto":
            patience[row] = condition.ledger.patience(condition.matcher.state)
            if settings.method == AUTO and settings.max_accepts == 2:
                methods[row] = RECURSIVE  # checks are cheap, and a search that takes long may be given up for a mask
    if compiled:
        run(list(compiled))
        undecided = []
        for row, condition in compiled.items():
            condition.checks += int(checks[row])
            if ends[row] == FAILED:
                condition.allows(int(tokens[row]))
                raise DecodexError(f"row {row}: the check of token {tokens[row]} failed, but not again; try again")
            if ends[row] == UNDECIDED:
                undecided.append(row)
                weights[row] *= fitted(condition.mask(), size)
                methods[row], matchers[row] = IMPROPER, 0
                condition.ledger.note_mask(condition.matcher.state)
            else:
                book(condition, int(checks[row]), settings)
        if undecided:
            run(undecided)
        masked += len(undecided)
    with np.errstate(divide="ignore"):
        log_totals = np.log(totals) + shifts
    return Drawn(tokens, found, log_totals, checks, masked)


def estimate(race: Race, condition: Condition, settings: Settings) -> Found:
    """Walk one race with checks in Python."""
    method = settings.method
    if method == AUTO:
        method = GEOMETRIC if settings.max_accepts > 2 or race.is_peaked() else RECURSIVE
    if method == GEOMETRIC:
        return estimators.geometric(race, condition.allows, settings.max_rejects, settings.max_accepts)
    walk = {IMPROPER: estimators.improper, ADAPTIVE: estimators.adaptive, RECURSIVE: estimators.recursive}[method]
    return walk(race, condition.allows, settings.max_rejects)


def mask_of(condition: Condition, settings: Settings) -> NDArray[np.bool_] | None:
    """The mask of the condition's automaton, where it has one and a mask is the way to take."""
    automaton = condition.automaton if isinstance(condition, JointCondition) else condition
    if settings.masks == "never":
        return None
    if not isinstance(automaton, ConstraintCondition):
        return condition.mask() if settings.masks == "always" else None
    state = automaton.matcher.state
    if settings.masks == "auto" and not automaton.ledger.takes_mask(state):
        return None
    automaton.ledger.note_mask(state)
    return automaton.mask()


def never_allowed(condition: Condition, size: int) -> NDArray[np.int64]:
    """The ids that no condition of its vocabulary allows: without text, or outside of it. Taking them out of the race
    costs no check, and no weight, because what is left keeps its mass."""
    vocab = getattr(condition, "vocab", None)
    if vocab is None:
        return np.zeros(0, np.int64)
    ids: NDArray[np.int64] = vocab.textless_ids
    if size < vocab.vocab_size:
        return ids[ids < size]
    return ids if size == vocab.vocab_size else np.append(ids, np.arange(vocab.vocab_size, size))


def fitted(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """A mask as wide as the scores; ids that the vocabulary lacks are never allowed."""
    if len(mask) == size:
        return mask
    fitted = np.zeros(size, np.bool_)
    fitted[: min(size, len(mask))] = mask[:size]
    return fitted


def book(condition: Condition, checks: int, settings: Settings) -> None:
    """Enter what a step cost into the ledger of the condition's automaton."""
    automaton = condition.automaton if isinstance(condition, JointCondition) else condition
    if settings.masks == "auto" and checks and isinstance(automaton, ConstraintCondition):
        automaton.ledger.note(automaton.matcher.state, checks)


def check_cover(target: Any, proposal: Any) -> None:
    """Raise ``MaskError`` where a proposal, ``[rows, V]``, cannot propose what the target may have."""
    missing = (proposal == -math.inf) & (target > -math.inf)
    if missing.any():
        row, token = (int(i) for i in np.argwhere(in_memory(missing))[0])
        raise MaskError(
            f"row {row}: the proposal never proposes token {token}, which the model may choose; it must give every "
            "such token some probability, or the sample would not be the model's"
        )


def in_memory(scores: Any) -> NDArray[Any]:
    """Scores, NumPy's or torch's, as a float32 or float64 array."""
    if hasattr(scores, "detach"):
        scores = scores.detach().cpu()
        scores = (scores if scores.dtype.itemsize >= 4 else scores.float()).numpy()
    array: NDArray[Any] = np.asarray(scores)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
