"""Benchmarks of decodex and of its peers; README.md says which file answers which question."""
