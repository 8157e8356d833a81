"""Made-up records of people, places, animals, events, weather, accounts, tasks, messages and courses.

In: a seeded `random.Random`. Out: dicts whose fields agree with each other (an e-mail address follows
the name, a total follows the items). Cost: some microseconds a record. Refuses: nothing.
"""

from __future__ import annotations

from random import Random

from corpus import values as v
from corpus import words as w


def person(r: Random) -> v.Record:
    first, last, _ = v.full_name(r)
    city, country = r.choice(w.CITIES)
    if r.random() < 0.75:
        names: v.Record = {"name": f"{first} {last}"} if r.random() < 0.75 else {"name": first}
    else:
        names = (
            {"first_name": first, "last_name": last}
            if r.random() < 0.6
            else {"firstName": first, "lastName": last}
        )
    rest: v.Record = {
        "age": r.randint(18, 80),
        "city": city,
        "email": v.email(r, first, last),
        "country": country,
        r.choice(("job", "occupation", "profession")): r.choice(w.JOBS),
        "phone": v.phone(r),
        "hobbies": v.some(r, w.HOBBIES),
        "address": v.address(r),
        "married": r.random() < 0.5,
        "children": r.choice((0, 0, 1, 2, 3)),
        "is_student": r.random() < 0.3,
        "born": f"{r.randint(1950, 2007)}{v.date(r)[4:]}",
        "height": round(r.uniform(1.5, 2.0), 2),
        "languages": v.some(r, tuple(sorted({c[3] for c in w.COUNTRIES})), 1, 3),
        "favorite_color": r.choice(w.COLOURS),
        "nickname": r.choice((None, first[:3], first.lower())),
    }
    return v.pick(r, rest, names, always=("age",), most=5)


def place(r: Random) -> v.Record:
    if r.random() < 0.5:
        country, capital, continent, language = r.choice(w.COUNTRIES)
        rest: v.Record = {
            "capital": capital,
            "continent": continent,
            "language": language,
            "population": r.randint(1, 200) * 1_000_000,
            "area_km2": r.randint(50, 900) * 1000,
            "currency": r.choice(("euro", "dollar", "peso", "pound", "krone")),
        }
        return v.pick(r, rest, {r.choice(("name", "country")): country}, most=4)
    city, country = r.choice(w.CITIES)
    rest = {
        "country": country,
        "population": r.randint(50, 9000) * 1000,
        "is_capital": any(c[1] == city for c in w.COUNTRIES),
        "location": {"lat": round(r.uniform(-60, 60), 4), "lon": round(r.uniform(-180, 180), 4)},
        "attractions": [
            f"{n.title()} {t}"
            for n, t in zip(v.some(r, w.NOUNS, 1, 3), ("Museum", "Park", "Tower"), strict=False)
        ],
    }
    return v.pick(r, rest, {r.choice(("name", "city")): city}, most=4)


def event(r: Random) -> v.Record:
    kind, (city, _) = r.choice(w.EVENTS), r.choice(w.CITIES)
    rest: v.Record = {
        "date": v.date(r),
        "time": v.clock(r),
        "location": city,
        r.choice(("attendees", "guests")): r.randint(2, 500),
        "organizer": " ".join(v.full_name(r)[:2]),
        "free": r.random() < 0.5,
        "start": v.moment(r),
        "speakers": [" ".join(v.full_name(r)[:2])],
        "duration_minutes": r.choice((30, 45, 60, 90, 120)),
        "price": r.choice((0, 5, 10, 25, 40)),
    }
    return v.pick(
        r, rest, {r.choice(("name", "title", "event")): kind.capitalize()}, always=("date",), most=5
    )


def weather(r: Random) -> v.Record:
    city, _ = r.choice(w.CITIES)
    rest: v.Record = {
        r.choice(("temperature", "temp", "temperature_c")): r.choice(
            (r.randint(-10, 38), round(r.uniform(-10, 38), 1))
        ),
        r.choice(("condition", "weather", "sky")): r.choice(w.WEATHER),
        "humidity": r.randint(20, 100),
        "wind_speed": r.randint(0, 80),
        "unit": r.choice(("celsius", "C")),
        "date": v.date(r),
        "rain": r.random() < 0.4,
        "forecast": [
            {"day": d, "high": (h := r.randint(5, 35)), "low": h - r.randint(2, 12)}
            for d in r.sample(w.DAYS, r.randint(1, 3))
        ],
    }
    return v.pick(r, rest, {r.choice(("city", "city", "location")): city}, most=5)


