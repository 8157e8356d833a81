"""``apply_bitmask``: scores outside of a mask become minus infinity, in place.

In: logits as a torch tensor on any device or a NumPy array, and a mask buffer as ``allocate_bitmask`` makes
it. What does the work is chosen by where the logits are: Numba in memory, Triton on a CUDA device, plain
torch operations anywhere else and where those two are missing. All of them write the same bits. Invariant: a
score inside the mask keeps its bits, whatever they are. Refuses, with ``MaskError`` and before anything is
written: types that are no floating scores, shapes that do not fit, masks that are wider than the logits.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from decodex.errors import MaskError, shown
from decodex.matching.bitmask import BITS

__all__ = ["apply_bitmask", "kernel_name"]

Pairs: TypeAlias = npt.NDArray[np.int64]  # [2, n]: rows of the logits, and the row of the mask for each of them
MaskRows: TypeAlias = Callable[[Any, Any, Pairs], None]

# Minus infinity as an integer of the score's width, by the score's type.
_MINUS_INFINITY = {
    "bfloat16": np.uint16(0xFF80),
    "float16": np.uint16(0xFC00),
    "float32": np.uint32(0xFF800000),
    "float64": np.uint64(0xFFF0000000000000),
}


def apply_bitmask(
    logits: Any, bitmask: Any, rows: Sequence[int] | None = None, *, masks: Sequence[int] | None = None
) -> None:
    """Set the logits of refused tokens to minus infinity, in place.

    ``logits``: float16, bfloat16, float32 or float64, ``[width]`` or ``[rows, width]``, a torch tensor on any
    device or a NumPy array, with any strides. ``bitmask``: int32 ``[ceil(V / 32)]`` or ``[rows, ceil(V /
    32)]``, bit ``k`` of word ``w`` = token ``32 w + k``, 1 = allowed; it is copied to the device of the
    logits if it is elsewhere, without waiting for the copy if it lies in pinned memory (then leave it as it is
    until the device is done). Ids beyond the mask are refused. ``rows``: row ``i`` of the mask belongs to row
    ``rows[i]`` of the logits, and rows that are not named keep their scores; without it the two have equally
    many rows. ``masks``: where rows share masks, the row of the mask for each of those rows of the logits
    instead. Raises ``MaskError`` when they do not fit.

    >>> logits = np.zeros(3, np.float32)
    >>> apply_bitmask(logits, np.array([0b101], np.int32))
    >>> logits.tolist()
    [0.0, -inf, 0.0]
    """
    name = kernel_name(logits)
    scores, mask = _two_dimensional(logits, "logits"), _two_dimensional(bitmask, "bitmask")
    _check_writable(scores)
    if not (_is_torch(bitmask) or isinstance(bitmask, np.ndarray)) or _type_name(bitmask.dtype) != "int32":
        raise MaskError(
            f"the bitmask is a {_described(bitmask)}, not an int32 tensor or array; make one with "
            "decodex.allocate_bitmask(rows, vocab_size)"
        )
    (held, width), (made, words) = scores.shape, mask.shape
    if -(-width // BITS) < words:
        raise MaskError(
            f"the logits are {width} ids wide, the mask covers {words * BITS}; both must "
            "be for one model: give vocab_size= to the vocabulary, or cut the mask to ceil(width / 32) words"
        )
    _KERNELS[name](scores, mask, _pairs(rows, masks, held, made))


def kernel_name(logits: Any) -> str:
    """Which kernel masks such logits: ``"numba"``, ``"triton"``, ``"torch"`` or ``"numpy"``.

    Raises ``MaskError`` for what holds no scores.
    """
    torch = _is_torch(logits)
    if not torch and not isinstance(logits, np.ndarray):
        raise MaskError(f"logits are a torch tensor or a NumPy array, not a {type(logits).__name__}")
    name = _type_name(logits.dtype)
    if name not in _MINUS_INFINITY:
        raise MaskError(f"logits are of type {', '.join(_MINUS_INFINITY)}, not {name}, which is not masked")
    if torch and not logits.is_cpu:
        return "triton" if logits.device.type == "cuda" and _kernel_file("triton") is not None else "torch"
    if _kernel_file("cpu") is not None:
        return "numba"
    return "torch" if torch else "numpy"


@functools.cache
def _kernel_file(kind: str) -> MaskRows | None:
    """The kernel of ``cpu_kernel.py`` or ``triton_kernel.py``; ``None`` where what compiles it cannot be
    imported.
    """
    try:
        module = importlib.import_module(f"decodex.decoding.{kind}_kernel")
    except ImportError:
        return None
    kernel: MaskRows = module.mask_rows
    return kernel


def _mask_by_numba(scores: Any, bitmask: Any, pairs: Pairs) -> None:
    if _is_torch(bitmask) and not bitmask.is_cpu:
        bitmask = bitmask.cpu()
    words, mask_stride, word_stride = _memory(bitmask)
    if word_stride != bitmask.itemsize:
        bitmask = bitmask.contiguous() if _is_torch(bitmask) else np.ascontiguousarray(bitmask)
        words, mask_stride, _ = _memory(bitmask)
    kernel: Any = _kernel_file("cpu")
    kernel(
        *_memory(scores),
        scores.itemsize,
        scores.shape[1],
        words,
        mask_stride,
        bitmask.shape[1],
        pairs,
        _MINUS_INFINITY[_type_name(scores.dtype)],
    )


def _memory(matrix: Any) -> tuple[int, int, int]:
    """The address of the first element, and the bytes from one row and from one column to the next."""
    if isinstance(matrix, np.ndarray):
        return matrix.__array_interface__["data"][0], *matrix.strides
    row, column = matrix.stride()
    size = matrix.itemsize
    return matrix.data_ptr(), row * size, column * size


def _mask_by_triton(scores: Any, bitmask: Any, pairs: Pairs) -> None:
    torch = sys.modules["torch"]
    kernel: Any = _kernel_file("triton")
    with torch.no_grad(), torch.cuda.device(scores.device):
        kernel(scores.detach(), _on_device(bitmask, scores).contiguous(), _on_device(pairs, scores))


def _mask_by_torch(scores: Any, bitmask: Any, pairs: Pairs) -> None:
    torch = sys.modules["torch"]
    words, width = _on_device(bitmask, scores), scores.shape[1]
    bits = torch.arange(BITS, dtype=torch.int32, device=scores.device)
    refused = torch.ones((words.shape[0], width), dtype=torch.bool, device=scores.device)
    known = min(words.shape[1] * BITS, width)
    refused[:, :known] = (((words.unsqueeze(-1) >> bits) & 1) == 0).flatten(1)[:, :known]
    scores = scores.detach()
    rows, masks = pairs
    if len(rows) == len(scores) and (rows[:-1] < rows[1:]).all():
        scores.masked_fill_(refused[_on_device(masks, scores)], -torch.inf)
    else:
        for row, mask in pairs.T.tolist():
            scores[row].masked_fill_(refused[mask], -torch.inf)


def _mask_by_numpy(scores: Any, bitmask: Any, pairs: Pairs) -> None:
    words = np.ascontiguousarray(bitmask.cpu().numpy() if _is_torch(bitmask) else bitmask).astype("<i4")
    width = scores.shape[1]
    refused = np.ones((len(words), width), bool)
    known = min(words.shape[1] * BITS, width)
    bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    refused[:, :known] = bits[:, :known] == 0
    for row, mask in pairs.T:
        scores[row, refused[mask]] = -np.inf


_KERNELS: dict[str, MaskRows] = {
    "numba": _mask_by_numba,
    "triton": _mask_by_triton,
    "torch": _mask_by_torch,
    "numpy": _mask_by_numpy,
}


def _is_torch(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


@functools.cache
def _type_name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _described(value: Any) -> str:
    kind = type(value).__name__
    return f"{kind} of {_type_name(value.dtype)}" if hasattr(value, "dtype") else kind


def _on_device(value: Any, scores: Any) -> Any:
    """A mask or row numbers as a tensor on the device of the scores; from pinned memory it is sent behind what the
    device still has to do, and nobody waits.
    """
    torch = sys.modules["torch"]
    tensor = value if isinstance(value, torch.Tensor) else torch.from_numpy(np.ascontiguousarray(value))
    return tensor.to(scores.device, non_blocking=True)


def _two_dimensional(value: Any, what: str) -> Any:
    shape = getattr(value, "shape", None)
    if shape is None or len(shape) not in (1, 2):
        met = type(value).__name__ if shape is None else f"of shape {tuple(shape)}"
        raise MaskError(f"the {what} is {met}, not of shape [width] or [rows, width]")
    return value if len(shape) == 2 else value[None]


def _check_writable(scores: Any) -> None:
    """Refuse memory that must not be written, and memory in which several scores share one place."""
    array = isinstance(scores, np.ndarray)
    strides = scores.strides if array else scores.stride()
    if 0 in strides and 0 not in scores.shape and any(
        stride == 0 and size > 1 for stride, size in zip(strides, scores.shape, strict=True)
    ):
        raise MaskError("the logits repeat one piece of memory (an expanded view); mask a copy of them")
    if array and not scores.flags.writeable:
        raise MaskError("the logits are read-only memory; mask a copy of them")


def _pairs(rows: Sequence[int] | None, masks: Sequence[int] | None, held: int, made: int) -> Pairs:
    """Which row of the logits gets which row of the mask, each checked to be there."""
    if rows is None and masks is None:
        if held != made:
            raise MaskError(
                f"the logits have {held} rows and the mask has {made}; give rows= to say which row of the "
                "logits each row of the mask belongs to"
            )
        return _each_its_own(held)
    named = _numbers("rows", rows, held, "batch of logits")
    given = _numbers("masks", masks, made, "bitmask")
    if len(named) != len(given):
        theirs = f"the {made} rows of the mask" if masks is None else f"the {len(given)} of masks="
        raise MaskError(f"rows= names {len(named)} rows of the logits (all where it is not given) for {theirs}")
    return np.stack((named, given))


@functools.lru_cache(maxsize=64)
def _each_its_own(count: int) -> Pairs:
    return np.stack((np.arange(count), np.arange(count)))


def _numbers(name: str, given: Sequence[int] | None, held: int, of: str) -> npt.NDArray[np.int64]:
    """Numbers of rows, all ``held`` of them when none are given."""
    if given is None:
        return np.arange(held)
    numbers = np.asarray(given)
    if numbers.ndim != 1 or (numbers.size and numbers.dtype.kind not in "iu"):
        raise MaskError(f"{name}= is a list of row numbers, not {shown(given)}")
    numbers = numbers.astype(np.int64)
    outside = (numbers < 0) | (numbers >= held)
    if outside.any():
        raise MaskError(f"{name}= names row {int(numbers[outside][0])} of the {of}, which has {held}")
    return numbers
