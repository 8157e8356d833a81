"""The official JSON Schema test suite: every instance is accepted up to the end or refused as the suite says.

The required tests take formats as annotations and any order of keys; the remote documents are in a registry.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from typing import Any

import pytest
from support.packs import lines, pack
from support.vocabularies import byte_vocabulary

import decodex as dx

VOCAB = byte_vocabulary()

@cache
def remotes() -> dict[str, Any]:
    with gzip.open(pack("json_schema_test_suite_remotes.json.gz"), "rt", encoding="utf-8") as file:
        return json.load(file)


def judge(group: dict[str, Any]) -> list[tuple[bool, bool, str]]:
    """(label, verdict, description) of each instance; the verdict of a group refused at compile is False for all."""
    draft = group["draft"].removeprefix("draft")
    try:
        constraint = dx.json_schema(
            group["schema"], property_order="any", formats="annotate", draft=draft, registry=remotes()
        )
        compiled = dx.compile(constraint, VOCAB)
    except dx.ConstraintError as error:
        return [(test["valid"], False, f"{test['description']}: {error}") for test in group["tests"]]
    return [
        (test["valid"], bool(compiled.check(json.dumps(test["data"], ensure_ascii=False))), test["description"])
        for test in group["tests"]
    ]


@pytest.mark.parametrize("draft", ["draft2020-12", "draft2019-09", "draft7"])
def test_required(draft: str) -> None:
    right = total = 0
    for group in lines("json_schema_test_suite.jsonl.gz"):
        if group["draft"] != draft or group["optional"]:
            continue
        for label, verdict, description in judge(group):
            total += 1
            right += label == verdict
            assert label or not verdict, (group["file"], group["group_description"], description)
    assert right == total, f"{right} of {total}"
