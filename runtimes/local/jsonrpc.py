"""JSON-RPC 2.0 without I/O: frames, request ids, and which answer belongs to which request.

One message is one line of JSON. The other side is a stranger's program: whatever it sends becomes a message here, an
`Unreadable` or a `Broken` one if need be, and never an exception. What is close to an answer is taken as one, so that
nobody waits for a better one: a byte order mark is passed over, the ids "1" and 1.0 are our 1, and with exactly one
request open an error without an id, or an answer that is not JSON, is that request's. `runtimes.local.executor` stands
above; it moves the bytes and gives the messages a meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runtimes.values import InvalidJson, Json, JsonObject, dump_json, parse_json

VERSION = "2.0"
MAX_FRAME_BYTES = 1024 * 1024
"""How long one line may be, without its line feed, in either direction. Its depth is bounded by `parse_json`."""
MAX_ID_DIGITS = 20
"""How many digits of an id that comes as text are read."""
MAX_OUTSTANDING = 1024
"""How many requests may wait for their answers."""
METHOD_NOT_FOUND = -32601
"""The error code for a request whose method nobody offers."""
CANCEL = "$/cancelRequest"
"""The notification that an answer is no longer wanted; its parameter is the request's `id`."""


_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OUTCOME = re.compile(rb'"(?:result|error)"\s*:')
_METHOD = re.compile(rb'"method"\s*:')
_ID = re.compile(rb'"id"\s*:\s*"?([0-9]+)')


class JsonRpcError(Exception):
    """A message cannot be sent; nothing of it has left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request of ours, under its id."""

    id: int
    frame: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The result of an open request."""

    id: int
    result: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The error object that an open request was answered with."""

    id: int
    code: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Something the other side tells without expecting an answer."""

    method: str
    params: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A request of the other side, which waits for an answer of ours."""

    id: int | str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A line that is no message we can use; the next one may be."""

    reason: str
    id: int | None = None
    """The open request that it was meant to answer, where that can be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The stream cannot be read any further."""

    reason: str


Message = Answer | Fault | Notification | Demand | Unreadable | Broken


def _frame(message: JsonObject) -> bytes:
    try:
        frame = dump_json({"jsonrpc": VERSION, **message}).encode()
    except (TypeError, ValueError) as error:
        raise JsonRpcError(f"the arguments cannot be written as JSON: {error}") from error
    if len(frame) > MAX_FRAME_BYTES:
        raise JsonRpcError(f"the message has {len(frame)} bytes, and {MAX_FRAME_BYTES} is the limit")
    return frame + b"\n"


def request_frame(request_id: int, method: str, params: JsonObject) -> bytes:
    """The line that asks for `method`.

    Raises: `JsonRpcError` when the parameters are no JSON or too long.
    """
    return _frame({"id": request_id, "method": method, "params": params})


def _identifier(value: Json) -> int | None:
    """Our ids are integers; `true` is one to Python and none to JSON."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _answered(value: Json) -> int | None:
    """The id of an answer: ours come back as text or with a fraction of zero from some."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= MAX_ID_DIGITS:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _identifier(value)


def _fault(request_id: int, error: Json) -> Fault | Unreadable:
    code = _identifier(error.get("code")) if isinstance(error, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    if code is None or not isinstance(message, str):
        return Unreadable(reason="an error without a code that is an integer or a message that is text", id=request_id)
    return Fault(id=request_id, code=code, message=message)


class Connection:
    """One side of a conversation: makes our requests, reads what comes back."""

    def __init__(self) -> None:
        self._last_id = 0
        self._open: set[int] = set()
        self._buffer = bytearray()
        self._is_broken = False

    def request(self, method: str, params: JsonObject) -> Outgoing:
        """Opens a request.

        Raises: `JsonRpcError` when too many are open, or the parameters are no JSON or too long.
        """
        if len(self._open) >= MAX_OUTSTANDING:
            raise JsonRpcError(f"{MAX_OUTSTANDING} requests wait for their answers already")
        frame = request_frame(self._last_id + 1, method, params)
        self._last_id += 1
        self._open.add(self._last_id)
        return Outgoing(id=self._last_id, frame=frame)

    def withdraw(self, request_id: int) -> bytes:
        """Closes a request and says so to the other side; an answer that comes all the same is dropped."""
        self._open.discard(request_id)
        return _frame({"method": CANCEL, "params": {"id": request_id}})

    def refuse(self, demand: Demand) -> bytes:
        """Answers a request of the other side: we have no such method."""
        error: JsonObject = {"code": METHOD_NOT_FOUND, "message": "the host offers no methods"}
        return _frame({"id": demand.id, "error": error})

    def receive(self, data: bytes) -> tuple[Message, ...]:
        """The messages that `data` completes. After a `Broken` one there are no more."""
        if self._is_broken:
            return ()
        searched = len(self._buffer)
        self._buffer += data
        messages: list[Message] = []
        start = 0
        while (end := self._buffer.find(b"\n", max(start, searched))) >= 0 and end - start <= MAX_FRAME_BYTES:
            line = bytes(self._buffer[start:end])
            start = end + 1
            if line.strip():
                messages.append(self._read(line.removeprefix(_BYTE_ORDER_MARK)))
        del self._buffer[:start]
        if end >= 0 or len(self._buffer) > MAX_FRAME_BYTES:
            self._is_broken = True
            self._buffer.clear()
            messages.append(Broken(reason=f"a line is longer than {MAX_FRAME_BYTES} bytes"))
        return tuple(messages)

    def _read(self, line: bytes) -> Message:
        try:
            value = parse_json(line)
        except InvalidJson as error:
            return Unreadable(reason=f"a line is not JSON: {error.reason}", id=self._meant(line))
        if not isinstance(value, dict):
            return Unreadable(reason="a line is not a JSON object")
        if "method" in value:
            return self._read_call(value)
        return self._read_answer(value)

    def _meant(self, line: bytes) -> int | None:
        """The only open request, where a line that is not JSON looks like its answer; it is closed."""
        if len(self._open) != 1 or not _OUTCOME.search(line) or _METHOD.search(line):
            return None
        (number,) = self._open
        ids: list[bytes] = _ID.findall(line)
        if ids and str(number).encode() not in ids:
            return None
        self._open.clear()
        return number

    def _read_call(self, value: JsonObject) -> Message:
        method = value["method"]
        if value.get("jsonrpc") != VERSION or not isinstance(method, str):
            return Unreadable(reason=f"a request without 'jsonrpc': {VERSION!r} or a method that is a string")
        if "id" not in value:
            return Notification(method=method, params=value.get("params"))
        demanded = value["id"]
        if isinstance(demanded, str):
            return Demand(id=demanded, method=method)
        number = _identifier(demanded)
        if number is None:
            return Unreadable(reason="a request whose id is neither a string nor an integer")
        return Demand(id=number, method=method)

    def _read_answer(self, value: JsonObject) -> Message:
        number = _answered(value.get("id"))
        if value.get("id") is None and value.get("error") is not None and len(self._open) == 1:
            (number,) = self._open
        if number is None or number not in self._open:
            return Unreadable(reason="an answer whose id is that of no open request")
        self._open.discard(number)
        if value.get("jsonrpc") != VERSION:
            return Unreadable(reason=f"an answer without 'jsonrpc': {VERSION!r}", id=number)
        error = value.get("error")
        if error is not None:
            return _fault(number, error)
        if "result" not in value:
            return Unreadable(reason="an answer with neither result nor error", id=number)
        return Answer(id=number, result=value["result"])
