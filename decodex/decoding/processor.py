"""``ConstraintLogitsProcessor``: constraints inside of transformers' ``generate``.

In: the tokens of each row and the scores of the next one. Out: the scores with everything refused at minus
infinity. Knows nothing between calls but the prompt of the running generation and the places of the texts
shown after it (see ``places.py``), so rows may be reordered, repeated, taken back or replaced by another
generation's. Invariant: a row's mask depends on its constraint and on its tokens after the prompt alone.
Cost: per call a comparison of the prompt, per row a look-up, per new text one advance, and the masks.

Refuses: rows that cannot be shared out among the constraints, constraints of different vocabularies, and a
generated token that was not allowed, which means that another processor has overruled this one.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from transformers import LogitsProcessor

from decodex.compiling import CompiledConstraint
from decodex.decoding.kernels import apply_bitmask
from decodex.decoding.mask_buffer import MaskBuffer, distinct
from decodex.decoding.mass_record import MassRecord
from decodex.decoding.places import Place, Refused, Start
from decodex.decoding.runs import Runs, check_shapes
from decodex.errors import ConstraintError, VocabularyError
from decodex.matching import Matcher, allocate_bitmask, fill_bitmasks, forced_tokens
from decodex.matching.bitmask import BITS
from decodex.matching.forced import Tokenize
from decodex.vocab import Vocabulary

__all__ = ["ConstraintLogitsProcessor"]

# Beam search adds log-probabilities, which sum up to one; no logits come as close to that.
LOG_SUM_TOLERANCE = 1e-2


class ConstraintLogitsProcessor(LogitsProcessor):  # type: ignore[misc, unused-ignore]
    """Scores in which only the tokens are left that the constraint allows.

    ``compiled``: a compiled constraint for every row, or a list with one per prompt of the batch, ``None``
    for a prompt that is free. With beams or several returned sequences the rows of a prompt share its
    constraint. ``max_tokens``: every text is complete within so many tokens; give it what ``generate`` gets
    as ``max_new_tokens``. ``tokenize`` (text to ids, no special tokens): where the text is forced, only the
    tokenizer's own cut of it is allowed. ``record``: takes down the probability mass that is removed at each step.

    Works with greedy search, sampling, beams, ``num_return_sequences``, left padding and assisted decoding,
    and with any number of ``generate`` calls. Where a generation begins is told from what is shown: a prompt
    that is the last prompt and what was generated after it continues that text, any other begins anew (the
    last two generations are kept). ``reset()`` begins anew in any case; ``prompt_length=`` fixes the length
    of the prompt (padding included), and then the tokens after it are the text, whatever was shown before.
    An assistant with another tokenizer is called with ids that mean nothing here, and may end in an error.

    Raises ``ConstraintError`` when a generated token was not allowed, ``BudgetError`` at once when
    ``max_tokens`` is too small. Returns new scores of the same type and place, never changes those it is
    given, and may return them as they are where nothing is refused.

    >>> processor = ConstraintLogitsProcessor(compiled)  # doctest: +SKIP
    >>> model.generate(**inputs, logits_processor=[processor])  # doctest: +SKIP
    """

    supports_continuous_batching = False

    def __init__(
        self,
        compiled: CompiledConstraint | Sequence[CompiledConstraint | None],
        *,
        prompt_length: int | None = None,
        max_tokens: int | None = None,
        tokenize: Tokenize | None = None,
        record: MassRecord | None = None,
    ) -> None:
        self._compiled = _constraints(compiled)
        self._vocab = _one_vocabulary(self._compiled)
        self._prompt_length = prompt_length
        self._max_tokens = max_tokens
        self._tokenize = tokenize
        self._record = record
        self._buffer = MaskBuffer(self._vocab.vocab_size)
        for one in self._compiled:
            if one is not None:
                one.matcher(max_tokens)  # a budget that is too small is an error now, not at the first token
        self.reset()

    def reset(self) -> None:
        """Forget what was shown: the next call begins a generation, and all it shows is the prompt."""
        starts = [None if one is None else self._start(one) for one in self._compiled]
        self._runs = Runs(starts, self._prompt_length)

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """The scores of the next token of each row, with the refused ones at minus infinity."""
        check_shapes(input_ids, scores)
        return self.masked(scores, self._places(input_ids, scores))

    # transformers asks for the signature at each step, and making it takes longer than a mask.
    __call__.__signature__ = inspect.signature(__call__)  # type: ignore[attr-defined]

    # For loops that know where their rows stand

    @property
    def vocab(self) -> Vocabulary:
        """The vocabulary that the constraints were compiled for."""
        return self._vocab

    @property
    def is_mask(self) -> bool:
        """Does it refuse exactly what the matchers refuse, and nothing else? Not with a ``tokenize`` of one's own, by
        which it asks for one cut of forced text, nor with a record, which needs every mask."""
        return self._tokenize is None and self._record is None

    @property
    def tokenize(self) -> Tokenize | None:
        """The tokenizer's own cut of a text: what was given, or what the vocabulary has from its tokenizer."""
        return self._tokenize or self._vocab.encode

    def matchers(self, rows: int) -> list[Matcher | None]:
        """For each row of a batch a matcher at the start of its constraint, ``None`` for a free one."""
        constraints = [self._compiled[number] for number in self._constraint_numbers(rows)]
        return [None if one is None else one.matcher(self._max_tokens) for one in constraints]

    def masked(self, scores: Any, places: Sequence[Place | None], *, in_place: bool = False) -> Any:
        """The scores with the refused tokens of each row at minus infinity, given where the rows stand.

        Other scores unless ``in_place``, or the very same where nothing is refused.
        """
        if self._record is None:
            return self._masked(scores, places, in_place)
        before = scores.clone() if in_place else scores
        masked = self._masked(scores, places, in_place)
        self._record.add(before, masked)
        return masked

    def _masked(self, scores: Any, places: Sequence[Place | None], in_place: bool) -> Any:
        rows = [row for row, place in enumerate(places) if place is not None]
        if not rows:
            return scores
        forced = {} if self._tokenize is None else self._forced(places)
        if len(forced) == scores.shape[0]:
            return _only(scores, [forced[row] for row in rows])
        bitmask, masks, restricted = self._masks(
            [place for place in places if place is not None], scores.device
        )
        if not restricted and not forced and scores.shape[1] <= self._vocab.vocab_size:
            return scores
        masked = scores if in_place else scores.clone()
        apply_bitmask(masked, bitmask, rows=None if len(rows) == len(places) else rows, masks=masks)
        self._buffer.applied(scores.device)
        if masked.shape[1] > self._vocab.vocab_size:
            masked[rows, self._vocab.vocab_size :] = -torch.inf
        for row, token in forced.items():
            masked[row] = _only(scores[row : row + 1], [token])[0]
        return masked

    def error(self, row: int, refused: Refused) -> ConstraintError:
        """What to raise when a row has gone on with a token that was not allowed."""
        before, token = refused.before, refused.token
        allowed = len(before.allowed_tokens())
        if 0 <= token < self._vocab.vocab_size:
            text = self._vocab.tokens[token]
            why = before.explain(token).message
        else:
            text, why = None, "the vocabulary has no such id"
        named = f"token {token}" + ("" if text is None else f" ({text!r})")
        return ConstraintError(
            f"row {row}: {named} was generated at position {refused.position} of the text, where it is not "
            f"allowed: {why}. Another logits processor chose it, or left none of the {allowed} allowed ones. "
            "If it belongs to a new prompt, call reset() before generate, or give prompt_length=",
            location=f"row {row}, token {refused.position}",
        )

    # Places

    def _start(self, compiled: CompiledConstraint) -> Start:
        return lambda: compiled.matcher(self._max_tokens)

    def _places(self, input_ids: Any, scores: Any) -> list[Place | None]:
        numbers = self._constraint_numbers(input_ids.shape[0])
        _, places = self._runs.follow(input_ids, numbers)
        for row, place in enumerate(places):
            if not isinstance(place, Refused) or self._runs.proposed(place):
                continue
            others = (places[r] for r, number in enumerate(numbers) if number == numbers[row])
            if all(isinstance(other, Refused) for other in others) or not _are_of_beams(scores):
                raise self.error(row, place)
        return places

    def _constraint_numbers(self, rows: int) -> list[int]:
        """For each row which of the constraints is its own."""
        count = len(self._compiled)
        if rows % count:
            raise ConstraintError(
                f"{rows} rows cannot be shared out among {count} constraints; give one constraint for all "
                "rows, or a list with one for each prompt of the batch (None for a free one)"
            )
        return [row // (rows // count) for row in range(rows)]

    # Masks

    def _masks(self, places: list[Place], device: Any) -> tuple[Any, list[int] | None, bool]:
        """The masks that differ, which of them each place has (``None``: its own), whether any refuses something."""
        places, masks = distinct(places)
        matchers = [place for place in places if not isinstance(place, Refused)]
        count = len(places)
        bitmask = self._buffer.rows(count, device)
        if len(matchers) == count:
            restricted = fill_bitmasks(matchers, bitmask)
        else:
            restricted = self._fill_beside_refused(places, matchers, bitmask)
        return bitmask, masks, restricted

    def _fill_beside_refused(self, places: list[Place], matchers: list[Matcher], bitmask: Any) -> bool:
        """Masks of a batch with rows that are lost; those may only end, which no loop ever chooses."""
        lost = np.array([isinstance(place, Refused) for place in places])
        masks = allocate_bitmask(max(len(matchers), 1), self._vocab.vocab_size)
        fill_bitmasks(matchers, masks)
        words = bitmask.numpy().view(np.uint32)
        words[~lost] = masks.numpy().view(np.uint32)[: len(matchers)]
        words[lost] = 0
        for token in self._vocab.eos_token_ids:
            words[lost, token // BITS] |= np.uint32(1 << token % BITS)
        return True

    def _forced(self, places: Sequence[Place | None]) -> dict[int, int]:
        """For each row whose text is forced the token that comes next in the tokenizer's own cut."""
        out = {}
        for row, place in enumerate(places):
            if place is not None and not isinstance(place, Refused):
                tokens = forced_tokens(place, self._tokenize)
                if tokens:
                    out[row] = tokens[0]
        return out


def _constraints(
    compiled: CompiledConstraint | Sequence[CompiledConstraint | None],
) -> list[CompiledConstraint | None]:
    several: list[CompiledConstraint | None]
    several = list(compiled) if isinstance(compiled, Iterable) else [compiled]
    for one in several:
        if one is not None and not isinstance(one, CompiledConstraint):
            raise ConstraintError(
                f"expected a compiled constraint, not {type(one).__name__}; make one with "
                "decodex.compile(constraint, vocab)"
            )
    if all(one is None for one in several):
        raise ConstraintError("there is no constraint; give at least one that is not None")
    return several


def _one_vocabulary(compiled: list[CompiledConstraint | None]) -> Vocabulary:
    vocabularies = [one.vocab for one in compiled if one is not None]
    for vocab in vocabularies[1:]:
        if vocab != vocabularies[0]:
            raise VocabularyError(
                "the constraints of one batch are compiled for different vocabularies; compile all of them "
                "for the vocabulary of the model"
            )
    return vocabularies[0]


def _only(scores: Any, tokens: Sequence[int]) -> Any:
    """Scores in which one token is left in each row."""
    column = torch.tensor(tokens, device=scores.device)[:, None]
    return torch.full_like(scores, -torch.inf).scatter_(1, column, scores.gather(1, column))


def _are_of_beams(scores: Any) -> bool:
    """Are these the scores of a beam search?

    A beam search may carry beams of probability zero for want of better ones, with refused tokens; it never
    returns them. It shows itself by scores that are log-probabilities.
    """
    sums = torch.logsumexp(scores.float(), dim=-1)
    return bool((sums.abs() < LOG_SUM_TOLERANCE).all())
