"""Made-up English: sentences, stories and descriptions of records.

In: a seeded `random.Random`. Out: plain strings, or `(question, answer)` pairs. The grammar is a handful
of sentence frames over the word lists. Cost: some microseconds a text. Refuses: nothing.
"""

from __future__ import annotations

from random import Random

from corpus import values
from corpus import words as w

Pair = tuple[str, str]


def article(phrase: str) -> str:
    """The phrase with "a" or "an" before it."""
    vowel = phrase[0] in "aeiou" and not phrase.startswith(("use", "uni", "euro"))
    return ("an " if vowel or phrase.startswith("honest") else "a ") + phrase


def plural(noun: str) -> str:
    if noun == "child":
        return "children"
    if noun in ("fish", "sheep", "deer", "salmon"):
        return noun
    if noun in ("knife", "leaf", "wolf"):
        return noun.replace("fe", "f")[:-1] + "ves"
    if noun in ("goose", "mouse"):
        return {"goose": "geese", "mouse": "mice"}[noun]
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def join(items: list[str], last: str = "and") -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + f" {last} " + items[-1]


def subject(r: Random, nouns: list[str]) -> str:
    """A singular subject; a common noun it uses is appended to `nouns`."""
    if r.random() < 0.4:
        return r.choice(w.FEMALE + w.MALE)
    if r.random() < 0.5:
        return f"the {r.choice(w.JOBS)}"
    noun = r.choice((*w.ANIMALS, "child", "girl", "queen", "boy", "man", "woman"))
    nouns.append(noun)
    return f"the {r.choice(w.ADJECTIVES)} {noun}" if r.random() < 0.5 else f"the {noun}"


def countable(r: Random) -> str:
    """A common noun that "a" can stand before."""
    return r.choice([n for n in w.NOUNS if n not in w.MASS])


def thing(r: Random, nouns: list[str]) -> str:
    """An object phrase; its words are appended to `nouns`."""
    noun = r.choice(w.NOUNS)
    adjective = r.choice(w.ADJECTIVES) if r.random() < 0.45 else ""
    nouns.extend(word for word in (adjective, noun) if word)
    body = f"{adjective} {noun}".strip()
    return f"the {body}" if noun in w.MASS or r.random() < 0.5 else article(body)


def clause(r: Random, used: list[str], tense: int) -> str:
    """A main clause without a full stop; its content words go to `used`.

    `tense` is 1 for the present and 2 for the past.
    """
    frame = r.random()
    if frame < 0.1:
        text = f"{thing(r, used)} {('is', 'was')[tense - 1]} {r.choice(w.ADJECTIVES)}"
        if r.random() < 0.5:
            text += f" and {r.choice(w.ADJECTIVES)}"
        return text + (f" {r.choice(w.SPOTS)}" if r.random() < 0.3 else "")
    who = subject(r, used)
    if frame < 0.55:
        verb = r.choice(w.VERBS)
        used.append(verb[tense])
        text = f"{who} {verb[tense]} {thing(r, used)}"
    elif frame < 0.8:
        verb = r.choice(w.MOTIONS)
        used.append(verb[tense])
        text = f"{who} {verb[tense]}" + (f" {r.choice(w.ADVERBS)}" if r.random() < 0.4 else "")
    elif frame < 0.9:
        doing, how = r.choice(w.MOTIONS)[3], r.choice(("with", "without", "near"))
        text = f"{who} {('is', 'was')[tense - 1]} {doing} {how} {thing(r, used)}"
    else:
        text = f"{who} {('wants', 'wanted')[tense - 1]} to {r.choice(w.VERBS)[0]} {thing(r, used)}"
    return text + (f" {r.choice(w.SPOTS)}" if r.random() < 0.5 else "")


def sentence(r: Random, used: list[str] | None = None) -> str:
    """One sentence, with a capital and a full stop."""
    used = [] if used is None else used
    tense, frame = r.choice((1, 2, 2)), r.random()
    if frame < 0.5:
        text = clause(r, used, tense)
    elif frame < 0.62:
        text = f"{r.choice(w.TIMES)}, {clause(r, used, 2)}"
    elif frame < 0.78:
        link = r.choice(("and", "but", "so", "and then"))
        text = f"{clause(r, used, tense)}, {link} {clause(r, used, tense)}"
    elif frame < 0.9:
        link = r.choice(("because", "while", "when", "before", "after"))
        text = f"{clause(r, used, tense)} {link} {clause(r, used, tense)}"
    else:
        adjective, noun = r.choice(w.ADJECTIVES), countable(r)
        used += (adjective, noun)
        text = f"there {('is', 'was')[tense - 1]} {article(f'{adjective} {noun}')} {r.choice(w.SPOTS)}"
    return text[0].upper() + text[1:] + ("." if r.random() < 0.95 else "!")


