"""Masks meet scores. Importing this package imports neither torch nor transformers; its functions use what is
there.
"""

from decodex.decoding.kernels import apply_bitmask, kernel_name
from decodex.decoding.sample_first import ChoiceCounts, SampleFirst, gumbel_like

__all__ = ["ChoiceCounts", "SampleFirst", "apply_bitmask", "gumbel_like", "kernel_name"]
