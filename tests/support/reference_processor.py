"""A constraint as a logits processor of plain Python: slow, obvious, stateless; and one that holds another
against it.

It tries every token: appends the token's bytes to the text and asks ``regex`` whether that is the beginning
of a match. The patterns must be such that every beginning that ``regex`` accepts can be completed. For the
models and the tokenizer of ``tiny_models``.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import pytest
from support.tiny_models import END, token_bytes

torch = pytest.importorskip("torch", reason="scores are torch tensors")
transformers = pytest.importorskip("transformers", reason="logits processors are those of transformers")
regex = pytest.importorskip("regex", reason="regex is the judge of what may begin a match")

__all__ = ["Contrast", "TryEveryToken"]


class TryEveryToken(transformers.LogitsProcessor):  # type: ignore[misc]
    """The reference: stateless, row by row, token by token; ``patterns[i]`` judges prompt ``i``."""

    def __init__(self, patterns: Sequence[str | None], prompt_length: int) -> None:
        self.patterns = [None if p is None else regex.compile(p.encode()) for p in patterns]
        self.prompt_length = prompt_length

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        out = torch.full_like(scores, -torch.inf)
        for row, ids in enumerate(input_ids[:, self.prompt_length :].tolist()):
            pattern = self.patterns[row // (len(input_ids) // len(self.patterns))]
            chosen = slice(None) if pattern is None else allowed_after(pattern, tuple(ids))
            out[row, chosen] = scores[row, chosen]
        return out


@functools.cache
def allowed_after(pattern: Any, ids: tuple[int, ...]) -> list[int]:
    """Every token after which the text can still become a match, and the end token where it is one."""
    if END in ids:
        return [END]
    tokens = token_bytes()
    text = b"".join(tokens[i] or b"" for i in ids)
    out = [END] if pattern.fullmatch(text) else []
    for token, more in enumerate(tokens):
        if more is not None and pattern.fullmatch(text + more, partial=True):
            out.append(token)
    return out


class Contrast(transformers.LogitsProcessor):  # type: ignore[misc]
    """Our processor, held against the reference at every call; the given scores must stay as they are."""

    def __init__(self, ours: Any, reference: TryEveryToken) -> None:
        self.ours, self.reference, self.calls = ours, reference, 0

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        before = scores.clone()
        got = self.ours(input_ids, scores)
        assert torch.equal(bits(scores), bits(before)), "the scores that were given have changed"
        want = self.reference(input_ids, scores)
        assert got.dtype == scores.dtype
        assert torch.equal(bits(got), bits(want)), f"other scores after {input_ids.tolist()}"
        self.calls += 1
        return got


def bits(scores: Any) -> Any:
    return scores.contiguous().view({2: torch.int16, 4: torch.int32, 8: torch.int64}[scores.element_size()])
