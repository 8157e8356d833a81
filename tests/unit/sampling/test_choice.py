"""The ledger: when a mask is taken, that rows of a batch see each other, and that it does not grow without bound."""

from __future__ import annotations

import pytest

from decodex.sampling import choice
from decodex.sampling.choice import CHECKS_PER_MASK, Ledger


def _step(ledger: Ledger, state: int, checks: int) -> bool:
    """One step that would take so many checks; True when it took the mask."""
    if ledger.takes_mask(state):
        ledger.note_mask(state)
        return True
    ledger.note(state, min(checks, ledger.patience(state)))
    return False


def test_states_that_agree_are_never_masked_at_first_sight() -> None:
    ledger = Ledger()
    assert not any(_step(ledger, state, 2) for state in range(1000))


def test_a_state_that_comes_again_and_again_gets_its_mask() -> None:
    ledger = Ledger()
    taken = [_step(ledger, 7, 2) for _ in range(100)]
    first = taken.index(True)
    assert first == pytest.approx(CHECKS_PER_MASK / 2, abs=1) and all(taken[first:])
    assert not ledger.takes_mask(8)


def test_refusals_make_masks_the_way_to_take_and_are_forgotten() -> None:
    ledger = Ledger()
    taken = [_step(ledger, state, 9) for state in range(50)]
    assert sum(taken) >= 45
    kept = [_step(ledger, state, 2) for state in range(50, 3000)]
    assert kept[0] and not kept[-1]  # rejection was tried again, and did well


def test_rows_of_one_batch_see_each_other() -> None:
    """All of them are planned before any has been walked."""
    ledger = Ledger()
    planned = [ledger.takes_mask(3) for _ in range(40)]
    assert planned.count(False) == pytest.approx(CHECKS_PER_MASK / 2, abs=1) and planned[-1]


def test_patience_is_what_is_left() -> None:
    ledger = Ledger()
    assert not ledger.takes_mask(1)
    assert ledger.patience(1) == CHECKS_PER_MASK
    ledger.note(1, 20)
    assert ledger.patience(1) == 1 and ledger.takes_mask(1)


def test_it_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "STATES", 50)
    ledger = Ledger()
    for state in range(1000):
        _step(ledger, state, 2)
    assert len(ledger._spent) <= 50
