"""Masks of a schema beside phrases and lengths against finite automata of the same language.

A small closed schema in compact form is a regular language over the characters of a small alphabet, written here as a
pattern; so are phrases and a limit of words. interegular intersects them, and says of each state whether it can be
completed. Along random texts, every token made of those characters must be allowed by the engine just when the
automaton is live behind it. Other characters can stand in strings alone, where they do nothing that letters cannot do.

Under a budget, every token that is allowed can be read, and every text is complete in time; ``json.loads`` and a plain
search judge it.

``DECODEX_TRACKED`` is the number of schemas (default 60), and of texts under a budget per schema.
"""

from __future__ import annotations

import json
import os
import random
import re
from functools import lru_cache

import interegular
import pytest

import decodex as dx

COUNT = int(os.environ.get("DECODEX_TRACKED", "60"))
LETTERS = "okx"   # in no escape: "\\ra" would be two characters, and hold the word "ra"
ALPHABET = LETTERS + ' .,:"{}'
STRING = r'"[okx .,:{}]*"'
PIECES = ["o", "k", "x", "ok", "kox", "xok", " ok", "o.", ". k", " k x o", "k x o", "xo"]
PIECES += ['"', '",', '","', '":', '":"', '."', '"}', 'o"', '{"', ' k ",']
BYTES = [bytes([b]) for b in range(256)]


@lru_cache(maxsize=1)
def vocabulary() -> tuple[dx.Vocabulary, list[bytes]]:
    rng = random.Random(0)
    texts = {piece for piece in PIECES if len(piece) > 1}
    while len(texts) < 150:
        texts.add("".join(rng.choices(PIECES, k=rng.randint(2, 4))))
    tokens = BYTES + sorted(text.encode() for text in texts)
    return dx.Vocabulary.from_tokens([*tokens, b""], eos_token_ids=[len(tokens)]), tokens


def machine(pattern: str) -> interegular.FSM:
    return interegular.parse_pattern(pattern).to_fsm(interegular.fsm.Alphabet({c: k for k, c in enumerate(ALPHABET)}))


def completable(language: interegular.FSM) -> set[int]:
    """The states from which an accepting one can be reached."""
    into: dict[int, set[int]] = {}
    for state, nexts in language.map.items():
        for to in nexts.values():
            into.setdefault(to, set()).add(state)
    live, queue = set(language.finals), list(language.finals)
    while queue:
        for state in into.get(queue.pop(), set()) - live:
            live.add(state)
            queue.append(state)
    return live


def value(rng: random.Random) -> tuple[dict[str, object], str]:
    kind = rng.choice(("text", "text", "short", "names", "pattern"))
    if kind == "text":
        return {"type": "string"}, STRING
    if kind == "short":
        most = rng.choice((2, 5, 17))
        return {"type": "string", "maxLength": most}, STRING.replace("*", f"{{0,{most}}}")
    if kind == "names":
        names = rng.sample(["ok", "kox", "x", "o k", "xok."], 2)
        return {"enum": names}, '"(?:' + "|".join(name.replace(".", "[.]") for name in names) + ')"'
    if kind == "pattern":
        return {"type": "string", "pattern": "^[ok]+$"}, '"[ok]+"'
    raise AssertionError(kind)


def schema(rng: random.Random) -> tuple[dict[str, object], str]:
    names = rng.sample(["o", "k", "ok", "xk", "x"], rng.randint(1, 3))
    properties: dict[str, object] = {}
    parts: list[tuple[bool, str]] = []
    for name in names:
        made, pattern = value(rng)
        properties[name] = made
        parts.append((rng.random() < 0.5, f'"{name}":{pattern}'))

    def body(rest: list[tuple[bool, str]], comma: str) -> str:
        if not rest:
            return ""
        needed, own = rest[0]
        with_it = comma + own + body(rest[1:], ",")
        return with_it if needed else f"(?:{with_it}|{body(rest[1:], comma)})"

    made = {
        "type": "object",
        "properties": properties,
        "required": [name for name, (needed, _) in zip(names, parts, strict=True) if needed],
        "additionalProperties": False,
    }
    return made, r"[{]" + body(parts, "") + r"[}]"


