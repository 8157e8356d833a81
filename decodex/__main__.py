"""``python -m decodex``: the same as the command ``decodex``."""

from decodex.cli import main

main()
