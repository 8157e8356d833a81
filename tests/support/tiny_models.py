"""Language models of a few thousand random weights and a byte-level tokenizer, made in code; nothing is
downloaded.

Each function skips the test with the name of the package that is missing. The models know nothing, but they
are deterministic, and their scores are spread widely enough for masks to matter.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import pytest

__all__ = ["END", "EXTRA_IDS", "generated", "random_llama", "token_bytes", "tokenizer"]

SPECIAL = ("<pad>", "<s>", "</s>")
END = SPECIAL.index("</s>")
MERGED = tuple(
    text.encode() for text in ("ab", "abc", "ca", "10", "12", "0.", '":', '": ', '{"', "tr", "tru", "true")
) + tuple(text.encode() for text in ("ye", "yes", "ma", "é", " a"))
EXTRA_IDS = 5  # the logits are wider than the tokenizer, as those of real models are


def _alphabet() -> dict[int, str]:
    """The printable stand-in of each byte that byte-level tokenizers use."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def token_bytes() -> list[bytes | None]:
    """The bytes of each id of ``tokenizer()``; ``None`` for the special ones."""
    return [None] * len(SPECIAL) + [bytes([byte]) for byte in range(256)] + list(MERGED)


@functools.cache
def tokenizer(merged: bool = True) -> Any:
    """A byte-level BPE tokenizer: ``<pad>``, ``<s>``, ``</s>``, 256 bytes, and some merges (or none)."""
    tokenizers = pytest.importorskip("tokenizers", reason="the tokenizer is one of the package tokenizers")
    transformers = pytest.importorskip("transformers", reason="the tokenizer is wrapped by transformers")
    names = _alphabet()
    spelled = {bytes([byte]): names[byte] for byte in range(256)}
    merges: list[tuple[str, str]] = []
    for token in MERGED if merged else ():
        left = max((t for t in spelled if token.startswith(t) and token[len(t) :] in spelled), key=len)
        merges.append((spelled[left], spelled[token[len(left) :]]))
        spelled[token] = "".join(names[byte] for byte in token)
    vocab = {name: i for i, name in enumerate([*SPECIAL, *spelled.values()])}
    backend = tokenizers.Tokenizer(tokenizers.models.BPE(vocab, merges))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = tokenizers.decoders.ByteLevel()
    backend.add_special_tokens(list(SPECIAL))
    out = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )
    out.chat_template = (
        "{% for m in messages %}<{{ m['role'] }}> {{ m['content'] }}\n{% endfor %}<assistant> "
    )
    return out


def random_llama(seed: int = 0, *, spread: float = 1.0, width: int | None = None, dtype: Any = None) -> Any:
    """A Llama of hidden size 32 with random weights, in evaluation mode. ``width``: ids of its logits."""
    torch = pytest.importorskip("torch", reason="the model runs on torch")
    transformers = pytest.importorskip("transformers", reason="the model is one of transformers")
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer()) + EXTRA_IDS if width is None else width,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=512,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=END,
        tie_word_embeddings=False,
    )
    state = torch.random.get_rng_state()
    torch.manual_seed(seed)
    try:
        model = transformers.LlamaForCausalLM(config)
        torch.nn.init.normal_(model.lm_head.weight, std=spread)
    finally:
        torch.random.set_rng_state(state)
    return model.eval() if dtype is None else model.eval().to(dtype)


def generated(output: Any, prompt_length: int) -> list[bytes]:
    """The bytes that each row of a ``generate`` output has after the prompt, up to its end token."""
    tokens = token_bytes()
    texts = []
    for row in output[:, prompt_length:].tolist():
        ids: Sequence[int] = row[: row.index(END)] if END in row else row
        texts.append(b"".join(tokens[i] or b"" if i < len(tokens) else b"" for i in ids))
    return texts