def trackers(rng: random.Random) -> tuple[list[dx.Constraint], list[str]]:
    made: list[dx.Constraint] = []
    patterns: list[str] = []
    anything = '[okx .,:"{}]*'
    for phrase in rng.sample(["ok", "kox", "xo", "xok", "k"], rng.randint(1, 3)):
        whole = rng.random() < 0.5
        made.append(dx.contains(phrase, whole_words=whole))
        inside = f'(?:{anything}[ .,:"{{}}])?{phrase}(?:[ .,:"{{}}]{anything})?'
        patterns.append(inside if whole else anything + phrase + anything)
    if rng.random() < 0.6:
        most = rng.randint(1, 4)
        made.append(dx.length("words", max=most))
        word = '[okx.,:"{}]+'
        patterns.append(f"[ ]*(?:{word}(?:[ ]+{word}){{0,{most - 1}}}[ ]*)?")
    if rng.random() < 0.2:
        made.append(dx.excludes("x.", whole_words=False))
        patterns.append('(?:[ok .,:"{}]|x+[ok ,:"{}])*x*')
    return made, patterns


@pytest.mark.parametrize("case", range(COUNT))
def test_masks_are_those_of_the_automaton(case: int) -> None:
    rng = random.Random(case)
    vocab, tokens = vocabulary()
    made, pattern = schema(rng)
    constraint = dx.json_schema(made, whitespace="compact", property_order="schema")
    language = machine(pattern)
    for tracker, other in zip(*trackers(rng), strict=True):
        constraint &= tracker
        language &= machine(other)
    spelled = {k: text.decode() for k, text in enumerate(tokens) if set(text) <= set(ALPHABET.encode())}
    if language.empty():
        with pytest.raises(dx.DecodexError):
            dx.compile(constraint, vocab)
        return
    compiled = dx.compile(constraint, vocab)

    live = completable(language)

    def read(state: int | None, text: str) -> int | None:
        for c in text:
            state = None if state is None else language.map.get(state, {}).get(language.alphabet[c])
        return state if state in live else None

    for _ in range(4):
        matcher, state, text = compiled.matcher(), language.initial, ""
        for _ in range(25):
            allowed = set(matcher.allowed_tokens().tolist())
            right = {k for k, token in spelled.items() if read(state, token) is not None}
            assert {k for k in allowed if k in spelled} == right, (text, made)
            assert (vocab.eos_token_ids[0] in allowed) == (state in language.finals), text
            if not right:
                break
            token = rng.choice(sorted(right))
            assert matcher.advance(token)
            state, text = read(state, spelled[token]), text + spelled[token]
            assert state is not None


TEXT = {"type": "string"}
OPEN = {"type": "object", "properties": {"s": TEXT, "l": {"type": "array", "items": TEXT}}, "required": ["s"]}
PHRASES = ("ok", "kox", "xo", "k x")
BUDGETED = {
    "open": OPEN,
    "closed": OPEN | {"additionalProperties": False},
    "short": {"type": "array", "items": {"type": "string", "maxLength": 20}, "minItems": 2},
    "unique": {"type": "array", "items": TEXT, "uniqueItems": True},
}


@pytest.mark.parametrize("words", [None, 12])
@pytest.mark.parametrize("name", BUDGETED)
def test_budgets_are_kept(name: str, words: int | None) -> None:
    vocab, tokens = vocabulary()
    constraint = dx.json_schema(BUDGETED[name]) & dx.contains(*PHRASES)
    if words:
        constraint &= dx.length("words", max=words)
    compiled = dx.compile(constraint, vocab)
    least = compiled.matcher().tokens_to_finish()
    rng = random.Random(name)
    for run in range(COUNT):
        budget = rng.randint(least, 4 * least)
        matcher, text = compiled.matcher(max_tokens=budget), b""
        while True:
            allowed = [k for k in matcher.allowed_tokens().tolist() if k < len(tokens)]
            if matcher.is_accepting and (not allowed or (run % 3 and rng.random() < 0.1)):
                break
            assert allowed, (budget, text)
            longest = max(allowed, key=lambda k: (len(tokens[k]), rng.random()))
            token = longest if run % 3 == 0 else rng.choice(allowed)
            assert matcher.advance(token), (budget, text, tokens[token])
            text += tokens[token]
        assert matcher.tokens_read <= budget
        json.loads(text)
        assert all(re.search(rf"(?<!\w){phrase}(?!\w)", text.decode()) for phrase in PHRASES), text
        assert words is None or len(text.decode().split()) <= words
