"""``decodex explain``: why a token may or may not come next, by which part of the constraint.

In: a constraint, a model, the text so far; a token, or none for the likeliest ones that are refused. Out: for
each token what refuses it and what is expected there, as text or one JSON object; exit code 0, 1 when the
token or the text so far is refused, 2 for bad usage, a broken constraint, too small a budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from decodex.cli.console import print_json, write
from decodex.cli.failures import BadUsage, ExitCode, naming
from decodex.cli.generate import default_prompt
from decodex.cli.inputs import STDIN, one_reader, read_text
from decodex.cli.options import (
    ChoiceOption,
    ConstraintOption,
    GrammarOption,
    JsonHow,
    JsonValueOption,
    MaxTokensOption,
    PropertyOrderOption,
    RegexOption,
    SchemaOption,
    TypeOption,
    UnsupportedOption,
    WhitespaceOption,
    one_constraint,
)
from decodex.cli.writing import load_writer
from decodex.model import DEFAULT_MODEL

if TYPE_CHECKING:
    from decodex.matching import Explanation, Matcher
    from decodex.vocab import Vocabulary

__all__ = ["explain"]


@dataclass(frozen=True)
class _Explained:
    """A token with what the model and the constraint think of it."""

    token_id: int
    explanation: Explanation
    probability: float
    is_end: bool


def explain(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="The text so far; - is standard input.", show_default=False)
    ] = "",
    token: Annotated[
        str | None,
        typer.Option("--token", metavar="TEXT", help="The token, by its text; nothing is the end.", show_default=False),
    ] = None,
    token_id: Annotated[
        int | None, typer.Option("--token-id", min=0, metavar="ID", help="The token, by its id.", show_default=False)
    ] = None,
    top: Annotated[
        int | None,
        typer.Option("--top", min=1, metavar="N", help="Without a token: so many that are refused.  [default: 5]"),
    ] = None,
    schema: SchemaOption = None,
    regex: RegexOption = None,
    grammar: GrammarOption = None,
    choice: ChoiceOption = None,
    json_value: JsonValueOption = False,
    type_: TypeOption = None,
    constraint: ConstraintOption = None,
    property_order: PropertyOrderOption = None,
    whitespace: WhitespaceOption = None,
    unsupported: UnsupportedOption = None,
    max_tokens: MaxTokensOption = None,
    prompt: Annotated[
        str | None,
        typer.Option("--prompt", metavar="TEXT", help="What the text follows. Made up if left out."),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            "--model", metavar="NAME", help="A local folder, a hub name, or the embedded model.", show_default=True
        ),
    ] = DEFAULT_MODEL,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say why a token may not come next: which part of the constraint refuses it, and what it expects.

    Without --token or --token-id: the tokens that the model would like most of those that are refused.

    \b
    Examples:
      decodex explain 'The answer is ' --regex 'The answer is [0-9]+' --token yes
      decodex explain '{"name": ' --schema person.json --prompt 'A person as JSON: '
      decodex explain 'All in all, ' --constraint my_rules:summary --top 10

    \b
    Exit codes: 0 allowed, or tokens are listed; 1 the token or the text so far is refused; 2 bad usage or a
    broken constraint.
    """
    given = {"--token": token is not None, "--token-id": token_id is not None, "--top": top is not None}
    named = [name for name, is_given in given.items() if is_given]
    if len(named) > 1:
        raise BadUsage(f"{' and '.join(named)} cannot go together; give one of them")
    one_reader(**{"--schema": schema == STDIN, "--grammar": grammar == STDIN, "the text": text == STDIN})
    how = JsonHow(property_order, whitespace, unsupported)
    wanted = one_constraint(schema, regex, grammar, choice, json_value, type_, how, constraint)
    text = read_text(STDIN) if text == STDIN else text
    writer = load_writer(model)

    from decodex.compiling import compile

    with naming(wanted.name):
        matcher = compile(wanted.constraint, writer.vocab, max_tokens=max_tokens).matcher()
    chat = prompt is None and bool(getattr(writer.tokenizer, "chat_template", None))
    prompt_ids = writer.prompt_ids(default_prompt(wanted) if prompt is None else prompt, chat=chat)
    ids = writer.text_ids(text)
    read = ids[: matcher.validate(ids)]
    for one in read:
        matcher.advance(one)
    text_refused = len(read) < len(ids)
    if text_refused:
        token_id = ids[len(read)]
    elif token is not None:
        token_id = _token_named(writer.vocab, token, at_start=not read)
    probabilities = writer.next_probabilities(prompt_ids, read)
    chosen = _likeliest_refused(matcher, probabilities, top or 5) if token_id is None else [token_id]
    explained = [
        _Explained(one, matcher.explain(one), float(probabilities[one]), one in writer.vocab.eos_token_ids)
        for one in chosen
    ]
    so_far = writer.vocab.decode_bytes(read)
    if as_json:
        tokens = [_as_json(one) for one in explained]
        print_json({"text": _text(so_far), "text_refused": text_refused, "tokens": tokens})
    else:
        _print(so_far, explained, text_refused)
    raise typer.Exit(ExitCode.NEGATIVE if token_id is not None and not explained[0].explanation else ExitCode.DONE)


def _token_named(vocab: Vocabulary, text: str, at_start: bool) -> int:
    """The id of a token by its text; nothing is the end."""
    if not text:
        return vocab.eos_token_ids[0]
    wanted = text.encode("utf-8", "surrogateescape")
    if at_start:
        for token_id, spelled in vocab.start_tokens.items():
            if spelled == wanted:
                return token_id
    try:
        return vocab.tokens.index(wanted)
    except ValueError:
        raise BadUsage(f"no token of the model is {text!r}; give its beginning, or --token-id ID") from None


def _likeliest_refused(matcher: Matcher, probabilities: Any, count: int) -> list[int]:
    """The tokens that the model wants most of those that may not come."""
    order = np.argsort(-probabilities, kind="stable")
    allowed = np.zeros(len(probabilities), bool)
    allowed[matcher.allowed_tokens()] = True
    return [int(token) for token in order[~allowed[order]][:count]]


def _print(so_far: bytes, explained: list[_Explained], text_refused: bool) -> None:
    write(f"after {_text(so_far)!r}" + (", where the rest of the text is refused:" if text_refused else ":"))
    for one in explained:
        verdict = "allowed" if one.explanation else "refused"
        name = f"{_text(one.explanation.token)!r}" if one.explanation.token else f"token {one.token_id}"
        name = "the end" if one.is_end else name
        write(f"  {name} ({one.probability:.1%}) is {verdict}")
        if one.explanation.refusals:
            for refusal in one.explanation.refusals:
                place = "" if refusal.place is None else f"{refusal.place or 'the root'}: "
                write(f"    {place}{refusal.message}")
        elif not one.explanation:
            write(f"    {one.explanation.message}")


def _as_json(one: _Explained) -> dict[str, Any]:
    explanation = one.explanation
    return {
        "token_id": one.token_id,
        "token": _text(explanation.token),
        "probability": round(one.probability, 6),
        "allowed": explanation.allowed,
        "expected": explanation.expected,
        "message": explanation.message,
        "refusals": [
            {"part": str(r.part), "place": r.place, "expected": r.expected, "message": r.message}
            for r in explanation.refusals
        ],
    }


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
