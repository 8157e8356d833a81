"""How does the embedded model write, with a constraint and without, and what does the constraint cost it?

In: the embedded model, a prompt, how many texts. Out: sampled texts (temperature 1, nothing cut off the
distribution), each with its log-probability under the model and with what the masks took: the sum over the steps of
-log of the mass that was allowed, in nats; its exponential is how often the model would have to begin anew to write
such a text by itself, if it were told at each step that it has failed. One thread, one batch, the model's own cache.
"""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.harness.figures import Report
from benchmarks.harness.timing import one_thread

if TYPE_CHECKING:
    from decodex import CompiledConstraint


@dataclass
class Written:
    """A text, token by token."""

    text: str = ""
    tokens: list[int] = field(default_factory=list)
    """Without the end token."""
    log_probability: float = 0.0
    """Of the tokens and of the end token, under the model without masks (nats)."""
    paid: float = 0.0
    """The sum of -log of the allowed mass (nats); 0 without a constraint."""
    ended: bool = False
    """Did the model end the text, rather than the limit of tokens?"""


def embedded_model(report: Report) -> tuple[Any, Any] | None:
    """The model and its tokenizer, quiet and on one thread; ``None``, and a note, where they cannot be had."""
    missing = [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        report.notes.append(f"nothing was measured: {' and '.join(missing)} not installed")
        return None
    one_thread()
    import torch
    from transformers.utils import logging

    from decodex.model import load_default

    warnings.simplefilter("ignore", FutureWarning)  # of transformers, about names that older versions need
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    model, tokenizer = load_default()
    report.about["vocabulary"] = f"the embedded model's, {len(tokenizer):,} tokens"
    return model, tokenizer


def write(
    model: Any, tokenizer: Any, request: str, texts: int, most: int, seed: int, compiled: CompiledConstraint | None
) -> list[Written]:
    """So many answers to a request, of at most ``most`` tokens each: as ``compiled`` asks, or as the model likes."""
    import torch

    import decodex as dx

    dialogue = [{"role": "user", "content": request}]
    prompt = tokenizer.apply_chat_template(dialogue, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    random = torch.Generator().manual_seed(seed)
    written = [Written() for _ in range(texts)]
    matchers = [] if compiled is None else [compiled.matcher(max_tokens=most) for _ in range(texts)]
    live, cache, pending = list(range(texts)), None, prompt["input_ids"].repeat(texts, 1)
    with torch.inference_mode():
        for _ in range(most + 1):
            output = model(pending, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache, logs = output.past_key_values, output.logits[:, -1].log_softmax(-1)
            masked = logs
            if matchers:
                mask = dx.allocate_bitmask(len(live), logs.shape[-1])
                dx.fill_bitmasks([matchers[row] for row in live], mask)
                masked = logs.clone()
                dx.apply_bitmask(masked, mask)
            following = torch.multinomial(masked.softmax(-1), 1, generator=random)
            masses, chosen = masked.logsumexp(-1).tolist(), logs.gather(1, following)[:, 0].tolist()
            for place, (row, token) in enumerate(zip(live, following[:, 0].tolist(), strict=True)):
                one = written[row]
                one.log_probability += chosen[place]
                one.paid -= masses[place]
                if matchers and not matchers[row].advance(token):
                    raise RuntimeError("the mask allows a token that the matcher refuses")
                one.ended = token == tokenizer.eos_token_id
                if not one.ended:
                    one.tokens.append(token)
            kept = [place for place, row in enumerate(live) if not written[row].ended]
            if not kept:
                break
            if len(kept) < len(live):
                cache.batch_select_indices(torch.tensor(kept))
                live = [live[place] for place in kept]
            pending = following[kept]
    for one in written:
        one.text = tokenizer.decode(one.tokens, skip_special_tokens=True)
    return written
