"""How is each engine asked for masks? One small interface, and an adapter for decodex and for every peer.

An adapter takes a ``BenchmarkVocabulary`` and schemas as JSON text, and fills one mask at a time. Invariants:
``fill`` and ``commit`` do what a server would do per token and nothing more, for they are timed; ``allows``
reads the bit in the mask that ``fill`` left, so that the mask itself is judged. Every engine runs
single-threaded, with its own fastest documented calls; options that matter are named here. An adapter lives
in a process of its own (``workers.py``) and imports its engine in ``prepare``.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.harness.vocabularies import BenchmarkVocabulary

Handle = Any


class EngineError(Exception):
    """The engine broke its own promise while making masks; the message says how."""


@dataclass(frozen=True)
class EngineOptions:
    """What the user of a benchmark chooses for all engines at once."""

    order: str = "schema"
    """Order of properties that decodex enforces: "schema" or "any"."""
    cache_bytes: int | None = None
    """Memory that an engine may keep between schemas, where it can be told; ``None``: its own default."""
    keep: bool = False
    """Every compiled schema stays in memory, as the schemas of a server's users do."""


class Engine(ABC):
    """An engine as a benchmark sees it: compile per schema, start per text, fill and commit per token."""

    name: str
    package: str
    """The distribution that pip installs, whose version is reported."""
    modules: tuple[str, ...]
    """What must be importable."""

    def __init__(self, options: EngineOptions) -> None:
        self.options = options
        self.words: Any = None
        """The row of the mask that the last ``fill`` wrote: int32, bit k of word w = token 32w + k."""

    @classmethod
    def available(cls) -> bool:
        """Can this engine be imported here?"""
        return all(_importable(module) for module in cls.modules)

    @classmethod
    def version(cls) -> str:
        """The version of the engine's package."""
        try:
            return importlib.metadata.version(cls.package)
        except importlib.metadata.PackageNotFoundError:  # run from a source tree
            return str(getattr(import_module(cls.modules[0]), "__version__", "unknown"))

    @abstractmethod
    def prepare(self, vocab: BenchmarkVocabulary) -> None:
        """Import the engine and read the vocabulary."""

    @abstractmethod
    def compile(self, schema: str) -> Handle:
        """What ``start`` begins from. Any exception is the engine's refusal of the schema."""

    @abstractmethod
    def start(self, handle: Handle) -> None:
        """Begin a new text."""

    @abstractmethod
    def fill(self) -> None:
        """Make the mask of the next token."""

    def allows(self, token: int) -> bool:
        """Is the token's bit set in the mask that was filled last?"""
        return bool((int(self.words[token >> 5]) >> (token & 31)) & 1)

    @abstractmethod
    def commit(self, token: int) -> None:
        """Read one token that the mask allows."""

    @abstractmethod
    def is_accepting(self) -> bool:
        """May the text end here, by the engine's own word?"""


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def _must(done: bool) -> None:
    if not done:
        raise EngineError("the mask allows a token that the engine then refuses to read")


