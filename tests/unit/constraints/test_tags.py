"""Tags and phases against a scanner in plain Python, on every text of a small alphabet, and with tokens that cut
markers anywhere."""

from __future__ import annotations

import itertools
import json
import random
import re

import pytest
from support.scanners import counts_of_tags
from support.vocabularies import byte_vocabulary, random_text

import decodex as dx

VOCAB = byte_vocabulary()


def texts(letters: str, most: int) -> list[str]:
    return ["".join(t) for n in range(most + 1) for t in itertools.product(letters, repeat=n)]


TAGS = [
    ([("ab", "a?", "b")], None),
    ([("aab", "b*", "a")], None),
    ([("aba", "", "b"), ("abb", "a", "")], ["ab"]),
    ([("aa", "b", "a"), ("ba", "", "")], None),          # triggers that overlap
    ([("baa", "", "b"), ("a", "b?", "a")], ["baa", "a"]),   # one complete inside the other: refused
    ([("bba", "", "a"), ("a", "b", "a")], ["bba", "a"]),
    ([("bab", "a?", "b"), ("ab", "", "a")], None),        # complete at the same character: the longer one counts
]


@pytest.mark.parametrize(("tags", "triggers"), TAGS)
@pytest.mark.parametrize(("low", "high"), [(0, None), (1, 1), (0, 2), (2, None), (0, 0)])
def test_free_text_and_tags(tags: list[tuple[str, str, str]], triggers: list[str] | None, low: int, high: int) -> None:
    given = [(begin, dx.regex(content), end) for begin, content, end in tags]
    chosen = triggers or [begin for begin, _, _ in tags]
    if any(t in begin[:-1] and not begin.startswith(t) for t in chosen for begin, _, _ in tags):
        with pytest.raises(dx.ConstraintError, match="can never begin"):
            dx.tagged(given, triggers=triggers, min=low, max=high)
        return
    constraint = dx.tagged(given, triggers=triggers, min=low, max=high)
    compiled = dx.compile(constraint, VOCAB)
    try:
        pattern = re.compile(constraint.as_regex())
    except dx.UnsupportedError:
        pattern = None
    for text in texts("ab", 9):
        counts = counts_of_tags(text, tags, chosen)
        expected = any(count >= low and (high is None or count <= high) for count in counts)
        assert bool(compiled.check(text)) == expected, text
        assert pattern is None or bool(pattern.fullmatch(text)) == expected, (text, pattern)


def test_nothing_behind_the_last_tag() -> None:
    for low, high in ((0, 1), (1, 2), (0, 0), (2, 3)):
        constraint = dx.tagged("<", dx.regex("a"), ">", min=low, max=high, text_after=False)
        compiled = dx.compile(constraint, VOCAB)
        for text in texts("a<>", 7):
            count = text.count("<a>")
            good = text.count("<") == count and low <= count <= high and (text.endswith("<a>") or count == 0)
            assert bool(compiled.check(text)) == good, (text, low, high)
            assert bool(re.fullmatch(constraint.as_regex(), text)) == good, (text, low, high, constraint.as_regex())


def test_content_up_to_the_end() -> None:
    compiled = dx.compile(dx.tagged("<b>", None, "</b>", min=1, max=1), VOCAB)
    assert compiled.check("x <b>a</b> y</b>") and not compiled.check("<b>a") and not compiled.check("<b>1</b><b>2</b>")


@pytest.mark.parametrize("marker", ["</t>", "aa", "aba"])
def test_after_the_first_marker(marker: str) -> None:
    compiled = dx.compile(dx.after(marker, dx.regex("[ab]?")), VOCAB)
    limited = dx.compile(dx.after(marker, dx.regex("[ab]?"), before=dx.length("chars", 1, 3)), VOCAB)
    for text in [t + marker + rest for t in texts("ab", 5) for rest in ("", "a", "b", "ab")] + texts("ab", 5):
        head, found, tail = text.partition(marker)
        good = bool(found) and re.fullmatch("[ab]?", tail) is not None
        assert bool(compiled.check(text)) == good, text
        assert bool(limited.check(text)) == (good and 1 <= len(head) <= 3), text


def test_thinking_has_its_length_and_its_end() -> None:
    constraint = dx.thinking(2, 4, "word_runs", end="</t>", begin="<t>") + dx.choice(["yes", "no"])
    tokens = [b"<", b"t", b">", b"</t", b"</t>", b"/", b" a", b"b", b" ", b"yes", b"n", b"o", b"t>n", b" no </", b"<t>"]
    vocab = dx.Vocabulary.from_tokens([*tokens, None], eos_token_ids=[len(tokens)])
    compiled = dx.compile(constraint, vocab)
    rng = random.Random(5)
    finished = 0
    for _ in range(400):
        text = random_text(compiled.matcher(), vocab, rng, limit=120)
        if text is None:
            continue
        finished += 1
        head, found, answer = text.decode().removeprefix("<t>").partition("</t>")
        assert found and answer in ("yes", "no") and 2 <= len(re.findall(r"\w+", head)) <= 4
    assert finished > 100


