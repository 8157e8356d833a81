"""``ModelRows``: the texts that a transformers model writes side by side, stepped, reordered, repeated and dropped.

In: a decoder-only or encoder-decoder model and a batch of prompts. Out: the scores of the next token of each row.
Invariant: the scores of a row are those of its prompt and of the tokens appended to it, whatever was reordered; what
is around it may differ by rounding. Cost: a prompt runs once, however many rows begin with it; one pass for all tokens
appended since the last scores, over the cache where the model has one that can be reordered, over the whole texts
where it has none.

Refuses, as ``DecodexError``: prompts that are no batch, token ids or parents that do not fit the rows, texts that are
longer than the model's context.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch

from decodex.errors import DecodexError

__all__ = ["ModelRows"]

_CACHE_NAMES = ("cache", "past_key_values")  # of the argument and of the output: transformers 5.2x, and before


class ModelRows:
    """Rows of one model, each a prompt and the tokens appended to it.

    ``prompt_ids``: int ``[prompts, length]``, or ``[length]`` for one prompt; for an encoder-decoder model they are
    what the encoder reads. ``attention_mask``: of the same shape, 0 where a prompt is padded (on the left for
    decoder-only models). ``rows``: how many rows begin with each prompt; the rows of a prompt stand together.

    >>> rows = ModelRows(model, tokenizer("Once", return_tensors="pt").input_ids, rows=4)  # doctest: +SKIP
    >>> rows.append(rows.logits().argmax(dim=1))  # doctest: +SKIP
    >>> rows.reorder([0, 0, 3])  # doctest: +SKIP
    """

    def __init__(self, model: Any, prompt_ids: Any, *, attention_mask: Any = None, rows: int = 1) -> None:
        if rows < 1:
            raise DecodexError(f"rows is how many texts begin with each prompt, at least 1, not {rows}")
        ids, mask = _prompts(prompt_ids, attention_mask, model.device)
        self._model = model
        self._forward = inspect.signature(model.forward).parameters
        self._context = getattr(model.config.get_text_config(decoder=True), "max_position_embeddings", None)
        self._cache_name = next((name for name in _CACHE_NAMES if name in self._forward), None)
        self._encoder: dict[str, Any] = {}
        self._cache: Any = None
        self._cached = 0
        self.passes = 0
        """Calls of the model so far."""
        self.rows_run = 0
        """Rows that went through the model, summed over its calls."""
        if getattr(model.config, "is_encoder_decoder", False):
            with torch.no_grad():
                self._encoder["encoder_outputs"] = model.get_encoder()(ids, attention_mask=mask, return_dict=True)
            self._encoder["attention_mask"] = mask
            ids = torch.full((len(ids), 1), _decoder_start(model), device=ids.device)
            mask = torch.ones_like(ids)
        self._ids, self._mask = ids, mask
        self._begin = ids.shape[1]
        self._scores: Any = None
        self._run()
        if rows > 1:
            self.reorder([row for row in range(len(ids)) for _ in range(rows)])

    def __len__(self) -> int:
        """The number of rows."""
        return int(self._ids.shape[0])

    @property
    def token_ids(self) -> Any:
        """The tokens appended to each row, int64 ``[rows, tokens]`` on the model's device."""
        return self._ids[:, self._begin :]

    @property
    def all_token_ids(self) -> Any:
        """The tokens that the decoder has read: the prompt, or its own start, and those appended; int64."""
        return self._ids

    def logits(self) -> Any:
        """The scores of the next token of each row, float32 ``[rows, vocabulary]``; the caller's own to change.

        Runs the model over the tokens appended since the last call. Raises ``DecodexError`` for texts that are longer
        than the model's context.
        """
        if self._scores is None:
            self._run()
        return self._scores.clone()

    def append(self, token_ids: Any) -> None:
        """Append a token to each row (int ``[rows]``), or several (``[rows, tokens]``)."""
        tokens = torch.as_tensor(token_ids, dtype=torch.long, device=self._ids.device)
        tokens = tokens[:, None] if tokens.ndim == 1 else tokens
        if tokens.ndim != 2 or tokens.shape[0] != len(self):
            raise DecodexError(
                f"append takes a token for each of the {len(self)} rows, not token ids of shape {tuple(tokens.shape)}"
            )
        if tokens.shape[1] == 0:
            return
        self._ids = torch.cat([self._ids, tokens], dim=1)
        self._mask = torch.cat([self._mask, torch.ones_like(tokens)], dim=1)
        self._scores = None

    def reorder(self, parents: Any) -> None:
        """Row ``i`` becomes a copy of row ``parents[i]``; there are as many rows as parents."""
        index = torch.as_tensor(parents, dtype=torch.long, device=self._ids.device)
        if index.ndim != 1 or len(index) == 0 or int(index.min()) < 0 or int(index.max()) >= len(self):
            raise DecodexError(f"parents are numbers of the {len(self)} rows, at least one of them, not {parents!r}")
        if torch.equal(index, torch.arange(len(self), device=index.device)):
            return
        self._ids, self._mask = self._ids[index], self._mask[index]
        if self._scores is not None:
            self._scores = self._scores[index.to(self._scores.device)]
        self._encoder = {name: _selected(value, index) for name, value in self._encoder.items()}
        if self._cache is not None and hasattr(self._cache, "reorder_cache"):
            self._cache.reorder_cache(index)
        elif self._cache is not None:
            self._cache = self._model._reorder_cache(self._cache, index)

    def _run(self) -> None:
        length = self._ids.shape[1]
        if isinstance(self._context, int) and length > self._context:
            raise DecodexError(
                f"the texts have {length} tokens, prompt included, and the model's context {self._context}; shorten "
                "the prompt or the budget of tokens"
            )
        # Recurrent layers read several tokens at once only where nothing came before.
        one_by_one = self._cached > 0 and any(_recurrent(self._cache))
        ends = range(self._cached + 1, length + 1) if one_by_one else (length,)
        for end in ends:
            outputs = self._pass(end)
        self._scores = outputs.logits[:, -1].to(torch.float32)

    def _pass(self, end: int) -> Any:
        """The model's output for the tokens up to ``end`` that are not in the cache."""
        ids, mask = self._ids[:, self._cached : end], self._mask[:, :end]
        if self._encoder:
            arguments = {**self._encoder, "decoder_input_ids": ids}
        else:
            arguments = {"input_ids": ids}
            if self._cached == 0 or not all(_recurrent(self._cache)):  # a model without attention knows the past
                arguments["attention_mask"] = mask
            if "position_ids" in self._forward and not bool(mask.all()):
                positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
                arguments["position_ids"] = positions[:, self._cached : end]
        if "logits_to_keep" in self._forward:
            arguments["logits_to_keep"] = 1
        if self._cache_name is not None:
            arguments |= {self._cache_name: self._cache, "use_cache": True}
        with torch.no_grad():
            outputs = self._model(**arguments, return_dict=True)
        self.passes += 1
        self.rows_run += len(self)
        cache = None if self._cache_name is None else getattr(outputs, self._cache_name, None)
        if hasattr(cache, "reorder_cache") or (cache is not None and hasattr(self._model, "_reorder_cache")):
            self._cache, self._cached = cache, end
        return outputs


