"""A vocabulary from a SentencePiece model, alone or inside a slow tokenizer of transformers.

In: the path or the bytes of a model, a processor, or a tokenizer with ``sp_model``. Out: a ``TokenSource``.
The bytes are those of the processor's own ``decode``: the mark U+2581 is a space, which a model with a dummy
prefix takes away from the first token of a text; ``<0xNN>`` is one byte; control, unknown and unused pieces
have no text, user-defined ones have. Cost: a few batch calls. Not followed: models trained with
``remove_extra_whitespaces`` drop white space for as long as the text is empty, so behind a lone space mark
the next token's space is dropped there too and kept here. Refuses what is no model, and a model whose decoder
disagrees with the bytes derived.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from os import PathLike, fspath
from typing import Any

from decodex.errors import VocabularyError
from decodex.vocab.checks import TokenIds, resolve_eos, resolve_size, resolve_special
from decodex.vocab.self_check import check_against_decoder
from decodex.vocab.table import TokenSource, TokenTable, build_table

__all__ = ["load_processor", "load_sentencepiece", "load_slow_tokenizer"]

SPACE_MARK = "\u2581"


def _open(model: str | PathLike[str] | bytes) -> Any:
    try:
        from sentencepiece import SentencePieceProcessor
    except ImportError as error:
        raise VocabularyError(
            "from_sentencepiece needs the package sentencepiece: pip install sentencepiece"
        ) from error
    if not isinstance(model, (str, bytes, PathLike)):
        raise VocabularyError(
            f"from_sentencepiece needs a path or the bytes of a model, not {type(model).__name__}"
        )
    try:
        if isinstance(model, bytes):
            return SentencePieceProcessor(model_proto=model)
        return SentencePieceProcessor(model_file=fspath(model))
    except (OSError, RuntimeError, TypeError, ValueError) as error:  # a TypeError: a name that is no UTF-8
        place = "the bytes given" if isinstance(model, bytes) else repr(fspath(model))
        raise VocabularyError(f"{place} cannot be read as a SentencePiece model: {error}") from error


def _silent(processor: Any, ids: list[int]) -> set[int]:
    """The ids that never stand for text: control, unknown and unused pieces."""
    kinds = (processor.is_control(ids), processor.is_unknown(ids), processor.is_unused(ids))
    return {i for i, *flags in zip(ids, *kinds, strict=True) if any(flags)}


def _drops_first_space(processor: Any, number: int, text: bytes) -> bool:
    """Whether a mark's space is dropped at the start of a text; ``number`` is a piece that begins with
    one."""
    return bool(processor.decode([number]).encode() == text[1:])


def _table(processor: Any, size: int, silent: set[int], place: Sequence[int] | None = None) -> TokenTable:
    """The table of a processor's pieces; ``place[k]`` is the id of piece ``k``, or -1 where it has none."""
    count = processor.get_piece_size()
    numbers = list(range(count))
    pieces = processor.id_to_piece(numbers)
    is_byte = processor.is_byte(numbers)
    silent_pieces = _silent(processor, numbers)
    texts: dict[int, bytes] = {}
    marked: dict[int, int] = {}
    for number in numbers:
        token_id = number if place is None else place[number]
        if number in silent_pieces or token_id < 0 or token_id in silent:
            continue
        piece = pieces[number]
        if is_byte[number]:
            texts[token_id] = bytes([int(piece[3:5], 16)])
            continue
        texts[token_id] = piece.replace(SPACE_MARK, " ").encode()
        if piece.startswith(SPACE_MARK):
            marked[token_id] = number
    start: dict[int, bytes] = {}
    if marked:
        token_id, number = next(iter(marked.items()))
        if _drops_first_space(processor, number, texts[token_id]):
            start = {token_id: texts[token_id][1:] for token_id in marked}
    ids = sorted(texts)
    return build_table(size, ids, [texts[token_id] for token_id in ids], start)


def load_processor(processor: Any, vocab_size: int | None, eos_token_ids: TokenIds, kind: str) -> TokenSource:
    """Read a SentencePiece processor whose piece numbers are the token ids."""
    count = processor.get_piece_size()
    size = resolve_size(vocab_size, count)
    declared = processor.eos_id()
    eos = resolve_eos(eos_token_ids, declared if declared >= 0 else None, size)
    special = resolve_special(_silent(processor, list(range(count))), size)
    table = _table(processor, size, {*eos, *special})
    check_against_decoder(
        table, lambda rows: [processor.decode(row) for row in rows], "the SentencePiece model"
    )
    encode = partial(processor.encode, out_type=int, add_bos=False, add_eos=False)
    written = {i: processor.id_to_piece(i).encode() for i in special if processor.is_control(i)}
    return TokenSource(kind, table, eos, special, encode, written)


def load_sentencepiece(
    model: str | PathLike[str] | bytes, vocab_size: int | None, eos_token_ids: TokenIds
) -> TokenSource:
    """Read a model file or its bytes."""
    return load_processor(_open(model), vocab_size, eos_token_ids, "sentencepiece")


def load_slow_tokenizer(tokenizer: Any, vocab_size: int | None, eos_token_ids: TokenIds) -> TokenSource:
    """Read a slow tokenizer of transformers that holds a processor as ``sp_model``.

    Its ids may be shifted against the pieces' numbers, so they are joined by the pieces' names. The bytes are
    those of ``sp_model.decode``; the tokenizer's own ``decode`` may in addition strip white space off both
    ends of the text.
    """
    processor = tokenizer.sp_model
    added = dict(tokenizer.added_tokens_decoder)
    count = len(tokenizer)
    size = resolve_size(vocab_size, max([count, *(i + 1 for i in added)]))
    eos = resolve_eos(eos_token_ids, tokenizer.eos_token_id, size)
    special = resolve_special(
        [*(i for i, token in added.items() if token.special), *tokenizer.all_special_ids], size
    )
    names = tokenizer.convert_ids_to_tokens(list(range(tokenizer.vocab_size)))
    id_of_name = {name: token_id for token_id, name in enumerate(names)}
    pieces = processor.id_to_piece(list(range(processor.get_piece_size())))
    place = [id_of_name.get(piece, -1) for piece in pieces]
    table = _table(processor, size, {*eos, *special, *added}, place)
    number = {token_id: k for k, token_id in enumerate(place)}
    check_against_decoder(
        table,
        lambda rows: [processor.decode([number[i] for i in row]) for row in rows],
        "the tokenizer's sp_model",
    )
    encode = partial(tokenizer.encode, add_special_tokens=False, split_special_tokens=True)
    written = {i: token.content.encode() for i, token in added.items() if token.special}
    return TokenSource("slow SentencePiece", table, eos, special, encode, written)
