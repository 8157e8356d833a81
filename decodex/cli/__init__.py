"""The command line: ``decodex generate | check | compile | info``.

One file per command; what they share is in ``options`` (constraints from options), ``inputs`` (files and
standard input), ``console`` (terminals and plain output) and ``app`` (errors to exit codes). Invariant:
importing this package imports neither torch nor transformers; a command imports what it needs when it runs.
"""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line on ``sys.argv`` and exit with one of ``failures.ExitCode``."""
    try:
        from decodex.cli.app import app

        app(prog_name="decodex")
    except KeyboardInterrupt:
        raise SystemExit(130) from None
