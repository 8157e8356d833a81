"""How long does an artefact take to load, beside compiling its schema, and what are its warm states worth?

    python -m benchmarks.artefacts [--quick]

In: schemas of the MaskBench pack, each as a file; artefacts of them without samples, and with their valid texts as
samples. Out: loading the artefact, and that up to the first mask, beside reading the schema and compiling it; the
first 200 masks (fill and commit) of a loaded constraint beside those of one just compiled, on the texts that were
samples, and on the others where only every second text was one; the vocabulary from its file beside that from its
tokens. Every run has an automaton of its own, so that cold is cold. Floor: here not what any engine has to spend but
the same work without an artefact.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks.harness.figures import Report, Target
from benchmarks.harness.plots import Draw, bars
from benchmarks.harness.suite import Options, run_benchmark
from benchmarks.harness.timing import medians, quiet

MASKS = 200
NO_LONGER = Target(1, "floor")
FASTER = Target(1 / 5, "floor")
KINDS = ("load", "load, with samples", "load to first mask", "warm", "warm on other texts")

Pairs = dict[str, list[tuple[float, float]]]
"""Seconds with and without the artefact, by what was done, an entry per schema."""


def measure(options: Options, report: Report) -> None:
    import decodex as dx

    plain, encode = options.vocabulary(report)
    options.installed(report, ("decodex",))
    report.floor = "the same without: the schema read and compiled, masks from cold, the vocabulary from its tokens"

    def make() -> Any:
        made = dx.Vocabulary.from_tokens(
            list(plain.tokens), eos_token_ids=[plain.eos_id], special_token_ids=plain.special_ids, vocab_size=plain.size
        )
        made.native  # noqa: B018  # made when it is first asked for
        return made

    vocab = make()
    pairs: Pairs = {kind: [] for kind in KINDS}
    sizes: list[int] = []
    with tempfile.TemporaryDirectory() as folder, quiet():
        for problem in options.problems(200, 5, report):
            texts = [encode(instance.text) for instance in problem.instances if instance.valid]
            source = Path(folder) / "schema.json"
            source.write_text(problem.schema, encoding="utf-8")
            try:
                _schema(source, vocab, texts, options, pairs, sizes)
            except dx.DecodexError as error:
                report.notes.append(f"left out: {problem.name}: {str(error).splitlines()[0]}")
        saved = Path(folder) / "vocabulary"
        vocab.save(saved)
        calls = {"load": lambda: dx.Vocabulary.load(saved), "make": make}
        ready = medians(calls, options.choose(9, 1))
    for kind, target in zip(KINDS, (NO_LONGER, None, NO_LONGER, FASTER, None), strict=True):
        _add(report, kind, pairs[kind], target)
    report.add("vocabulary ready", "ms", {"decodex": ready["load"] / 1e6}, floor=ready["make"] / 1e6, target=NO_LONGER)
    if sizes:
        mean_kib, most_kib = mean(sizes) / 1024, max(sizes) / 1024
        report.notes.append(f"an artefact with samples has {mean_kib:,.0f} KiB in the mean, {most_kib:,.0f} at most")
    report.data = {"seconds": pairs, "bytes": sizes}
    report.draw = Draw(lambda axes: _paint(axes, pairs))


def _schema(
    source: Path, vocab: Any, texts: Sequence[Sequence[int]], options: Options, pairs: Pairs, sizes: list[int]
) -> None:
    """All of one schema: the median of a few rounds each."""
    import decodex as dx

    path, rounds = source.with_name("artefact"), options.choose(5, 1)

    def compiled(limits: Any) -> Any:
        return dx.compile(dx.json_schema(source.read_text(encoding="utf-8")), vocab, limits=limits)

    def loaded(limits: Any) -> Any:
        return dx.load(path, vocab, limits=limits)

    def compare(kind: str, use: Callable[[Any], object], only_use: bool = False) -> None:
        pairs[kind].append(_pair(loaded, compiled, use, rounds, vocab, only_use))

    whole = compiled(None)
    texts = [text for text in texts if whole.matcher().validate(text) == len(text)]
    whole.save(path)
    compare("load", lambda _: None)
    compare("load to first mask", _first_mask(len(vocab)))
    whole.save(path, warm=texts)
    sizes.append(path.stat().st_size)
    compare("load, with samples", lambda _: None)
    if texts:
        compare("warm", _masks(len(vocab), texts), only_use=True)
    if len(texts) > 1:
        whole.save(path, warm=texts[::2])
        compare("warm on other texts", _masks(len(vocab), texts[1::2]), only_use=True)


_limits = itertools.count(50_001)


def _automata(vocab: Any) -> Iterator[Any]:
    """Limits that no constraint had before: so theirs is an automaton, with masks and tables, of its own."""
    import decodex as dx

    while True:
        limits = dx.Limits(search_states=next(_limits))
        dx.compile(dx.choice(["a"]), vocab, limits=limits)
        yield limits


def _pair(
    loaded: Callable[[Any], Any],
    compiled: Callable[[Any], Any],
    use: Callable[[Any], object],
    rounds: int,
    vocab: Any,
    only_use: bool,
) -> tuple[float, float]:
    """Seconds to make a constraint and use it, or only to use it, with the artefact and without, in turns."""
    times: dict[int, list[float]] = {0: [], 1: []}
    automata = _automata(vocab)
    for turn in range(2 * rounds):
        limits = next(automata)
        begin = time.perf_counter()
        made = (loaded, compiled)[turn % 2](limits)
        middle = time.perf_counter()
        use(made)
        times[turn % 2].append(time.perf_counter() - (middle if only_use else begin))
    return median(times[0]), median(times[1])


def _first_mask(size: int) -> Callable[[Any], None]:
    import decodex as dx

    mask = dx.allocate_bitmask(1, size)
    return lambda made: made.matcher().fill_bitmask(mask)


def _masks(size: int, texts: Sequence[Sequence[int]]) -> Callable[[Any], None]:
    """The first masks of the texts, one text after the other, and a commit after each."""
    import decodex as dx

    mask = dx.allocate_bitmask(1, size)

    def go(made: Any) -> None:
        left = MASKS
        for text in texts:
            matcher = made.matcher()
            for token in text[:left]:
                matcher.fill_bitmask(mask)
                matcher.advance(token)
            left -= len(text)
            if left <= 0:
                return

    return go


def _add(report: Report, kind: str, pairs: Sequence[tuple[float, float]], target: Target | None) -> None:
    name = f"first {MASKS} masks, {kind}" if kind.startswith("warm") else kind
    for shown, of in (("mean", mean), ("p50", median)):
        values = [of([pair[side] for pair in pairs]) * 1e3 if pairs else None for side in (0, 1)]
        report.add(f"{name}, {shown}", "ms", {"decodex": values[0]}, floor=values[1], target=target)


def _paint(axes: Any, pairs: Pairs) -> None:
    shown = {
        side: [mean([pair[index] for pair in taken]) * 1e3 if taken else None for taken in pairs.values()]
        for index, side in enumerate(("artefact", "without"))
    }
    bars(axes, list(pairs), shown, ylabel="ms, mean over the schemas", title="With an artefact and without")


def main(arguments: Sequence[str] | None = None) -> int:
    return run_benchmark("artefacts", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
