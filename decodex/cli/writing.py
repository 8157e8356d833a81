"""A model that writes one text at a time, constrained or not, and tells each piece as it comes.

In: a prompt, a compiled constraint, how to sample. Out: a ``Sample``. Invariant: the text that is told
piece by piece is the text of the sample, and its bytes are those the constraint has seen. Cost: that of the
model's generate loop; one mask per token. Refuses, as ``Failure``: a prompt that leaves no room in the
model's context. Imports torch when a model is loaded.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from decodex.cli.failures import Failure
from decodex.cli.vocabularies import quiet_transformers

if TYPE_CHECKING:
    from decodex.compiling import CompiledConstraint
    from decodex.sampling import Particles
    from decodex.vocab import Vocabulary

__all__ = ["Sample", "Sampling", "Writer", "load_writer"]

OnText = Callable[[str], None]
END_SLOPE = 0.5
"""What each token beyond the start of the ramp adds to the scores of the end tokens."""


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn. ``temperature`` None: always the likeliest. ``method``: of ``decodex.sampling``."""

    max_tokens: int
    temperature: float | None
    seed: int
    method: str | None = None
    particles: int | None = None
    repetition_penalty: float = 1.0
    penalty_window: int | None = None
    """Tokens that the penalty remembers; None: all of the text."""
    end_ramp: int | None = None
    """Tokens from which on the end is made likelier."""
    exempt: Sequence[int] = ()
    """Tokens that are not penalised."""


@dataclass(frozen=True)
class Sample:
    """A text as it was written; the end token is not counted."""

    text: str
    token_ids: list[int]
    seconds: float
    ended: bool
    """Has the model written an end token, or did it run into the limit?"""
    particles: Particles | None = None
    """The weighted texts that it was drawn from, where a method was asked for."""

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return len(self.token_ids) / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True)
class Writer:
    """A model, its tokenizer and its vocabulary."""

    model: Any
    tokenizer: Any
    vocab: Vocabulary

    def prompt_ids(self, prompt: str, *, chat: bool) -> Any:
        """The prompt as a batch of one; with ``chat`` it is a user's turn in the model's own template."""
        if chat:
            if not getattr(self.tokenizer, "chat_template", None):
                raise Failure("the model's tokenizer has no chat template; leave out --chat")
            turn = [{"role": "user", "content": prompt}]
            prompt = self.tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        ids = self.tokenizer(prompt, return_tensors="pt", add_special_tokens=not chat)["input_ids"]
        if ids.shape[1] > 0:
            return ids
        import torch

        start = self.tokenizer.bos_token_id
        return torch.tensor([[self.vocab.eos_token_ids[0] if start is None else start]])

    def text_ids(self, text: str) -> list[int]:
        """The tokens of a text that follows a prompt."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def next_probabilities(self, prompt_ids: Any, text_ids: list[int]) -> Any:
        """How likely the model finds each token after the prompt and the text; float32 of the vocabulary's size."""
        import torch

        self._check_room(int(prompt_ids.shape[1]) + len(text_ids), 0)
        ids = torch.cat([prompt_ids, torch.tensor([text_ids], dtype=prompt_ids.dtype)], dim=1)
        with torch.inference_mode():
            return torch.softmax(self.model(ids).logits[0, -1].float(), dim=0).cpu().numpy()

    def write(
        self,
        prompt_ids: Any,
        compiled: CompiledConstraint | None,
        how: Sampling,
        on_text: OnText | None = None,
    ) -> Sample:
        """Write one text after the prompt. ``compiled`` None: whatever the model wants, for contrast."""
        import torch

        self._check_room(int(prompt_ids.shape[1]), how.max_tokens)
        if compiled is not None and how.method is not None:
            return self._sample(prompt_ids, compiled, how, on_text)
        watcher = _Watcher(self.vocab, on_text)
        arguments: dict[str, Any] = {"do_sample": how.temperature is not None}
        if how.temperature is not None:
            arguments["temperature"] = how.temperature
        ends = list(self.vocab.eos_token_ids)
        arguments["logits_processor"] = _processors(compiled, how, ends)
        pad = self.tokenizer.pad_token_id
        torch.manual_seed(how.seed)
        begin = time.perf_counter()
        self.model.generate(
            prompt_ids,
            attention_mask=torch.ones_like(prompt_ids),
            max_new_tokens=how.max_tokens + (1 if compiled is not None or how.max_tokens == 0 else 0),
            eos_token_id=ends,
            pad_token_id=ends[0] if pad is None else pad,
            num_beams=1,
            streamer=watcher,
            **arguments,
        )
        return Sample(watcher.finish(), watcher.token_ids, time.perf_counter() - begin, watcher.ended)

    def _sample(
        self, prompt_ids: Any, compiled: CompiledConstraint, how: Sampling, on_text: OnText | None
    ) -> Sample:
        """Write one text by a method of ``decodex.sampling``."""
        from decodex import sampling

        begin = time.perf_counter()
        pieces = sampling.stream(
            self.model,
            self.tokenizer,
            prompt_ids,
            compiled,
            method=how.method or "mask",
            particles=how.particles,
            max_new_tokens=how.max_tokens,
            temperature=1.0 if how.temperature is None else how.temperature,
            seed=how.seed,
        )
        for piece in pieces:
            if on_text is not None:
                on_text(piece)
        drawn = pieces.result
        text, chosen = drawn.text, drawn.chosen or 0
        return Sample(text, drawn.token_ids[chosen][:-1], time.perf_counter() - begin, True, drawn)

    def _check_room(self, prompt_tokens: int, max_tokens: int) -> None:
        context = getattr(self.model.config, "max_position_embeddings", None)
        if isinstance(context, int) and prompt_tokens + max_tokens > context:
            room = context - prompt_tokens
            advice = f"use --max-tokens {room} or less" if room > 0 else "shorten the prompt"
            raise Failure(
                f"the prompt has {prompt_tokens} tokens and the model's context {context}, "
                f"so {max_tokens} more do not fit; {advice}"
            )


