"""What a search is asked for: which constraints hold for every text, and which of them are counted on the way.

In: constraints of all kinds, phrases, compiled constraints, phrases of token ids. Out: ``Demands``. All constraints
together are one automaton (for token ids one more), which judges every text, so that none that is refused goes on. The
lexical ones, which say what must occur somewhere in the text, are also compiled one by one: how far a text is with each
decides its bank (``trackers.py``). A phrase that is listed several times must occur so many times. Refuses what is no
constraint, and constraints compiled for another vocabulary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from decodex.beam.token_phrases import TokenConstraint, check_token_ids, token_vocabulary, written_tokens
from decodex.beam.trackers import Tracker
from decodex.compiling import CompiledConstraint, compile
from decodex.constraints import Constraint, contains
from decodex.constraints.base import AllOf, AnyOf
from decodex.constraints.lexical import Contains
from decodex.errors import ConstraintError, VocabularyError
from decodex.matching import Matcher
from decodex.vocab import Vocabulary

__all__ = ["Demand", "Demands", "Ids", "demands", "listed"]

Demand: TypeAlias = "str | tuple[str, ...] | Constraint | CompiledConstraint | TokenConstraint"
"""A phrase, several forms of which any will do, a constraint, a compiled one, or one on token ids."""


@dataclass(frozen=True)
class Ids:
    """The token ids of a model: how many there are, which end a text, and what they spell, if that is known."""

    size: int
    eos_token_ids: tuple[int, ...]
    vocab: Vocabulary | None


@dataclass(frozen=True, eq=False)
class Demands:
    """``whole``: what judges a text, one for each way of reading it (as bytes, as token ids); ``counted``: the lexical
    constraints one by one."""

    whole: tuple[CompiledConstraint, ...] = ()
    counted: tuple[CompiledConstraint, ...] = ()

    @cached_property
    def tracker(self) -> Tracker:
        """Of the counted constraints; made once, and better known with each search."""
        return Tracker(self.counted)

    def matchers(self) -> tuple[Matcher, ...]:
        """Matchers at the start of a text, with no budget but that of a compiled constraint: a search keeps its own."""
        return tuple(compiled.matcher() for compiled in self.whole)


def demands(asked: Demand | Iterable[Demand], ids: Ids) -> Demands:
    """The demands for texts of these tokens.

    Raises ``ConstraintError`` and its kin, ``UnsatisfiableError`` among them, ``VocabularyError`` for a constraint
    compiled for another vocabulary.
    """
    items = listed(asked)
    whole: list[CompiledConstraint] = []
    counted: list[CompiledConstraint] = []
    by_tokens = [one for one in items if isinstance(one, TokenConstraint)]
    by_text = [one for one in items if not isinstance(one, TokenConstraint)]
    if by_text:
        vocab = _vocabulary(by_text, ids)
        compiled = [one for one in by_text if isinstance(one, CompiledConstraint)]
        limits = compiled[0].limits if compiled else None
        budgets = [one.max_tokens for one in compiled if one.max_tokens is not None]
        parts = _parts(_constraints(by_text))
        if compiled and len(by_text) == 1:
            whole.append(compiled[0])
        else:
            whole.append(compile(_together(parts), vocab, max_tokens=min(budgets, default=None), limits=limits))
        counted += [compile(part, vocab, limits=limits) for part in parts if _is_lexical(part)]
    if by_tokens:
        for one in by_tokens:
            check_token_ids(one, ids.size, ids.eos_token_ids)
        vocab = token_vocabulary(ids.size, ids.eos_token_ids)
        parts = _parts([one.constraint for one in by_tokens])
        whole.append(compile(_together([*parts, written_tokens(ids.size)]), vocab))
        counted += [compile(part, vocab) for part in parts if _is_lexical(part)]
    return Demands(tuple(whole), tuple(counted))


def listed(asked: Demand | Iterable[Demand]) -> list[Any]:
    """The demands one by one; a single one may stand for itself, but a tuple is a list of them."""
    single = isinstance(asked, (str, Constraint, CompiledConstraint, TokenConstraint))
    items: Iterable[Any] = asked if isinstance(asked, Iterable) and not single else [asked]
    return [tuple(one) if isinstance(one, list) else one for one in items]


def _vocabulary(items: Iterable[Any], ids: Ids) -> Vocabulary:
    """The vocabulary of the text: the model's, or that of the compiled constraints."""
    vocab = ids.vocab
    for one in items:
        if isinstance(one, CompiledConstraint):
            if vocab is not None and one.vocab != vocab:
                raise VocabularyError(
                    "a constraint is compiled for another vocabulary than the model or another constraint has; compile "
                    "all of them for decodex.hf.vocabulary(model, tokenizer)"
                )
            vocab = one.vocab
    if vocab is None:
        raise VocabularyError(
            "constraints on the text need a vocabulary; compile one of them for decodex.hf.vocabulary(model, tokenizer)"
        )
    if vocab.vocab_size > ids.size:
        raise VocabularyError(
            f"the vocabulary has {vocab.vocab_size:,} ids and the model scores {ids.size:,}; use "
            "decodex.hf.vocabulary(model, tokenizer)"
        )
    return vocab


def _constraints(items: Iterable[Any]) -> list[Constraint]:
    """The items as constraints; of equal phrases one that counts them."""
    phrases = Counter(one for one in items if isinstance(one, (str, tuple)))
    out = [contains(phrase, min_count=count) for phrase, count in phrases.items()]
    for one in items:
        if isinstance(one, CompiledConstraint):
            out.append(one.constraint)
        elif isinstance(one, Constraint):
            out.append(one)
        elif not isinstance(one, (str, tuple)):
            raise ConstraintError(
                f"a demand is a phrase, a tuple of forms, a constraint or a compiled one, not {type(one).__name__}; "
                "phrases of token ids are decodex.beam.contains_tokens(...)"
            )
    return out


def _parts(constraints: Iterable[Constraint]) -> list[Constraint]:
    return list(_flat(AllOf, constraints))


def _flat(kind: type[AllOf] | type[AnyOf], constraints: Iterable[Constraint]) -> Iterator[Constraint]:
    """The constraints in order, those of the kind replaced by their parts."""
    left = [*constraints][::-1]
    while left:
        one = left.pop()
        if isinstance(one, kind):
            left += one.parts[::-1]
        else:
            yield one


def _together(parts: list[Constraint]) -> Constraint:
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _is_lexical(part: Constraint) -> bool:
    """Does it ask for something that may come anywhere, so that a text can be on its way to it?"""
    return all(isinstance(one, Contains) for one in _flat(AnyOf, [part]))
