"""Mask or rejection: which of the two a step takes, by what they are expected to cost.

A check asks the automaton about one token; a mask asks about all, and weighs the token exactly. Costs are counted in
checks. Rejection costs the checks that are expected and what the variance of its weights costs: samples of which a
share is lost to it have to be drawn again, so that it costs that share of a step. A mask costs ``CHECKS_PER_MASK``
once; it is kept by the engine for later visits of the state. Hence a ledger: per state what was spent on it so far.
When that, with what is expected now, comes to what a mask costs, the mask is made, and used from then on. A step that
finds nothing stops at the same limit and takes the mask. So no state costs much more than the cheaper of the two ways.

The constants are measured: ``python -m benchmarks.mask_or_rejection``.
"""

from __future__ import annotations

__all__ = ["CHECKS_PER_MASK", "CHECKS_PER_STEP", "Ledger"]

CHECKS_PER_MASK = 24.0
"""What a mask costs that was not made before."""
CHECKS_PER_STEP = 250.0
"""What the rest of a step costs: weights and order of 131k tokens. The model comes on top, so this is the least."""
STATES = 1 << 16
"""States remembered; beyond that the ledger begins anew."""
MEMORY = 0.9
"""Of the running means: the weight of the past."""
FORGOTTEN = 0.99
"""What is left of them after a step by mask, which says nothing about checks; so these are tried again in time."""
SURE = 2
"""Checks of a step in which nothing was refused: the token and the one behind it."""


class Ledger:
    """What was spent on the states of one constraint."""

    def __init__(self) -> None:
        self.checks = float(SURE)
        """Checks of a step, a running mean."""
        self.refused = 0.0
        """The share of the steps that met a refusal, a running mean: about the variance of their weights."""
        self._spent: dict[int, float] = {}

    @property
    def expected(self) -> float:
        """What a step by rejection is expected to cost."""
        return self.checks + self.refused * CHECKS_PER_STEP

    def takes_mask(self, state: int) -> bool:
        """Is a mask the cheaper way here? If not, what is expected counts as spent, so that the rows of one batch see
        each other."""
        if self._spent.get(state, 0.0) + self.expected >= CHECKS_PER_MASK:
            return True
        self._add(state, self.expected)
        return False

    def patience(self, state: int) -> int:
        """Checks after which a step at this state that has found nothing should take the mask."""
        return max(1, int(CHECKS_PER_MASK - self._spent.get(state, 0.0) + self.expected))

    def note(self, state: int, checks: int) -> None:
        """A step at the state, for which ``takes_mask`` was False, took so many checks."""
        refused = float(checks > SURE)
        self._add(state, checks + refused * CHECKS_PER_STEP - self.expected)
        self.checks += (1.0 - MEMORY) * (checks - self.checks)
        self.refused += (1.0 - MEMORY) * (refused - self.refused)

    def note_mask(self, state: int) -> None:
        """The mask of the state has been made, and costs next to nothing from now on."""
        self._add(state, CHECKS_PER_MASK)
        self.checks = SURE + (self.checks - SURE) * FORGOTTEN
        self.refused *= FORGOTTEN

    def _add(self, state: int, checks: float) -> None:
        if len(self._spent) >= STATES:
            self._spent.clear()
        self._spent[state] = self._spent.get(state, 0.0) + checks
