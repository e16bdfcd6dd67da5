"""Cuts what a client writes into messages, a line each, and says what is wrong with a line that is none. No I/O.

A request that cannot be read is answered all the same: its client would wait for ever. So its id is looked for even in
what is no JSON and in what is too long to be kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import mcp_types as types
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from orchestrator.render.sanitize import clean_line
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

MAX_LINE_BYTES = 16 * 1024 * 1024
"""The longest message: an argument may be a file. A longer one is refused."""

MAX_ID_CHARS = 100
"""Characters of an id that is looked for."""

MAX_WHY = 200
"""Characters of what is wrong with a message."""

_END_BYTES = 512
"""How much is kept of both ends of a message that is too long."""

_ID = rb'"id"\s*:\s*(?:(?P<number>-?\d{1,15})|"(?P<text>[^"\\\x00-\x1f]{0,%d})")\s*' % MAX_ID_CHARS
_SOME_ID = rb'"id"\s*:\s*(?:-?\d+|"[^"\\]*")\s*'
_OTHER = rb'"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*'
_IS_REQUEST = re.compile(rb'\s*\{\s*(?:(?:"jsonrpc"\s*:\s*"[^"\\]*"\s*|%s),\s*){0,2}"method"\s*:' % _SOME_ID)
_AT_THE_START = re.compile(rb"\s*\{\s*(?:%s,\s*){0,2}%s[,}]" % (_OTHER, _ID))
_AT_THE_END = re.compile(rb"(?<=[,{])\s*%s(?:,\s*%s){0,2}\}\s*\Z" % (_ID, _OTHER))
"""An id among the first or the last members of an object: nothing nested, and nothing in a text, stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A line that is no message."""

    why: str
    answer: types.JSONRPCError | None = None
    """What the client is told; None for what answers a request of ours."""


Incoming = SessionMessage | Refused


def refused(why: str, number: types.RequestId | None, code: int = types.INVALID_REQUEST) -> Refused:
    """What is said of a request that nothing is done about; without an id nobody knows which."""
    error = types.ErrorData(code=code, message=clean_line(why)[:MAX_WHY])
    return Refused(why=why, answer=types.JSONRPCError(jsonrpc="2.0", id=number, error=error))


def _id_in(start: bytes, end: bytes) -> types.RequestId | None:
    """The id of a request by its first and its last bytes; None where it is not seen there, or it is no request."""
    found = _AT_THE_START.match(start) or _AT_THE_END.search(end)
    if found is None or not _IS_REQUEST.match(start):
        return None
    text: bytes | None = found["text"]
    return int(found["number"]) if text is None else text.decode(errors="replace")


def _unread(value: Json) -> Refused:
    """What is wrong with a value that is no message."""
    if isinstance(value, list):
        return refused("messages come one by one: batches are not taken", None)
    if not isinstance(value, dict):
        return refused("this is no message", None)
    if "method" not in value and ("result" in value or "error" in value):
        return Refused(why="an answer of the client is none")
    return refused("this is no message of JSON-RPC 2.0", _id_of(value))


def _id_of(message: JsonObject) -> types.RequestId | None:
    number = message.get("id")
    is_one = isinstance(number, str) or (isinstance(number, int) and not isinstance(number, bool))
    return number if is_one else None  # type: ignore[return-value]  # a text or a whole number


def _message(line: bytes) -> Incoming:
    try:
        value = parse_json(line)
    except InvalidJson as error:
        number = _id_in(line[:_END_BYTES], line[-_END_BYTES:])
        return refused(f"this is no JSON that can be read: {error}", number, types.PARSE_ERROR)
    try:
        message = types.jsonrpc_message_adapter.validate_python(value, by_name=False)
    except ValidationError:
        return _unread(value)
    if isinstance(message, types.JSONRPCNotification) and isinstance(value, dict) and "id" in value:
        return refused("the id of a request is a text or a whole number", None)
    return SessionMessage(message)


class Lines:
    """Cuts what arrives into messages, and keeps no more than one message may have."""

    def __init__(self, *, max_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._begun: list[bytes] = []
        self._size = 0
        self._start = self._end = b""

    def feed(self, chunk: bytes) -> list[Incoming]:
        """The messages that are complete with this."""
        *ends, rest = chunk.split(b"\n")
        messages: list[Incoming] = []
        for end in ends:
            self._keep(end)
            if (message := self._complete()) is not None:
                messages.append(message)
        self._keep(rest)
        return messages

    @property
    def kept(self) -> int:
        """Bytes of a message that has begun."""
        return sum(map(len, self._begun))

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if len(self._start) < _END_BYTES:
            self._start += part[: _END_BYTES - len(self._start)]
        self._end = (self._end + part)[-_END_BYTES:] if len(part) < _END_BYTES else part[-_END_BYTES:]
        if self._size <= self._max_bytes:
            self._begun.append(part)
        else:
            self._begun.clear()

    def _complete(self) -> Incoming | None:
        line, is_long = b"".join(self._begun), self._size > self._max_bytes
        start, end = self._start, self._end
        self._begun, self._size, self._start, self._end = [], 0, b"", b""
        if is_long:
            return refused(f"a message is longer than {self._max_bytes} bytes", _id_in(start, end))
        return _message(line) if line.strip() else None
