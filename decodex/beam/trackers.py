"""How far a text is with what it must contain, kept as automaton states that all texts share.

In: lexical constraints (``contains`` and its kin), compiled one by one. Out: for a text its ``Progress``: its bank, the
tokens that bring it on, and the progress after one token more. Invariants: a constraint is met exactly when its
automaton accepts, so overlaps, shared prefixes, several forms, counts and whole words are what the constraint itself
says of the text, however the model splits it; a constraint that takes n tokens from an empty text adds n to the bank
when met, and n less the tokens that it still takes, at least 0, before that. Cost: a dictionary look-up per token where
the same token was met in the same state before, else one advance of a matcher per constraint. Bounded: the states are
forgotten when there are too many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from decodex.compiling import CompiledConstraint
from decodex.matching import Matcher

__all__ = ["Progress", "TokenSets", "Tracker", "token_sets"]

STATES = 1 << 16
"""Transitions kept of one tracker; a search over long texts with many constraints meets some thousands."""


TokenSets: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int64]]
"""Sets of tokens: the ids of one set after the other, and how many each has, none of them empty."""


def token_sets(sets: Sequence[NDArray[np.int32]]) -> TokenSets:
    """The sets that are not empty as one array."""
    sets = [tokens for tokens in sets if len(tokens)]
    return np.concatenate([np.zeros(0, np.int32), *sets]), np.array([len(tokens) for tokens in sets], dtype=np.int64)


class _State:
    """A state of one constraint's automaton: tokens it still takes, and where tokens lead."""

    __slots__ = ("_finishing", "after", "left", "matcher")

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.left = 0 if matcher.is_accepting else max(matcher.tokens_to_finish(), 1)
        self.after: dict[int, _State] = {}
        self._finishing: NDArray[np.int32] | None = None

    @property
    def finishing(self) -> NDArray[np.int32]:
        """The tokens that bring the constraint on; none when it is met."""
        if self._finishing is None:
            self._finishing = self.matcher.finishing_tokens()
        return self._finishing


class Progress:
    """Where a text stands in all constraints together. Shared by texts that stand alike; not to be changed."""

    __slots__ = ("_states", "_tracker", "_wanted", "after", "bank")

    def __init__(self, tracker: Tracker, states: tuple[_State, ...]) -> None:
        self._tracker = tracker
        self._states = states
        self.after: dict[int, Progress] = {}
        self._wanted: TokenSets | None = None
        self.bank = sum(
            max(whole - state.left, 0) for whole, state in zip(tracker.wholes, states, strict=True)
        )

    def advance(self, token: int) -> Progress:
        """The progress after a token, which the constraints allow."""
        after = self.after.get(token)
        if after is None:
            after = self.after[token] = self._tracker.follow(self._states, token)
        return after

    @property
    def wanted(self) -> TokenSets:
        """For each constraint that is not met the tokens that bring it on."""
        if self._wanted is None:
            self._wanted = token_sets([state.finishing for state in self._states])
        return self._wanted

    @property
    def met(self) -> list[bool]:
        """For each constraint whether it is met."""
        return [state.left == 0 for state in self._states]


class Tracker:
    """The states of some constraints; ``start`` is the progress of an empty text, ``top`` the bank of a text that
    meets all."""

    def __init__(self, constraints: Sequence[CompiledConstraint]) -> None:
        self._roots = [one.matcher() for one in constraints]
        self.wholes = [_State(root).left for root in self._roots]
        self.top = sum(self.wholes)
        self._forget()

    def follow(self, states: tuple[_State, ...], token: int) -> Progress:
        """The progress from states after a token."""
        if self.transitions > STATES:
            self._forget()
        after = []
        for number, state in enumerate(states):
            next_state = state.after.get(token)
            if next_state is None:
                matcher = state.matcher.fork()
                matcher.advance(token)
                next_state = state.after[token] = self._state(number, matcher)
                self.transitions += 1
            after.append(next_state)
        self.transitions += 1
        key = tuple(after)
        progress = self._progress.get(key)
        if progress is None:
            progress = self._progress[key] = Progress(self, key)
        return progress

    def _state(self, number: int, matcher: Matcher) -> _State:
        key = number, matcher.state, matcher.tokens_read == 0
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = _State(matcher)
        return state

    def _forget(self) -> None:
        """Begin anew; progress that texts hold stays valid, and leads to new states."""
        self._states: dict[tuple[int, int, bool], _State] = {}
        self._progress: dict[tuple[_State, ...], Progress] = {}
        self.transitions = 0
        self.start = Progress(self, tuple(self._state(number, root) for number, root in enumerate(self._roots)))
