"""Made-up records of products, orders, media, companies, travel, settings and calls.

In: a seeded `random.Random`. Out: dicts whose fields agree with each other (an e-mail address follows
the name, a total follows the items). Cost: some microseconds a record. Refuses: nothing.
"""

from __future__ import annotations

from random import Random

from corpus import values as v
from corpus import words as w


def product(r: Random) -> v.Record:
    name, category, base = r.choice(w.PRODUCTS)
    rest: v.Record = {
        "price": v.price(r, float(base)),
        "category": category,
        r.choice(("in_stock", "available")): r.random() < 0.7,
        "color": r.choice(w.COLOURS),
        "tags": v.some(r, w.TAGS),
        r.choice(("quantity", "stock")): r.randint(0, 200),
        "rating": round(r.uniform(2.5, 5), 1),
        "brand": v.company(r),
        "material": r.choice(w.MATERIALS),
        "id": r.randint(1, 9999),
        "currency": r.choice(("USD", "EUR", "GBP")),
        "weight": round(r.uniform(0.1, 9), 1),
        "discount": r.choice((None, 5, 10, 20)),
        "dimensions": {"width": r.randint(2, 90), "height": r.randint(2, 90), "depth": r.randint(2, 90)},
    }
    return v.pick(r, rest, {r.choice(("name", "name", "product", "title")): name}, always=("price",), most=5)


def order(r: Random) -> v.Record:
    first, last, _ = v.full_name(r)
    items, total = [], 0.0
    for name, _, base in r.sample(w.PRODUCTS, r.randint(1, 3)):
        count, each = r.randint(1, 4), v.price(r, float(base))
        items.append(
            {"name": name, "quantity": count, "price": each}
            if r.random() < 0.8
            else {"name": name, "quantity": count}
        )
        total += count * each
    rest: v.Record = {
        "items": items,
        "total": round(total, 2),
        "status": r.choice(("pending", "paid", "shipped", "delivered", "cancelled")),
        "date": v.date(r),
        "paid": r.random() < 0.6,
        "shipping_address": v.address(r),
        "currency": r.choice(("USD", "EUR", "GBP")),
    }
    head: v.Record = {r.choice(("id", "order_id")): r.choice((v.identifier(r), r.randint(100, 99999)))}
    head["customer"] = (
        f"{first} {last}"
        if r.random() < 0.7
        else {"name": f"{first} {last}", "email": v.email(r, first, last)}
    )
    return v.pick(r, rest, head, always=("items",), most=4)


def book(r: Random) -> v.Record:
    rest: v.Record = {
        "author": " ".join(v.full_name(r)[:2]),
        "year": r.randint(1900, 2026),
        "pages": r.randint(60, 900),
        "genre": r.choice(w.GENRES),
        "isbn": f"978-{r.randint(0, 9)}-{r.randint(100, 999)}-{r.randint(10000, 99999)}-{r.randint(0, 9)}",
        "available": r.random() < 0.6,
        "rating": r.randint(1, 5),
        "language": r.choice(w.COUNTRIES)[3],
    }
    return v.pick(r, rest, {"title": v.title(r)}, always=("author",), most=4)


def movie(r: Random) -> v.Record:
    rest: v.Record = {
        "director": " ".join(v.full_name(r)[:2]),
        "year": r.randint(1940, 2026),
        "genre": r.choice(w.GENRES),
        "rating": round(r.uniform(3, 10), 1),
        "actors": [" ".join(v.full_name(r)[:2]) for _ in range(r.randint(1, 3))],
        "minutes": r.randint(70, 200),
    }
    return v.pick(r, rest, {"title": v.title(r)}, always=("year",), most=4)


def song(r: Random) -> v.Record:
    rest: v.Record = {
        "artist": " ".join(v.full_name(r)[:2]),
        "genre": r.choice(w.MUSIC),
        "year": r.randint(1950, 2026),
        "duration": f"{r.randint(2, 6)}:{r.randint(0, 59):02}",
    }
    return v.pick(r, rest, {"title": v.title(r)}, always=("artist",), most=3)


def recipe(r: Random) -> v.Record:
    parts = [
        {"name": n, "amount": f"{r.randint(1, 500)} {r.choice(('g', 'ml', 'cups', 'spoons'))}"}
        for n in v.some(r, w.INGREDIENTS, 2, 4)
    ]
    rest: v.Record = {
        "ingredients": parts if r.random() < 0.5 else v.some(r, w.INGREDIENTS, 2, 5),
        "minutes": r.choice((10, 15, 20, 30, 45, 60, 90)),
        "servings": r.randint(1, 8),
        "vegetarian": r.random() < 0.5,
        "difficulty": r.choice(("easy", "medium", "hard")),
        "steps": r.sample(
            (
                "Mix everything.",
                "Heat the oil.",
                "Bake for 30 minutes.",
                "Add salt.",
                "Serve warm.",
                "Cut the onion.",
            ),
            r.randint(2, 4),
        ),
    }
    return v.pick(r, rest, {r.choice(("name", "dish", "title")): r.choice(w.DISHES)}, most=4)


