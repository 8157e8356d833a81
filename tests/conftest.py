"""Settings that every test shares: Hypothesis is deterministic, and its time limits are off (timing is never
asserted)."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("decodex", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("decodex")
