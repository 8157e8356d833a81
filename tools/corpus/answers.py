"""Questions with short answers: facts, sums, yes and no, lists, labels, small formats, small talk.

In: a seeded `random.Random`. Out: `(question, answer)` pairs; facts are true, people are invented. Cost: some
microseconds a pair. Refuses: nothing.
"""

from __future__ import annotations

import json
from random import Random

from corpus import prose, records, values
from corpus import words as w

Pair = tuple[str, str]


def fact(r: Random) -> Pair:
    """A question with a short true answer."""
    country, capital, continent, language = r.choice(w.COUNTRIES)
    one, two = r.choice(w.OPPOSITES)
    first, last = r.sample((one, two), 2)
    day, month, noun = r.randrange(7), r.randrange(12), r.choice(w.NOUNS)
    return r.choice(
        (
            (f"What is the capital of {country}?", capital),
            (f"Which country has the capital {capital}?", country),
            (f"Where is {country}?", f"{country} is in {continent}."),
            (f"What is the capital of {country}?", f"The capital of {country} is {capital}."),
            (f"What language do people speak in {country}?", language),
            (f"What is the opposite of {first}?", last),
            (f"Which day comes after {w.DAYS[day]}?", w.DAYS[(day + 1) % 7]),
            (f"Which month comes after {w.MONTHS[month]}?", w.MONTHS[(month + 1) % 12]),
            (f"What is the plural of {noun}?", prose.plural(noun)),
            (f"On which continent is {country}?", continent),
            (f"Which day comes before {w.DAYS[day]}?", w.DAYS[day - 1]),
        )
    )


def statement(r: Random) -> str:
    """A true sentence, or a plain one about an invented person."""
    country, capital, continent, language = r.choice(w.COUNTRIES)
    first, last, they = values.full_name(r)
    one, two = r.choice(w.OPPOSITES)
    return r.choice(
        (
            f"The capital of {country} is {capital}.",
            f"{capital} is the capital of {country}.",
            f"{country} is a country in {continent}.",
            f"People in {country} speak {language}.",
            f"The opposite of {one} is {two}.",
            f"{r.choice(w.FACTS_TRUE).capitalize()}.",
            f"My name is {first} {last}.",
            f"My name is {first} and I am {r.randint(18, 80)} years old.",
            f"I live in {capital}, {country}.",
            f"I am {prose.article(r.choice(w.JOBS))} and I like {r.choice(w.HOBBIES)}.",
            f"{first} is {prose.article(r.choice(w.JOBS))}, and {they} likes {r.choice(w.FOODS)}.",
            f"My favourite colour is {r.choice(w.COLOURS)}.",
            f"The {r.choice(w.EVENTS)} is on {r.choice(w.DAYS)} at {values.clock(r)}.",
            f"The weather in {capital} is {r.choice(w.WEATHER)}.",
        )
    )


def arithmetic(r: Random) -> Pair:
    """A small sum and its value."""
    a, b, c = r.randint(0, 20), r.randint(0, 20), r.randint(1, 10)
    text, value = r.choice(
        (
            (f"{a} + {b}", a + b),
            (f"{a + b} - {a}", b),
            (f"{c} * {b % 11}", c * (b % 11)),
            (f"{a} + {b} + {c}", a + b + c),
            (f"({a} + {b}) * {c}", (a + b) * c),
        )
    )
    return r.choice(
        (
            (f"What is {text}?", str(value)),
            (f"{text} =", str(value)),
            (f"Compute {text}.", f"{text} = {value}"),
            (f"What is {text}?", f"{text} = {value}"),
        )
    )


