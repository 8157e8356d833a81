"""Texts read by scanners in plain Python, to judge automata by."""

from __future__ import annotations

import re


def counts_of_tags(text: str, tags: list[tuple[str, str, str]], triggers: list[str]) -> set[int]:
    """The numbers of tags with which a text can be read: a scanner that stops at the first complete trigger."""
    found: set[int] = set()

    def scan(start: int, count: int) -> None:
        for stop in range(start, len(text) + 1):
            done = [t for t in triggers if text[start:stop].endswith(t)]
            if not done:
                continue
            trigger = max(done, key=len)
            begin = stop - len(trigger)
            for opening, content, closing in tags:
                if opening.startswith(trigger) and text.startswith(opening, begin):
                    for end in range(begin + len(opening), len(text) + 1):
                        inside = text[begin + len(opening) : end]
                        if re.fullmatch(content, inside) and text.startswith(closing, end):
                            scan(end + len(closing), count + 1)
            return
        found.add(count)

    scan(0, 0)
    return found
