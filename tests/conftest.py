"""Settings that every test shares: Hypothesis is deterministic, and its time limits are off (timing is never
asserted)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("decodex", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("decodex")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Torch on one thread: the models of these tests are so small that more only slow them down."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
