"""Files of arrays: versioned, checksummed, written in one step, and nothing in them is ever executed.

In: a dictionary of NumPy arrays and a JSON value that says what they are. Out: a safetensors file with one
metadata key, byte-identical for equal contents. Invariants: a file is either the old one or the new one,
whoever else writes it at the same time; what ``read`` returns is what ``write`` was given, by this version
of decodex. Cost: linear; about a millisecond per megabyte. Refuses, as ``ArtefactError`` that says what to
do: a file that is missing, cut short, altered, of another version, or of another kind.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from decodex.errors import ArtefactError, shown
from decodex.version import __version__

__all__ = ["Contents", "file_path", "read", "write"]

FORMAT = 1
"""Of the files; another one is refused. Another version of decodex is refused too: it may judge differently."""
_KEY, _ABOUT = "decodex", "about"
_UNKNOWN = "0" * 64
"""Where the checksum will be."""
_DTYPES: dict[str, np.dtype[Any]] = {
    "U8": np.dtype("<u1"),
    "U16": np.dtype("<u2"),
    "U32": np.dtype("<u4"),
    "U64": np.dtype("<u8"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
}


class Contents(NamedTuple):
    """A file: what it says it is, its arrays, and its checksum, which only equal files have in common."""

    about: dict[str, Any]
    arrays: dict[str, npt.NDArray[Any]]
    checksum: str


def write(
    path: str | os.PathLike[str], kind: str, about: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]
) -> None:
    """Write a file under its name in one step: first beside it, then renamed."""
    from safetensors.numpy import save

    path = file_path(path)
    _refuse_devices("write", path)
    text = json.dumps(about, sort_keys=True, ensure_ascii=False).encode()
    contents = {_ABOUT: np.frombuffer(text, np.uint8), **{name: np.ascontiguousarray(a) for name, a in arrays.items()}}
    said = {"format": FORMAT, "version": __version__, "kind": kind, "checksum": _UNKNOWN}
    data = save(contents, metadata={_KEY: json.dumps(said, sort_keys=True)})
    data = data.replace(_UNKNOWN.encode(), _checksum(data, _UNKNOWN).encode(), 1)
    beside = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with open(beside, "xb") as file:
            file.write(data)
        os.replace(beside, path)
    except OSError as error:
        raise ArtefactError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            beside.unlink()


def read(path: str | os.PathLike[str], kind: str, remedy: str) -> Contents:
    """What is in a file of this kind. ``remedy``: how to make it again."""
    path = file_path(path)
    _refuse_devices("read", path)
    try:
        with open(path, "rb", buffering=0) as file:
            data = file.read()
    except OSError as error:
        raise ArtefactError(f"cannot read {path}: {error.strerror or error}") from error
    start = 8 + int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8:start])
        said = json.loads(header.pop("__metadata__")[_KEY])
        version, checksum, found = (said["format"], said["version"]), str(said["checksum"]), said["kind"]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ArtefactError(
            f"{path} is cut short, or no file that decodex wrote; copy it again in full, or {remedy}"
        ) from error
    if version != (FORMAT, __version__):
        raise ArtefactError(
            f"{path} was written by decodex {version[1]} (format {version[0]}), and this is decodex "
            f"{__version__} (format {FORMAT}); {remedy}"
        )
    if checksum != _checksum(data, checksum):
        raise ArtefactError(
            f"{path} is cut short or was altered after it was written: its checksum differs; copy it again in full, "
            f"or {remedy}"
        )
    if found != kind:
        raise ArtefactError(f"{path} holds a {found}, not a {kind}; {_READERS.get(str(found), remedy)}")
    try:
        arrays = {name: _array(data, start, part) for name, part in header.items()}
        return Contents(dict(json.loads(arrays.pop(_ABOUT).tobytes())), arrays, checksum)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ArtefactError(f"{path} has an array that is none ({error!r}); {remedy}") from error


def file_path(path: str | os.PathLike[str]) -> Path:
    """The path of a name; an ``ArtefactError`` where no file can have it."""
    try:
        name = os.fsdecode(path)
        os.fsencode(name)
    except (TypeError, UnicodeError) as error:
        raise ArtefactError(f"a path is a str or an os.PathLike, not {shown(path)}: {error}") from error
    if not name or "\0" in name:
        raise ArtefactError(f"no file has the name {shown(name)}; a path is not empty and has no null character")
    return Path(name)


def _refuse_devices(verb: str, path: Path) -> None:
    """A device or pipe may have no end, and a file in its place would take it from everybody."""
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise ArtefactError(f"cannot {verb} {path}: it is no regular file; name a file")


def _array(data: bytes, start: int, part: Mapping[str, Any]) -> npt.NDArray[Any]:
    """The array that the header describes, in place; a ``ValueError`` where it does not lie in the file."""
    dtype = _DTYPES[part["dtype"]]
    begin, end = part["data_offsets"]
    if not 0 <= begin <= end:
        raise ValueError(f"from {begin} to {end}")
    if begin == end:
        return np.empty(0, dtype)
    return np.frombuffer(data, dtype, (end - begin) // dtype.itemsize, start + begin)


def _checksum(data: bytes, checksum: str) -> str:
    """Of all bytes of the file but for the checksum itself, which counts as zeros where it first stands."""
    place = data.find(checksum.encode())
    digest = hashlib.blake2b(digest_size=len(_UNKNOWN) // 2)
    view = memoryview(data)
    digest.update(view[:place])
    digest.update(_UNKNOWN.encode())
    digest.update(view[place + len(checksum) :])
    return digest.hexdigest()


_READERS = {
    "constraint": "read it with decodex.load(path, vocab)",
    "vocabulary": "read it with decodex.Vocabulary.load(path)",
}
