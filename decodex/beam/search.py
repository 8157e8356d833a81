"""Beam search in which every text that is returned satisfies what was asked.

In: rows that answer log-probabilities of the next token (``Rows``), and for each prompt a ``Beam`` with its demands.
Out: for each prompt its best texts. At each step the candidates of a prompt are the best of all its rows and tokens,
the best token of each row, and for each constraint that a row has not met its best token that brings it on; the ranking
(``ranking.py``) says which go on.

Invariants: no text goes on, or ends, that the demands do not allow. Texts that are sure to be completed within the
budget (``Matcher.tokens_to_finish``) go before those that are not, and as many as are wanted are kept so: where the
budget suffices for the empty text, the search cannot come to its end without a text. A text that has ended counts when
it is among those that get a slot, as in transformers' own beam search, which this is where nothing is asked. Cost per
step: one pass of the model over the rows, a search for the best tokens, and work in Python for each candidate, of which
there are about ``num_beams * (3 + constraints)``. Masks are made only in steps in which a candidate was refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from decodex.beam.demands import Demands
from decodex.beam.ranking import Ranking, dynamic, grid
from decodex.beam.trackers import Progress, TokenSets, token_sets
from decodex.decoding import apply_bitmask
from decodex.errors import SearchError
from decodex.matching import Matcher, allocate_bitmask, fill_bitmasks
from decodex.matching.bitmask import BITS

__all__ = ["Beam", "Ended", "Rows", "Settings", "search"]

MASKED_STEPS = 15
"""Once a candidate was refused, masks are made beforehand: at the next step, then at three, seven, and so many at most,
before it is tried again without."""


class Rows(Protocol):
    """The texts that are written side by side; a ``ModelRows`` behind log-softmax, or a table."""

    def log_probs(self) -> Any:
        """Log-probabilities of the next token of each row: a float tensor ``[rows, vocabulary]``, the caller's own."""

    def reorder(self, parents: Sequence[int]) -> None:
        """Row ``i`` becomes a copy of row ``parents[i]``; there are as many rows as parents."""

    def append(self, token_ids: Sequence[int]) -> None:
        """Append a token to each row."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a beam search is run; the words are those of transformers."""

    num_beams: int
    max_new_tokens: int
    eos_token_ids: tuple[int, ...]
    ranking: Ranking = dynamic
    length_penalty: float = 1.0
    early_stopping: bool | str = False
    num_return_sequences: int = 1
    """Texts that are wanted: so many are kept completable within the budget."""


class Ended(NamedTuple):
    """A text that has ended: its tokens, the end token among them if it has one; the sum of its log-probabilities;
    and this sum over ``length ** length_penalty``, by which texts are compared."""

    token_ids: tuple[int, ...]
    log_prob: float
    score: float


class _Hypothesis(NamedTuple):
    """A text that goes on."""

    token_ids: tuple[int, ...]
    log_prob: float
    progress: Progress
    matchers: tuple[Matcher, ...]

    @property
    def is_accepting(self) -> bool:
        return all(matcher.is_accepting for matcher in self.matchers)


class _Candidates(NamedTuple):
    """Texts with one token more, a row of each array for one."""

    parents: NDArray[np.int64]
    tokens: NDArray[np.int64]
    log_probs: NDArray[np.float64]
    banks: NDArray[np.int64]
    progress: list[Progress]
    ends: NDArray[np.bool_]


class _Choice(NamedTuple):
    """What a step comes to: ends (parent, token, log-probability), the texts that go on with their parents, and whether
    a candidate was refused on the way."""

    ends: list[tuple[int, int, float]]
    parents: list[int]
    running: list[_Hypothesis]
    refused: bool


_UNREAD, _FITS, _REFUSED = -1, 0, 1 << 40
"""What is known of a candidate: nothing yet; that it can be completed in time; that it is refused. Between the last
two: that it may take so many tokens too many."""


