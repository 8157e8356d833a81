"""``PenaltyLogitsProcessor``: against repetition, with a memory that forgets, and against texts that end too early.

In: the tokens of each row and the scores of the next one. Out: scores in which the tokens written lately are less
likely, and the end tokens too while the text is short. Invariant: with a window as long as the text the scores are
bit for bit those of transformers' ``RepetitionPenaltyLogitsProcessor`` with the prompt ignored; with nothing to
penalise they are the very ones given. Minus infinity stays what it is, so a constraint's mask means the same before
or behind it. Cost: a copy of the scores.

Method: the penalty of CTRL (Keskar et al. 2019) with the forgetting window and the length penalty of Penalty Decoding
(Zhu et al. 2023, arXiv 2310.14971).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from decodex.decoding.after_prompt import AfterPrompt, count, finite, token_ids
from decodex.errors import DecodexError
from decodex.vocab import Vocabulary

__all__ = ["JSON_STRUCTURE", "PenaltyLogitsProcessor", "structural_tokens"]

JSON_STRUCTURE = '{}[]:," \t\r\n'
"""The characters of JSON that a text has to repeat."""


def structural_tokens(vocab: Vocabulary, characters: str = JSON_STRUCTURE) -> list[int]:
    """The ids of all tokens that have no other characters than these: what no penalty should be put on.

    >>> vocab = Vocabulary.from_tokens([b"a", b'"', b'": ', b"{a", None], eos_token_ids=[4])
    >>> structural_tokens(vocab)
    [1, 2]
    """
    structure = set(characters.encode())
    return [token_id for token_id, text in enumerate(vocab.tokens) if text and structure.issuperset(text)]


class PenaltyLogitsProcessor(AfterPrompt):
    """Scores in which what was written lately is less likely, and the end of a short text too.

    ``penalty``: what the score of a token in the memory is divided by where it is positive, and multiplied with where
    it is negative; 1 changes nothing, less than 1 rewards. The memory is the set of the last ``window`` tokens of the
    text (``None``: all of them), and the prompt too with ``include_prompt``. ``decay`` (0 to 1) lets it fade: a token
    last written ``n`` steps ago is penalised by ``penalty ** decay ** (n - 1)``. ``exempt``: token ids that are never
    penalised; for JSON ``structural_tokens(vocab)``. ``length_penalty`` lowers the scores of ``eos_token_id`` while
    the text has fewer than ``min_length`` tokens: by all of it at the first, linearly less at each further one. End
    tokens are not penalised for repetition. No bound follows from that; for one, use a length constraint.

    Put it before ``ConstraintLogitsProcessor``: what the constraint refuses stays refused in either order, and a token
    that alone is allowed is chosen whatever its score. ``prompt_length`` and ``reset()`` are as there.
    Raises ``DecodexError`` for options out of range.

    >>> penalty = PenaltyLogitsProcessor(1.2, window=64, exempt=structural_tokens(vocab))  # doctest: +SKIP
    >>> constraint = ConstraintLogitsProcessor(compiled)  # doctest: +SKIP
    >>> model.generate(**inputs, logits_processor=[penalty, constraint])  # doctest: +SKIP
    """

    def __init__(
        self,
        penalty: float = 1.0,
        *,
        window: int | None = None,
        decay: float = 1.0,
        include_prompt: bool = False,
        exempt: Iterable[int] = (),
        length_penalty: float = 0.0,
        min_length: int = 0,
        eos_token_id: int | Iterable[int] = (),
        prompt_length: int | None = None,
    ) -> None:
        super().__init__(prompt_length)
        self._penalty = finite("penalty", penalty, 0, above=True)
        self._window = None if window is None else count("window", window)
        self._decay = finite("decay", decay, 0)
        if self._decay > 1:
            raise DecodexError(f"decay is at most 1, which is none, not {decay!r}")
        self._include_prompt = include_prompt
        self._ends = token_ids("eos_token_id", eos_token_id)
        self._exempt = torch.tensor(sorted({*token_ids("exempt", exempt), *self._ends}), dtype=torch.long)
        self._length_penalty = finite("length_penalty", length_penalty, 0)
        self._min_length = count("min_length", min_length)
        if self._length_penalty and not self._ends:
            raise DecodexError("length_penalty lowers the scores of the end tokens; give them as eos_token_id")
        if bool(self._length_penalty) != bool(self._min_length):
            raise DecodexError("length_penalty and min_length have an effect only together; give both or none")

    def adjusted(self, input_ids: Any, scores: Any, begin: int) -> Any:
        width = input_ids.shape[1]
        first = 0 if self._include_prompt else begin
        if self._window is not None:
            first = max(first, width - self._window)
        if self._penalty != 1 and first < width:
            scores = self._less_repetition(input_ids[:, first:], scores)
        written = width - begin
        if written < self._min_length:
            scores = shifted(scores, self._ends, -self._length_penalty * (1 - written / self._min_length))
        return scores

    def _less_repetition(self, memory: Any, scores: Any) -> Any:
        """``memory``: ids ``[rows, length]``, the newest last."""
        size = scores.shape[1]
        self._exempt = self._exempt.to(scores.device)
        # an id more, for all that is not penalised
        memory = memory.clamp(max=size)
        memory = memory.masked_fill(torch.isin(memory, self._exempt), size)
        padded = torch.nn.functional.pad(scores, (0, 1))
        found = padded.gather(1, memory)
        penalty = self._penalty if self._decay == 1 else self._faded(memory, padded)
        found = torch.where(found < 0, found * penalty, found / penalty)
        return padded.scatter(1, memory, found)[:, :size]

    def _faded(self, memory: Any, padded: Any) -> Any:
        """The penalty of each token in memory, by where it was written last."""
        length = memory.shape[1]
        positions = torch.arange(length, device=memory.device).expand_as(memory)
        last = torch.zeros(padded.shape, dtype=torch.long, device=memory.device)
        last = last.scatter_reduce(1, memory, positions, "amax").gather(1, memory)
        strength = self._decay ** (length - 1 - last).to(torch.float64)
        return (self._penalty**strength).to(padded.dtype)


def shifted(scores: Any, tokens: list[int], shift: Any) -> Any:
    """Other scores, with ``shift`` added to those of the tokens. ``DecodexError`` for tokens that have none.

    However large a number is, finite scores stay finite and others what they are.
    """
    if tokens and tokens[-1] >= scores.shape[1]:
        raise DecodexError(
            f"the end token {tokens[-1]} is outside of the {scores.shape[1]} scores; give the ids of this model"
        )
    most = torch.finfo(scores.dtype).max / 2
    shift = shift.clamp(-most, most) if isinstance(shift, torch.Tensor) else max(-most, min(shift, most))
    scores = scores.clone()
    scores[:, tokens] += shift
    return scores
