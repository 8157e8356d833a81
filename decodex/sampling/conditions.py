"""Conditions: what may come next in one text, asked token by token or as a mask.

In: a constraint, compiled or not, a predicate, or both at once, and a vocabulary. Out: a ``Condition``, which knows
the text read so far. Every sampler of this package works with any object of that protocol; the ones here are an
automaton (``ConstraintCondition``), Python functions (``PredicateCondition``) and an automaton with functions
(``JointCondition``, which asks the automaton first). Invariant: ``allows``, ``mask`` and ``advance`` agree. Cost: an
automaton answers a check in about the time of a call; a predicate costs what its function does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from decodex.compiling import CompiledConstraint, compile
from decodex.constraints import Constraint, as_constraint
from decodex.constraints.predicates import Predicate, split_predicates
from decodex.errors import BudgetError, ConstraintError, VocabularyError
from decodex.matching import Matcher
from decodex.matching.bitmask import mask_words
from decodex.sampling.choice import Ledger
from decodex.vocab import Vocabulary

__all__ = [
    "Condition",
    "ConstraintCondition",
    "JointCondition",
    "PredicateCondition",
    "condition_of",
    "native_matcher",
]


@runtime_checkable
class Condition(Protocol):
    """What may come next in one text (one particle, one row of a batch)."""

    checks: int
    """Checks of single tokens made so far, those of copies not counted."""

    def allows(self, token_id: int) -> bool:
        """May the token come next? One check. An end token: may the text end here?"""

    def mask(self) -> NDArray[np.bool_] | None:
        """Which tokens may come next, bool ``[V]``; ``None`` where that would take a check per token."""

    def advance(self, token_id: int) -> None:
        """Read a token. Raises ``ConstraintError`` for one that is not allowed."""

    def fork(self) -> Condition:
        """An independent copy at the same place, which has made no checks."""

    @property
    def is_accepting(self) -> bool:
        """May the text end here?"""

    @property
    def is_finished(self) -> bool:
        """Has an end token been read?"""

    @property
    def text(self) -> bytes:
        """The bytes read so far."""


class ConstraintCondition:
    """A compiled constraint as a condition: an automaton, with masks."""

    def __init__(self, matcher: Matcher, vocab: Vocabulary, ledger: Ledger | None = None) -> None:
        self.matcher = matcher
        self.vocab = vocab
        self.ledger = ledger or Ledger()
        """What was spent on the constraint's states; shared by all copies."""
        self.checks = 0

    def allows(self, token_id: int) -> bool:
        self.checks += 1
        return self.matcher.allows(token_id)

    def mask(self) -> NDArray[np.bool_]:
        size = self.vocab.vocab_size
        bitmask = np.full((1, mask_words(size)), -1, dtype=np.int32)
        self.matcher.fill_bitmask(bitmask)
        return np.unpackbits(bitmask.view(np.uint8), count=size, bitorder="little").view(np.bool_)

    def advance(self, token_id: int) -> None:
        if not self.matcher.advance(token_id):
            raise _not_allowed(self.vocab, token_id, self.text, self.matcher.explain(token_id).message)

    def fork(self) -> ConstraintCondition:
        return ConstraintCondition(self.matcher.fork(), self.vocab, self.ledger)

    @property
    def is_accepting(self) -> bool:
        return self.matcher.is_accepting

    @property
    def is_finished(self) -> bool:
        return self.matcher.is_finished

    @property
    def text(self) -> bytes:
        return self.matcher.last_bytes(self.matcher.tokens_read)


class PredicateCondition:
    """Python functions of the text so far as a condition: no masks, and a text is judged once."""

    def __init__(self, predicates: Sequence[Predicate], vocab: Vocabulary, max_tokens: int | None = None) -> None:
        self.predicates = tuple(predicates)
        self.vocab = vocab
        self.checks = 0
        self.text = b""
        self.is_finished = False
        self._left = max_tokens
        self._begun = False
        self._ends = frozenset(vocab.eos_token_ids)
        self._readable = _Readable()
        self._judged: dict[int, bool] = {}
        if not all(self._may(p, b"", self._readable, end=False) for p in self.predicates):
            raise ConstraintError(
                f"{self.predicates[0].describe()} refuses the empty text, from which every text begins; it must be "
                "True for every beginning of a good text"
            )

    def allows(self, token_id: int) -> bool:
        known = self._judged.get(token_id)
        if known is not None:
            return known
        self.checks += 1
        self._judged[token_id] = verdict = self._judge(token_id)
        return verdict

    def mask(self) -> None:
        return None

    def advance(self, token_id: int) -> None:
        if not self._judged.get(token_id, False) and not self._judge(token_id):
            raise _not_allowed(self.vocab, token_id, self.text, "the predicate refuses it")
        if token_id in self._ends:
            self.is_finished = True
        else:
            added = self._bytes_of(token_id) or b""
            self.text += added
            self._readable = self._readable.after(added) or self._readable
            self._begun = True
            self._left = None if self._left is None else self._left - 1
        self._judged = {}

    def fork(self) -> PredicateCondition:
        copy = object.__new__(PredicateCondition)
        copy.__dict__.update(self.__dict__)
        copy._judged = dict(self._judged)
        copy.checks = 0
        return copy

    @property
    def is_accepting(self) -> bool:
        return self._may_all(self.text, self._readable, end=True)

    def _judge(self, token_id: int) -> bool:
        if self.is_finished:
            return token_id in self._ends
        if token_id in self._ends:
            return self.is_accepting
        added = self._bytes_of(token_id)
        if added is None or self._left == 0:
            return False
        after = self._readable.after(added)
        if after is None:
            return any(p.as_bytes for p in self.predicates) and self._may_all(self.text + added, None, end=False)
        return self._may_all(self.text + added, after, end=False)

    def _may_all(self, text: bytes, readable: _Readable | None, *, end: bool) -> bool:
        return all(self._may(p, text, readable, end=end) for p in self.predicates)

    def _may(self, predicate: Predicate, text: bytes, readable: _Readable | None, *, end: bool) -> bool:
        function = predicate.may_end if end else predicate.may_go_on
        if predicate.as_bytes:
            return bool(function(text))
        if readable is None or (end and readable.rest):
            return False
        return bool(function(readable.text))

    def _bytes_of(self, token_id: int) -> bytes | None:
        if not 0 <= token_id < self.vocab.vocab_size:
            return None
        if not self._begun and token_id in self.vocab.start_tokens:
            return self.vocab.start_tokens[token_id]
        return self.vocab.tokens[token_id]


