"""``constrained_beam_search``: the constrained beam search that transformers 5 no longer has, for its ``generate``.

In: what ``model.generate`` hands to its ``custom_generate``, with ``force_words_ids`` or ``constraints`` as
transformers 4 took them, or constraints of decodex. Out: what ``generate`` returns of a beam search: ids
``[prompts * num_return_sequences, length]``, padded. Unlike the search that was there before, words of the prompt do
not count, phrases are found wherever they occur, and a text that lacks one is never returned.

Refuses: sampling, stopping criteria of one's own, inputs that are not token ids, outputs with scores of each step or
attentions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from transformers.generation import EosTokenCriteria, MaxLengthCriteria
from transformers.generation.utils import GenerateBeamDecoderOnlyOutput, GenerateBeamEncoderDecoderOutput

from decodex.beam.demands import Ids, demands
from decodex.beam.lexical import settings
from decodex.beam.model_scores import ModelScores
from decodex.beam.search import Beam, Ended, search
from decodex.beam.token_phrases import TokenConstraint, contains_tokens
from decodex.decoding.model_rows import ModelRows
from decodex.errors import ConstraintError, DecodexError, SearchError

__all__ = ["constrained_beam_search"]

_KNOWN_INPUTS = {
    *("attention_mask", "position_ids", "decoder_attention_mask", "cache", "past_key_values", "cache_position"),
    *("use_cache", "encoder_outputs", "logits_to_keep", "output_attentions", "output_hidden_states"),
}


def constrained_beam_search(
    model: Any,
    input_ids: Any,
    logits_processor: Any,
    stopping_criteria: Any,
    generation_config: Any,
    synced_gpus: bool = False,
    *,
    force_words_ids: Any = None,
    constraints: Any = None,
    method: str = "dynamic",
    inputs_tensor: Any = None,
    **model_kwargs: Any,
) -> Any:
    """For ``model.generate(..., custom_generate=constrained_beam_search)``.

    ``force_words_ids``: phrases of token ids, each ``[5, 6]``, or forms of which any will do, ``[[5, 6], [7]]``; one
    that is listed twice must occur twice. ``constraints``: a list of constraints compiled for the model, of
    ``contains_tokens`` and ``excludes_tokens``, or of objects with ``token_ids`` such as transformers 4 had
    (``PhrasalConstraint``, ``DisjunctiveConstraint``). ``method``: as in ``lexical_beam_search``. ``num_beams``,
    ``num_return_sequences``, ``length_penalty``, ``early_stopping``, ``max_new_tokens`` and logits processors are those
    of ``generate``. Raises ``SearchError`` when no text within the length satisfies them, ``DecodexError`` for options
    that it does not have.

    >>> words = tokenizer(["rain", "wind"], add_special_tokens=False).input_ids  # doctest: +SKIP
    >>> model.generate(
    ...     **inputs, num_beams=5, force_words_ids=words, custom_generate=constrained_beam_search
    ... )  # doctest: +SKIP
    """
    config = generation_config
    _check(config, stopping_criteria, synced_gpus, model_kwargs)
    own_decoder = bool(model.config.is_encoder_decoder)
    expanded = max(config.num_beams or 1, config.num_return_sequences or 1)
    begin = input_ids.shape[1]
    ends = () if config._eos_token_tensor is None else tuple(config._eos_token_tensor.flatten().tolist())
    how = settings(
        *(config.num_beams or 1, config.num_return_sequences or 1, config.max_length - begin, ends, method),
        *(config.length_penalty, config.early_stopping),
    )
    width = model.config.get_text_config(decoder=True).vocab_size
    asked = [
        *_forced(force_words_ids if force_words_ids is not None else getattr(config, "force_words_ids", None)),
        *_old_constraints(constraints if constraints is not None else getattr(config, "constraints", None)),
    ]
    wanted = demands(asked, Ids(width, ends, None))
    mask = model_kwargs.get("attention_mask")
    prompts = input_ids[::expanded]
    read = inputs_tensor if own_decoder else prompts
    if read.is_floating_point():
        raise DecodexError("constrained_beam_search takes models that read token ids, and not features of another kind")
    rows = ModelRows(model, read, attention_mask=None if mask is None else mask[::expanded])
    if own_decoder:
        if not torch.equal(rows.all_token_ids, prompts[:, :1]):
            raise DecodexError(
                "the decoder has another start than the decoder_start_token_id of the model; change its configuration"
            )
        if begin > 1:
            rows.append(prompts[:, 1:])
    scores = ModelScores(rows, width, logits_processor if len(logits_processor) else None)
    found = search(scores, [Beam(wanted, how) for _ in range(len(prompts))])
    return _output(found, prompts, config, own_decoder)


def _check(config: Any, stopping_criteria: Any, synced_gpus: bool, model_kwargs: dict[str, Any]) -> None:
    """A ``DecodexError`` for what this search does not do."""
    usual = (EosTokenCriteria, MaxLengthCriteria)
    others = [type(one).__name__ for one in stopping_criteria if not isinstance(one, usual)]
    inputs = [name for name, value in model_kwargs.items() if isinstance(value, torch.Tensor)]
    inputs = [name for name in inputs if name not in _KNOWN_INPUTS]
    refused = {
        "do_sample=True": config.do_sample,
        "num_beam_groups": (config.num_beam_groups or 1) > 1,
        "token_healing": config.token_healing,
        "synced_gpus": synced_gpus,
        "output_scores and its kin": config.return_dict_in_generate
        and (config.output_logits or config.output_attentions or config.output_hidden_states),
        f"the stopping criteria {', '.join(others)}": others,
        f"the inputs {', '.join(inputs)}": inputs,
    }
    for name, is_asked in refused.items():
        if is_asked:
            raise DecodexError(f"constrained_beam_search does not take {name}; leave it out")


def _forced(words: Any) -> list[TokenConstraint]:
    """The constraints of ``force_words_ids``."""
    if words is None:
        return []
    if not isinstance(words, Sequence) or not words:
        raise ConstraintError("force_words_ids is a list of phrases of token ids, such as [[5, 6], [7]], not empty")
    counts = Counter(_frozen(one) for one in words)
    return [contains_tokens(phrase, min_count=count) for phrase, count in counts.items()]


def _frozen(ids: Any) -> Any:
    """Nested lists, or tensors, as nested tuples."""
    if isinstance(ids, torch.Tensor):
        ids = ids.tolist()
    return tuple(map(_frozen, ids)) if isinstance(ids, Iterable) and not isinstance(ids, str) else ids


def _old_constraints(constraints: Any) -> list[Any]:
    """Constraints as they are; those of transformers 4, which have ``token_ids``, as phrases."""
    out: list[Any] = []
    for one in constraints or ():
        has_ids = hasattr(one, "token_ids") and not isinstance(one, TokenConstraint)
        out.append(contains_tokens(_frozen(one.token_ids)) if has_ids else one)
    return out


def _output(found: Sequence[Sequence[Ended]], prompts: Any, config: Any, own_decoder: bool) -> Any:
    """The texts behind their prompts, padded; with their scores where a dictionary is asked for."""
    count = config.num_return_sequences or 1
    texts = [(row, text) for row, ended in enumerate(found) for text in ended[:count]]
    if len(texts) < count * len(found):
        raise SearchError(
            f"num_return_sequences={count} texts are asked for each prompt, and the search found "
            f"{min(map(len, found))} that satisfy the constraints; ask for fewer, or raise num_beams or max_new_tokens"
        )
    longest = max(len(text.token_ids) for _, text in texts)
    pad = config._pad_token_tensor
    fill = 0 if pad is None else int(pad)
    out = torch.full((len(texts), prompts.shape[1] + longest), fill, dtype=torch.long, device=prompts.device)
    for place, (row, text) in enumerate(texts):
        out[place, : prompts.shape[1]] = prompts[row]
        out[place, prompts.shape[1] : prompts.shape[1] + len(text.token_ids)] = torch.tensor(text.token_ids)
    if not config.return_dict_in_generate:
        return out
    kind = GenerateBeamEncoderDecoderOutput if own_decoder else GenerateBeamDecoderOnlyOutput
    return kind(sequences=out, sequences_scores=torch.tensor([text.score for _, text in texts], device=out.device))
