"""Samplers in several threads over one constraint: the compiled walks run at the same time, and each is its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

import decodex as dx
from decodex.sampling import AdaptiveRejectionSampler, condition_of


def test_threads_draw_what_they_would_draw_alone() -> None:
    vocab = dx.Vocabulary.from_tokens([bytes([b]) for b in range(256)] + [None], eos_token_ids=[256])
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "array"}}, "required": ["a"]}

    def written(seed: int) -> tuple[list[bytes], list[float]]:
        start = condition_of(dx.json_schema(schema), vocab, max_tokens=40)
        sampler = AdaptiveRejectionSampler(start, seed=seed, masks="never")
        rows = [start.fork() for _ in range(4)]
        scores = np.random.default_rng(seed).normal(size=(4, 257)) * 2
        total = np.zeros(4)
        for _ in range(41):
            open_ = [r for r, row in enumerate(rows) if not row.is_finished]
            if not open_:
                break
            draws = sampler.sample_rows(scores[open_], [rows[r] for r in open_])
            total[open_] += draws.log_weights
            for r, token in zip(open_, draws.token_ids, strict=True):
                rows[r].advance(int(token))
        assert all(row.is_finished for row in rows)
        return [row.text for row in rows], total.tolist()

    alone = [written(seed) for seed in range(12)]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(written, range(12))) == alone
