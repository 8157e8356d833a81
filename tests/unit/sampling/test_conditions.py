"""Conditions: checks, masks, texts and copies of constraints, predicates and both; what is refused, and how."""

from __future__ import annotations

import codecs
from typing import Any

import numpy as np
import pytest

import decodex as dx
from decodex.errors import BudgetError, ConstraintError, UnsupportedError, VocabularyError
from decodex.sampling import AdaptiveRejectionSampler, Condition, condition_of

TOKENS = [b"a", b"b", b"ab", b"\xc3", b"\xa9", b"aa", None, None]
END = 6
VOCAB = dx.Vocabulary.from_tokens(TOKENS, eos_token_ids=[END])


def _no_double_a(text: str) -> bool:
    return "aa" not in text


KINDS = {
    "constraint": dx.regex("(?!.*aa)[abé]*"),
    "predicate": dx.predicate(lambda text: _no_double_a(text) and set(text) <= set("abé")),
    "both": dx.regex("[abé]*") & dx.predicate(_no_double_a),
    "both, the other way": dx.predicate(_no_double_a) & dx.regex("[abé]*"),
}


def _allowed(condition: Condition) -> list[int]:
    return [i for i in range(len(TOKENS)) if condition.allows(i)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_the_same(kind: str) -> None:
    """All texts of up to four bytes, walked side by side with plain Python."""
    pending = [(condition_of(KINDS[kind], VOCAB), b"")]
    assert isinstance(pending[0][0], Condition)
    while pending:
        condition, text = pending.pop()
        assert condition.text == text and not condition.is_finished
        ends = not text.endswith(b"\xc3")
        assert condition.is_accepting == ends
        wanted = [i for i, token in enumerate(TOKENS) if token is not None and _viable(text + token)]
        wanted += [END] if ends else []
        assert _allowed(condition) == wanted
        mask = condition.mask()
        if mask is not None:
            assert np.flatnonzero(mask).tolist() == wanted
        assert (mask is not None) == (kind == "constraint")
        for token in wanted:
            copy = condition.fork()
            assert copy.checks == 0
            copy.advance(token)
            if token == END:
                assert copy.is_finished and copy.text == text
                assert _allowed(copy) == [END]
            elif len(copy.text) <= 4:
                pending.append((copy, text + (TOKENS[token] or b"")))
        assert condition.text == text  # copies are independent


def _viable(text: bytes) -> bool:
    """Plain: some completion of at most one byte spells a good text."""
    for completion in (b"", b"\xa9"):
        try:
            whole = (text + completion).decode()
        except UnicodeDecodeError:
            continue
        if "aa" not in whole and set(whole) <= set("abé"):
            return True
    return False


@pytest.mark.parametrize("kind", KINDS)
def test_reading_what_is_not_allowed(kind: str) -> None:
    condition = condition_of(KINDS[kind], VOCAB)
    condition.advance(0)
    for token in (5, 7, 4):
        with pytest.raises(ConstraintError, match=rf"token {token} .* is not allowed behind b'a'"):
            condition.advance(token)
    assert condition.text == b"a"
    condition.advance(1)


def test_checks_are_counted_once_per_token() -> None:
    for kind, constraint in KINDS.items():
        condition = condition_of(constraint, VOCAB)
        for token in (0, 1, 2):
            assert condition.allows(token)
        assert condition.checks == 3
        condition.allows(0)
        assert condition.checks == (4 if kind == "constraint" else 3)


def test_predicates_on_bytes() -> None:
    condition = condition_of(dx.predicate(lambda data: data.count(b"\xc3") < 2, as_bytes=True), VOCAB)
    condition.advance(4)  # no UTF-8, which a function of bytes may have
    condition.advance(3)
    assert not condition.allows(3) and condition.allows(4) and condition.text == b"\xa9\xc3"


def test_a_text_begins_with_the_start_bytes_of_its_first_token() -> None:
    texts: list[str] = []
    condition = condition_of(dx.predicate(lambda text: texts.append(text) or True), VOCAB)  # type: ignore[func-returns-value]
    condition.advance(0)
    condition.advance(1)
    assert texts == ["", "a", "ab"]


def test_budgets() -> None:
    letters, predicate = dx.regex("[ab]*"), dx.predicate(_no_double_a)
    for constraint in (letters, predicate, letters & predicate):
        condition = condition_of(constraint, VOCAB, max_tokens=1)
        condition.advance(0)
        assert _allowed(condition) == [END]
    with pytest.raises(BudgetError):
        condition_of(dx.regex("ababab"), VOCAB, max_tokens=1)
    with pytest.raises(BudgetError):
        condition_of(dx.predicate(lambda text: True), VOCAB, max_tokens=-1)


def test_a_condition_of_ones_own() -> None:
    """Anything of the protocol is sampled from: here an even number of characters."""

    class Even:
        def __init__(self, length: int = 0) -> None:
            self.length, self.checks, self.is_finished, self.text = length, 0, False, b"?" * length

        def allows(self, token_id: int) -> bool:
            self.checks += 1
            return token_id < 2 or (token_id == END and self.length % 2 == 0)

        def mask(self) -> None:
            return None

        def advance(self, token_id: int) -> None:
            self.length += 1

        def fork(self) -> Even:
            return Even(self.length)

        @property
        def is_accepting(self) -> bool:
            return self.length % 2 == 0

    even = Even()
    assert condition_of(even) is even
    draws = AdaptiveRejectionSampler(seed=0).sample_rows(np.zeros((500, 8)), [Even() for _ in range(500)])
    assert set(draws.token_ids) == {0, 1, END}
    assert np.exp(draws.log_weights).mean() == pytest.approx(3, abs=0.4)


@pytest.mark.parametrize(
    "constraint",
    [
        dx.predicate(_no_double_a),
        ~dx.predicate(_no_double_a),
        dx.regex("a") | dx.predicate(_no_double_a),
        dx.regex("a") + dx.predicate(_no_double_a),
        dx.regex("a") & dx.predicate(_no_double_a),
        dx.repeat(dx.predicate(_no_double_a), 2),
    ],
)
def test_a_predicate_cannot_be_compiled(constraint: Any) -> None:
    with pytest.raises(UnsupportedError, match=r"_no_double_a is Python code.* sampler of decodex\.sampling"):
        dx.compile(constraint, VOCAB)


def test_other_refusals() -> None:
    with pytest.raises(UnsupportedError, match="cannot be used at all"):
        condition_of(~dx.predicate(_no_double_a), VOCAB)
    with pytest.raises(ConstraintError, match="function of the text"):
        dx.predicate("a+")  # type: ignore[arg-type]
    with pytest.raises(ConstraintError, match="refuses the empty text"):
        condition_of(dx.predicate(lambda text: text != ""), VOCAB)
    with pytest.raises(VocabularyError, match="vocab="):
        condition_of(dx.predicate(_no_double_a))
    with pytest.raises(ConstraintError, match="expected a constraint"):
        condition_of(7, VOCAB)  # type: ignore[arg-type]

    def broken(text: str) -> bool:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):  # errors of the function are the user's own
        condition_of(dx.predicate(lambda text: text == "" or broken(text)), VOCAB).allows(0)


