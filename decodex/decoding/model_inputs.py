"""What a model of transformers is given: the vocabulary of its tokenizer, and prompts as tokens.

In: a model, its tokenizer, a prompt. Out: the ``Vocabulary``, as wide as the logits; the inputs of the model. A
tokenizer's vocabulary is made once and kept as long as the tokenizer. Refuses: a prompt without tokens.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import torch

from decodex.errors import DecodexError
from decodex.vocab import Vocabulary

__all__ = ["Prompt", "encoded", "vocabulary"]

Prompt: TypeAlias = "str | Sequence[Mapping[str, Any]] | torch.Tensor"
"""A text, chat messages for the tokenizer's chat template, or token ids ``[1, length]``."""

_Variant: TypeAlias = tuple["int | None", "tuple[int, ...]"]  # the width of the logits, the end tokens
_vocabularies: WeakKeyDictionary[Any, dict[_Variant, Vocabulary]] = WeakKeyDictionary()
_vocabularies_lock = threading.Lock()


def vocabulary(model: Any, tokenizer: Any, eos_token_id: int | Sequence[int] | None = None) -> Vocabulary:
    """The vocabulary of a model: the tokenizer's tokens, as wide as the logits, ended as the model is
    configured.

    The end tokens are ``eos_token_id``, or those of ``model.generation_config``, or the tokenizer's. Made
    once for each tokenizer and kept while the tokenizer lives.
    """
    if eos_token_id is None:
        eos_token_id = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    if eos_token_id is None:
        eos_token_id = ()
    ends = (eos_token_id,) if isinstance(eos_token_id, int) else tuple(eos_token_id)
    width = getattr(model.config.get_text_config(), "vocab_size", None)
    with _vocabularies_lock:
        known = _vocabularies.setdefault(tokenizer, {})
        if (width, ends) not in known:
            wide = width if width is not None and width >= len(tokenizer) else None
            known[width, ends] = Vocabulary.from_hf(tokenizer, wide, eos_token_ids=list(ends) or None)
        return known[width, ends]


def encoded(model: Any, tokenizer: Any, prompt: Prompt) -> dict[str, Any]:
    """The prompt as ``input_ids`` and, where the tokenizer gives one, ``attention_mask``; int64 ``[1, length]`` on the
    model's device. Raises ``DecodexError`` for a prompt without tokens.
    """
    if isinstance(prompt, torch.Tensor):
        tokens = {"input_ids": prompt, "attention_mask": torch.ones_like(prompt)}
    elif isinstance(prompt, str):
        tokens = tokenizer(prompt, return_tensors="pt")
    else:
        tokens = tokenizer.apply_chat_template(
            list(prompt), add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
    wanted = ("input_ids", "attention_mask")
    inputs = {name: tokens[name].to(model.device) for name in wanted if name in tokens}
    inputs["input_ids"] = inputs["input_ids"].to(torch.long)
    if inputs["input_ids"].shape[1] == 0:
        raise DecodexError("the prompt has no tokens, so the model has nothing to begin with; give a prompt")
    return inputs
