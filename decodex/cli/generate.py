"""``decodex generate``: a language model writes text that satisfies a constraint.

In: a prompt, a constraint, a model. Out: the text on standard output, as it comes on a terminal and whole
elsewhere, or one JSON object per sample; a line of figures on standard error. Invariant: every text is
complete within ``--max-tokens``. Exit code 0, 1 when an independent judge refuses a text, 2 for bad usage,
a broken constraint, too small a budget.
"""

from __future__ import annotations

import json
import math
import secrets
import sys
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from decodex.cli.console import console, is_terminal, plural, print_json, seconds, write
from decodex.cli.failures import BadUsage, ExitCode, naming
from decodex.cli.inputs import STDIN, one_reader, read_text
from decodex.cli.judges import Verdict, judge
from decodex.cli.options import (
    ChoiceOption,
    GrammarOption,
    JsonHow,
    JsonValueOption,
    PropertyOrderOption,
    RegexOption,
    SchemaOption,
    TypeOption,
    UnsupportedOption,
    Wanted,
    WhitespaceOption,
    one_constraint,
)
from decodex.cli.writing import Sample, Sampling, Writer, load_writer
from decodex.model import DEFAULT_MODEL

if TYPE_CHECKING:
    from decodex.compiling import CompiledConstraint

__all__ = ["generate"]

TEMPERATURE = 0.7
DEMO_SEED = 0
METHODS = "smc, importance, best_of or mask"  # those of decodex.sampling, which is not imported for this
SCHEMA_IN_PROMPT = 500
"""Characters up to which the default prompt quotes the schema."""


