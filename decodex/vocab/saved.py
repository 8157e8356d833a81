"""Vocabularies as files: the bytes of the tokens, their sorted order, and the lexeme tables made so far.

In: a ``Vocabulary``. Out: a file from which one is ready several times sooner than from a tokenizer, with
the tables that every JSON constraint needs first. The tokenizer's own encoding is a function and is not
saved. Refuses, as ``ArtefactError``, what ``storage`` refuses and arrays that do not hold together.
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from decodex import storage
from decodex.constraints.json import json_schema
from decodex.errors import ArtefactError, DecodexError
from decodex.vocab.table import Encode, TokenSource, TokenTable

if TYPE_CHECKING:
    from decodex.vocab.vocabulary import Vocabulary

__all__ = ["load_saved", "save"]

_REMEDY = "make it again from the tokenizer, with decodex.Vocabulary.from_hf(tokenizer).save(path)"
_TABLE = "table."
_TYPICAL = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer"},
        "share": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "on": {"type": "boolean"},
        "date": {"type": "string", "format": "date"},
        "time": {"type": "string", "format": "date-time"},
        "mail": {"type": "string", "format": "email"},
        "link": {"type": "string", "format": "uri"},
    },
    "required": ["name", "count"],
}
_SAMPLES = (
    '{"name": "Ærø", "count": -12, "share": 0.25e1, "tags": ["a b", "\\n"], "on": true, "date": "2024-02-29", '
    '"time": "2024-02-29T12:00:00Z", "mail": "a@b.org", "link": "https://a.org/b?c=d", "more": {"k": [null, 1]}}',
    '{\n  "name": "",\n  "count": 0,\n  "tags": []\n}',
)


def save(vocabulary: Vocabulary, source: TokenSource, path: str | PathLike[str]) -> None:
    """Write the vocabulary with its tables; see ``Vocabulary.save``."""
    native = vocabulary.native
    _make_common_tables(native)
    table = source.table
    arrays = {
        "blob": np.frombuffer(table.blob, np.uint8),
        "offsets": table.offsets,
        "has_text": table.has_text,
        "start_ids": table.start_ids,
        "start_blob": np.frombuffer(table.start_blob, np.uint8),
        "start_offsets": table.start_offsets,
        "order": native.order,
        **{_TABLE + name: array for name, array in native.tables().items()},
    }
    about = {
        "kind": source.kind,
        "eos_token_ids": list(source.eos_token_ids),
        "special_token_ids": list(source.special_token_ids),
    }
    storage.write(path, "vocabulary", about, arrays)


def load_saved(path: str | PathLike[str], encode: Encode | None) -> tuple[TokenSource, Any]:
    """What ``save`` wrote: the source, and the vocabulary as the native core has it."""
    from decodex._core import Vocabulary as Native

    about, arrays, _ = storage.read(path, "vocabulary", _REMEDY)
    try:
        table = TokenTable(
            blob=arrays["blob"].tobytes(),
            offsets=arrays["offsets"],
            has_text=arrays["has_text"],
            start_ids=arrays["start_ids"],
            start_blob=arrays["start_blob"].tobytes(),
            start_offsets=arrays["start_offsets"],
        )
        eos, special = (tuple(map(int, about[name])) for name in ("eos_token_ids", "special_token_ids"))
        tables = {name.removeprefix(_TABLE): array for name, array in arrays.items() if name.startswith(_TABLE)}
        native = Native(
            table.blob,
            table.offsets,
            table.has_text,
            table.start_ids,
            table.start_blob,
            table.start_offsets,
            list(eos),
            arrays["order"],
            tables,
        )
        return TokenSource(str(about["kind"]), table, eos, special, encode), native
    except DecodexError as error:
        raise ArtefactError(f"{path} cannot be used: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ArtefactError(f"{path} does not say what it has to ({error!r}); {_REMEDY}") from error


def _make_common_tables(native: Any) -> None:
    """The tables of the strings, numbers and white space that schemas are full of, if the tokens spell them."""
    from decodex._core import Compiled, Limits

    try:
        compiled = Compiled(native, json_schema(_TYPICAL).term(), Limits())
        compiled.record([native.longest_tokens(sample.encode()) for sample in _SAMPLES])
    except DecodexError:
        return  # tokens that cannot spell JSON need no tables of it
