"""Masks on their way to the scores: each once, and never overwritten before a device has fetched it."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the buffer is a torch tensor")
pytest.importorskip("decodex._core", reason="rows are told apart by the native matchers")

import decodex as dx  # noqa: E402
from decodex.decoding.mask_buffer import MaskBuffer, distinct  # noqa: E402
from decodex.decoding.places import Refused  # noqa: E402

VOCAB = dx.Vocabulary.from_tokens([*(bytes([i]) for i in range(256)), b"<end>"], eos_token_ids=[256])


def matcher(text: str, max_tokens: int | None = None) -> Any:
    made = CONSTRAINT.matcher(max_tokens)
    for byte in text.encode():
        assert made.advance(byte)
    return made


CONSTRAINT = dx.compile(dx.regex("a*|b{3}|c{3}"), VOCAB)


def mask_of(one: Any) -> list[int]:
    return list(one.allowed_tokens())


def test_rows_of_one_place_have_one_mask() -> None:
    places = [matcher("b"), matcher("a"), matcher("b"), matcher("aa"), matcher("c"), matcher("bb")]
    differing, numbers = distinct(places)
    assert numbers == [0, 1, 0, 1, 2, 3]
    assert len(differing) == 4
    assert [mask_of(differing[number]) for number in numbers] == [mask_of(place) for place in places]


def test_budgets_are_told_apart() -> None:
    places = [matcher("a", 2), matcher("a", 9), matcher("a"), matcher("aa", 3)]
    assert distinct(places)[1] == [0, 1, 2, 0]  # one token is left in the first and in the last row


def test_constraints_are_told_apart_and_the_start_from_later() -> None:
    other = dx.compile(dx.regex("a*|x"), VOCAB)
    places = [matcher(""), other.matcher(), matcher(""), other.matcher()]
    assert distinct(places)[1] == [0, 1, 0, 1]


def test_refused_rows_share_a_mask() -> None:
    refused = [Refused(1, 7, matcher("a")), Refused(2, 8, matcher("b"))]
    differing, numbers = distinct([refused[0], matcher("a"), refused[1], matcher("a")])
    assert numbers == [0, 1, 0, 1]
    assert differing[0] is refused[0]


def test_rows_that_all_differ_need_no_numbers() -> None:
    for texts in ([], ["a"], ["b", "a", "c"]):
        places = [matcher(text) for text in texts]
        assert distinct(places) == (places, None)


def test_the_buffer_grows_and_is_kept() -> None:
    buffer = MaskBuffer(65)
    two = buffer.rows(2, torch.device("cpu"))
    assert two.shape == (2, 3)
    assert two.dtype == torch.int32
    buffer.applied(torch.device("cpu"))
    assert buffer.rows(1, torch.device("cpu")).data_ptr() == two.data_ptr()
    assert buffer.rows(5, torch.device("cpu")).shape == (5, 3)
    assert buffer.rows(2, torch.device("cpu")).shape == (2, 3)


def test_a_device_fetches_before_the_buffer_is_filled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of calls, as there is no CUDA device here: record behind the copy, wait before the next rows."""
    calls: list[str] = []

    class Event:
        def record(self, stream: Any) -> None:
            calls.append(f"record on {stream}")

        def synchronize(self) -> None:
            calls.append("wait")

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"the stream of {device}")
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: calls.append("pin") or self)
    monkeypatch.setattr(torch.Tensor, "is_pinned", lambda self: "pin" in calls)
    device, buffer = torch.device("cuda", 1), MaskBuffer(40)
    buffer.rows(2, torch.device("cpu"))
    assert calls == []
    buffer.rows(2, device)
    buffer.applied(device)
    buffer.rows(2, device)
    buffer.rows(2, device)
    assert calls == ["pin", "record on the stream of cuda:1", "wait"]
