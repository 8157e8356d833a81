"""Which tokens do the engines of a benchmark work with, and how does the tokenizer itself cut a text?

Out: a ``BenchmarkVocabulary``, plain data that every engine is given in the form it asks for, and a function
from text to ids that stays in the driving process. Nothing is downloaded: ``tekken`` is read from the data of
mistral-common, and smaller and larger ones are made of it; ``o200k`` is read from a file that the user fetched;
``bytes`` needs no package. Cost: about half a second for 131,072 tokens. Refuses an unknown name and says what
to install or to fetch when the data is missing.
"""

from __future__ import annotations

import base64
import importlib.util
import itertools
import json
import os
import sysconfig
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class _Tekken:
    """The file: so many special ids, then the ranks of a byte-level BPE."""

    special: int
    texts: list[bytes]
    pattern: str


def _tekken() -> _Tekken:
    described = json.loads(_tekken_path().read_text(encoding="utf-8"))
    config = described["config"]
    special: int = config["default_num_special_tokens"]
    entries = described["vocab"][: config["default_vocab_size"] - special]
    return _Tekken(special, [base64.b64decode(entry["token_bytes"]) for entry in entries], config["pattern"])


def _byte_pair(
    name: str, special: int, texts: Sequence[bytes], pattern: str, eos: int
) -> tuple[BenchmarkVocabulary, Encode]:
    """A byte-level BPE whose ranks follow ``special`` ids without text, with tiktoken as its tokenizer."""
    if importlib.util.find_spec("tiktoken") is None:
        raise VocabularyUnavailable(f"the vocabulary {name} needs tiktoken: pip install tiktoken")
    import tiktoken

    ranks = {text: rank for rank, text in enumerate(texts)}
    encoding = tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})

    def encode(text: str) -> list[int]:
        return [rank + special for rank in encoding.encode_ordinary(text)]

    return BenchmarkVocabulary(name, (*[None] * special, *texts), eos, pattern), encode


TEKKEN_EOS = 2  # </s>, by the convention of the special tokens of this file's version


def load_tekken() -> tuple[BenchmarkVocabulary, Encode]:
    """The 131,072 tokens of Tekken: 1,000 special ids, then the ranks of a byte-level BPE."""
    tekken = _tekken()
    return _byte_pair("tekken", tekken.special, tekken.texts, tekken.pattern, TEKKEN_EOS)


def load_tekken_32k() -> tuple[BenchmarkVocabulary, Encode]:
    """The first 32,768 ids of Tekken: what its training would have stopped at, for the same texts."""
    tekken = _tekken()
    texts = tekken.texts[: 32_768 - tekken.special]
    return _byte_pair("tekken-32k", tekken.special, texts, tekken.pattern, TEKKEN_EOS)


def load_tekken_200k() -> tuple[BenchmarkVocabulary, Encode]:
    """Tekken made larger, to 200,000 ids, by the pairs of its tokens that are most frequent in the standard library.

    Artificial, but as a training that went on would do it. The same for the same version of Python. Cost: ten seconds.
    """
    tekken = _tekken()
    _, encode = _byte_pair("tekken", tekken.special, tekken.texts, tekken.pattern, TEKKEN_EOS)
    known = set(tekken.texts)
    counts: Counter[bytes] = Counter()
    for word, count in _words_of_standard_library(tekken.pattern).items():
        parts = [tekken.texts[i - tekken.special] for i in encode(word)]
        for left, right in itertools.pairwise(parts):
            counts[left + right] += count
    wanted = 200_000 - tekken.special - len(tekken.texts)
    new = sorted((text for text in counts if text not in known), key=lambda text: (-counts[text], text))[:wanted]
    return _byte_pair("tekken-200k", tekken.special, [*tekken.texts, *new], tekken.pattern, TEKKEN_EOS)


def _words_of_standard_library(pattern: str) -> Counter[str]:
    import regex

    words: Counter[str] = Counter()
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if "site-packages" not in path.parts:
            words.update(regex.findall(pattern, path.read_text("utf-8", "replace")))
    return words


def load_o200k() -> tuple[BenchmarkVocabulary, Encode]:
    """The 200,019 ids of o200k, from the file of ranks that ``DECODEX_O200K`` names.

    ``npm pack js-tiktoken`` fetches it: ``package/dist/ranks/o200k_base.js``.
    """
    named = os.environ.get("DECODEX_O200K")
    if not named:
        raise VocabularyUnavailable(
            "the vocabulary o200k is read from the file that DECODEX_O200K names: run `npm pack js-tiktoken`, "
            "unpack it, and name package/dist/ranks/o200k_base.js"
        )
    path = Path(named)
    if not path.is_file():
        raise VocabularyUnavailable(f"DECODEX_O200K={named}: no such file")
    try:
        text = path.read_text(encoding="utf-8")
        described = json.loads(text[text.index("{") : text.rindex("}") + 1])
        lines = [line.split() for line in described["bpe_ranks"].splitlines()]  # "! first-rank token token ..."
        texts = [base64.b64decode(token, validate=True) for line in lines for token in line[2:]]
        pattern: str = described["pat_str"]
    except (ValueError, KeyError) as error:
        raise VocabularyUnavailable(f"DECODEX_O200K={named}: no ranks of js-tiktoken: {error!r}") from error
    vocab, encode = _byte_pair("o200k", 0, texts, pattern, 199_999)  # <|endoftext|>
    special = (None,) * (200_019 - len(texts))
    return replace(vocab, tokens=(*vocab.tokens, *special)), encode


def load_tekken_hf() -> Any:
    """Tekken as a fast tokenizer of transformers, by the converter that transformers has for it."""
    path = _tekken_path()
    try:
        from transformers import PreTrainedTokenizerFast
        from transformers.integrations.mistral.tokenizer import MistralConverter
    except ImportError as error:
        raise VocabularyUnavailable(
            f"a tokenizer of transformers with Tekken's tokens needs transformers>=5: {error}"
        ) from error
    return PreTrainedTokenizerFast(
        tokenizer_object=MistralConverter(str(path)).converted(),
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        clean_up_tokenization_spaces=False,
    )


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
    "tekken-32k": load_tekken_32k,
    "tekken-200k": load_tekken_200k,
    "o200k": load_o200k,
    "bytes": load_bytes,
}