class JointCondition:
    """An automaton and functions at once: the mask is the automaton's, and a token is asked of it first."""

    def __init__(self, automaton: ConstraintCondition, functions: PredicateCondition) -> None:
        self.automaton = automaton
        self.functions = functions
        self.vocab = automaton.vocab

    @property
    def checks(self) -> int:
        """Checks of the functions; those of the automaton are many times cheaper."""
        return self.functions.checks

    @checks.setter
    def checks(self, value: int) -> None:
        self.functions.checks = value

    def allows(self, token_id: int) -> bool:
        return self.automaton.allows(token_id) and self.functions.allows(token_id)

    def mask(self) -> None:
        return None

    def advance(self, token_id: int) -> None:
        if not self.automaton.matcher.allows(token_id):
            self.automaton.advance(token_id)  # raises, and says why
        self.functions.advance(token_id)
        self.automaton.advance(token_id)

    def fork(self) -> JointCondition:
        return JointCondition(self.automaton.fork(), self.functions.fork())

    @property
    def is_accepting(self) -> bool:
        return self.automaton.is_accepting and self.functions.is_accepting

    @property
    def is_finished(self) -> bool:
        return self.automaton.is_finished

    @property
    def text(self) -> bytes:
        return self.automaton.text


def condition_of(
    constraint: Constraint | CompiledConstraint | Condition | str,
    vocab: Vocabulary | None = None,
    *,
    max_tokens: int | None = None,
) -> Condition:
    """A condition at the start of a text: of a constraint, of a compiled one, of a predicate, or of both.

    ``vocab`` may be left out where the constraint is compiled. ``max_tokens``: texts end within so many tokens, the end
    token not counted; a constraint then allows only what can still be completed, a predicate has no foresight. A
    condition is returned as it is. Raises what ``decodex.compile`` raises.

    >>> vocab = Vocabulary.from_tokens([b"a", b"b", None], eos_token_ids=[2])
    >>> condition_of("ab", vocab).mask().tolist()
    [True, False, False]
    """
    if isinstance(constraint, CompiledConstraint):
        return ConstraintCondition(constraint.matcher(max_tokens), constraint.vocab)
    if not isinstance(constraint, (Constraint, str)) and isinstance(constraint, Condition):
        return constraint
    if vocab is None:
        raise VocabularyError("a constraint that is not compiled needs the vocabulary: vocab=decodex.Vocabulary...")
    rest, predicates = split_predicates(as_constraint(constraint))
    if rest is None:
        return PredicateCondition(predicates, vocab, _budget(max_tokens))
    automaton = ConstraintCondition(compile(rest, vocab, max_tokens).matcher(), vocab)
    return JointCondition(automaton, PredicateCondition(predicates, vocab)) if predicates else automaton


def native_matcher(condition: Condition) -> Matcher | None:
    """The matcher that is the whole condition; ``None`` where there is more to it."""
    return condition.matcher if isinstance(condition, ConstraintCondition) else None


def _budget(max_tokens: int | None) -> int | None:
    if max_tokens is not None and (isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or max_tokens < 0):
        raise BudgetError(f"max_tokens is a count of tokens, not {max_tokens!r}")
    return max_tokens


def _not_allowed(vocab: Vocabulary, token_id: int, text: bytes, why: str) -> ConstraintError:
    known = 0 <= token_id < vocab.vocab_size
    named = f"token {token_id}" + (f" ({vocab.tokens[token_id]!r})" if known else ", an id the vocabulary lacks,")
    return ConstraintError(f"{named} is not allowed behind {text[-40:]!r}: {why}")


class _Readable:
    """Bytes as the text that they spell so far, and the rest that is a character's beginning."""

    __slots__ = ("rest", "text")

    def __init__(self, text: str = "", rest: bytes = b"") -> None:
        self.text = text
        self.rest = rest

    def after(self, added: bytes) -> _Readable | None:
        """With more bytes; ``None`` where no text spells that way."""
        data = self.rest + added
        try:
            return _Readable(self.text + data.decode())
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":  # what is there cannot become a character
                return None
            return _Readable(self.text + data[: error.start].decode(), data[error.start :])


