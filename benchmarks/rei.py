"""Are the instructions of Regular Expression Instruction followed, and what does that cost the model?

    python -m benchmarks.rei [--quick] [--limit INSTRUCTIONS]

In: instructions of each type of task that Regular Expression Instruction (Zheng et al., 2023) names, drawn by the
seed: keywords in order and in any, positions between given sentences, lengths, alternatives, and several at once.
The embedded model is told in words and samples, with decodex holding it to the expression (``dx.rei``) and without.
Out: the share of texts that follow the instruction, as plain ``re`` and counts of words judge it from what was drawn,
not from the expression; what the masks took of the model's probability per token, in nats. Floor: the model without a
constraint.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from random import Random
from statistics import mean
from typing import Any

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.statistics import progress
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.writing import Written, embedded_model, write

KEYWORDS = ("dog", "river", "market", "bridge", "letter", "teacher", "kitchen", "garden", "train", "window", "rain")
VERBS = ("found", "carried", "opened", "painted", "wanted", "watched")
LABELS = ("sports", "business", "science", "world news")
BEGINNINGS = ("Anna lost her key on Monday.", "It rained all day.", "The shop was closed.")
ENDINGS = ("So she walked home.", "In the end they were happy.", "Nobody knew why.")
TEXTS, TOKENS = 4, 96
"""Samples of each instruction, and tokens of one at most."""
ALL = Target(100, "value", at_least=True)
Judge = Callable[[str], bool]


@dataclass(frozen=True)
class Instruction:
    """What the model is told, what decodex is told, and what is true of a text that follows it."""

    request: str
    expression: str
    judges: tuple[Judge, ...]
    ordered: bool = True

    def followed(self, text: str) -> bool:
        return "\n" not in text and all(judge(text) for judge in self.judges)


def _masked(keywords: Sequence[str]) -> str:
    """``<mask_0> a(0) <mask_1> b(1) <mask_2>``"""
    parts = [f"<mask_{k}> {word}({k})" for k, word in enumerate(keywords)]
    return " ".join([*parts, f"<mask_{len(keywords)}>"])


def _options(choices: Sequence[str]) -> str:
    arms = [f"<choice_{k}> {text} </choice_{k}>" for k, text in enumerate(choices)]
    return f"<options> {' '.join(arms)} </options>"


def _mentions(keywords: Sequence[str]) -> Judge:
    """All of them, each a word of its own, one behind the other."""
    pattern = re.compile(".*".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in keywords))
    return lambda text: pattern.search(text) is not None


def _mentions_all(keywords: Sequence[str]) -> Judge:
    return lambda text: all(_mentions([word])(text) for word in keywords)


def _words(count: int) -> Judge:
    return lambda text: len(text.split()) == count


def _between(begin: str, end: str) -> Judge:
    return lambda text: text.startswith(begin) and text.endswith(end) and len(text) >= len(begin) + len(end)


def _ends(choices: Sequence[str]) -> Judge:
    return lambda text: text.endswith(tuple(choices))


def lexicon(random: Random) -> Instruction:
    words = random.sample(KEYWORDS, random.randint(2, 4))
    return Instruction(f"Write a sentence with the words {', '.join(words)}.", _masked(words), (_mentions(words),))


def lexicon_any_order(random: Random) -> Instruction:
    words = random.sample(KEYWORDS, random.randint(2, 4))
    request = f"Write a sentence with the words {', '.join(words)}."
    return Instruction(request, _masked(words), (_mentions_all(words),), ordered=False)


def length(random: Random) -> Instruction:
    count = random.randint(5, 12)
    return Instruction(f"Write a sentence of {count} words.", f"<mask_0> <length={count}>", (_words(count),))


def lexicon_length(random: Random) -> Instruction:
    words, count = random.sample(KEYWORDS, 3), random.randint(8, 16)
    request = f"Write a sentence of {count} words with the words {', '.join(words)}."
    return Instruction(request, f"{_masked(words)} <length={count}>", (_mentions(words), _words(count)))


def position(random: Random) -> Instruction:
    """A sentence with a verb, between two that are given and not written."""
    begin, verb, end = random.choice(BEGINNINGS), random.choice(VERBS), random.choice(ENDINGS)
    expression = f"{begin} <expression> {_masked([verb])} </expression> {end}"
    request = f"Write one sentence that contains {verb}, for between: {begin} {end}"
    return Instruction(request, expression, (_mentions([verb]),))


def infilling(random: Random) -> Instruction:
    begin, end = random.choice(BEGINNINGS), random.choice(ENDINGS)
    request = f"Tell me a story that begins: {begin} It ends: {end}"
    return Instruction(request, f"{begin} <mask_0> {end}", (_between(begin, end),))


def infilling_length(random: Random) -> Instruction:
    begin, end, count = random.choice(BEGINNINGS), random.choice(ENDINGS), random.randint(16, 24)
    request = f"Tell me a story of {count} words that begins: {begin} It ends: {end}"
    return Instruction(request, f"{begin} <mask_0> {end} <length={count}>", (_between(begin, end), _words(count)))


def options(random: Random) -> Instruction:
    labels = random.sample(LABELS, 3)
    request = f"Is this {', '.join(labels[:-1])} or {labels[-1]}? {random.choice(BEGINNINGS)}"
    return Instruction(request, _options(labels), (lambda text: text in labels,))


def alternative_ending(random: Random) -> Instruction:
    verb, endings = random.choice(VERBS), random.sample(ENDINGS, 2)
    expression = f"{_masked([verb])} {_options(endings)}"
    request = f"Tell me a story with the word {verb} that ends: {endings[0]} Or: {endings[1]}"
    return Instruction(request, expression, (_mentions([verb]), _ends(endings)))


def options_in_a_row(random: Random) -> Instruction:
    """A sentence rewritten with the words of a list alone."""
    words, count = random.sample(KEYWORDS, 4), random.randint(3, 6)
    request = f"Write {count} of these words: {', '.join(words)}."
    pattern = re.compile(rf"(?:(?:{'|'.join(words)}) ?){{{count}}}")
    judge = lambda text: pattern.fullmatch(text) is not None  # noqa: E731
    return Instruction(request, f"{_options(words)} <length={count}>", (judge,))


def everything(random: Random) -> Instruction:
    begin, endings, count = random.choice(BEGINNINGS), random.sample(ENDINGS, 2), random.randint(18, 26)
    words = [random.choice(VERBS), random.choice(KEYWORDS)]
    expression = f"<length={count}> {begin} {_masked(words)} {_options(endings)}"
    request = f"Tell me a story of {count} words with {words[0]} and {words[1]}. It begins: {begin}"
    judges = (lambda text: text.startswith(begin), _mentions(words), _ends(endings), _words(count))
    return Instruction(request, expression, judges)


TASKS: dict[str, Callable[[Random], Instruction]] = {
    "keywords": lexicon,
    "keywords, any order": lexicon_any_order,
    "length": length,
    "keywords, length": lexicon_length,
    "position": position,
    "infilling": infilling,
    "infilling, length": infilling_length,
    "options": options,
    "keywords, options": alternative_ending,
    "options in a row": options_in_a_row,
    "all of them": everything,
}


def measure(options: Options, report: Report) -> None:
    embedded = embedded_model(report)
    if embedded is None:
        return
    import decodex as dx
    from decodex.hf import vocabulary

    model, tokenizer = embedded
    vocab = vocabulary(model, tokenizer)
    count = options.count(8, 1)
    report.about["texts per task"] = count * TEXTS
    report.floor = "the same model, told the same, without a constraint"
    shares: dict[str, list[float | None]] = {"decodex": [], "floor": []}
    with progress(len(TASKS)) as advance:
        for name, draw in TASKS.items():
            advance(name)
            random = Random(f"{options.seed} {name}")
            followed: dict[str, list[bool]] = {"decodex": [], "floor": []}
            wrote: list[Written] = []
            told = []
            for k in range(count):
                one = draw(random)
                compiled = dx.compile(dx.rei(one.expression, ordered=one.ordered), vocab)
                for by, constraint in (("decodex", compiled), ("floor", None)):
                    texts = write(model, tokenizer, one.request, TEXTS, TOKENS, options.seed + k, constraint)
                    followed[by] += [text.ended and one.followed(text.text) for text in texts]
                    wrote += texts if constraint is not None else []
                told.append({"expression": one.expression, "texts": [asdict(text) for text in wrote[-TEXTS:]]})
            for by, verdicts in followed.items():
                shares[by].append(100 * mean(verdicts))
            mine, theirs = (shares[by][-1] for by in ("decodex", "floor"))
            report.add(f"{name}: followed", "%", {"decodex": mine}, floor=theirs, target=ALL)
            tokens = sum(len(text.tokens) + 1 for text in wrote)
            report.add(f"{name}: paid per token", "nats", {"decodex": sum(text.paid for text in wrote) / tokens})
            report.data[name] = told
    groups = [name.replace(", ", ",\n").replace(" in ", "\nin ") for name in TASKS]
    labels = {"ylabel": "texts that follow the instruction (%)", "title": "Regular Expression Instruction"}
    report.draw = Draw(lambda axes: _paint(axes, groups, shares, labels))


def _paint(axes: Any, groups: Sequence[str], shares: dict[str, list[float | None]], labels: dict[str, str]) -> None:
    bars(axes, groups, shares, **labels)
    axes.tick_params(axis="x", labelsize=6)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("rei", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
