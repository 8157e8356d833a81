"""Vocabularies: the bytes every token adds to a text, and the tokenizers they come from."""

from decodex.vocab.vocabulary import Vocabulary

__all__ = ["Vocabulary"]
