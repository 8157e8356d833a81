"""The training text of the embedded model, made up on the spot.

In: a seed. Out: an endless stream of documents. A document is a tuple of pieces whose concatenation is its
text; the pieces are tokenized one by one, so that a boundary between them (after a prompt, or at a random
place, as a constraint may force one) is a token boundary too.
Invariant: the stream depends on the seed alone (`random.Random`, no set order, no clock). Cost: about thirty
thousand documents a second. Refuses: nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random

from corpus import answers, prose, records

END, USER, ASSISTANT, SYSTEM, PAD = "<|endoftext|>", "<|user|>", "<|assistant|>", "<|system|>", "<|pad|>"
SPECIAL = (END, USER, ASSISTANT, SYSTEM, PAD)
Document = tuple[str, ...]
Pair = tuple[str, str]

_ASK_RECORD = (
    "Write {a} as JSON.",
    "Describe {a} as JSON.",
    "Give me a JSON object for {a}.",
    "Return {a} in JSON.",
    "Write a JSON {k} record.",
    "Write a JSON {k} record:",
    "JSON {k} record:",
    "Create {a} as a JSON object.",
    "Generate a JSON object that describes {a}.",
    "Make up {a}. Answer in JSON.",
    "JSON:",
    "Write a JSON object.",
    "A {k} in JSON:",
)
_ASK_FIELDS = (
    "Write {a} as JSON with the fields {f}.",
    "Return JSON with the keys {f}.",
    "Describe {a} in JSON with {f}.",
    "Give a JSON object with the keys {f}.",
    "JSON with {f}:",
)
_ASK_EXTRACT = (
    "{t}\nWrite this as JSON.",
    "Extract the data as JSON: {t}",
    "Text: {t}\nJSON:",
    "Turn this into JSON: {t}",
    "{t} As JSON:",
)
_SYSTEMS = (
    "You are a helpful assistant.",
    "Answer in JSON.",
    "You answer briefly.",
    "You are a small model.",
    "Follow the format.",
)


def ask_record(r: Random) -> Pair:
    """A request for a record of some kind, sometimes with named fields or a schema."""
    kind, value = records.record(r)
    style, asked = r.random(), prose.article(kind)
    if style < 0.5:
        ask = r.choice(_ASK_RECORD).format(a=asked, k=kind)
    elif style < 0.75:
        ask = r.choice(_ASK_FIELDS).format(a=asked, f=prose.join(list(value)))
    else:
        schema = json.dumps(records.schema_of(value))
        ask = r.choice(
            (
                "Write JSON for this schema: {s}",
                "Schema: {s}\nJSON:",
                "{s}\nFill this schema.",
                "Answer with JSON that follows this schema: {s}",
            )
        ).format(s=schema)
    return ask, records.dumps(r, value)


def ask_records(r: Random) -> Pair:
    """A request for an array of records of one kind."""
    kind, make, _ = r.choice(records.KINDS)
    value = [make(r) for _ in range(r.randint(1, 3))]
    many = prose.plural(kind)
    if r.random() < 0.3:
        return f"Write a JSON object with {many}.", records.dumps(r, {many.replace(" ", "_"): value})
    return r.choice(
        (f"Write a JSON array of {many}.", f"List some {many} as JSON.", f"{many.capitalize()} in JSON:")
    ), records.dumps(r, value)


def ask_extract(r: Random) -> Pair:
    """A short description, and its facts as JSON."""
    story, facts = prose.portrait(r)
    return r.choice(_ASK_EXTRACT).format(t=story), records.dumps(r, facts)


def ask_about(r: Random) -> Pair:
    """A JSON record and a question about one of its fields."""
    _, value = records.record(r)
    plain = {k: v for k, v in value.items() if isinstance(v, str | int | float)}
    if not plain:
        return ask_record(r)
    key = r.choice(list(plain))
    answer = plain[key] if isinstance(plain[key], str) else json.dumps(plain[key])
    return f"{json.dumps(value)}\nWhat is the {key.replace('_', ' ')}?", str(answer)


def ask_text(r: Random) -> Pair:
    """A request for a sentence, a story or a description."""
    style = r.randrange(5)
    if style == 0:
        return r.choice(("Write a sentence.", "Say something.", "Write one sentence.")), prose.sentence(r)
    if style == 1:
        return r.choice(("Tell me a story.", "Write a short story.", "Tell me a short story.")), prose.story(
            r
        )
    if style == 2:
        return r.choice(("Describe a person.", "Write about a person.")), prose.portrait(r, person=True)[0]
    if style == 3:
        return r.choice(("Describe something.", "Write a description.")), prose.portrait(r)[0]
    return r.choice(("Write a paragraph.", "Write some text.", "Write a short text.")), prose.paragraph(r)


def ask_json_text(r: Random) -> Pair:
    """A question whose answer is wanted inside a JSON object."""
    ask, answer = r.choice(
        (answers.fact, answers.yes_no, answers.choice, answers.arithmetic, prose.requested_words)
    )(r)
    key = r.choice(("answer", "answer", "result", "text"))
    value: object = int(answer) if answer.isdigit() else answer
    if answer.lower() in ("yes", "no") and r.random() < 0.3:
        value = answer.lower() == "yes"
    more = {"confidence": round(r.uniform(0.5, 1), 2)} if r.random() < 0.25 else {}
    return ask + r.choice((" Answer in JSON.", f' Use JSON with the key "{key}".', " JSON:")), json.dumps(
        {key: value, **more}
    )


def plain(r: Random) -> str:
    """A document that answers nothing: prose, a record alone, a list of records line by line."""
    style = r.random()
    if style < 0.3:
        return prose.story(r)
    if style < 0.45:
        return prose.paragraph(r)
    if style < 0.55:
        return " ".join(answers.statement(r) for _ in range(r.randint(1, 3)))
    if style < 0.65:
        return prose.portrait(r)[0]
    if style < 0.9:
        return records.dumps(r, records.record(r)[1])
    return "\n".join(json.dumps(records.record(r)[1]) for _ in range(r.randint(2, 3)))


_PAIRS: tuple[tuple[Callable[[Random], Pair], int], ...] = (
    (ask_record, 26),
    (ask_records, 5),
    (ask_extract, 9),
    (ask_about, 4),
    (ask_text, 10),
    (ask_json_text, 6),
    (prose.requested_words, 9),
    (answers.fact, 6),
    (answers.arithmetic, 5),
    (answers.yes_no, 6),
    (answers.listing, 7),
    (answers.choice, 4),
    (answers.small_format, 6),
    (answers.markup, 3),
    (answers.hello, 2),
)
_MAKERS, _WEIGHTS = tuple(m for m, _ in _PAIRS), tuple(n for _, n in _PAIRS)


def dress(r: Random, ask: str, answer: str) -> Document:
    """A question and its answer as a chat, or as running text in one of several shapes."""
    style = r.random()
    if style < 0.5:
        system = f"{SYSTEM}\n{r.choice(_SYSTEMS)}\n" if r.random() < 0.12 else ""
        return (f"{system}{USER}\n{ask}\n{ASSISTANT}\n", answer)
    if style < 0.62:
        return (r.choice((f"Q: {ask}\nA:", f"Question: {ask}\nAnswer:")), " " + answer)
    if style < 0.75:
        return (ask + "\n", answer)
    return (ask + " ", answer) if style < 0.87 else (ask, " " + answer)


def chop(r: Random, pieces: Document) -> Document:
    """The same text with a few more boundaries, at random places that split no special token."""
    out: list[str] = []
    for piece in pieces:
        if len(piece) < 8 or "<|" in piece:
            out.append(piece)
            continue
        cuts = sorted(r.randrange(1, len(piece)) for _ in range(r.randint(1, 1 + len(piece) // 40)))
        out.extend(piece[a:b] for a, b in zip([0, *cuts], [*cuts, len(piece)], strict=True) if a < b)
    return tuple(out)


def document(r: Random) -> Document:
    """One document, closed by the end token."""
    if r.random() < 0.18:
        pieces: Document = (plain(r),)
    else:
        ask, answer = r.choices(_MAKERS, _WEIGHTS)[0](r)
        pieces = dress(r, ask, answer)
        if pieces[0].startswith(USER) and r.random() < 0.12:
            ask, answer = r.choices(_MAKERS, _WEIGHTS)[0](r)
            pieces = (*pieces, f"{END}\n{USER}\n{ask}\n{ASSISTANT}\n", answer)
    if r.random() < 0.12:
        pieces = chop(r, pieces)
    return (*pieces, END)


def documents(seed: int) -> Iterator[Document]:
    """The endless stream of documents for a seed."""
    r = Random(seed)
    while True:
        yield document(r)