def yes_no(r: Random) -> Pair:
    """A closed question and its answer."""
    yes = r.random() < 0.5
    country, capital, continent, _ = r.choice(w.COUNTRIES)
    other = r.choice([c[0] for c in w.COUNTRIES if c[0] != country])
    elsewhere = r.choice([c for c in ("Europe", "Asia", "Africa", "Oceania") if c != continent])
    a, b = sorted(r.sample(range(100), 2))
    statement = r.choice(w.FACTS_TRUE if yes else w.FACTS_FALSE)
    text = r.choice(
        (
            f"Is {capital} in {country if yes else other}?",
            f"Is {b if yes else a} greater than {a if yes else b}?",
            f"Is it true that {statement}?",
            f"Is {a if yes else b} less than {b if yes else a}?",
            f"Is {country} in {continent if yes else elsewhere}?",
            f"{statement.capitalize()}. Is that right?",
        )
    )
    style = r.random()
    if style < 0.15:
        return f"True or false: {statement}.", ("True" if yes else "False")
    tail = " Answer yes or no." if style < 0.5 else ""
    answer = ("yes" if yes else "no") if style < 0.4 else ("Yes" if yes else "No")
    return text + tail, answer + ("." if style > 0.85 else "")


def listing(r: Random) -> Pair:
    """A request for a list, and the list: numbered, with dashes, in a line, or as a JSON array."""
    name, items = r.choice(
        (
            ("colours", w.COLOURS),
            ("animals", w.ANIMALS),
            ("foods", w.FOODS),
            ("jobs", w.JOBS),
            ("hobbies", w.HOBBIES),
            ("cities", tuple(c[0] for c in w.CITIES)),
            ("names", w.FEMALE + w.MALE),
            ("countries", tuple(c[0] for c in w.COUNTRIES)),
            ("school subjects", w.SUBJECTS),
            ("days of the week", w.DAYS),
            ("adjectives", w.ADJECTIVES),
            (
                "fruits",
                ("apple", "pear", "grape", "banana", "orange", "lemon", "cherry", "peach", "mango", "plum"),
            ),
            ("nouns", w.NOUNS),
            ("months", w.MONTHS),
        )
    )
    count = r.randint(2, 6)
    chosen, number = r.sample(items, count), w.NUMBER_WORDS[count] if r.random() < 0.6 else str(count)
    style = r.random()
    if style < 0.3:
        return r.choice((f"List {number} {name}.", f"Write a numbered list of {number} {name}.")), "\n".join(
            f"{i}. {x}" for i, x in enumerate(chosen, 1)
        )
    if style < 0.45:
        return r.choice(
            (f"List {number} {name} with dashes.", f"Write a list of {number} {name}.")
        ), "\n".join(f"- {x}" for x in chosen)
    if style < 0.65:
        return r.choice((f"Name {number} {name}.", f"Give me {number} {name}.")), ", ".join(chosen)
    if style < 0.9:
        return r.choice(
            (
                f"List {number} {name} as a JSON array.",
                f"JSON array of {name}:",
                f"Give {number} {name} in JSON.",
            )
        ), json.dumps(chosen)
    single = {"countries": "country", "cities": "city", "foods": "food", "days of the week": "day"}.get(
        name, name.rstrip("s")
    )
    return f"Name {prose.article(single)}.", chosen[0]


def choice(r: Random) -> Pair:
    """A request to choose or to classify, and the label."""
    if r.random() < 0.6:
        words, mood = r.choice(((w.PRAISE, "positive"), (w.BLAME, "negative"), (w.NEUTRAL, "neutral")))
        text = " ".join(p.capitalize() + "." for p in r.sample(words, r.randint(1, 2)))
        ask = r.choice(
            (
                "Is this review positive, negative or neutral? {0}",
                "Sentiment of the review: {0}",
                "Classify the sentiment: {0}",
                "Review: {0}\nSentiment:",
            )
        )
        return ask.format(text), r.choice((mood, mood, mood.capitalize()))
    items = r.sample(r.choice((w.COLOURS, w.ANIMALS, w.SEASONS, w.FOODS, w.DAYS)), r.randint(2, 4))
    return f"Choose one: {prose.join(items, 'or')}.", r.choice(items)


