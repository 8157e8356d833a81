"""Made-up names, dates, addresses and numbers: the fields of which records are put together.

In: a seeded `random.Random`. Out: JSON-ready values. Invariant: a value depends on the state of the generator
alone. Cost: a microsecond a value. Refuses: nothing.
"""

from __future__ import annotations

from random import Random
from typing import Any

from corpus import words as w

Record = dict[str, Any]


def full_name(r: Random) -> tuple[str, str, str]:
    """First name, last name and pronoun of an invented person."""
    female = r.random() < 0.5
    return r.choice(w.FEMALE if female else w.MALE), r.choice(w.LAST), "she" if female else "he"


def date(r: Random) -> str:
    """An ISO date between 1950 and 2030, recent years more often."""
    year = r.randint(2015, 2030) if r.random() < 0.7 else r.randint(1950, 2014)
    return f"{year}-{r.randint(1, 12):02}-{r.randint(1, 28):02}"


def clock(r: Random) -> str:
    return f"{r.randint(0, 23):02}:{r.choice((0, 0, 15, 30, 45, r.randint(0, 59))):02}"


def moment(r: Random) -> str:
    return f"{date(r)}T{clock(r)}:{r.randint(0, 59):02}Z"


def email(r: Random, first: str, last: str) -> str:
    shape = r.choice(("{f}.{l}", "{f}", "{f}{l}", "{f}_{l}", "{f}{n}"))
    return shape.format(f=first.lower(), l=last.lower(), n=r.randint(1, 99)) + "@" + r.choice(w.DOMAINS)


def phone(r: Random) -> str:
    digits = "".join(str(r.randint(0, 9)) for _ in range(10))
    area, middle, rest = digits[:3], digits[3:6], digits[6:]
    return r.choice(
        (
            f"{area}-{middle}-{rest}",
            f"({area}) {middle}-{rest}",
            f"+1 {area} {middle} {rest}",
            f"555-{rest}",
            f"+44 {area} {rest}",
        )
    )


def identifier(r: Random) -> str:
    letters = "".join(r.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(r.choice((2, 3))))
    return r.choice(
        (
            f"{letters}-{r.randint(100, 9999)}",
            f"ORD-{r.randint(1000, 99999)}",
            f"A{r.randint(10, 999)}",
            uuid(r),
        )
    )


def uuid(r: Random) -> str:
    text = f"{r.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], "4" + text[13:16], r.choice("89ab") + text[17:20], text[20:]))


def price(r: Random, base: float = 40.0) -> float:
    return (
        round(base * r.uniform(0.7, 1.4), 2)
        if r.random() < 0.5
        else int(base) + r.choice((0.5, 0.99, 0.95, 0.0, 0.25))
    )


def some(r: Random, items: tuple[str, ...], low: int = 1, high: int = 4) -> list[str]:
    return r.sample(items, r.randint(low, min(high, len(items))))


def title(r: Random) -> str:
    noun, other, adjective = r.choice(w.NOUNS), r.choice(w.NOUNS), r.choice(w.ADJECTIVES)
    return (
        r.choice(
            (
                f"The {adjective} {noun}",
                f"The {noun} and the {other}",
                f"A {adjective} {noun}",
                f"{adjective} {noun}",
            )
        )
        .title()
        .replace(" And The ", " and the ")
    )


def company(r: Random) -> str:
    return f"{r.choice(w.COMPANY_HEADS)} {r.choice(w.COMPANY_TAILS)}"


def address(r: Random) -> Record:
    city, country = r.choice(w.CITIES)
    out: Record = {"street": f"{r.randint(1, 199)} {r.choice(w.STREETS)}", "city": city}
    if r.random() < 0.6:
        out[r.choice(("zip", "postal_code", "zip"))] = f"{r.randint(10000, 99999)}"
    if r.random() < 0.7:
        out["country"] = country
    return out


def pick(r: Random, rest: Record, head: Record, *, always: tuple[str, ...] = (), most: int = 4) -> Record:
    """`head` first, then a few fields of `rest`: those of `always` usually, the order usually as written."""
    optional = [k for k in rest if k not in always]
    chosen = set(r.sample(optional, min(len(optional), r.randint(1, most)))) | {
        k for k in always if r.random() < 0.85
    }
    keys = [k for k in rest if k in chosen]
    if r.random() < 0.3:
        r.shuffle(keys)
    out = {**head, **{k: rest[k] for k in keys}}
    if r.random() < 0.1:
        order_ = list(out)
        r.shuffle(order_)
        out = {k: out[k] for k in order_}
    return out
