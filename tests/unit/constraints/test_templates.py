"""Templates, Regular Expression Instruction, numbered items and copies, against ``re`` and plain Python."""

from __future__ import annotations

import datetime
import itertools
import random
import re

import pytest
from support.vocabularies import byte_vocabulary, random_text, random_vocabulary

import decodex as dx

VOCAB = byte_vocabulary()


def texts(letters: str, most: int) -> list[str]:
    return ["".join(t) for n in range(most + 1) for t in itertools.product(letters, repeat=n)]


def test_template_says_what_its_pattern_says() -> None:
    template = dx.template("a{x:/[ab]{1,2}/}b{y}{{{z}}}", y=["", "a"], z=dx.regex("b?"))
    compiled = dx.compile(template, VOCAB)
    pattern = re.compile(template.as_regex())
    assert pattern.groupindex.keys() == {"x", "y", "z"}
    for text in texts("ab", 6):
        for whole in (text, f"{text}{{}}", f"{text}{{b}}"):
            found = pattern.fullmatch(whole)
            assert bool(compiled.check(whole)) == bool(found), whole
            if not found:
                with pytest.raises(dx.ConstraintError, match="can be read up to"):
                    template.parse(whole)
                continue
            values = template.parse(whole)
            assert f"a{values['x']}b{values['y']}{{{values['z']}}}" == whole
            assert re.fullmatch("[ab]{1,2}", values["x"]) and values["y"] in ("", "a")


def test_template_values() -> None:
    template = dx.template(
        "{n:int}/{f:float} {ok:bool} {day:date} {who} {kind} {shape}: {rest:text}",
        who={"Ada", "Bob"} and ["Ada", "Bob"],
        kind=re.compile("[xyz]+"),
        shape=dx.json_schema({"type": "array", "items": {"type": "integer"}}),
    )
    text = "12/-0.5 true 2024-02-29 Bob zy [1, 2]: any\nthing: {}"
    assert dx.compile(template, VOCAB).check(text)
    assert template.parse(text) == {
        "n": 12, "f": -0.5, "ok": True, "day": "2024-02-29", "who": "Bob", "kind": "zy", "shape": [1, 2],
        "rest": "any\nthing: {}",
    }  # fmt: skip
    assert dx.template("{d}", d=datetime.date).parse("2024-02-29") == {"d": "2024-02-29"}
    assert dx.template("no gap").parse("no gap") == {} and dx.template("").parse("") == {}
    assert dx.template(r"{p:/a\/b{1}\\/}").parse("a/b\\") == {"p": "a/b\\"}


def test_template_reading_is_not_exponential() -> None:
    template = dx.template("".join(f"{{g{i}:/a*/}}" for i in range(12)) + "b")
    with pytest.raises(dx.ConstraintError, match="position 30"):
        template.parse("a" * 30)


@pytest.mark.parametrize(
    ("text", "gaps", "message"),
    [
        ("{", {}, "column 1 of the template"),
        ("ab }", {}, "closing brace.*column 4"),
        ("{x", {}, "comes } or :.*column 3"),
        ("{x}", {}, "pass x="),
        ("{x:int} {x:int}", {}, "there twice.*column 9"),
        ("a\n {x:number}", {}, "'number' is no kind of gap.*line 2, column 5"),
        ("{x:int}", {"x": "a"}, "as a keyword and in the template"),
        ("{x:/a}", {}, "no end"),
        ("{x:int", {}, "not closed"),
        ("{x}", {"x": "a", "y": "b"}, "no gap 'y'; its gaps are x"),
        ("{x}", {"x": 3}, "not 3"),
        ("{3}", {}, "begins with its name"),
        (3, {}, "not int"),
    ],
)
def test_wrong_templates_are_named(text: str, gaps: dict[str, object], message: str) -> None:
    with pytest.raises(dx.ConstraintError, match=message):
        dx.template(text, **gaps)