def _processors(compiled: CompiledConstraint | None, how: Sampling, ends: list[int]) -> list[Any]:
    """What changes the scores, the constraint last."""
    from decodex.hf import ConstraintLogitsProcessor, EndRampLogitsProcessor, PenaltyLogitsProcessor

    out: list[Any] = []
    if how.repetition_penalty != 1:
        window, exempt = how.penalty_window, how.exempt
        out.append(PenaltyLogitsProcessor(how.repetition_penalty, window=window, exempt=exempt, eos_token_id=ends))
    if how.end_ramp is not None:
        out.append(EndRampLogitsProcessor(ends, start=how.end_ramp, slope=END_SLOPE))
    if compiled is not None:
        out.append(ConstraintLogitsProcessor(compiled, max_tokens=how.max_tokens))
    return out


def load_writer(name: str) -> Writer:
    """Load a model by name or folder. ``DecodexError`` when that fails."""
    with suppress(ImportError):  # load() says what is missing
        quiet_transformers()
    from decodex.model import load

    model, tokenizer = load(name)
    import torch

    from decodex.decoding import apply_bitmask
    from decodex.hf import vocabulary
    from decodex.matching import allocate_bitmask

    vocab = vocabulary(model, tokenizer)
    # What the first step sets up, no text should be charged for.
    with torch.inference_mode():
        logits = model(torch.tensor([vocab.eos_token_ids[:1]])).logits[:, -1].clone()
    apply_bitmask(logits, allocate_bitmask(1, len(vocab)))
    return Writer(model, tokenizer, vocab)


class _Watcher:
    """Gathers the tokens of one generation; has the interface of a streamer of transformers."""

    def __init__(self, vocab: Vocabulary, on_text: OnText | None) -> None:
        self.token_ids: list[int] = []
        self.ended = False
        self._vocab = vocab
        self._ends = frozenset(vocab.eos_token_ids)
        self._on_text = on_text
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pieces: list[str] = []
        self._prompt_seen = False

    def put(self, value: Any) -> None:
        """Take the prompt, at the first call, or the next tokens."""
        if not self._prompt_seen:
            self._prompt_seen = True
            return
        for token_id in value.reshape(-1).tolist():
            if token_id in self._ends:
                self.ended = True
            elif not self.ended:
                data = self._vocab.decode_bytes([token_id], at_start=not self.token_ids)
                self.token_ids.append(token_id)
                self._tell(self._decoder.decode(data))

    def end(self) -> None:
        """The generation is over."""

    def finish(self) -> str:
        """The whole text, also of a character that was cut."""
        self._tell(self._decoder.decode(b"", final=True))
        return "".join(self._pieces)

    def _tell(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            if self._on_text is not None:
                self._on_text(text)
