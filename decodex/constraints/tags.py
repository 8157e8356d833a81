"""Tags and phases: free text with constrained stretches in it, and constraints that begin behind a marker.

Markers and triggers are text: they are met however the model splits them, and as special tokens too where the
vocabulary was made with ``text_of_special``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from decodex.constraints.base import (
    AllOf,
    Constraint,
    Literal,
    Sequence,
    as_constraint,
    checked_counts,
    checked_flag,
    encodable,
)
from decodex.constraints.describing import braces, counted, listed, quoted
from decodex.constraints.lengths import Unit, length
from decodex.constraints.patterns import Text
from decodex.constraints.phases import without_counts
from decodex.errors import ConstraintError, shown

if TYPE_CHECKING:
    from decodex._core import Term


@dataclass(frozen=True)
class Tag:
    """What begins with ``begin``, which the model may write once it has written ``trigger``."""

    begin: str
    trigger: str
    body: Constraint
    """The content and the end."""


@dataclass(frozen=True)
class Tagged(Constraint):
    """Free text with ``min`` to ``max`` tags in it; the free text has none of the triggers in it."""

    tags: tuple[Tag, ...]
    triggers: tuple[str, ...]
    min: int = 0
    max: int | None = None
    text_after: bool = True

    def term(self) -> Term:
        from decodex._core import Term

        triggers = list(self.triggers)
        arms = []
        for index, trigger in enumerate(triggers):
            bodies = [
                Term.concat([Term.literal(tag.begin[len(trigger) :]), tag.body.term()])
                for tag in self.tags
                if tag.trigger == trigger
            ]
            arms.append(Term.concat([Term.until_trigger(triggers, index), Term.alt(bodies)]))
        one, free = Term.alt(arms), Term.without_triggers(triggers)
        if self.text_after:
            return Term.concat([Term.repeat(one, self.min, self.max), free])
        some = Term.repeat(one, max(self.min, 1), self.max)
        return some if self.min > 0 else free if self.max == 0 else Term.alt([free, some])

    def describe(self) -> str:
        tags = listed(f"{quoted(tag.begin)}, then {tag.body.describe()}" for tag in self.tags)
        times = counted(self.min, self.max, "times")
        end = "" if self.text_after else "; nothing behind the last"
        return f"free text without {listed(map(quoted, self.triggers))}, and in it, {times}: {tags}{end}"

    def _pattern(self, *, alone: bool) -> str:
        nested = any(one != other and one in other for one in self.triggers for other in self.triggers)
        if nested or (not alone and self.text_after):
            return super()._pattern(alone=alone)
        free = f"(?:(?!{'|'.join(map(re.escape, self.triggers))})(?s:.))*"
        one = f"{free}(?:{'|'.join(re.escape(tag.begin) + tag.body._pattern(alone=False) for tag in self.tags)})"
        if self.text_after:
            return f"(?:{one}){braces(self.min, self.max)}{free}"
        some = f"(?:{one}){braces(max(self.min, 1), self.max)}"
        return some if self.min > 0 else free if self.max == 0 else f"(?:{some}|{free}\\Z)"


def tagged(
    begin: str | Iterable[tuple[str, Any, Any]],
    content: Constraint | str | None = None,
    end: Constraint | str | None = None,
    *,
    triggers: str | Iterable[str] | None = None,
    min: int = 0,
    max: int | None = None,
    text_after: bool = True,
) -> Constraint:
    """Free text, and in it ``min`` to ``max`` tags: each ``begin``, a text of ``content``, ``end``.

    Several kinds of tags are a list of ``(begin, content, end)``. The moment a trigger has been written (by default, a
    ``begin``; otherwise a beginning of it that several may share), one of the tags that begin with it must go on from
    there, so free text never contains a trigger. Where two triggers are complete at the same character, the longer
    one counts. The search for triggers begins anew behind each tag. ``content=None`` is any text up to the first
    ``end``. ``text_after=False``: nothing follows the last tag.

    >>> import decodex as dx
    >>> tool = dx.tagged("<tool>", dx.json_schema({"type": "object"}), "</tool>")
    >>> either = dx.tagged([("<f=a>", dx.regex("[0-9]+"), "</f>"), ("<f=b>", None, "</f>")], triggers="<f=", max=2)
    """
    if isinstance(begin, str):
        tags = [(begin, content, end)]
    elif content is not None or end is not None:
        raise ConstraintError("tagged takes either begin, content and end, or one list of (begin, content, end)")
    else:
        tags = _tag_list(begin)
    given = [tag[0] for tag in tags] if triggers is None else triggers
    listed_triggers = [given] if isinstance(given, str) else list(given) if isinstance(given, Iterable) else []
    if not tags or not listed_triggers or not all(isinstance(one, str) and one for one in listed_triggers):
        raise ConstraintError("tagged needs at least one tag, and triggers that are non-empty strings")
    chosen = list(dict.fromkeys(listed_triggers))
    if len(chosen) > 64 or sum(map(len, chosen)) > 2_000:
        raise ConstraintError(
            f"tagged takes up to 64 triggers of 2,000 characters together, not {len(chosen)} of "
            f"{sum(map(len, chosen)):,}; pass what the tags begin with in common as their trigger"
        )
    made = tuple(_tag(*tag, chosen) for tag in tags)
    idle = [trigger for trigger in chosen if all(tag.trigger != trigger for tag in made)]
    if idle:
        raise ConstraintError(f"the trigger {shown(idle[0])} begins no tag; to forbid a text, use decodex.excludes")
    checked_counts(min, max, 1_000_000)
    return Tagged(made, tuple(map(encodable, chosen)), min, max, checked_flag("text_after", text_after))


def after(marker: str, constraint: Constraint | str, *, before: Constraint | str | None = None) -> Constraint:
    """Any text up to and with the first ``marker``, then a text of ``constraint``.

    ``before`` is asked of the text in front of the marker: a limit on its length, say. The marker must come.

    >>> import decodex as dx
    >>> answer = dx.after("</think>", dx.json_schema({"type": "object"}), before=dx.length("words", max=200))
    """
    return Sequence((_up_to(marker, before), as_constraint(constraint)))


def thinking(
    min: int = 0,
    max: int | None = None,
    unit: Unit = "words",
    *,
    begin: str = "<think>",
    end: str = "</think>",
    content: Constraint | str | None = None,
) -> Constraint:
    """A section of reasoning: ``begin``, text of ``min`` to ``max`` units, ``end``. Write ``thinking(...) + answer``.

    ``end`` cannot come before ``min`` units are written, and must come before there is one too many (the last word,
    or blanks, may go on: ask for ``chars`` where that matters). ``begin=""`` where the prompt has opened the section
    already. ``content`` asks more of the text. In ``tokens`` the section has a budget of its own: the tokens of ``end``
    are counted, and the answer's are not.

    >>> import decodex as dx
    >>> answer = dx.thinking(max=100) + dx.choice(["yes", "no"])
    """
    if not isinstance(begin, str):
        raise ConstraintError(
            f"a section begins with a string, empty where the prompt has opened it, not {shown(begin)}"
        )
    asked = [] if max is None and isinstance(min, int) and min == 0 else [length(unit, min, max)]
    if content is not None:
        asked.append(as_constraint(content))
    before = None if not asked else asked[0] if len(asked) == 1 else AllOf(tuple(asked))
    section = _up_to(end, before)
    return section if begin == "" else Sequence((Literal(encodable(begin)), section))


def _up_to(marker: str, before: Constraint | str | None) -> Constraint:
    if not isinstance(marker, str) or not marker:
        raise ConstraintError(f"a marker is a non-empty string, not {shown(marker)}")
    text = Text(encodable(marker))
    if before is None:
        return text
    section = without_counts(as_constraint(before))
    up_to = text if section.constraint == Text() else AllOf((text, Sequence((section.constraint, Literal(marker)))))
    return up_to & length("tokens", section.min, section.max) if section.counts else up_to


def _tag_list(tags: Iterable[tuple[str, Any, Any]]) -> list[tuple[str, Any, Any]]:
    if not isinstance(tags, Iterable):
        raise ConstraintError(f"tagged takes a begin, or a list of (begin, content, end), not {shown(tags)}")
    made = []
    for index, tag in enumerate(tags):
        if not isinstance(tag, (tuple, list)) or len(tag) != 3:
            raise ConstraintError(f"a tag is (begin, content, end), not {shown(tag)}", location=f"item {index}")
        made.append((tag[0], tag[1], tag[2]))
    return made


def _tag(begin: str, content: Constraint | str | None, end: Constraint | str | None, triggers: list[str]) -> Tag:
    if not isinstance(begin, str) or not begin:
        raise ConstraintError(f"a tag begins with a non-empty string, not {shown(begin)}")
    trigger = _first_complete(encodable(begin), triggers)
    if content is None:
        if not isinstance(end, str) or not end:
            raise ConstraintError(f"the tag {shown(begin)} has no content: its end must be a non-empty string")
        return Tag(begin, trigger, Text(encodable(end)))
    return Tag(begin, trigger, Sequence((as_constraint(content), as_constraint("" if end is None else end))))


def _first_complete(begin: str, triggers: list[str]) -> str:
    """The trigger that is complete first in ``begin``, which it must begin."""
    for stop in range(1, len(begin) + 1):
        done = [trigger for trigger in triggers if begin.endswith(trigger, 0, stop)]
        if done:
            trigger = max(done, key=len)
            if len(trigger) == stop:
                return trigger
            raise ConstraintError(
                f"the tag {shown(begin)} can never begin: the trigger {shown(trigger)} is complete inside of it first; "
                "drop that trigger or choose another begin"
            )
    raise ConstraintError(f"the tag {shown(begin)} begins with none of the triggers {', '.join(map(repr, triggers))}")
