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

from decodex.errors import MaskError
from decodex.matching.bitmask import BITS

__all__ = ["apply_bitmask", "kernel_name"]

Rows: TypeAlias = npt.NDArray[np.int64]
MaskRows: TypeAlias = Callable[[Any, Any, Rows], None]

# What a score is seen as, by its width in bytes; minus infinity seen so, by its type.
_INTEGER = {2: np.uint16, 4: np.uint32, 8: np.uint64}
_MINUS_INFINITY = {
    "bfloat16": 0xFF80,
    "float16": 0xFC00,
    "float32": 0xFF800000,
    "float64": 0xFFF0000000000000,
}


def apply_bitmask(logits: Any, bitmask: Any, rows: Sequence[int] | None = None) -> None:
    """Set the logits of refused tokens to minus infinity, in place.

    ``logits``: float16, bfloat16, float32 or float64, ``[width]`` or ``[rows, width]``, a torch tensor on any
    device or a NumPy array, with any strides. ``bitmask``: int32 ``[ceil(V / 32)]`` or ``[rows, ceil(V /
    32)]``, bit ``k`` of word ``w`` = token ``32 w + k``, 1 = allowed; it is copied to the device of the
    logits if it is elsewhere. Ids beyond the mask are refused. ``rows``: row ``i`` of the mask belongs to row
    ``rows[i]`` of the logits, and rows that are not named keep their scores; without it the two have equally
    many rows. Raises ``MaskError`` when they do not fit.

    >>> logits = np.zeros(3, np.float32)
    >>> apply_bitmask(logits, np.array([0b101], np.int32))
    >>> logits.tolist()
    [0.0, -inf, 0.0]
    """
    name = kernel_name(logits)
    _check_writable(logits)
    scores, mask = _two_dimensional(logits, "logits"), _two_dimensional(bitmask, "bitmask")
    if not (_is_torch(bitmask) or isinstance(bitmask, np.ndarray)) or _type_name(bitmask) != "int32":
        raise MaskError(
            f"the bitmask is a {_described(bitmask)}, not an int32 tensor or array; make one with "
            "decodex.allocate_bitmask(rows, vocab_size)"
        )
    if -(-scores.shape[1] // BITS) < mask.shape[1]:
        raise MaskError(
            f"the logits are {scores.shape[1]} ids wide, the mask covers {mask.shape[1] * BITS}; both must "
            "be for one model: give vocab_size= to the vocabulary, or cut the mask to ceil(width / 32) words"
        )
    _KERNELS[name](scores, mask, _row_numbers(rows, scores.shape[0], mask.shape[0]))


def kernel_name(logits: Any) -> str:
    """Which kernel masks such logits: ``"numba"``, ``"triton"``, ``"torch"`` or ``"numpy"``.

    Raises ``MaskError`` for what holds no scores.
    """
    torch = _is_torch(logits)
    if not torch and not isinstance(logits, np.ndarray):
        raise MaskError(f"logits are a torch tensor or a NumPy array, not a {type(logits).__name__}")
    if _type_name(logits) not in _MINUS_INFINITY:
        raise MaskError(
            f"logits are of type {', '.join(_MINUS_INFINITY)}, not {_type_name(logits)}, which is not masked"
        )
    if torch and logits.device.type != "cpu":
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


def _mask_by_numba(scores: Any, bitmask: Any, rows: Rows) -> None:
    integer = _INTEGER[scores.itemsize if isinstance(scores, np.ndarray) else scores.element_size()]
    words = (bitmask.cpu().numpy() if _is_torch(bitmask) else bitmask).view(np.uint32)
    kernel: Any = _kernel_file("cpu")
    kernel(_integer_view(scores, integer), words, rows, integer(_MINUS_INFINITY[_type_name(scores)]))


def _integer_view(scores: Any, integer: Any) -> Any:
    """The memory of the scores as a NumPy array of unsigned integers of their width."""
    if isinstance(scores, np.ndarray):
        return scores.view(integer)
    torch = sys.modules["torch"]
    signed = {2: torch.int16, 4: torch.int32, 8: torch.int64}[scores.element_size()]
    return scores.detach().view(signed).numpy().view(integer)


def _mask_by_triton(scores: Any, bitmask: Any, rows: Rows) -> None:
    torch = sys.modules["torch"]
    kernel: Any = _kernel_file("triton")
    with torch.no_grad(), torch.cuda.device(scores.device):
        kernel(scores.detach(), _on_device(bitmask, scores).contiguous(), _on_device(rows, scores))


def _mask_by_torch(scores: Any, bitmask: Any, rows: Rows) -> None:
    torch = sys.modules["torch"]
    words, width = _on_device(bitmask, scores), scores.shape[1]
    bits = torch.arange(BITS, dtype=torch.int32, device=scores.device)
    refused = torch.ones((words.shape[0], width), dtype=torch.bool, device=scores.device)
    known = min(words.shape[1] * BITS, width)
    refused[:, :known] = (((words.unsqueeze(-1) >> bits) & 1) == 0).flatten(1)[:, :known]
    scores = scores.detach()
    if len(rows) == len(scores) and (rows[:-1] < rows[1:]).all():
        scores.masked_fill_(refused, -torch.inf)
    else:
        for i, row in enumerate(rows.tolist()):
            scores[row].masked_fill_(refused[i], -torch.inf)


def _mask_by_numpy(scores: Any, bitmask: Any, rows: Rows) -> None:
    words = np.ascontiguousarray(bitmask.cpu().numpy() if _is_torch(bitmask) else bitmask).astype("<i4")
    width = scores.shape[1]
    refused = np.ones((len(words), width), bool)
    known = min(words.shape[1] * BITS, width)
    bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    refused[:, :known] = bits[:, :known] == 0
    for i, row in enumerate(rows):
        scores[row, refused[i]] = -np.inf


_KERNELS: dict[str, MaskRows] = {
    "numba": _mask_by_numba,
    "triton": _mask_by_triton,
    "torch": _mask_by_torch,
    "numpy": _mask_by_numpy,
}


def _is_torch(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _type_name(value: Any) -> str:
    return str(value.dtype).removeprefix("torch.")


def _described(value: Any) -> str:
    kind = type(value).__name__
    return f"{kind} of {_type_name(value)}" if hasattr(value, "dtype") else kind


def _on_device(value: Any, scores: Any) -> Any:
    """A mask or row numbers as a tensor on the device of the scores."""
    torch = sys.modules["torch"]
    tensor = value if isinstance(value, torch.Tensor) else torch.from_numpy(np.ascontiguousarray(value))
    return tensor.to(scores.device)


def _two_dimensional(value: Any, what: str) -> Any:
    shape = getattr(value, "shape", None)
    if shape is None or len(shape) not in (1, 2):
        met = type(value).__name__ if shape is None else f"of shape {tuple(shape)}"
        raise MaskError(f"the {what} is {met}, not of shape [width] or [rows, width]")
    return value if len(shape) == 2 else value[None]


def _check_writable(logits: Any) -> None:
    """Refuse memory that must not be written, and memory in which several scores share one place."""
    strides = logits.strides if isinstance(logits, np.ndarray) else logits.stride()
    if 0 not in logits.shape and any(
        stride == 0 and size > 1 for stride, size in zip(strides, logits.shape, strict=True)
    ):
        raise MaskError("the logits repeat one piece of memory (an expanded view); mask a copy of them")
    if isinstance(logits, np.ndarray) and not logits.flags.writeable:
        raise MaskError("the logits are read-only memory; mask a copy of them")


def _row_numbers(rows: Sequence[int] | None, held: int, masks: int) -> Rows:
    """The rows of the logits that the rows of the mask belong to, each checked to be there."""
    if rows is None:
        if held != masks:
            raise MaskError(
                f"the logits have {held} rows and the mask has {masks}; give rows= to say which row of the "
                "logits each row of the mask belongs to"
            )
        return np.arange(held, dtype=np.int64)
    numbers = np.asarray(rows, dtype=np.int64) if len(rows) else np.empty(0, np.int64)
    if numbers.ndim != 1 or len(numbers) != masks:
        raise MaskError(f"rows= names {numbers.size} rows of the logits for the {masks} rows of the mask")
    outside = (numbers < 0) | (numbers >= held)
    if outside.any():
        raise MaskError(f"rows= names row {int(numbers[outside][0])}; the logits have {held} rows")
    return numbers