def generate(
    prompt: Annotated[
        str | None,
        typer.Argument(
            metavar="PROMPT",
            help="What the text follows; - is standard input. Made up if left out.",
            show_default=False,
        ),
    ] = None,
    schema: SchemaOption = None,
    regex: RegexOption = None,
    grammar: GrammarOption = None,
    choice: ChoiceOption = None,
    json_value: JsonValueOption = False,
    type_: TypeOption = None,
    property_order: PropertyOrderOption = None,
    whitespace: WhitespaceOption = None,
    unsupported: UnsupportedOption = None,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="NAME",
            help="A local folder, a hub name, or the embedded model.",
            show_default=True,
        ),
    ] = DEFAULT_MODEL,
    chat: Annotated[
        bool, typer.Option("--chat", help="Wrap the prompt in the model's chat template.")
    ] = False,
    max_tokens: Annotated[
        int,
        typer.Option(
            "--max-tokens",
            min=0,
            metavar="N",
            help="The text is complete within so many tokens.",
            show_default=True,
        ),
    ] = 256,
    temperature: Annotated[
        float | None,
        typer.Option("--temperature", min=0.0, metavar="T", help="0 is --greedy.  [default: 0.7]"),
    ] = None,
    greedy: Annotated[
        bool, typer.Option("--greedy", help="Always take the likeliest allowed token.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, max=2**63 - 1, metavar="N", help="Makes sampling repeatable."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            metavar="NAME",
            help=f"Weigh texts, so that the model's distribution is kept: {METHODS}.",
            show_default=False,
        ),
    ] = None,
    particles: Annotated[
        int | None,
        typer.Option(
            "--particles",
            min=1,
            metavar="N",
            help="With --method, how many texts are written side by side.",
        ),
    ] = None,
    repetition_penalty: Annotated[
        float | None,
        typer.Option(
            "--repetition-penalty",
            metavar="X",
            help="Divide the scores of tokens that were written before by X; 1 is none. Not those of JSON's structure.",
        ),
    ] = None,
    penalty_window: Annotated[
        int | None,
        typer.Option("--penalty-window", min=1, metavar="N", help="Penalise only what the last N tokens wrote."),
    ] = None,
    end_ramp: Annotated[
        int | None,
        typer.Option("--end-ramp", min=0, metavar="N", help="After N tokens make the end likelier with each token."),
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", "-n", min=1, metavar="N", help="How many texts.", show_default=True)
    ] = 1,
    stream: Annotated[
        bool, typer.Option("--stream/--no-stream", help="On a terminal, show the text as it comes.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per text.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No figures on standard error.")] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="Show a schema, a pattern and a choice at work.")
    ] = False,
) -> None:
    """Let a language model write text that satisfies a constraint.

    \b
    Examples:
      decodex generate --demo
      decodex generate "Write a product as JSON: " --schema product.json
      decodex generate "Call me: " --regex '[0-9]{3}-[0-9]{4}' -n 3 --seed 1
      decodex generate "The query: " --grammar sql_select.lark
      decodex generate "A name: " --regex '[A-Z][a-z]+' --method smc --particles 32
      decodex generate "Is water wet?" --chat --choice yes --choice no --greedy
      decodex generate --json-value --whitespace compact --json

    The text is complete within --max-tokens, whatever the model wants to say.
    """
    how = _method(_sampling(max_tokens, temperature, greedy, seed, samples), method, particles)
    how = _nudged(how, repetition_penalty, penalty_window, end_ramp)
    json_how = JsonHow(property_order, whitespace, unsupported)
    if demo:
        own = (
            prompt,
            schema,
            regex,
            grammar,
            choice,
            json_value,
            type_,
            method,
            json_how.options(),
            as_json,
            chat,
            samples > 1,
        )
        if any(own):
            raise BadUsage(
                "--demo brings its own prompts and constraints; leave out all but the model and the sampling"
            )
        _run_demo(model, how if seed is not None else replace(how, seed=DEMO_SEED), stream)
        return
    one_reader(**{"--schema": schema == STDIN, "--grammar": grammar == STDIN, "the prompt": prompt == STDIN})
    wanted = one_constraint(schema, regex, grammar, choice, json_value, type_, json_how)
    text = read_text(STDIN) if prompt == STDIN else prompt
    writer = _load(model, quiet)
    from decodex.compiling import compile

    if how.repetition_penalty != 1 and wanted.kind in ("schema", "json", "type"):
        from decodex.hf import structural_tokens

        how = replace(how, exempt=structural_tokens(writer.vocab))
    with naming(wanted.name):
        compiled = compile(wanted.constraint, writer.vocab, max_tokens=max_tokens)
    if text is None:
        text, chat = default_prompt(wanted), bool(getattr(writer.tokenizer, "chat_template", None))
    prompt_ids = writer.prompt_ids(text, chat=chat)
    on_text = (lambda piece: write(piece, end="")) if stream and not as_json and is_terminal() else None
    all_valid = True
    for index in range(samples):
        one = replace(how, seed=how.seed + index)
        sample = writer.write(prompt_ids, compiled, one, on_text)
        verdict = judge(wanted, compiled, sample.text)
        all_valid = all_valid and verdict.valid
        if as_json:
            print_json(_as_json(sample, verdict, one))
        else:
            write(sample.text if on_text is None else "")
        if not quiet:
            write(_summary(sample, verdict, one, compiled), stream=sys.stderr)
    raise typer.Exit(ExitCode.DONE if all_valid else ExitCode.NEGATIVE)


def default_prompt(wanted: Wanted) -> str:
    """A request that fits the constraint, for when no prompt is given."""
    if wanted.kind == "choice":
        return f"Answer with one of these: {', '.join(wanted.choices)}."
    if wanted.kind in ("regex", "grammar"):
        return "Write a short answer."
    if wanted.kind != "schema":
        return "Write a JSON object."
    try:
        schema = json.loads(wanted.source)
        short = json.dumps(schema, ensure_ascii=False)
    except (ValueError, RecursionError):  # the core reads deeper nesting than the standard library
        return "Write a JSON object."
    title = schema.get("title") if isinstance(schema, dict) else None
    if len(short) <= SCHEMA_IN_PROMPT:
        return f"Write JSON for this schema: {short}"
    return f"Write {title} as JSON." if isinstance(title, str) and title else "Write a JSON object."


