"""Tool calls in the formats that models are trained on, from definitions as the OpenAI interface has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args
from typing import Literal as OneOf

from decodex.constraints.base import Constraint, Sequence, as_constraint, checked_counts, optional, repeat
from decodex.constraints.json import json_schema
from decodex.constraints.tags import tagged
from decodex.constraints.types import signature_schema
from decodex.errors import ConstraintError, shown

Format = OneOf["hermes", "llama3", "mistral", "mistral_v11", "deepseek_v3", "deepseek_v31", "harmony"]
"""``hermes``: Hermes and Qwen; ``llama3``: Llama 3 with <function=...>; ``mistral``: up to tokenizer v7, a list;
``mistral_v11``: name and arguments; ``deepseek_v3`` (also R1) and ``deepseek_v31``; ``harmony``: GPT-OSS."""




@dataclass(frozen=True)
class Tool:
    """A function that may be called."""

    name: str
    arguments: Constraint

    def as_json(self) -> Constraint:
        """The call as templates of chat models write it."""
        return '{"name": ' + json.dumps(self.name, ensure_ascii=False) + ', "arguments": ' + self.arguments + "}"


Writer = Callable[[list[Tool], int, int | None], Constraint]   # with the least and the greatest number of calls


def tool_calls(
    tools: Iterable[Mapping[str, Any] | Callable[..., Any]],
    format: Format = "hermes",
    min: int = 0,
    max: int | None = None,
    **options: Any,
) -> Constraint:
    """Free text with ``min`` to ``max`` calls of the tools in it, each with arguments that its schema allows.

    A tool is a mapping with ``name`` and ``parameters`` (a JSON schema), alone or under ``function`` as the OpenAI
    interface has it, or a Python function with annotated parameters. In the formats that collect calls in one block at
    the end (``mistral``, ``mistral_v11``, ``deepseek_v3``, ``deepseek_v31``), or end the message with one
    (``harmony``), the text ends with it. ``options`` are those of :func:`decodex.json_schema`.

    The markers are special tokens in many vocabularies: make the vocabulary with ``text_of_special``.

    >>> weather = {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
    >>> calls = tool_calls([weather], format="llama3", max=1)
    """
    if not isinstance(format, str) or format not in get_args(Format):
        raise ConstraintError(f"{shown(format)} is no format of tool calls; use one of {', '.join(get_args(Format))}")
    if isinstance(tools, Mapping) or not isinstance(tools, Iterable):
        raise ConstraintError(f"tool_calls takes a list of tools, not {shown(tools)}")
    made = [_tool(tool, index, options) for index, tool in enumerate(tools)]
    if not made:
        raise ConstraintError("tool_calls needs at least one tool")
    names = [tool.name for tool in made]
    if len(set(names)) < len(names):
        raise ConstraintError(f"two tools have the name {shown(next(n for n in names if names.count(n) > 1))}")
    checked_counts(min, max, 1_000_000)
    return _FORMATS[format](made, min, max)


def _tool(tool: Any, index: int, options: dict[str, Any]) -> Tool:
    if callable(tool):
        name, parameters = tool.__name__, signature_schema(tool)
    else:
        inner = tool.get("function", tool) if isinstance(tool, Mapping) else None
        if not isinstance(inner, Mapping) or not isinstance(inner.get("name"), str) or not inner["name"]:
            raise ConstraintError(
                f"a tool is a mapping with a name and parameters, or a function, not {shown(tool)}",
                location=f"item {index}",
            )
        name, parameters = inner["name"], inner.get("parameters", {"type": "object", "properties": {}})
    return Tool(name, json_schema(parameters, **options))


def _any(constraints: list[Constraint]) -> Constraint:
    result = constraints[0]
    for constraint in constraints[1:]:
        result = result | constraint
    return result


def _hermes(tools: list[Tool], low: int, high: int | None) -> Constraint:
    calls = _any([tool.as_json() for tool in tools])
    return tagged("<tool_call>\n", calls, "\n</tool_call>", triggers="<tool_call>", min=low, max=high)


def _llama3(tools: list[Tool], low: int, high: int | None) -> Constraint:
    tags = [(f"<function={tool.name}>", tool.arguments, "</function>") for tool in tools]
    return tagged(tags, triggers="<function=", min=low, max=high)


def _block(begin: str, call: Constraint, separator: str, end: str, low: int, high: int | None) -> Constraint:
    """All calls in one block, with which the text ends; free text where none is made."""
    if high == 0:
        return tagged(begin, call, end, max=0)
    calls = repeat(call, low or 1, high, separator=separator or None)
    return tagged(begin, calls, end, min=1 if low else 0, max=1, text_after=False)


def _mistral(tools: list[Tool], low: int, high: int | None) -> Constraint:
    return _block("[TOOL_CALLS][", _any([tool.as_json() for tool in tools]), ", ", "]", low, high)


def _mistral_v11(tools: list[Tool], low: int, high: int | None) -> Constraint:
    tags = [(f"[TOOL_CALLS]{tool.name}[ARGS]", tool.arguments, "") for tool in tools]
    if high == 0:
        return tagged(tags, triggers="[TOOL_CALLS]", max=0)
    calls = [f"{tool.name}[ARGS]" + tool.arguments for tool in tools]
    return _block("[TOOL_CALLS]", _any(calls), "[TOOL_CALLS]", "", low, high)


def _deepseek(before: str, between: str, behind: str, separator: str) -> Writer:
    def make(tools: list[Tool], low: int, high: int | None) -> Constraint:
        calls = [
            Sequence((as_constraint(f"<｜tool▁call▁begin｜>{before}{tool.name}{between}"), tool.arguments))
            + f"{behind}<｜tool▁call▁end｜>"
            for tool in tools
        ]
        return _block("<｜tool▁calls▁begin｜>", _any(calls), separator, "<｜tool▁calls▁end｜>", low, high)

    return make


def _harmony(tools: list[Tool], low: int, high: int | None) -> Constraint:
    if low > 1:
        raise ConstraintError("a message of the harmony format has at most one call; min is 0 or 1")
    tags = [
        (
            f"<|channel|>commentary to=functions.{tool.name} <|constrain|>json<|message|>",
            tool.arguments,
            optional("<|call|>"),   # an end token of some models, which adds no text
        )
        for tool in tools
    ]
    trigger = "<|channel|>commentary to="
    return tagged(tags, triggers=trigger, min=low, max=0 if high == 0 else 1, text_after=high == 0)


_FORMATS: dict[str, Writer] = {
    "hermes": _hermes,
    "llama3": _llama3,
    "mistral": _mistral,
    "mistral_v11": _mistral_v11,
    "deepseek_v3": _deepseek("function<｜tool▁sep｜>", "\n```json\n", "\n```", "\n"),
    "deepseek_v31": _deepseek("", "<｜tool▁sep｜>", "", ""),
    "harmony": _harmony,
}
