"""decodex inside of transformers: the logits processors, and text from a model in one call.

In: a model and tokenizer of transformers, a prompt (text or chat messages), a constraint. Out: only the new
text, whole (``generate``) or piece by piece as it comes (``stream``). Invariant: the text satisfies the
constraint and is complete within ``max_new_tokens``; where that cannot be promised nothing is generated. A
tokenizer's vocabulary is made once and kept as long as the tokenizer. Refuses: generation options that return
several texts, and those that would undo the constraint. Importing this module imports torch and transformers.
"""

from __future__ import annotations

import codecs
import functools
import queue
import threading
from collections.abc import Iterator, Mapping
from typing import Any

try:
    import torch
    from transformers import StoppingCriteria, StoppingCriteriaList
    from transformers.generation.streamers import BaseStreamer

    from decodex.decoding.end_ramp import EndRampLogitsProcessor
    from decodex.decoding.jump_forward import jump_forward
    from decodex.decoding.mass_record import MassRecord
    from decodex.decoding.model_inputs import Prompt, encoded, vocabulary
    from decodex.decoding.penalty import PenaltyLogitsProcessor, structural_tokens
    from decodex.decoding.processor import ConstraintLogitsProcessor
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("torch", "transformers"):
        raise
    raise ModuleNotFoundError(
        f"decodex.hf needs torch and transformers, and {error.name} is missing: pip install 'decodex[hf]'",
        name=error.name,
    ) from error

from decodex.compiling import CompiledConstraint, compile
from decodex.constraints import Constraint
from decodex.errors import DecodexError
from decodex.vocab import Vocabulary

__all__ = [
    "ConstraintLogitsProcessor",
    "EndRampLogitsProcessor",
    "MassRecord",
    "PenaltyLogitsProcessor",
    "generate",
    "jump_forward",
    "stream",
    "structural_tokens",
    "vocabulary",
]

DEFAULT_MAX_NEW_TOKENS = 256

# Options that mean beams or an assistant, or may do so, and those that transformers keeps for its own methods.
_NO_JUMPS = (
    *("num_beams", "assistant_model", "prompt_lookup_num_tokens", "generation_config"),
    *("stop_strings", "synced_gpus"),
)


def generate(
    model: Any,
    tokenizer: Any,
    prompt: Prompt,
    constraint: Constraint | CompiledConstraint | str,
    *,
    max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS,
    **generate_kwargs: Any,
) -> str:
    """The text that the model writes after the prompt, under the constraint.

    ``prompt``: a text, chat messages for the tokenizer's chat template, or token ids ``[1, length]``.
    ``constraint``: a constraint, or one compiled for ``vocabulary(model, tokenizer)``. The text is complete
    within ``max_new_tokens``.
    ``generate_kwargs`` go to ``model.generate`` (``do_sample=True``, ``num_beams=4``, ...). In greedy search and
    sampling, text that must come next is appended in the tokenizer's own cut without asking the model
    (``jump_forward``); ``custom_generate=None`` asks it for each token. Raises ``BudgetError`` when
    ``max_new_tokens`` is too small for any text.

    >>> generate(model, tokenizer, "Is water wet? ", dx.choice(["yes", "no"]))  # doctest: +SKIP
    'yes'
    """
    compiled, inputs = _prepared(model, tokenizer, prompt, constraint, generate_kwargs)
    arguments = _arguments(compiled, max_new_tokens, generate_kwargs)
    output = _run(model, inputs, arguments)
    ids = getattr(output, "sequences", output)[0]
    begin = 0 if _has_decoder_of_its_own(model) else inputs["input_ids"].shape[1]
    return compiled.vocab.decode(_until_end(ids[begin:].tolist(), compiled.vocab))


def stream(
    model: Any,
    tokenizer: Any,
    prompt: Prompt,
    constraint: Constraint | CompiledConstraint | str,
    *,
    max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS,
    **generate_kwargs: Any,
) -> Iterator[str]:
    """The pieces of the text that ``generate`` would return, each as soon as its characters are complete.

    The model runs in a thread of its own; it stops at the next token when the iterator is closed. Raises what
    ``generate`` raises; beams cannot be streamed.
    """
    compiled, inputs = _prepared(model, tokenizer, prompt, constraint, generate_kwargs)
    arguments = _arguments(compiled, max_new_tokens, generate_kwargs)
    return _pieces(model, inputs, arguments, compiled.vocab)


