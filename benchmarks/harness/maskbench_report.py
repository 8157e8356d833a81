"""What does a run of maskbench come to, per engine and on what two engines both take?

In: a ``Run``. Out: tables and a JSON file. Over all that an engine did, means flatter the one that refuses
what is hard; so each peer is also set beside the first engine (decodex when it ran) on the schemas that both
compiled and the instances that both accepted, where both made exactly the same masks. A ratio above 1 is in
favour of the first.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness.statistics import Summary, number, print_table, ratio, summarize
from benchmarks.harness.workers import CRASHED, OK, REFUSED, TIMED_OUT

if TYPE_CHECKING:
    from benchmarks.maskbench import Run, SchemaRecord

_MS, _US = 1e6, 1e3
_FIELDS = ("mean", "p50", "p99", "p99_9", "max")
_HEADS = ("mean", "p50", "p99", "p99.9", "max")


@dataclass(frozen=True)
class Verdicts:
    """Counts of schemas by what became of them, and of instances by verdict against label."""

    schemas: int
    compiled: int
    refused: int
    crashed: int
    timed_out: int
    all_right: int
    """Schemas that compiled and whose instances all got the right verdict."""
    right: int
    wrong_accepts: int
    wrong_rejects: int
    not_judged: int
    disagreements: int
    """Instances at whose end ``is_accepting`` and the end token's bit differ."""


def count_verdicts(run: Run, name: str) -> Verdicts:
    """The counts of one engine."""
    schemas: Counter[str] = Counter()
    instances: Counter[str] = Counter()
    for problem, record in zip(run.problems, run.records[name], strict=True):
        outcomes = {record.compiled.outcome, *(replay.outcome for replay in record.replays)}
        schemas.update(outcomes - {OK})
        schemas["compiled"] += record.compiled.outcome == OK
        before = instances["right"]
        for instance, replay in zip(problem.instances, record.replays, strict=False):
            if replay.outcome == OK:
                wrong = "wrong_accepts" if replay.accepted else "wrong_rejects"
                instances["right" if replay.accepted == instance.valid else wrong] += 1
                instances["disagreements"] += replay.disagrees
        all_right = instances["right"] - before == len(problem.instances)
        schemas["all_right"] += all_right and record.compiled.outcome == OK
    total = sum(len(problem.instances) for problem in run.problems)
    judged = instances["right"] + instances["wrong_accepts"] + instances["wrong_rejects"]
    return Verdicts(
        schemas=len(run.problems),
        compiled=schemas["compiled"],
        refused=schemas[REFUSED],
        crashed=schemas[CRASHED],
        timed_out=schemas[TIMED_OUT],
        all_right=schemas["all_right"],
        right=instances["right"],
        wrong_accepts=instances["wrong_accepts"],
        wrong_rejects=instances["wrong_rejects"],
        not_judged=total - judged,
        disagreements=instances["disagreements"],
    )


def first_masks(run: Run, name: str, where: Callable[[int], bool] = lambda _: True) -> Summary:
    """Times to the first mask over compiled schemas, repeated ones left out, where the index passes."""
    times = array("q")
    for index, record in enumerate(run.records[name]):
        if record.compiled.outcome == OK and not run.repeated[index] and where(index):
            times.append(record.compiled.first_mask_ns)
    return summarize([times])


def masks(run: Run, name: str) -> Summary:
    """Times per mask over everything the engine replayed."""
    return summarize(replay.masks_ns for record in run.records[name] for replay in record.replays)


@dataclass(frozen=True)
class Pair:
    """Two engines on what both take: the same schemas, the same texts, the same masks."""

    base: str
    peer: str
    schemas: int
    instances: int
    first_mask: dict[str, Summary]
    mask: dict[str, Summary]

    def as_dict(self) -> dict[str, Any]:
        ratios = {
            kind: {
                key: getattr(found[self.peer], key) / getattr(found[self.base], key)
                for key in _FIELDS
                if getattr(found[self.base], key)
            }
            for kind, found in (("first_mask", self.first_mask), ("mask", self.mask))
        }
        return {**asdict(self), "peer_over_base": ratios}


def compare(run: Run, base: str, peer: str) -> Pair:
    """Two engines on the schemas that both compiled and the instances that both accepted."""
    mine, theirs = run.records[base], run.records[peer]
    both = [a.compiled.outcome == OK == b.compiled.outcome for a, b in zip(mine, theirs, strict=True)]
    taken: dict[str, list[array[int]]] = {base: [], peer: []}
    for a, b in zip(mine, theirs, strict=True):
        for replay_a, replay_b in zip(a.replays, b.replays, strict=False):
            if replay_a.accepted and replay_b.accepted:
                taken[base].append(replay_a.masks_ns)
                taken[peer].append(replay_b.masks_ns)
    return Pair(
        base=base,
        peer=peer,
        schemas=sum(both),
        instances=len(taken[base]),
        first_mask={name: first_masks(run, name, both.__getitem__) for name in (base, peer)},
        mask={name: summarize(taken[name]) for name in (base, peer)},
    )


def base_of(run: Run) -> str | None:
    """The engine that the others are set beside."""
    return next((name for name in run.records if name == "decodex"), next(iter(run.records), None))


def pairs(run: Run) -> list[Pair]:
    """Every other engine beside the base."""
    base = base_of(run)
    return [compare(run, base, peer) for peer in run.records if peer != base] if base is not None else []


# Tables


