"""``decodex info``: what is installed here and what decodex will use of it.

In: nothing. Out: versions, devices, the kernels that apply masks, the compiler of the core, the embedded
model; as text or one JSON object. Invariant: it always answers; what is missing is null, or "not
installed". Cost: the import of torch where it is installed; the model's weights are not read, only the
header of their file.
"""

from __future__ import annotations

import json
import math
import platform
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from decodex import __version__
from decodex.cli.console import print_json, size, write
from decodex.cli.vocabularies import embedded_folder

__all__ = ["info"]

PACKAGES = ("numpy", "numba", "torch", "transformers")
HEADER_LIMIT = 100_000_000


def info(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Show versions, devices, kernels and the embedded model.

    \b
    Examples:
      decodex info
      decodex info --json
    """
    facts = gather()
    if as_json:
        print_json(facts)
        return
    write(f"decodex       {facts['decodex']}")
    write(f"python        {facts['python']}")
    for name in PACKAGES:
        write(f"{name:<13} {facts['packages'][name] or 'not installed'}")
    write(f"core          {_core_line(facts['core'])}")
    write(f"CUDA          {_yes(facts['cuda'])}")
    write(f"Triton        {_yes(facts['triton'])}")
    for device, kernel in facts["kernels"].items():
        write(f"kernel {device:<6} {kernel or 'not available'}")
    write(f"model         {_model_line(facts['model'])}")


def gather() -> dict[str, Any]:
    """The facts, ready for JSON."""
    cuda = _cuda()
    return {
        "decodex": __version__,
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "packages": {name: _version(name) for name in PACKAGES},
        "core": _core(),
        "cuda": cuda,
        "triton": _version("triton") is not None,
        "kernels": {"CPU": _kernel("cpu"), "CUDA": _kernel("cuda") if cuda else None},
        "model": _embedded_model(embedded_folder()),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _core() -> dict[str, Any]:
    try:
        from decodex import _core as core
    except ImportError as error:
        return {"built": False, "path": None, "compiler": None, "error": str(error)}
    return {"built": True, "path": core.__file__, "compiler": getattr(core, "compiler", None), "error": None}


def _cuda() -> bool:
    try:
        import torch
    except ImportError:
        return False
    return bool(torch.cuda.is_available())


def _kernel(device: str) -> str | None:
    """The name of the kernel that applies masks to float32 logits on a device."""
    try:
        from decodex.decoding.kernels import kernel_name
    except ImportError:
        return None
    try:
        import torch

        return str(kernel_name(torch.zeros(1, 1, device=device)))
    except ImportError:
        import numpy

        return str(kernel_name(numpy.zeros((1, 1), dtype=numpy.float32))) if device == "cpu" else None


def _embedded_model(folder: Path) -> dict[str, Any]:
    """What is known without loading it: the configuration, and the shapes in the weights' header."""
    found: dict[str, Any] = {
        "path": str(folder),
        "present": False,
        "architecture": None,
        "parameters": None,
        "bytes": None,
    }
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        found["architecture"] = config.get("model_type")
        found["parameters"] = _parameters(folder / "model.safetensors")
        found["bytes"] = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
        found["present"] = True
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return found
    return found


def _parameters(weights: Path) -> int:
    """The weights in a safetensors file: eight bytes of length, then a JSON header with the shapes."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > HEADER_LIMIT:
            raise ValueError(f"a header of {length} bytes is none")
        header = json.loads(file.read(length))
    return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")


def _core_line(core: dict[str, Any]) -> str:
    if not core["built"]:
        return f"not built: {core['error']}"
    return f"{core['compiler']}, {core['path']}" if core["compiler"] else str(core["path"])


def _model_line(model: dict[str, Any]) -> str:
    if not model["present"]:
        return f"not in this installation ({model['path']})"
    figures = f"{model['parameters']:,} parameters, {size(model['bytes'])}"
    return f"{model['architecture']}, {figures}, {model['path']}"


def _yes(value: bool) -> str:
    return "available" if value else "not available"
