"""The grammars in examples/: texts of the wild are accepted, broken ones refused, as independent judges say."""

from __future__ import annotations

import ast
import datetime
import itertools
import random
import re
import sqlite3
from pathlib import Path

import pytest
from support.vocabularies import byte_vocabulary

import decodex as dx

VOCAB = byte_vocabulary()
EXAMPLES = Path(__file__).parents[2] / "examples" / "grammars"


def example(name: str) -> dx.CompiledConstraint:
    source = (EXAMPLES / name).read_text(encoding="utf-8")
    return dx.compile(dx.grammar(source, name.rpartition(".")[2]), VOCAB)  # type: ignore[arg-type]


def random_texts(compiled: dx.CompiledConstraint, count: int, tokens: int = 40) -> list[str]:
    """Texts of the grammar, byte by byte at random, within the budget."""
    rng = random.Random(1)
    out = []
    for _ in range(count):
        matcher = compiled.matcher(max_tokens=tokens)
        data = b""
        while not matcher.is_finished:
            token = int(rng.choice(matcher.allowed_tokens().tolist()))
            assert matcher.advance(token)
            data += bytes([token]) if token < 256 else b""
        out.append(data.decode())
    return out


def test_every_example_compiles() -> None:
    for path in sorted(EXAMPLES.iterdir()):
        assert example(path.name).matcher().tokens_to_finish() > 0, path.name


@pytest.mark.parametrize("name", ["arithmetic.lark", "arithmetic.gbnf"])
def test_arithmetic(name: str) -> None:
    compiled = example(name)
    for text in ["1", "2 * (x + 1) - max(y, 3.5) ^ 2", "-a^-b", "f()", "((((1))))", ".5e-3 / 2.", "a-b-c"]:
        assert compiled.check(text), text
    for text in ["", "1 +", "(1", "1)", "1 2", "f(,)", "* 2", "2 ** 3", "a b"]:
        assert not compiled.check(text), text
    for text in random_texts(compiled, 100):
        ast.parse(re.sub(r"(?<![\w.])0+(?=\d)", "", text).replace("^", "**").strip(), mode="eval")  # Python has no 007


def test_sql() -> None:
    compiled = example("sql_select.lark")
    connection = sqlite3.connect(":memory:")
    connection.execute("create table people (name, age, town)")
    connection.execute("create table towns (id, size)")
    for text in [
        "select * from people",
        "SELECT name, count(*) AS n FROM people AS p LEFT JOIN towns ON p.town = towns.id WHERE age >= 18 AND"
        " (name LIKE 'A%' OR towns.size BETWEEN 10 AND 20) GROUP BY name HAVING count(*) > 3 ORDER BY n DESC LIMIT 10;",
        "select name from (select name from people) as p where name is not null and name not in ('it''s', 'b')",
        "select case when age > 1 then 'old' else 'new' end from people where exists (select id from towns)",
        "select age + 2 * 3 as x\n from people\n order by x limit 3 offset 4",
    ]:
        assert compiled.check(text), (text, compiled.check(text).message)
        connection.execute(text)
    for text in [
        "select",
        "select from people",
        "selectname from people",
        "select name from",
        "drop table people",
        "select name from people where",
        "select name, from people",
        "select select from people",
    ]:
        assert not compiled.check(text), text


def test_python() -> None:
    compiled = example("python_expression.lark")
    for text in [
        "[x ** 2 for x in range(10) if x % 2 == 0]",
        "lambda a, b=2: a.b(c, *d, e=1)[0:2] if not a else {'k': [1, 2], **z}",
        "rb'x' if a in b else -c.d << 3 | 4 and not e is not None",
        "foo(x for x, y in z)[::2, 1:]",
        "{1, 2, *x} == {} != () < (1,)",
        "'a' \"b\" + 0xff_f - 1_000.5e-3j @ ~é",
        "(lambda: await x)",
        "a  +  b",
    ]:
        assert compiled.check(text), (text, compiled.check(text).message)
        ast.parse(text, mode="eval")
    for text in [
        "",
        "a b",
        "a +",
        "f(",
        "[1, 2",
        "if",
        "not",
        "x for x in y",
        "1a",
        "'a",
        "a = b",
        "lambda",
        "xor y",
        "None1 2",
    ]:
        assert not compiled.check(text), text
        with pytest.raises(SyntaxError):
            ast.parse(text, mode="eval")


def test_smiles() -> None:
    compiled = example("smiles.lark")
    for text in [
        "C",
        "CC(=O)Oc1ccccc1C(=O)O",
        "N[C@@H](C)C(=O)O",
        "[Na+].[Cl-]",
        "C%12CCCCC%12",
        "[13CH4]",
        "F/C=C\\F",
        "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
        "[Fe+++]",
        "[2H]O[2H]",
        "[se]1cccc1",
    ]:
        assert compiled.check(text), (text, compiled.check(text).message)
    for text in ["", "C(", "C)", "(C)", "[C", "CX", "C==C", "[]", "1C", "C%1", "Xe"]:
        assert not compiled.check(text), text


@pytest.mark.parametrize("name", ["iso_date.lark", "iso_date.gbnf"])
def test_dates(name: str) -> None:
    compiled = example(name)
    years = [1, 4, 100, 400, 1900, 1999, 2000, 2004, 2023, 2024, 2100, 9996]
    for year, month, day in itertools.product(years, range(14), [0, 1, 9, 10, 19, 20, 27, 28, 29, 30, 31, 32]):
        text = f"{year:04}-{month:02}-{day:02}"
        try:
            datetime.date(year, month, day)
            valid = True
        except ValueError:
            valid = False
        assert bool(compiled.check(text)) == valid, text
    for text in random_texts(compiled, 50, tokens=10):
        assert text.startswith("0000") or datetime.date.fromisoformat(text)
