"""Places of texts: beams, drafts, new generations and forgetting, on a matcher of plain Python."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from support.fake_matcher import FakeMatcher

pytest.importorskip("decodex._core", reason="the places name the native matcher in their types")

from decodex.decoding.places import TEXTS, Generation, Refused

LETTERS = ".abc"  # token 0 ends a text
WORDS = {"ab", "abc", "ba", "ccccccccc"}


def generation(
    *words: set[str] | None, fixed_prompt: bool = False, calls: Counter[str] | None = None
) -> Generation:
    def start(words: set[str]) -> Any:
        return lambda: FakeMatcher(words, LETTERS, calls)

    starts = [None if some is None else start(some) for some in words or (WORDS,)]
    return Generation(starts, fixed_prompt=fixed_prompt)


def follow(
    generation: Generation, *texts: str, numbers: list[int] | None = None, held: int | None = None
) -> Any:
    ids = np.array([FakeMatcher.ids(text, LETTERS) for text in texts], np.int32).reshape(len(texts), -1)
    return generation.follow(ids, numbers or [0] * len(texts), ids.shape[1] if held is None else held)


def texts_of(places: Any) -> list[str]:
    return [place.text + ("." if place.is_finished else "") for place in places]


def test_one_row_step_by_step() -> None:
    calls: Counter[str] = Counter()
    run = generation(calls=calls)
    for text in ("", "a", "ab", "abc", "abc."):
        assert texts_of(follow(run, text)) == [text]
    assert calls == {"fork": 4, "advance": 4}


def test_beams_are_reordered() -> None:
    run = generation()
    follow(run, "", "", "")
    assert texts_of(follow(run, "a", "b", "c")) == ["a", "b", "c"]
    assert texts_of(follow(run, "cc", "ab", "ba")) == ["cc", "ab", "ba"]
    assert texts_of(follow(run, "abc", "ab.", "ccc")) == ["abc", "ab.", "ccc"]
    assert texts_of(follow(run, "cccc", "ab..", "abc.")) == ["cccc", "ab.", "abc."]


def test_equal_rows_share_a_place() -> None:
    run = generation()
    first, second = follow(run, "", "")
    assert first is second
    calls = first.calls
    follow(run, "a", "a")
    assert calls == {"fork": 1, "advance": 1}


def test_each_row_has_its_constraint() -> None:
    run = generation({"ab"}, None, {"ca"})
    assert follow(run, "", "", "", numbers=[0, 1, 2])[1] is None
    places = follow(run, "a", "b", "c", numbers=[0, 1, 2])
    assert (places[0].text, places[1], places[2].text) == ("a", None, "c")
    places = follow(run, "ab", "bc", "cb", numbers=[0, 1, 2])
    assert isinstance(places[2], Refused)
    assert (places[2].position, places[2].token, places[2].before.text) == (1, 2, "c")


def test_what_follows_the_end_is_padding() -> None:
    run = generation()
    follow(run, "")
    follow(run, "a")
    follow(run, "ab")
    for padding in (".", ".b", ".bc", ".bcc"):
        assert texts_of(follow(run, "ab" + padding)) == ["ab."]


def test_a_draft_is_shown_then_taken_back() -> None:
    run = generation()
    for text in ("", "a", "ab"):  # the assistant drafts
        follow(run, text)
    for text in ("", "a", "ab"):  # parts of the tensor that holds the draft are verified
        assert texts_of(follow(run, text, held=2)) == [text]
    assert texts_of(follow(run, "b")) == [
        "b"
    ]  # nothing of it was accepted, but for a token of the model's own
    assert texts_of(follow(run, "ba")) == ["ba"]


def test_a_draft_may_hold_refused_tokens() -> None:
    run = generation()
    follow(run, "", held=3)
    assert texts_of(follow(run, "a", held=3)) == ["a"]
    for text in ("ac", "aca"):
        (place,) = follow(run, text, held=3)
        assert isinstance(place, Refused)
        assert (place.position, place.token) == (1, 3)
        assert run.proposed(place)
    assert texts_of(follow(run, "ab", held=5)) == ["ab"]
    (place,) = follow(run, "abb", held=5)
    assert run.proposed(place)


def test_a_refused_token_outside_of_drafts_is_no_proposal() -> None:
    run = generation()
    follow(run, "")
    follow(run, "a")
    (place,) = follow(run, "aa")
    assert isinstance(place, Refused)
    assert not run.proposed(place)


def test_a_refused_token_before_the_draft_is_no_proposal() -> None:
    run = generation()
    follow(run, "", held=1)
    follow(run, "a")
    (place,) = follow(run, "aa", held=4)
    assert isinstance(place, Refused)
    assert not run.proposed(place)


def test_the_token_after_a_verified_draft_is_no_proposal() -> None:
    run = generation()
    for text in ("", "a", "ab"):
        follow(run, text, held=2)
    (place,) = follow(run, "aba")
    assert isinstance(place, Refused)
    assert not run.proposed(place)


def test_other_texts_are_another_generation() -> None:
    run = generation()
    assert follow(run, "ab") is None  # grows by two at once
    follow(run, "")
    follow(run, "a")
    follow(run, "ab")
    assert follow(run, "b") is None  # goes back, but no draft was verified
    assert follow(run, "bac") is None
    assert follow(run, "abcc") is None
    assert texts_of(follow(run, "a")) == ["a"]  # shown before
    assert texts_of(follow(run, "")) == [""]
    assert texts_of(follow(run, "b")) == ["b"]


def test_after_a_draft_older_beginnings_are_another_generation() -> None:
    run = generation()
    for text in ("", "a"):
        follow(run, text, held=1)
    for text in ("ab", "abc"):
        follow(run, text, held=3)
    assert follow(run, "b") is None


def test_a_draft_of_the_generation_before_is_forgotten() -> None:
    run = generation()
    follow(run, "")
    follow(run, "a", held=2)
    follow(run, "ab")
    for text in ("", "a", "ab", "abc"):  # the same prompt again
        follow(run, text)
    assert follow(run, "aa") is None


def test_ids_that_the_vocabulary_lacks_are_refused() -> None:
    run = generation()
    follow(run, "")
    (place,) = run.follow(np.array([[99]], np.int32), [0], 1) or []
    assert isinstance(place, Refused)
    assert place.token == 99


def test_a_fixed_prompt_takes_any_text() -> None:
    calls: Counter[str] = Counter()
    run = generation(fixed_prompt=True, calls=calls)
    assert texts_of(follow(run, "ccccc")) == ["ccccc"]
    assert calls == {"fork": 1, "advance": 5}
    assert texts_of(follow(run, "ccccccccc")) == ["ccccccccc"]
    assert calls == {"fork": 2, "advance": 9}
    assert texts_of(follow(run, "ab.a")) == ["ab."]
    (place,) = follow(run, "abab")
    assert (place.position, place.token, place.before.text) == (2, 1, "ab")


def test_old_texts_are_forgotten_and_found_again() -> None:
    word = "ab" * (2 * TEXTS)
    run = generation({word}, fixed_prompt=True)
    for length in range(len(word) + 1):
        follow(run, word[:length])
    assert len(run._places) == TEXTS
    assert texts_of(follow(run, word[:10])) == [word[:10]]
    assert texts_of(follow(run, word)) == [word]


def test_many_rows_keep_their_parents() -> None:
    rows = 3 * TEXTS
    words = {f"{a}{b}{c}" for a in "abc" for b in "abc" for c in "abc"}
    run = generation(words)
    follow(run, *[""] * rows)
    rng = np.random.default_rng(0)
    texts = [""] * rows
    for _ in range(3):
        texts = [texts[int(i)] + "abc"[int(rng.integers(3))] for i in rng.integers(rows, size=rows)]
        assert texts_of(follow(run, *texts)) == texts
