"""A folder of artefacts that processes share: what one compiled, the others load.

In: constraints and vocabularies; out: what ``compile`` would give. A file is named after all that it depends
on and written in one step, so processes need no locks: at worst two compile the same at once, and the files
are equal. Bounded: beyond ``max_bytes`` the files used longest ago go. A file that cannot be used is made
again. Whoever can write to the folder can change what is enforced: it must belong to who runs the process.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import warnings
from contextlib import suppress
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from decodex.compiling.artefacts import load, save
from decodex.constraints.data import to_data
from decodex.errors import ArtefactError, shown
from decodex.storage import file_path
from decodex.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from decodex._core import Limits
    from decodex.compiling.compiled import CompiledConstraint
    from decodex.constraints import Constraint
    from decodex.vocab import Vocabulary

__all__ = ["ArtefactCache"]

SUFFIX = ".decodex"
_ABANDONED_S = 3600.0  # after so long a file that was never renamed is one of a process that died


class ArtefactCache:
    """Artefacts in ``folder``, at most ``max_bytes`` of them. Made by each process for itself; safe to share."""

    def __init__(self, folder: str | os.PathLike[str], max_bytes: int = 1 << 30) -> None:
        self.folder = file_path(folder)
        if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 0:
            raise ArtefactError(f"max_bytes of a cache is a count of bytes, not {shown(max_bytes)}")
        self.max_bytes = max_bytes
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArtefactError(f"the cache cannot be in {folder}: {error.strerror or error}; name a folder") from error

    def get(
        self, constraint: Constraint, vocab: Vocabulary, limits: Limits, compile: Callable[[], CompiledConstraint]
    ) -> CompiledConstraint:
        """What is in the folder, or what ``compile`` gives, which then is in the folder too. Without a budget."""
        with suppress(ArtefactError):
            path = self.path(constraint, vocab, limits)
            found = load(path, vocab, limits=limits)
            with suppress(OSError):
                os.utime(path)  # used just now
            return found
        compiled = compile()
        try:
            save(compiled, self.path(constraint, vocab, limits))
            self.evict()
        except ArtefactError as error:
            warnings.warn(f"what was compiled is not kept: {error}", RuntimeWarning, stacklevel=4)
        return compiled

    def path(self, constraint: Constraint, vocab: Vocabulary, limits: Limits) -> Path:
        """The file of a constraint, whether it is there or not; ``CompiledConstraint.save`` may write it, warm."""
        says = [__version__, vocab.fingerprint, to_data(constraint), limits.search_states, limits.nesting]
        digest = hashlib.blake2b(json.dumps(says, sort_keys=True).encode(), digest_size=20)
        return self.folder / f"{digest.hexdigest()}{SUFFIX}"

    def evict(self) -> None:
        """Remove the files used longest ago until the limit is kept, and what processes that died left behind."""
        files = []
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    stat = entry.stat()
                    if entry.name.endswith(SUFFIX):
                        files.append((stat.st_mtime, stat.st_size, entry.path))
                    elif fnmatch(entry.name, f"*{SUFFIX}.*.tmp") and time.time() - stat.st_mtime > _ABANDONED_S:
                        os.unlink(entry.path)
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self.max_bytes:
                break
            with suppress(OSError):  # another process may have been faster
                os.unlink(path)
            total -= size