def print_report(run: Run) -> None:
    """All tables to standard output."""
    for name, reason in run.absent.items():
        print(f"skipped {name}: {reason}")
    if not run.records:
        return
    about = run.about
    print(
        f"{len(run.problems)} schemas of {about['data']}, seed {about['seed']}, vocabulary "
        f"{about['vocabulary']}, property order in decodex: {about['order']}, limit "
        f"{about['time_limit_s']:g} s per schema and engine"
    )
    if max(about["load_before"], about["load_after"] - 1) >= about["cores"]:
        print(
            f"the machine was busy (load {about['load_before']:.1f} before, {about['load_after']:.1f} after, "
            f"{about['cores']} cores): long tails may be waits for a core"
        )
    _print_verdicts(run)
    _print_times(run)
    _print_pairs(run)


def _print_verdicts(run: Run) -> None:
    columns = (
        *("engine", "schemas", "compiled", "refused", "crashed", "timed out", "all right"),
        *("instances right", "wrong accepts", "wrong rejects", "not judged"),
    )
    rows = []
    for name in run.records:
        v = count_verdicts(run, name)
        schemas = (v.schemas, v.compiled, v.refused, v.crashed, v.timed_out, v.all_right)
        counts = (*schemas, v.right, v.wrong_accepts, v.wrong_rejects, v.not_judged)
        rows.append([name, *(f"{count:,}" for count in counts)])
    note = "all right: compiled, and every instance got the verdict of its label"
    print_table("Verdicts", columns, rows, note)


def _print_times(run: Run) -> None:
    rows = [[name, *first_masks(run, name).shown(_MS, _FIELDS)] for name in run.records]
    print_table("Time to first mask (ms), over the schemas each compiled", ("engine", *_HEADS), rows)
    columns = ("engine", "masks", *_HEADS, "vocabulary (s)", "starts", "ready (MiB)", "peak (MiB)")
    rows = []
    for name in run.records:
        summary, worker = masks(run, name), run.workers[name]
        ready = worker.prepared
        prepared_ns, ready_bytes = (ready.prepare_ns, ready.rss_bytes) if ready is not None else (0, 0)
        memory = (f"{ready_bytes / 2**20:,.0f}", f"{worker.peak_rss_bytes / 2**20:,.0f}")
        times = summary.shown(_US, _FIELDS)
        rows.append(
            [name, f"{summary.count:,}", *times, number(prepared_ns / 1e9), str(worker.starts), *memory]
        )
    note = "a mask: fill, and commit of the token that follows; memory: resident, when ready and at most"
    print_table("Time per mask (µs), over all that each replayed; cost of the worker", columns, rows, note)


def _print_pairs(run: Run) -> None:
    found = pairs(run)
    if not found:
        return
    schemas = [(pair, pair.first_mask, pair.schemas) for pair in found]
    _print_pair_table("Time to first mask (ms) on the schemas that both compile", "schemas", _MS, schemas)
    instances = [(pair, pair.mask, pair.instances) for pair in found]
    _print_pair_table("Time per mask (µs) on the instances that both accept", "instances", _US, instances)


def _print_pair_table(
    title: str, counted: str, unit_ns: float, found: Iterable[tuple[Pair, dict[str, Summary], int]]
) -> None:
    rows: list[list[str]] = []
    for pair, summaries, count in found:
        base, peer = summaries[pair.base], summaries[pair.peer]
        ratios = [ratio(getattr(peer, key), getattr(base, key)) for key in _FIELDS]
        rows += [
            [pair.base, f"{count:,}", f"{base.count:,}", *base.shown(unit_ns, _FIELDS)],
            [pair.peer, f"{count:,}", f"{peer.count:,}", *peer.shown(unit_ns, _FIELDS)],
            [f"  {pair.peer} / {pair.base}", "", "", *ratios],
        ]
    print_table(title, ("engine", counted, "times", *_HEADS), rows)


# The file


def write_json(run: Run, path: Path) -> None:
    """Everything but the single times: circumstances, summaries, pairs, and what became of every schema."""
    engines = {name: _engine_entry(run, name) for name in run.records}
    schemas = [
        {
            "name": problem.name,
            "repeated": run.repeated[index],
            "engines": {name: _schema_entry(records[index]) for name, records in run.records.items()},
            "valid": [instance.valid for instance in problem.instances],
        }
        for index, problem in enumerate(run.problems)
    ]
    document = {
        "about": run.about,
        "absent": run.absent,
        "engines": engines,
        "pairs": [pair.as_dict() for pair in pairs(run)],
        "schemas": schemas,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _engine_entry(run: Run, name: str) -> dict[str, Any]:
    worker = run.workers[name]
    ready = worker.prepared
    return {
        "version": ready.version if ready is not None else "unknown",
        "prepare_ns": ready.prepare_ns if ready is not None else 0,
        "ready_rss_bytes": ready.rss_bytes if ready is not None else 0,
        "peak_rss_bytes": worker.peak_rss_bytes,
        "starts": worker.starts,
        "verdicts": asdict(count_verdicts(run, name)),
        "first_mask_ns": first_masks(run, name).as_dict(),
        "mask_ns": masks(run, name).as_dict(),
    }


def _schema_entry(record: SchemaRecord) -> dict[str, Any]:
    compiled = record.compiled
    entry: dict[str, Any] = {"outcome": compiled.outcome}
    if compiled.message:
        entry["message"] = compiled.message
    if compiled.outcome != OK:
        return entry
    entry |= {
        "compile_ns": compiled.compile_ns,
        "start_ns": compiled.start_ns,
        "first_fill_ns": compiled.fill_ns,
    }
    entry["instances"] = [
        {
            "outcome": replay.outcome,
            **({"message": replay.message} if replay.message else {}),
            "accepted": replay.accepted,
            "refused_at": replay.refused_at,
            "masks": len(replay.masks_ns),
            "total_ns": sum(replay.masks_ns),
            "max_ns": max(replay.masks_ns, default=0),
        }
        for replay in record.replays
    ]
    return entry