def _prompts(prompt_ids: Any, attention_mask: Any, device: Any) -> tuple[Any, Any]:
    ids = torch.as_tensor(prompt_ids, dtype=torch.long, device=device)
    ids = ids[None] if ids.ndim == 1 else ids
    if ids.ndim != 2 or 0 in ids.shape:
        raise DecodexError(
            f"prompts are token ids of shape [prompts, length], at least one token each, not {tuple(ids.shape)}"
        )
    if attention_mask is None:
        return ids, torch.ones_like(ids)
    mask = torch.as_tensor(attention_mask, dtype=torch.long, device=device)
    mask = mask[None] if mask.ndim == 1 else mask
    if mask.shape != ids.shape:
        raise DecodexError(f"the attention mask has shape {tuple(mask.shape)}, the prompts {tuple(ids.shape)}")
    return ids, mask


def _decoder_start(model: Any) -> int:
    for config in (getattr(model, "generation_config", None), model.config):
        for name in ("decoder_start_token_id", "bos_token_id"):
            token = getattr(config, name, None)
            if token is not None:
                return int(token[0] if isinstance(token, Sequence) else token)
    raise DecodexError("the model has a decoder of its own, but its configuration lacks decoder_start_token_id")


def _recurrent(cache: Any) -> Sequence[bool]:
    """For each layer of a cache whether it holds a state instead of keys and values."""
    return getattr(cache, "is_linear", None) or (False,)


def _selected(value: Any, index: Any) -> Any:
    """A tensor, or an output made of tensors, with the rows of ``index``."""
    if isinstance(value, torch.Tensor):
        return value.index_select(0, index.to(value.device))
    return type(value)(**{name: _selected(one, index) for name, one in value.items() if isinstance(one, torch.Tensor)})