def test_markers_as_special_tokens_or_as_text() -> None:
    tokens = [b"<", b"/", b"t", b">", b"a", b"</t>", b"<t>", b"<x>"]
    constraint = dx.thinking(1, 2, "chars", begin="<t>", end="</t>", content=dx.regex("a*")) + "a"

    def readings(vocab: dx.Vocabulary) -> set[tuple[int, ...]]:
        found = set()
        compiled = dx.compile(constraint, vocab)

        def go(matcher: dx.Matcher, ids: tuple[int, ...]) -> None:
            for token in matcher.allowed_tokens():
                following = matcher.fork()
                assert following.advance(int(token))
                if following.is_finished:
                    found.add(ids)
                else:
                    go(following, (*ids, int(token)))

        go(compiled.matcher(), ())
        return found

    silent = dx.Vocabulary.from_tokens([*tokens, None], eos_token_ids=[8], special_token_ids=[5, 6, 7])
    spoken = dx.Vocabulary.from_tokens(
        [*tokens, None], eos_token_ids=[8], special_token_ids=[5, 6, 7], text_of_special=["</t>", 6]
    )
    assert readings(silent) == {(0, 2, 3, *[4] * n, 0, 1, 2, 3, 4) for n in (1, 2)}
    begins, ends = [(0, 2, 3), (6,)], [(0, 1, 2, 3), (5,)]
    assert readings(spoken) == {(*b, *[4] * n, *e, 4) for b in begins for e in ends for n in (1, 2)}


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"$ref": "#/$defs/name"}},
                "required": ["city"],
                "additionalProperties": False,
                "$defs": {"name": {"type": "string", "maxLength": 8}},
            },
        },
    },
    {"name": "stop"},
]
CALL, STOP = '{"city": "Rome"}', "{}"
WRITTEN = {
    "hermes": 'Well.<tool_call>\n{"name": "weather", "arguments": %s}\n</tool_call> and '
    '<tool_call>\n{"name": "stop", "arguments": %s}\n</tool_call>',
    "llama3": "<function=weather>%s</function><function=stop>%s</function> Done.",
    "mistral": '[TOOL_CALLS][{"name": "weather", "arguments": %s}, {"name": "stop", "arguments": %s}]',
    "mistral_v11": "I look.[TOOL_CALLS]weather[ARGS]%s[TOOL_CALLS]stop[ARGS]%s",
    "deepseek_v3": "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n"
    "```json\n%s\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>stop\n```json\n%s\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    "deepseek_v31": "Hm<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>%s<｜tool▁call▁end｜>"
    "<｜tool▁call▁begin｜>stop<｜tool▁sep｜>%s<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    "harmony": "<|channel|>analysis<|message|>I ask.<|end|><|start|>assistant"
    "<|channel|>commentary to=functions.weather <|constrain|>json<|message|>%s<|call|>",
}


@pytest.mark.parametrize("format", WRITTEN)
def test_tool_calls(format: str) -> None:
    one_only = format == "harmony"
    compiled = dx.compile(dx.tool_calls(TOOLS, format=format), VOCAB)
    written = WRITTEN[format]
    good = written % CALL if one_only else written % (CALL, STOP)
    bad = '{"city": 1}'
    assert compiled.check(good) and compiled.check("No tool is needed.")
    assert not compiled.check(written % bad if one_only else written % (bad, STOP))
    assert not compiled.check(good.replace("weather", "whether"))
    none = dx.compile(dx.tool_calls(TOOLS, format=format, max=0), VOCAB)
    assert none.check("No tool is needed.") and not none.check(good)
    needed = dx.compile(dx.tool_calls(TOOLS, format=format, min=1), VOCAB)
    assert needed.check(good) and not needed.check("No tool is needed.")


def test_tools_from_functions() -> None:
    def add(left: int, right: int = 0) -> int:
        return left + right

    compiled = dx.compile(dx.tool_calls([add], format="llama3", min=1, max=1, whitespace="compact"), VOCAB)
    assert compiled.check(f"<function=add>{json.dumps({'left': 1}, separators=(',', ':'))}</function>")
    assert not compiled.check('<function=add>{"right":1}</function>')


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dx.tagged("<a>", "x", "y", triggers="b"), "begins with none of the triggers 'b'"),
        (lambda: dx.tagged("<a>", "x", "y", triggers=["<", "b"]), "'b' begins no tag"),
        (lambda: dx.tagged("xab", "x", "y", triggers=["xab", "a"]), "'a' is complete inside of it first"),
        (lambda: dx.tagged("", "x", "y"), "non-empty"),
        (lambda: dx.tagged([]), "at least one tag"),
        (lambda: dx.tagged(["ab"]), "a tag is"),
        (lambda: dx.tagged("<a>"), "its end must be a non-empty string"),
        (lambda: dx.tagged("<a>", "x", "y", min=2, max=1), "max=1 is less than min=2"),
        (lambda: dx.tagged([("a", "b", "c")], "x"), "either begin, content and end"),
        (lambda: dx.tagged([(str(i), "b", "c") for i in range(10, 80)]), "up to 64 triggers .*, not 70 of 140"),
        (lambda: dx.after("", "a"), "marker"),
        (lambda: dx.thinking(3, 2), "less than min"),
        (lambda: dx.thinking(begin=None), "begins with a string"),
        (lambda: dx.tagged("<a>", "x", "y", text_after="no"), "text_after is True or False"),
        (lambda: dx.thinking(unit="pages", max=2), "no unit"),
        (lambda: dx.tagged(5), "not 5"),
        (lambda: dx.tagged("<a>", "b", "c", triggers=5), "non-empty strings"),
        (lambda: dx.tool_calls({"name": "a"}), "a list of tools"),
        (lambda: dx.tool_calls([]), "at least one tool"),
        (lambda: dx.tool_calls([{"x": 1}]), "item 0"),
        (lambda: dx.tool_calls([{"name": "a"}, {"name": "a"}]), "two tools have the name 'a'"),
        (lambda: dx.tool_calls([{"name": "a"}], format="gpt"), "no format of tool calls"),
        (lambda: dx.tool_calls([{"name": "a"}], format="harmony", min=2), "at most one call"),
    ],
)
def test_wrong_tags_are_named(make: object, message: str) -> None:
    with pytest.raises(dx.ConstraintError, match=message):
        make()  # type: ignore[operator]
