"""The embedded default model, and the loading of any other one.

In: nothing, the name of the embedded model, a local folder, or a hub name. Out: a transformers model in
evaluation mode and its tokenizer. The embedded model is a Llama of about three million parameters,
trained by ``tools/train_model.py`` on made-up text; it writes short English and JSON, so that examples
and tests run offline, and it knows nothing worth quoting.
Invariant: importing this module imports neither torch nor transformers, and the embedded model never
reaches for the network. Cost: some seconds for the first import of transformers, then tens of milliseconds.
Refuses: a name that cannot be loaded, with a ``DecodexError`` that says where it was looked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from decodex.errors import DecodexError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["DEFAULT_MODEL", "load", "load_default"]

DEFAULT_MODEL = "decodex-tiny"
_FOLDER = Path(__file__).parent / "data"


def load_default() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return the embedded model and its tokenizer: float32, on the CPU, in evaluation mode.

    Every call makes a new model. Raises ``DecodexError`` when transformers or torch is missing, or when
    the installed package lacks the model's files.

    >>> model, tokenizer = load_default()  # doctest: +SKIP
    """
    _require_transformers()
    if not (_FOLDER / "model.safetensors").is_file():
        raise DecodexError(
            f"the embedded model {DEFAULT_MODEL!r} is not in this installation: {_FOLDER} has no "
            "model.safetensors; reinstall decodex, or make the files with "
            "`python tools/train_model.py --out decodex/model/data`"
        )
    return _load_from(str(_FOLDER), local_only=True)


def load(name_or_path: str | Path = DEFAULT_MODEL) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return the model and tokenizer of a local folder or a hub name; ``"decodex-tiny"`` is the embedded
    model.

    A folder is read without the network. Weights are float32 on the CPU and the model is in evaluation
    mode. Raises ``DecodexError`` when transformers or torch is missing, or when the name cannot be
    loaded.
    """
    name = str(name_or_path)
    if name == DEFAULT_MODEL:
        return load_default()
    _require_transformers()
    folder = Path(name).expanduser()
    local = folder.is_dir()
    looks_local = isinstance(name_or_path, Path) or name.startswith((".", "/", "~")) or name.count("/") > 1
    if not local and looks_local:
        raise DecodexError(
            f"cannot load the model {name!r}: there is no such folder; give a folder with config.json and "
            f"weights, a hub name such as 'owner/model', or {DEFAULT_MODEL!r} for the embedded model"
        )
    return _load_from(str(folder) if local else name, local_only=local)


def _require_transformers() -> None:
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise DecodexError(
            f"loading a model needs torch and transformers, and {error.name or 'one of them'} cannot be "
            "imported; install them with `pip install torch transformers`"
        ) from error


def _load_from(source: str, *, local_only: bool) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local_only)
        model = AutoModelForCausalLM.from_pretrained(source, local_files_only=local_only, dtype=torch.float32)
    except Exception as error:  # the loaders raise many kinds, some of them private to their libraries
        where = "in that folder" if local_only else "as a local folder or on the model hub"
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DecodexError(
            f"cannot load the model {source!r} {where}: {reason[0]}; give a folder with config.json, "
            f"weights and a tokenizer, a hub name that can be reached, or {DEFAULT_MODEL!r} for the embedded "
            "model"
        ) from error
    model.eval()
    return model, tokenizer
