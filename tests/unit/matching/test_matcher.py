"""Matchers: reading, refusing, going back, copying, budgets, buffers; and what bad use is told."""

from __future__ import annotations

import random

import numpy as np
import pytest
from support.vocabularies import byte_vocabulary, random_text, random_vocabulary

import decodex as dx

VOCAB = byte_vocabulary()
END = 256


def compiled(constraint: dx.Constraint | str, **kwargs: object) -> dx.CompiledConstraint:
    return dx.compile(constraint, VOCAB, **kwargs)  # type: ignore[arg-type]


def bits(mask: np.ndarray) -> set[int]:
    return {
        32 * w + k for w, word in enumerate(mask.view(np.uint32)) for k in range(32) if int(word) >> k & 1
    }


def test_reads_a_choice_token_by_token() -> None:
    m = compiled(dx.choice(["tea", "ten"])).matcher()
    assert m.allowed_tokens().tolist() == [ord("t")]
    assert m.advance(ord("t")) and m.advance(ord("e"))
    assert m.allowed_tokens().tolist() == [ord("a"), ord("n")]
    assert not m.is_accepting
    assert m.advance(ord("n"))
    assert m.is_accepting and m.allowed_tokens().tolist() == [END]
    assert m.advance(END) and m.is_finished and not m.is_accepting
    assert not m.advance(ord("x"))


def test_a_refused_token_changes_nothing() -> None:
    m = compiled("ab").matcher()
    before = m.state
    assert not m.advance(ord("b")) and not m.advance(END) and m.state == before


def test_the_mask_is_the_list_of_allowed_tokens() -> None:
    vocab = random_vocabulary(3)
    rng = random.Random(4)
    m = dx.compile(dx.repeat(dx.choice(["a", "b0", "é:"]), 1, 4, separator=", "), vocab).matcher()
    mask = dx.allocate_bitmask(3, len(vocab))
    mask = np.asarray(mask)
    for _ in range(12):
        assert m.fill_bitmask(mask, 1)
        allowed = m.allowed_tokens().tolist()
        assert bits(mask[1]) == set(allowed)
        assert bits(mask[0]) >= set(range(len(vocab)))  # other rows are left alone
        assert [t for t in range(len(vocab)) if m.allows(t)] == allowed
        if not m.advance(rng.choice(allowed)) or m.is_finished:
            break


def test_a_mask_that_allows_everything_says_so() -> None:
    vocab = dx.Vocabulary.from_tokens([b"a", b"b", b"ab", None], eos_token_ids=[3])
    m = dx.compile(dx.regex("[ab]*"), vocab).matcher()
    assert not m.fill_bitmask(np.zeros(1, np.int32))
    m = dx.compile(dx.regex("[ab]+"), vocab).matcher()
    assert m.fill_bitmask(np.zeros(1, np.int32))  # the text may not end yet
    m.advance(0)
    assert not m.fill_bitmask(np.zeros(1, np.int32))


