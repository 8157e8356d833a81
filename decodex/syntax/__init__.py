"""Text to grammars: front ends for grammar languages, which all yield one small value."""