def search(rows: Rows, beams: Sequence[Beam]) -> list[list[Ended]]:
    """For each beam the texts it ended with, best first. ``rows`` begins with one row for each beam, in their order.

    Raises ``SearchError`` where no text was found that satisfies the demands.
    """
    active = list(beams)
    while active:
        log_probs = rows.log_probs()
        parents: list[int] = []
        tokens: list[int] = []
        begin = 0
        for beam in active:
            width = len(beam)
            own_parents, own_tokens = beam.step(log_probs[begin : begin + width])
            if not beam.is_done:
                parents += [begin + parent for parent in own_parents]
                tokens += own_tokens
            begin += width
        active = [beam for beam in active if not beam.is_done]
        if active:
            rows.reorder(parents)
            rows.append(tokens)
    return [beam.best() for beam in beams]


class Beam:
    """The search after one prompt."""

    def __init__(self, demands: Demands, settings: Settings) -> None:
        self._settings = settings
        self._whole = demands.whole
        self._tracker = demands.tracker
        start = _Hypothesis((), 0.0, self._tracker.start, demands.matchers())
        self._running = [start]
        self._ended: list[Ended] = []
        self._steps = 0
        self._masked_steps = 0  # how many steps get masks beforehand after a refusal
        self._masked_until = 0
        self._ends = torch.tensor(settings.eos_token_ids, dtype=torch.long)
        self.is_done = False

    def __len__(self) -> int:
        """The rows that the next step takes."""
        return len(self._running)

    def best(self) -> list[Ended]:
        """The texts that have ended, best first; a ``SearchError`` where there are none."""
        if not self._ended:
            raise SearchError(
                f"the search met no text of up to {self._settings.max_new_tokens} tokens that satisfies the "
                "constraints: there is none, or none is sure to be that short, or all have a probability of zero; "
                "raise max_new_tokens or num_beams, or look at the logits processors"
            )
        return self._ended

    def step(self, log_probs: Any) -> tuple[list[int], list[int]]:
        """Go on by one token: the rows that the new rows continue, and their tokens.

        ``log_probs``: float tensor ``[len(self), vocabulary]``, changed here.
        """
        self._steps += 1
        is_last = self._steps == self._settings.max_new_tokens
        unmet = [row for row, text in enumerate(self._running) if not text.is_accepting]
        if unmet and len(self._ends):
            log_probs[torch.tensor(unmet)[:, None], self._ends] = -torch.inf
        masked = self._steps <= self._masked_until
        if masked:
            self._mask(log_probs)
        choice = self._choose(log_probs, is_last)
        if choice.refused and not masked:
            self._masked_steps = min(2 * self._masked_steps + 1, MASKED_STEPS)
            self._masked_until = self._steps + self._masked_steps
            self._mask(log_probs)
            choice = self._choose(log_probs, is_last)
        elif not masked:
            self._masked_steps = 0
        texts = len(self._ended) + len(choice.ends) + sum(self._late_by(text) <= 0 for text in choice.running)
        if texts < self._settings.num_return_sequences:
            choice = self._choose(log_probs, is_last, in_time=True)
        for parent, token, log_prob in choice.ends:
            self._end((*self._running[parent].token_ids, token), log_prob)
        self._running = choice.running
        if is_last:
            for text in self._running:
                if text.is_accepting:
                    self._end(text.token_ids, text.log_prob)
        self.is_done = is_last or not self._running or self._cannot_improve()
        return choice.parents, [text.token_ids[-1] for text in self._running]

    # Candidates

    def _mask(self, log_probs: Any) -> None:
        """Minus infinity for what the demands refuse."""
        words = -(-log_probs.shape[1] // BITS)
        for number, compiled in enumerate(self._whole):
            bitmask = allocate_bitmask(len(self._running), len(compiled.vocab))
            if fill_bitmasks([text.matchers[number] for text in self._running], bitmask):
                apply_bitmask(log_probs, bitmask[:, :words].to(log_probs.device))

    def _candidates(self, log_probs: Any, *, in_time: bool = False) -> _Candidates:
        """Each text with one token more once, none of probability zero; ``in_time``: with those that bring its end
        nearer."""
        rows, tokens = self._proposals(log_probs)
        if in_time:
            wanted = [self._finishing(text) for text in self._running]
            more_rows, more_tokens = _best_of_each(log_probs, wanted)
            rows.append(more_rows)
            tokens.append(more_tokens)
        width = log_probs.shape[1]
        flat = np.unique(np.concatenate(rows) * width + np.concatenate(tokens))
        parents, chosen = np.divmod(flat, width)
        sums = np.array([text.log_prob for text in self._running])[parents] + _gather(log_probs, parents, chosen)
        possible = np.isfinite(sums)
        parents, chosen, sums = parents[possible], chosen[possible], sums[possible]
        ends = np.isin(chosen, self._settings.eos_token_ids)
        progress = [
            before if is_end else before.advance(token)
            for before, token, is_end in zip(
                [self._running[parent].progress for parent in parents.tolist()],
                chosen.tolist(),
                ends.tolist(),
                strict=True,
            )
        ]
        banks = np.array([one.bank for one in progress], dtype=np.int64)
        return _Candidates(parents, chosen, sums, banks, progress, ends)

    def _proposals(self, log_probs: Any) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
        """Rows and tokens of the candidates, some of them several times."""
        count, width = log_probs.shape
        most = self._settings.num_beams * max(2, 1 + len(self._ends))
        if self._settings.ranking is grid:
            best = log_probs.topk(min(most, width), dim=1).indices.cpu().numpy()
            rows, tokens = [np.repeat(np.arange(count), best.shape[1])], [best.ravel()]
        else:
            sums = torch.tensor([text.log_prob for text in self._running], device=log_probs.device)
            total = (log_probs + sums[:, None].to(log_probs.dtype)).ravel()
            best = total.topk(min(most, count * width)).indices.cpu().numpy()
            rows, tokens = [best // width], [best % width]
        if self._tracker.top > 0:
            rows.append(np.arange(count))
            tokens.append(log_probs.argmax(dim=1).cpu().numpy())
            wanted_rows, wanted_tokens = _best_of_each(log_probs, [text.progress.wanted for text in self._running])
            rows.append(wanted_rows)
            tokens.append(wanted_tokens)
        return rows, tokens

    # Which go on

    def _choose(self, log_probs: Any, is_last: bool, *, in_time: bool = False) -> _Choice:
        """The candidates that end, and those that go on.

        Those that may be too late to be completed come behind all others, the least late first. ``in_time``: among the
        candidates are those that bring the ends of the texts nearer, so that as many texts are in time as were before.
        """
        candidates = self._candidates(log_probs, in_time=in_time)
        texts: list[_Hypothesis | None] = [None] * len(candidates.tokens)
        status = np.where(candidates.ends, _FITS, _UNREAD)
        kept = self._pick(candidates, texts, status, np.ones(len(status), dtype=np.bool_))
        ends = candidates.ends[kept]
        going = kept[~ends]
        if ends.any() and not is_last:  # what ends leaves its slot to another
            going = self._pick(candidates, texts, status, ~candidates.ends)
        ended = zip(*(one[kept[ends]].tolist() for one in candidates[:3]), strict=True)
        running = [text for index in going.tolist() if (text := texts[index]) is not None]
        return _Choice(list(ended), candidates.parents[going].tolist(), running, bool((status == _REFUSED).any()))

    def _pick(
        self,
        candidates: _Candidates,
        texts: list[_Hypothesis | None],
        status: NDArray[np.int64],
        among: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """The candidates in ``among`` that get a slot. Reads those that may get one into ``texts``, and says in
        ``status`` what came of it."""
        while True:
            kept = self._rank(candidates, np.flatnonzero(among & (status <= _FITS)))
            unread = kept[status[kept] == _UNREAD].tolist()
            if not unread:
                break
            for index in unread:
                text = texts[index] = self._read(candidates, index)
                status[index] = _REFUSED if text is None else max(self._late_by(text), _FITS)
        left = max(self._settings.num_beams - len(kept), 0)
        late = np.flatnonzero(among & (status > _FITS) & (status < _REFUSED))
        nearest = np.lexsort((-candidates.log_probs[late], status[late]))
        return np.concatenate([kept, late[nearest[:left]]])

    def _rank(self, candidates: _Candidates, among: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the candidates in ``among`` that get a slot."""
        banks, scores = candidates.banks[among], candidates.log_probs[among]
        return among[self._settings.ranking(banks, scores, self._settings.num_beams, self._tracker.top)]

    def _read(self, candidates: _Candidates, index: int) -> _Hypothesis | None:
        """The text with its token read; ``None`` when that is refused."""
        parent, token = self._running[candidates.parents[index]], int(candidates.tokens[index])
        matchers = tuple(matcher.fork() for matcher in parent.matchers)
        if not all(matcher.advance(token) for matcher in matchers):
            return None
        log_prob = float(candidates.log_probs[index])
        return _Hypothesis((*parent.token_ids, token), log_prob, candidates.progress[index], matchers)

    def _late_by(self, text: _Hypothesis) -> int:
        """The tokens that are missing in the budget to be sure that the text can be completed; 0 or less: none."""
        left = self._settings.max_new_tokens - self._steps
        return max((matcher.tokens_to_finish() for matcher in text.matchers), default=0) - left

    # Ends

    def _finishing(self, text: _Hypothesis) -> TokenSets:
        """The tokens that end a text, or bring its end nearer, a set for each matcher that has one."""
        if text.is_accepting:
            return token_sets([np.array(self._settings.eos_token_ids, dtype=np.int32)])
        return token_sets([matcher.finishing_tokens() for matcher in text.matchers])

    def _end(self, token_ids: tuple[int, ...], log_prob: float) -> None:
        self._ended.append(Ended(token_ids, log_prob, log_prob / self._steps**self._settings.length_penalty))
        self._ended.sort(key=lambda text: -text.score)
        del self._ended[self._settings.num_beams :]

    def _cannot_improve(self) -> bool:
        """Are there enough texts, and would none that goes on be better than the worst of them?

        As transformers judges it: exact with ``early_stopping="never"``, else by the present length.
        """
        settings = self._settings
        if len(self._ended) < settings.num_beams:
            return False
        if settings.early_stopping is True:
            return True
        hopeful = settings.early_stopping == "never" and settings.length_penalty > 0
        length = settings.max_new_tokens if hopeful else self._steps
        best = max(text.log_prob for text in self._running) / length**settings.length_penalty
        return bool(best <= self._ended[-1].score)


def _best_of_each(log_probs: Any, wanted: Sequence[TokenSets]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The best token of each set of each row: rows and tokens. ``wanted``: the sets of each row."""
    tokens = np.concatenate([ids for ids, _ in wanted])
    lengths = np.concatenate([sizes for _, sizes in wanted])
    if len(lengths) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rows = np.repeat(np.arange(len(wanted)), [len(ids) for ids, _ in wanted])
    values = np.full(len(tokens), -np.inf)
    real = tokens < log_probs.shape[1]  # a vocabulary may have ids that the model does not
    values[real] = _gather(log_probs, rows[real], tokens[real])
    best = np.maximum.reduceat(values, np.cumsum(lengths) - lengths)
    hits = np.flatnonzero((values == np.repeat(best, lengths)) & np.isfinite(values))
    first = np.unique(np.repeat(np.arange(len(lengths)), lengths)[hits], return_index=True)[1]
    return rows[hits[first]], tokens[hits[first]].astype(np.int64)


def _gather(log_probs: Any, rows: NDArray[np.int64], tokens: NDArray[Any]) -> NDArray[np.float64]:
    """Single values of a tensor, as float64."""
    index = torch.from_numpy(rows * log_probs.shape[1] + tokens).to(log_probs.device)
    out: NDArray[np.float64] = log_probs.ravel()[index].double().cpu().numpy()
    return out
