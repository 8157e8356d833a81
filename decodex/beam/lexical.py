"""``lexical_beam_search``: the best texts of a model that contain, avoid or satisfy what is asked.

In: a model and tokenizer of transformers, prompts, constraints. Out: for each prompt its best texts. Invariant: each
of them satisfies every constraint, as ``CompiledConstraint.check`` judges the text; words of the prompt do not count.
Cost: ``search.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from transformers import LogitsProcessorList

from decodex.beam.demands import Demand, Ids, demands, listed
from decodex.beam.model_scores import ModelScores
from decodex.beam.ranking import METHODS
from decodex.beam.search import Beam, Ended, Settings, search
from decodex.decoding.model_inputs import Prompt, encoded, vocabulary
from decodex.decoding.model_rows import ModelRows
from decodex.errors import DecodexError
from decodex.vocab import Vocabulary

__all__ = ["Hypothesis", "lexical_beam_search", "settings"]


class Hypothesis(NamedTuple):
    """A text that a search found."""

    text: str
    token_ids: tuple[int, ...]
    """Without the end token."""
    log_prob: float
    """The sum of the log-probabilities of its tokens, that of the end token among them if it has one."""
    score: float
    """``log_prob / length ** length_penalty``, by which texts are compared."""


def lexical_beam_search(
    model: Any,
    tokenizer: Any,
    prompts: Prompt | Sequence[str] | Sequence[int] | Sequence[Sequence[int]] | Any,
    constraints: Demand | Iterable[Demand] = (),
    *,
    per_prompt: Sequence[Demand | Iterable[Demand]] | None = None,
    max_new_tokens: int = 50,
    num_beams: int = 10,
    num_return_sequences: int = 1,
    method: str = "dynamic",
    length_penalty: float = 1.0,
    early_stopping: bool | str = False,
    logits_processor: Iterable[Callable[[Any, Any], Any]] = (),
    eos_token_id: int | Sequence[int] | None = None,
) -> list[Hypothesis] | list[list[Hypothesis]]:
    """The ``num_return_sequences`` best texts after a prompt that satisfy the constraints, best first (fewer where the
    search found no more); for a batch of prompts a list of such lists.

    ``prompts``: a text, chat messages, token ids; or a list of texts, or of token ids, for a batch. ``constraints``,
    for all prompts, and ``per_prompt``, for each its own: a list of phrases that must occur (``"Berlin"``), tuples of
    forms of which any will do (``("train", "trains")``), constraints of any kind (``dx.contains(..., ordered=True)``,
    ``dx.excludes(...)``, ``dx.regex(...)``), some compiled for ``decodex.hf.vocabulary(model, tokenizer)``, and
    ``contains_tokens`` and ``excludes_tokens`` for phrases of token ids. A phrase listed twice must occur twice.

    ``method``: ``"dynamic"`` and ``"striped"`` share ``num_beams`` rows out among the texts that have met more and
    those that have met fewer of the phrases; ``"grid"`` has so many rows for each number of tokens met.
    ``length_penalty``, ``early_stopping`` and ``logits_processor`` are those of ``generate`` in transformers; without
    constraints the texts are those of its beam search.

    Raises ``SearchError`` when no text of up to ``max_new_tokens`` tokens satisfies the constraints,
    ``UnsatisfiableError`` when none of any length does.

    >>> lexical_beam_search(model, tokenizer, "The weather in", ["Berlin", ("rain", "rains")])  # doctest: +SKIP
    """
    vocab = vocabulary(model, tokenizer, eos_token_id)
    how = settings(
        num_beams, num_return_sequences, max_new_tokens, vocab.eos_token_ids, method, length_penalty, early_stopping
    )
    rows_of_ids, is_batch = _token_ids(model, tokenizer, prompts)
    ids, mask = _padded(rows_of_ids, bool(getattr(model.config, "is_encoder_decoder", False)), model.device)
    rows = ModelRows(model, ids, attention_mask=mask)
    known = Ids(vocab.vocab_size, vocab.eos_token_ids, vocab)
    shared = listed(constraints)
    if per_prompt is None:
        wanted = [demands(shared, known)] * len(ids)
    elif len(per_prompt) == len(ids):
        wanted = [demands([*shared, *listed(own)], known) for own in per_prompt]
    else:
        raise DecodexError(f"per_prompt has constraints for {len(per_prompt)} prompts, and there are {len(ids)}")
    processors = LogitsProcessorList(logits_processor)
    scores = ModelScores(rows, vocab.vocab_size, processors if len(processors) else None)
    found = search(scores, [Beam(one, how) for one in wanted])
    out = [[_hypothesis(text, vocab) for text in texts[:num_return_sequences]] for texts in found]
    return out if is_batch else out[0]


def settings(
    num_beams: int,
    num_return_sequences: int,
    max_new_tokens: int,
    eos_token_ids: Sequence[int],
    method: str,
    length_penalty: float,
    early_stopping: bool | str,
) -> Settings:
    """The settings of a search; a ``DecodexError`` where they are none."""
    counts = {"num_beams": num_beams, "num_return_sequences": num_return_sequences, "max_new_tokens": max_new_tokens}
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise DecodexError(f"{name} is a count of at least 1, not {value!r}")
    if num_return_sequences > num_beams:
        raise DecodexError(
            f"num_return_sequences={num_return_sequences} texts cannot come from num_beams={num_beams}; raise num_beams"
        )
    if method not in METHODS:
        raise DecodexError(f"method is one of {', '.join(map(repr, METHODS))}, not {method!r}")
    if isinstance(length_penalty, bool) or not isinstance(length_penalty, (int, float)):
        raise DecodexError(f"length_penalty is a number, not {length_penalty!r}")
    if early_stopping not in (True, False, "never"):
        raise DecodexError(f"early_stopping is True, False or 'never', not {early_stopping!r}")
    ends = tuple(eos_token_ids)
    ranking = METHODS[method]
    return Settings(
        num_beams, max_new_tokens, ends, ranking, float(length_penalty), early_stopping, num_return_sequences
    )


def _hypothesis(text: Ended, vocab: Vocabulary) -> Hypothesis:
    ids = text.token_ids
    if ids and ids[-1] in vocab.eos_token_ids:
        ids = ids[:-1]
    return Hypothesis(vocab.decode(ids), ids, text.log_prob, text.score)


def _token_ids(model: Any, tokenizer: Any, prompts: Any) -> tuple[list[list[int]], bool]:
    """The token ids of each prompt, and whether they are a batch."""
    if isinstance(prompts, torch.Tensor):
        prompts = prompts.tolist()
    items = [prompts] if isinstance(prompts, str) else list(prompts)
    if not items:
        raise DecodexError("there is no prompt; give a text, token ids, or a list of them")
    if isinstance(prompts, str) or isinstance(items[0], Mapping):
        return [encoded(model, tokenizer, prompts)["input_ids"][0].tolist()], False
    if isinstance(items[0], str):
        return [encoded(model, tokenizer, text)["input_ids"][0].tolist() for text in items], True
    is_batch = not isinstance(items[0], int)
    ids = [[int(token) for token in row] for row in (items if is_batch else [items])]
    if not all(ids):
        raise DecodexError("a prompt has no tokens, so the model has nothing to begin with")
    return ids, is_batch


def _padded(rows: Sequence[Sequence[int]], on_the_right: bool, device: Any) -> tuple[Any, Any]:
    """Token ids and attention mask, int64 ``[prompts, longest]``."""
    longest = max(map(len, rows))
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(rows):
        place = slice(0, len(tokens)) if on_the_right else slice(longest - len(tokens), longest)
        ids[row, place] = torch.tensor(tokens)
        mask[row, place] = 1
    return ids.to(device), mask.to(device)
