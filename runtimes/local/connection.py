"""One side of a JSON-RPC conversation, without I/O: request ids, open requests, and which answer belongs to which.

Messages come and go as bytes of JSON, one each; `runtimes.local.framing` cuts a stream into them, and
`runtimes.local.session` stands above and gives them a meaning. The other side is a stranger's program. Where exactly
one request is open, an error without an id, or an answer that is not JSON, is that request's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from runtimes.local.framing import MAX_MESSAGE_BYTES
from runtimes.local.messages import (
    INVALID_REQUEST,
    PARSE_ERROR,
    TOO_BUSY,
    Demand,
    Message,
    Unreadable,
    answered_id,
    error_answer,
    read_answer,
    read_request,
    written,
)
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

MAX_OUTSTANDING = 1024
"""How many requests of ours may wait for their answers."""
MAX_BATCH = 1000
"""How many messages a batch may have."""
MAX_OPEN_BATCHES = 16
"""How many batches of the other side may wait for answers of ours."""
MAX_COMPLAINTS = 100
"""How many messages that are no requests are answered with an error; further ones are passed over."""
CANCEL = "$/cancelRequest"
"""The notification that an answer is no longer wanted; its parameter is the request's `id`."""

_OUTCOME = re.compile(rb'"(?:result|error)"\s*:')
_METHOD = re.compile(rb'"method"\s*:')
_ID = re.compile(rb'"id"\s*:\s*"?([0-9]+)')
_OF_ANSWERS = {"id", "result", "error"}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some write before a text; it is passed over."""


class JsonRpcError(Exception):
    """A message cannot be sent; nothing of it has left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request of ours, under its id."""

    id: int
    message: bytes


@dataclass(slots=True)
class _Batch:
    """The answers to a batch of the other side: they go out together."""

    waiting: int
    answers: list[bytes] = field(default_factory=list[bytes])
    length: int = 0
    """Bytes of all answers that there were; of too many only the number is kept."""

    def add(self, answer: bytes) -> None:
        self.length += len(answer) + 1
        if self.length > MAX_MESSAGE_BYTES:
            self.answers.clear()
        else:
            self.answers.append(answer)

    def whole(self) -> bytes:
        """Empty where there is nothing to answer."""
        if self.length > MAX_MESSAGE_BYTES:
            reason = f"the answers have {self.length} bytes in all, which is too long"
            return written(error_answer(None, TOO_BUSY, reason))
        return b"[" + b",".join(self.answers) + b"]" if self.answers else b""


def _checked(message: JsonObject) -> bytes:
    try:
        text = written(message)
    except (TypeError, ValueError) as error:
        raise JsonRpcError(f"the arguments cannot be written as JSON: {error}") from error
    if len(text) > MAX_MESSAGE_BYTES:
        raise JsonRpcError(f"the message has {len(text)} bytes, and {MAX_MESSAGE_BYTES} is the limit")
    return text


_REQUEST = re.compile(rb'\{"jsonrpc":"2\.0","id":([0-9]+),"method":')


def request_number(message: bytes) -> int | None:
    """The id in a message that `request_message` has made; None in our other messages, which wait for no answer."""
    found = _REQUEST.match(message)
    return None if found is None else int(found[1])


def request_message(number: int, method: str, params: JsonObject) -> bytes:
    """What asks for `method`.

    Raises: `JsonRpcError` when the parameters are no JSON or too long.
    """
    return _checked({"id": number, "method": method, "params": params})


def _may_demand(value: Json) -> bool:
    return isinstance(value, dict) and "method" in value and "id" in value


class Connection:
    """Makes our requests, reads what comes back, and answers what the other side asks."""

    def __init__(self) -> None:
        self._last_id = 0
        self._open: set[int] = set()
        self._left: set[int] = set()
        self._last_batch = 0
        self._batches: dict[int, _Batch] = {}
        self._complaints = 0
        self._replies: list[bytes] = []

    # --- what we ask and tell

    def request(self, method: str, params: JsonObject) -> Outgoing:
        """Opens a request.

        Raises: `JsonRpcError` when too many are open, or the parameters are no JSON or too long.
        """
        if len(self._open) >= MAX_OUTSTANDING:
            raise JsonRpcError(f"{MAX_OUTSTANDING} requests wait for their answers already")
        message = request_message(self._last_id + 1, method, params)
        self._last_id += 1
        self._open.add(self._last_id)
        return Outgoing(id=self._last_id, message=message)

    def withdraw(self, number: int) -> bytes:
        """Closes a request and says so to the other side; an answer that comes all the same is dropped."""
        self._open.discard(number)
        return written({"method": CANCEL, "params": {"id": number}})

    def leave(self, number: int) -> None:
        """Nobody waits for a request any longer; its answer is read all the same, and the other side is not told."""
        if number in self._open:
            self._open.discard(number)
            self._left.add(number)

    # --- what the other side asks

    def answer(self, demand: Demand, result: Json) -> bytes:
        """What answers a request of the other side, for those of a batch the last answer all of them; else empty.

        Raises: `JsonRpcError`, as `request`.
        """
        return self._answered(demand, {"id": demand.id, "result": result})

    def refuse(self, demand: Demand, code: int, reason: str) -> bytes:
        """As `answer`, with an error."""
        return self._answered(demand, error_answer(demand.id, code, reason))

    def _answered(self, demand: Demand, answer: JsonObject) -> bytes:
        message = _checked(answer)
        batch = self._batches.get(demand.batch)
        if batch is None:
            return message
        batch.add(message)
        batch.waiting -= 1
        return self._closed(demand.batch)

    def _closed(self, number: int) -> bytes:
        """The answers of a batch, where there are all of them and any."""
        batch = self._batches[number]
        if batch.waiting:
            return b""
        del self._batches[number]
        return batch.whole()

    def take_replies(self) -> tuple[bytes, ...]:
        """What is to be sent because of what was received, beside answers to demands."""
        replies = tuple(self._replies)
        self._replies.clear()
        return replies

    # --- what comes in

    def receive(self, message: bytes) -> tuple[Message, ...]:
        """What the other side has sent in one message: several where it is a batch, none where it is blank."""
        if not message or message.isspace():
            return ()
        message = message.removeprefix(BYTE_ORDER_MARK)
        try:
            value = parse_json(message)
        except InvalidJson as error:
            reason = f"a message is not JSON: {error.reason}"
            if message.lstrip()[:1] in b"{[" and _METHOD.search(message):
                self._complain(error_answer(None, PARSE_ERROR, reason))
            return (Unreadable(reason=reason, id=self._meant(message)),)
        if isinstance(value, list):
            return self._read_batch(value)
        read = self._read(value, 0)
        if isinstance(read, Unreadable) and read.code is not None:
            self._complain(error_answer(None, read.code, read.reason))
        return (read,)

    def _complain(self, answer: JsonObject) -> None:
        self._complaints += 1
        if self._complaints <= MAX_COMPLAINTS:
            self._replies.append(written(answer))

    def _read_batch(self, values: list[Json]) -> tuple[Message, ...]:
        has_room = len(self._batches) < MAX_OPEN_BATCHES or not any(map(_may_demand, values))
        if not 0 < len(values) <= MAX_BATCH or not has_room:
            reason = f"a batch of {len(values)} messages, with {len(self._batches)} batches open"
            self._complain(error_answer(None, INVALID_REQUEST, reason))
            answers = [self._read(value, 0) for value in values if self._answers(value)]
            return (Unreadable(reason=reason), *answers)
        self._last_batch += 1
        number = self._last_batch
        messages = tuple(self._read(value, number) for value in values)
        invalid = [one for one in messages if isinstance(one, Unreadable) and one.code is not None]
        batch = self._batches[number] = _Batch(waiting=sum(isinstance(one, Demand) for one in messages))
        self._complaints += len(invalid)
        if self._complaints <= MAX_COMPLAINTS:
            for one in invalid:
                batch.add(written(error_answer(None, one.code or INVALID_REQUEST, one.reason)))
        if not batch.waiting and (closed := self._closed(number)):
            self._replies.append(closed)
        return messages

    def _read(self, value: Json, batch: int) -> Message:
        code = INVALID_REQUEST if batch else None  # what stands alone is no request: programs print such lines
        if not isinstance(value, dict):
            return Unreadable(reason="a message is not a JSON object", code=code)
        if "method" in value:
            return read_request(value, batch)
        if _OF_ANSWERS.isdisjoint(value):
            return Unreadable(reason="a message is neither a request nor an answer", code=code)
        number = answered_id(value.get("id"))
        if value.get("id") is None and value.get("error") is not None and len(self._open) == 1:
            (number,) = self._open
        if number is None or not (number in self._open or number in self._left):
            return Unreadable(reason="an answer whose id is that of no open request", is_message=True)
        self._open.discard(number)
        self._left.discard(number)
        return read_answer(value, number)

    def _answers(self, value: Json) -> bool:
        """Whether it is an answer that somebody waits for, whatever it comes with."""
        return isinstance(value, dict) and "method" not in value and answered_id(value.get("id")) in self._open

    def _meant(self, message: bytes) -> int | None:
        """The only open request, where a text that is not JSON looks like its answer; it is closed."""
        if len(self._open) != 1 or not _OUTCOME.search(message) or _METHOD.search(message):
            return None
        (number,) = self._open
        ids: list[bytes] = _ID.findall(message)
        if ids and str(number).encode() not in ids:
            return None
        self._open.clear()
        return number
