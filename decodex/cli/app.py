"""The application: the commands by name, the global options, and errors to exit codes.

In: ``sys.argv``. Out: an exit code of ``failures.ExitCode``. Invariant: an error that decodex raises on
purpose is one ``error: ...`` on standard error, never a traceback; an interrupt and a reader that went away
are silent. Any other exception is a bug and shows its traceback.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from decodex import __version__
from decodex.cli import bench, check, compile, explain, generate, info
from decodex.cli.console import console, is_terminal, write
from decodex.cli.failures import BadUsage, ExitCode
from decodex.errors import DecodexError

__all__ = ["app"]


class _Commands(TyperGroup):
    """The group of commands; what a command raises ends here."""

    def invoke(self, ctx: Any) -> Any:
        try:
            value = super().invoke(ctx)
            if sys.stdout is not None:  # closed by the shell
                sys.stdout.flush()
            return value
        except DecodexError as error:
            _print_error(str(error))
            if isinstance(error, BadUsage) and ctx.invoked_subcommand:
                write(f"Try 'decodex {ctx.invoked_subcommand} --help'.", stream=sys.stderr)
            raise typer.Exit(ExitCode.ERROR) from None
        except ModuleNotFoundError as error:
            if error.name != "decodex._core":
                raise
            _print_error("the native core of decodex is not built; run `pip install .` in the source folder")
            raise typer.Exit(ExitCode.ERROR) from None
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except BrokenPipeError:
            _forget_stdout()
            raise typer.Exit(ExitCode.PIPE_CLOSED) from None


def _print_error(message: str) -> None:
    if is_terminal(sys.stderr):
        console(sys.stderr).print("error: ", style="bold red", end="")
    else:
        write("error: ", end="", stream=sys.stderr)
    write(message, stream=sys.stderr)


def _forget_stdout() -> None:
    """Point standard output at nothing, so that the interpreter's last flush does not fail."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # no file behind it: there is nothing to flush
        return


def _print_version(wanted: bool) -> None:
    if wanted:
        write(f"decodex {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_Commands,
    name="decodex",
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    rich_markup_mode="rich" if is_terminal(sys.stdout) and is_terminal(sys.stderr) else None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _decodex(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Text from language models that is guaranteed to obey a schema, a pattern or a choice.

    \b
    Examples:
      decodex generate --demo
      decodex generate "Write a product as JSON: " --schema product.json --max-tokens 100
      decodex check --regex '[0-9]{3}' --text 12x
      decodex explain 'The answer is ' --regex 'The answer is [0-9]+' --token yes
      decodex compile schemas/
      decodex info
      decodex bench --quick

    \b
    Exit codes: 0 done, 1 a negative answer (refused text, a constraint that fails), 2 bad usage or a
    broken constraint, 130 interrupted.
    """


app.command("generate")(generate.generate)
app.command("check")(check.check)
app.command("explain")(explain.explain)
app.command("compile")(compile.compile_)
app.command("info")(info.info)
app.command("bench", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(bench.bench)
