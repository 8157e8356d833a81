"""Masks meet scores. Importing this package imports neither torch nor transformers; its functions use what is
there.
"""

from decodex.decoding.kernels import apply_bitmask, kernel_name

__all__ = ["apply_bitmask", "kernel_name"]
