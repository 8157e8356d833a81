"""Independent judges of what may come next: interegular's automata, lifted from characters to bytes.

Given a pattern, ``PatternOracle.allows(prefix, token)`` says whether some text that the whole pattern matches begins
with ``prefix + token``, byte by byte; a token may end inside a character.
"""

from __future__ import annotations

import interegular
from interegular.fsm import anything_else


class PatternOracle:
    """The language of a pattern (no look-around, no ``\\b``, ASCII ``\\w``), over bytes."""

    def __init__(self, pattern: str) -> None:
        self.fsm = interegular.parse_pattern(pattern).to_fsm()
        self.explicit = sorted(str(symbol) for symbol in self.fsm.alphabet if symbol is not anything_else)
        self.live = {state for state in self.fsm.states if self.fsm.islive(state)}
        self.places: dict[bytes, tuple[object, bytes] | None] = {b"": (self.fsm.initial, b"")}
        if self.fsm.initial not in self.live:
            self.places[b""] = None
        self.cut: dict[tuple[object, bytes], bool] = {}

    def place(self, text: bytes) -> tuple[object, bytes] | None:
        """(state after the whole characters of ``text``, bytes of a character cut off); None when it is dead."""
        if text in self.places:
            return self.places[text]
        before = self.place(text[:-1])
        result: tuple[object, bytes] | None = None
        if before is not None:
            state, pending = before
            pending += text[-1:]
            try:
                character = pending.decode()
            except UnicodeDecodeError as error:
                if "unexpected end of data" in error.reason and self.can_complete(state, pending):
                    result = (state, pending)
            else:
                after = self.step(state, character)
                result = None if after is None else (after, b"")
        self.places[text] = result
        return result

    def step(self, state: object, character: str) -> object | None:
        symbol = character if character in self.fsm.alphabet else anything_else
        if symbol not in self.fsm.alphabet:
            return None
        after = self.fsm.map.get(state, {}).get(self.fsm.alphabet[symbol])
        return after if after in self.live else None

    def can_complete(self, state: object, pending: bytes) -> bool:
        """Is there a character whose encoding begins with ``pending`` and that goes on from ``state``?"""
        key = (state, pending)
        if key not in self.cut:
            candidates = [c for c in self.explicit if c.encode("utf-8", "surrogatepass").startswith(pending)]
            other = next((c for c in self.completions(pending) if c not in self.fsm.alphabet), None)
            if other is not None:
                candidates.append(other)
            self.cut[key] = any(self.step(state, c) is not None for c in candidates)
        return self.cut[key]

    @staticmethod
    def completions(pending: bytes) -> list[str]:
        """Some characters whose encoding begins with ``pending``, from all over its range."""
        found = []
        for last in range(0xBF, 0x7F, -1):
            for middle in (b"", b"\x80", b"\x9f", b"\xbf", b"\x80\x80", b"\x9f\xbf", b"\xbf\xbf"):
                try:
                    text = (pending + middle + bytes([last])).decode()
                except UnicodeDecodeError:
                    continue
                if len(text) == 1:
                    found.append(text)
        return found

    def allows(self, prefix: bytes, token: bytes) -> bool:
        return bool(token) and self.place(prefix + token) is not None

    def accepts(self, text: bytes) -> bool:
        place = self.place(text)
        return place is not None and place[1] == b"" and place[0] in self.fsm.finals
