"""Masking scores: every kernel, type, shape and stride against a Boolean mask made bit by bit."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from decodex.decoding import apply_bitmask, kernel_name, kernels
from decodex.errors import MaskError
from decodex.matching.bitmask import allocate_bitmask, mask_words

torch = pytest.importorskip("torch", reason="logits of most types are torch tensors")

TORCH_TYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float64]
SIZES = [1, 31, 32, 33, 64, 100, 1000]
INTEGER = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def random_mask(rows: int, vocab_size: int, seed: int) -> np.ndarray[Any, Any]:
    """Random words, some of them all ones and some all zeros, since the kernels have a path for each."""
    rng = np.random.default_rng(seed)
    mask = rng.integers(-(2**31), 2**31, (rows, mask_words(vocab_size)), dtype=np.int64).astype(np.int32)
    kind = rng.integers(0, 3, mask.shape)
    return np.where(kind == 0, np.int32(-1), np.where(kind == 1, np.int32(0), mask)).astype(np.int32)


def allowed(mask: np.ndarray[Any, Any], width: int) -> np.ndarray[Any, Any]:
    """The reference: one bit at a time; ids beyond the mask are refused."""
    out = np.zeros((len(mask), width), bool)
    for row in range(len(mask)):
        for token in range(min(width, mask.shape[1] * 32)):
            out[row, token] = (int(mask[row, token // 32]) >> (token % 32)) & 1
    return out


def bits_of(scores: Any) -> Any:
    return scores.detach().contiguous().view(INTEGER[scores.element_size()])


def expected(scores: Any, mask: np.ndarray[Any, Any]) -> Any:
    return torch.where(torch.from_numpy(allowed(mask, scores.shape[1])), scores, -torch.inf).to(scores.dtype)


@pytest.fixture(params=["compiled", "operations"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test runs with the compiled loop, and as where Numba cannot be imported."""
    if request.param == "operations":
        monkeypatch.setattr(kernels, "_kernel_file", lambda kind: None)
    else:
        pytest.importorskip("numba", reason="the compiled loop needs numba")
    return str(request.param)


@pytest.mark.parametrize("dtype", TORCH_TYPES, ids=str)
@pytest.mark.parametrize("size", SIZES)
def test_torch_types_and_sizes(path: str, dtype: Any, size: int) -> None:
    generator = torch.Generator().manual_seed(size)
    scores = torch.randn(3, size, generator=generator, dtype=torch.float32).to(dtype)
    mask = random_mask(3, size, size)
    want = expected(scores, mask)
    apply_bitmask(scores, torch.from_numpy(mask))
    assert torch.equal(bits_of(scores), bits_of(want))
    assert kernel_name(scores) == ("numba" if path == "compiled" else "torch")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("size", SIZES)
def test_numpy_types_and_sizes(path: str, dtype: Any, size: int) -> None:
    scores = np.random.default_rng(size).standard_normal((2, size)).astype(dtype)
    mask = random_mask(2, size, size)
    want = np.where(allowed(mask, size), scores, np.array(-np.inf, dtype))
    apply_bitmask(scores, mask)
    np.testing.assert_array_equal(scores, want)
    assert kernel_name(scores) == ("numba" if path == "compiled" else "numpy")


@pytest.mark.usefixtures("path")
def test_scores_inside_the_mask_keep_their_bits() -> None:
    odd = torch.tensor([[torch.nan, -torch.inf, torch.inf, -0.0, 1e-45, 3.0]])
    before = bits_of(odd).clone()
    apply_bitmask(odd, torch.tensor([[0b111111]], dtype=torch.int32))
    assert torch.equal(bits_of(odd), before)
    apply_bitmask(odd, torch.tensor([[0b100000]], dtype=torch.int32))
    assert odd[0, :5].isneginf().all()
    assert odd[0, 5] == 3


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("extra", [1, 27, 28, 29, 100])
def test_ids_beyond_the_mask_are_refused(extra: int) -> None:
    scores = torch.zeros(2, 64 + extra)
    mask = np.full((2, 2), -1, np.int32)
    apply_bitmask(scores, mask)
    assert (scores[:, :64] == 0).all()
    assert scores[:, 64:].isneginf().all()


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", TORCH_TYPES, ids=str)
def test_any_strides(dtype: Any) -> None:
    mask = random_mask(3, 70, 5)
    base = torch.randn(3, 4, 90, generator=torch.Generator().manual_seed(1)).to(dtype)
    views = {
        "last position": lambda b: b[:, -1],
        "first columns": lambda b: b[:, 0, :70],
        "every other row": lambda b: b.flatten(0, 1)[1::4],
        "every other column": lambda b: b.repeat(1, 1, 2)[:, 1, 5::2],
        "transposed": lambda b: b[:, 1, :].t().contiguous().t(),
        "one row": lambda b: b[2, 1],
    }
    for name, view in views.items():
        whole = base.clone()
        scores = view(whole)
        rows = mask if scores.ndim == 2 else mask[0]
        want = expected(scores.clone() if scores.ndim == 2 else scores.clone()[None], np.atleast_2d(rows))
        untouched = whole.clone()
        apply_bitmask(scores, rows)
        assert torch.equal(bits_of(scores), bits_of(want.view(scores.shape))), name
        if scores.data_ptr() >= whole.data_ptr() and name not in ("every other column", "transposed"):
            view(untouched).copy_(scores)
            assert torch.equal(bits_of(whole), bits_of(untouched)), f"{name}: something else was written"


