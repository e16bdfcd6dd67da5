"""The messages of JSON-RPC 2.0, read from JSON values that a stranger sent. Pure.

Whatever comes becomes one of these, `Unreadable` if need be, and never an exception. What is close to an answer is
taken as one, so that nobody waits for a better one: the ids "1" and 1.0 are our 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from runtimes.values import Json, JsonObject, dump_json

VERSION = "2.0"
MAX_ID_DIGITS = 20
"""How many digits of an id that comes as text are read."""
MAX_ID_CHARS = 256
"""How long the id of a request of the other side may be: it is sent back."""

PARSE_ERROR = -32700
"""The error code for a text that is no JSON."""
INVALID_REQUEST = -32600
"""The error code for JSON that is no request."""
METHOD_NOT_FOUND = -32601
"""The error code for a request whose method nobody offers."""
INVALID_PARAMS = -32602
"""The error code for a request whose parameters do not fit its method."""
TOO_BUSY = -32000
"""The error code, one of those that servers may choose, for a request beyond what is answered at once."""


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
    data: Json = None


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
    params: Json = None
    batch: int = 0
    """The batch that it came in, counted from 1; 0 for one that came alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """What is no message that we can use; the next one may be."""

    reason: str
    id: int | None = None
    """The open request that it was meant to answer, where that can be told."""
    code: int | None = None
    """The error that the other side is told of, where it looks like a request."""
    is_message: bool = field(default=False, compare=False)
    """True where it is one all the same, though of no use: whoever wrote it speaks."""


Message = Answer | Fault | Notification | Demand | Unreadable


def as_integer(value: Json) -> int | None:
    """An integer of JSON; `true` is one to Python and none to JSON."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def answered_id(value: Json) -> int | None:
    """The id of an answer to us: ours come back as text or with a fraction of zero from some."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= MAX_ID_DIGITS:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return as_integer(value)


def read_request(value: JsonObject, batch: int = 0) -> Notification | Demand | Unreadable:
    """What an object with a method is (specification, section 4)."""
    method = value["method"]
    if value.get("jsonrpc") != VERSION or not isinstance(method, str):
        reason = f"a request without 'jsonrpc': {VERSION!r} or a method that is a string"
        return Unreadable(reason=reason, code=INVALID_REQUEST)
    params = value.get("params")
    if "id" not in value:
        return Notification(method=method, params=params)
    demanded = value["id"]
    identifier = demanded if isinstance(demanded, str) else as_integer(demanded)
    if identifier is None:
        reason = "a request whose id is neither a string nor an integer"
        return Unreadable(reason=reason, code=INVALID_REQUEST)
    if len(str(identifier)) > MAX_ID_CHARS:
        reason = f"a request whose id is longer than {MAX_ID_CHARS} characters"
        return Unreadable(reason=reason, code=INVALID_REQUEST)
    return Demand(id=identifier, method=method, params=params, batch=batch)


def _fault(number: int, error: Json) -> Fault | Unreadable:
    code = as_integer(error.get("code")) if isinstance(error, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    if not isinstance(error, dict) or code is None or not isinstance(message, str):
        return Unreadable(reason="an error without a code that is an integer or a message that is text", id=number)
    return Fault(id=number, code=code, message=message, data=error.get("data"))


def read_answer(value: JsonObject, number: int) -> Answer | Fault | Unreadable:
    """What answers the open request of that number (specification, section 5)."""
    if value.get("jsonrpc") != VERSION:
        return Unreadable(reason=f"an answer without 'jsonrpc': {VERSION!r}", id=number)
    error = value.get("error")
    if error is not None:
        return _fault(number, error)
    if "result" not in value:
        return Unreadable(reason="an answer with neither result nor error", id=number)
    return Answer(id=number, result=value["result"])


def written(message: JsonObject) -> bytes:
    """A message of ours. Raises: `TypeError`, `ValueError` where something in it is no JSON."""
    return dump_json({"jsonrpc": VERSION, **message}).encode()


def error_answer(identifier: int | str | None, code: int, message: str) -> JsonObject:
    """What a request is answered with that is not carried out; None where its id is not known."""
    return {"id": identifier, "error": {"code": code, "message": message}}