def business(r: Random) -> v.Record:
    name = v.company(r)
    rest: v.Record = {
        "industry": r.choice(w.INDUSTRIES),
        "employees": r.randint(2, 9000),
        "founded": r.randint(1900, 2025),
        "city": r.choice(w.CITIES)[0],
        "website": "https://www." + name.lower().replace(" ", "") + ".com",
        "ceo": " ".join(v.full_name(r)[:2]),
        "public": r.random() < 0.4,
        "address": v.address(r),
        "revenue": r.randint(1, 900) * 1_000_000,
    }
    return v.pick(r, rest, {r.choice(("name", "company")): name}, most=4)


def vehicle(r: Random) -> v.Record:
    rest: v.Record = {
        "model": f"{r.choice(w.COMPANY_HEADS)} {r.randint(1, 9)}",
        "year": r.randint(1990, 2026),
        "color": r.choice(w.COLOURS),
        "electric": r.random() < 0.4,
        "km": r.randint(0, 300) * 1000,
        "price": r.randint(2, 90) * 1000,
        "plate": v.identifier(r),
        "doors": r.choice((2, 3, 4, 5)),
    }
    return v.pick(
        r,
        rest,
        {r.choice(("make", "brand")): r.choice(w.COMPANY_HEADS) + " Motors"},
        always=("model",),
        most=4,
    )


def flight(r: Random) -> v.Record:
    start, goal = r.sample(w.CITIES, 2)
    rest: v.Record = {
        "date": v.date(r),
        "departure": v.clock(r),
        "gate": f"{r.choice('ABCD')}{r.randint(1, 40)}",
        "price": r.randint(40, 900),
        "seats": r.randint(0, 200),
        "passengers": [" ".join(v.full_name(r)[:2]) for _ in range(r.randint(1, 3))],
        "delayed": r.random() < 0.3,
    }
    return v.pick(
        r,
        rest,
        {
            "flight": f"{r.choice('ABDKLU')}{r.choice('ABFKLY')}{r.randint(100, 999)}",
            "from": start[0],
            "to": goal[0],
        },
        most=3,
    )


def review(r: Random) -> v.Record:
    words, mood, stars = r.choice(
        (
            (w.PRAISE, "positive", r.randint(4, 5)),
            (w.BLAME, "negative", r.randint(1, 2)),
            (w.NEUTRAL, "neutral", 3),
        )
    )
    rest: v.Record = {
        "rating": stars,
        "sentiment": mood,
        "text": r.choice(words).capitalize() + ".",
        "author": r.choice(w.FEMALE + w.MALE),
        "date": v.date(r),
        "verified": r.random() < 0.6,
    }
    return v.pick(r, rest, {"product": r.choice(w.PRODUCTS)[0]}, always=("rating",), most=4)


def settings(r: Random) -> v.Record:
    rest: v.Record = {
        "debug": r.random() < 0.5,
        "port": r.choice((80, 443, 3000, 8000, 8080)),
        "host": r.choice(("localhost", "127.0.0.1", "example.com")),
        "timeout": r.randint(1, 60),
        "version": f"{r.randint(0, 9)}.{r.randint(0, 20)}.{r.randint(0, 9)}",
        "log_level": r.choice(("debug", "info", "warning", "error")),
        "retries": r.randint(0, 5),
        "database": {"user": "admin", "name": r.choice(("main", "test", "shop"))},
        "features": v.some(r, ("search", "login", "chat", "export", "cache")),
    }
    return v.pick(r, rest, {"name": r.choice(("server", "client", "worker", "app", "test"))}, most=5)


def call(r: Random) -> v.Record:
    city, first = r.choice(w.CITIES)[0], r.choice(w.FEMALE + w.MALE)
    name, arguments = r.choice(
        (
            ("get_weather", {"city": city, "unit": r.choice(("celsius", "fahrenheit"))}),
            ("search", {"query": f"{r.choice(w.NOUNS)} {r.choice(w.NOUNS)}", "limit": r.choice((3, 5, 10))}),
            (
                "send_email",
                {"to": first.lower() + "@" + r.choice(w.DOMAINS), "subject": r.choice(w.EVENTS).capitalize()},
            ),
            ("add", {"a": r.randint(0, 99), "b": r.randint(0, 99)}),
            ("book_flight", {"from": city, "to": r.choice(w.CITIES)[0], "date": v.date(r)}),
            ("set_alarm", {"time": v.clock(r)}),
            ("get_time", {"city": city}),
        )
    )
    return {"name": name, r.choice(("arguments", "arguments", "parameters")): arguments}


def shape(r: Random) -> v.Record:
    return r.choice(
        (
            {"x": r.randint(-99, 99), "y": r.randint(-99, 99)},
            {"a": 1, "b": 2},
            {"type": "circle", "radius": r.randint(1, 50)},
            {"width": r.randint(1, 99), "height": r.randint(1, 99)},
            {"values": [r.randint(0, 99) for _ in range(r.randint(1, 6))]},
            {"answer": r.choice(("yes", "no"))},
            {"result": r.randint(0, 999), "ok": r.random() < 0.8},
            {"matrix": [[r.randint(0, 9) for _ in range(2)] for _ in range(2)]},
            {"error": None, "data": {}},
            {"id": r.randint(1, 99), "value": round(r.uniform(0, 100), 2), "items": []},
        )
    )
