"""``decodex generate --demo``: a schema, a pattern and a choice, each with and without the constraint.

In: a model that is loaded, how to sample. Out: for each case the prompt, what the model writes alone, what
it writes under the constraint, and the verdict of a judge that is not decodex. Invariant: the same seed
shows the same demo. Cost: a few seconds with the embedded model.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from decodex.cli.console import console, is_terminal, plural, printable, seconds, write
from decodex.cli.judges import Verdict, judge_by_choice, judge_by_json, judge_by_re, judge_by_schema
from decodex.cli.writing import Sample, Sampling, Writer

if TYPE_CHECKING:
    from decodex.constraints import Constraint

__all__ = ["run_demo"]

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Z][a-z]+ [A-Z][a-z]+$"},
        "age": {"type": "integer", "minimum": 18, "maximum": 80},
        "job": {"enum": ["pilot", "nurse", "painter", "engineer", "teacher"]},
        "hobbies": {
            "type": "array",
            "items": {"type": "string", "maxLength": 20},
            "minItems": 2,
            "maxItems": 3,
        },
        "married": {"type": "boolean"},
    },
    "required": ["name", "age", "job", "hobbies", "married"],
    "additionalProperties": False,
}
LONDON_NUMBER = r"\+44 20 \d{4} \d{4}"
CAPITALS = ("Berlin", "Lisbon", "Paris", "Rome")


@dataclass(frozen=True)
class Showcase:
    """One constraint at work."""

    title: str
    prompt: str
    constraint: Callable[[], Constraint]
    shown: str
    judge: Callable[[str], Verdict]
    max_tokens: int


def showcases() -> list[Showcase]:
    """What the demo shows, in order."""
    from decodex.constraints import choice, json_schema, regex

    return [
        Showcase(
            "JSON by a schema",
            "Write a person as JSON.",
            lambda: json_schema(PERSON),
            json.dumps(PERSON),
            lambda text: judge_by_schema(PERSON, text) or judge_by_json(text),
            100,
        ),
        Showcase(
            "text by a pattern",
            "Write a phone number.",
            lambda: regex(LONDON_NUMBER),
            LONDON_NUMBER,
            lambda text: judge_by_re(LONDON_NUMBER, text),
            30,
        ),
        Showcase(
            "one of several answers",
            "What is the capital of France?",
            lambda: choice(CAPITALS),
            " | ".join(CAPITALS),
            lambda text: judge_by_choice(CAPITALS, text),
            10,
        ),
    ]


def run_demo(writer: Writer, how: Sampling, *, stream: bool = True) -> bool:
    """Show every case; True when every constrained text is valid.

    The budgets are those of the cases, or ``how``'s where it is less.
    """
    valid = True
    for number, case in enumerate(showcases(), start=1):
        one = replace(how, max_tokens=min(how.max_tokens, case.max_tokens))
        valid = _show(number, case, writer, one, stream) and valid
    return valid


def _show(number: int, case: Showcase, writer: Writer, how: Sampling, stream: bool) -> bool:
    from decodex.compiling import compile

    compiled = compile(case.constraint(), writer.vocab, max_tokens=how.max_tokens)
    chat = bool(getattr(writer.tokenizer, "chat_template", None))
    prompt_ids = writer.prompt_ids(case.prompt, chat=chat)
    view: _Panels | _Lines = _Panels(case) if is_terminal() else _Lines()
    view.begin(f"{number}. {case.title}", [("prompt", case.prompt), ("constraint", case.shown)])
    alone = writer.write(prompt_ids, None, how)
    view.alone(alone.text, _verdict_line(case.judge(alone.text)))
    with view.writing(live=stream) as on_text:
        bound = writer.write(prompt_ids, compiled, how, on_text)
    verdict = case.judge(bound.text)
    view.bound(bound.text, f"{_verdict_line(verdict)}; {_figures(bound, how)}", verdict.valid)
    return verdict.valid


def _verdict_line(verdict: Verdict) -> str:
    if verdict.valid:
        return f"valid, says {verdict.judge}"
    return f"not valid, says {verdict.judge}: {verdict.message}"


def _figures(sample: Sample, how: Sampling) -> str:
    used = f"{len(sample.token_ids)} of at most {plural(how.max_tokens, 'token')}"
    return f"{used} in {seconds(sample.seconds)}"


class _Lines:
    """Plain text: a line per fact."""

    def begin(self, title: str, facts: list[tuple[str, str]]) -> None:
        write(title)
        for label, value in facts:
            self._line(label, value)

    def alone(self, text: str, verdict: str) -> None:
        self._line("alone", text)
        self._line("", verdict)

    def writing(self, live: bool) -> Any:  # noqa: ARG002  (text is shown when it is whole)
        return nullcontext(None)

    def bound(self, text: str, verdict: str, valid: bool) -> None:  # noqa: ARG002  (no colours here)
        self._line("constrained", text)
        self._line("", verdict)
        write("")

    def _line(self, label: str, value: str) -> None:
        write(f"  {label:<12} {printable(value)}")


class _Panels:
    """A terminal: panels, the constrained one filled as the text comes."""

    def __init__(self, case: Showcase) -> None:
        self._console = console()
        self._case = case

    def begin(self, title: str, facts: list[tuple[str, str]]) -> None:
        self._console.print(Rule(Text(title, style="bold"), align="left"))
        for label, value in facts:
            self._console.print(Text.assemble((f"{label:<12}", "dim"), printable(value)))

    def alone(self, text: str, verdict: str) -> None:
        self._console.print(self._panel(text, "the model alone", "dim"), Text(verdict, style="dim"))

    def writing(self, live: bool) -> Any:
        return _LivePanel(self) if live else nullcontext(None)

    def bound(self, text: str, verdict: str, valid: bool) -> None:
        style = "green" if valid else "bold red"
        self._console.print(self._panel(text, "under the constraint", style), Text(verdict, style=style), "")

    def _panel(self, text: str, title: str, style: str) -> Panel:
        return Panel(Text(printable(text, keep="\n")), title=title, title_align="left", border_style=style)

    def growing(self, text: str) -> Group:
        return Group(self._panel(text, "under the constraint", "yellow"))

    @property
    def screen(self) -> Any:
        return self._console


class _LivePanel:
    """A panel that grows with the text and makes room for the final one."""

    def __init__(self, panels: _Panels) -> None:
        self._panels = panels
        self._text = ""
        self._live = Live(panels.growing(""), console=panels.screen, auto_refresh=False, transient=True)

    def __enter__(self) -> Callable[[str], None]:
        self._live.start()
        return self._add

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def _add(self, piece: str) -> None:
        self._text += piece
        self._live.update(self._panels.growing(self._text), refresh=True)