def requested_words(r: Random) -> Pair:
    """A request for a sentence with some words, and a sentence that has them."""
    used: list[str] = []
    text = sentence(r, used)
    while not used:
        text = sentence(r, used)
    wanted = r.sample(used, min(len(used), r.randint(1, 4)))
    quoted = join([f'"{x}"' for x in wanted] if r.random() < 0.4 else wanted)
    ask = r.choice(
        (
            "Write a sentence with the words {0}.",
            "Use {0} in a sentence.",
            "Make a sentence with {0}.",
            "Write one sentence that contains {0}.",
            "Write a sentence using {1}.",
            "Words: {1}. Sentence:",
        )
    )
    return ask.format(quoted, ", ".join(wanted)), text


def story(r: Random) -> str:
    """A short story: somebody wants a thing, something happens, it ends well."""
    first, _, they = values.full_name(r)
    friend = r.choice([n for n in w.FEMALE + w.MALE if n != first])
    their, them = ("her", "her") if they == "she" else ("his", "him")
    they_up, job, mood = they.capitalize(), r.choice(w.JOBS), r.choice(w.MOODS)
    noun, adjective, spot, where = (
        countable(r),
        r.choice(w.ADJECTIVES),
        r.choice(w.SPOTS),
        r.choice(w.CITIES)[0],
    )
    beast = r.choice(w.ANIMALS)
    opening = r.choice(
        (
            f"{first} was {article(job)} in {where}.",
            f"Once upon a time there was {article(r.choice(w.ADJECTIVES) + ' ' + job)} named {first}.",
            f"{first} lived {spot} with {article(beast)}.",
            f"One day {first} found {article(adjective + ' ' + noun)} {spot}.",
        )
    )
    gift = f"{r.choice(w.ADJECTIVES)} {countable(r)}"
    middle = [
        f"{they_up} wanted to find {article(adjective + ' ' + noun)}.",
        f"{they_up} looked for the {noun} {r.choice(w.SPOTS)}, but it was not there.",
        f"{first} asked {their} friend {friend} for help.",
        f'"Have you seen my {noun}?" asked {first}.',
        f'"I saw it {r.choice(w.SPOTS)}," said {friend}.',
        f"Then {article(beast)} came and took the {noun}.",
        f"It was {r.choice(('cold', 'dark', 'late', 'warm', 'raining'))}, and {first} was {mood}.",
        f"{friend} gave {them} {article(gift)}.",
        f"They {r.choice(w.MOTIONS)[2]} together {r.choice(w.SPOTS)}.",
        sentence(r),
    ]
    keep = sorted(r.sample(range(len(middle)), r.randint(2, 5)))
    ending = r.choice(
        (
            f"In the end {first} was happy.",
            f"At last {they} found the {noun} and went home.",
            f"From that day on, {first} and {friend} were friends.",
            f"{first} smiled and thanked {friend}.",
            f"{they_up} never forgot the {noun}.",
        )
    )
    return " ".join([opening, *(middle[i] for i in keep), ending])


def portrait(r: Random, person: bool = False) -> tuple[str, values.Record]:
    """A description of a person, or else also of a product, meeting or day, and the facts in it."""
    first, last, they = values.full_name(r)
    they_up, their, city, job, age = (
        they.capitalize(),
        "Her" if they == "she" else "His",
        r.choice(w.CITIES)[0],
        r.choice(w.JOBS),
        r.randint(18, 80),
    )
    name, hobbies = f"{first} {last}", values.some(r, w.HOBBIES, 1, 3)
    kind = 0.0 if person else r.random()
    if kind < 0.5:
        mail = values.email(r, first, last)
        parts: list[tuple[str, values.Record]] = [
            (f"{name} is {age} years old and lives in {city}.", {"name": name, "age": age, "city": city}),
            (f"{they_up} works as {article(job)}.", {"job": job}),
            (f"{first} likes {join(hobbies)}.", {"hobbies": hobbies}),
            (f"{their} e-mail address is {mail}.", {"email": mail}),
        ]
        keep = [0, *sorted(r.sample((1, 2, 3), r.randint(0, 3)))]
        return " ".join(parts[i][0] for i in keep), {k: v for i in keep for k, v in parts[i][1].items()}
    if kind < 0.7:
        item, category, base = r.choice(w.PRODUCTS)
        cost, colour = int(base) + r.randint(0, 20), r.choice(w.COLOURS)
        return f"The {colour} {item} costs {cost} dollars.", {
            "name": item,
            "color": colour,
            "price": cost,
            "category": category,
        }
    if kind < 0.85:
        day, time, what = r.choice(w.DAYS), values.clock(r), r.choice(w.EVENTS)
        return f"The {what} is on {day} at {time} in {city}.", {
            "event": what,
            "day": day,
            "time": time,
            "city": city,
        }
    degrees, sky = r.randint(-10, 35), r.choice(w.WEATHER)
    return f"Today it is {sky} in {city}, with {degrees} degrees.", {
        "city": city,
        "weather": sky,
        "temperature": degrees,
    }


def paragraph(r: Random) -> str:
    """Two to five sentences."""
    return " ".join(sentence(r) for _ in range(r.randint(2, 5)))
