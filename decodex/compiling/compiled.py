"""compile(), the whole pipeline: a constraint says its term, the core builds it for a vocabulary, matchers begin."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from decodex._core import Compiled, Limits, Matcher
from decodex.constraints.base import Constraint, as_constraint
from decodex.constraints.phases import core_terms
from decodex.errors import BudgetError, ConstraintError, VocabularyError, shown
from decodex.matching.parts import Parts

__all__ = ["CompiledConstraint", "Limits", "compile"]

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from decodex.compiling.artefacts import WarmTexts
    from decodex.compiling.cache import ArtefactCache
    from decodex.matching.check import CheckResult
    from decodex.vocab import Vocabulary


class CompiledConstraint:
    """A constraint for one vocabulary. Made by :func:`compile`; shared by any number of matchers and threads."""

    __slots__ = ("constraint", "is_loaded", "limits", "max_tokens", "native", "vocab", "warm_texts")

    def __init__(
        self,
        constraint: Constraint,
        vocab: Vocabulary,
        native: Compiled,
        max_tokens: int | None,
        limits: Limits,
        warm_texts: Sequence[Sequence[int]] = (),
        *,
        is_loaded: bool = False,
    ) -> None:
        self.constraint = constraint
        self.vocab = vocab
        self.native = native
        self.max_tokens = max_tokens
        self.limits = limits
        self.warm_texts = warm_texts
        self.is_loaded = is_loaded
        native.origin = Parts(constraint, vocab.native, limits)

    def matcher(self, max_tokens: int | None = None) -> Matcher:
        """A matcher at the start of a text.

        ``max_tokens``: every text is complete within so many tokens, the end token not counted. Raises ``BudgetError``
        when that cannot be promised.
        """
        return Matcher(self.native, self.max_tokens if max_tokens is None else checked_budget(max_tokens))

    @property
    def unenforced(self) -> list[str]:
        """What the constraint says but is not enforced, with its place; empty unless leniency was asked for."""
        return self.native.unenforced

    def check(self, text: str | bytes) -> CheckResult:
        """Is the text one of the constraint's, and where does it leave them if not? Of a conjunction also each part's
        verdict and the rate of those satisfied; of a JSON schema by which keyword, when the package ``jsonschema`` is
        installed (the extra ``check``)."""
        from decodex.matching.check import check

        return check(self.native.origin, Matcher(self.native), text)

    def save(self, path: str | PathLike[str], warm: WarmTexts = ()) -> None:
        """Write an artefact, from which :func:`load` takes less time than compiling.

        ``warm``: texts, or token sequences, such as generations will write (a beginning will do). The states and masks
        that they meet go into the file, and are at hand when it is loaded, beside those of texts saved before. The
        texts themselves can be read from the file. It has some tens of KiB as a rule.

        Raises ``ConstraintError`` for a text that the constraint does not allow, ``ArtefactError`` for a constraint of
        a class of one's own and where the file cannot be written. A file of that name is replaced in one step.
        """
        from decodex.compiling.artefacts import save

        save(self, path, warm)

    def stats(self) -> dict[str, int]:
        """What the constraint's pool holds and how its caches did; it is shared by all constraints of the vocabulary
        with the same limits, and ``vocab.stats()`` adds up all pools.

        ``states`` and ``automaton_bytes``: expressions with their transitions. ``masks`` and ``lexeme_tables`` with
        ``mask_bytes`` and ``lexeme_table_bytes``. The small caches: ``absorption_bytes``, ``cost_bytes``,
        ``capture_mask_bytes``. ``mask_hits``: fills that were a copy, about so many
        when several threads fill; ``masks_made``, ``lexeme_table_hits``, and ``walks`` of the vocabulary. What was
        dropped at the limit: ``evictions``, ``masks_dropped``, ``lexeme_tables_dropped``.
        """
        return self.native.stats()

    def __repr__(self) -> str:
        return f"<CompiledConstraint of {self.constraint!r} for {self.vocab!r}>"


def compile(
    constraint: Constraint | str,
    vocab: Vocabulary,
    max_tokens: int | None = None,
    limits: Limits | None = None,
    *,
    warm: WarmTexts = (),
    cache: str | PathLike[str] | ArtefactCache | None = None,
) -> CompiledConstraint:
    """Compile a constraint for a vocabulary.

    ``max_tokens`` is the budget of every matcher that does not name its own. Compiling is lazy: what generation never
    reaches is never built, but for the states and masks that the texts (or token sequences) of ``warm`` meet.
    ``cache`` is a folder, or an ``ArtefactCache``, in which processes share what they compiled, with what the ``warm``
    of the first one met; without it, that of the environment variable ``DECODEX_CACHE``, if there is one.

    Raises ``ConstraintError`` and its kin where the constraint is broken, or a text of ``warm`` does not satisfy it,
    ``UnsupportedError`` where it cannot be enforced, ``UnsatisfiableError`` when no text satisfies it, ``BudgetError``
    when ``max_tokens`` is too small, ``LimitError`` when a work limit ends the attempt.
    """
    check_vocabulary(vocab)
    constraint = as_constraint(constraint)
    if max_tokens is not None:
        checked_budget(max_tokens)
    limits = Limits() if limits is None else checked_limits(limits)
    folder = cache if cache is not None else os.environ.get("DECODEX_CACHE")
    if folder is None or (isinstance(folder, str) and not folder):
        compiled = _compile(constraint, vocab, limits, warm)
    else:
        from decodex.compiling.cache import ArtefactCache

        kept = folder if isinstance(folder, ArtefactCache) else ArtefactCache(folder)
        compiled = kept.get(constraint, vocab, limits, lambda: _compile(constraint, vocab, limits, warm))
    compiled.max_tokens = max_tokens
    return within_budget(compiled)


def _compile(constraint: Constraint, vocab: Vocabulary, limits: Limits, warm: WarmTexts) -> CompiledConstraint:
    term, phases = core_terms(constraint)
    compiled = CompiledConstraint(constraint, vocab, Compiled(vocab.native, term, limits, phases), None, limits)
    if warm is not None and not (isinstance(warm, (tuple, list)) and not warm):
        from decodex.compiling.artefacts import recorded, token_sequences

        compiled.warm_texts = token_sequences(warm, vocab)
        recorded(compiled, compiled.warm_texts)
    return compiled


def check_vocabulary(vocab: Vocabulary) -> None:
    """A ``VocabularyError`` when it is none."""
    if not hasattr(vocab, "native"):
        raise VocabularyError(
            f"vocab is a decodex.Vocabulary, not {type(vocab).__name__}; make one with "
            "decodex.Vocabulary.from_hf(tokenizer)"
        )


def checked_limits(limits: Limits) -> Limits:
    """The limits themselves; a ``ConstraintError`` when they are none."""
    if not isinstance(limits, Limits):
        raise ConstraintError(f"limits is a decodex.Limits, not {shown(limits)}; write decodex.Limits(pool_bytes=...)")
    return limits


def within_budget(compiled: CompiledConstraint) -> CompiledConstraint:
    """The same, when its own budget suffices; a ``BudgetError`` otherwise."""
    if compiled.max_tokens is not None:
        compiled.matcher(compiled.max_tokens)
    return compiled


def checked_budget(max_tokens: int) -> int:
    """The budget itself; a ``BudgetError`` when it is not a count."""
    if isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or not 0 <= max_tokens < 2**32 - 1:
        raise BudgetError(f"max_tokens is a count of tokens, not {shown(max_tokens)}")
    return max_tokens