def test_budgets_in_free_keys_make_no_state_per_word() -> None:
    vocab = random_vocabulary(21, 6000, letters='abcdefgh"')
    compiled = dx.compile(dx.json_schema({"type": "object"}), vocab)
    m = compiled.matcher(max_tokens=40)
    for byte in b'{"abcdefghabcdefghabcdefghabcd':
        m.fill_bitmask(np.zeros(((len(vocab) + 31) // 32,), np.int32))
        assert m.advance(vocab.tokens.index(bytes([byte])))
    assert compiled.stats()["states"] < 20_000


def test_rollback_and_fork_restore_the_very_state() -> None:
    m = compiled(dx.text(stop="!")).matcher()
    states = [m.state]
    for byte in b"so it goes":
        m.advance(byte)
        states.append(m.state)
    other = m.fork()
    m.rollback(4)
    assert m.state == states[-5] and other.state == states[-1]
    other.advance(ord("!"))
    other.advance(END)
    assert other.is_finished
    other.rollback(1)
    assert not other.is_finished and other.is_accepting
    m.reset()
    assert m.state == states[0] and m.tokens_read == 0


def test_validate_counts_and_moves_nothing() -> None:
    m = compiled("abc").matcher()
    assert m.validate([97, 98, 120]) == 2
    assert m.validate([97, 98, 99, END]) == 4
    assert m.validate([97, 98, 99, END, 97]) == 4
    assert m.validate([10**12]) == 0 and m.validate([-1]) == 0 and m.validate([]) == 0
    assert m.tokens_read == 0


def test_forced_bytes_end_where_there_is_a_choice() -> None:
    m = compiled(dx.choice(["colour", "colony"])).matcher()
    assert m.forced_bytes() == b"colo"
    for byte in b"colou":
        m.advance(byte)
    assert m.forced_bytes() == b"r"
    m.advance(ord("r"))
    assert m.forced_bytes() == b""


def test_forced_tokens_are_those_of_the_tokenizer() -> None:
    vocab = dx.Vocabulary.from_tokens([*[bytes([b]) for b in range(256)], b"colo", b"ur"], eos_token_ids=[0])
    m = dx.compile("colour of it", vocab).matcher()
    assert m.forced_tokens(lambda text: [256, 257, *b" of it"][: len(text)])[:2] == [256, 257]
    assert m.forced_tokens() == []


@pytest.mark.parametrize("budget", [3, 4, 7])
def test_every_text_is_complete_within_the_budget(budget: int) -> None:
    vocab = random_vocabulary(5)
    c = dx.compile(dx.repeat(dx.choice(["ab", "0"]), 3, 9), vocab)
    rng = random.Random(budget)
    for _ in range(50):
        m = c.matcher(max_tokens=budget)
        tokens = 0
        while not m.is_finished:
            token = int(rng.choice(m.allowed_tokens()))
            assert m.advance(token)
            tokens += not m.is_finished
        assert tokens <= budget


def test_a_budget_that_is_too_small_is_refused_before_the_first_token() -> None:
    c = compiled("abcdef")
    assert c.matcher(max_tokens=6).tokens_to_finish() == 6
    with pytest.raises(dx.BudgetError, match="takes 6 tokens, more than max_tokens=5"):
        c.matcher(max_tokens=5)
    with pytest.raises(dx.BudgetError):
        compiled("abcdef", max_tokens=5)
    for wrong in (-1, 2.5, True, "7"):
        with pytest.raises(dx.BudgetError, match="count of tokens"):
            c.matcher(max_tokens=wrong)  # type: ignore[arg-type]


def test_finishing_tokens_are_those_that_leave_fewer_to_come() -> None:
    vocab = random_vocabulary(5, letters="abc ")
    for constraint in (dx.regex("(?:ab|c){2,4}"), dx.contains("ab", "ca", whole_words=False), dx.choice(["", "abc"])):
        m = dx.compile(constraint, vocab).matcher()
        for _ in range(12):
            left = m.tokens_to_finish()
            nearer = [t for t in m.allowed_tokens().tolist() if t not in vocab.eos_token_ids and _after(m, t) < left]
            assert m.finishing_tokens().tolist() == nearer
            assert bool(nearer) == (left > 0) == (not m.is_accepting)
            if m.is_accepting:
                break
            assert m.advance(nearer[-1])
        assert m.is_accepting


def _after(matcher: dx.Matcher, token: int) -> int:
    copy = matcher.fork()
    assert copy.advance(token)
    return copy.tokens_to_finish()


@pytest.mark.parametrize(
    ("buffer", "words"),
    [
        (np.zeros(9, np.int64), "not int32"),
        (np.zeros(9, np.float32), "not int32"),
        (np.zeros(8, np.int32), "8 words per row where the vocabulary needs 9"),
        (np.zeros((2, 2, 9), np.int32), "3 dimensions"),
        (np.zeros((9, 2), np.int32).T, "contiguous"),
        (b"123", "not a writable"),
        ([1, 2, 3], "is a list"),
        (None, "is a NoneType"),
    ],
)
def test_a_wrong_mask_buffer_is_named(buffer: object, words: str) -> None:
    with pytest.raises(dx.MaskError, match=words):
        compiled("a").matcher().fill_bitmask(buffer)  # type: ignore[arg-type]


def test_a_wrong_torch_buffer_is_named() -> None:
    torch = pytest.importorskip("torch")
    m = compiled("a").matcher()
    good = torch.zeros((2, 9), dtype=torch.int32)
    m.fill_bitmask(good, 1)
    assert good[1].ne(0).any() and not good[0].ne(0).any()
    for bad in (
        torch.zeros((2, 9), dtype=torch.int64),
        torch.zeros(18, dtype=torch.int32),
        torch.zeros((9, 2), dtype=torch.int32).T,
    ):
        with pytest.raises(dx.MaskError):
            m.fill_bitmask(bad)


def test_rows_and_ids_out_of_range_are_named() -> None:
    m = compiled("a").matcher()
    mask = np.zeros((2, 9), np.int32)
    for row in (2, -1):
        with pytest.raises(dx.MaskError, match=f"row {row} is outside"):
            m.fill_bitmask(mask, row)
    for token in (257, -1, 2**40):
        with pytest.raises(dx.VocabularyError, match=f"token id {token} is outside"):
            m.allows(token)
        with pytest.raises(dx.VocabularyError):
            m.advance(token)
    with pytest.raises(dx.VocabularyError, match="cannot roll back 1"):
        m.rollback(1)


def test_a_batch_is_filled_row_by_row() -> None:
    vocab = random_vocabulary(6)
    rng = random.Random(7)
    constraints = [dx.choice(["aA", "b"]), dx.text(stop="."), dx.repeat("ab", 1, 3), dx.text()]
    compiled_all = [dx.compile(c, vocab) for c in constraints]
    matchers = [compiled_all[i % 4].matcher() for i in range(13)]
    for _ in range(6):
        mask = np.asarray(dx.allocate_bitmask(13, len(vocab)))
        dx.fill_bitmasks(matchers, mask, threads=2)
        for row, m in enumerate(matchers):
            alone = np.asarray(dx.allocate_bitmask(1, len(vocab)))
            m.fill_bitmask(alone)
            assert (mask[row] == alone[0]).all()
            m.advance(int(rng.choice(m.allowed_tokens())))
    with pytest.raises(dx.MaskError, match="13 matchers"):
        dx.fill_bitmasks(matchers, np.asarray(dx.allocate_bitmask(12, len(vocab))))


def test_explain_says_what_was_expected() -> None:
    m = compiled(dx.choice(["ab", "7"])).matcher()
    assert not m.explain(ord("x"))
    assert (
        m.explain(ord("x")).message == "b'x' is refused at its byte 0: one of '7', 'a' is expected, not b'x'"
    )
    assert m.explain(ord("a")) and "may not end here" in m.explain(END).message


def test_check_says_where_a_text_leaves_the_constraint() -> None:
    c = compiled(dx.choice(["one\ntwo"]))
    assert c.check("one\ntwo")
    wrong = c.check("one\ntxo")
    assert not wrong and (wrong.position, wrong.line, wrong.column) == (5, 2, 2)
    assert "'w' is expected, not 'xo'" in wrong.message
    assert "incomplete" in c.check("one").message
    assert "the end is expected" in c.check("one\ntwo!").message
    assert not c.check("\ud800")


def test_random_texts_end_and_are_accepted() -> None:
    vocab = random_vocabulary(8)
    rng = random.Random(9)
    c = dx.compile("{" + dx.repeat(dx.choice(["a", "b0"]), 0, 5, separator=",") + "}", vocab)
    for _ in range(100):
        text = random_text(c.matcher(), vocab, rng)
        assert text is not None and c.check(text)