def _prepared(
    model: Any,
    tokenizer: Any,
    prompt: Prompt,
    constraint: Constraint | CompiledConstraint | str,
    options: Mapping[str, Any],
) -> tuple[CompiledConstraint, dict[str, Any]]:
    vocab = vocabulary(model, tokenizer, options.get("eos_token_id"))
    compiled = constraint if isinstance(constraint, CompiledConstraint) else compile(constraint, vocab)
    return compiled, encoded(model, tokenizer, prompt)


def _arguments(
    compiled: CompiledConstraint, max_new_tokens: int, options: Mapping[str, Any]
) -> dict[str, Any]:
    """What ``model.generate`` gets: the options, the processor behind the user's own, and the budget."""
    if options.get("num_return_sequences", 1) != 1:
        raise DecodexError(
            "num_return_sequences is more than 1, but one text is returned; call model.generate with "
            "logits_processor=[decodex.hf.ConstraintLogitsProcessor(compiled)]"
        )
    for name in ("max_length", "min_length", "min_new_tokens"):
        if options.get(name) is not None:
            raise DecodexError(
                f"{name} would overrule the constraint; use max_new_tokens or a length constraint"
            )
    processor = ConstraintLogitsProcessor(compiled, max_tokens=max_new_tokens)
    others = list(options.get("logits_processor") or ())
    arguments = {"eos_token_id": list(compiled.vocab.eos_token_ids), **options}
    if arguments.get("pad_token_id") is None:
        arguments["pad_token_id"] = compiled.vocab.eos_token_ids[0]
    return {**arguments, "max_new_tokens": max_new_tokens, "logits_processor": [*others, processor]}


def _run(model: Any, inputs: dict[str, Any], arguments: dict[str, Any]) -> Any:
    """``model.generate``, jumping over forced text where nothing else was asked for."""
    if not any(arguments.get(name) for name in _NO_JUMPS):
        # transformers hands no streamer to a decoding method of one's own
        jumping = functools.partial(jump_forward, streamer=arguments.get("streamer"))
        arguments = {"custom_generate": jumping, **arguments}
    return model.generate(**inputs, **arguments)


def _has_decoder_of_its_own(model: Any) -> bool:
    return bool(getattr(model.config, "is_encoder_decoder", False))


def _until_end(ids: list[int], vocab: Vocabulary) -> list[int]:
    ends = set(vocab.eos_token_ids)
    for position, token in enumerate(ids):
        if token in ends:
            return ids[:position]
    return ids


class _Tokens(BaseStreamer):  # type: ignore[misc, unused-ignore]
    """Hands the new tokens from the thread that generates to the one that reads; ``None`` is the end."""

    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[list[int] | BaseException | None] = queue.SimpleQueue()
        self._prompt_seen = False

    def put(self, value: Any) -> None:
        if self._prompt_seen:
            self.queue.put(value.flatten().tolist())
        self._prompt_seen = True

    def end(self) -> None:
        pass


class _Closed(StoppingCriteria):  # type: ignore[misc, unused-ignore]
    """Stops the generation when nobody reads any more."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        return torch.full((len(input_ids),), self.closed.is_set(), dtype=torch.bool, device=input_ids.device)


def _pieces(
    model: Any, inputs: dict[str, Any], arguments: dict[str, Any], vocab: Vocabulary
) -> Iterator[str]:
    tokens, closed = _Tokens(), _Closed()
    criteria = StoppingCriteriaList([*(arguments.pop("stopping_criteria", None) or ()), closed])

    def run() -> None:
        try:
            _run(model, inputs, {**arguments, "streamer": tokens, "stopping_criteria": criteria})
            tokens.queue.put(None)
        except BaseException as error:  # it is raised again where the pieces are read
            tokens.queue.put(error)

    thread = threading.Thread(target=run, name="decodex-stream", daemon=True)
    thread.start()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    at_start = True
    try:
        while (got := tokens.queue.get()) is not None:
            if isinstance(got, BaseException):
                raise got
            ids = _until_end(got, vocab)
            piece = decoder.decode(vocab.decode_bytes(ids, at_start=at_start))
            at_start = at_start and not ids
            if piece:
                yield piece
        if rest := decoder.decode(b"", final=True):
            yield rest
    finally:
        closed.closed.set()
        thread.join()
