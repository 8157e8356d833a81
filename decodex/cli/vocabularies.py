"""The vocabularies of commands that need no model: the 256 bytes, or a model's tokenizer without its weights.

In: nothing, or the name of a model. Out: a ``Vocabulary``. Cost: microseconds for the bytes; the import of
transformers for a tokenizer. Refuses, as ``Failure``: a tokenizer that cannot be loaded.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decodex.cli.failures import Failure
from decodex.model import DEFAULT_MODEL

if TYPE_CHECKING:
    from decodex.vocab import Vocabulary

__all__ = [
    "byte_vocabulary",
    "embedded_folder",
    "end_token_ids",
    "quiet_transformers",
    "tokenizer_vocabulary",
]


def byte_vocabulary() -> Vocabulary:
    """One token per byte, and an end token."""
    from decodex.vocab import Vocabulary

    return Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [None], eos_token_ids=[256])


def embedded_folder() -> Path:
    """Where the embedded model is, or would be."""
    return Path(str(files("decodex.model"))) / "data"


def tokenizer_vocabulary(model: str) -> Vocabulary:
    """The vocabulary of a model's tokenizer: the embedded model's, a local folder's, or a hub name's."""
    from decodex.vocab import Vocabulary

    try:
        from transformers import AutoConfig, AutoTokenizer
    except ImportError as error:
        missing = error.name or "it"
        raise Failure(
            f"--model needs transformers, and {missing} cannot be imported; "
            "install it with `pip install transformers`"
        ) from error
    quiet_transformers()
    folder = embedded_folder() if model == DEFAULT_MODEL else Path(model).expanduser()
    source, is_local = (str(folder), True) if folder.is_dir() else (model, False)
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=is_local)
        config = AutoConfig.from_pretrained(source, local_files_only=is_local)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Failure(f"cannot load the tokenizer of {model!r}: {reason}") from error
    size = getattr(config, "vocab_size", None)
    return Vocabulary.from_hf(tokenizer, vocab_size=size, eos_token_ids=end_token_ids(config))


def end_token_ids(config: Any) -> list[int] | None:
    """The end tokens that a configuration of transformers names; None when it names none."""
    given = getattr(config, "eos_token_id", None)
    if given is None:
        return None
    return [given] if isinstance(given, int) else list(given)


def quiet_transformers() -> None:
    """Keep transformers' hints and progress bars out of the output."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
