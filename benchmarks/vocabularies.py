"""Which tokens do the engines of a benchmark work with, and how does the tokenizer itself cut a text?

Out: a ``BenchmarkVocabulary``, plain data that every engine is given in the form it asks for, and a function
from text to ids that stays in the driving process. Nothing is downloaded: ``tekken`` is read from the data of
mistral-common, ``bytes`` needs no package. Cost: about half a second for 131,072 tokens. Refuses an unknown
name and says what to install when the data is missing.
"""

from __future__ import annotations

import base64
import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TEKKEN_FILE = "tekken_240911.json"


class VocabularyUnavailable(Exception):
    """The vocabulary asked for cannot be made here; the message says what to install or to type."""


@dataclass(frozen=True)
class BenchmarkVocabulary:
    """The tokens of a tokenizer as plain data, cheap to send to another process."""

    name: str
    tokens: tuple[bytes | None, ...]
    """Bytes per id; ``None`` for a special token."""
    eos_id: int
    pattern: str | None = None
    """How a byte-level BPE, ranked in the order of the ids, splits a text first; ``None``: token = byte."""

    @property
    def size(self) -> int:
        return len(self.tokens)

    @property
    def special_ids(self) -> list[int]:
        return [i for i, token in enumerate(self.tokens) if token is None]


Encode = Callable[[str], list[int]]


def load(name: str) -> tuple[BenchmarkVocabulary, Encode]:
    """The vocabulary of that name and its own tokenizer; names are the keys of ``LOADERS``."""
    if name not in LOADERS:
        raise VocabularyUnavailable(f"no vocabulary is called {name!r}; use one of {', '.join(LOADERS)}")
    return LOADERS[name]()


def load_tekken() -> tuple[BenchmarkVocabulary, Encode]:
    """The 131,072 tokens of Tekken: 1,000 special ids, then the ranks of a byte-level BPE."""
    if importlib.util.find_spec("tiktoken") is None:
        raise VocabularyUnavailable("the vocabulary tekken needs tiktoken: pip install tiktoken")
    import tiktoken

    described = json.loads(_tekken_path().read_text(encoding="utf-8"))
    config = described["config"]
    special: int = config["default_num_special_tokens"]
    size: int = config["default_vocab_size"]
    texts = [base64.b64decode(entry["token_bytes"]) for entry in described["vocab"][: size - special]]
    encoding = tiktoken.Encoding(
        "tekken",
        pat_str=config["pattern"],
        mergeable_ranks={text: rank for rank, text in enumerate(texts)},
        special_tokens={},
    )

    def encode(text: str) -> list[int]:
        return [rank + special for rank in encoding.encode_ordinary(text)]

    eos = 2  # </s>, by the convention of the special tokens of this file's version
    return BenchmarkVocabulary("tekken", (*[None] * special, *texts), eos, config["pattern"]), encode


def _tekken_path() -> Path:
    spec = importlib.util.find_spec("mistral_common")
    if spec is None or spec.origin is None:
        raise VocabularyUnavailable("the vocabulary tekken needs mistral-common: pip install mistral-common")
    path = Path(spec.origin).parent / "data" / TEKKEN_FILE
    if not path.is_file():
        raise VocabularyUnavailable(
            f"this mistral-common carries no {TEKKEN_FILE}; install another version, or use --vocab bytes"
        )
    return path


def load_bytes() -> tuple[BenchmarkVocabulary, Encode]:
    """One token per byte and an end token: no tokenizer at all, so what is left is the automaton."""
    tokens: tuple[bytes | None, ...] = (*(bytes([b]) for b in range(256)), None)
    return BenchmarkVocabulary("bytes", tokens, 256), lambda text: list(text.encode("utf-8"))


LOADERS: dict[str, Callable[[], tuple[BenchmarkVocabulary, Encode]]] = {
    "tekken": load_tekken,
    "bytes": load_bytes,
}
