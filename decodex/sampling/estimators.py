"""The estimators: how a walk through a race becomes a token and its weight.

In: a source of draws (``Race``, or anything of the protocol ``Source``), the check of a token, caps. Out: a token and a
weight relative to the source's whole mass; weight 0 where none was found, and then the token is one that was refused.
Proper weighting, ``E[weight 1{token = x}] = P(x) c(x)``, holds for all but ``improper``, with any cap. Only +, -, *
and / are used on probabilities, so that tests can run these very functions on fractions. Method: Lipkin et al. 2025,
Fast Controlled Generation from Language Models with Adaptive Weighted Rejection Sampling, arXiv 2504.05410.

Caps: ``max_rejects`` refused tokens end a walk. What would have been found later is accounted for by what was found
before, never dropped; a walk that meets the cap with nothing in hand weighs 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

__all__ = ["Found", "Source", "adaptive", "geometric", "improper", "recursive"]

Allows = Callable[[int], bool]


class Source(Protocol):
    """Draws of tokens; see ``Race``."""

    mass: Any

    def next(self) -> int | None: ...
    def probability(self, token: int) -> Any: ...
    def reject(self, token: int) -> None: ...
    def again(self, token: int) -> None: ...
    def phantoms(self) -> Any: ...


class Found(NamedTuple):
    """The end of a walk."""

    token: int | None
    """``None``: the source has no tokens at all."""
    weight: Any


def improper(source: Source, allows: Allows, max_rejects: int | None = None) -> Found:
    """The first token that is allowed, weight 1: masking's own distribution, by a few checks instead of a mask."""
    token, weight, _ = _first(source, allows, max_rejects)
    return Found(token, 1 if weight else 0)


def adaptive(source: Source, allows: Allows, max_rejects: int | None = None) -> Found:
    """AWRS: the first token that is allowed; a second one is drawn, refused tokens left out, to weigh it.

    With ``n0`` refused before the first and ``n1`` between them, the weight is the mass that was left at the first over
    ``n0 + n1 + 1``. When the cap ends the search for the second, it is over ``n0 + n1``: the first could have come at
    so many places only.
    """
    token, mass, rejects = _first(source, allows, max_rejects)
    if not mass or token is None:
        return Found(token, 0)
    source.again(token)
    while True:
        other = source.next()
        if other is None or other == token or allows(other):
            return Found(token, mass / (rejects + 1))
        source.reject(other)
        rejects += 1
        if rejects == max_rejects:
            return Found(token, mass / rejects)


def recursive(source: Source, allows: Allows, max_rejects: int | None = None) -> Found:
    """RAWRS: the first token that is allowed, weighed by a look at the one behind it.

    If that is allowed too (or there is none), the weight is all the mass that was not refused; if not, the token's own.
    Behind ``max_rejects - 1`` refusals there is no look ahead, and the weight is the mass.

    Why it is proper: let ``S`` be the mass left, and ``A`` the allowed share of ``S - P(x)``. The next token is ``x``
    with probability ``P(x) / S`` and then weighs ``S A + P(x) (1 - A)`` in the mean; it is a refused one with
    probability ``(S - P(x)) (1 - A) / S``, and then the mean is ``P(x)`` by induction. Together that is ``P(x)``. As it
    is ``P(x)`` behind any number of refusals, a walk may also be given up for a mask at any of them.
    """
    token, mass, rejects = _first(source, allows, max_rejects)
    if not mass or token is None or rejects + 1 == max_rejects:
        return Found(token, mass)
    own = source.probability(token)
    other = source.next()
    return Found(token, mass if other is None or allows(other) else own)


def geometric(source: Source, allows: Allows, max_rejects: int | None = None, max_accepts: int = 2) -> Found:
    """GAWRS: the first token that is allowed, weighed by a run until ``max_accepts`` were.

    The run is one with replacement, of which refused tokens that come again are counted but not drawn. With ``a``
    accepted and ``r`` refused draws the weight is ``min(max_accepts - 1, a) / (a + r - 1)``: the chance, given these
    counts, that the first draw was an accepted one.
    """
    known: set[int] = set()
    token, tried, accepts, rejects = None, None, 0, 0
    while accepts < max_accepts:
        rejects += source.phantoms()
        if max_rejects is not None and rejects >= max_rejects:
            break
        drawn = source.next()
        if drawn is None:
            break
        tried = drawn if tried is None else tried
        if drawn in known or allows(drawn):
            token = drawn if token is None else token
            known.add(drawn)
            accepts += 1
            source.again(drawn)
        else:
            source.reject(drawn)
            rejects += 1
            if rejects == max_rejects:
                break
    if token is None:
        return Found(tried, 0)
    rejects = rejects if max_rejects is None else min(rejects, max_rejects)
    return Found(token, min(max_accepts - 1, accepts) / (accepts + rejects - 1))


def _first(source: Source, allows: Allows, max_rejects: int | None) -> tuple[int | None, Any, int]:
    """The first token that is allowed with the mass not refused before it (0: a refused one), and how many were."""
    tried, rejects = None, 0
    while rejects != max_rejects:
        token = source.next()
        if token is None:
            break
        if allows(token):
            return token, source.mass, rejects
        tried = token if tried is None else tried
        source.reject(token)
        rejects += 1
    return tried, 0, rejects
