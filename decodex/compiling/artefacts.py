"""Compiled constraints as files: ``save`` and ``load``.

In: a compiled constraint and sample texts; out: a file with the constraint itself as plain data, the
vocabulary's fingerprint, and the states that the samples passed through with their masks. Loading builds
nothing: generation begins with the saved states, and the constraint is built when it first leaves them.
Masks are the same either way. Refuses, as ``ArtefactError``, what ``storage`` refuses, and a file for
another vocabulary.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from decodex import storage
from decodex._core import Compiled, Limits, SavedStates
from decodex.compiling.compiled import CompiledConstraint, check_vocabulary, checked_limits, within_budget
from decodex.constraints.base import encodable
from decodex.constraints.data import from_data, to_data
from decodex.constraints.phases import core_terms
from decodex.errors import ArtefactError, ConstraintError, VocabularyError, shown

if TYPE_CHECKING:
    from decodex.vocab import Vocabulary

__all__ = ["WarmTexts", "load", "save"]

_REMEDY = "make it again with decodex.compile(constraint, vocab).save(path)"
_LIMITS = ("search_states", "pool_bytes", "nesting")
WarmTexts = Iterable[str | bytes | Sequence[int]]


def save(compiled: CompiledConstraint, path: str | PathLike[str], warm: WarmTexts = ()) -> None:
    """Write ``compiled`` to ``path``; see ``CompiledConstraint.save``."""
    texts = [*compiled.warm_texts, *token_sequences(warm, compiled.vocab)]
    about = {
        "constraint": to_data(compiled.constraint),
        "vocabulary": compiled.vocab.fingerprint,
        "vocabulary_size": len(compiled.vocab),
        "limits": [getattr(compiled.limits, name) for name in _LIMITS],
        "max_tokens": compiled.max_tokens,
        "unenforced": compiled.unenforced,
    }
    states = recorded(compiled, texts)
    ends = np.cumsum([len(text) for text in texts], dtype=np.uint32)
    arrays = {**states.arrays(), "texts": np.array([i for text in texts for i in text], np.uint32), "texts_end": ends}
    storage.write(path, "constraint", about, arrays)


def load(
    path: str | PathLike[str], vocab: Vocabulary, max_tokens: int | None = None, limits: Limits | None = None
) -> CompiledConstraint:
    """The compiled constraint that ``CompiledConstraint.save`` wrote, for the same vocabulary.

    ``max_tokens`` and ``limits`` replace those that it was compiled with. Takes less time than compiling, since nothing
    is built yet: that happens when generation leaves what was met on the sample texts. Raises ``ArtefactError`` when
    the file is cut short, altered, of another version, or for another vocabulary; ``BudgetError`` when ``max_tokens``
    is too small.
    """
    check_vocabulary(vocab)
    given = None if limits is None else checked_limits(limits)
    about, arrays, checksum = storage.read(path, "constraint", _REMEDY)
    if about.get("vocabulary") != vocab.fingerprint:
        raise ArtefactError(
            f"{path} was compiled for another vocabulary (of {about.get('vocabulary_size')} ids, fingerprint "
            f"{str(about.get('vocabulary'))[:12]}...) than this one (of {len(vocab)} ids, fingerprint "
            f"{vocab.fingerprint[:12]}...); load it with that one, or {_REMEDY}"
        )
    try:
        constraint = from_data(about["constraint"])
        limits = Limits(*about["limits"]) if given is None else given
        states = SavedStates(vocab.native, arrays, checksum)
        term, phases = core_terms(constraint)
        native = Compiled(vocab.native, term, limits, states, about["unenforced"], phases)
        max_tokens = about["max_tokens"] if max_tokens is None else max_tokens
        texts = SavedTexts(arrays["texts"], arrays["texts_end"])
    except ArtefactError as error:
        raise ArtefactError(f"{path} cannot be used: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtefactError(f"{path} does not say what it has to ({error!r}); {_REMEDY}") from error
    return within_budget(CompiledConstraint(constraint, vocab, native, max_tokens, limits, texts, is_loaded=True))


def recorded(compiled: CompiledConstraint, texts: Sequence[Sequence[int]]) -> SavedStates:
    """The states and masks on the way of token sequences; a ``ConstraintError`` for one that may not be written."""
    native = compiled.native
    if compiled.is_loaded:  # its states stand for others, which are what is to be saved
        term, phases = core_terms(compiled.constraint)
        native = Compiled(compiled.vocab.native, term, compiled.limits, phases)
    states, read = native.record(texts)
    for index, (text, count) in enumerate(zip(texts, read, strict=True)):
        if count < len(text):
            before = compiled.vocab.decode(text[:count])
            after = compiled.vocab.decode_bytes(text[count:], at_start=count == 0).decode("utf-8", "replace")
            raise ConstraintError(
                f"a sample text does not satisfy the constraint: after {before[-40:]!r} it cannot go on with "
                f"{after[:40]!r}; leave it out of warm=",
                location=f"warm[{index}], token {count}",
            )
    return states


def token_sequences(texts: WarmTexts, vocab: Vocabulary) -> list[list[int]]:
    """Texts as the vocabulary's own tokens, or, where it has no encoding, as its longest ones; ids as they are."""
    if isinstance(texts, (str, bytes)):
        raise ConstraintError("warm is a list of texts, not one; write warm=[text]")
    if not isinstance(texts, Iterable):
        raise ConstraintError(f"warm is a list of texts or of lists of token ids, not {shown(texts)}")
    return [_tokens(text, vocab, index) for index, text in enumerate(texts)]


def _tokens(text: Any, vocab: Vocabulary, index: int) -> list[int]:
    if isinstance(text, str):
        canonical = vocab.canonical_tokens(encodable(text))
        if canonical is not None:
            return canonical
        text = text.encode()
    if isinstance(text, bytes):
        return list(vocab.native.longest_tokens(text))
    try:
        ids = [operator.index(token) for token in text]
        outside = next((token for token in ids if not 0 <= token < len(vocab)), None)
        if outside is not None:
            raise VocabularyError(f"token id {shown(outside)} is outside the vocabulary of {len(vocab)} ids")
        return ids
    except TypeError as error:
        raise ConstraintError(
            f"a sample is a text or a list of token ids, not {shown(text)}", location=f"warm[{index}]"
        ) from error


class SavedTexts(Sequence[Sequence[int]]):
    """Token sequences as two arrays: what is in a file is taken apart when it is asked for."""

    def __init__(self, tokens: Any, ends: Any) -> None:
        self._tokens, self._ends = tokens, ends

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: Any) -> Any:
        begin = int(self._ends[index - 1]) if index else 0
        return self._tokens[begin : int(self._ends[index])].tolist()
