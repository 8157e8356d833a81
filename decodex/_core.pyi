"""The native core. Use the package's public names; these are what they are made of."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, overload

import numpy as np
from numpy.typing import NDArray

class Vocabulary:
    def __init__(
        self,
        blob: bytes,
        offsets: NDArray[np.int64],
        has_text: NDArray[np.uint8],
        start_ids: NDArray[np.int32],
        start_blob: bytes,
        start_offsets: NDArray[np.int64],
        eos_token_ids: Sequence[int],
        order: NDArray[np.uint32] | None = ...,
        tables: dict[str, NDArray[Any]] | None = ...,
    ) -> None: ...
    @property
    def order(self) -> NDArray[np.uint32]:
        """The ids with text, in the order of their bytes."""
    def longest_tokens(self, text: bytes) -> list[int]:
        """A text cut into the longest tokens that there are, one after the other."""
    def tables(self) -> dict[str, NDArray[Any]]:
        """The lexeme tables made so far, as arrays."""
    @property
    def size(self) -> int: ...
    @property
    def trie_nodes(self) -> int: ...
    @property
    def max_token_bytes(self) -> int: ...
    @property
    def spells_every_byte(self) -> bool: ...
    @property
    def memory(self) -> int: ...
    def stats(self) -> dict[str, int]: ...

class SchemaOptions:
    class Order:
        schema: ClassVar[SchemaOptions.Order]
        any: ClassVar[SchemaOptions.Order]
        __members__: ClassVar[dict[str, SchemaOptions.Order]]

    class WhiteSpace:
        flexible: ClassVar[SchemaOptions.WhiteSpace]
        compact: ClassVar[SchemaOptions.WhiteSpace]
        pretty: ClassVar[SchemaOptions.WhiteSpace]
        any: ClassVar[SchemaOptions.WhiteSpace]
        pattern: ClassVar[SchemaOptions.WhiteSpace]
        __members__: ClassVar[dict[str, SchemaOptions.WhiteSpace]]

    order: SchemaOptions.Order
    white_space: SchemaOptions.WhiteSpace
    indent: int
    whitespace_pattern: str
    escapes_any: bool
    formats_assert: bool
    unsupported_ignore: bool
    draft: int
    additional_properties_default: bool
    numbers_plain: bool
    max_digits: int
    registry: list[tuple[str, str]]
    def __init__(self) -> None: ...

class Grammar:
    """A context-free grammar while it is handed over: rules and bodies are numbers, leaves are terms."""

    def __init__(self) -> None: ...
    def leaf(self, term: Term, name: str) -> int: ...
    def add_rule(self, name: str, place: str) -> int: ...
    def set_body(self, rule: int, body: int) -> None: ...
    def rule(self, rule: int) -> int: ...
    def concat(self, parts: Sequence[int]) -> int: ...
    def alt(self, arms: Sequence[int]) -> int: ...
    def repeat(self, body: int, min: int, max: int | None) -> int: ...

class Term:
    @staticmethod
    def literal(text: str) -> Term: ...
    @staticmethod
    def words(words: Sequence[str]) -> Term: ...
    @staticmethod
    def regex(pattern: str, dialect: str = ..., flags: str = ..., search: bool = ...) -> Term: ...
    @staticmethod
    def json_schema(
        schema: str, options: SchemaOptions, where: Sequence[tuple[str, Term]] = ...
    ) -> Term: ...
    @staticmethod
    def json_value(options: SchemaOptions) -> Term: ...
    @staticmethod
    def format(name: str) -> Term: ...
    @staticmethod
    def text(stop: str) -> Term: ...
    @staticmethod
    def occurrences(steps: Sequence[Sequence[str]], whole_words: bool, ignore_case: bool) -> Term: ...
    @staticmethod
    def length(unit: str, min: int, max: int | None = None) -> Term: ...
    @staticmethod
    def unit_at(unit: str, position: int, content: Term) -> Term: ...
    @staticmethod
    def until_trigger(triggers: Sequence[str], index: int) -> Term: ...
    @staticmethod
    def without_triggers(triggers: Sequence[str]) -> Term: ...
    @staticmethod
    def substrings(source: str, whole_words: bool) -> Term: ...
    @staticmethod
    def numbered(
        item: Term, before: str, behind: str, separator: str, first: int, min: int, max: int
    ) -> Term: ...
    def accepted_prefixes(self, text: bytes) -> list[int]: ...
    @staticmethod
    def concat(parts: Sequence[Term]) -> Term: ...
    @staticmethod
    def alt(arms: Sequence[Term]) -> Term: ...
    @staticmethod
    def conj(parts: Sequence[Term]) -> Term: ...
    @staticmethod
    def complement(term: Term) -> Term: ...
    @staticmethod
    def repeat(term: Term, min: int, max: int | None = ...) -> Term: ...
    @staticmethod
    def terminal(pattern: str, flags: str = ...) -> Term: ...
    @staticmethod
    def grammar(grammar: Grammar, start: int) -> Term: ...

class Limits:
    """Work and memory limits of a compiled constraint.

    ``search_states``: states that one search for emptiness may look at. ``pool_bytes``: memory of the automaton and
    masks shared by all constraints with these limits. ``nesting``: depth of a pattern or schema.
    """

    def __init__(self, search_states: int = ..., pool_bytes: int = ..., nesting: int = ...) -> None: ...
    @property
    def search_states(self) -> int: ...
    @property
    def pool_bytes(self) -> int: ...
    @property
    def nesting(self) -> int: ...

class SavedStates:
    """The states that sample texts met, with their transitions and masks. Raises ``ArtefactError`` when arrays do not
    hold together. Those of one name share their states in memory."""

    def __init__(self, vocabulary: Vocabulary, arrays: dict[str, NDArray[Any]], name: str = ...) -> None: ...
    def arrays(self) -> dict[str, NDArray[Any]]: ...
    def __len__(self) -> int: ...
    @property
    def masks(self) -> int: ...
    @property
    def memory(self) -> int: ...

class Compiled:
    @overload
    def __init__(
        self,
        vocabulary: Vocabulary,
        term: Term,
        limits: Limits,
        phases: Sequence[tuple[Term, int, int | None]] = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        vocabulary: Vocabulary,
        term: Term,
        limits: Limits,
        saved: SavedStates,
        unenforced: Sequence[str],
        phases: Sequence[tuple[Term, int, int | None]] = ...,
    ) -> None: ...
    def record(self, texts: Sequence[Sequence[int]]) -> tuple[SavedStates, list[int]]:
        """The states on the way of token sequences, and how many tokens of each could be read."""
    origin: Any
    """What the caller made it from; its matchers keep it, for explanations."""
    @property
    def unenforced(self) -> list[str]: ...
    def dump(self) -> str: ...
    def stats(self) -> dict[str, int]: ...

class Matcher:
    """Where one generation stands in a constraint. One thread at a time; copies are independent."""

    def __init__(self, compiled: Compiled, max_tokens: int | None = ...) -> None: ...
    def fill_bitmask(self, bitmask: Any, row: int = ...) -> bool:
        """Write the mask of the next token into a row; False: every token is allowed."""
    def allowed_tokens(self) -> NDArray[np.int32]:
        """The ids that may come next, ascending."""
    def allows(self, token_id: int) -> bool: ...
    def advance(self, token_id: int) -> bool:
        """Read a token; False: it is refused and nothing changed."""
    def validate(self, token_ids: Sequence[int] | NDArray[np.int64]) -> int:
        """How many of the tokens would be accepted in turn; the state is unchanged."""
    def verify(
        self,
        token_ids: Sequence[int] | NDArray[np.int64],
        parents: Sequence[int] | NDArray[np.int64] | None = ...,
        *,
        bitmask: Any = ...,
        row: int = ...,
    ) -> NDArray[np.bool_]:
        """Which tokens of a draft are allowed, each after those that it follows; the state is unchanged.

        ``parents[i]``: the number of the draft token that token ``i`` follows, earlier in the list, or -1 for the text
        so far; ``None``: each follows the one before. Out: bool ``[n]``; a token behind a refused one is refused.
        ``bitmask``: its rows from ``row`` on, ``n + 1`` of them, become the mask here and the masks after each token
        of the draft; after a refused one everything is allowed. Raises ``VocabularyError`` for a draft that is none,
        ``MaskError`` for a buffer that does not fit.
        """
    def rollback(self, n: int) -> None:
        """Forget the last n tokens."""
    def fork(self) -> Matcher:
        """An independent copy at the same place."""
    def __copy__(self) -> Matcher: ...
    def reset(self) -> None:
        """Go back to the start."""
    @property
    def is_accepting(self) -> bool:
        """May the text end here?"""
    @property
    def is_finished(self) -> bool:
        """Has an end token been read?"""
    @property
    def tokens_read(self) -> int: ...
    @property
    def max_tokens(self) -> int | None: ...
    @property
    def state(self) -> int:
        """The id of the automaton's state: equal ids have equal futures."""
    @property
    def address(self) -> int:
        """Where the matcher lies in memory, for the function at ``ALLOWS_ADDRESS``."""
    def tokens_to_finish(self) -> int:
        """Tokens that surely suffice from here to an accepted text."""
    def finishing_tokens(self) -> NDArray[np.int32]:
        """The ids after which fewer tokens suffice than here, ascending; none where the text may end."""
    def forced_bytes(self) -> bytes:
        """The bytes that must come next, whatever the model wants."""
    def forced_tokens(self, tokenize: Callable[[str], Sequence[int]] | None = ...) -> list[int]:
        """Tokens that may be appended without asking the model."""
    def last_bytes(self, tokens: int) -> bytes:
        """The bytes that the last tokens added to the text."""
    def crossings(self, text: bytes) -> list[int]:
        """Where in ``text``, read from here, a token may begin that goes on behind its end, ascending."""
    def spelling(self, token_ids: Sequence[int] | NDArray[np.int64], length: int) -> int | None:
        """How many tokens at the end of ``token_ids``, read from here, spell the last ``length`` bytes of them;
        ``None`` when one of them begins before these."""
    def explain(self, token_id: int) -> Any:
        """Why a token is allowed or refused here."""
    def bytes_after(self, text: bytes = ...) -> bytes:
        """The bytes that may come after ``text`` read from here, ascending."""
    def read_bytes(self, text: bytes) -> tuple[int, bool]:
        """(how many of the bytes can be read from here, whether the text may end after them)."""

ALLOWS_ADDRESS: int
"""Of ``int32 (void* matcher, int64 token) noexcept``: 1 allowed, 0 refused, -1 an error that ``allows`` will raise."""

def fill_bitmasks(matchers: Sequence[Matcher], bitmask: Any, threads: int | None = ...) -> bool: ...
def first_with_same_mask(matchers: Sequence[Matcher]) -> list[int]: ...
def check_terminal(pattern: str, flags: str = ..., part: bool = ...) -> None: ...
def pattern_matches(pattern: str, text: bytes, dialect: str = ..., flags: str = ..., search: bool = ...) -> bool: ...
def pattern_prefix_live(
    pattern: str, text: bytes, dialect: str = ..., flags: str = ..., search: bool = ...
) -> bool: ...