def small_format(r: Random) -> Pair:
    """A request for a date, an address, a number in some notation, and an example of it."""
    first, last, _ = values.full_name(r)
    day, month, year = r.randint(1, 28), r.randint(1, 12), r.randint(1990, 2030)
    return r.choice(
        (
            (
                r.choice(("Write a date.", "Give me a date in the form YYYY-MM-DD.", "Today's date (ISO):")),
                f"{year}-{month:02}-{day:02}",
            ),
            ("Write a date in words.", f"{day} {w.MONTHS[month - 1]} {year}"),
            (f"Write {day} {w.MONTHS[month - 1]} {year} as an ISO date.", f"{year}-{month:02}-{day:02}"),
            (
                r.choice(("Write a phone number.", "Phone number:", "Give me a phone number.")),
                values.phone(r),
            ),
            (
                r.choice(("Write an e-mail address.", "E-mail:", "Give me an email address.")),
                values.email(r, first, last),
            ),
            (f"Write an e-mail address for {first} {last}.", values.email(r, first, last)),
            ("Write a time.", values.clock(r)),
            (
                r.choice(("Write a web address.", "URL:")),
                f"https://www.{r.choice(w.NOUNS)}.{r.choice(('com', 'org', 'net'))}/{r.choice(w.NOUNS)}",
            ),
            ("Write a UUID.", values.uuid(r)),
            ("Write an IP address.", ".".join(str(r.randint(1, 254)) for _ in range(4))),
            ("Write a hex colour.", f"#{r.getrandbits(24):06x}"),
            ("Write a price.", f"${r.randint(1, 200)}.{r.randint(0, 99):02}"),
            ("Write a version number.", f"{r.randint(0, 9)}.{r.randint(0, 20)}.{r.randint(0, 9)}"),
            ("Write a number.", str(r.choice((r.randint(0, 9), r.randint(10, 999), r.randint(1000, 99999))))),
            (
                "Write an arithmetic expression.",
                f"({r.randint(1, 20)} + {r.randint(1, 20)}) * {r.randint(1, 9)}",
            ),
            ("Write a postal address.", "{street}, {city}".format(**values.address(r))),
            ("Write a person's name.", f"{first} {last}"),
            ("Write a decimal number.", str(round(r.uniform(0, 100), 2))),
            ("How old is " + first + "?", f"{first} is {r.randint(18, 80)} years old."),
        )
    )


def markup(r: Random) -> Pair:
    """A flat record in a notation other than JSON: YAML, XML, CSV, SQL, a table, a call."""
    kind, value = records.record(r)
    flat = {
        k: v for k, v in value.items() if isinstance(v, str | int | float) and not isinstance(v, bool)
    } or {"name": "test"}
    keys, texts = list(flat), [str(v) for v in flat.values()]
    tag = kind.split()[-1]
    return r.choice(
        (
            (
                f"Write {prose.article(kind)} as YAML.",
                "\n".join(f"{k}: {v}" for k, v in zip(keys, texts, strict=True)),
            ),
            (
                f"Write {prose.article(kind)} as XML.",
                f"<{tag}>"
                + "".join(f"<{k}>{v}</{k}>" for k, v in zip(keys, texts, strict=True))
                + f"</{tag}>",
            ),
            (f"Write {prose.article(kind)} as CSV.", ",".join(keys) + "\n" + ",".join(texts)),
            (
                f"Write a SQL query for the {prose.plural(tag)}.",
                f"SELECT {', '.join(keys[:3])} FROM {prose.plural(tag)} WHERE {keys[0]} = {texts[0]!r};",
            ),
            (
                f"Write {prose.article(kind)} as a table.",
                "| " + " | ".join(keys) + " |\n|" + " --- |" * len(keys) + "\n| " + " | ".join(texts) + " |",
            ),
        )
    )


def hello(r: Random) -> Pair:
    """Small talk."""
    first, noun = r.choice(w.FEMALE + w.MALE), r.choice(w.NOUNS)
    return r.choice(
        (
            ("Hello!", "Hello! How can I help you?"),
            ("Hi", "Hi! What can I do for you?"),
            ("How are you?", "I am fine, thank you."),
            (f"My name is {first}.", f"Nice to meet you, {first}."),
            ("Thank you!", "You are welcome."),
            ("Goodbye.", "Goodbye! Have a nice day."),
            ("Who are you?", "I am a very small language model."),
            ("Good morning!", "Good morning! It is a beautiful day."),
            (
                f"Tell me about the {noun}.",
                f"The {noun} is {r.choice(w.ADJECTIVES)} and {r.choice(w.ADJECTIVES)}.",
            ),
            ("How is the weather?", f"Today it is {r.choice(w.WEATHER)}."),
        )
    )