def _sampling(
    max_tokens: int, temperature: float | None, greedy: bool, seed: int | None, samples: int
) -> Sampling:
    """How to sample, by the options; a seed is drawn, and told, when none is given."""
    if greedy and temperature:
        raise BadUsage("--greedy and --temperature cannot go together; give one of them")
    if temperature is not None and not math.isfinite(temperature):
        raise BadUsage(f"--temperature is a finite number, not {temperature}")
    greedy = greedy or temperature == 0
    if greedy and samples > 1:
        raise BadUsage(
            f"greedy decoding writes one text {samples} times; leave out -n, or sample with --temperature"
        )
    chosen = secrets.randbits(31) if seed is None else seed
    return Sampling(
        max_tokens, None if greedy else TEMPERATURE if temperature is None else temperature, chosen
    )


def _method(how: Sampling, method: str | None, particles: int | None) -> Sampling:
    """With a method of ``decodex.sampling``, and its particles."""
    if method is None:
        if particles is not None:
            raise BadUsage(f"--particles goes with --method {METHODS}")
        return how
    from decodex import sampling

    if method not in sampling.METHODS:
        raise BadUsage(f"there is no method {method!r}; there are {METHODS}")
    if how.temperature is None:
        raise BadUsage(f"greedy decoding samples nothing; leave out --greedy, or --method {method}")
    return replace(how, method=method, particles=particles)


def _nudged(how: Sampling, penalty: float | None, window: int | None, end_ramp: int | None) -> Sampling:
    """How to sample, with what changes the scores."""
    if how.method is not None and (penalty is not None or end_ramp is not None):
        raise BadUsage("--method keeps the model's distribution: leave it out, or --repetition-penalty and --end-ramp")
    if penalty is not None and not (math.isfinite(penalty) and penalty > 0):
        raise BadUsage(f"--repetition-penalty is a finite number above 0, not {penalty}")
    if window is not None and penalty is None:
        raise BadUsage("--penalty-window has no effect without --repetition-penalty; give it too")
    return replace(
        how, repetition_penalty=1.0 if penalty is None else penalty, penalty_window=window, end_ramp=end_ramp
    )


def _load(model: str, quiet: bool) -> Writer:
    shows = is_terminal(sys.stderr) and not quiet
    with console(sys.stderr).status(f"loading {model}") if shows else nullcontext():
        return load_writer(model)


def _run_demo(model: str, how: Sampling, stream: bool) -> None:
    from decodex.cli.demo import run_demo

    if not run_demo(_load(model, quiet=False), how, stream=stream):
        raise typer.Exit(ExitCode.NEGATIVE)


def _as_json(sample: Sample, verdict: Verdict, how: Sampling) -> dict[str, object]:
    drawn = sample.particles
    of_method = {}
    if drawn is not None:
        of_method = {
            "method": how.method,
            "particles": len(drawn),
            "ess": round(drawn.ess, 3),
            "log_normaliser": round(drawn.log_normaliser, 6),
        }
    return {
        "text": sample.text,
        "tokens": len(sample.token_ids),
        "seconds": round(sample.seconds, 6),
        "valid": verdict.valid,
        "judge": verdict.judge,
        "seed": None if how.temperature is None else how.seed,
        **of_method,
    }


def _summary(sample: Sample, verdict: Verdict, how: Sampling, compiled: CompiledConstraint) -> str:
    parts = [
        f"{plural(len(sample.token_ids), 'token')} in {seconds(sample.seconds)} ({sample.rate:.0f} tokens/s)",
        f"{plural(compiled.stats()['masks'], 'mask')} made",
        "greedy" if how.temperature is None else f"seed {how.seed}",
        *_of_particles(sample, how),
        f"valid by {verdict.judge}" if verdict.valid else f"NOT VALID by {verdict.judge}: {verdict.message}",
    ]
    return ", ".join(parts)


def _of_particles(sample: Sample, how: Sampling) -> list[str]:
    drawn = sample.particles
    if drawn is None:
        return []
    return [f"{how.method} with {plural(len(drawn), 'particle')}, effective sample size {drawn.ess:.1f}"]
