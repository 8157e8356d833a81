"""The data packs of the tests, in $DECODEX_DATA or in ../shared/data; without one, its tests are skipped."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest


def pack(name: str) -> Path:
    """The path of a pack."""
    root = Path(__file__).resolve().parents[2]
    for folder in (os.environ.get("DECODEX_DATA"), root / "../shared/data"):
        if folder and (Path(folder) / name).exists():
            return Path(folder) / name
    pytest.skip(f"{name} is neither in $DECODEX_DATA nor in ../shared/data")


def lines(name: str) -> list[Any]:
    """The objects of a pack of JSON lines."""
    with gzip.open(pack(name), "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