@pytest.mark.usefixtures("path")
def test_mask_rows_of_any_stride() -> None:
    mask = random_mask(6, 96, 3)
    for view in (mask[::2], mask[::-1][:3], np.asfortranarray(mask)[:3], mask[:3]):
        scores = torch.zeros(3, 96)
        apply_bitmask(scores, view)
        assert torch.equal(scores, expected(torch.zeros(3, 96), np.ascontiguousarray(view)))
        scores = torch.zeros(3, 96)
        apply_bitmask(scores, torch.from_numpy(np.ascontiguousarray(view)))
        assert torch.equal(scores, expected(torch.zeros(3, 96), np.ascontiguousarray(view)))


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("chosen", [[], [2], [3, 0], [0, 1, 2, 3], [1, 3]])
def test_rows_by_number(chosen: list[int]) -> None:
    mask = random_mask(len(chosen), 40, 8)
    scores = torch.randn(4, 40, generator=torch.Generator().manual_seed(2))
    want = scores.clone()
    for i, row in enumerate(chosen):
        want[row] = expected(scores[row][None], mask[i : i + 1])[0]
    apply_bitmask(scores, mask, rows=chosen)
    assert torch.equal(scores, want)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", TORCH_TYPES, ids=str)
def test_rows_share_masks(dtype: Any) -> None:
    mask = random_mask(2, 1000, 4)
    before = torch.randn(5, 1000, generator=torch.Generator().manual_seed(3)).to(dtype)
    scores = before.clone()
    apply_bitmask(scores, mask, masks=[1, 0, 1, 1, 0])
    assert torch.equal(bits_of(scores), bits_of(expected(before, mask[[1, 0, 1, 1, 0]])))
    scores = before.clone()
    apply_bitmask(scores, mask, rows=[4, 0, 2], masks=[1, 1, 0])
    assert torch.equal(bits_of(scores[[4, 0, 2]]), bits_of(expected(before[[4, 0, 2]], mask[[1, 1, 0]])))
    assert torch.equal(bits_of(scores[[1, 3]]), bits_of(before[[1, 3]]))


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("kind", ["none", "one", "half", "all but one", "all"])
def test_wide_rows(kind: str) -> None:
    """Widths of real vocabularies, behind a guard on either side that must stay as it is."""
    width, bits = 32_003, np.zeros(32_003, bool)
    chosen = np.random.default_rng(6).permutation(width)
    bits[chosen[: {"none": 0, "one": 1, "half": width // 2, "all but one": width - 1, "all": width}[kind]]] = True
    mask = np.packbits(np.pad(bits, (0, -width % 32)), bitorder="little").view(np.int32)[None]
    whole = torch.randn(3, width + 7, generator=torch.Generator().manual_seed(5))
    want = whole.clone()
    want[1, 3 : 3 + width] = torch.where(torch.from_numpy(bits), want[1, 3 : 3 + width], -torch.inf)
    apply_bitmask(whole[1:2, 3 : 3 + width], mask)
    assert torch.equal(bits_of(whole), bits_of(want))


@pytest.mark.usefixtures("path")
def test_memory_at_odd_addresses() -> None:
    packed = np.zeros(3, np.dtype([("tag", "u1"), ("scores", "<f4", 70), ("mask", "<i4", 3)]))
    packed["mask"] = random_mask(3, 70, 9)
    want = np.where(allowed(packed["mask"].copy(), 70), np.float32(0), np.float32(-np.inf))
    apply_bitmask(packed["scores"], packed["mask"])
    np.testing.assert_array_equal(packed["scores"], want)
    assert not packed["tag"].any()


@pytest.mark.usefixtures("path")
def test_nothing_to_mask() -> None:
    apply_bitmask(torch.zeros(0, 40), np.zeros((0, 2), np.int32))
    apply_bitmask(np.zeros((0, 40), np.float32), torch.zeros(0, 2, dtype=torch.int32))
    apply_bitmask(torch.zeros(2, 0), np.zeros((2, 0), np.int32))
    apply_bitmask(np.zeros((2, 0), np.float64), np.zeros((2, 0), np.int32))


@pytest.mark.usefixtures("path")
def test_tensors_that_track_gradients() -> None:
    leaf = torch.zeros(2, 8, requires_grad=True)
    apply_bitmask(leaf, np.array([[1], [2]], np.int32))
    assert leaf.detach().isneginf().sum() == 14
    with torch.inference_mode():
        inside = torch.zeros(2, 8)
        apply_bitmask(inside, np.array([[1], [2]], np.int32))
        assert inside.isneginf().sum() == 14


@pytest.mark.parametrize(
    ("logits", "mask", "rows", "part"),
    [
        (torch.zeros(2, 64), np.zeros((2, 3), np.int32), None, "64 ids wide, the mask covers 96"),
        (torch.zeros(2, 64), np.zeros((3, 2), np.int32), None, "2 rows and the mask has 3"),
        (torch.zeros(64), np.zeros((2, 2), np.int32), None, "1 rows and the mask has 2"),
        (torch.zeros(2, 64), np.zeros((1, 2), np.int32), [2], "names row 2"),
        (torch.zeros(2, 64), np.zeros((1, 2), np.int32), [-1], "names row -1"),
        (torch.zeros(2, 64), np.zeros((1, 2), np.int32), [0, 1], "names 2 rows"),
        (torch.zeros(2, 64), np.zeros((1, 2), np.int32), [[0, 1]], "list of row numbers"),
        (torch.zeros(1, 2, 64), np.zeros((1, 2), np.int32), None, "shape (1, 2, 64)"),
        (torch.zeros(()), np.zeros((1, 2), np.int32), None, "shape ()"),
        (torch.zeros(2, 64, dtype=torch.int64), np.zeros((2, 2), np.int32), None, "not int64"),
        (np.zeros((2, 64), np.int32), np.zeros((2, 2), np.int32), None, "not int32"),
        (torch.zeros(2, 64), np.zeros((2, 2), np.uint32), None, "ndarray of uint32"),
        (torch.zeros(2, 64), torch.zeros(2, 2, dtype=torch.int64), None, "Tensor of int64"),
        (torch.zeros(2, 64), [[0, 0]], None, "bitmask"),
        ([[0.0] * 64], np.zeros((1, 2), np.int32), None, "not a list"),
        (torch.zeros(1, 64).expand(2, 64), np.zeros((2, 2), np.int32), None, "expanded view"),
    ],
    ids=str,
)
def test_refusals(logits: Any, mask: Any, rows: Any, part: str) -> None:
    with pytest.raises(MaskError) as error:
        apply_bitmask(logits, mask, rows)
    assert part in str(error.value)


@pytest.mark.parametrize(
    ("rows", "masks", "part"),
    [
        (None, [0], "names 2 rows"),
        ([0], [0, 1], "names 1 rows"),
        (None, [0, 3], "masks= names row 3 of the bitmask, which has 3"),
        ([0, 1], [0, -1], "names row -1"),
    ],
)
def test_refusals_of_shared_masks(rows: Any, masks: Any, part: str) -> None:
    scores = torch.zeros(2, 64)
    with pytest.raises(MaskError) as error:
        apply_bitmask(scores, np.zeros((3, 2), np.int32), rows, masks=masks)
    assert part in str(error.value)
    assert (scores == 0).all(), "something was written before the refusal"


def test_read_only_logits_are_refused() -> None:
    logits = np.zeros((1, 32), np.float32)
    logits.flags.writeable = False
    with pytest.raises(MaskError, match="read-only"):
        apply_bitmask(logits, np.zeros((1, 1), np.int32))


def test_read_only_masks_are_read(path: str) -> None:
    mask = np.array([[5]], np.int32)
    mask.flags.writeable = False
    logits = np.zeros((1, 3), np.float32)
    apply_bitmask(logits, mask)
    assert np.isneginf(logits).tolist() == [[False, True, False]], path


def test_allocate_bitmask() -> None:
    assert [mask_words(size) for size in (0, 1, 32, 33, 131072)] == [0, 1, 1, 2, 4096]
    buffer = allocate_bitmask(3, 65)
    assert buffer.dtype == torch.int32
    assert tuple(buffer.shape) == (3, 3)
    assert (buffer == -1).all()
    for rows, size in ((-1, 5), (5, -1), (True, 5), (2.5, 5), ("2", 5)):
        with pytest.raises(MaskError, match="is a count"):
            allocate_bitmask(rows, size)  # type: ignore[arg-type]


def test_imports_stay_light() -> None:
    program = (
        "import sys, numpy as np, decodex as dx\n"
        "from decodex.decoding import apply_bitmask\n"
        "assert not {'torch', 'transformers', 'numba'} & set(sys.modules), 'imported too early'\n"
        "mask = dx.allocate_bitmask(1, 3)\n"
        "assert type(mask) is np.ndarray and mask.dtype == np.int32 and mask.tolist() == [[-1]]\n"
        "mask[0] = 5\n"
        "logits = np.zeros(3, np.float32)\n"
        "apply_bitmask(logits, mask)\n"
        "assert logits.tolist() == [0, -np.inf, 0]\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_triton_kernel_in_its_interpreter() -> None:
    """The CUDA kernel as it stands, run by Triton's interpreter on tensors in memory."""
    pytest.importorskip("triton", reason="the CUDA kernel needs triton")
    program = (
        "import sys, numpy as np, torch\n"
        "from decodex.decoding.triton_kernel import mask_rows\n"
        "random = np.random.default_rng(1)\n"
        "for width, words in ((33, 2), (100, 3), (5000, 157)):\n"
        "    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):\n"
        "        mask = random.integers(-2**31, 2**31, (2, words), dtype=np.int64).astype(np.int32)\n"
        "        bits = np.unpackbits(mask.view(np.uint8), axis=1, bitorder='little')\n"
        "        bits = np.pad(bits, ((0, 0), (0, max(width - words * 32, 0))))[:, :width].astype(bool)\n"
        "        scores = torch.randn(4, 2, width).to(dtype)[:, 1]\n"
        "        want = scores.clone()\n"
        "        for row, index in ((3, 1), (0, 0), (2, 1)):\n"
        "            want[row].masked_fill_(torch.from_numpy(~bits[index]), -torch.inf)\n"
        "        mask_rows(scores, torch.from_numpy(mask), torch.tensor([[3, 0, 2], [1, 0, 1]]))\n"
        "        assert torch.equal(scores, want), (width, dtype)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TRITON_INTERPRET": "1"},
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("scores", ["*fp32", "*fp16", "*bf16", "*fp64"])
def test_triton_kernel_compiles(scores: str) -> None:
    """For a device of Nvidia's, which need not be there."""
    triton = pytest.importorskip("triton", reason="the CUDA kernel needs triton")
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from decodex.decoding import triton_kernel

    kernel, block = triton_kernel._mask_block, triton_kernel.BLOCK
    numbers = dict.fromkeys(["count", "width", "words", "row_stride", "column_stride", "mask_stride"], "i32")
    types = {"scores": scores, "bitmask": "*i32", "pairs": "*i64", **numbers, "BLOCK": "constexpr"}
    compiled = triton.compile(ASTSource(kernel, types, {"BLOCK": block}), target=GPUTarget("cuda", 80, 32))
    assert "ptx" in compiled.asm


def on_cuda() -> list[str]:
    return ["cuda"] if torch.cuda.is_available() else []


@pytest.mark.skipif(not on_cuda(), reason="there is no CUDA device")
@pytest.mark.parametrize("kernel", ["triton", "torch"])
@pytest.mark.parametrize("dtype", TORCH_TYPES, ids=str)
@pytest.mark.parametrize("size", [33, 1000, 131072])
def test_cuda(monkeypatch: pytest.MonkeyPatch, kernel: str, dtype: Any, size: int) -> None:
    if kernel == "triton":
        pytest.importorskip("triton", reason="the CUDA kernel needs triton")
    else:
        monkeypatch.setattr(kernels, "_kernel_file", lambda kind: None)
    base = torch.randn(4, 2, size + 50, generator=torch.Generator().manual_seed(size)).to(dtype)
    mask = random_mask(3, size, size)
    scores = base.cuda()[:, 1, :]
    assert kernel_name(scores) == kernel
    want = base[:, 1, :].clone()
    want[[3, 0, 1]] = expected(want[[3, 0, 1]], mask)
    apply_bitmask(scores, torch.from_numpy(mask).pin_memory(), rows=[3, 0, 1])
    assert torch.equal(bits_of(scores.cpu()), bits_of(want))
    scores = base.cuda()[:, 1, :]
    apply_bitmask(scores, mask, masks=[2, 0, 2, 1])
    assert torch.equal(bits_of(scores.cpu()), bits_of(expected(base[:, 1, :], mask[[2, 0, 2, 1]])))
