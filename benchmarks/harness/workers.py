"""How is an engine measured so that it can neither disturb the others nor stop the run?

Every engine lives in a process of its own, started by ``spawn``, and answers one request at a time: compile
this schema, replay these tokens. The driver waits for the answer, so that only one process works at any
moment. Times are taken inside the worker with ``perf_counter_ns``; garbage collection is off while it
measures and runs between schemas. Native calls cannot be interrupted: a worker that outruns its time or
memory is killed, one that dies is noticed, and either way the next request starts a new one. Cost of a
restart: preparing the vocabulary again.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import tempfile
import time
from array import array
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.harness.engines import ENGINES, Engine, EngineOptions, Handle
from benchmarks.harness.timing import one_thread
from benchmarks.harness.vocabularies import BenchmarkVocabulary

PREPARE_LIMIT_S = 600.0
_POLL_S = 0.2
_MESSAGE_LENGTH = 400

# Outcomes of a request.
OK, REFUSED, CRASHED, TIMED_OUT = "ok", "refused", "crashed", "timed out"


@dataclass(frozen=True)
class Prepared:
    """A worker is ready; the vocabulary took ``prepare_ns``, imports of the engine included."""

    outcome: str
    message: str = ""
    prepare_ns: int = 0
    version: str = "unknown"
    rss_bytes: int = 0


@dataclass(frozen=True)
class Compiled:
    """What compiling a schema came to; the time to the first mask is the sum of its three parts."""

    outcome: str
    message: str = ""
    compile_ns: int = 0
    start_ns: int = 0
    fill_ns: int = 0
    rss_bytes: int = 0
    panicked: bool = False

    @property
    def first_mask_ns(self) -> int:
        return self.compile_ns + self.start_ns + self.fill_ns


@dataclass(frozen=True)
class Replayed:
    """What the engine said to a text: read to its end and the end token allowed, or refused at a token."""

    outcome: str
    message: str = ""
    accepted: bool = False
    refused_at: int | None = None
    """Index of the first token the mask forbids; the number of tokens if only the end token is forbidden."""
    disagrees: bool = False
    """``is_accepting`` says something else than the bit of the end token."""
    masks_ns: array[int] = field(default_factory=lambda: array("q"))
    """One entry per mask: its fill, and the commit of the token that followed if one did."""
    rss_bytes: int = 0
    panicked: bool = False


class Worker:
    """The driver's side of one engine: requests with a time limit, restarts, what they cost."""

    def __init__(
        self,
        name: str,
        options: EngineOptions,
        vocab: BenchmarkVocabulary,
        memory_limit: int,
        label: str | None = None,
    ) -> None:
        self.name = name
        self.label = label or name
        """By what a run knows it, where one engine has several workers."""
        self.prepared: Prepared | None = None
        self.starts = 0
        self.peak_rss_bytes = 0
        self._arguments = (name, options, vocab)
        self._memory_limit = memory_limit
        self._process: Any = None
        self._connection: Connection | None = None
        self._log: Path | None = None

    def prepare(self) -> Prepared:
        """Start a worker if none is running; the first answer is kept in ``prepared``."""
        if self._process is not None and self.prepared is not None:
            return self.prepared
        one_thread()
        context = multiprocessing.get_context("spawn")
        handle, log = tempfile.mkstemp(prefix="maskbench-", suffix=".log")
        os.close(handle)
        self._log = Path(log)
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, log, *self._arguments), daemon=True)
        self._process.start()
        theirs.close()
        self.starts += 1
        answer = self._receive(PREPARE_LIMIT_S)
        if not isinstance(answer, Prepared):
            answer = Prepared(answer.outcome, answer.message)
        if answer.outcome != OK:
            self.stop()
        if self.prepared is None:
            self.prepared = answer
        return answer

    @property
    def running(self) -> bool:
        """Is there a process that holds the schema compiled last?"""
        return self._process is not None

    @property
    def resident_bytes(self) -> int:
        """What the process holds now; 0 when none is running."""
        return resident_bytes(self._process.pid) if self._process is not None else 0

    def compile(self, schema: str, limit_s: float) -> Compiled:
        """Compile a schema and make its first mask; the handle stays in the worker for ``replay``."""
        ready = self.prepare()
        if ready.outcome != OK:
            return Compiled(CRASHED, f"the worker could not be started: {ready.message}")
        answer = self._ask(("compile", schema), limit_s)
        return answer if isinstance(answer, Compiled) else Compiled(answer.outcome, answer.message)

    def replay(self, tokens: list[int], limit_s: float) -> Replayed:
        """Feed tokens to the schema compiled last; after a crash or time-out, compile first."""
        answer = self._ask(("replay", tokens), limit_s)
        return answer if isinstance(answer, Replayed) else Replayed(answer.outcome, answer.message)

    def stop(self) -> None:
        """End the worker, whatever it is doing."""
        if self._process is not None:
            if self._process.is_alive():
                self._process.kill()
            self._process.join()
            self._process.close()
        if self._connection is not None:
            self._connection.close()
        if self._log is not None:
            self._log.unlink(missing_ok=True)
        self._process = self._connection = self._log = None

    def _ask(self, request: tuple[str, Any], limit_s: float) -> Any:
        if self._connection is None:
            raise RuntimeError("replay() needs a schema that was compiled by the same worker")
        try:
            self._connection.send(request)
        except OSError:
            return self._died()
        answer = self._receive(limit_s)
        if answer.panicked:  # it answered, but what it holds is no longer to be trusted
            self.stop()
        return answer

    def _receive(self, limit_s: float) -> Any:
        connection = self._connection
        if connection is None:
            raise RuntimeError("no worker is running")
        deadline = time.monotonic() + limit_s
        while not connection.poll(max(0.0, min(_POLL_S, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                self.stop()
                return Compiled(TIMED_OUT, f"no answer within {limit_s:.3g} s")
            if resident_bytes(self._process.pid) > self._memory_limit:
                self.stop()
                return Compiled(CRASHED, f"memory: more than {self._memory_limit >> 20} MiB resident")
        try:
            answer = connection.recv()
        except (EOFError, OSError):
            return self._died()
        self.peak_rss_bytes = max(self.peak_rss_bytes, answer.rss_bytes)
        return answer

    def _died(self) -> Compiled:
        self._process.join(5)
        code = self._process.exitcode
        how = signal.Signals(-code).name if isinstance(code, int) and code < 0 else f"exit code {code}"
        said = (
            self._log.read_text("utf-8", "replace").strip()[-_MESSAGE_LENGTH:]
            if self._log is not None
            else ""
        )
        self.stop()
        return Compiled(CRASHED, f"the process ended with {how}" + (f": {said}" if said else ""))


def resident_bytes(pid: int | str = "self", peak: bool = False) -> int:
    """Memory of a process now, or its highest so far; 0 where the system has no /proc."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as lines:
            return next((int(line.split()[1]) << 10 for line in lines if line.startswith(wanted)), 0)
    except OSError:
        return 0


# The worker's side.


def _serve(
    connection: Connection, log: str, name: str, options: EngineOptions, vocab: BenchmarkVocabulary
) -> None:
    """Answer requests until the driver closes its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    engine = ENGINES[name](options)
    ready = _prepare(engine, vocab)
    connection.send(ready)
    handle: Handle = None
    kept: list[Handle] = []
    with contextlib.suppress(EOFError, OSError):
        while ready.outcome == OK:
            kind, argument = connection.recv()
            if kind == "compile":
                handle = None
                gc.collect()
                handle, answer = _compile(engine, argument)
                if options.keep:
                    kept.append(handle)
                connection.send(replace(answer, rss_bytes=resident_bytes(peak=True)))
            else:
                replayed = _replay(engine, handle, argument, vocab.eos_id)
                connection.send(replace(replayed, rss_bytes=resident_bytes(peak=True)))


def _prepare(engine: Engine, vocab: BenchmarkVocabulary) -> Prepared:
    begin = time.perf_counter_ns()
    try:
        engine.prepare(vocab)
        taken = time.perf_counter_ns() - begin
        # What is imported or compiled on first use is no schema's own time.
        with contextlib.suppress(Exception):
            handle = engine.compile('{"type": "integer"}')
            _replay(engine, handle, [], vocab.eos_id)
    except BaseException as error:
        return Prepared(CRASHED, _described(error))
    gc.collect()
    gc.freeze()
    gc.disable()
    return Prepared(OK, "", taken, engine.version(), resident_bytes(peak=True))


def _compile(engine: Engine, schema: str) -> tuple[Handle, Compiled]:
    clock = time.perf_counter_ns
    try:
        begin = clock()
        handle = engine.compile(schema)
        compiled = clock()
    except Exception as error:
        return None, Compiled(CRASHED if isinstance(error, MemoryError) else REFUSED, _described(error))
    except BaseException as error:
        return None, Compiled(CRASHED, _described(error), panicked=True)
    try:
        engine.start(handle)
        started = clock()
        engine.fill()
        filled = clock()
    except BaseException as error:
        return None, Compiled(CRASHED, f"first mask: {_described(error)}", panicked=_is_panic(error))
    return handle, Compiled(OK, "", compiled - begin, started - compiled, filled - started)


def _replay(engine: Engine, handle: Handle, tokens: list[int], eos_id: int) -> Replayed:
    clock = time.perf_counter_ns
    masks_ns = array("q")
    try:
        engine.start(handle)
        for index, token in enumerate(tokens):
            begin = clock()
            engine.fill()
            filled = clock()
            if not engine.allows(token):
                masks_ns.append(filled - begin)
                return Replayed(OK, accepted=False, refused_at=index, masks_ns=masks_ns)
            resumed = clock()
            engine.commit(token)
            masks_ns.append(clock() - resumed + filled - begin)
        begin = clock()
        engine.fill()
        masks_ns.append(clock() - begin)
        accepted = engine.allows(eos_id)
        disagrees = engine.is_accepting() != accepted
    except BaseException as error:
        return Replayed(CRASHED, _described(error), masks_ns=masks_ns, panicked=_is_panic(error))
    return Replayed(OK, "", accepted, None if accepted else len(tokens), disagrees, masks_ns)


def _is_panic(error: BaseException) -> bool:
    """A panic of a Rust library reaches Python as an exception that is no ``Exception``."""
    return not isinstance(error, Exception)


def _described(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:_MESSAGE_LENGTH]}"
