"""``Vocabulary``: the bytes that each token id adds to a text, and the ids that end it.

Made once per tokenizer and shared by every constraint compiled for it. In: one of the sources in
``from_*.py``. Holds one packed table of bytes; the list of tokens, the fingerprint and the native twin are
made when first asked for. Invariants: an id has no text exactly when it is special, added, unused, unknown,
an end token or padding up to the width of the logits; the bytes of a text are the start bytes of its first
token and the bytes of the others. Immutable; safe to share between threads. Cost: 131k tokens in about a
tenth of a second, and about 3 MB.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any

import numpy as np

from decodex.errors import VocabularyError, shown
from decodex.vocab.checks import TokenIds, listed_ids
from decodex.vocab.from_tokens import load_tokens
from decodex.vocab.special_text import SpecialTokens, with_text_of_special
from decodex.vocab.table import Encode, TokenSource

__all__ = ["Vocabulary"]

FINGERPRINT_FORMAT = b"decodex vocabulary 1"


class Vocabulary:
    """The tokens of a model: bytes per id, end tokens, special tokens, and the tokenizer's own encoding.

    Use one of the constructors. All but ``from_tokens`` read the end tokens from the tokenizer;
    ``eos_token_ids=`` (an id or several, for instance ``model.generation_config.eos_token_id``) replaces
    them. ``vocab_size=`` is the width of the model's logits where that is larger than the tokenizer; the ids
    between have no text. ``text_of_special=`` (ids, or texts such as ``"</think>"``) lets special tokens count
    as the text they are written as; decode what was generated with them (``skip_special_tokens=False``).

    >>> vocab = Vocabulary.from_tokens([b"a", b"b", b"ab", None], eos_token_ids=[3])
    >>> vocab.decode([2, 0])
    'aba'
    """

    __slots__ = ("_fingerprint", "_native", "_source", "_start_tokens", "_textless_ids", "_tokens")

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._tokens: list[bytes | None] | None = None
        self._start_tokens: dict[int, bytes] | None = None
        self._fingerprint: str | None = None
        self._native: Any = None
        self._textless_ids: np.ndarray[Any, np.dtype[np.int64]] | None = None

    # Constructors

    @classmethod
    def from_tokens(
        cls,
        tokens: Sequence[bytes | None],
        *,
        eos_token_ids: TokenIds,
        special_token_ids: Iterable[int] = (),
        vocab_size: int | None = None,
        text_of_special: SpecialTokens = (),
    ) -> Vocabulary:
        """A vocabulary from bytes per id; ``None`` for an id without text. It has no encoding of its own."""
        source = load_tokens(tokens, eos_token_ids, special_token_ids, vocab_size)
        return cls(with_text_of_special(source, text_of_special))

    @classmethod
    def from_hf(
        cls,
        tokenizer: Any,
        vocab_size: int | None = None,
        *,
        eos_token_ids: TokenIds = None,
        text_token_ids: Iterable[int] = (),
        text_of_special: SpecialTokens = (),
    ) -> Vocabulary:
        """A vocabulary from a tokenizer of transformers: fast, slow SentencePiece, or its mistral-common
        wrapper.

        The bytes are those of ``tokenizer.decode(ids, clean_up_tokenization_spaces=False)``. Added tokens
        never match text, except for those listed in ``text_token_ids`` (some tokenizers keep runs of white
        space as added tokens).
        """
        from decodex.vocab.from_hf import load_hf

        source = load_hf(tokenizer, vocab_size, eos_token_ids, text_token_ids)
        return cls(with_text_of_special(source, text_of_special))

    @classmethod
    def from_sentencepiece(
        cls,
        path_or_bytes: str | PathLike[str] | bytes,
        *,
        eos_token_ids: TokenIds = None,
        vocab_size: int | None = None,
        text_of_special: SpecialTokens = (),
    ) -> Vocabulary:
        """A vocabulary from a SentencePiece model file, or from the bytes of one."""
        from decodex.vocab.from_sentencepiece import load_sentencepiece

        source = load_sentencepiece(path_or_bytes, vocab_size, eos_token_ids)
        return cls(with_text_of_special(source, text_of_special))

    @classmethod
    def from_tiktoken(
        cls,
        encoding: Any,
        *,
        eos_token_ids: TokenIds = None,
        vocab_size: int | None = None,
        text_of_special: SpecialTokens = (),
    ) -> Vocabulary:
        """A vocabulary from a ``tiktoken.Encoding``; its end token is ``<|endoftext|>`` unless given."""
        from decodex.vocab.from_tiktoken import load_tiktoken

        return cls(with_text_of_special(load_tiktoken(encoding, vocab_size, eos_token_ids), text_of_special))

    @classmethod
    def from_mistral(
        cls,
        tokenizer: Any,
        *,
        eos_token_ids: TokenIds = None,
        vocab_size: int | None = None,
        text_of_special: SpecialTokens = (),
    ) -> Vocabulary:
        """A vocabulary from a mistral-common ``MistralTokenizer``, or from the tokenizer inside of it."""
        from decodex.vocab.from_mistral import load_mistral

        return cls(with_text_of_special(load_mistral(tokenizer, vocab_size, eos_token_ids), text_of_special))

    # Files

    def save(self, path: str | PathLike[str]) -> None:
        """Write the vocabulary with what was prepared for it: its sorted order and the lexeme tables made so
        far, among them those that JSON needs first.

        About 25 bytes per token, and 16 KiB per 131k tokens and table. Raises ``ArtefactError`` where the file
        cannot be written; a file of that name is replaced in one step.
        """
        from decodex.vocab.saved import save

        save(self, self._source, path)

    @classmethod
    def load(cls, path: str | PathLike[str], *, encode: Encode | None = None) -> Vocabulary:
        """The vocabulary that ``save`` wrote, ready several times sooner than from a tokenizer.

        ``encode``: the tokenizer's own encoding of a text, which is not in the file, for instance
        ``lambda text: tokenizer.encode(text, add_special_tokens=False)``. Raises ``ArtefactError`` for a file
        that is cut short, altered, or of another version.
        """
        from decodex.vocab.saved import load_saved

        source, native = load_saved(path, encode)
        loaded = cls(source)
        loaded._native = native
        return loaded

    # What it holds

    @property
    def vocab_size(self) -> int:
        """The number of ids, padding included: the width of the logits."""
        return len(self._source.table)

    def __len__(self) -> int:
        return self.vocab_size

    @property
    def tokens(self) -> list[bytes | None]:
        """The bytes each id adds in the middle of a text; ``None`` where it has no text. Not to be
        changed."""
        if self._tokens is None:
            table = self._source.table
            ends = table.offsets.tolist()
            blob = table.blob
            rows = zip(table.has_text.tolist(), ends[:-1], ends[1:], strict=True)
            self._tokens = [blob[begin:end] if text else None for text, begin, end in rows]
        return self._tokens

    @property
    def start_tokens(self) -> dict[int, bytes]:
        """The bytes of those ids that add something else as the first token of a text. Not to be changed."""
        if self._start_tokens is None:
            table = self._source.table
            ends = table.start_offsets.tolist()
            rows = zip(table.start_ids.tolist(), ends[:-1], ends[1:], strict=True)
            self._start_tokens = {token_id: table.start_blob[begin:end] for token_id, begin, end in rows}
        return self._start_tokens

    @property
    def eos_token_ids(self) -> tuple[int, ...]:
        """The ids that end a text, ascending; they never match text."""
        return self._source.eos_token_ids

    @property
    def special_token_ids(self) -> tuple[int, ...]:
        """The ids that the tokenizer declares special, but for those of ``text_of_special``, ascending; they
        never match text."""
        return self._source.special_token_ids

    @property
    def textless_ids(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The ids that neither add text nor end it, ascending; no constraint allows one. Not to be changed."""
        if self._textless_ids is None:
            useful = self._source.table.has_text.astype(np.bool_)
            useful[list(self.eos_token_ids)] = True
            self._textless_ids = np.flatnonzero(~useful)
        return self._textless_ids

    @property
    def fingerprint(self) -> str:
        """A blake2b digest of everything above, in hexadecimal: equal for vocabularies that behave alike."""
        if self._fingerprint is None:
            table = self._source.table
            digest = hashlib.blake2b(FINGERPRINT_FORMAT, digest_size=32)
            for part in (
                table.blob,
                table.offsets.astype("<i8").tobytes(),
                table.has_text.tobytes(),
                table.start_ids.astype("<i4").tobytes(),
                table.start_blob,
                table.start_offsets.astype("<i8").tobytes(),
                np.array(self.eos_token_ids, "<i8").tobytes(),
                np.array(self.special_token_ids, "<i8").tobytes(),
            ):
                digest.update(len(part).to_bytes(8, "little"))
                digest.update(part)
            self._fingerprint = digest.hexdigest()
        return self._fingerprint

    # Text to tokens and back

    @property
    def encode(self) -> Encode | None:
        """The tokenizer's own encoding of a whole text, without special tokens; ``None`` if it has none.

        It may normalise the text or know no token for a part of it; ``canonical_tokens`` sees to that.
        """
        return self._source.encode

    def canonical_tokens(self, text: str) -> list[int] | None:
        """The tokenizer's own tokens for ``text``, if they spell exactly ``text``; ``None`` otherwise."""
        if not isinstance(text, str):
            raise VocabularyError(f"a text to encode is a str, not {shown(text)}")
        encode = self._source.encode
        if encode is None:
            return None
        token_ids = encode(text)
        has_text = self._source.table.has_text
        if all(0 <= i < len(has_text) and has_text[i] for i in token_ids):
            return token_ids if self.decode_bytes(token_ids) == text.encode("utf-8", "replace") else None
        return None

    def stats(self) -> dict[str, int]:
        """Bytes in use for this vocabulary by all its constraints: the sums of ``CompiledConstraint.stats()`` over all
        pools, how many those are (``generations``), and the tables of the vocabulary itself (``vocabulary_bytes``).
        """
        out: dict[str, int] = self.native.stats()
        return out

    def decode_bytes(self, token_ids: Iterable[int], *, at_start: bool = True) -> bytes:
        """The bytes of a token sequence; ids without text add nothing. ``at_start``: it begins the text."""
        table = self._source.table
        parts: list[bytes] = []
        for token_id in listed_ids(token_ids, "token_ids"):
            if not 0 <= token_id < len(table):
                raise VocabularyError(
                    f"token id {shown(token_id)} is outside of the vocabulary's 0..{len(table) - 1}"
                )
            if table.has_text[token_id]:
                parts.append(table.middle(token_id) if parts or not at_start else table.start(token_id))
        return b"".join(parts)

    def decode(self, token_ids: Iterable[int]) -> str:
        """The text of a token sequence; bytes that are no UTF-8 become U+FFFD."""
        return self.decode_bytes(token_ids).decode("utf-8", "replace")

    # The core's view

    @property
    def native(self) -> Any:
        """The vocabulary as the native core has it, made on first use and kept."""
        if self._native is None:
            table = self._source.table
            self._native = importlib.import_module("decodex._core").Vocabulary(
                table.blob,
                table.offsets,
                table.has_text,
                table.start_ids,
                table.start_blob,
                table.start_offsets,
                list(self.eos_token_ids),
            )
        return self._native

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self is other or self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __getstate__(self) -> TokenSource:
        return self._source

    def __setstate__(self, source: TokenSource) -> None:
        self.__init__(source)  # type: ignore[misc]  # rebuilds the caches empty

    def __repr__(self) -> str:
        table = self._source.table
        with_text = int(table.has_text.sum())
        longest = int(np.diff(table.offsets).max())
        ends = ", ".join(map(str, self.eos_token_ids))
        start = f", {len(table.start_ids)} differ at the start" if len(table.start_ids) else ""
        return (
            f"Vocabulary({self._source.kind}: {len(table)} ids, {with_text} with text of up to {longest} "
            f"bytes{start}, end tokens [{ends}])"
        )
