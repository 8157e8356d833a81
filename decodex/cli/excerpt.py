"""One line of a text with a caret under the place that matters.

In: the bytes of the text and an offset into them. Out: the line, cut to a width that fits a terminal, and
the line with the caret. Invariant: the caret stands under the character that holds the offset, also after
wide and control characters. Cost: that of the line's part that is shown, not of the text.
"""

from __future__ import annotations

from rich.cells import cell_len

from decodex.cli.console import printable

__all__ = ["excerpt"]

CUT = "..."


def excerpt(data: bytes, position: int, width: int = 96) -> tuple[str, str]:
    """The line of ``data`` that holds ``position``, about ``width`` wide, and a caret for under it."""
    while 0 < position < len(data) and data[position] & 0xC0 == 0x80:  # not inside of a character
        position -= 1
    start = data.rfind(b"\n", 0, position) + 1
    end = data.find(b"\n", position)
    end = len(data) if end < 0 else end
    before, after = width * 2 // 3, width // 3
    # A character has at most four bytes, so the slices hold enough of them.
    left = data[max(start, position - 4 * before - 4) : position].decode("utf-8", "replace")
    right = data[position : min(end, position + 4 * after + 4)].decode("utf-8", "replace").rstrip("\r")
    if len(left) > before or position - start > 4 * before + 4:
        left = CUT + printable(left[-before:])
    else:
        left = printable(left)
    right = printable(right[:after]) + (CUT if len(right) > after else "")
    return left + right, " " * cell_len(left) + "^"
