"""The version of decodex, which artefacts are bound to."""

__version__ = "0.1.0"