REI = [
    ("<mask_0> ab(0) <mask_1>", r".*\bab\b.*", None),
    ("<mask_0> a(0) <mask_1> b(1) <mask_2>", r".*\ba\b.*\bb\b.*", None),
    ("<mask_0> a(0) <mask_1> <length=3>", r".*\ba\b.*", 3),
    ("<expression> a <mask_0> b </expression>", r"a.*b", None),
    ("before <expression> <mask_0> b(0) </expression> behind", r".*\bb\b", None),
    ("<options> <choice_0> a b </choice_0> <choice_1> b </choice_1> </options>", r"a b|b", None),
    ("a <options><choice_0>a</choice_0><choice_1> <mask_0> b(0)</choice_1></options> b", r"a (?:a|.*\bb\b) b", None),
    ("<options><choice_0>a</choice_0><choice_1>b</choice_1></options> <length=3>", r"(?:a ?|b ?){3}", None),
    ("<mask_0> <options><choice_0>a</choice_0><choice_1>bb</choice_1></options>", r".*(?:a|bb)", None),
    ("<length=2>", r".*", 2),
    ("a b(1)", r"a b\b", None),
]


@pytest.mark.parametrize(("expression", "pattern", "count"), REI)
def test_rei(expression: str, pattern: str, count: int | None) -> None:
    constraint = dx.rei(expression)
    compiled = dx.compile(constraint, VOCAB)
    printed = re.compile(constraint.as_regex())
    for text in texts("ab ", 7):
        expected = bool(re.fullmatch(pattern, text)) and count in (None, len(text.split()))
        assert bool(compiled.check(text)) == expected, (text, expression)
        assert bool(printed.fullmatch(text)) == expected, (text, constraint.as_regex())


@pytest.mark.parametrize("ordered", [True, False])
def test_rei_keywords_stand_alone_but_for_punctuation(ordered: bool) -> None:
    compiled = dx.compile(dx.rei("<mask_0> cat(0) <mask_1> dog(1) <mask_2>", ordered=ordered), VOCAB)
    for text in ("cat dog", 'A cat, a "dog".', "cat... (dog)"):
        assert compiled.check(text)
    for text in ("cat,dog", "cats dog", "cat-like dog", "cat"):
        assert not compiled.check(text)
    assert bool(compiled.check("dog cat")) == (not ordered)
    assert dx.compile(dx.rei("He (cat(0)), no"), VOCAB).check("He (cat), no")


def test_rei_keywords_in_any_order() -> None:
    compiled = dx.compile(dx.rei("<mask_0> a(0) <mask_1> b(1) <mask_2> <length=3>", ordered=False), VOCAB)
    for text in texts("ab ", 7):
        words = text.split()
        assert bool(compiled.check(text)) == (len(words) == 3 and {"a", "b"} <= set(words)), text


def test_rei_generates_what_it_asks() -> None:
    vocab = random_vocabulary(3)
    rng = random.Random(3)
    for expression, pattern, count in REI:
        compiled = dx.compile(dx.rei(expression), vocab)
        for _ in range(20):
            text = random_text(compiled.matcher(), vocab, rng, limit=60)
            if text is not None:
                shown = text.decode()
                assert re.fullmatch(pattern, shown) and count in (None, len(shown.split()))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("a <mask_x>", "<mask_x> is not expected here .*column 3"),
        ("<options></options>", "no choice.*column 1"),
        ("<options><choice_0>a</choice_0>", "</options> is missing"),
        ("<options><choice_0>a</options>", "is not expected here"),
        ("<options><choice_0>a", "</choice_0> is missing"),
        ("<options>a</options>", "inside <options> comes"),
        ("<options><choice_0>a</choice_1></options>", "column 21"),
        ("a</options>", "column 2"),
        ("<expression>a", "one <expression>"),
        ("</expression>a<expression>", "one <expression>"),
        ("a < b", "not expected here"),
        ("<length=1000000>", "at most 100,000"),
        ("<options><choice_0><length=2></choice_0></options>", "behind the options"),
        ("<options><choice_0>" * 60, "50 deep"),
        (3, "not int"),
    ],
)
def test_wrong_expressions_are_named(expression: str, message: str) -> None:
    with pytest.raises(dx.ConstraintError, match=message):
        dx.rei(expression)


def test_impossible_expressions_are_refused() -> None:
    with pytest.raises(dx.UnsatisfiableError):
        dx.compile(dx.rei("<mask_0> cat(0) <mask_1> dog(1) <length=1>"), VOCAB)
    with pytest.raises(dx.ConstraintError, match="keywords, masks and a length alone"):
        dx.rei("cat", ordered=False)


