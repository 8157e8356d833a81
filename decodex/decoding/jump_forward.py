"""``jump_forward``: transformers' ``generate`` in which forced text costs no steps.

In: what ``model.generate`` hands to its ``custom_generate``. Out: the tokens of each row, the prompt in front. After
each token that the model chose, the tokens that must follow are appended unasked, and all of them go through the
model in one pass over its cache. Invariant: greedy search writes the tokens of the same ``generate`` with
``ConstraintLogitsProcessor(compiled, tokenize=...)``, which takes one step for each; stopping criteria and streamers
see every token. The rows of a batch keep one length, so they jump as far as all can that are not finished, and not at
all beside a row without a constraint. Where nothing but the end can follow, the end token is appended too. Cost: one
advance per token; the places of the rows are kept, not recovered from the tokens shown.

Takes every step, without jumps: models whose cache cannot take several tokens at once, compiled models, outputs with
scores or attentions, a vocabulary without a tokenizer, versions of transformers before 5. Refuses beams and assistants.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from transformers import GenerationMixin, LogitsProcessorList, TemperatureLogitsWarper

from decodex.decoding.after_prompt import AfterPrompt
from decodex.decoding.places import Refused
from decodex.decoding.processor import ConstraintLogitsProcessor
from decodex.decoding.sample_first import SampleFirst, gumbel_like
from decodex.errors import DecodexError, VocabularyError
from decodex.matching import Matcher, forced_tokens

__all__ = ["jump_forward"]


def jump_forward(
    model: Any,
    input_ids: Any,
    logits_processor: Any,
    stopping_criteria: Any,
    generation_config: Any,
    synced_gpus: bool = False,
    streamer: Any = None,
    sample_first: SampleFirst | None = None,
    **model_kwargs: Any,
) -> Any:
    """For ``model.generate(..., custom_generate=jump_forward)``: greedy search or sampling that skips forced text.

    ``logits_processor`` holds one ``ConstraintLogitsProcessor``. Forced text is cut by its ``tokenize``, or by the
    tokenizer that its vocabulary was made from. Returns what ``generate`` returns, ids ``[rows, length]``. Raises
    ``DecodexError`` for beams and assisted generation, ``ConstraintError`` as the processor does. ``generate`` keeps
    its ``streamer`` and ``tokenizer`` from decoding methods that are not its own: to stream, pass the streamer to it
    and ``custom_generate=functools.partial(jump_forward, streamer=streamer)``; to stop at a text, pass a
    ``StopStringCriteria``.

    Where nothing behind the constraint looks at several scores at once (greedy search, sampling with no more than a
    temperature: ``top_k=0``), the model's own choice is tried before a mask is made: with scores in memory greedy
    search does so by itself; ``sample_first``, passed on like the streamer, does so anywhere, draws by Gumbel noise,
    and counts the masks that were needed.

    >>> processor = ConstraintLogitsProcessor(compiled)  # doctest: +SKIP
    >>> model.generate(**inputs, logits_processor=[processor], custom_generate=jump_forward)  # doctest: +SKIP
    """
    mode = generation_config.get_generation_mode(model_kwargs.get("assistant_model"))
    if mode not in ("greedy_search", "sample"):
        raise DecodexError(
            f"jump_forward writes by greedy search or sampling, not by {mode.replace('_', ' ')}; leave out "
            "custom_generate, the processor alone works with every mode"
        )
    constraints = [one for one in logits_processor if isinstance(one, ConstraintLogitsProcessor)]
    if (
        synced_gpus
        or len(constraints) != 1
        or not _can_jump(model, generation_config, constraints[0], model_kwargs)
    ):
        return model._sample(
            input_ids,
            logits_processor=logits_processor,
            stopping_criteria=stopping_criteria,
            generation_config=generation_config,
            synced_gpus=synced_gpus,
            streamer=streamer,
            **model_kwargs,
        )
    rows = _Rows(constraints[0], input_ids.shape[0], generation_config)
    place = logits_processor.index(constraints[0])
    if _must_mask(logits_processor[place + 1 :], constraints[0]):
        sample_first = None
    elif sample_first is None and not generation_config.do_sample and input_ids.is_cpu:
        sample_first = SampleFirst(constraints[0].vocab)
    processors = [one.after(input_ids.shape[1]) if isinstance(one, AfterPrompt) else one for one in logits_processor]
    processors[place : place + 1] = [rows.mask] if sample_first is None else []
    adjust = LogitsProcessorList(processors)
    text = _Text(input_ids, rows, stopping_criteria, generation_config, streamer)
    forward = _Forward(model, generation_config, model_kwargs)
    shown = input_ids.shape[1]
    if forward.takes_a_longer_prompt:
        text.jump()
    while not text.finished:
        scores = adjust(text.ids, forward(text.ids, text.ids.shape[1] - shown))
        shown = text.ids.shape[1]
        if sample_first is not None:
            noise = gumbel_like(scores) if generation_config.do_sample else None
            picked = sample_first.pick(scores, rows.matchers(text.going), noise=noise)
            chosen = torch.tensor(picked, device=scores.device)
        elif generation_config.do_sample:
            chosen = torch.multinomial(scores.softmax(dim=-1), num_samples=1).squeeze(1)
        else:
            chosen = scores.argmax(dim=-1)
        text.append(chosen)
        if not text.finished:
            text.jump()
    if streamer is not None:
        streamer.end()
    return text.ids


def _can_jump(
    model: Any, config: Any, processor: ConstraintLogitsProcessor, model_kwargs: dict[str, Any]
) -> bool:
    base = inspect.signature(GenerationMixin.prepare_inputs_for_generation).parameters
    return (
        processor.tokenize is not None
        and hasattr(model, "_prefill")
        and "next_sequence_length" in base
        and not config.return_dict_in_generate
        and not model._is_stateful
        and not model._valid_auto_compile_criteria(model_kwargs, config)
        and not any(getattr(model_kwargs.get("cache"), "is_linear", ()))
    )


def _must_mask(behind: list[Any], constraint: ConstraintLogitsProcessor) -> bool:
    """Is there something that has to see the scores after the mask?"""
    return not constraint.is_mask or not all(isinstance(one, TemperatureLogitsWarper) for one in behind)


class _Forward:
    """The passes through the model: the prompt first, then all tokens that are new."""

    def __init__(self, model: Any, config: Any, model_kwargs: dict[str, Any]) -> None:
        self._model = model
        self._config = config
        self._kwargs = model_kwargs
        self._own_decoder = bool(model.config.is_encoder_decoder)
        self._outputs: Any = None

    @property
    def takes_a_longer_prompt(self) -> bool:
        """May tokens be appended before the first pass? Not to embeddings, nor where a part is in the cache."""
        cache = self._kwargs.get("cache")
        return (
            not self._own_decoder
            and self._kwargs.get("inputs_embeds") is None
            and (cache is None or cache.get_seq_length() == 0)
        )

    def __call__(self, ids: Any, new: int) -> Any:
        """The logits after all tokens, of which the last ``new`` were not there at the last pass."""
        model = self._model
        if self._outputs is None:
            if new > 0:
                self._kwargs = GenerationMixin._update_model_kwargs_for_generation(
                    model, {}, self._kwargs, num_new_tokens=new
                )
            self._outputs = model._prefill(ids, self._config, self._kwargs)
        else:
            self._kwargs = model._update_model_kwargs_for_generation(
                self._outputs, self._kwargs, is_encoder_decoder=self._own_decoder, num_new_tokens=new
            )
            length = new if self._kwargs.get("use_cache") else None
            inputs = model.prepare_inputs_for_generation(ids, next_sequence_length=length, **self._kwargs)
            self._outputs = model(**inputs, return_dict=True)
        return self._outputs.logits[:, -1].to(copy=True, dtype=torch.float32, device=ids.device)


class _Rows:
    """Where the rows stand in their constraints."""

    def __init__(self, processor: ConstraintLogitsProcessor, count: int, config: Any) -> None:
        self._processor = processor
        self._matchers = processor.matchers(count)
        ends = config.eos_token_id
        ends = [ends] if isinstance(ends, int) else list(ends or ())
        self._end = ends[0] if len(ends) == 1 else None

    def mask(self, input_ids: Any, scores: Any) -> Any:  # noqa: ARG002
        return self._processor.masked(scores, self._matchers, in_place=True)

    # transformers asks for the signature at each step
    mask.__signature__ = inspect.signature(mask)  # type: ignore[attr-defined]

    def matchers(self, going: list[int]) -> list[Matcher | None]:
        """The matchers of the rows that go on."""
        return [matcher if row in going else None for row, matcher in enumerate(self._matchers)]

    def advance(self, row: int, token: int) -> None:
        matcher = self._matchers[row]
        if matcher is None or matcher.is_finished:
            return
        try:
            accepted = matcher.advance(token)
        except VocabularyError:  # an id that the vocabulary does not have
            accepted = False
        if not accepted:
            raise self._processor.error(row, Refused(matcher.tokens_read, token, matcher))

    def forced(self, row: int) -> list[int]:
        """The tokens that must come next, with the end token where nothing but it can follow."""
        matcher = self._matchers[row]
        if matcher is None or matcher.is_finished:
            return []
        tokens = forced_tokens(matcher, self._processor.tokenize)
        end = matcher.fork() if tokens else matcher
        for token in tokens:
            end.advance(token)
        if self._end is not None and end.is_accepting and not end.bytes_after() and end.allows(self._end):
            tokens.append(self._end)
        return tokens


class _Text:
    """The tokens of a batch while they are written, and which rows go on."""

    def __init__(self, ids: Any, rows: _Rows, criteria: Any, config: Any, streamer: Any) -> None:
        self.ids = ids
        self._rows = rows
        self._criteria = criteria
        self._streamer = streamer
        self._pad = config._pad_token_tensor if any(hasattr(one, "eos_token_id") for one in criteria) else None
        self._unfinished = torch.ones(ids.shape[0], dtype=torch.bool, device=ids.device)
        self.going = list(range(ids.shape[0]))

    @property
    def finished(self) -> bool:
        return not self.going

    def append(self, chosen: Any) -> None:
        """One token more for each row; a finished row gets a pad token."""
        if self._pad is not None and len(self.going) < len(self._unfinished):
            chosen = torch.where(self._unfinished, chosen, self._pad.to(chosen.device))
        tokens = chosen.tolist()
        for row in self.going:
            self._rows.advance(row, tokens[row])
        self.ids = torch.cat([self.ids, chosen[:, None]], dim=-1)
        if self._streamer is not None:
            self._streamer.put(chosen.cpu())
        self._unfinished = self._unfinished & ~self._criteria(self.ids, None)
        unfinished = self._unfinished.tolist()
        self.going = [row for row in self.going if unfinished[row]]

    def jump(self) -> None:
        """Append what must come next, as far as all rows can that go on."""
        going: list[int] = []
        while self.going != going:
            going = self.going
            forced = []
            for row in going:
                forced.append(self._rows.forced(row))
                if not forced[-1]:
                    return
            for tokens in zip(*forced, strict=False):
                column = torch.zeros(self.ids.shape[0], dtype=self.ids.dtype)
                column[going] = torch.tensor(tokens, dtype=self.ids.dtype)
                self.append(column.to(self.ids.device))
                if self.going != going:
                    break