def test_what_a_predicate_says_of_itself() -> None:
    assert "_no_double_a" in dx.predicate(_no_double_a).describe()


def test_text_is_read_as_an_incremental_decoder_reads_it() -> None:
    """Every cut of texts and of broken bytes; Python's own decoder is the judge."""
    samples = ["aé√😀z".encode(), b"\xc3\x28", b"\xe2\x88a", b"\xf0\x9f\x98", b"\xc0\x80", b"\xff"]
    vocab = dx.Vocabulary.from_tokens([bytes([b]) for b in range(256)] + [None], eos_token_ids=[256])
    for sample in samples:
        shown = [""]
        condition = condition_of(dx.predicate(lambda text, shown=shown: shown.append(text) or True), vocab)
        decoder, text = codecs.getincrementaldecoder("utf-8")(), ""
        for byte in sample:
            try:
                text += decoder.decode(bytes([byte]))
            except UnicodeDecodeError:
                assert not condition.allows(byte)
                break
            assert condition.allows(byte)
            condition.advance(byte)
            assert shown[-1] == text
            assert condition.is_accepting == (not decoder.getstate()[0])


def test_the_beginning_of_a_surrogate_is_refused_at_once() -> None:
    vocab = dx.Vocabulary.from_tokens([b"\xed", b"\xa0", b"\x9f", None], eos_token_ids=[3])
    condition = condition_of(dx.predicate(lambda text: True), vocab)
    condition.advance(0)
    assert condition.allows(2) and not condition.allows(1)