def _blank_mask(vocab: BenchmarkVocabulary) -> Any:
    return np.zeros((1, (vocab.size + 31) // 32), dtype=np.int32)


class Decodex(Engine):
    """decodex with its defaults; ``order`` of the options is ``property_order``."""

    name = "decodex"
    package = "decodex"
    modules = ("decodex", "decodex._core")

    def prepare(self, vocab: BenchmarkVocabulary) -> None:
        self._dx: Any = import_module("decodex")
        self._vocab = self._dx.Vocabulary.from_tokens(
            list(vocab.tokens),
            eos_token_ids=[vocab.eos_id],
            special_token_ids=vocab.special_ids,
            vocab_size=vocab.size,
        )
        self._mask: Any = self._dx.allocate_bitmask(1, vocab.size)
        self.words = np.asarray(self._mask)[0]
        self._matcher: Any = None
        self._all_allowed = False

    def compile(self, schema: str) -> Handle:
        constraint = self._dx.json_schema(schema, property_order=self.options.order)
        kept = self.options.cache_bytes
        limits = None if kept is None else self._dx.Limits(pool_bytes=kept)
        return self._dx.compile(constraint, self._vocab, limits=limits)

    def start(self, handle: Handle) -> None:
        self._matcher = handle.matcher()

    def fill(self) -> None:
        self._all_allowed = not self._matcher.fill_bitmask(self._mask)

    def allows(self, token: int) -> bool:
        return self._all_allowed or super().allows(token)

    def commit(self, token: int) -> None:
        _must(self._matcher.advance(token))

    def is_accepting(self) -> bool:
        return bool(self._matcher.is_accepting)


class LLGuidance(Engine):
    """llguidance with its defaults: flexible JSON white space, its general slices, which are its JSON slices
    too.

    Texts after the first ``reset`` the same matcher, which keeps what its lexer has built and is faster.
    """

    name = "llguidance"
    package = "llguidance"
    modules = ("llguidance", "tiktoken")
    schema_options: dict[str, Any] | None = None

    def prepare(self, vocab: BenchmarkVocabulary) -> None:
        self._ll: Any = import_module("llguidance")
        self._tokenizer = _guidance_tokenizer(vocab)
        mask = _blank_mask(vocab)
        self.words = mask[0]
        self._address, self._bytes = mask.ctypes.data, mask.nbytes
        self._eos = vocab.eos_id
        self._matcher: Any = None

    def compile(self, schema: str) -> Handle:
        grammar = self._ll.LLMatcher.grammar_from_json_schema(schema, overrides=self.schema_options)
        matcher = self._ll.LLMatcher(self._tokenizer, grammar, log_level=0)
        if matcher.is_error():
            raise ValueError(matcher.get_error())
        return {"matcher": matcher, "fresh": True}

    def start(self, handle: Handle) -> None:
        self._matcher = handle["matcher"]
        if not handle["fresh"]:
            self._matcher.reset()
        handle["fresh"] = False

    def fill(self) -> None:
        self._matcher.unsafe_compute_mask_ptr(self._address, self._bytes)

    def allows(self, token: int) -> bool:
        allowed = super().allows(token)
        if (not allowed or token == self._eos) and self._matcher.is_error():
            raise EngineError(self._matcher.get_error())
        return allowed

    def commit(self, token: int) -> None:
        _must(self._matcher.consume_token(token))

    def is_accepting(self) -> bool:
        return bool(self._matcher.is_accepting())


class LLGuidanceCompact(LLGuidance):
    """llguidance held to the white space of ``json.dumps``, as XGrammar is."""

    name = "llguidance-compact"
    schema_options = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}  # noqa: RUF012


def _guidance_tokenizer(vocab: BenchmarkVocabulary) -> Any:
    """llguidance's tokenizer with the vocabulary's own encoding.

    The encoding matters: where the text is forced, masks allow only the tokens that the encoding makes of it.
    """
    if vocab.pattern is None:
        llguidance: Any = import_module("llguidance")
        return llguidance.LLTokenizer(llguidance.TokenizerWrapper(_GuidanceBytes(vocab)))
    encoding = import_module("tiktoken").Encoding(
        vocab.name,
        pat_str=vocab.pattern,
        mergeable_ranks={text: i for i, text in enumerate(vocab.tokens) if text is not None},
        special_tokens={f"<special {i}>": i for i in vocab.special_ids},
    )
    return import_module("llguidance.tiktoken").lltokenizer_from_encoding(
        encoding, n_vocab=vocab.size, eos_token=vocab.eos_id
    )


class _GuidanceBytes:
    """A vocabulary of single bytes in the shape that llguidance wraps."""

    def __init__(self, vocab: BenchmarkVocabulary) -> None:
        self.eos_token_id = vocab.eos_id
        self.bos_token_id = None
        self.special_token_ids = vocab.special_ids
        self.tokens = [b"<special %d>" % i if text is None else text for i, text in enumerate(vocab.tokens)]
        self._byte_ids = {
            text[0]: i for i, text in enumerate(vocab.tokens) if text is not None and len(text) == 1
        }

    def __call__(self, text: str | bytes) -> list[int]:
        raw = text.encode("utf-8") if isinstance(text, str) else text
        return [self._byte_ids[byte] for byte in raw]


class XGrammar(Engine):
    """XGrammar at its fastest: the white space of ``json.dumps``, one compile thread, its default cache.

    ``strict_mode=False`` gives ``additionalProperties`` the meaning of the specification.
    """

    name = "xgrammar"
    package = "xgrammar"
    modules = ("xgrammar", "torch")
    any_order = False

    def prepare(self, vocab: BenchmarkVocabulary) -> None:
        import_module("torch").set_num_threads(1)
        self._xgr: Any = import_module("xgrammar")
        xgrammar = self._xgr
        info = xgrammar.TokenizerInfo(
            [text or b"" for text in vocab.tokens],
            xgrammar.VocabType.RAW,
            vocab_size=vocab.size,
            stop_token_ids=[vocab.eos_id],
        )
        kept = -1 if self.options.cache_bytes is None else self.options.cache_bytes
        self._compiler = xgrammar.GrammarCompiler(info, max_threads=1, cache_limit_bytes=kept)
        self._mask = xgrammar.allocate_token_bitmask(1, vocab.size)
        self.words = self._mask.numpy()[0]
        self._matcher: Any = None
        self._all_allowed = False

    def compile(self, schema: str) -> Handle:
        return self._compiler.compile_json_schema(
            schema, any_whitespace=False, separators=(", ", ": "), strict_mode=False, any_order=self.any_order
        )

    def start(self, handle: Handle) -> None:
        self._matcher = self._xgr.GrammarMatcher(handle)

    def fill(self) -> None:
        self._all_allowed = not self._matcher.fill_next_token_bitmask(self._mask, 0)

    def allows(self, token: int) -> bool:
        return self._all_allowed or super().allows(token)

    def commit(self, token: int) -> None:
        _must(self._matcher.accept_token(token))

    def is_accepting(self) -> bool:
        return bool(self._matcher.is_completed())


class XGrammarAnyOrder(XGrammar):
    """XGrammar with properties in any order; as documented, it then checks no presence or uniqueness."""

    name = "xgrammar-any-order"
    any_order = True


class OutlinesCore(Engine):
    """outlines-core: the schema as a regular expression, its white space, then an index of all states."""

    name = "outlines-core"
    package = "outlines_core"
    modules = ("outlines_core",)

    def prepare(self, vocab: BenchmarkVocabulary) -> None:
        self._oc: Any = import_module("outlines_core")
        ids: dict[bytes, list[int]] = {}
        for i, text in enumerate(vocab.tokens):
            if text is not None:
                ids.setdefault(text, []).append(i)
        self._vocab = self._oc.Vocabulary(vocab.eos_id, ids)
        mask = _blank_mask(vocab)
        self.words = mask[0]
        self._place = (mask.ctypes.data, mask.size, mask.itemsize)
        self._guide: Any = None

    def compile(self, schema: str) -> Handle:
        pattern = self._oc.json_schema.build_regex_from_schema(schema)
        return self._oc.Index(pattern, self._vocab)

    def start(self, handle: Handle) -> None:
        self._guide = self._oc.Guide(handle)

    def fill(self) -> None:
        self._guide.write_mask_into(*self._place)

    def commit(self, token: int) -> None:
        self._guide.advance(token, False)

    def is_accepting(self) -> bool:
        return bool(self._guide.is_finished())


class LMFormatEnforcer(Engine):
    """lm-format-enforcer with its bit masks; all texts of a schema share one enforcer, which remembers
    prefixes.

    Errors inside of it end in a mask that allows the end token alone, and a line in its log, here silenced.
    """

    name = "lm-format-enforcer"
    package = "lm-format-enforcer"
    modules = ("lmformatenforcer", "torch")

    def prepare(self, vocab: BenchmarkVocabulary) -> None:
        import_module("torch").set_num_threads(1)
        logging.disable(logging.CRITICAL)
        self._lmfe: Any = import_module("lmformatenforcer")
        texts = [text or b"" for text in vocab.tokens]

        def decode(ids: list[int]) -> str:
            return b"".join(texts[i] for i in ids).decode("utf-8", "replace").rstrip("\ufffd")

        regular = [
            (i, text.decode("utf-8", "replace"), False)
            for i, text in enumerate(vocab.tokens)
            if text is not None
        ]
        self._data = self._lmfe.TokenEnforcerTokenizerData(regular, decode, vocab.eos_id, True, vocab.size)
        self._eos = vocab.eos_id
        self._enforcer: Any = None
        self._read: list[int] = []

    def compile(self, schema: str) -> Handle:
        parser = self._lmfe.JsonSchemaParser(json.loads(schema))
        return self._lmfe.TokenEnforcer(self._data, parser)

    def start(self, handle: Handle) -> None:
        self._enforcer = handle
        self._read = []

    def fill(self) -> None:
        self.words = self._enforcer.get_allowed_tokens(self._read).allowed_tokens.numpy()

    def commit(self, token: int) -> None:
        self._read.append(token)

    def is_accepting(self) -> bool:
        return self.allows(self._eos)


_ADAPTERS: tuple[type[Engine], ...] = (
    Decodex,
    LLGuidance,
    LLGuidanceCompact,
    XGrammar,
    XGrammarAnyOrder,
    OutlinesCore,
    LMFormatEnforcer,
)
ENGINES: dict[str, type[Engine]] = {adapter.name: adapter for adapter in _ADAPTERS}
DEFAULT_ENGINES: tuple[str, ...] = (
    "decodex",
    "llguidance",
    "xgrammar",
    "outlines-core",
    "lm-format-enforcer",
)
