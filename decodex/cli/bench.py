"""``decodex bench``: the benchmarks of a checkout, beside the peers that are installed.

In: names of benchmarks and options, which go on to ``python -m benchmarks`` as they are. Out: its tables, JSON
files and plots, and its exit code. The benchmarks are a folder of the repository and no part of the installed
package: they need peers, data and tables of targets, which nobody wants on a server. So the command works in a
checkout, and says elsewhere how to get one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

import decodex
from decodex.cli.failures import ExitCode, Failure

__all__ = ["bench"]


def bench(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Which benchmarks; all if left out.", show_default=False),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A small run of about two minutes, to see that all works.")
    ] = False,
) -> None:
    """Measure decodex beside its peers, and print every target with its verdict.

    \b
    Examples:
      decodex bench --quick
      decodex bench mask_time first_mask --limit 300
      decodex bench growth --engines decodex,llguidance --out results

    Names and further options are those of `python -m benchmarks --help`. It needs a checkout of the repository.
    """
    root = checkout()
    arguments = [*(names or ()), *context.args, *(["--quick"] if quick else [])]
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "benchmarks", *arguments]
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode or ExitCode.DONE)


def checkout() -> Path:
    """The folder of the repository that this package is imported from."""
    root = Path(decodex.__file__).resolve().parents[1]
    if not (root / "benchmarks" / "__main__.py").is_file():
        raise Failure(
            f"the benchmarks are in decodex's repository and not in the installed package (looked beside {root}); "
            "clone the repository, install it there with `pip install -e .`, and run `decodex bench` again"
        )
    return root
