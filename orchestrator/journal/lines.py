"""Whole conversations as lines of JSON, to be moved from one journal to another. Pure.

The first line names the form. Then come, for each conversation, a line for each fact, in order and counted from 0, a
line for each file, and one that says how many there were of both, so that a file that was cut short is told:

    {"format": "orchestrator-history", "version": 1}
    {"conversation": ID, "sequence": N, "fact": {…, "v": 2}}
    {"conversation": ID, "file": SHA256, "data": BASE64}
    {"conversation": ID, "facts": N, "files": N}

A fact is the JSON of `orchestrator.event_json`, with its own version. `orchestrator.journal.reading` reads them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

import orjson

from orchestrator.event_json import encode
from orchestrator.events import Fact
from orchestrator.journal.base import ConversationId
from runtimes.values import JsonObject

FORMAT_NAME = "orchestrator-history"
"""What the first line calls the form."""

VERSION = 1
"""The version of the lines; facts have their own."""


def _line(value: JsonObject) -> bytes:
    return orjson.dumps(value) + b"\n"


def first_line() -> bytes:
    """The line that a file begins with."""
    return _line({"format": FORMAT_NAME, "version": VERSION})


def lines(conversation: ConversationId, facts: Iterable[Fact], files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The lines of one conversation, each with its line feed; `files` are hashes in hexadecimal with the bytes."""
    name = orjson.dumps(conversation)
    fact_count = file_count = 0
    for fact in facts:
        yield b'{"conversation":%s,"sequence":%d,"fact":%s}\n' % (name, fact_count, encode(fact))
        fact_count += 1
    for sha256, data in files:
        yield _line({"conversation": conversation, "file": sha256, "data": base64.b64encode(data).decode()})
        file_count += 1
    yield _line({"conversation": conversation, "facts": fact_count, "files": file_count})