def test_numbered_items() -> None:
    constraint = dx.numbered(dx.regex("[a1]+"), 2, 3, label="{})", separator=",", first=9)
    compiled = dx.compile(constraint, VOCAB)
    for items in itertools.product(["", "a", "1", "a1"], repeat=4):
        for count in range(5):
            text = ",".join(f"{9 + i}){item}" for i, item in enumerate(items[:count]))
            good = 2 <= count <= 3 and all(items[:count])
            assert bool(compiled.check(text)) == good, text
            assert bool(re.fullmatch(constraint.as_regex(), text)) == good, text
    assert not compiled.check("9)a,11)a") and not compiled.check("9)a,9)a") and compiled.check("9)a,10)a")


def test_many_numbered_items() -> None:
    item = dx.json_schema({"type": "integer"})
    compiled = dx.compile(dx.numbered(item, 2_000, 9_000), VOCAB)
    for count in (1_999, 2_000, 5_000, 9_000, 9_001):
        text = "\n".join(f"{i + 1}. {i}" for i in range(count))
        assert bool(compiled.check(text)) == (2_000 <= count <= 9_000)
    words = dx.compile(dx.numbered(dx.regex("[a-z ]+")) & dx.length("words", 10, 10), VOCAB)
    assert words.check("1. a b c\n2. d e f g h") is not None and words.check("1. a b c\n2. d e f\n3. g")


def test_copies_are_substrings() -> None:
    source = "abracadabra, über\nabra"
    parts = {source[i:j] for i in range(len(source)) for j in range(i, len(source) + 1)}
    compiled = dx.compile(dx.copy_of(source, 2, 7), VOCAB)
    rng = random.Random(0)
    others = ["".join(rng.choice("abrcd, ü\n") for _ in range(rng.randint(0, 8))) for _ in range(3000)]
    for text in [*parts, *others]:
        assert bool(compiled.check(text)) == (text in source and 2 <= len(text) <= 7), text
    words = dx.compile(dx.copy_of(source, 0, whole_words=True), VOCAB)
    tokens = re.findall(r"\w+|\W", source)
    runs = {"".join(tokens[i:j]) for i in range(len(tokens) + 1) for j in range(i, len(tokens) + 1)}
    for text in [*parts, *others]:
        assert bool(words.check(text)) == (text in runs), text


def test_copies_out_of_a_long_source() -> None:
    rng = random.Random(1)
    names = ["rain", "train", "sun", "Berlin", "a"]
    source = " ".join(f"{rng.choice(names)}{rng.randint(0, 99)}" for _ in range(3000))
    vocab = random_vocabulary(2, letters="abrintuseBl 0123456789")
    for constraint, unit in (
        (dx.copy_of(source, 30, 60), len),
        (dx.copy_of(source, 5, 8, "words", whole_words=True), lambda text: len(text.split())),
    ):
        compiled = dx.compile('"' + constraint + '"', vocab)
        for _ in range(20):
            text = random_text(compiled.matcher(), vocab, rng)
            assert text is not None
            span = text.decode()[1:-1]
            assert span in source and unit(span) >= 5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dx.numbered("a", 3, 2), "max=2 is less than min=3"),
        (lambda: dx.numbered("a", -1), "min is a count"),
        (lambda: dx.numbered("a", 1, 10_001), "10,000"),
        (lambda: dx.numbered("a", label="- "), "one {} in it"),
        (lambda: dx.numbered("a", separator=3), "separator is a text"),
        (lambda: dx.copy_of(3), "not int"),
        (lambda: dx.copy_of("a" * 500_001), "500,000"),
        (lambda: dx.copy_of("a", 2, 1), "less than min"),
        (lambda: dx.copy_of("a", whole_words="a"), "whole_words is True or False"),
        (lambda: dx.rei("a", ordered=None), "ordered is True or False"),
        (lambda: dx.rei("<length=" + "9" * 5_000 + ">"), "at most 100,000 words"),
        (lambda: dx.template("{n:int}").parse(3), "is a str, not int"),
    ],
)
def test_wrong_items_and_copies_are_named(make: object, message: str) -> None:
    with pytest.raises(dx.ConstraintError, match=message):
        make()  # type: ignore[operator]


def test_a_long_fixed_text() -> None:
    long = "a {{}} " * 150_000
    compiled = dx.compile(dx.template(long + "{n:int}"), VOCAB)
    matcher = compiled.matcher()
    assert matcher.allowed_tokens().tolist() == [ord("a")] and matcher.advance(ord("a"))
    assert compiled.check("a {} " * 150_000 + "12")


def test_a_source_without_such_a_copy_is_refused() -> None:
    with pytest.raises(dx.UnsatisfiableError):
        dx.compile(dx.copy_of("short", 10), VOCAB)
