"""What a line of a file of conversations may be, looked at by itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeGuard

from orchestrator.event_json import UnknownFormat, decode, decode_value, encode
from orchestrator.events import Fact
from orchestrator.journal.lines import FORMAT_NAME, VERSION
from orchestrator.signals import Signal
from runtimes.limits import MAX_VALUES
from runtimes.sifting import marks_of
from runtimes.values import Json, JsonObject, parse_json

MAX_ID_CHARS = 200
"""Characters of a conversation's id."""

MAX_COUNT = 2**53
"""The highest sequence number, and number of facts or files, that is looked at."""

_NO_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much a file may hold."""

    total: int = 512 * 1024 * 1024
    """Bytes; all of it is held at once, because a file with a mistake in it is refused as a whole."""
    line: int = 32 * 1024 * 1024
    """Bytes of one line."""
    conversations: int = 10_000
    turns: int = 20_000
    """Turns of one conversation; going on with it costs more the more there are."""
    turn_facts: int = 10_000
    """Facts of one turn."""
    turn_calls: int = 1_000
    """Calls of one turn, with those in the place of others."""
    plugins: int = 256
    """Plugins that the facts of one conversation name."""


class Mistake(Exception):
    """What is wrong with one line; `code` is the kind of it, kebab-case."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Final(Mistake):
    """What is wrong so that the lines after it are not looked at."""


def is_count(value: Json) -> TypeGuard[int]:
    """True for a number that things are counted by."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT


def check_name(name: str, kind: str) -> None:
    """Raises: `Mistake` for a name that not every store can hold."""
    if _NO_TEXT.search(name):
        raise Mistake("wrong-shape", f"{kind} cannot be named {shown(name)}: it has a character that is no text")


def shown(text: str) -> str:
    """A name from the file, for a message."""
    return repr(text if len(text) <= MAX_ID_CHARS else f"{text[:MAX_ID_CHARS]}…")


def parsed(line: bytes) -> JsonObject:
    """The object that a line is. Raises: `Mistake`."""
    from pydantic_core import from_json

    marks = marks_of(line)
    try:
        if marks.count(b",") + marks.count(b"[") + marks.count(b"{") >= MAX_VALUES:
            value: Json = parse_json(line)  # which counts before it builds anything
        else:
            value = from_json(line, allow_inf_nan=False)
    except ValueError:
        raise Mistake("not-json", "it is not JSON, or beyond the limits of a JSON text") from None
    if not isinstance(value, dict):
        raise Mistake("wrong-shape", "it is not a JSON object")
    return value


def check_first(line: bytes) -> None:
    """Raises: `Final` for a first line that is not ours."""
    try:
        value = parsed(line)
    except Mistake:
        value = JsonObject()
    if value.get("format") != FORMAT_NAME:
        raise Final("wrong-shape", f"the first line does not say that it is a file of format {FORMAT_NAME!r}")
    if (version := value.get("version")) != VERSION:
        raise Final("unknown-version", f"it has version {version!r:.20}, where this program knows version {VERSION}")


def fact_of(value: Json) -> Fact:
    """The fact, which can be kept as it is. Raises: `Mistake`."""
    try:
        event = decode_value(value)
        is_kept_as_it_is = decode(encode(event)) == event
    except UnknownFormat as error:
        raise Mistake("unknown-version", str(error)) from None
    except ValueError as error:
        raise Mistake("wrong-shape", str(error)) from None
    if not is_kept_as_it_is:
        raise Mistake("wrong-shape", "it holds a number that cannot be kept")
    if isinstance(event, Signal):
        raise Mistake("signal", f"a {event.kind!r} is streamed and never kept: it is no fact")
    return event


def lines_of(pieces: Iterable[bytes], bounds: Bounds) -> Iterator[bytes]:
    """Each with its line feed; the last one may have none. Raises: `Final`."""
    held, total = bytearray(), 0
    for piece in pieces:
        total += len(piece)
        if total > bounds.total:
            raise Final("too-large", f"the file has more than {bounds.total} bytes")
        for part in piece.splitlines(keepends=True):
            held += part
            if len(held) > bounds.line:
                raise Final("too-large", f"the line after it has more than {bounds.line} bytes")
            if part.endswith(b"\n"):
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)