def animal(r: Random) -> v.Record:
    kind = r.choice(w.ANIMALS)
    rest: v.Record = {
        r.choice(("species", "type", "kind")): kind,
        "age": r.randint(0, 20),
        "color": r.choice(w.COLOURS),
        "weight": round(r.uniform(0.1, 90), 1),
        "owner": " ".join(v.full_name(r)[:2]),
        "vaccinated": r.random() < 0.7,
        "sound": None if kind in ("ant", "salmon", "shark") else r.choice(("soft", "loud")),
    }
    return v.pick(
        r,
        rest,
        {
            "name": r.choice(
                (
                    "Rex",
                    "Luna",
                    "Milo",
                    "Bella",
                    "Coco",
                    "Max",
                    "Daisy",
                    "Rocky",
                    "Nala",
                    "Simba",
                    "Oreo",
                    "Toby",
                )
            )
        },
        most=4,
    )


def user(r: Random) -> v.Record:
    first, last, _ = v.full_name(r)
    rest: v.Record = {
        "email": v.email(r, first, last),
        "active": r.random() < 0.7,
        "role": r.choice(("admin", "user", "editor", "guest")),
        "created_at": v.moment(r),
        "roles": v.some(r, ("admin", "user", "editor", "guest"), 1, 2),
        "last_login": r.choice((None, v.date(r))),
        "score": r.randint(0, 100),
        "settings": {
            "theme": r.choice(("dark", "light")),
            "notifications": r.random() < 0.5,
            "language": r.choice(("en", "de", "fr", "es")),
        },
    }
    return v.pick(
        r,
        rest,
        {"id": r.choice((r.randint(1, 9999), v.uuid(r))), "username": f"{first.lower()}{r.randint(1, 99)}"},
        most=4,
    )


def task(r: Random) -> v.Record:
    goal = f"{r.choice(w.VERBS)[0].capitalize()} the {r.choice(w.NOUNS)}"
    rest: v.Record = {
        "done": r.random() < 0.5,
        "priority": r.choice(("low", "medium", "high")),
        "due": v.date(r),
        "assignee": r.choice(w.FEMALE + w.MALE),
        "tags": v.some(r, w.TAGS),
        "id": r.randint(1, 999),
        "notes": r.choice((None, "", "Ask first.")),
        "progress": r.randint(0, 100),
    }
    return v.pick(r, rest, {r.choice(("title", "task", "name")): goal}, most=4)


def message(r: Random) -> v.Record:
    text = r.choice(
        (
            "Hello!",
            "See you soon.",
            "Thank you for your help.",
            "The meeting is at noon.",
            "Please call me.",
            "Happy birthday!",
            "I will be late.",
        )
    )
    rest: v.Record = {
        "subject": r.choice(w.EVENTS).capitalize(),
        "sent": v.moment(r),
        "read": r.random() < 0.5,
        "id": r.randint(1, 9999),
    }
    return v.pick(
        r,
        rest,
        {
            "from": r.choice(w.FEMALE + w.MALE),
            "to": r.choice(w.FEMALE + w.MALE),
            r.choice(("text", "body", "message")): text,
        },
        most=3,
    )


def course(r: Random) -> v.Record:
    grades = [
        {"student": r.choice(w.FEMALE + w.MALE), "grade": r.choice("ABCDF")} for _ in range(r.randint(1, 3))
    ]
    rest: v.Record = {
        "teacher": " ".join(v.full_name(r)[:2]),
        "students": r.choice((r.randint(5, 200), grades)),
        "credits": r.randint(1, 12),
        "room": f"{r.choice('ABC')}{r.randint(100, 400)}",
        "day": r.choice(w.DAYS),
        "level": r.choice(("beginner", "intermediate", "advanced")),
    }
    return v.pick(
        r, rest, {r.choice(("course", "name", "subject")): r.choice(w.SUBJECTS).capitalize()}, most=4
    )
