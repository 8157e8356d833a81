"""The folder that processes share: hits, limits, broken files, and many writers at once."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.schemas import SCHEMAS
from support.vocabularies import byte_vocabulary, random_vocabulary

import decodex as dx

ROOT = Path(__file__).parents[3]
VOCAB = byte_vocabulary()


def artefacts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.decodex"))


def test_the_second_time_it_is_loaded(tmp_path: Path) -> None:
    constraint = dx.json_schema(SCHEMAS[0])
    first = dx.compile(constraint, VOCAB, cache=tmp_path / "new" / "folder", warm=['{"name": "A"'])
    second = dx.compile(constraint, VOCAB, cache=tmp_path / "new" / "folder", max_tokens=60)
    assert (first.is_loaded, second.is_loaded) == (False, True)
    assert (first.max_tokens, second.max_tokens) == (None, 60)
    assert second.warm_texts[0] == list(b'{"name": "A"')
    np.testing.assert_array_equal(first.matcher().allowed_tokens(), second.matcher().allowed_tokens())
    with pytest.raises(dx.BudgetError):
        dx.compile(constraint, VOCAB, cache=tmp_path / "new" / "folder", max_tokens=1)


def test_what_it_depends_on_has_a_file_of_its_own(tmp_path: Path) -> None:
    constraint = dx.regex("a+")
    dx.compile(constraint, VOCAB, cache=tmp_path)
    for other, vocab, limits in [
        (dx.regex("a+", flags=2), VOCAB, None),
        (constraint, random_vocabulary(1), None),
        (constraint, VOCAB, dx.Limits(nesting=5)),
    ]:
        count = len(artefacts(tmp_path))
        assert not dx.compile(other, vocab, limits=limits, cache=tmp_path).is_loaded
        assert len(artefacts(tmp_path)) == count + 1


def test_environment_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECODEX_CACHE", str(tmp_path))
    assert [dx.compile(dx.text(), VOCAB).is_loaded for _ in range(2)] == [False, True]
    monkeypatch.setenv("DECODEX_CACHE", "")
    assert not dx.compile(dx.text(), VOCAB).is_loaded


@pytest.mark.parametrize("damage", [b"", b"x" * 100, None])
def test_a_file_that_cannot_be_used_is_made_again(damage: bytes | None, tmp_path: Path) -> None:
    constraint = dx.regex("[a-f]+")
    dx.compile(constraint, VOCAB, cache=tmp_path)
    (path,) = artefacts(tmp_path)
    good = path.read_bytes()
    path.write_bytes(good[:-1] if damage is None else damage)
    assert not dx.compile(constraint, VOCAB, cache=tmp_path).is_loaded
    assert path.read_bytes() == good
    assert dx.compile(constraint, VOCAB, cache=tmp_path).is_loaded


def test_errors_of_the_constraint_are_the_same_and_leave_no_file(tmp_path: Path) -> None:
    for broken in (dx.regex("a("), dx.json_schema({"type": "nonsense"}), dx.regex("a") & dx.regex("b")):
        with pytest.raises(dx.ConstraintError):
            dx.compile(broken, VOCAB, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_files_used_longest_ago_go_first(tmp_path: Path) -> None:
    patterns = [dx.regex(f"a{{{count}}}") for count in range(1, 9)]
    dx.compile(patterns[0], VOCAB, cache=tmp_path)
    size = artefacts(tmp_path)[0].stat().st_size
    cache = dx.ArtefactCache(tmp_path, max_bytes=int(size * 4.5))
    for age, pattern in enumerate(patterns):
        dx.compile(pattern, VOCAB, cache=cache)
        path = cache.path(pattern, VOCAB, dx.Limits())
        os.utime(path, (1e9 + age, 1e9 + age))
        assert sum(file.stat().st_size for file in artefacts(tmp_path)) <= cache.max_bytes
    assert dx.compile(patterns[4], VOCAB, cache=cache).is_loaded  # and so it is used last
    dx.compile(dx.regex("b"), VOCAB, cache=cache)
    left = {path.name for path in artefacts(tmp_path)}
    assert cache.path(patterns[4], VOCAB, dx.Limits()).name in left
    assert cache.path(patterns[5], VOCAB, dx.Limits()).name not in left


def test_what_dead_processes_left_goes(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in ("a.decodex.1-f.tmp", "b.decodex.2-f.tmp", "c.txt"))
    for path in (old, new, other):
        path.write_bytes(b"x")
        if path != new:
            os.utime(path, (1e9, 1e9))
    dx.compile(dx.text(), VOCAB, cache=tmp_path)
    assert (old.exists(), new.exists(), other.exists()) == (False, True, True)


def test_a_constraint_that_cannot_be_saved_is_compiled_with_a_warning(tmp_path: Path) -> None:
    class Own(dx.Constraint):
        def term(self) -> object:
            return dx.regex("a").term()

    with pytest.warns(RuntimeWarning, match="is not kept"):
        compiled = dx.compile(Own(), VOCAB, cache=tmp_path)
    assert compiled.check("a").accepted


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(dx.ArtefactError, match="name a folder"):
        dx.compile(dx.text(), VOCAB, cache=tmp_path / "taken")


@pytest.mark.parametrize("size", [None, -1, 1.5, "1", True])
def test_a_size_that_is_none(size: Any, tmp_path: Path) -> None:
    with pytest.raises(dx.ArtefactError, match="max_bytes"):
        dx.ArtefactCache(tmp_path, size)


def test_threads_write_and_read_at_once(tmp_path: Path) -> None:
    cache = dx.ArtefactCache(tmp_path, max_bytes=20_000)  # small: files go while others read them
    constraints = [dx.json_schema(schema) for schema in SCHEMAS[:12]]

    def work(seed: int) -> int:
        wrong = 0
        for step in range(40):
            constraint = constraints[(seed * 5 + step * 7) % len(constraints)]
            compiled = dx.compile(constraint, VOCAB, cache=cache)
            wrong += compiled.constraint != constraint or not len(compiled.matcher().allowed_tokens())
        return wrong

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 0
    assert not list(tmp_path.glob("*.tmp"))


SCRIPT = """
import sys
import decodex as dx
sys.path.insert(0, "tests")
from support.schemas import SCHEMAS
vocab = dx.Vocabulary.from_tokens([bytes([b]) for b in range(256)] + [None], eos_token_ids=[256])
loaded = 0
for turn in range(3):
    for schema in SCHEMAS[:15]:
        compiled = dx.compile(dx.json_schema(schema), vocab, cache=sys.argv[1])
        loaded += compiled.is_loaded
        assert len(compiled.matcher().allowed_tokens())
assert loaded >= 30, loaded
"""


def test_processes_write_and_read_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [subprocess.Popen(command, cwd=ROOT, env=environment) for _ in range(3)]
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    assert len(artefacts(tmp_path)) == 15
    assert len(list(tmp_path.iterdir())) == 15
    for schema in SCHEMAS[:15]:
        assert dx.compile(dx.json_schema(schema), VOCAB, cache=tmp_path).is_loaded
