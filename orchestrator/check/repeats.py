"""Keys that a JSON file of a manifest has twice: YAML refuses them, and JSON keeps the last. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import orjson

from orchestrator.check.codes import problem
from orchestrator.errors import Problem
from orchestrator.manifest.problems import quoted
from runtimes.documents import is_json_object
from runtimes.positions import name_at
from runtimes.values import Json
from runtimes.yaml_positions import positions_of

_AFTER_KEY = re.compile(rb'"[ \t\r\n]+:')


def _may_repeat(data: bytes, document: Json) -> bool:
    """False when there are certainly as many keys in the text as in what was read of it.

    Both are counted by what follows a key, in strings too: a hundred times as fast as a walk. Only a text that writes
    a quote as an escape, before a colon, can hide as many keys as it has of these.
    """
    try:
        kept = orjson.dumps(document).count(b'":')
    except TypeError:  # an integer beyond 64 bits
        return True
    return data.count(b'":') + len(_AFTER_KEY.findall(data)) != kept


def repeated_keys(data: bytes, document: Json) -> Iterator[Problem]:
    """The keys that are there twice; `document` is what was read, with nothing filled."""
    if not is_json_object(data) or not _may_repeat(data, document):
        return
    for noted in positions_of(data).duplicates:
        message = f"the key {quoted(name_at(noted.pointer))} is there twice, and the last one counts"
        found = problem("duplicate-key-in-reference", noted.pointer, message, hint="remove one of them")
        yield replace(found, line=noted.place.line, column=noted.place.column)
